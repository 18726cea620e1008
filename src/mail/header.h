/* SPDX-License-Identifier: ISC */
/*
 * header.h - finding and walking the header fields of a message.
 *
 * Raw text may have any line ends (lines.h) and NULs; a stray CR in it counts
 * as a blank.  A field is a name of printable ASCII, a colon (white space
 * before it is forgiven), and the lines after it that begin with a blank or
 * TAB.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Where the header of a raw message is: head gets its fields, *body_at the
 * offset of the body, after the empty line.  Lines that mboxes
 * have before it (mbox.h) are in neither.  The header ends at an empty line,
 * or before the first line that is no field: a message that begins so, or that
 * has no colon soon, is all body.
 *
 * PARSE_MORE: the header may go on after raw; never when raw is all there is
 * (all = true), for a header needs no empty line after it.  Never PARSE_BAD.
 * cr_ends says that the message has no LF (lines.h).
 */
enum parse header_split(struct slice raw, bool all, bool cr_ends,
    struct slice *head, size_t *body_at);

/* Is all of the header in these octets, which more will follow? */
bool header_is_whole(struct slice front);

/* Append raw fields with CRLF line ends, without NULs and stray CRs. */
void header_canonical(struct slice raw, bool cr_ends, struct buf *out);

struct header_field {
	struct slice raw;   /* all of it, with its line ends */
	struct slice name;
	struct slice value; /* after the colon, as folded, with line ends */
};

/*
 * Take the next field off *head, which has CRLF line ends and no NUL.  False
 * when there is none, or what comes next is no field.
 */
bool header_next(struct slice *head, struct header_field *field);

static inline bool
header_is(const struct header_field *field, const char *name)
{
	return slice_eq_nocase(field->name, slice_of(name));
}

/* Append the value in one line: without line ends and outer white space. */
void header_unfold(struct buf *out, struct slice value);

/* The first field of that name; false when there is none. */
bool header_find(struct slice head, const char *name,
    struct header_field *field);
bool header_has(struct slice head, const char *name);

/* "TLS-Required: No": rather in clear than not at all (RFC 8689 5). */
bool header_waives_tls(struct slice head);

#endif
