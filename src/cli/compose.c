/* SPDX-License-Identifier: ISC */
/*
 * compose.c - see compose.h
 *
 * One piece after the other is read twice, for what it is and for what goes
 * out, so that memory stays flat; the message lies where one that came in
 * would.
 */
#include "cli/compose.h"

#include <stdio.h>
#include <string.h>

#include "config/when.h"
#include "mail/compose.h"
#include "mail/date.h"
#include "mail/filetype.h"
#include "net/clock.h"
#include "net/file.h"
#include "net/random.h"

#define GLOBS "/usr/share/mime/globs2"

struct making {
	const struct compose_call *call;
	struct input *in;
	struct compose compose;
	struct buf out;   /* on its way into *in */
	struct buf globs; /* of shared-mime-info */
	bool globs_read;
	struct outcome *why;
};

static bool
flush(struct making *m)
{
	bool ok = input_put(m->in, m->call->text, buf_slice(&m->out), m->why);

	buf_clear(&m->out);
	return ok;
}

/* ---- its header ---- */

static void
put_words(struct making *m, const char *field, enum made what)
{
	const struct make_settings *make = &m->call->settings->make;
	const char *separator = "";

	for (size_t i = 0; i < make->n; i++) {
		if (make->word[i].what != what)
			continue;
		if (separator[0] == '\0')
			buf_putf(&m->out, "%s: ", field);
		buf_putf(&m->out, "%s%s", separator, make->word[i].text);
		separator = ", ";
	}
	if (separator[0] != '\0')
		buf_puts(&m->out, "\r\n");
}

/* Who was only named at the end is shown, if nobody else is. */
static void
put_arguments(struct making *m)
{
	const struct settings *s = m->call->settings;

	for (size_t i = 0; i < s->nrcpts; i++)
		buf_putf(&m->out, "%s%s", i == 0 ? "To: " : ", ", s->rcpt[i]);
	if (s->nrcpts > 0)
		buf_puts(&m->out, "\r\n");
}

static void
put_date(struct making *m)
{
	const char *date = make_find(&m->call->settings->make, MADE_DATE);
	int64_t at;

	if (!date)
		return;
	buf_puts(&m->out, "Date: ");
	if (when_parse(date, clock_wall().seconds, &at))
		date_put(&m->out, at, clock_offset(at));
	else
		buf_puts(&m->out, date);
	buf_puts(&m->out, "\r\n");
}

static void
put_subject(struct making *m)
{
	const struct make_settings *make = &m->call->settings->make;
	struct wall_time now = clock_wall();

	if (!make_find(make, MADE_SUBJECT) && make_find(make, MADE_TEST)) {
		buf_puts(&m->out, "Subject: test ");
		date_put(&m->out, now.seconds, now.offset);
		buf_puts(&m->out, "\r\n");
	}
	put_words(m, "Subject", MADE_SUBJECT);
}

static void
put_lines(struct making *m)
{
	const struct make_settings *make = &m->call->settings->make;

	for (size_t i = 0; i < make->n; i++)
		if (make->word[i].what == MADE_HEADER)
			buf_putf(&m->out, "%s\r\n", make->word[i].text);
}

static void
put_fields(struct making *m)
{
	put_words(m, "To", MADE_TO);
	put_words(m, "Cc", MADE_CC);
	put_words(m, "Bcc", MADE_BCC);
	if (!make_has_recipients(&m->call->settings->make))
		put_arguments(m);
	put_words(m, "Reply-To", MADE_REPLY_TO);
	put_date(m);
	put_subject(m);
	put_lines(m);
}

/* ---- its pieces ---- */

static struct slice
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_of(slash ? slash + 1 : path);
}

/* By its name; a text of another name is a text. */
static struct slice
type_of(struct making *m, struct slice name, const struct compose_facts *f)
{
	struct slice type;

	if (!m->globs_read && !file_read(GLOBS, &m->globs))
		buf_clear(&m->globs);
	m->globs_read = true;
	type = filetype_in(buf_slice(&m->globs), name);
	if (type.n == 0)
		type = filetype_known(name);
	if (type.n == 0)
		type = f->scan.length > 0 && compose_is_text(f)
		    ? SLICE("text/plain")
		    : SLICE("application/octet-stream");
	return type;
}

/* Walk it, for its facts or, with facts NULL, into the message. */
static bool
walk(struct making *m, const struct content *c, struct compose_facts *f)
{
	char block[CONTENT_BLOCK];
	struct slice raw;

	for (uint64_t at = 0; at < c->length; at += raw.n) {
		if (!content_read(c, at, block, &raw, m->why)) {
			m->why->verdict = FAILED;
			return false;
		}
		if (f) {
			compose_look(f, raw);
			continue;
		}
		compose_data(&m->compose, raw, &m->out);
		if (!flush(m))
			return false;
	}
	return true;
}

