/* SPDX-License-Identifier: ISC */
/*
 * dsn_status.c - the part of a report that programs read (RFC 3464 2).
 *
 * Addresses are of the type rfc822; those that need SMTPUTF8 of utf-8 (RFC 6533
 * 3), as they are in a global report and else with \x{...} for what is no
 * ASCII.
 */
#include "mail/dsn_impl.h"

#include "base/ascii.h"
#include "mail/date.h"
#include "mail/fold.h"

#define SAID_MAX  512	/* octets of somebody's words that are told */
#define BREAK_MAX 70	/* octets of a word in free text */

struct esc
dsn_esc(enum dsn_action action, const struct dsn_recipient *r)
{
	unsigned char cls = action == DSN_FAILED ? 5 :
	    action == DSN_DELAYED		 ? 4 :
						   2;
	struct esc e = r->said->esc;

	if (r->expired)
		return ESC(4, 4, 7);
	if (e.cls == 0 || (cls == 2) != (e.cls == 2))
		return ESC(cls, 0, 0);
	e.cls = cls;
	return e;
}

/* ---- fields ---- */

static void
put_field(struct buf *out, const char *name, struct slice value)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: ", name);
	buf_put(&line, value);
	fold_put(out, buf_slice(&line), DSN_LINE);
	buf_free(&line);
}

static void
put_date(const struct dsn *d, const char *name, int64_t when, struct buf *out)
{
	if (when == 0)
		return;
	buf_putf(out, "%s: ", name);
	date_put(out, when, d->offset);
	buf_puts(out, "\r\n");
}

/* Append text with blanks in words that no line of ours can hold. */
static void
put_broken(struct buf *out, struct slice text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (run >= BREAK_MAX && ((unsigned char)c & 0xc0) != 0x80) {
			buf_putc(out, ' ');
			run = 0;
		}
		buf_putc(out, c);
		run = c == ' ' ? 0 : run + 1;
	}
}

/* A type, and words of somebody else behind it. */
static void
put_typed(const struct dsn *d, const char *name, const char *type,
    struct slice words, struct buf *out)
{
	struct buf value = { 0 }, clean = { 0 };

	buf_putf(&value, "%s; ", type);
	dsn_clean(&clean, words, SAID_MAX, d->global);
	put_broken(&value, buf_slice(&clean));
	put_field(out, name, buf_slice(&value));
	buf_free(&value);
	buf_free(&clean);
}

/*
 * A host's name; an address as what stands for one (RFC 5321 4.1.3); the path
 * of a socket of this machine.
 */
static void
put_mta(const struct dsn *d, const char *name, struct slice host,
    struct buf *out)
{
	struct buf literal = { 0 };
	struct ip ip;

	if (ip_parse(host, &ip)) {
		buf_puts(&literal, ip.version == 6 ? "[IPv6:" : "[");
		ip_put(&literal, &ip);
		buf_putc(&literal, ']');
		host = buf_slice(&literal);
	}
	put_typed(d, name, slice_starts(host, SLICE("/")) ? "x-unix" : "dns",
	    host, out);
	buf_free(&literal);
}

/* ---- addresses ---- */

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The code point of valid UTF-8 at s, and how many octets it has. */
static unsigned long
code_point(struct slice s, size_t *n)
{
	unsigned char first = (unsigned char)s.p[0];
	unsigned long cp = first;

	if (first >= 0xc0)
		cp = first & (first < 0xe0 ? 0x1f : first < 0xf0 ? 0x0f : 0x07);
	for (*n = 1; *n < s.n && is_continuation(s.p[*n]); (*n)++)
		cp = cp << 6 | ((unsigned char)s.p[*n] & 0x3f);
	return cp;
}

/* RFC 6533 3: utf-8-addr-xtext, of a mailbox or of what is that in part. */
static void
put_utf8_xtext(struct buf *out, struct slice s, bool is_mailbox)
{
	size_t n;

	for (; s.n > 0; s = slice_from(s, n)) {
		unsigned long cp = code_point(s, &n);
		bool special = cp <= ' ' || cp == 0x7f || cp == '+' ||
		    cp == '=' || cp == '\\';

		if (cp >= 0x80 || (is_mailbox && special))
			buf_putf(out, "\\x{%02lX}", cp);
		else
			buf_putc(out, (char)cp);
	}
}

static void
put_final(const struct dsn *d, const struct address *to, struct buf *out)
{
	struct buf value = { 0 };

	buf_puts(&value, to->utf8 ? "utf-8;" : "rfc822;");
	if (to->utf8 && !d->global)
		put_utf8_xtext(&value, slice_of(to->path), true);
	else
		buf_puts(&value, to->path);
	put_field(out, "Final-Recipient", buf_slice(&value));
	buf_free(&value);
}

