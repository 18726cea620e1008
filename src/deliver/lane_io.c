/* SPDX-License-Identifier: ISC */
/* lane_io.c - what a lane gives its session: mails, body blocks and octets. */
#include "deliver/lane_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/form.h"
#include "mail/header.h"
#include "mail/recode.h"
#include "net/content.h"

#define ROUNDS	  16  /* of reading what a server said before it went */
#define RCPTS_MAX 100 /* per transaction when the server does not say */
#define LOOK_AHEAD 1000 /* recipients that are looked at for one transaction */

/* How many recipients the next transaction may have. */
static size_t
rcpts_limit(const struct caps *caps, size_t most)
{
	size_t limit = caps->max_rcpts ? (size_t)caps->max_rcpts : RCPTS_MAX;

	return most > 0 && most < limit ? most : limit;
}

/* May r's domain be in it: one that is there, or one more (RFC 9422)? */
static bool
fits_domains(const struct lane *l, size_t n, const struct recipient *r,
    uint64_t most)
{
	uint64_t others = 0;

	if (most == 0 || n == 0)
		return true;
	for (size_t i = n; i-- > 0;) {
		bool same = strcmp(l->offered[i]->to.domain, r->to.domain) == 0;

		if (same)
			return true;
		others += i == 0 || strcmp(l->offered[i]->to.domain,
		    l->offered[i - 1]->to.domain) != 0;
	}
	return others < most;
}

/*
 * Without SMTPUTF8 those who need it stand apart, so that the others are not
 * refused with them.
 */
static bool
fits(const struct lane *l, size_t n, const struct recipient *r,
    const struct caps *caps)
{
	if (n > 0 && !caps->smtputf8 && r->to.utf8 != l->offered[0]->to.utf8)
		return false;
	return fits_domains(l, n, r, caps->max_domains);
}

static void
offer(struct lane *l, size_t n, struct recipient *r)
{
	if (n == l->room) {
		l->room = l->room ? size_mul(l->room, 2) : 1;
		l->offered = mem_resize(l->offered, l->room,
		    sizeof(struct recipient *));
	}
	l->offered[n] = r;
}

/* Gather the recipients of the next transaction; how many. */
static size_t
gather(struct lane *l, const struct caps *caps, size_t most)
{
	struct recipient_list passed = { 0 };
	struct recipient *r;
	size_t n = 0;

	for (size_t seen = 0; n < most && seen < LOOK_AHEAD; seen++) {
		r = recipient_take(&l->parcel->waiting);
		if (!r)
			break;
		if (fits(l, n, r, caps))
			offer(l, n++, r);
		else
			recipient_append(&passed, r);
	}
	recipient_prepend_all(&l->parcel->waiting, &passed);
	return n;
}

/* Re-coding keeps what is said, but not what was signed (RFC 6376 5.3). */
static void
warn_of_signature(const struct lane *l)
{
	if (header_has(buf_slice(&l->mail.message->head), "DKIM-Signature"))
		events_warn(l->job->events, l->number, "the message was "
		    "re-coded in 7 bits for %s: its DKIM-Signature does not "
		    "hold any more", l->call.config.host);
}

bool
lane_may_mail(const struct lane *l)
{
	size_t most = l->job->config->max_mails;
	const struct caps *caps = session_caps(l->session);

	return l->mails < (most ? most : DELIVER_LANE_MAILS) &&
	    (caps->max_mails == 0 ||
		session_mails(l->session) < caps->max_mails);
}

static void
tell_signer(const struct lane *l, const struct signer *s)
{
	struct buf name = { 0 };
	struct event e;

	for (size_t i = 0; i < s->n; i++) {
		buf_clear(&name);
		signer_put_algorithm(&name, s, i);
		e = event_make(EVENT_SIGNED, l->number);
		event_text(&e, "domain", slice_of(s->domain));
		event_text(&e, "selector", slice_of(s->key[i].selector));
		event_text(&e, "algorithm", buf_slice(&name));
		events_put(l->job->events, &e);
	}
	buf_free(&name);
}

/* Set its signature, made once for each form; false with *why. */
static bool
sign(struct lane *l, struct consignment *c, struct outcome *why)
{
	struct buf *made = &c->signature[l->mail.seven_bit];

	if (!c->signer || c->quit_after != STAGE_NONE)
		return true;
	if (made->n == 0 && !form_sign(c->signer, c->message,
	    l->mail.seven_bit, c->signed_at, made, why))
		return false;
	l->mail.signature = buf_slice(made);
	tell_signer(l, c->signer);
	return true;
}

