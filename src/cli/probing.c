/* SPDX-License-Identifier: ISC */
/* probing.c - see probing.h */
#include "cli/probing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/names.h"
#include "cli/reach.h"
#include "cli/show.h"
#include "config/option_take.h"
#include "desk/cert_put.h"
#include "desk/ehlo_diff.h"
#include "desk/probe_put.h"
#include "desk/tlsa_put.h"
#include "net/clock.h"
#include "net/stop.h"
#include "report/report.h"

struct probing {
	const struct settings *s;
	struct reach reach;
	struct deliver_config way;
	struct probe probe;
	struct report report;
	struct events events;
	struct stop stop;
	struct outcome stopped;	/* by a signal; PENDING = not */
	struct wait wait;
};

/* ---- what is asked for ---- */

/* The option that asks. */
static const char *
asker(const struct settings *s)
{
	static const char *const names[] = {
		[LOOK_ALL] = "--probe",
		[LOOK_CERT] = "--show-cert",
		[LOOK_PEM] = "--show-cert",
		[LOOK_TLSA] = "--show-cert",
		[LOOK_EHLO_DIFF] = "--ehlo-diff",
	};

	return names[s->probe.look];
}

static int
refuse(const struct settings *s, const char *word, const char *why)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: %s ", s->program, asker(s));
	if (word) {
		buf_putc(&line, '\'');
		text_escape(&line, slice_of(word));
		buf_puts(&line, "': ");
	}
	text_escape(&line, slice_of(why));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return EX_USAGE;
}

/* The target of all that is sent to --server. */
static struct probe_target *
server_target(struct probing *p)
{
	const char *server = p->s->way.server;

	return probe_add(&p->probe, server, server, p->s->way.port);
}

/* One that --server names takes all; else it is the domain's own. */
static int
add_address(struct probing *p, const char *word)
{
	struct address_options o = names_options(p->s, &p->reach.self);
	struct probe_target *t;
	struct address a = { 0 };
	struct outcome why;

	if (!address_parse(slice_of(word), &o, &a, &why))
		return refuse(p->s, NULL, why.text);
	t = p->s->way.server[0] ? server_target(p) :
				  probe_add(&p->probe, a.domain, NULL, 0);
	probe_add_rcpt(t, &a);
	return EX_OK;
}

/* A port, or an address, means one server; a name alone is a domain. */
static int
add_host(struct probing *p, const char *word)
{
	struct slice s = slice_of(word), host;
	uint16_t port = 0;
	char name[256];
	struct buf plain = { 0 };
	struct ip ip;

	if (ip_literal_parse(s, &ip)) {
		ip_put(&plain, &ip);
		probe_add(&p->probe, buf_str(&plain), buf_str(&plain), 0);
		buf_free(&plain);
		return EX_OK;
	}
	if (!hostport_parse(s, &host, &port) ||
	    !option_host(host, name, sizeof name))
		return refuse(p->s, word, "a domain, HOST:PORT, an IP address "
		    "or a recipient's address is wanted");
	probe_add(&p->probe, name, port != 0 || ip_parse(slice_of(name), &ip) ?
	    name : NULL, port);
	return EX_OK;
}

static int
add_word(struct probing *p, const char *word)
{
	if (strchr(word, '@') == NULL)
		return add_host(p, word);
	if (p->s->probe.look != LOOK_ALL)
		return refuse(p->s, word, "asks for no recipient: a domain, "
		    "HOST:PORT or an IP address is wanted");
	return add_address(p, word);
}

static int
add_words(struct probing *p)
{
	int status = EX_OK;

	for (size_t i = 0; i < p->s->nrcpts && status == EX_OK; i++)
		status = add_word(p, p->s->rcpt[i]);
	if (status == EX_OK && p->s->probe.look == LOOK_EHLO_DIFF &&
	    p->probe.n != 2)
		return refuse(p->s, NULL, "needs two servers: a domain, "
		    "HOST:PORT or an IP address each");
	if (p->s->nrcpts > 0)
		return status;
	if (!p->s->way.server[0])
		return refuse(p->s, NULL, "needs a domain, HOST:PORT, a "
		    "recipient's address, or --server");
	server_target(p);
	return EX_OK;
}

/* ---- the loop ---- */

static void
print_events(struct probing *p)
{
	struct event e;

	while (events_take(&p->events, &e))
		report_event(&p->report, &e);
	report_flush(&p->report, INT64_MAX);
}

static void
stop_on_signal(struct probing *p, int64_t now)
{
	unsigned signal;

	if (wait_ready(&p->wait, p->stop.slot) == 0 ||
	    (signal = stop_taken(&p->stop)) == 0)
		return;
	p->stopped = stop_outcome(signal);
	probe_stop(&p->probe, &p->stopped, now);
}

