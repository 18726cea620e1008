/* SPDX-License-Identifier: ISC */
/* field.c - see field.h */
#include "mail/field.h"

/* What is in no row is text: RFC 5322 3.6.8 lets encoded words stand there. */
static const struct {
	const char *name; /* a '-' at the end: all that begin so */
	enum field_kind kind;
} kinds[] = {
	{ "From", FIELD_ADDRESSES },
	{ "Sender", FIELD_ADDRESSES },
	{ "Reply-To", FIELD_ADDRESSES },
	{ "To", FIELD_ADDRESSES },
	{ "Cc", FIELD_ADDRESSES },
	{ "Resent-From", FIELD_ADDRESSES },
	{ "Resent-Sender", FIELD_ADDRESSES },
	{ "Resent-Reply-To", FIELD_ADDRESSES },
	{ "Resent-To", FIELD_ADDRESSES },
	{ "Resent-Cc", FIELD_ADDRESSES },
	{ "Errors-To", FIELD_ADDRESSES },
	{ "Mail-Followup-To", FIELD_ADDRESSES },
	{ "Mail-Reply-To", FIELD_ADDRESSES },
	{ "Disposition-Notification-To", FIELD_ADDRESSES },
	{ "Content-Description", FIELD_TEXT },
	{ "Content-Type", FIELD_PARAMETERS },
	{ "Content-Disposition", FIELD_PARAMETERS },
	{ "Content-", FIELD_STRUCTURED },
	{ "MIME-Version", FIELD_STRUCTURED },
	{ "Message-ID", FIELD_STRUCTURED },
	{ "In-Reply-To", FIELD_STRUCTURED },
	{ "References", FIELD_STRUCTURED },
	{ "Keywords", FIELD_STRUCTURED },
	{ "Date", FIELD_STRUCTURED },
	{ "Resent-Date", FIELD_STRUCTURED },
	{ "Resent-Message-ID", FIELD_STRUCTURED },
	{ "List-", FIELD_STRUCTURED },
	{ "Return-Path", FIELD_TRACE },
	{ "Delivered-To", FIELD_TRACE },
	{ "Received", FIELD_TRACE },
	{ "Received-", FIELD_TRACE },
	{ "Authentication-Results", FIELD_TRACE },
	{ "DKIM-", FIELD_OPAQUE },
	{ "DomainKey-Signature", FIELD_OPAQUE },
	{ "ARC-", FIELD_OPAQUE },
	{ "Autocrypt", FIELD_OPAQUE },
};

enum field_kind
field_kind(struct slice name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct slice row = slice_of(kinds[i].name);

		if (row.p[row.n - 1] == '-' ? slice_starts_nocase(name, row) :
					      slice_eq_nocase(name, row))
			return kinds[i].kind;
	}
	return FIELD_TEXT;
}
