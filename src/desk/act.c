/* SPDX-License-Identifier: ISC */
/* act.c - see act.h */
#include "desk/act.h"

#include <errno.h>
#include <string.h>

#include "desk/record.h"
#include "mail/encode.h"
#include "net/clock.h"
#include "net/file.h"

#define FILE_MAX_OCTETS 268435456

static bool
is_done(const struct dialogue *d)
{
	return reply_kind(dialogue_reply(d)) == REPLY_DONE;
}

/* Say it and hear the reply. */
static bool
ask(struct dialogue *d, struct slice line)
{
	return dialogue_say(d, line, 0) && dialogue_await(d) == HEARD_REPLY;
}

/* What was kept since then is one act. */
static void
keep(struct dialogue *d, size_t since, const char *act, struct slice argument)
{
	buf_cut(&d->record, since);
	record_act(&d->record, act, argument);
}

bool
act_starttls(struct dialogue *d)
{
	size_t since = d->record.n;

	if (d->link.secure) {
		dialogue_note(d, "it is under TLS already");
		return false;
	}
	if (!ask(d, SLICE("STARTTLS")) || !is_done(d) || !dialogue_secure(d))
		return false;
	keep(d, since, "tls", (struct slice){ 0 });
	return true;
}

/* ---- a login ---- */

bool
act_choose(struct dialogue *d, enum auth_method *method)
{
	struct slice hello = buf_slice(&d->hello);

	if (*method != AUTH_ANY)
		return true;
	if (auth_choose(hello, d->link.secure, method))
		return true;
	if (hello.n == 0)
		dialogue_note(d, "say EHLO first, or name the mechanism");
	else if (!d->link.secure && auth_choose(hello, true, method))
		dialogue_note(d, "without TLS all that is offered gives the "
		    "password away: TLS first, or name the mechanism");
	else
		dialogue_note(d, "no mechanism that is known here is "
		    "offered");
	return false;
}

/* The answers to its challenges; false: the connection is lost. */
static bool
answer_all(struct dialogue *d, struct auth *a)
{
	struct buf line = { 0 };
	const char *why;
	bool ok = true;

	while (ok && dialogue_reply(d)->code == 334) {
		struct slice challenge = buf_slice(&dialogue_reply(d)->text);

		buf_clear(&line);
		if (!auth_answer(a, challenge, &line, &why)) {
			dialogue_note(d, "%s: the login is given up", why);
			buf_puts(&line, "*");
		}
		ok = ask(d, buf_slice(&line));
		if (why)
			break;
	}
	if (line.base)
		explicit_bzero(line.base, line.cap);
	buf_free(&line);
	return ok;
}

static bool
log_in(struct dialogue *d, struct auth *a)
{
	struct buf line = { 0 };
	size_t shown;
	bool ok;

	auth_begin(a, &line, &shown);
	ok = ask(d, buf_slice(&line)) && answer_all(d, a);
	explicit_bzero(line.base, line.cap);
	buf_free(&line);
	return ok && is_done(d);
}

/* "PLAIN joe" */
static void
keep_login(struct dialogue *d, size_t since, const struct auth *a)
{
	struct buf words = { 0 };

	buf_putf(&words, "%s ", auth_method_name(a->method));
	buf_put(&words, a->user);
	keep(d, since, "auth", buf_slice(&words));
	buf_free(&words);
}

bool
act_login(struct dialogue *d, const struct act_login *login)
{
	struct auth a = { .method = login->method,
		.user = slice_of(login->user), .secret = login->secret,
		.host = slice_of(d->link.host), .port = d->link.peer.port };
	size_t since = d->record.n;
	struct outcome why;

	if (!act_choose(d, &a.method))
		return false;
	if (a.method == AUTH_CRAM_MD5) {
		if (!d->link.net && !(d->link.net = net_module_open(&why))) {
			dialogue_note(d, "%s", why.text);
			return false;
		}
		a.hmac_md5 = d->link.net->hmac_md5;
	}
	if (!d->link.secure && auth_is_open(a.method))
		dialogue_note(d, "the password goes in clear");
	if (!log_in(d, &a))
		return false;
	keep_login(d, since, &a);
	return true;
}

/* ---- a message ---- */

/* The file as the wire wants it. */
static bool
read_text(struct dialogue *d, const char *path, bool dots, struct buf *wire)
{
	struct buf text = { .max = FILE_MAX_OCTETS };
	struct encoder e = { .dots = dots };
	bool ok = file_read(path, &text);

	if (ok) {
		encode(&e, buf_slice(&text), wire);
		encode_finish(&e, wire);
	} else {
		dialogue_note(d, "cannot read %s: %s", path, strerror(errno));
	}
	buf_free(&text);
	return ok;
}

static void
tell_size(struct dialogue *d, size_t n)
{
	struct event e = event_make(EVENT_BODY, 1);

	d->call.events->now = clock_now();
	e.secure = d->link.secure;
	event_number(&e, "sent", (int64_t)n);
	event_number(&e, "size", (int64_t)n);
	event_number(&e, "done", 1);
	events_put(d->call.events, &e);
}

/* The text, which is told by its size alone. */
static bool
send_text(struct dialogue *d, const struct buf *wire)
{
	if (wire->n > 0 && !dialogue_write(d, buf_slice(wire)))
		return false;
	tell_size(d, wire->n);
	return true;
}

bool
act_data(struct dialogue *d, const char *path)
{
	struct buf wire = { 0 };
	size_t since = d->record.n;
	bool ok = read_text(d, path, true, &wire) && ask(d, SLICE("DATA")) &&
	    dialogue_reply(d)->code == 354 && send_text(d, &wire) &&
	    dialogue_say(d, SLICE("."), 0);

	if (ok)
		keep(d, since, "data", slice_of(path));
	buf_free(&wire);
	return ok;
}

bool
act_bdat(struct dialogue *d, const char *path)
{
	struct buf wire = { 0 }, line = { 0 };
	size_t since = d->record.n;
	bool ok = read_text(d, path, false, &wire);

	if (ok) {
		buf_putf(&line, "BDAT %zu LAST", wire.n);
		ok = dialogue_say(d, buf_slice(&line), 0) &&
		    send_text(d, &wire);
	}
	if (ok)
		keep(d, since, "bdat", slice_of(path));
	buf_free(&line);
	buf_free(&wire);
	return ok;
}
