/* SPDX-License-Identifier: ISC */
/* control_client.c - see control_client.h */
#include "queue/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/local.h"
#include "queue/wire.h"

#define BUSY_FOR   SECONDS(1)	    /* the daemon's backlog may be full */
#define BUSY_PAUSE MILLISECONDS(10) /* ... between looks at it */
#define SEND_FOR   SECONDS(10)
#define LINE_MAX   (256 << 20)	    /* a row may have 100,000 recipients */

struct control_client {
	int fd;
	struct buf in;
	size_t taken;		/* of in: the line that was given last */
};

static void
pause_for(int64_t microseconds)
{
	struct timespec t = { microseconds / 1000000,
		microseconds % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

/* -1 with errno. */
static int
connect_patiently(const char *run)
{
	int64_t end = clock_now() + BUSY_FOR;
	struct buf path = { 0 };
	int fd;

	buf_putf(&path, "%s/" CONTROL_SOCKET, run);
	while ((fd = local_connect(buf_str(&path))) < 0 && errno == EAGAIN &&
	    clock_now() < end)
		pause_for(BUSY_PAUSE);
	buf_free(&path);
	return fd;
}

static bool
is_nobody(int error)
{
	return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

enum control_wake
control_wake(const char *run, const char *id)
{
	struct request r = { .verb = VERB_WAKE };
	struct buf line = { 0 };
	int fd = connect_patiently(run);
	bool sent;

	if (fd < 0)
		return CONTROL_NOBODY;
	request_add(&r, slice_of(id));
	request_put(&line, &r);
	sent = send(fd, line.base + line.off, line.n, MSG_NOSIGNAL) ==
	    (ssize_t)line.n;
	request_free(&r);
	buf_free(&line);
	close(fd);
	return sent ? CONTROL_WOKEN : CONTROL_NOBODY;
}

struct control_client *
control_open(const char *run, bool *nobody, struct outcome *why)
{
	int fd = connect_patiently(run);
	struct control_client *c;

	*nobody = fd < 0 && is_nobody(errno);
	if (fd < 0) {
		outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "%s/" CONTROL_SOCKET ": %s", run, strerror(errno));
		return NULL;
	}
	c = mem_alloc(sizeof *c);
	c->fd = fd;
	c->in.max = LINE_MAX;
	return c;
}

void
control_shut(struct control_client *c)
{
	if (!c)
		return;
	close(c->fd);
	buf_free(&c->in);
	free(c);
}

int
control_fd(const struct control_client *c)
{
	return c->fd;
}

static bool
fail(struct outcome *why, const char *what, const char *reason)
{
	return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "the queue's daemon: %s: %s", what, reason);
}

/* Wait for the descriptor until then; false when it is too late. */
static bool
wait_for(int fd, short events, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = end - clock_now();

	if (left < 0)
		left = 0;
	return poll(&p, 1, (int)((left + 999) / 1000)) > 0;
}

bool
control_ask(struct control_client *c, const struct request *r,
    struct outcome *why)
{
	int64_t end = clock_now() + SEND_FOR;
	struct buf line = { 0 };
	bool ok = true;
	ssize_t n;

	request_put(&line, r);
	if (line.n > REQUEST_MAX)
		ok = fail(why, "asking", "too many words for one request");
	while (ok && line.n > 0) {
		n = send(c->fd, line.base + line.off, line.n, MSG_NOSIGNAL);
		if (n > 0)
			buf_consume(&line, (size_t)n);
		else if (errno == EAGAIN && !wait_for(c->fd, POLLOUT, end))
			ok = fail(why, "asking", "it takes nothing");
		else if (errno != EAGAIN && errno != EINTR)
			ok = fail(why, "asking", strerror(errno));
	}
	buf_free(&line);
	return ok;
}

/* Read what is there: 1, 0 at the end, -1 with errno. */
static int
read_some(struct control_client *c)
{
	char *to = buf_reserve(&c->in, 65536);
	ssize_t n;

	if (!to) {
		errno = EMSGSIZE;
		return -1;
	}
	n = recv(c->fd, to, 65536, 0);
	buf_grow(&c->in, n > 0 ? (size_t)n : 0);
	return n > 0 ? 1 : (int)n;
}

/* Is there a whole line?  Then it is the one that is given. */
static bool
take_line(struct control_client *c, size_t *searched, char **line, size_t *n)
{
	char *at = c->in.base ? c->in.base + c->in.off : NULL;
	char *end = at ? memchr(at + *searched, '\n', c->in.n - *searched) :
	    NULL;

	*searched = c->in.n;
	if (!end)
		return false;
	*line = at;
	*n = (size_t)(end - at);
	c->taken = *n + 1;
	return true;
}

static bool
is_last(const char *line, size_t n)
{
	struct slice s = { line, n };

	return slice_starts(s, SLICE("{\"done\":")) ||
	    slice_starts(s, SLICE("{\"error\":"));
}

enum control_got
control_next(struct control_client *c, int64_t timeout, char **line, size_t *n,
    struct outcome *why)
{
	int64_t end = clock_now() + timeout;
	size_t searched = 0;
	int got;

	buf_consume(&c->in, c->taken);
	c->taken = 0;
	while (!take_line(c, &searched, line, n)) {
		got = read_some(c);
		if (got == 0) {
			fail(why, "reading", "it has closed the connection");
			return CONTROL_LOST;
		}
		if (got < 0 && errno != EAGAIN && errno != EINTR) {
			fail(why, "reading", strerror(errno));
			return CONTROL_LOST;
		}
		if (got < 0 && !wait_for(c->fd, POLLIN, end))
			return CONTROL_LATE;
	}
	return is_last(*line, *n) ? CONTROL_DONE : CONTROL_LINE;
}

bool
control_end_read(struct control_end *out, char *line, size_t n)
{
	const struct wire_field fields[] = {
		WIRE_FLAG("done", &out->done), WIRE_NUMBER("n", &out->n),
		WIRE_UINT("status", &out->status),
		WIRE_NUMBER("others", &out->others),
		WIRE_TEXT("error", &out->error), { 0 }
	};

	*out = (struct control_end){ 0 };
	return wire_read(line, n, fields) && (out->done || out->error.n > 0);
}

static const char *const events[] = {
	[WATCH_NONE] = "", [WATCH_TRY] = "try", [WATCH_VERDICT] = "verdict",
	[WATCH_END] = "end",
};

bool
watch_read(struct watch *out, char *line, size_t n)
{
	struct slice event = { 0 };
	const struct wire_field fields[] = { WIRE_TEXT("event", &event),
		WIRE_TEXT("id", &out->id), WIRE_TEXT("rcpt", &out->rcpt),
		WIRE_TEXT("orcpt", &out->orcpt),
		WIRE_TEXT("verdict", &out->verdict),
		WIRE_TEXT("host", &out->host), WIRE_TEXT("addr", &out->addr),
		WIRE_UINT("code", &out->code), WIRE_TEXT("esc", &out->esc),
		WIRE_TEXT("stage", &out->stage), WIRE_TEXT("text", &out->text),
		WIRE_TEXT("ours", &out->ours), WIRE_NUMBER("next", &out->next),
		{ 0 }
	};

	*out = (struct watch){ 0 };
	if (!wire_read(line, n, fields))
		return false;
	for (int i = WATCH_TRY; i <= WATCH_END; i++)
		if (slice_eq(event, slice_of(events[i])))
			out->event = (enum watch_event)i;
	return true;
}

void
watch_put(struct buf *out, const struct watch *w)
{
	buf_putf(out, "{\"event\":\"%s\"", events[w->event]);
	wire_put_text(out, "id", w->id);
	wire_put_text(out, "rcpt", w->rcpt);
	wire_put_text(out, "orcpt", w->orcpt);
	wire_put_text(out, "verdict", w->verdict);
	wire_put_text(out, "host", w->host);
	wire_put_text(out, "addr", w->addr);
	wire_put_number(out, "code", w->code);
	wire_put_text(out, "esc", w->esc);
	wire_put_text(out, "stage", w->stage);
	wire_put_text(out, "text", w->text);
	wire_put_text(out, "ours", w->ours);
	wire_put_number(out, "next", w->next);
	buf_puts(out, "}\n");
}
