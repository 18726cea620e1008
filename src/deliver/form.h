/* SPDX-License-Identifier: ISC */
/*
 * form.h - all of a message's text in the form in which it goes out, for who
 * stores or signs it.
 */
#ifndef DELIVER_FORM_H
#define DELIVER_FORM_H

#include "base/outcome.h"
#include "mail/message.h"
#include "sign/dkim.h"

/*
 * The text, canonical, in pieces: put(arg, ...) gets each; what it returns
 * false for ends it.  The first is the header, *head octets.
 */
struct form_sink {
	bool (*put)(void *arg, struct slice text, struct outcome *why);
	void *arg;
	uint64_t head;
};

/*
 * As it is, or re-coded by m->recode.  False with put's *why, or content.h's
 * when the body cannot be read.
 */
bool form_put(struct form_sink *sink, const struct message *m, bool recoded,
    struct outcome *why);

/*
 * Append the DKIM-Signature fields for this form, made now (seconds since
 * 1970): they go above its header.  False with *why.
 */
bool form_sign(const struct signer *signer, const struct message *m,
    bool recoded, int64_t now, struct buf *out, struct outcome *why);

#endif
