/* SPDX-License-Identifier: ISC */
/*
 * stream.h - bytes over a connection, clear or under TLS, without blocking.
 *
 * A stream owns its descriptor.  A call that cannot go on says what it waits
 * for in s->events.  Neither EINTR nor SIGPIPE are seen by the caller.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/slice.h"

enum io {
	IO_OK,		/* *n bytes were moved (at least one) */
	IO_AGAIN,	/* nothing now; poll for s->events */
	IO_END,		/* the peer has finished sending: an orderly end */
	IO_ERROR,	/* broken; stream_error() says how */
};

struct stream;

/* A kind of stream: clear here, TLS in tls.c, the relay's in its module. */
struct stream_ops {
	enum io (*read)(struct stream *s, char *to, size_t max, size_t *n);
	/* Takes what it can of data; one write to the network per call. */
	enum io (*write)(struct stream *s, struct slice data, size_t *n);
	/* Push out what a write kept back; IO_OK when nothing is left. */
	enum io (*flush)(struct stream *s);
	/* stream_arrived() */
	uint64_t (*arrived)(const struct stream *s);
	/* Say good-bye without waiting (close_notify). */
	void (*shutdown)(struct stream *s);
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	int fd;			/* -1 = none */
	short events;		/* what the last IO_AGAIN waits for */
	bool readable;		/* bytes wait inside (TLS records): read, don't
				   poll */
	bool unsent;		/* bytes were kept back: stream_flush(), or poll
				   POLLOUT too when that says IO_AGAIN */
	bool broken;		/* a write failed: nothing more may leave */
	uint64_t given;		/* octets that the kernel has taken */
	void *state;		/* the kind's own */
	char error[256];
};

/* A clear stream over a connected non-blocking socket, which it takes over. */
void stream_open(struct stream *s, int fd);

/* The address of our end; version 0 when it has none. */
struct ip stream_local(const struct stream *s);

/*
 * Read up to max, write some of data; neither max nor data.n is ever 0.  After
 * the last write, flush until IO_OK: what was taken need not have left yet
 * (s->unsent says so).
 */
enum io stream_read(struct stream *s, char *to, size_t max, size_t *n);

/*
 * After an IO_ERROR of these two the stream is broken: they fail from then on,
 * and closing it says nothing more, so that what we called lost never arrives.
 * It may still be read.
 */
enum io stream_write(struct stream *s, struct slice data, size_t *n);
enum io stream_flush(struct stream *s);

/*
 * Octets on the wire, of whatever kind, that the peer's machine has
 * acknowledged: what the kernel has taken may wait there long for a slow one.
 * It never becomes less.
 */
uint64_t stream_arrived(const struct stream *s);

/* Orderly: says good-bye, closes.  A closed or zeroed stream may be closed. */
void stream_close(struct stream *s);

/*
 * Close without a word, also of TLS; with reset what is on the way is lost and
 * the peer gets a TCP RST, where it is TCP.
 */
void stream_abandon(struct stream *s, bool reset);

/*
 * What the kinds share: one recv(2), one send(2) on the descriptor itself, and
 * how many of the given octets have been acknowledged.
 */
enum io stream_recv(struct stream *s, char *to, size_t max, size_t *n);
enum io stream_send(struct stream *s, struct slice data, size_t *n);
uint64_t stream_acknowledged(const struct stream *s, uint64_t given);

/* The reason of the last IO_ERROR: "Connection reset by peer", ... */
const char *stream_error(const struct stream *s);

#endif
