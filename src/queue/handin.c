/* SPDX-License-Identifier: ISC */
/*
 * handin.c - see handin.h
 *
 * One connection, and as many transactions as the envelope takes.  The caller
 * has nothing else to do meanwhile, so the loop is in here.
 */
#include "queue/handin.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/content.h"
#include "net/limit.h"
#include "net/local.h"
#include "net/stream.h"
#include "net/wait.h"
#include "smtp/session.h"

#define KEEP_TRYING  SECONDS(10) /* to get in */
#define PAUSE_FIRST  MILLISECONDS(10)
#define PAUSE_MOST   MILLISECONDS(500)
#define PATIENCE     SECONDS(60)
#define PATIENCE_END SECONDS(300) /* a disk may be slow */
#define RCPTS_MAX    10000 /* a transaction, when the server does not say */
#define BLOCK	     16384

struct call {
	const struct handin *h;
	struct events *events;
	struct session_config config;
	struct stream stream;
	struct session *session;
	struct mail mail;
	struct mail_extras extras;
	struct recipient **offered;
	unsigned transactions;
	bool settled;		/* somebody, by the transaction under way */
	struct wait wait;
	unsigned phase;
	int64_t deadline;
};

/* ---- getting in ---- */

/* Is there no queue for us, whatever the socket's trouble is? */
static bool
is_absent(int error)
{
	return !limit_is_shortage(error) && error != EAGAIN &&
	    error != EINTR;
}

static void
pause_for(struct call *c, int64_t *pause, int64_t now)
{
	wait_clear(&c->wait);
	wait_until(&c->wait, now + *pause);
	wait_poll(&c->wait, now);
	*pause = *pause * 2 < PAUSE_MOST ? *pause * 2 : PAUSE_MOST;
}

/* A descriptor; -1 with errno when time is up, or there is nobody. */
static int
get_in(struct call *c, int64_t until)
{
	int64_t pause = PAUSE_FIRST, now;
	int fd;

	while ((fd = local_connect(c->h->path)) < 0 && !is_absent(errno) &&
	    (now = clock_now()) < until)
		pause_for(c, &pause, now);
	return fd;
}

/* ---- the dialogue ---- */

static void
be_patient(struct call *c, int64_t now)
{
	bool end = session_stage(c->session) == STAGE_END;
	int64_t usual = end ? PATIENCE_END : PATIENCE;

	c->phase = session_phase(c->session);
	c->deadline = now + (c->h->patience ? c->h->patience : usual);
}

static void
lose(struct call *c, const char *what, const char *reason)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "%s: %s for %s%s%s", c->h->path, what,
	    session_awaits(c->session), reason[0] ? ": " : "", reason);

	session_lost(c->session, &why);
}

/* Those who wait, as many as the server takes in one transaction. */
static size_t
gather(struct call *c)
{
	const struct caps *caps = session_caps(c->session);
	struct envelope *e = c->h->envelope;
	size_t most = caps->max_rcpts ? (size_t)caps->max_rcpts : RCPTS_MAX;
	size_t n = 0;

	if (!c->offered)
		c->offered = mem_resize(NULL, e->n, sizeof *c->offered);
	for (size_t i = 0; i < e->n && n < most; i++)
		if (e->rcpts[i].verdict == PENDING)
			c->offered[n++] = &e->rcpts[i];
	return n;
}

static void
begin_mail(struct call *c, size_t n)
{
	const struct envelope *e = c->h->envelope;

	c->extras = c->h->extras;
	c->extras.part = c->transactions++;
	c->mail = (struct mail){ .from = &e->from, .ret = e->ret,
		.envid = e->envid, .rcpt = c->offered, .n = n,
		.message = c->h->message, .extras = &c->extras };
	mail_choose_form(&c->mail, session_caps(c->session));
	c->settled = false;
	session_mail(c->session, &c->mail);
}

/* A server that keeps all waiting will never take them. */
static void
next_mail(struct call *c)
{
	size_t n = gather(c);

	if (n > 0 && (c->transactions == 0 || c->settled))
		begin_mail(c, n);
	else
		session_quit(c->session);
}

static void
take_settled(struct call *c)
{
	struct recipient *r;

	while ((r = session_take_settled(c->session)) != NULL) {
		r->decided = clock_now();
		c->settled = c->settled || r->verdict != PENDING;
	}
}

static void
feed_body(struct call *c)
{
	static const struct slice none;
	char block[CONTENT_BLOCK];
	struct slice raw = none;
	struct outcome why;

	if (content_read(&c->h->message->body, session_body_at(c->session),
		block, &raw, &why))
		session_body(c->session, raw);
	else
		session_lost(c->session, &why);
}

/* Is there nothing more that anybody waits for? */
static bool
is_over(const struct call *c)
{
	return session_need(c->session) == SESSION_CLOSE ||
	    (session_is_leaving(c->session) &&
		session_output(c->session).n == 0);
}

