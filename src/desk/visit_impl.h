/* SPDX-License-Identifier: ISC */
/* visit_impl.h - what the files of a visit share. */
#ifndef DESK_VISIT_IMPL_H
#define DESK_VISIT_IMPL_H

#include "desk/visit.h"

enum step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_STARTTLS,
	STEP_MAIL,
	STEP_RCPT,
	STEP_RSET,
	STEP_QUIT,
	NSTEPS
};

/* The dialogue (visit_talk.c): what a reply leads to. */
void visit_got(struct visit *v, const struct reply *r, int64_t now);

void visit_hello(struct visit *v, int64_t now);

/* "the greeting", "the reply to EHLO": what is awaited. */
const char *visit_awaits(const struct visit *v);
enum stage visit_stage(const struct visit *v);

/* A new step, and its time begins. */
void visit_enter(struct visit *v, enum step step, int64_t now);

/* From clear to TLS. */
void visit_secure(struct visit *v, int64_t now);

/* The worst that was found, if nothing was before. */
void visit_blame(struct visit *v, enum visit_fault fault,
    const struct outcome *why);

/* It is over. */
void visit_end(struct visit *v, int64_t now);

#endif
