/* SPDX-License-Identifier: ISC */
/* script_play.c - see script_play.h */
#include "desk/script_play_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/file.h"

#define SCRIPT_MAX_OCTETS 16777216

static void
show(void *play)
{
	struct play *p = play;
	struct event e;

	while (events_take(p->call->events, &e))
		report_event(p->call->report, &e);
	report_flush(p->call->report, INT64_MAX);
}

/* "smtpsend: FILE:LINE: TEXT" */
int
play_complain(const struct play *p, unsigned line, const char *text, int status)
{
	struct buf b = { 0 };

	buf_putf(&b, "%s: ", p->call->program);
	text_escape(&b, slice_of(p->call->file));
	if (line > 0)
		buf_putf(&b, ":%u", line);
	buf_puts(&b, ": ");
	text_escape(&b, slice_of(text));
	fprintf(stderr, "%s\n", buf_str(&b));
	buf_free(&b);
	return status;
}

/* ---- before anything is connected ---- */

static int
read_script(struct play *p)
{
	struct buf text = { .max = SCRIPT_MAX_OCTETS };
	struct script_fault fault;
	int status = EX_OK;

	if (!file_read(p->call->file, &text))
		status = play_complain(p, 0, strerror(errno), EX_NOINPUT);
	else if (!script_parse(&p->script, buf_slice(&text), &fault))
		status = play_complain(p, fault.line, fault.text, EX_DATAERR);
	buf_free(&text);
	return status;
}

static bool
is_lost_file(const struct script_step *s)
{
	return (s->act == ACT_DATA || s->act == ACT_BDAT) &&
	    !strstr(s->text, "${") && !strchr(s->text, '\\') &&
	    access(s->text, R_OK) != 0;
}

/* What is sure to fail, and can be known now. */
static int
check_steps(const struct play *p)
{
	for (size_t i = 0; i < p->script.n; i++) {
		const struct script_step *s = &p->script.v[i];

		if (s->act == ACT_AUTH && !p->call->password_command)
			return play_complain(p, s->line, "@ auth needs "
			    "--password-command", EX_USAGE);
		if (is_lost_file(s))
			return play_complain(p, s->line, strerror(errno),
			    EX_NOINPUT);
	}
	return EX_OK;
}

static int
open_junit(struct play *p)
{
	if (p->call->junit && !(p->junit = fopen(p->call->junit, "we"))) {
		fprintf(stderr, "%s: --junit %s: %s\n", p->call->program,
		    p->call->junit, strerror(errno));
		return EX_CANTCREAT;
	}
	return EX_OK;
}

/* ---- the run ---- */

static int
do_steps(struct play *p)
{
	const struct script_step *step;
	struct script_fault fault = { 0 };

	while (!p->done && (step = script_next(&p->run, &p->text, &fault)))
		if (!play_step(p, step))
			return p->stopped ? EX_TEMPFAIL : EX_PROTOCOL;
	if (fault.line > 0)
		return play_complain(p, fault.line, fault.text, EX_DATAERR);
	return EX_OK;
}

static int
run(struct play *p)
{
	struct outcome why;

	if (!dialogue_open(&p->d, &why))
		return dialogue_fail(p->call->program, &why);
	p->run.script = &p->script;
	script_set(&p->run, "from", slice_of(p->call->from));
	script_set(&p->run, "to", slice_of(p->call->to));
	script_set(&p->run, "helo", slice_of(p->call->helo));
	script_set(&p->run, "host", slice_of(p->d.link.host));
	return do_steps(p);
}

/* ---- what is left of it ---- */

static void
write_reports(struct play *p)
{
	struct buf out = { 0 };
	struct slice s;
	bool ok = true;

	if (p->call->tap) {
		script_put_tap(&out, &p->checks, p->call->file);
		fwrite(buf_slice(&out).p, 1, out.n, stdout);
		buf_clear(&out);
	}
	if (p->junit) {
		script_put_junit(&out, &p->checks, p->call->file);
		s = buf_slice(&out);
		ok = fwrite(s.p, 1, s.n, p->junit) == s.n;
		ok = fclose(p->junit) == 0 && ok;
	}
	if (!ok)
		fprintf(stderr, "%s: --junit %s: %s\n", p->call->program,
		    p->call->junit, strerror(errno));
	buf_free(&out);
}

static void
end(struct play *p)
{
	dialogue_free(&p->d);
	script_run_free(&p->run);
	script_free(&p->script);
	script_checks_free(&p->checks);
	buf_free(&p->text);
	stop_free(&p->stop);
}

int
script_play(const struct script_call *call)
{
	struct play p = { .call = call, .d = DIALOGUE_NONE,
		.stop = STOP_NONE };
	int status = read_script(&p);

	if (status == EX_OK)
		status = check_steps(&p);
	if (status == EX_OK)
		status = open_junit(&p);
	if (status == EX_OK) {
		stop_catch(&p.stop, false);
		p.d.call = (struct connect_call){ call->config, call->domain,
			call->events, &p.stop };
		p.d.show = show;
		p.d.self = &p;
		p.d.literal = p.d.quiet = true;
		status = run(&p);
		write_reports(&p);
	}
	end(&p);
	return status;
}