/* Do what the session asks for besides octets; false: nothing. */
static bool
serve(struct call *c)
{
	take_settled(c);
	if (session_need(c->session) == SESSION_MAIL)
		next_mail(c);
	else if (session_need(c->session) == SESSION_IO &&
	    session_wants_body(c->session))
		feed_body(c);
	else
		return false;
	return true;
}

static bool
read_input(struct call *c)
{
	char block[BLOCK];
	size_t n;
	enum io got = stream_read(&c->stream, block, sizeof block, &n);

	if (got == IO_OK)
		session_input(c->session, (struct slice){ block, n });
	else if (got == IO_END)
		lose(c, "it closed the connection while we waited", "");
	else if (got == IO_ERROR)
		lose(c, "lost the connection while waiting",
		    stream_error(&c->stream));
	return got == IO_OK;
}

/* It may have said why before it went. */
static void
lost_write(struct call *c)
{
	char reason[256];

	memcpy(reason, c->stream.error, sizeof reason);
	while (session_need(c->session) != SESSION_CLOSE && read_input(c))
		continue;
	if (session_need(c->session) != SESSION_CLOSE)
		lose(c, "lost the connection while sending and waiting",
		    reason);
}

static bool
write_output(struct call *c)
{
	struct slice out = session_output(c->session);
	size_t n = 0;
	enum io got;

	if (out.n == 0)
		return false;
	got = stream_write(&c->stream, out, &n);
	if (got == IO_OK)
		session_sent(c->session, n);
	else if (got != IO_AGAIN)
		lost_write(c);
	return got == IO_OK;
}

static void
sleep_well(struct call *c, int64_t now)
{
	bool writes = session_output(c->session).n > 0;

	wait_clear(&c->wait);
	wait_add(&c->wait, c->stream.fd,
	    (short)(POLLIN | (writes ? POLLOUT : 0)));
	wait_until(&c->wait, c->deadline);
	wait_poll(&c->wait, now);
}

/* One round: what can be done now, else sleep. */
static void
turn(struct call *c)
{
	int64_t now;

	if (serve(c) || write_output(c) || is_over(c))
		return;
	now = clock_now();
	if (session_phase(c->session) != c->phase)
		be_patient(c, now);
	if (read_input(c) || is_over(c))
		return;
	if (now >= c->deadline)
		lose(c, "it said nothing while we waited", "");
	else
		sleep_well(c, now);
}

/* Takes over fd. */
static void
talk(struct call *c, int fd)
{
	stream_open(&c->stream, fd);
	c->session = session_new(&c->config, c->events, 1);
	be_patient(c, clock_now());
	while (!is_over(c))
		turn(c);
	take_settled(c);
	stream_close(&c->stream);
}

/* Were we turned away at the door, so that it may open again? */
static bool
was_turned_away(const struct call *c)
{
	return c->transactions == 0 && session_end(c->session)->code == 421;
}

/* How it ended, for those of whom nothing was said. */
static struct outcome
end_of(const struct call *c)
{
	struct outcome why = *session_end(c->session);

	if (why.verdict == PENDING)
		why = outcome_make(DEFERRED, STAGE_RCPT, ESC(4, 5, 3),
		    "%s: it takes no more recipients", c->h->path);
	return why;
}

static bool
is_anybody_pending(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == PENDING)
			return true;
	return false;
}

/* True: somebody is there, though we did not get in. */
static bool
stayed_out(const struct call *c, int error, struct outcome *why)
{
	*why = outcome_make(DEFERRED, STAGE_CONNECT, ESC(4, 3, 2),
	    "connect %s: %s", c->h->path, error == EAGAIN ?
	    "too many wait to be let in" : strerror(error));
	return !is_absent(error);
}

/* False with *why: nobody is there. */
static bool
call_until_heard(struct call *c, struct outcome *why)
{
	int64_t until = clock_now() + KEEP_TRYING, pause = PAUSE_FIRST, now;
	bool again;

	do {
		int fd = get_in(c, until);

		if (fd < 0)
			return stayed_out(c, errno, why);
		session_free(c->session);
		talk(c, fd);
		*why = end_of(c);
		now = clock_now();
		again = was_turned_away(c) && now < until;
		if (again)
			pause_for(c, &pause, now);
	} while (again);
	return true;
}

bool
handin_run(const struct handin *h, struct events *events, struct outcome *why)
{
	struct call c = { .h = h, .events = events, .stream.fd = -1,
		.config = { .helo = h->helo, .tls = TLS_NONE,
		    .tls_fixed = true, .host = h->path } };
	bool heard;

	if (!is_anybody_pending(h->envelope))
		return true;
	heard = call_until_heard(&c, why);
	if (heard)
		envelope_settle(h->envelope, why, clock_now());
	session_free(c.session);
	free(c.offered);
	wait_free(&c.wait);
	return heard;
}
