/* SPDX-License-Identifier: ISC */
/*
 * tls_send.c - the reports of a day: who asks for one, and that he gets it.
 *
 * What is done is a line in the day's file: "DOMAIN<TAB>URI" for one way of a
 * report, "DOMAIN" when nothing is left to do for it, "*" for all of them.
 */
#include "cli/tls_report_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/tls_done.h"
#include "dns/query.h"
#include "net/clock.h"
#include "net/door.h"
#include "relay/relay.h"
#include "tlsrpt/record.h"

#define PATIENCE  TLSRPT_DAY	/* from when it was due: RFC 8460 5.5 */
#define POST_TIME 60		/* seconds */
#define AHEAD	  32		/* domains that are asked for at once */

/* The day at work. */
struct sending {
	struct tls_reporter *t;
	struct tlsrpt_report report;
	const char *domain;	/* report.domain */
	struct tls_done done;
	bool is_late;		/* what fails now is given up */
};

static void
note_done(struct sending *x, const char *line)
{
	struct outcome why;

	if (!tls_done_add(&x->done, line, &why))
		tls_reporter_log(x->t, MAILLOG_ERROR, "TLS reports: %s",
		    why.text);
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
	if (tls_done_has(&x->done, buf_str(&line))) {
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

/* The question whether it wants a report; NULL: nothing is left to do. */
static struct ticket *
ask(struct sending *x, struct slice domain)
{
	struct buf name = { 0 }, text = { 0 };
	struct dns_question q = { .type = DNS_TXT };
	struct ticket *ticket = NULL;

	buf_put(&text, domain);
	buf_putf(&name, "_smtp._tls.%s", buf_str(&text));
	q.name = buf_str(&name);
	if (!tls_done_has(&x->done, buf_str(&text)))
		ticket = resolver_ask(x->t->resolver, &q, clock_now());
	buf_free(&name);
	buf_free(&text);
	return ticket;
}

/* True when nothing is left to do for it. */
static bool
send_domain(struct sending *x, struct slice domain, const struct ticket *ticket)
{
	struct buf text = { 0 };
	bool over;

	if (!ticket)
		return true;
	buf_put(&text, domain);
	x->domain = buf_str(&text);
	x->report.domain = buf_slice(&text);
	over = send_by_record(x, await(x->t, ticket));
	if (over)
		note_done(x, x->domain);
	buf_free(&text);
	return over;
}

/* ---- a day ---- */

/* A domain's part of the entries; its name, as it stands in them. */
struct part {
	size_t at, n;
	struct slice domain;
	struct ticket *ticket;
};

static size_t
find_parts(const struct tlsrpt_entry *const *e, size_t n, struct part *part)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i += part[found++].n)
		part[found] = (struct part){ .at = i,
			.n = tlsrpt_same_domain(e + i, n - i),
			.domain = tlsrpt_entry_domain(e[i]) };
	return found;
}

static void
send_domains(struct sending *x, const struct tlsrpt_tally *tally)
{
	const struct tlsrpt_entry **e = tlsrpt_tally_sorted(tally);
	struct part *part = mem_resize(NULL, tally->rows.n + 1, sizeof *part);
	size_t n = find_parts(e, tally->rows.n, part), asked = 0;
	bool over = true;

	for (size_t i = 0; i < n; i++) {
		for (; asked < n && asked < i + AHEAD; asked++)
			part[asked].ticket = ask(x, part[asked].domain);
		x->report.entry = e + part[i].at;
		x->report.n = part[i].n;
		over = send_domain(x, part[i].domain, part[i].ticket) && over;
		resolver_release(x->t->resolver, part[i].ticket);
	}
	if (over)
		note_done(x, "*");
	free(part);
	free(e);
}

void
tls_send_day(struct tls_reporter *t, int64_t day)
{
	struct tlsrpt_tally tally = { 0 };
	struct sending x = { .t = t, .report = tls_report_of(t, day),
		.is_late = t->wall > (day + 1) * TLSRPT_DAY +
		    TLS_REPORT_SPREAD + PATIENCE };
	struct outcome why;
	bool ok = tls_done_open(&x.done, t->s->queue.path, day, &why);

	if (ok && !tls_done_has(&x.done, "*")) {
		ok = tls_report_read(t, day, &tally, &why);
		if (ok)
			send_domains(&x, &tally);
	}
	if (!ok) {
		tls_reporter_log(t, MAILLOG_ERROR, "TLS reports: %s",
		    why.text);
		t->is_pending = true;
	}
	tls_done_free(&x.done);
	tlsrpt_tally_free(&tally);
}
