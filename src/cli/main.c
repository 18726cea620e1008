/* SPDX-License-Identifier: ISC */
/* main.c - smtpsend: which of its jobs is asked for. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/address_test.h"
#include "cli/bulk.h"
#include "cli/check.h"
#include "cli/daemon.h"
#include "cli/help.h"
#include "cli/home.h"
#include "cli/keycheck.h"
#include "cli/keygen.h"
#include "cli/moving.h"
#include "cli/probing.h"
#include "cli/queue.h"
#include "cli/receive.h"
#include "cli/runq.h"
#include "cli/send.h"
#include "cli/speak.h"
#include "cli/talk.h"
#include "cli/tls_report.h"
#include "cli/trace.h"
#include "cli/version.h"
#include "config/config.h"
#include "config/options.h"

/* The one place where lack of memory ends the program. */
void
mem_exhausted(void)
{
	static const char text[] = "smtpsend: out of memory, given up; if "
				   "sending had begun, the message may have "
				   "arrived all the same\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(EX_TEMPFAIL);
	_exit(EX_TEMPFAIL);
}

/*
 * Descriptors 0, 1 and 2 closed by the caller become /dev/null, so that no
 * socket or file of ours gets one of these numbers and text into it.  Nothing
 * can be read from the one that stands in for standard input (O_PATH): a
 * message that was never given is no empty message.  False when that failed:
 * then nothing else may be opened.
 */
static bool
fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_PATH : O_RDWR) < 0)
			return false;
	return true;
}

/* A peer that has gone and a full spill file are errors, no death. */
static void
ignore_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static int
print(const struct buf *text, int status)
{
	struct slice s = buf_slice(text);

	if (fwrite(s.p, 1, s.n, stdout) != s.n || fflush(stdout) != 0)
		return EX_IOERR;
	return status;
}

static int
run_help(void)
{
	struct buf text = { 0 };
	int status;

	help_put(&text);
	status = print(&text, EX_OK);
	buf_free(&text);
	return status;
}

/* In full with what the modules have; a missing one is told, and no more. */
static int
run_version(bool in_full)
{
	struct buf text = { 0 };
	struct outcome why;
	int status = EX_OK;

	version_put(&text);
	if (in_full && !version_put_running(&text, &why))
		status = outcome_exit(&why);
	status = print(&text, status);
	buf_free(&text);
	return status;
}

/* What sendmail can do and this version cannot: one true line. */
static int
refuse_mode(const struct settings *s)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: this version cannot %s yet\n", s->program,
	    mode_name(s->mode));
	fputs(buf_str(&line), stderr);
	trace_failure(s, EX_UNAVAILABLE, buf_slice(&line));
	buf_free(&line);
	return EX_UNAVAILABLE;
}

static int
run_print_config(const struct config *c)
{
	struct buf text = { 0 };
	int status;

	config_put(c, &text);
	status = print(&text, EX_OK);
	buf_free(&text);
	return status;
}

static int
deliver_run(const struct settings *s)
{
	return s->bulk.source ? bulk_run(s) : send_run(s);
}

/* Who does what; the rest is main's own, or cannot be. */
static int (*const jobs[NMODES])(const struct settings *s) = {
	[MODE_DELIVER] = deliver_run,
	[MODE_SINK] = receive_run,
	[MODE_TALK] = talk_job_run,
	[MODE_SCRIPT] = talk_job_script,
	[MODE_SCRIPT_FROM] = talk_job_script_from,
	[MODE_IMPORT_CONFIG] = moving_run,
	[MODE_DKIM_KEYGEN] = keygen_run,
	[MODE_DKIM_CHECK] = keycheck_run,
	[MODE_TLS_REPORT] = tls_report_run,
	[MODE_PROBE] = probing_run,
	[MODE_CHECK_CONFIG] = check_run,
	[MODE_TEST] = address_test_run,
	[MODE_ALIASES] = home_check_aliases,
	[MODE_LOCAL_AGENT] = home_agent_run,
	[MODE_QUEUE_RUN] = runq_run,
	[MODE_QUEUE_LIST] = queue_run,
	[MODE_QUEUE_DESK] = queue_run,
	[MODE_QUEUE_COUNT] = queue_run,
	[MODE_HOST_STATUS] = queue_run,
	[MODE_HOST_PURGE] = queue_run,
};

static int
run(const struct settings *s, const struct config *c)
{
	if (s->mode == MODE_HELP)
		return run_help();
	if (s->mode == MODE_VERSION)
		return run_version(s->show.verbose > 0);
	if (s->mode == MODE_PRINT_CONFIG)
		return run_print_config(c);
	return jobs[s->mode] ? jobs[s->mode](s) : refuse_mode(s);
}

/*
 * --exit-codes swaks, where the command line was not understood: what it says
 * of that may stand behind the fault.
 */
static int
usage_status(int argc, char **argv, int status)
{
	for (int i = 1; i < argc && status != 0; i++)
		if (strcmp(argv[i], "--exit-codes=swaks") == 0 ||
		    (strcmp(argv[i], "--exit-codes") == 0 && i + 1 < argc &&
			strcmp(argv[i + 1], "swaks") == 0))
			return 1;
	return status;
}

static bool
is_daemon(const struct settings *s)
{
	return s->mode == MODE_DAEMON || s->mode == MODE_DAEMON_FOREGROUND;
}

static bool
speaks(const struct settings *s)
{
	return s->mode == MODE_SMTP || s->mode == MODE_BATCH_SMTP;
}

int
main(int argc, char **argv)
{
	struct settings settings;
	struct config config = { 0 };
	struct buf says = { 0 };
	struct slice text;
	int status;

	if (!fill_standard_descriptors())
		return EX_OSERR;
	ignore_signals();
	status = config_options(&config, argc, argv, &settings, &says);
	text = buf_slice(&says);
	fwrite(text.p, 1, text.n, stderr);
	if (status != 0)
		trace_failure(&settings, status, text);
	if (settings.personality == AS_SMTPSEND)
		status = usage_status(argc, argv, status);
	buf_free(&says);
	if (status == 0 && settings.show.build)
		status = run_version(true) == EX_IOERR ? EX_IOERR : 0;
	if (status == 0 && is_daemon(&settings))
		status = daemon_run(&settings, argc, argv);
	else if (status == 0 && speaks(&settings))
		status = speak_run(&settings, argc, argv);
	else if (status == 0)
		status = run(&settings, &config);
	config_free(&config);
	return status;
}
