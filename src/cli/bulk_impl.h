/* SPDX-License-Identifier: ISC */
/* bulk_impl.h - the inside of --mbox, shared by its files. */
#ifndef CLI_BULK_IMPL_H
#define CLI_BULK_IMPL_H

#include "base/list.h"
#include "bulk/done.h"
#include "bulk/source.h"
#include "bulk/tally.h"
#include "cli/intake.h"
#include "cli/reach.h"
#include "cli/sign.h"
#include "deliver/deliver.h"
#include "report/report.h"

/* A message on its way to recipients who are named together. */
struct bulk_part {
	struct bulk_mail *mail;
	struct envelope own;	/* with --verp */
	struct consignment consignment;
	struct list_node node;
};

/* A message. */
struct bulk_mail {
	char *label;
	struct source_sum sum;	/* with --resume: who it is */
	int64_t since;		/* when it was read */
	struct intake intake;
	struct sign sign;
	struct bulk_part *part;
	size_t n, left;		/* parts, and those that are on their way */
};

struct bulk {
	const struct settings *s;
	struct reach reach;
	struct deliver_config config;
	struct events events;
	struct report report;
	struct deliver *deliver;
	struct stop stop;
	struct outcome stopped;	/* by a signal; PENDING = not */
	struct input template;	/* --fill: of each row of a list */
	struct source *source;
	struct done *done;	/* --resume, or NULL */
	struct outcome lost;	/* ... which cannot be written; PENDING = it can
				 */
	bool ended;		/* the source is; deliver is closed */
	bool waits;		/* ... or has nothing now */
	int64_t now;		/* of this turn */
	struct list parts;	/* on their way */
	uint64_t octets;	/* ... of their messages */
	int64_t next;		/* --rate: not before */
	struct tally tally;
	struct outcome worst;
};

/* The worst of all decides in the end. */
void bulk_note(struct bulk *b, const struct outcome *o);

/* Report a failure of this message, or of what is written of it. */
void bulk_report_failure(struct bulk *b, const char *label,
    const struct outcome *why);

/* ---- bulk_mail.c ---- */

/* Send one on its way, or tell why not; takes over *item. */
void bulk_add(struct bulk *b, struct source_item *item);
void bulk_skip(struct bulk *b, struct source_item *item,
    const struct outcome *why);

/* One that is finished is told of; with the last its message is over. */
void bulk_over(struct bulk *b, struct bulk_part *p);

/* ---- bulk_record.c ---- */

/* Write down the verdicts that wait for it; where that cannot be, all stops. */
void bulk_record(struct bulk *b, int64_t now);

#endif
