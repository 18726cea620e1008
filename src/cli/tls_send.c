/* SPDX-License-Identifier: ISC */
/*
 * tls_send.c - the reports of a day: who asks for one, and that he gets it.
 *
 * What is done is a line in the day's file: "DOMAIN<TAB>URI" for one way of a
 * report, "DOMAIN" when nothing is left to do for it, "*" for all of them.
 */
#include "cli/tls_report_impl.h"

#include <stdlib.h>

#include "dns/query.h"
#include "net/clock.h"
#include "net/door.h"
#include "relay/relay.h"
#include "spool/tls_days.h"
#include "tlsrpt/record.h"

#define PATIENCE  TLSRPT_DAY	/* from when it was due: RFC 8460 5.5 */
#define POST_TIME 60		/* seconds */
#define SENT_MAX  (32 << 20)

/* The day at work. */
struct sending {
	struct tls_reporter *t;
	struct tlsrpt_report report;
	const char *domain;	/* report.domain */
	struct buf sent;	/* lines of what was done, with their LFs */
	bool is_late;		/* what fails now is given up */
};

/* ---- what was done ---- */

static bool
was_done(const struct sending *x, const char *line)
{
	struct slice rest = buf_slice(&x->sent), one, want = slice_of(line);

	while (slice_cut(&rest, '\n', &one))
		if (slice_eq(one, want))
			return true;
	return false;
}

static void
note_done(struct sending *x, const char *line)
{
	struct buf text = { 0 };
	struct outcome why;

	buf_putf(&text, "%s\n", line);
	buf_put(&x->sent, buf_slice(&text));
	if (!tls_days_append(x->t->s->queue.path, x->report.day,
	    TLS_DAYS_SENT, buf_slice(&text), &why))
		tls_reporter_log(x->t, MAILLOG_ERROR, "TLS reports: %s",
		    why.text);
	buf_free(&text);
}

/* It failed: later, or not at all; true when it is over. */
static bool
is_given_up(struct sending *x, const char *to, const char *why, bool for_good)
{
	struct buf day = { 0 };

	for_good = for_good || x->is_late;
	tlsrpt_day_put(&day, x->report.day);
	tls_reporter_log(x->t, for_good ? MAILLOG_WARNING : MAILLOG_NOTICE,
	    "TLS report of %s for %s%s%s: %s%s", buf_str(&day), x->domain,
	    to[0] ? " to " : "", to, why,
	    for_good ? "; given up" : "; tried again later");
	x->t->is_pending = x->t->is_pending || !for_good;
	buf_free(&day);
	return for_good;
}

/* ---- a report ---- */

static bool
post(struct sending *x, const char *url, struct outcome *why)
{
	static const struct door door = RELAY_DOOR;
	const struct relay_module *relay = door_open(&door, why);
	struct buf json = { 0 };
	bool ok;

	if (!relay)
		return false;
	tlsrpt_report_put(&json, &x->report);
	ok = relay->post(&(struct https_post){ .url = url,
	    .ca = x->t->s->way.tls.ca, .type = "application/tlsrpt+json",
	    .body = buf_slice(&json), .seconds = POST_TIME }, why);
	why->verdict = DEFERRED;
	buf_free(&json);
	return ok;
}

/* By one way; true when that is done, or will never be. */
static bool
send_to(struct sending *x, const struct tlsrpt_uri *uri)
{
	struct buf line = { 0 }, day = { 0 };
	struct outcome why = { 0 };
	bool ok, over;

	buf_putf(&line, "%s\t%s", x->domain, uri->to);
	if (was_done(x, buf_str(&line))) {
		buf_free(&line);
		return true;
	}
	ok = uri->way == TLSRPT_MAIL ?
	    tls_mail(x->t, &x->report, uri->to, &why) :
	    post(x, uri->to, &why);
	over = ok || is_given_up(x, uri->to, why.text, why.verdict == FAILED);
	if (over)
		note_done(x, buf_str(&line));
	tlsrpt_day_put(&day, x->report.day);
	if (ok)
		tls_reporter_log(x->t, MAILLOG_INFO, "TLS report of %s for %s "
		    "%s %s", buf_str(&day), x->domain,
		    uri->way == TLSRPT_MAIL ? "is in the queue, to" :
		    "was posted to", uri->to);
	buf_free(&line);
	buf_free(&day);
	return over;
}

