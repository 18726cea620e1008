/* SPDX-License-Identifier: ISC */
/* web_answer.h - what is asked for, and the answer to it, without HTTP. */
#ifndef WEB_WEB_ANSWER_H
#define WEB_WEB_ANSWER_H

#include "mail/parts.h"
#include "web/web_box.h"

/* Decoded text in JSON and on a page, and an attachment, are no longer. */
#define ANSWER_TEXT_MAX (1024UL * 1024)
#define ANSWER_PART_MAX (256UL * 1024 * 1024)

/* How far its answer is trusted. */
enum answer_kind {
	ANSWER_PAGE,	/* ours: may have the style sheet and the frame */
	ANSWER_DATA,	/* ours, and no page */
	ANSWER_HTML,	/* a stranger's, in the frame */
	ANSWER_FILE,	/* a stranger's: to be saved, or plain text */
};

/* Zero-initialised; answer_free() it. */
struct answer {
	unsigned status;
	enum answer_kind kind;
	struct buf type;	/* Content-Type */
	struct buf disposition;	/* Content-Disposition, or empty */
	struct buf body;
};

void answer_free(struct answer *a);

/* One line of plain text. */
void answer_error(struct answer *a, unsigned status, const char *text);

/* GET of this path. */
void answer_get(struct answer *a, const struct box *b, struct slice path);

/* {"messages":[...]}: those after that number. */
void answer_list(struct answer *a, const struct box *b, uint64_t after);

/* The pages: the list, one message. */
void answer_put_index(struct buf *out, const struct box *b);
void answer_put_view(struct buf *out, const struct box *b,
    const struct box_mail *m);
void answer_put_style(struct buf *out);

/* The parts of a message; with the octets of one, when wanted. */
void answer_read(struct parts *p, const struct box *b,
    const struct box_mail *m);

/* Append as UTF-8 what a part's text says. */
void answer_put_text(struct buf *out, struct slice text, const char *charset);

/* "2026-11-27T06:00:00Z" */
void answer_put_time(struct buf *out, int64_t seconds);

#endif
