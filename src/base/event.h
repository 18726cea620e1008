/* SPDX-License-Identifier: ISC */
/*
 * event.h - the one stream of events that all output comes from.
 *
 * Whoever does something worth telling puts an event into the run's queue; the
 * program takes them out after each turn of the loop and hands them to its
 * printers (transcript, JSON, progress).  An event is a kind and a few named
 * fields.  Nothing is formatted or copied when nobody wants events.
 *
 * Fields hold raw bytes; the printers escape.  Secrets are masked before they
 * get here, by the engine, which alone knows which line is one.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/inet.h"

enum event_kind {
	EVENT_LOOKUP,	/* DNS question asked: name, type, resolver */
	EVENT_ANSWER,	/* DNS answer: name, type, status, answer|why,
			   canonical (at the end of CNAMEs), validated (0|1) */
	EVENT_PLAN,	/* what was decided: domain, how, hosts, addresses, tls,
			   reason */
	EVENT_CONNECT,	/* attempt begins: host, address, port */
	EVENT_CONNECTED, /* host, address, port, local */
	EVENT_FAILED,	/* an attempt ended: host, address, port, why */
	EVENT_TLS,	/* version, cipher, subject, issuer, names, expires,
			   verdict ("trusted"/"untrusted"), why, sni */
	EVENT_SENT,	/* protocol line, without CRLF: line */
	EVENT_RECEIVED,	/* the same, from the peer: line */
	EVENT_SIGNED,	/* the message is signed (DKIM): domain,
			   selector, algorithm */
	EVENT_BODY,	/* message octets so far: sent, size, done (0|1) */
	EVENT_BODY_LINE, /* a line of message text, only when asked for: line */
	EVENT_MESSAGE,	/* a message was received: id, from, to, size, tls,
			   login, file */
	EVENT_NOTE,	/* a remark for a person: text; warning = 1: one that
			   is told also where nobody asked for more */
	EVENT_RESULT,	/* what became of a recipient */
	NEVENTS
};

#define EVENT_FIELDS 14

struct event_field {
	const char *key;	/* static text */
	struct slice text;	/* p == NULL: it is a number */
	int64_t number;
};

struct event {
	enum event_kind kind;
	int64_t at;		/* microseconds on the loop's clock */
	unsigned lane;		/* which connection, from 1; 0 = none */
	bool secure;		/* under TLS */
	const void *mail;	/* which mail it is about: events.mail then */
	size_t n;
	struct event_field field[EVENT_FIELDS];
};

/* Zero-initialise; the owner sets wanted, bodies and, each turn, now. */
struct events {
	bool wanted;		/* somebody prints them */
	bool bodies;		/* ... message text too (EVENT_BODY_LINE) */
	int64_t now;
	const void *mail;	/* what is put is about this one; NULL = of none
				   or many.  Never looked into */
	struct buf arena;	/* the text of the queued events */
	struct event *queue;
	size_t head, n, cap;
};

void events_free(struct events *q);

/* Begin an event, add fields to it (their bytes are borrowed), put it. */
struct event event_make(enum event_kind kind, unsigned lane);
void event_text(struct event *e, const char *key, struct slice text);
void event_number(struct event *e, const char *key, int64_t number);

/* Adds "address" and "port". */
void event_endpoint(struct event *e, const struct endpoint *at,
    struct buf *scratch);

/* Copies the event into the queue and stamps it; q may be NULL. */
void events_put(struct events *q, const struct event *e);

/* Does anybody want events?  Ask before making an expensive one. */
static inline bool
events_wanted(const struct events *q)
{
	return q && q->wanted;
}

/* A remark in one call: EVENT_NOTE with this text. */
void events_note(struct events *q, unsigned lane, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same as a warning, which is queued whether events are wanted or not. */
void events_warn(struct events *q, unsigned lane, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Take the oldest event; its slices are valid until the next put.  False when
 * there is none.
 */
bool events_take(struct events *q, struct event *out);

/* The field's text, empty when it has none, or its number, -1 when none. */
struct slice event_get(const struct event *e, const char *key);
int64_t event_get_number(const struct event *e, const char *key);

/* "lookup", "answer", ... as JSON names them. */
const char *event_name(enum event_kind kind);

#endif
