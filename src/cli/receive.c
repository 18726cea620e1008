/* SPDX-License-Identifier: ISC */
/*
 * receive.c - see receive.h
 *
 * The loop of --sink: what arrives is served, what happens is printed, until a
 * signal or the count ends it.
 */
#include "cli/receive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/receive_web.h"
#include "cli/show.h"
#include "net/clock.h"
#include "net/file.h"
#include "net/module.h"
#include "net/self.h"
#include "net/stop.h"
#include "report/report.h"
#include "serve/sink.h"

#define FAREWELL  SECONDS(2) /* for the peers, once the count is reached */
#define SHUT_DOWN "421 4.3.2 Shutting down"

struct receive {
	const struct settings *s;
	struct self self;
	struct server_fault fault[SETTINGS_REPLIES_MAX];
	struct serve_config config;
	struct sink sink;
	struct receive_web web;
	struct serve *serve;
	struct report report;
	struct events events;
	struct stop stop;
	struct wait wait;
	int64_t end;		/* when to stop all the same */
};

static int
complain(const struct receive *r, int status, const char *what,
    const char *name, const char *why)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: %s ", r->s->program, what);
	text_escape(&line, slice_of(name));
	buf_puts(&line, ": ");
	text_escape(&line, slice_of(why));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return status;
}

static bool
read_faults(struct receive *r)
{
	const struct sink_settings *s = &r->s->sink;
	struct buf what = { 0 };

	for (size_t i = 0; i < s->nreplies; i++) {
		if (server_fault_parse(slice_of(s->reply[i]), &r->fault[i]))
			continue;
		buf_putf(&what, "'%s'", s->reply[i]);
		complain(r, EX_USAGE, "--sink-reply", buf_str(&what),
		    "VERB=CODE [text], VERB=drop, VERB=stall or EHLO=-KEYWORD "
		    "is wanted, as RCPT=450, RCPT:bob@x.org=550 or .=drop");
		buf_free(&what);
		return false;
	}
	return true;
}

static void
configure(struct receive *r)
{
	const struct sink_settings *s = &r->s->sink;
	const struct tls_settings *tls = &r->s->way.tls;

	self_init(&r->self);
	r->config = (struct serve_config){
		.server = {
			.name = s->name		 ? s->name :
			    r->self.host[0]	 ? r->self.host :
						   "localhost",
			.starttls = !s->tls && tls->level != TLS_NONE,
			.implicit_tls = s->tls,
			.needs_tls = tls->level == TLS_ENCRYPT,
			.lmtp = s->lmtp,
			.auth = true,
			.login = s->auth,
			.fault = r->fault,
			.nfaults = s->nreplies,
		},
		.owner = &sink_owner,
		.self = &r->sink,
		.cert = tls->cert,
		.key = tls->key,
		.max_peers = s->peers,
		.patience = r->s->route.timeout,
	};
}

/* Where the text of messages goes; JSON lines have stdout for themselves. */
static void
place_messages(struct receive *r)
{
	const struct sink_settings *s = &r->s->sink;

	r->sink.store = (struct sink_store){
		.dir = s->dir,
		.maildir = s->maildir,
		.host = r->config.server.name,
		.mbox = s->mbox,
		.to = r->report.style == REPORT_JSON ||
			s->web.ip.version != 0 ? NULL : stdout,
		.terminal = isatty(STDOUT_FILENO) == 1,
	};
	r->sink.count = s->count;
	r->sink.events = &r->events;
}

static bool
open_report(struct receive *r, struct outcome *why)
{
	const struct settings *s = r->s;
	struct report_config c = {
		.style = s->show.json	      ? REPORT_JSON :
		    s->show.verbose > 0 ? REPORT_TEXT : REPORT_SILENT,
		.program = s->program,
		.transcript = s->show.transcript.text,
	};

	show_note_date(&c);
	return report_init(&r->report, &c, clock_now(), why);
}

static void
print_events(void *receive)
{
	struct receive *r = receive;
	struct event e;

	while (events_take(&r->events, &e)) {
		report_event(&r->report, &e);
		receive_web_hear(&r->web, &e);
	}
	report_flush(&r->report, INT64_MAX);
}

static bool
show(void *receive, const struct sink_kept *kept)
{
	struct receive *r = receive;

	return receive_web_show(&r->web, kept);
}

/* Its line comes after that of the sink itself. */
static int
begin_showing(struct receive *r)
{
	if (r->s->sink.web.ip.version == 0)
		return EX_OK;
	r->sink.show = show;
	r->events.wanted = true;
	return receive_web_open(&r->web, r->s, r->config.server.name);
}

