/* SPDX-License-Identifier: ISC */
/* fill.c - see fill.h */
#include "cli/fill.h"

#include "mail/date.h"
#include "mail/supply.h"
#include "mail/template.h"
#include "net/content.h"

static void
put_recipients(struct buf *out, const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_putf(out, "%s%s", i > 0 ? ", " : "", e->rcpts[i].to.path);
}

/* All of *from through t into *to, a block at a time. */
static bool
copy(struct template *t, struct input *from, struct input *to,
    const struct input_options *how, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice raw = { block, 1 };
	struct buf out = { 0 };
	bool good = true;

	for (uint64_t at = 0; good && raw.n > 0; at += raw.n) {
		buf_clear(&out);
		good = content_read(&from->content, at, block, &raw, why) &&
		    (raw.n > 0 ? template_feed(t, raw, &out, why) :
				 template_finish(t, &out, why)) &&
		    input_put(to, how, buf_slice(&out), why);
	}
	buf_free(&out);
	if (good)
		input_put_end(to);
	return good;
}

bool
fill_input(struct intake *in, const struct settings *s,
    const struct complete_options *o, struct outcome *why)
{
	const struct input_options how = { .max_size = s->message.max_size };
	struct template t = { .file = s->message.file, .more = in->field,
		.nmore = in->nfields };
	struct input filled = { .content.fd = -1, .spill.fd = -1, .fd = -1 };
	struct buf to = { 0 }, date = { 0 }, id = { 0 };
	bool good;

	if (!t.file)
		t.file = "standard input";
	put_recipients(&to, &in->envelope);
	date_put(&date, o->date, o->offset);
	supply_id_put(&id, "", o);
	t.value[VALUE_TO] = buf_slice(&to);
	t.value[VALUE_DATE] = buf_slice(&date);
	t.value[VALUE_MESSAGE_ID] = buf_slice(&id);
	good = copy(&t, &in->input, &filled, &how, why);
	filled.cr_ends = in->input.cr_ends;
	input_free(&in->input);
	in->input = filled;
	buf_free(&to);
	buf_free(&date);
	buf_free(&id);
	return good;
}
