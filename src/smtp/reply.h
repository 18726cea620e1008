/* SPDX-License-Identifier: ISC */
/* reply.h - SMTP replies (RFC 5321 4.2, RFC 2034) out of arbitrary pieces. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"
#include "base/outcome.h"
#include "base/slice.h"

#define REPLY_LINE_MAX	2048 /* octets without CRLF; RFC 5321 says 512 */
#define REPLY_LINES_MAX 128

/* What a server said.  Raw bytes; printers escape. */
struct reply {
	unsigned short code;	/* 200..599 */
	struct esc esc;		/* of the first line; its class fits the code */
	struct buf text;	/* the lines without codes, joined by LF */
};

/*
 * What the first digit says, and nothing but it decides: the others only
 * explain, whatever they are (RFC 5321 4.2, 4.3.2).
 */
enum reply_kind {
	REPLY_DONE = 2,
	REPLY_GO_ON = 3,
	REPLY_LATER = 4,
	REPLY_REFUSED = 5
};

static inline enum reply_kind
reply_kind(const struct reply *r)
{
	return (enum reply_kind)(r->code / 100);
}

/* The two whole codes with a meaning of their own: the server hangs up. */
static inline bool
reply_is_closing(const struct reply *r)
{
	return r->code == 421 || r->code == 221;
}

/* Zero-initialise; holds at most one unfinished reply. */
struct reply_parser {
	struct buf line;
	bool begun;
	size_t lines;
	struct reply reply;
	const char *error;	/* after PARSE_BAD: what was wrong */
};

void reply_parser_free(struct reply_parser *p);

/*
 * Take bytes from the front of *in until one line is whole: PARSE_OK when it
 * ends a reply, which stays in p->reply until the next call; PARSE_MORE when it
 * did not or *in is used up; PARSE_BAD for a line that is no reply, a code that
 * differs from the first line's, an overlong line or too many.  *line gets the
 * line just read, without its end, or the empty slice: for the transcript.  Of
 * an overlong one it is as much as is allowed.
 */
enum parse reply_parse(struct reply_parser *p, struct slice *in,
    struct slice *line);

/*
 * The only crossing from what a server said to what it means: 2yz `good`, 4yz
 * DEFERRED, 5yz FAILED, anything else a protocol error, DEFERRED.
 */
struct outcome outcome_from_reply(const struct reply *r, enum verdict good,
    enum stage stage);

/*
 * After PARSE_BAD: DEFERRED, 4.5.0, "the server broke the protocol: a reply of
 * too many lines: 250-x".  line is what reply_parse() gave; its first 200
 * octets are shown.
 */
struct outcome outcome_from_garbage(const struct reply_parser *p,
    struct slice line, enum stage stage);

/* After a reply to STARTTLS with more after it, in clear: DEFERRED, 4.7.0. */
struct outcome outcome_from_injection(void);

/*
 * The id under which a server took a message, from the text of its last reply:
 * "queued as 4Xyz", "OK id=1abc", "4f2e Message accepted", Gmail's.  Empty when
 * none is seen.
 */
struct slice reply_queue_id(struct slice text);

#endif
