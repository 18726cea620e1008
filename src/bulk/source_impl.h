/* SPDX-License-Identifier: ISC */
/* source_impl.h - the inside of a source: an mbox, or a folder. */
#ifndef BULK_SOURCE_IMPL_H
#define BULK_SOURCE_IMPL_H

#include "base/csv.h"
#include "bulk/source.h"
#include "mail/mbox_split.h"

#define SOURCE_WINDOW 65536

struct source {
	const char *path;
	uint64_t number;	/* of the message that was given last */

	/* a folder: names below path */
	bool is_folder;
	char **name;
	size_t n;

	/* a file */
	int fd;			/* -1 = it is a folder */
	char *window;
	size_t at, end;		/* what of it is to be looked at */
	bool ended;		/* nothing comes behind that */

	/* a list */
	const struct input *template; /* NULL = it is none */
	struct csv csv;
	struct csv_row names, row;
	struct template_field field[CSV_FIELDS];
	size_t recipient;	/* in which column he stands */

	/* an mbox */
	struct mbox_split split;
	bool open;		/* a message has begun: */
	struct input input;	/* ... what of it was read, */
	struct outcome bad;	/* ... why it cannot be had; PENDING = it can */
	uint64_t read, size;	/* octets; 0 = not known */
};

/* "standard input", or the path. */
const char *source_name(const struct source *s);

/* Read more into the window, whose unread part moves to its front; false with
 * *got when there is nothing now, or it cannot be read. */
bool source_fill(struct source *s, enum source_got *got, struct outcome *why);

/* "NAME:NUMBER", on the heap. */
char *source_label(const struct source *s, uint64_t number);

/* ---- source_list.c ---- */

enum source_got source_list_next(struct source *s, struct source_item *item,
    struct outcome *why);

/* ---- source_mbox.c ---- */

enum source_got source_mbox_next(struct source *s, struct source_item *item,
    struct outcome *why);

/* ---- source_folder.c ---- */

bool source_folder_open(struct source *s, struct outcome *why);
enum source_got source_folder_next(struct source *s, struct source_item *item,
    struct outcome *why);

/* Fill item->sum of its input; false with *why. */
bool source_sum(struct source_item *item, struct outcome *why);

#endif