static bool
is_file(enum compose_kind kind)
{
	return kind == COMPOSE_INLINE || kind == COMPOSE_ATTACHED;
}

static bool
no_text(struct making *m, enum compose_kind kind, const char *name)
{
	return outcome_fail(m->why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "%s is no text: --attach sends it as a file",
	    name[0] != '\0'            ? name
		: kind == COMPOSE_TEXT ? "standard input"
				       : "the HTML");
}

static bool
add_content(struct making *m, enum compose_kind kind, const char *name,
    const struct content *c)
{
	struct compose_facts facts = { 0 };
	struct compose_piece piece = { .kind = kind, .facts = &facts };

	if (!walk(m, c, &facts))
		return false;
	compose_look_end(&facts);
	if (!is_file(kind) && !compose_is_text(&facts))
		return no_text(m, kind, name);
	if (is_file(kind)) {
		piece.name = base_name(name);
		piece.type = type_of(m, piece.name, &facts);
	}
	compose_piece(&m->compose, &piece, &m->out);
	if (!flush(m) || !walk(m, c, NULL))
		return false;
	compose_piece_end(&m->compose, &m->out);
	return flush(m);
}

static bool
add_text(struct making *m, const char *text)
{
	const struct content c = { .fd = -1,
		.memory = slice_of(text),
		.length = strlen(text) };

	return add_content(m, COMPOSE_TEXT, "", &c);
}

/* path NULL or "-": standard input. */
static bool
add_file(struct making *m, enum compose_kind kind, const char *path)
{
	struct input_options o = *m->call->text;
	struct input in;
	bool ok;

	o.path = path && strcmp(path, "-") != 0 ? path : NULL;
	o.what = is_file(kind) ? "attachment" : "text file";
	o.may_be_empty = true;
	o.has_header = NULL;
	if (o.path)
		o.dots = DOTS_ARE_CONTENT;
	ok = input_read(&in, &o, m->why) &&
	    add_content(m, kind, o.path ? o.path : "", &in.content);
	input_free(&in);
	return ok;
}

static bool
add_files(struct making *m, enum compose_kind kind, enum made what)
{
	const struct make_settings *make = &m->call->settings->make;

	for (size_t i = 0; i < make->n; i++)
		if (make->word[i].what == what &&
		    !add_file(m, kind, make->word[i].text))
			return false;
	return true;
}

static bool
add_test(struct making *m)
{
	struct buf text = { 0 };
	bool ok;

	buf_putf(&text, "This is a test message from smtpsend on %s.\n",
	    m->call->host);
	ok = add_text(m, buf_str(&text));
	buf_free(&text);
	return ok;
}

static bool
add_body(struct making *m)
{
	const struct make_settings *make = &m->call->settings->make;

	if (make_find(make, MADE_TEST))
		return add_test(m);
	if (make_find(make, MADE_BODY))
		return add_text(m, make_find(make, MADE_BODY));
	return add_file(m, COMPOSE_TEXT, make_find(make, MADE_BODY_FILE));
}

/* HTML needs no other text; all else has one, from standard input at last. */
static bool
has_body(const struct make_settings *make)
{
	return make_find(make, MADE_BODY) || make_find(make, MADE_BODY_FILE) ||
	    make_find(make, MADE_TEST) || !make_find(make, MADE_HTML_FILE);
}

static bool
add_pieces(struct making *m)
{
	const struct make_settings *make = &m->call->settings->make;
	bool *has = m->compose.has;

	has[COMPOSE_TEXT] = has_body(make);
	has[COMPOSE_HTML] = make_find(make, MADE_HTML_FILE) != NULL;
	has[COMPOSE_INLINE] = make_find(make, MADE_INLINE) != NULL;
	has[COMPOSE_ATTACHED] = make_find(make, MADE_ATTACH) != NULL;
	random_draw(&m->compose.mark, sizeof m->compose.mark);
	compose_begin(&m->compose, &m->out);
	if ((has[COMPOSE_TEXT] && !add_body(m)) ||
	    !add_files(m, COMPOSE_HTML, MADE_HTML_FILE) ||
	    !add_files(m, COMPOSE_INLINE, MADE_INLINE) ||
	    !add_files(m, COMPOSE_ATTACHED, MADE_ATTACH))
		return false;
	compose_end(&m->compose, &m->out);
	return flush(m);
}

bool
compose_message(struct input *in, const struct compose_call *call,
    struct outcome *why)
{
	struct making m = { .call = call, .in = in, .why = why };
	bool ok;

	*in = (struct input){ .content.fd = -1, .spill.fd = -1, .fd = -1 };
	put_fields(&m);
	if (call->head_only)
		buf_puts(&m.out, "\r\n");
	ok = flush(&m) && (call->head_only || add_pieces(&m));
	input_put_end(in);
	buf_free(&m.out);
	buf_free(&m.globs);
	return ok;
}
