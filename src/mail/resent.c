/* SPDX-License-Identifier: ISC */
/* resent.c - see resent.h */
#include "mail/resent.h"

static enum resent_name
find_name(const struct header_field *f)
{
	static const char *const names[RESENT_NAMES] = {
		[RESENT_TO] = "Resent-To",
		[RESENT_CC] = "Resent-Cc",
		[RESENT_BCC] = "Resent-Bcc",
		[RESENT_DATE] = "Resent-Date",
		[RESENT_FROM] = "Resent-From",
		[RESENT_SENDER] = "Resent-Sender",
		[RESENT_MESSAGE_ID] = "Resent-Message-ID",
	};
	enum resent_name n = RESENT_TO;

	while (n < RESENT_NAMES && !header_is(f, names[n]))
		n++;
	return n;
}

bool
resent_next(struct resent *r, const struct header_field *f,
    enum resent_name *name)
{
	*name = find_name(f);
	if (r->seen != 0 && (header_is(f, "Received") ||
	    (*name < RESENT_NAMES && (r->seen & 1u << *name))))
		r->is_over = true;
	if (*name == RESENT_NAMES || r->is_over)
		return false;
	r->seen |= 1u << *name;
	return true;
}

bool
resent_is_in(struct slice head)
{
	struct resent r = { 0 };
	enum resent_name name;
	struct header_field f;

	while (header_next(&head, &f))
		if (resent_next(&r, &f, &name))
			return true;
	return false;
}
