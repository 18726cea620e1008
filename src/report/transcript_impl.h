/* SPDX-License-Identifier: ISC */
/* transcript_impl.h - the two halves of the transcript. */
#ifndef REPORT_TRANSCRIPT_IMPL_H
#define REPORT_TRANSCRIPT_IMPL_H

#include "report/transcript.h"

enum colour { PLAIN, DIM, GREEN, CYAN, YELLOW, RED };

/* One line: margin, mark, text (which is safe already), in one write. */
void transcript_print(struct transcript *t, const struct event *e,
    const char *mark, enum colour colour, struct buf *text);

/* Append a field's text, escaped, with words before it; nothing if empty. */
void transcript_put(struct buf *b, const char *before, const struct event *e,
    const char *key);

/* The way to a server: questions, answers, plans, connections, TLS. */
void transcript_lookup(struct transcript *t, const struct event *e,
    struct buf *b);
void transcript_answer(struct transcript *t, const struct event *e,
    struct buf *b);
void transcript_plan(struct transcript *t, const struct event *e,
    struct buf *b);
void transcript_connection(struct transcript *t, const struct event *e,
    struct buf *b);
void transcript_failed(struct transcript *t, const struct event *e,
    struct buf *b);
void transcript_tls(struct transcript *t, const struct event *e,
    struct buf *b);

/* What waited for this event: it is answered by it, or printed before it. */
void transcript_settle(struct transcript *t, const struct event *e);

/* All of that which waits. */
void transcript_settle_all(struct transcript *t);

#endif
