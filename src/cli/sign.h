/* SPDX-License-Identifier: ISC */
/* sign.h - a message that is signed by the run that sends it. */
#ifndef CLI_SIGN_H
#define CLI_SIGN_H

#include "cli/intake.h"
#include "config/keyring.h"
#include "deliver/deliver.h"
#include "report/report.h"

/* Zero-initialise. */
struct sign {
	struct keyring keyring;
	struct signing signing;
};

/* What decides who signs; borrows all. */
struct sign_call {
	const struct settings *settings;
	const struct intake *intake;
	unsigned uid;
};

/*
 * Is it to be signed, and by the queue?  A domain's key is the queue's to read;
 * but who says himself how his mail goes has it signed here, or not at all.
 */
bool sign_is_for_queue(const struct sign_call *call);

/*
 * Set who signs c, if anybody; a weak key is told as an event.  False with *why
 * (keyring_open()): it must not go out.
 */
bool sign_here(struct sign *s, const struct sign_call *call,
    struct consignment *c, struct events *events, struct outcome *why);

/* --explain: tell who would sign, if anybody. */
void sign_explain(const struct sign_call *call, struct report *report);
void sign_free(struct sign *s);

#endif
