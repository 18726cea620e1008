/* SPDX-License-Identifier: ISC */
/*
 * mail.h - a message on its way to somebody of this machine: what of it is
 * written, and why something could not be.
 */
#ifndef LOCAL_MAIL_H
#define LOCAL_MAIL_H

#include "base/content.h"
#include "local/request.h"

struct local_mail {
	const struct local_request *request;
	struct content text; /* canonical: CRLF, no dots stuffed */
};

enum local_form {
	LOCAL_PLAIN, /* LF line ends */
	LOCAL_MBOX,  /* ... a line "From sender date" first, such
				   lines quoted (mboxrd), an empty line last */
};

/*
 * Where it is written to; false: no more of it, for a reason that put() keeps
 * to itself.
 */
struct local_sink {
	bool (*put)(void *self, struct slice s);
	void *self;
};

/*
 * Return-Path and Delivered-To, and then the text.  The same octets whenever it
 * is done.  False when put() was, or with *why (DEFERRED) when the text cannot
 * be read; *why is PENDING in the first case.
 */
bool local_mail_copy(const struct local_mail *m, enum local_form form,
    const struct local_sink *to, struct outcome *why);

/*
 * "WHAT PATH: reason", and what follows from errno: FAILED 5.2.2 when a quota
 * is used up or the file may not grow, FAILED 5.2.0 for what no mailbox can be
 * (a link, a folder), DEFERRED for all that passes.  False.
 */
bool local_fail(struct outcome *why, const char *what, const char *path,
    int error);

#endif