/* ---- who asks for it ---- */

static const struct dns_answer *
await(struct tls_reporter *t, const struct ticket *ticket)
{
	const struct dns_answer *a;
	int64_t now;

	while (!(a = resolver_answer(ticket))) {
		now = clock_now();
		wait_clear(&t->wait);
		resolver_wait(t->resolver, &t->wait);
		wait_poll(&t->wait, now);
		resolver_step(t->resolver, &t->wait, clock_now());
	}
	return a;
}

/* The only record among these texts; or why there is none to go by. */
static const char *
find_record(const struct dns_answer *a, struct tlsrpt_record *out)
{
	const struct dns_txt *found = NULL;

	for (size_t i = 0; i < a->n; i++) {
		const struct dns_txt *t = &a->txt[i];

		if (!tlsrpt_is_record((struct slice){ t->text, t->n }))
			continue;
		if (found)
			return "there is more than one record";
		found = t;
	}
	if (!found)
		return "";
	return tlsrpt_record_parse((struct slice){ found->text, found->n },
	    out);
}

/* True when nothing is left to do for it. */
static bool
send_by_record(struct sending *x, const struct dns_answer *a)
{
	struct tlsrpt_record record = { 0 };
	const char *wrong;
	bool over = true;

	if (a->status == DNS_SOFT)
		return is_given_up(x, "", a->why, false);
	wrong = a->status == DNS_FOUND ? find_record(a, &record) : "";
	if (wrong)
		return wrong[0] == '\0' || is_given_up(x, "", wrong, true);
	for (size_t i = 0; i < record.n; i++)
		over = send_to(x, &record.uri[i]) && over;
	tlsrpt_record_free(&record);
	return over;
}

static bool
send_domain(struct sending *x)
{
	struct buf name = { 0 };
	struct dns_question q = { .type = DNS_TXT };
	struct ticket *ticket;
	bool over;

	if (was_done(x, x->domain))
		return true;
	buf_putf(&name, "_smtp._tls.%s", x->domain);
	q.name = buf_str(&name);
	ticket = resolver_ask(x->t->resolver, &q, clock_now());
	over = send_by_record(x, await(x->t, ticket));
	resolver_release(x->t->resolver, ticket);
	buf_free(&name);
	if (over)
		note_done(x, x->domain);
	return over;
}

/* ---- a day ---- */

static void
send_domains(struct sending *x, const struct tlsrpt_tally *tally)
{
	const struct tlsrpt_entry **e = tlsrpt_tally_sorted(tally);
	struct tlsrpt_report *r = &x->report;
	struct buf text = { 0 }, domain = { 0 };
	struct tls_result first;
	bool over = true;

	for (size_t i = 0; i < tally->rows.n; i += r->n) {
		r->entry = e + i;
		r->n = tlsrpt_same_domain(r->entry, tally->rows.n - i);
		if (!tlsrpt_entry_read(e[i], &text, &first))
			continue;
		buf_clear(&domain);
		buf_put(&domain, first.policy.domain);
		x->domain = buf_str(&domain);
		r->domain = buf_slice(&domain);
		over = send_domain(x) && over;
	}
	if (over)
		note_done(x, "*");
	buf_free(&text);
	buf_free(&domain);
	free(e);
}

void
tls_send_day(struct tls_reporter *t, int64_t day)
{
	struct tlsrpt_tally tally = { 0 };
	struct sending x = { .t = t, .report = tls_report_of(t, day),
		.sent.max = SENT_MAX,
		.is_late = t->wall > (day + 1) * TLSRPT_DAY +
		    TLS_REPORT_SPREAD + PATIENCE };
	struct outcome why;

	if (!tls_days_read(t->s->queue.path, day, TLS_DAYS_SENT, &x.sent,
	    &why) || (!was_done(&x, "*") &&
	    !tls_report_read(t, day, &tally, &why))) {
		tls_reporter_log(t, MAILLOG_ERROR, "TLS reports: %s",
		    why.text);
		t->is_pending = true;
	} else if (!was_done(&x, "*")) {
		send_domains(&x, &tally);
	}
	buf_free(&x.sent);
	tlsrpt_tally_free(&tally);
}
