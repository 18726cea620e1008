/* SPDX-License-Identifier: ISC */
/*
 * tls_mail.c - a TLS report as a mail in our own queue.
 *
 * It comes from <>, and nobody is told if it cannot be delivered within a day
 * (RFC 8460 5.5).  The queue signs it as it signs its bounces.
 */
#include "cli/tls_report_impl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/enqueue.h"
#include "config/idn.h"
#include "mail/scan.h"
#include "net/random.h"
#include "queue/control_client.h"
#include "queue/load.h"

/* The same for the same report to the same address. */
static void
set_key(struct stored *m, const struct tlsrpt_report *r, const char *to)
{
	static const struct hash_key fixed = { { 0 } };
	struct buf text = { 0 };

	tlsrpt_report_put_id(&text, r);
	buf_putf(&text, " %s", to);
	snprintf(m->key, sizeof m->key, "tls-report:%016llx",
	    (unsigned long long)hash_bytes(&fixed, buf_slice(&text)));
	buf_free(&text);
}

/* Somebody of this machine, perhaps. */
static void
find_readers(const struct tls_reporter *t, struct envelope *e)
{
	struct letters l = { .main = envelope_copy(e) };

	if (t->here)
		here_expand_letters(t->here, &l);
	if (l.main.n > 0 && l.main.nbad == 0) {
		envelope_free(e);
		*e = l.main;
		l.main = (struct envelope){ 0 };
	}
	letters_free(&l);
}

static bool
set_envelope(const struct tls_reporter *t, struct envelope *e, const char *to,
    struct outcome *why)
{
	const struct address_options options = { .idn = &config_idn };
	struct address a = { 0 };

	if (!address_parse(slice_of(to), &options, &a, why))
		return false;
	if (a.path[0] == '\0' || a.domain[0] == '\0' || a.utf8) {
		address_free(&a);
		return outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
		    "%s: no address that reports go to", to);
	}
	e->from.path = mem_dup(SLICE(""));
	e->from.domain = mem_dup(SLICE(""));
	e->from.name = mem_dup(SLICE(""));
	random_draw(&e->key, sizeof e->key);
	envelope_add(e, &a);
	e->rcpts[0].notify = NOTIFY_NEVER;
	find_readers(t, e);
	return true;
}

static void
set_facts(struct stored *m, struct slice text, size_t head)
{
	struct scan scan = { 0 };

	scan_feed(&scan, text);
	scan_finish(&scan);
	m->size = scan.length;
	m->head = head;
	m->longest_line = scan.longest_line;
	m->eight_bit = scan.eight_bit;
}

static bool
store_it(struct tls_reporter *t, const struct stored *m, struct slice text,
    struct outcome *why)
{
	const struct queue_settings *q = &t->s->queue;
	const struct store_config config = { .path = q->path,
		.reserve = q->reserve };
	struct store *store = store_open(&config, why);
	struct draft *d = store ? store_begin(store, m, why) : NULL;
	struct enqueued in = { .duplicate = false };
	bool ok = d && store_write(d, text, why);

	if (ok)
		ok = enqueue_commit(store, d, &in, why);
	else if (d)
		store_discard(store, d);
	if (store)
		store_close(store);
	if (ok)
		control_wake(q->run, in.id);
	return ok;
}

/* RFC 8460 3: an unsigned one is not looked at. */
static void
warn_if_unsigned(struct tls_reporter *t)
{
	const struct sign_rules *rules = t->s->message.signing;
	const char *at = strrchr(t->s->queue.tls_reports, '@');
	const char *domain = at ? at + 1 : "", *chosen;

	if (t->told_unsigned || (rules &&
	    sign_rules_choose(rules, domain, "", &chosen)))
		return;
	t->told_unsigned = true;
	tls_reporter_log(t, MAILLOG_WARNING, "TLS reports by mail are not "
	    "signed, and will not be looked at: no [dkim] section is for "
	    "%s", domain);
}

bool
tls_mail(struct tls_reporter *t, const struct tlsrpt_report *r, const char *to,
    struct outcome *why)
{
	struct stored m = {
		.class = CLASS_BULK,
		.is_bounce = true,
		.created = t->wall,
		.expires = TLSRPT_DAY,
		.uid = geteuid(),
		.tag = LOAD_TLS_REPORT,
	};
	struct buf text = { 0 };
	bool ok = set_envelope(t, &m.envelope, to, why);
	size_t head;

	if (ok) {
		head = tlsrpt_report_put_mail(&text, r,
		    m.envelope.rcpts[0].to.path, t->wall);
		set_key(&m, r, to);
		set_facts(&m, buf_slice(&text), head);
		warn_if_unsigned(t);
		ok = store_it(t, &m, buf_slice(&text), why);
	}
	envelope_free(&m.envelope);
	buf_free(&text);
	return ok;
}
