/* SPDX-License-Identifier: ISC */
/*
 * message.h - one immutable message, shared by every connection.
 *
 * It is the finished header block (head: completed, canonical, with the empty
 * line) and the body exactly as it came (raw: any line ends), which lies in
 * memory or in a file.  The encoder (encode.h) makes the body canonical on its
 * way out, so a 10 GB file is never copied and memory stays flat.
 *
 * The facts are about the canonical form.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/content.h"

#define MESSAGE_NAME 40 /* of a field that is named to people, and a NUL */

struct message {
	struct buf head;	/* header and empty line, CRLF */
	struct content body;	/* raw; the file is the intake's */
	bool doubtful_head;	/* what was, or would be, its header hardly is
				   one (complete.h) */

	bool is_rewritten;	/* fields that came are not what goes out */

	uint64_t size;		/* octets of head and body on the wire, before
				   dot-stuffing: what SIZE= and BDAT say */
	size_t longest_line;	/* octets without CRLF, exact over 998 */
	bool eight_bit;		/* octets above 127 in the body */
	bool utf8_headers;	/* ... in the head: needs SMTPUTF8 */
	char utf8_field[MESSAGE_NAME]; /* ... the first field with any */
	bool has_nul;		/* NULs, which never leave the program */

	bool is_binary;		/* its very octets count: lines would spoil
				   them */

	struct recode_plan *recode; /* how to make it 7-bit, when it is not
				   (recode.h); the intake's, or NULL */
	const char *recode_bar;	/* why it must not be; NULL when it may */
};

#endif
