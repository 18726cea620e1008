/* SPDX-License-Identifier: ISC */
/*
 * session_mail.c - the verbs of a mail transaction (RFC 5321 3.3, RFC 3030, RFC
 * 2033 for LMTP's replies at the end).
 */
#include "smtp/session_impl.h"

#include <inttypes.h>

#include "smtp/command.h"

#define QUEUE_ID_MAX 63 /* octets of it that are kept */

static enum verb
send_rset(struct session *s)
{
	session_say(s, "RSET");
	s->dirty = false;
	return MAIL;
}

static enum verb
got_rset(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)r, (void)rcpt;
	return s->next;
}

const struct step step_rset = {
	.name = "the reply to RSET",
	.patience = 20,
	.stage = STAGE_RSET,
	.takes = REPLY_DONE,
	.must = true,
	.send = send_rset,
	.got = got_rset,
};

static enum verb
send_mail(struct session *s)
{
	size_t from = s->out.n;

	command_mail(&s->out, &s->caps, &s->mail);
	session_end_line(s, from);
	s->begun++;
	return s->config->quit_after == STAGE_MAIL ? NOTHING : RCPT;
}

static enum verb
got_mail(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, VERIFIED, STAGE_MAIL);

	(void)rcpt;
	s->dirty = reply_kind(r) == REPLY_DONE;
	if (s->dirty)
		session_stops_after(s, STAGE_MAIL, &o);
	else
		session_settle(s, &o);
	return s->next;
}

const struct step step_mail = {
	.name = "the reply to MAIL",
	.patience = 300,
	.stage = STAGE_MAIL,
	.takes = REPLY_DONE,
	.send = send_mail,
	.got = got_mail,
};

/*
 * BDAT needs the size beforehand, which a re-coded body does not have, and
 * LMTP's replies are counted per recipient taken, which is not known when it is
 * sent.  It has neither an answer before the text nor a dot after it.
 */
static bool
may_chunk(const struct session *s)
{
	const struct drill *drill = s->config->drill;

	if (s->config->quit_after == STAGE_DATA ||
	    (drill && drill->stall[STAGE_END] > 0))
		return false;
	return s->caps.chunking && !s->config->no_bdat && !s->bdat_broken &&
	    !s->mail.seven_bit && s->config->link != LINK_LMTP;
}

static void
skip_decided(struct session *s)
{
	while (s->rcpt < s->mail.n && s->fate[s->rcpt] != UNSENT)
		s->rcpt++;
}

static enum verb
send_rcpt(struct session *s)
{
	size_t from = s->out.n;

	s->asked = s->rcpt;
	command_rcpt(&s->out, &s->caps, s->mail.rcpt[s->asked],
	    s->mail.extras != NULL);
	session_end_line(s, from);
	s->fate[s->asked] = ASKED;
	skip_decided(s);
	if (s->rcpt < s->mail.n)
		return RCPT;
	if (s->config->quit_after == STAGE_RCPT)
		return NOTHING;
	return may_chunk(s) ? BDAT : DATA;
}

/*
 * Too many recipients in one transaction: 452, or x.5.3 (RFC 3463 3.6), or the
 * older form, which means a full mailbox when nobody was taken before (RFC 5321
 * 4.5.3.1.10).
 */
static bool
is_too_many(const struct session *s, const struct reply *r)
{
	bool by_name = r->esc.subject == 5 && r->esc.detail == 3;

	if (reply_kind(r) == REPLY_LATER)
		return r->code == 452 || by_name;
	return reply_kind(r) == REPLY_REFUSED && s->accepted > 0 &&
	    (by_name || (r->code == 552 && r->esc.cls == 0));
}

static void
accept(struct session *s, size_t i)
{
	s->fate[i] = ACCEPTED;
	s->accepted++;
	s->mixed = s->mixed || s->refused > 0;
}

/* So many it takes, and no more?  The replies to come may tell otherwise. */
static void
want_another(struct session *s, size_t i, struct result *result)
{
	recipient_say(s->mail.rcpt[i], PENDING, result);
	s->fate[i] = AGAIN;
	s->left--;
	if (s->refused++ == 0)
		s->fit = s->accepted;
}

static enum verb
got_rcpt(struct session *s, const struct reply *r, size_t i)
{
	struct outcome o = outcome_from_reply(r, VERIFIED, STAGE_RCPT);
	struct result *result;

	if (s->fate[i] != ASKED)
		return s->next;
	if (reply_kind(r) == REPLY_DONE) {
		accept(s, i);
		if (s->config->quit_after != STAGE_RCPT)
			return s->next;
		s->agreed = true;
	}
	result = session_result(s, &o, SLICE(""));
	if (is_too_many(s, r))
		want_another(s, i, result);
	else
		session_decide(s, i, result);
	result_release(result);
	return s->next;
}

const struct step step_rcpt = {
	.name = "the reply to RCPT",
	.patience = 300,
	.stage = STAGE_RCPT,
	.takes = REPLY_DONE,
	.send = send_rcpt,
	.got = got_rcpt,
};

static enum verb
send_data(struct session *s)
{
	session_say(s, "DATA");
	return NOTHING;
}