bool
lane_give_mail(struct lane *l, size_t most)
{
	const struct caps *caps = session_caps(l->session);
	struct consignment *c = l->parcel->consignment;
	struct outcome why;
	size_t n = 0;
	bool ok;

	if (lane_may_mail(l))
		n = gather(l, caps, rcpts_limit(caps, most));
	if (n == 0)
		return false;
	lane_progress(l, &l->job->text_sent, &l->job->text_size);
	l->mail = (struct mail){
		.from = &c->envelope->from,
		.ret = c->envelope->ret,
		.envid = c->envelope->envid,
		.rcpt = l->offered,
		.n = n,
		.message = c->message,
		.require_tls = c->require_tls &&
		    l->call.config.link != LINK_LMTP,
	};
	mail_choose_form(&l->mail, caps);
	if (l->mail.seven_bit)
		warn_of_signature(l);
	ok = sign(l, c, &why);
	l->size = mail_size(&l->mail);
	l->text = 0;
	l->mails++;
	session_mail(l->session, &l->mail);
	if (!ok) /* nothing of it has gone out; the session settles them */
		lane_end(l, &why);
	return true;
}

void
lane_feed_body(struct lane *l, int64_t now)
{
	static const struct slice none;
	char block[CONTENT_BLOCK];
	struct outcome why;
	struct slice raw = none;
	uint64_t at = session_body_at(l->session);

	if (at == 0)
		l->text = now;
	if (!content_read(&l->mail.message->body, at, block, &raw, &why)) {
		lane_end(l, &why);
		return;
	}
	session_body(l->session, raw);
}

bool
lane_pauses(struct lane *l, int64_t now)
{
	int64_t pause = session_pause(l->session);

	if (pause == 0)
		return false;
	if (l->pause_end == 0)
		l->pause_end = l->deadline = now + pause;
	if (now < l->pause_end)
		return true;
	l->pause_end = 0;
	session_go_on(l->session);
	return lane_pauses(l, now);
}

void
lane_hang_up(struct lane *l)
{
	enum leave leave = session_leaves(l->session);

	if (leave != LEAVE_QUIT) {
		stream_abandon(&l->stream, leave == LEAVE_RESET);
		return;
	}
	stream_flush(&l->stream);
	stream_close(&l->stream);
}

/* Read what is there; false when the stream is over (or nothing is there). */
bool
lane_take_input(struct lane *l, enum io *got)
{
	char block[16384];
	size_t n;

	*got = stream_read(&l->stream, block, sizeof block, &n);
	if (*got != IO_OK)
		return false;
	session_input(l->session, (struct slice){ block, n });
	return true;
}

void __attribute__((format(printf, 3, 4)))
lane_lose(struct lane *l, enum stage stage, const char *fmt, ...)
{
	struct outcome why;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why = outcome_make(DEFERRED, stage, ESC(4, 4, 2), "%s", text);
	lane_end(l, &why);
}

void
lane_lost_read(struct lane *l, enum io got)
{
	const char *awaits = session_awaits(l->session);

	if (got == IO_END)
		lane_lose(l, STAGE_NONE, "the server closed the connection "
		    "while we waited for %s", awaits);
	else
		lane_lose(l, STAGE_NONE, "lost the connection while waiting "
		    "for %s: %s", awaits, stream_error(&l->stream));
}

/*
 * Writing failed: the server may have said why before it went (FAULTS row 47).
 */
static void
lost_write(struct lane *l)
{
	char reason[256];
	enum io got = IO_AGAIN;

	snprintf(reason, sizeof reason, "%s", stream_error(&l->stream));
	for (int i = 0; i < ROUNDS && lane_take_input(l, &got); i++)
		continue;
	if (got == IO_ERROR) /* an alert, perhaps */
		snprintf(reason, sizeof reason, "%s", stream_error(&l->stream));
	lane_lose(l, STAGE_NONE, "lost the connection while sending: %s",
	    reason);
}

/* Write what there is; false when nothing more can be written now. */
bool
lane_give_output(struct lane *l)
{
	struct slice out = session_output(l->session);
	enum io got;
	size_t n = 0;

	if (out.n == 0 && !l->stream.unsent)
		return false;
	got = out.n > 0 ? stream_write(&l->stream, out, &n) :
			  stream_flush(&l->stream);
	if (got == IO_ERROR || got == IO_END)
		lost_write(l);
	if (got != IO_OK)
		return false;
	session_sent(l->session, n);
	return true;
}
