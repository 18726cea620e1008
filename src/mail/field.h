/* SPDX-License-Identifier: ISC */
/* field.h - what the value of a header field is made of, by its name. */
#ifndef MAIL_FIELD_H
#define MAIL_FIELD_H

#include "base/slice.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_ADDRESSES,
	FIELD_PARAMETERS,
	FIELD_TRACE,      /* hosts and addresses among other words */
	FIELD_STRUCTURED, /* words, and <...> which nobody touches */
	FIELD_OPAQUE,     /* signatures, keys */
};

/* Names without case; what nobody knows is text (RFC 5322 3.6.8). */
enum field_kind field_kind(struct slice name);

#endif
