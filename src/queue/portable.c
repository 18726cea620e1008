/* SPDX-License-Identifier: ISC */
/* portable.c - writing messages as portable.h has them. */
#include "queue/portable.h"

#include <errno.h>
#include <string.h>

#include "base/crc32c.h"
#include "net/content.h"
#include "net/file.h"
#include "queue/wire.h"
#include "report/json.h"

static void
put_rcpt(struct buf *out, const struct recipient *r, const struct slot *s)
{
	struct buf esc = { 0 };

	esc_put(&esc, s->esc);
	buf_puts(out, "{\"to\":");
	json_put_string(out, slice_of(r->to.path));
	wire_put_number(out, "notify", r->notify);
	wire_put_text(out, "orcpt", slice_of(r->orcpt));
	if (r->local) {
		wire_put_number(out, "local", r->local->kind);
		wire_put_number(out, "local_index", r->local->index);
		wire_put_text(out, "local_name", slice_of(r->local->name));
		wire_put_text(out, "extension", slice_of(r->local->extension));
	}
	buf_putf(out, ",\"state\":\"%c\"", s->state);
	wire_put_number(out, "attempts", s->attempts);
	wire_put_number(out, "age", s->age);
	wire_put_number(out, "last_try", s->last_try);
	wire_put_number(out, "next_try", s->next_try);
	wire_put_number(out, "code", s->code);
	wire_put_text(out, "esc", buf_slice(&esc));
	wire_put_flag(out, "delay_told", s->delay_told);
	wire_put_flag(out, "success_told", s->success_told);
	buf_putc(out, '}');
	buf_free(&esc);
}

static void
put_rcpts(struct buf *out, const struct entry *e)
{
	const char *between = "";

	buf_puts(out, ",\"rcpts\":[");
	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		if (e->slots[i].state == SLOT_DELIVERED ||
		    e->slots[i].state == SLOT_BOUNCED)
			continue;
		buf_puts(out, between);
		put_rcpt(out, &e->mail.envelope.rcpts[i], &e->slots[i]);
		between = ",";
	}
	buf_putc(out, ']');
}

static void
put_facts(struct buf *out, const struct stored *m)
{
	wire_put_number(out, "uid", m->uid);
	wire_put_text(out, "host", slice_of(m->host));
	wire_put_number(out, "created", m->created);
	wire_put_number(out, "not_before", m->not_before);
	wire_put_number(out, "expires", m->expires);
	wire_put_number(out, "class", m->class);
	wire_put_flag(out, "require_tls", m->require_tls);
	wire_put_flag(out, "is_bounce", m->is_bounce);
	wire_put_number(out, "hops", m->hops);
	wire_put_text(out, "tag", slice_of(m->tag));
	wire_put_text(out, "key", slice_of(m->key));
	wire_put_number(out, "head", (int64_t)m->head);
	wire_put_number(out, "longest_line", (int64_t)m->longest_line);
	wire_put_flag(out, "eight_bit", m->eight_bit);
	wire_put_flag(out, "utf8_headers", m->utf8_headers);
	wire_put_flag(out, "has_nul", m->has_nul);
	wire_put_flag(out, "is_binary", m->is_binary);
	wire_put_flag(out, "doubtful_head", m->doubtful_head);
	wire_put_text(out, "utf8_field", slice_of(m->utf8_field));
	wire_put_text(out, "recode_bar", slice_of(m->recode_bar));
}

static void
put_head(struct buf *out, const struct entry *e)
{
	const struct stored *m = &e->mail;

	buf_putf(out, "{\"smtpsend_queue\":1,\"id\":\"%s\",\"text\":%llu",
	    m->id,
	    (unsigned long long)e->text.length);
	buf_puts(out, ",\"from\":");
	json_put_string(out, slice_of(m->envelope.from.path));
	wire_put_number(out, "ret", m->envelope.ret);
	wire_put_text(out, "envid", slice_of(m->envelope.envid));
	wire_put_flag(out, "held", e->slot.held || e->place == STORE_HELD);
	put_facts(out, m);
	put_rcpts(out, e);
	buf_puts(out, "}\n");
}

static bool
put(int fd, struct slice s, uint32_t *sum, struct outcome *why)
{
	*sum = crc32c(*sum, s);
	return file_write(fd, s) || outcome_fail(why, FAILED, STAGE_SYSTEM,
	    ESC(5, 3, 0), "writing: %s", strerror(errno));
}

static bool
put_text(const struct entry *e, int fd, uint32_t *sum, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice text;

	for (uint64_t at = 0; at < e->text.length; at += text.n)
		if (!content_read(&e->text, at, block, &text, why) ||
		    !put(fd, text, sum, why))
			return false;
	return true;
}

bool
portable_write(const struct entry *e, int fd, struct outcome *why)
{
	struct buf line = { 0 };
	uint32_t sum = 0;
	bool ok;

	put_head(&line, e);
	ok = put(fd, buf_slice(&line), &sum, why) &&
	    put_text(e, fd, &sum, why);
	buf_clear(&line);
	buf_putf(&line, "{\"end\":\"%s\",\"crc32c\":%lu}\n", e->mail.id,
	    (unsigned long)sum);
	ok = ok && put(fd, buf_slice(&line), &sum, why);
	buf_free(&line);
	return ok;
}
