/* SPDX-License-Identifier: ISC */
/*
 * server_data.h - message text as it comes in: the dots of DATA taken out, and
 * line ends watched over.
 *
 * Only CRLF ends a line and only CRLF.CRLF ends a message.  A CR or LF that
 * stands alone is what SMTP smuggling is made of: it is passed on as it is, and
 * remembered, so that the server can refuse the message.
 */
#ifndef SMTP_SERVER_DATA_H
#define SMTP_SERVER_DATA_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* A zeroed one stands at the beginning of a message. */
struct data_reader {
	enum {
		DATA_BEGIN,	/* of a line */
		DATA_DOT,	/* after a dot that began a line */
		DATA_DOT_CR,	/* after such a dot and a CR, held back */
		DATA_MID,	/* inside a line */
		DATA_CR,	/* after a CR inside a line, passed on */
	} at;
	bool bare;		/* a CR or LF alone was seen */
};

/*
 * Take DATA text from the front of *in (RFC 5321 4.5.2) and put it, without its
 * stuffing, after out's content.  PARSE_OK when the final dot's CRLF was
 * taken, PARSE_MORE when *in is used up before.
 */
enum parse data_read_dots(struct data_reader *r, struct slice *in,
    struct buf *out);

/* Take all of in, the octets of a BDAT chunk (RFC 3030); last ends the text. */
void data_read_chunk(struct data_reader *r, struct slice in, bool last,
    struct buf *out);

#endif
