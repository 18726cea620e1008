/* SPDX-License-Identifier: ISC */
/*
 * web_box.h - the messages that are shown, in the order of their arrival.
 *
 * Their texts are in one file without a name; what a message that is forgotten
 * had of it is given back to the disk.  Each has the dialogue that led to it:
 * up to its connection's first MAIL, and its own from there.
 */
#ifndef WEB_WEB_BOX_H
#define WEB_WEB_BOX_H

#include "base/buf.h"
#include "base/list.h"
#include "web/web.h"

#define BOX_LANES	 256
#define BOX_DIALOGUE_MAX 32768

struct box_mail {
	struct list_node node;
	uint64_t number;	/* from 1, never used again */
	char *id, *tls, *login, *file; /* tls, login, file: or NULL */
	int64_t received;	/* seconds since 1970 */
	struct buf from;
	struct buf to;		/* each with an LF behind it */
	struct buf subject;	/* to be read, one line */
	struct buf dialogue;
	unsigned lane;
	off_t at;
	size_t size;
};

/* What was said on a connection; another one may take its place. */
struct box_lane {
	unsigned lane;
	struct buf said;
	size_t hello;		/* octets up to the first MAIL; 0 = none yet */
	uint64_t number;	/* of the message just kept; 0 = none */
};

struct box {
	int fd;			/* the texts */
	off_t end;
	uint64_t last;		/* the newest number */
	struct list mails;
	struct box_lane lane[BOX_LANES];
};

/* False with errno. */
bool box_init(struct box *b);
void box_free(struct box *b);

void box_hear(struct box *b, const struct event *e);

/* False with errno, and nothing has changed. */
bool box_add(struct box *b, const struct web_mail *mail);

/* NULL: there is none of this number, or it is forgotten. */
const struct box_mail *box_find(const struct box *b, uint64_t number);

/* The first that came after that number, or NULL. */
const struct box_mail *box_after(const struct box *b, uint64_t number);

/* How many there were. */
size_t box_clear(struct box *b);

/* A piece of the text; 0 at its end, -1 with errno. */
ssize_t box_read(const struct box *b, const struct box_mail *m, off_t at,
    char *to, size_t n);

#endif