static void
run_loop(struct probing *p)
{
	int64_t now = clock_now();

	p->events.now = now;
	stop_catch(&p->stop, false);
	probe_start(&p->probe, now);
	print_events(p);
	while (!probe_is_over(&p->probe) && p->stopped.verdict == PENDING) {
		wait_clear(&p->wait);
		stop_wait(&p->stop, &p->wait);
		probe_wait(&p->probe, &p->wait);
		wait_poll(&p->wait, now);
		now = clock_now();
		p->events.now = now;
		stop_on_signal(p, now);
		probe_step(&p->probe, &p->wait, now);
		print_events(p);
	}
}

/* ---- what is printed ---- */

/* Of a terminal; 0 = it is none, and lines stay whole. */
static size_t
columns(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1 ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* "--tls may" and "encrypt" lower what is demanded, when said here and now. */
static enum tls_level
level_of(const struct settings *s)
{
	const struct tls_settings *tls = &s->way.tls;
	bool chosen = tls->given.text && !tls->given.file;

	return chosen ? tls->level : TLS_VERIFY;
}

/* Who compares offers asks for nothing but these. */
static struct demands
demands(const struct settings *s)
{
	enum tls_level level = level_of(s);

	if (s->probe.look == LOOK_EHLO_DIFF)
		level = TLS_MAY;
	return (struct demands){ .tls = level >= TLS_ENCRYPT &&
		    level != TLS_DANE,
		.pem = s->probe.look == LOOK_PEM,
		.trust = level == TLS_VERIFY || level >= TLS_DANE_ONLY,
		.dane = level >= TLS_DANE,
		.warn_days = s->probe.warn_days,
		.now = clock_wall().seconds };
}

static void
put(struct buf *out, const struct probing *p, const struct demands *d)
{
	const struct probe *probe = &p->probe;
	bool json = p->s->show.json;

	switch (p->s->probe.look) {
	case LOOK_ALL:
		if (!json)
			probe_put_text(out, probe, d, columns());
		break;
	case LOOK_CERT:
		if (!json)
			cert_put_text(out, probe, d, columns());
		break;
	case LOOK_PEM:
		if (!json)
			cert_put_pem(out, probe);
		break;
	case LOOK_TLSA:
		if (!json)
			tlsa_put(out, probe);
		break;
	case LOOK_EHLO_DIFF:
		if (!json)
			ehlo_diff_put_text(out, probe, d, columns());
		else
			ehlo_diff_put_json(out, probe);
		return;
	}
	if (json)
		probe_put_json(out, probe, d);
}

static int
print(struct probing *p)
{
	const struct demands d = demands(p->s);
	struct buf out = { 0 };
	int status = trouble_exit(probe_worst(&p->probe, &d));

	put(&out, p, &d);
	fwrite(buf_slice(&out).p, 1, out.n, stdout);
	buf_free(&out);
	return status;
}

static int
look(struct probing *p)
{
	int status = add_words(p);

	if (status != EX_OK)
		return status;
	run_loop(p);
	if (p->stopped.verdict == PENDING)
		return print(p);
	fprintf(stderr, "%s: %s\n", p->s->program, p->stopped.text);
	return outcome_exit(&p->stopped);
}

static bool
open_report(struct probing *p, struct outcome *why)
{
	const struct show_settings *show = &p->s->show;
	struct report_config c = {
		.style = show->verbose == 0 ? REPORT_SILENT :
		    show->json ? REPORT_JSON : REPORT_TEXT,
		.program = p->s->program,
		.transcript = show->transcript.text,
	};

	show_note_date(&c);
	return report_init(&p->report, &c, clock_now(), why);
}

static int
run(struct probing *p)
{
	const struct settings *s = p->s;
	bool tls = level_of(s) != TLS_NONE;
	struct outcome why;
	int status;

	if (!open_report(p, &why))
		return report_failure(&p->report, &why);
	p->events.wanted = report_wants_events(&p->report);
	p->way = reach_config(&p->reach, s);
	status = probe_init(&p->probe, &p->way, tls, &p->events, &why) ?
	    look(p) : report_failure(&p->report, &why);
	probe_free(&p->probe);
	return status;
}

int
probing_run(const struct settings *s)
{
	struct probing p = { .s = s, .stop = STOP_NONE };
	int status;

	reach_init(&p.reach);
	status = run(&p);
	events_free(&p.events);
	reach_free(&p.reach);
	stop_free(&p.stop);
	wait_free(&p.wait);
	if (!report_close(&p.report) && status == EX_OK)
		status = EX_IOERR;
	return status;
}
