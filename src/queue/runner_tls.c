/* SPDX-License-Identifier: ISC */
/*
 * runner_tls.c - what came of TLS, from deliver's tally to the files of the
 * day (spool/tls_days.h).
 *
 * It is written every few seconds, so that many sessions are one line, and
 * with the last breath; who is killed loses what he counted since.  Nothing
 * waits for a disk.
 */
#include "queue/runner_impl.h"

#include "spool/tls_days.h"
#include "tlsrpt/report.h"

#define PAUSE  SECONDS(5) /* between two writes */
#define BLOCK  65536	  /* octets of one write, about */

static void
complain(struct runner *r, const struct outcome *why)
{
	if (!r->tls_complained)
		runner_log(r, MAILLOG_WARNING, 0, "NOQUEUE", "what comes of "
		    "TLS is not counted: %s", why->text);
	r->tls_complained = true;
}

/* Lines, as many as go into one write. */
static struct slice
take_block(struct slice *lines)
{
	struct slice block = *lines;
	size_t n;

	if (block.n > BLOCK) {
		n = BLOCK + slice_find(slice_from(block, BLOCK), '\n') + 1;
		block = slice_first(block, n);
	}
	*lines = slice_from(*lines, block.n);
	return block;
}

void
runner_tls_flush(struct runner *r)
{
	struct buf lines = { 0 };
	struct slice rest;
	struct outcome why;
	bool ok = true;

	r->tls_next = 0;
	if (r->tls.rows.n == 0)
		return;
	tlsrpt_tally_drain(&r->tls, &lines);
	rest = buf_slice(&lines);
	while (ok && rest.n > 0)
		ok = tls_days_append(r->config->store.path, r->tls_day,
		    TLS_DAYS_COUNTS, take_block(&rest), &why);
	if (ok)
		r->tls_complained = false;
	else
		complain(r, &why);
	buf_free(&lines);
}

void
runner_tls_step(struct runner *r)
{
	int64_t day = r->wall / TLSRPT_DAY;

	if (r->tls.rows.n == 0) {
		r->tls_day = day;
		return;
	}
	if (r->tls_next == 0)
		r->tls_next = r->now + PAUSE;
	if (r->now >= r->tls_next || day != r->tls_day)
		runner_tls_flush(r);
	r->tls_day = day;
}

void
runner_tls_wait(const struct runner *r, struct wait *w)
{
	if (r->tls_next > 0)
		wait_until(w, r->tls_next);
}