/* Is it, or could it be, a mailbox in the form of RFC 6533 3? */
static bool
is_utf8_form(struct slice type, struct slice address)
{
	return slice_eq_nocase(type, SLICE("utf-8")) &&
	    utf8_is_valid(address) && !ascii_has_control(address) &&
	    address.n <= SAID_MAX;
}

/* What a client gave: it was checked at most as ORCPT's xtext was. */
static void
put_original(const struct dsn *d, const char *orcpt, struct buf *out)
{
	struct slice rest = slice_of(orcpt), type;
	struct buf value = { 0 };

	slice_cut(&rest, ';', &type);
	if (!rest.p) {
		rest = type;
		type = SLICE("rfc822");
	}
	rest = slice_trim(rest);
	dsn_clean(&value, type, SAID_MAX, false);
	buf_putc(&value, ';');
	if (!is_utf8_form(type, rest))
		dsn_clean(&value, rest, SAID_MAX, d->global);
	else if (d->global)
		buf_put(&value, rest);
	else
		put_utf8_xtext(&value, rest, false);
	put_field(out, "Original-Recipient", buf_slice(&value));
	buf_free(&value);
}

/* ---- of the message, and of a recipient ---- */

void
dsn_status_open(struct dsn *d, struct buf *out)
{
	struct buf text = { 0 };

	dsn_put_ending(d, &text);
	dsn_put_text(d, buf_slice(&text), out);
	buf_free(&text);
	dsn_part(d, out, d->global ? "message/global-delivery-status" :
				     "message/delivery-status",
	    d->global ? "8bit" : "7bit", "Delivery report");
	if (d->envid.n > 0) {
		dsn_clean(&text, d->envid, SAID_MAX, d->global);
		put_field(out, "Original-Envelope-Id", buf_slice(&text));
		buf_free(&text);
	}
	put_mta(d, "Reporting-MTA", d->host, out);
	put_date(d, "Arrival-Date", d->arrival, out);
	dsn_clean(&text, d->queue_id, SAID_MAX, false);
	if (text.n > 0)
		put_field(out, "X-Smtpsend-Queue-Id", buf_slice(&text));
	buf_free(&text);
}

static const char *
action_name(enum dsn_action action)
{
	static const char *const names[] = {
		[DSN_FAILED] = "failed",
		[DSN_DELAYED] = "delayed",
		[DSN_DELIVERED] = "delivered",
		[DSN_RELAYED] = "relayed",
		[DSN_EXPANDED] = "expanded",
	};

	return names[action];
}

/*
 * Its lines as they came, each with the code, and all but the last with a
 * hyphen behind it; each but the first begins a line here too (RFC 3461 9.2).
 */
static void
put_reply(const struct dsn *d, const struct outcome *o, struct buf *out)
{
	struct slice rest = slice_of(o->text), line;
	struct buf said = { 0 }, field = { 0 };
	const char *before = "Diagnostic-Code: smtp; ";

	if (!rest.p)
		rest = SLICE("");
	while (slice_cut(&rest, '\n', &line)) {
		buf_putf(&said, "%u%c", o->code, rest.p ? '-' : ' ');
		esc_put(&said, o->esc);
		if (o->esc.cls != 0 && line.n > 0)
			buf_putc(&said, ' ');
		dsn_clean(&said, line, SAID_MAX, d->global);
		buf_puts(&field, before);
		put_broken(&field, slice_trim(buf_slice(&said)));
		fold_put(out, buf_slice(&field), DSN_LINE);
		before = " ";
		buf_clear(&said);
		buf_clear(&field);
	}
	buf_free(&said);
	buf_free(&field);
}

/* Who said it, and what. */
static void
put_diagnosis(const struct dsn *d, const struct outcome *o, struct buf *out)
{
	if (o->code == 0) {
		if (o->text[0] != '\0')
			put_typed(d, "Diagnostic-Code", "x-smtpsend",
			    slice_of(o->text), out);
		return;
	}
	if (o->host[0] != '\0')
		put_mta(d, "Remote-MTA", slice_of(o->host), out);
	put_reply(d, o, out);
}

void
dsn_status(struct dsn *d, const struct dsn_recipient *r, struct buf *out)
{
	buf_puts(out, "\r\n");
	if (r->orcpt)
		put_original(d, r->orcpt, out);
	put_final(d, r->to, out);
	buf_putf(out, "Action: %s\r\nStatus: ",
	    action_name(r->is_here && d->action == DSN_RELAYED ? DSN_DELIVERED
							       : d->action));
	esc_put(out, dsn_esc(d->action, r));
	buf_puts(out, "\r\n");
	put_diagnosis(d, r->said, out);
	put_date(d, "Last-Attempt-Date", r->last_try, out);
	if (d->action == DSN_DELAYED)
		put_date(d, "Will-Retry-Until", r->retry_until, out);
}