/* The one line that tests read the port from. */
static int
begin_listening(struct receive *r)
{
	struct endpoint at = r->s->sink.at;
	struct buf name = { 0 };
	int status = EX_OK, error = 0;

	if (!serve_listen(r->serve, &at))
		error = errno;
	endpoint_put(&name, &at);
	if (error != 0)
		status = complain(r, EX_OSERR, "cannot listen on",
		    buf_str(&name), strerror(error));
	else
		fprintf(stderr, "listening on %s\n", buf_str(&name));
	if (status == EX_OK && !ip_is_loopback(&at.ip))
		fprintf(stderr, "%s: warning: %s can be reached by other "
		    "machines, and takes mail from all of them\n",
		    r->s->program, buf_str(&name));
	fflush(stderr);
	buf_free(&name);
	return status;
}

static bool
is_over(const struct receive *r, int64_t now)
{
	return r->end != WAIT_NEVER &&
	    (serve_peers(r->serve) == 0 || now >= r->end);
}

/* A second signal does not wait for anybody. */
static void
stop_on_signal(struct receive *r, int64_t now)
{
	if (wait_ready(&r->wait, r->stop.slot) == 0 ||
	    stop_taken(&r->stop) == 0)
		return;
	serve_close(r->serve, SHUT_DOWN, now);
	r->end = r->end == WAIT_NEVER ? now + SECONDS(1) : now;
}

/* Once there are enough messages, the peers may still say good-bye. */
static void
stop_at_count(struct receive *r, int64_t now)
{
	if (r->end != WAIT_NEVER || !sink_has_enough(&r->sink))
		return;
	serve_close(r->serve, NULL, now);
	r->end = now + FAREWELL;
}

static void
loop(struct receive *r)
{
	int64_t now = clock_now();

	while (!is_over(r, now)) {
		wait_clear(&r->wait);
		stop_wait(&r->stop, &r->wait);
		serve_wait(r->serve, &r->wait, now);
		receive_web_wait(&r->web, &r->wait, now);
		wait_until(&r->wait, r->end);
		wait_poll(&r->wait, now);
		now = r->events.now = clock_now();
		stop_on_signal(r, now);
		serve_step(r->serve, &r->wait, now);
		stop_at_count(r, now);
		print_events(r);
		receive_web_step(&r->web, &r->wait, now);
	}
}

/*
 * It is opened at once, since a program may be replaced while it serves.  In
 * clear it can do without.
 */
static int
open_module(struct receive *r)
{
	struct server_config *server = &r->config.server;
	struct outcome why;

	if (net_module_open(&why))
		return EX_OK;
	fprintf(stderr, "%s: %s%s\n", r->s->program, why.text,
	    server->starttls ? "; STARTTLS is not offered" : "");
	server->starttls = false;
	return server->implicit_tls || server->needs_tls ? outcome_exit(&why) :
							   EX_OK;
}

/* What can be wrong before anybody is let in; 0, or the exit status. */
static int
prepare(struct receive *r)
{
	const struct sink_settings *s = &r->s->sink;
	const char *wrong = sink_store_check(&r->sink.store);
	struct outcome why;

	if (wrong)
		return complain(r, EX_CANTCREAT, "cannot keep messages in",
		    s->dir	  ? s->dir :
			s->maildir ? s->maildir :
				     s->mbox,
		    wrong);
	r->serve = serve_new(&r->config, &r->events);
	if (!r->serve || !stop_catch(&r->stop, false))
		return complain(r, EX_OSERR, "cannot wait for", "connections",
		    strerror(errno));
	if (r->config.cert && !serve_check_tls(r->serve, &why))
		return report_failure(&r->report, &why);
	return begin_listening(r);
}

static int
serve_mail(struct receive *r)
{
	int status;

	r->events.wanted = report_wants_events(&r->report);
	r->sink.before = print_events;
	r->sink.caller = r;
	configure(r);
	place_messages(r);
	status = open_module(r);
	if (status == EX_OK)
		status = prepare(r);
	if (status == EX_OK)
		status = begin_showing(r);
	if (status == EX_OK)
		loop(r);
	receive_web_close(&r->web);
	serve_free(r->serve);
	stop_free(&r->stop);
	wait_free(&r->wait);
	events_free(&r->events);
	return status;
}

int
receive_run(const struct settings *s)
{
	struct receive r = { .s = s, .stop = STOP_NONE, .end = WAIT_NEVER };
	struct outcome why;
	int status = EX_USAGE;

	if (!open_report(&r, &why)) {
		report_failure(&r.report, &why);
		status = file_is_shortage(r.report.log_error) ? EX_OSERR :
		    EX_CANTCREAT;
	} else if (read_faults(&r)) {
		status = serve_mail(&r);
	}
	for (size_t i = 0; i < s->sink.nreplies; i++)
		server_fault_free(&r.fault[i]);
	if (!report_close(&r.report) && status == EX_OK)
		status = EX_IOERR;
	return status;
}
