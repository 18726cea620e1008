/* SPDX-License-Identifier: ISC */
/*
 * intake.h - from the command line and an input to an envelope and a message.
 *
 * Bad input is found here, before anything is connected: the sender (65), no
 * recipients (64), the input itself (65, 66, 74).  A recipient that cannot be
 * used stops nobody else: it is among the envelope's bad ones, and when there
 * are no others the message may not have been read.
 */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H

#include "base/event.h"
#include "config/options.h"
#include "mail/message.h"
#include "mail/template.h"
#include "net/input.h"
#include "net/self.h"

struct intake {
	struct envelope envelope;
	struct message message;
	struct person user;	/* who sends */
	struct input input;	/* what the message's body lies in */
	bool has_input;		/* ... and it was read already */
	struct slice also;	/* one more recipient; or empty */
	const struct template_field *field; /* of --fill, beside its own */
	size_t nfields;
	struct buf rewritten;	/* lines about senders (mail/senders.h), */
	bool resigned;		/* ... also those of the header */
	struct stop *stop;	/* ends the reading; or NULL */
};

/*
 * Zero-initialise, but for stop, input where has_input, and what stands between
 * them; false with *why.  s and self outlive nothing of it.  What was done to
 * the message that its author may not expect is told to events.
 */
bool intake_read(struct intake *in, const struct settings *s,
    const struct self *self, struct events *events, struct outcome *why);

void intake_free(struct intake *in);

#endif
