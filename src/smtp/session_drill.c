/* SPDX-License-Identifier: ISC */
/*
 * session_drill.c - what is not done as it should be, on purpose: ends in the
 * middle, ends without QUIT, waits, and XCLIENT (drill.h).
 */
#include "smtp/session_impl.h"

#include "base/xclient.h"

enum leave
session_leaves(const struct session *s)
{
	return s->leave;
}

/* Where the server has refused before, the rest is as it should be. */
static enum leave
way_out(const struct session *s)
{
	return s->config->drill && s->agreed ? s->config->drill->leave :
					       LEAVE_QUIT;
}

static void
tell_leave(struct session *s)
{
	if (s->leave == LEAVE_RESET)
		events_note(s->events, s->lane, "the connection is reset now, "
		    "without QUIT, as --reset-after has it");
	else
		events_note(s->events, s->lane, "the connection is closed now, "
		    "without QUIT, as --drop-after has it");
}

bool
session_leaves_now(struct session *s)
{
	s->leave = way_out(s);
	if (s->leave == LEAVE_QUIT)
		return false;
	tell_leave(s);
	s->next = NOTHING;
	s->need = SESSION_CLOSE;
	return true;
}

/*
 * After 354 everything is text: not even QUIT can be said.  Those whom the
 * server took are verified, and nobody else ever will be on this connection.
 */
enum verb
session_stop_at_text(struct session *s, const struct reply *r)
{
	struct outcome o = outcome_from_reply(r, VERIFIED, STAGE_DATA);
	struct outcome end = outcome_make(DEFERRED, STAGE_DATA, ESC(4, 4, 2),
	    "the dialogue ended after DATA, as was asked for");

	o.verdict = VERIFIED;
	s->agreed = s->accepted > 0;
	session_settle(s, &o);
	s->leave = way_out(s);
	if (s->leave == LEAVE_QUIT) {
		s->leave = LEAVE_DROP;
		events_note(s->events, s->lane, "the connection is closed now, "
		    "before any text: nothing is sent");
	} else {
		tell_leave(s);
	}
	session_finish(s, &end);
	return NOTHING;
}

/* ---- XCLIENT (Postfix XCLIENT_README) ---- */

static enum verb
send_xclient(struct session *s)
{
	session_say(s, "XCLIENT %s", s->config->drill->xclient);
	return NOTHING;
}

/* From here on it is another session, with another client. */
static enum verb
got_xclient(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)r, (void)rcpt;
	s->posed = true;
	s->caps = (struct caps){ 0 };
	return session_hello(s);
}

const struct step step_xclient = {
	.name = "the reply to XCLIENT",
	.patience = 300,
	.stage = STAGE_XCLIENT,
	.takes = REPLY_DONE,
	.must = true,
	.send = send_xclient,
	.got = got_xclient,
};

/* What is not offered is not said: who gets it could take it for a sign. */
static enum verb
pose(struct session *s)
{
	unsigned missing = s->config->drill->xclient_bits & ~s->caps.xclient;
	struct buf names = { 0 };
	struct outcome why;

	if (missing == 0)
		return XCLIENT;
	xclient_put_names(&names, missing);
	why = outcome_make(DEFERRED, STAGE_XCLIENT, ESC(4, 7, 0),
	    s->caps.xclient == 0 ? "the server does not offer us XCLIENT" :
	    "the server's XCLIENT does not offer us %s", buf_str(&names));
	buf_free(&names);
	session_settle(s, &why);
	s->end = why;
	return QUIT;
}

enum verb
session_is_ready(struct session *s)
{
	if (s->config->drill && s->config->drill->xclient[0] && !s->posed)
		return pose(s);
	if (s->config->quit_after == STAGE_AUTH)
		return session_give_up(s, outcome_make(DEFERRED, STAGE_CONFIG,
		    ESC(4, 3, 5), "no login was made: that is done at relays "
		    "only (--relay)"));
	return session_rest(s);
}

/* ---- waiting ---- */

static int64_t
stall_of(const struct session *s, enum stage stage)
{
	enum stage as = stage == STAGE_LHLO ? STAGE_EHLO : stage;

	if (!s->config->drill || (s->stalled & 1u << as))
		return 0;
	return s->config->drill->stall[as];
}

bool
session_holds(struct session *s, enum stage stage)
{
	int64_t time = stall_of(s, stage);

	if (s->held != STAGE_NONE)
		return true;
	if (time == 0 || (stage == STAGE_END && s->body != BODY_HELD))
		return false;
	s->held = stage;
	events_note(s->events, s->lane, "waiting %.3g s before %s, as --stall "
	    "has it", (double)time / 1e6, stage == STAGE_END ? "the dot" :
	    stage_name(stage));
	return true;
}

int64_t
session_pause(const struct session *s)
{
	bool over = s->need != SESSION_IO || s->held == STAGE_NONE;

	return over ? 0 : stall_of(s, s->held);
}

void
session_go_on(struct session *s)
{
	enum stage stage = s->held;

	s->stalled |= 1u << (stage == STAGE_LHLO ? STAGE_EHLO : stage);
	s->held = STAGE_NONE;
	s->phase++;
	if (stage == STAGE_END)
		session_end_body(s);
	session_fill(s);
}
