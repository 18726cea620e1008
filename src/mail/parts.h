/* SPDX-License-Identifier: ISC */
/*
 * parts.h - what a message is made of, for who looks at it: its leaves, and
 * what one of them says with its encoding undone (RFC 2045, 2183, 2231).
 *
 * Raw octets of the message go in, in pieces of any size.  Parts beyond
 * PARTS_MAX are not told of, and mime.h says how deep it looks.  Broken base64
 * and quoted-printable give what can be read.
 */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include "mail/mime.h"

#define PARTS_MAX	100
#define PARTS_NAME_MAX	200
#define PARTS_TYPE_MAX	80
#define PARTS_NOTHING	SIZE_MAX

struct mail_part {
	size_t index;	/* of its entity (mime.h) */
	char type[PARTS_TYPE_MAX + 1]; /* "text/html", in small letters */
	char charset[CHARSET_MAX + 1]; /* as it says, or empty */
	char name[PARTS_NAME_MAX + 1]; /* UTF-8 without controls, or empty */
	bool is_attachment;
	uint64_t size;	/* octets, decoded */
};

/* Zero-initialise, set wanted and out.max, then feed. */
struct parts {
	size_t wanted;	/* the entity whose octets go to out */
	struct buf out;	/* what does not fit is left out: out.full */
	struct buf head; /* the message's header, canonical */
	struct mail_part part[PARTS_MAX];
	size_t n;

	/* the reader's own */
	struct mime mime;
	struct buf raw;
	bool has_head, has_part;
	char eol[2];
	size_t owed_eol; /* a line end that may be the delimiter's */
	unsigned bits, nbits; /* of base64 */
	bool padded;
	char escape[2];	/* of quoted-printable, from its '=' on */
	size_t nescape;
};

void parts_free(struct parts *p);

/* The next octets; last: no more will come. */
void parts_feed(struct parts *p, struct slice in, bool last);

/* The first part of this type that is no attachment, or NULL. */
const struct mail_part *parts_find(const struct parts *p, const char *type);

/*
 * Append a field's value as it is to be read: unfolded, its encoded words
 * decoded, in UTF-8.
 */
void parts_put_value(struct buf *out, struct slice value);

#endif
