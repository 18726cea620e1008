/* SPDX-License-Identifier: ISC */
/*
 * advice_rows.h - the tables behind advice.h, for their own files: advice.c has
 * the rows of addresses, replies and messages, advice_link.c those of the way
 * to a server.
 */
#ifndef REPORT_ADVICE_ROWS_H
#define REPORT_ADVICE_ROWS_H

#include "base/slice.h"
#include "report/advice.h"

#define ANY	    0xffff
#define ANY_STAGE   STAGE_NONE
#define ANY_VERDICT PENDING
#define LATER	    "nothing was queued: send it again later"
#define CONF	    "in smtpsend.conf"

/* The first row that fits is taken. */
struct advice_row {
	enum verdict verdict;
	enum stage stage;
	unsigned short subject, detail;
	bool (*when)(const struct outcome *o, struct wish w); /* NULL: always */
	const char *options, *keys; /* keys NULL: the same under all names */
};

/* Connecting, TLS, logging in: asked first. */
extern const struct advice_row advice_link_rows[];
extern const size_t advice_link_count;

/* Is this in its text?  Case does not count. */
bool advice_mentions(const struct outcome *o, struct slice word);

/* To the one server that was named. */
bool advice_is_to_server(const struct outcome *o, struct wish w);

#endif
