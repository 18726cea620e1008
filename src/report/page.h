/* SPDX-License-Identifier: ISC */
/*
 * page.h - a run as one page of HTML: --html-report.
 *
 * What became of each recipient and what to do, where the mail went and why,
 * what the time went into, certificates, and the dialogue, a part for each
 * connection.  It is gathered from the events and printed at the end.  The page
 * has no script and loads nothing; all that is not ours is escaped, and its
 * policy forbids both all the same.  Of a long run it has only so much as a
 * browser can show, and says so.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "mail/envelope.h"
#include "report/phases.h"
#include "report/transcript.h"
#include "route/plan.h"

/* Octets of HTML; connections that have a part of their own. */
#define PAGE_DIALOGUE_MAX (8U << 20)
#define PAGE_SECTION_MAX  (1U << 20)
#define PAGE_PARTS_MAX	  1000

enum page_kept { KEPT_NOTHING, KEPT_REPLY, KEPT_TEXT };

/* What was done over one connection, or (the first) before any. */
struct page_part {
	struct buf peer;	/* "mx1.example.org [192.0.2.1]:25", raw */
	bool connected;		/* ... to which it is connected */
	struct buf html;	/* its lines */
	struct buf kept, first;	/* those that may be folded, the first apart */
	size_t nkept;
	enum page_kept what;
};

struct page {
	struct wish wish;
	struct transcript text;	/* writes a line at a time into ... */
	char *line;		/* ... this */
	size_t nline;
	struct page_part *part;	/* by number of the connection */
	size_t nparts;
	size_t dialogue;	/* octets in all parts */
	struct buf failures, successes;
	size_t not_listed;	/* recipients for whom there was no room */
	struct page_tally { const char *word; size_t n; } tally[8];
	struct buf plans, certificates;
};

/* Zero-initialise page.  Times are since start; bodies: message text too. */
void page_init(struct page *p, int64_t start, bool bodies, struct wish wish);
void page_free(struct page *p);

void page_event(struct page *p, const struct event *e);
void page_result(struct page *p, const struct recipient *r);
void page_plan(struct page *p, const struct plan *plan, struct slice rcpts);

/* What stopped the run before there were recipients to speak of. */
void page_failure(struct page *p, const struct outcome *why);

/* Append the page; its lines are over.  when is the start, in words of ours. */
void page_put(struct buf *out, struct page *p, const struct phases *phases,
    struct slice when);

/* Append what is safe to show, and no markup; for the parts of the page. */
void page_put_text(struct buf *out, struct slice raw);

/* What the transcript still gathers is a line now. */
void page_end_lines(struct page *p);

/* Nothing more comes that what is kept could be folded with. */
void page_part_settle(struct page *p, struct page_part *part);

#endif