static enum verb
got_data(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, DEFERRED, STAGE_DATA);

	(void)rcpt;
	if (reply_kind(r) == REPLY_GO_ON)
		return s->config->quit_after == STAGE_DATA ?
		    session_stop_at_text(s, r) : TEXT;
	session_settle(s, &o);
	return s->next;
}

const struct step step_data = {
	.name = "the reply to DATA",
	.patience = 120,
	.stage = STAGE_DATA,
	.takes = REPLY_GO_ON,
	.send = send_data,
	.got = got_data,
};

static enum verb
send_bdat(struct session *s)
{
	session_say(s, "BDAT %" PRIu64 " LAST", mail_size(&s->mail));
	s->chunk = s->put + mail_size(&s->mail);
	session_open_body(s, false);
	return NOTHING;
}

/* The final reply for one recipient (LMTP), or for all of them (SMTP). */
static void
conclude(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, DELIVERED, STAGE_END);
	struct slice id = slice_first(reply_queue_id(buf_slice(&r->text)),
	    QUEUE_ID_MAX);
	bool lmtp = s->config->link == LINK_LMTP;

	s->agreed = s->agreed || o.verdict == DELIVERED;
	struct result *result = session_result(s, &o,
	    o.verdict == DELIVERED ? id : SLICE(""));

	for (size_t i = lmtp ? rcpt : 0; i < (lmtp ? rcpt + 1 : s->mail.n); i++)
		if (s->fate[i] == ACCEPTED)
			session_decide(s, i, result);
	result_release(result);
}

/* By LMTP it is one recipient's word (RFC 2033 4.2): the others have none. */
static enum verb
answered_one_early(struct session *s, const struct outcome *o, size_t rcpt)
{
	struct result *result = session_result(s, o, SLICE(""));

	if (s->fate[rcpt] == ACCEPTED)
		session_decide(s, rcpt, result);
	result_release(result);
	return session_give_up(s, outcome_make(DEFERRED, STAGE_BODY,
	    ESC(4, 5, 0), "the server answered for somebody else before it had "
	    "the message"));
}

/* The server answers before it has all: believe a refusal, nothing else. */
static enum verb
answered_early(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, DEFERRED, STAGE_BODY);

	s->commit = 0;
	if (s->config->link == LINK_LMTP)
		return answered_one_early(s, &o, rcpt);
	session_finish(s, &o);
	s->end.verdict = DEFERRED;
	return NOTHING;
}

static enum verb
got_end(struct session *s, const struct reply *r, size_t rcpt)
{
	if (s->body != BODY_NONE && !session_is_committed(s))
		return answered_early(s, r, rcpt);
	conclude(s, r, rcpt);
	s->dirty = false; /* whatever the reply (RFC 5321 4.1.1.4) */
	return s->next;
}

/* 500 to 504: what was sent is no command there, or not now. */
static bool
is_unknown(const struct reply *r)
{
	return r->code >= 500 && r->code <= 504;
}

static bool
may_mail(const struct session *s)
{
	return s->caps.max_mails == 0 || s->begun < s->caps.max_mails;
}

/* Those who were accepted are asked for once more. */
static void
begin_again(struct session *s)
{
	session_close_body(s);
	s->commit = s->text = 0;
	s->accepted = s->rcpt = 0;
	for (size_t i = 0; i < s->mail.n; i++)
		if (s->fate[i] == ACCEPTED)
			s->fate[i] = UNSENT;
	skip_decided(s);
}

/*
 * A server that offers CHUNKING and does not know BDAT: once more with DATA.
 * It may have taken the text for commands, so from here on one thing is said at
 * a time, and RSET comes first: any reply too many ends the session.
 */
static enum verb
got_bdat(struct session *s, const struct reply *r, size_t rcpt)
{
	enum verb next;

	if (!is_unknown(r) || s->accepted == 0) {
		next = got_end(s, r, rcpt);
		s->dirty = reply_kind(r) != REPLY_DONE; /* RFC 3030 2 */
		return next;
	}
	s->bdat_broken = true;
	if (!session_is_committed(s))
		return session_refuse(s, r, STAGE_BODY);
	if (!may_mail(s))
		return session_refuse(s, r, STAGE_END);
	events_note(s->events, s->lane, "it offers CHUNKING but does not take "
	    "BDAT: once more with DATA");
	s->caps.pipelining = false;
	begin_again(s);
	return RSET;
}

const struct step step_bdat = {
	.name = "the reply to the message",
	.patience = 600,
	.stage = STAGE_END,
	.takes = REPLY_DONE,
	.send = send_bdat,
	.got = got_bdat,
};

/* The text after 354; nobody left means an empty one (RFC 2920 3.1). */
static enum verb
send_text(struct session *s)
{
	if (s->accepted > 0)
		session_open_body(s, true);
	else
		session_say(s, ".");
	return NOTHING;
}

const struct step step_text = {
	.name = "the reply to the message",
	.patience = 600,
	.stage = STAGE_END,
	.takes = REPLY_DONE,
	.send = send_text,
	.got = got_end,
};
