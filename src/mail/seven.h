/* SPDX-License-Identifier: ISC */
/* seven.h - the body of one part on its way into 7-bit lines. */
#ifndef MAIL_SEVEN_H
#define MAIL_SEVEN_H

#include "base/buf.h"
#include "base/slice.h"

enum seven_form {
	SEVEN_COPY,	  /* clean: only line ends are made CRLF */
	SEVEN_OUTSIDE,	  /* =C3 for other octets than ASCII, lines cut */
	SEVEN_QP,	  /* quoted-printable */
	SEVEN_QP_MEND,	  /* of what is quoted-printable, but not quite */
	SEVEN_BASE64,	  /* base64, of text with CRLF line ends */
	SEVEN_BASE64_RAW, /* base64, of the very octets */
	SEVEN_BASE64_MEND /* of what is base64, in lines too long */
};

/* Zero-initialise; set the form only where no line is begun. */
struct seven {
	enum seven_form form;
	size_t column;	/* octets in the present line of the output */
	char blank;	/* quoted-printable: white space, last so far */
	char held[8];	/* ... to be mended: "=", and a digit or blanks; */
	size_t nheld;	/* ... is it an escape, a soft break, or text? */
	char raw[57];	/* base64: what is not a whole line yet */
	size_t n;
	char eol[2];	/* base64: the last line end, which is not */
	size_t eol_n;	/* ... content before a delimiter (RFC 2046 5.1.1) */
};

/* A piece of a line; its end; a stray CR, which is kept where it can be. */
void seven_text(struct seven *s, struct slice text, struct buf *out);
void seven_eol(struct seven *s, struct slice eol, struct buf *out);
void seven_cr(struct seven *s, struct buf *out);

/* A delimiter follows, or nothing: end the last line. */
void seven_delimit(struct seven *s, struct buf *out);
void seven_finish(struct seven *s, struct buf *out);

#endif
