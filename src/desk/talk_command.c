/* SPDX-License-Identifier: ISC */
/* talk_command.c - the commands of --talk that begin with a slash. */
#include "desk/talk_impl.h"

#include <stdio.h>
#include <sysexits.h>

#include "config/option_take.h"
#include "desk/escape.h"
#include "net/clock.h"

static void
run_raw(struct talk *t, struct slice rest)
{
	struct buf octets = { 0 };
	size_t bad;

	if (!escape_read(&octets, rest, &bad))
		dialogue_note(&t->d, "column %zu: after a backslash xNN, r, n, "
		    "t, 0 or a backslash is wanted", bad + 1);
	else if (octets.n > 0)
		dialogue_raw(&t->d, buf_slice(&octets));
	buf_free(&octets);
}

/* "2", "500ms" is none: seconds, or with their unit. */
static bool
read_time(struct talk *t, struct slice rest, int64_t *time)
{
	struct buf word = { 0 };
	unsigned seconds;
	bool ok;

	buf_put(&word, rest);
	ok = duration_parse(buf_str(&word), 1, &seconds);
	buf_free(&word);
	if (ok)
		*time = SECONDS(seconds);
	else
		dialogue_note(&t->d, "a time is wanted: 5, 30s, 2m");
	return ok;
}

/* What the server says meanwhile is shown. */
static void
run_sleep(struct talk *t, struct slice rest)
{
	int64_t time, end;

	if (!read_time(t, rest, &time))
		return;
	end = clock_now() + time;
	while (clock_now() < end) {
		while (t->d.link.is_open &&
		    dialogue_hear(&t->d) != HEARD_NOTHING)
			continue;
		if (!connection_wait(&t->d.link, end))
			return;
	}
}

/* For who has sent more than a line: the next reply, whenever it comes. */
static void
run_wait(struct talk *t, struct slice rest)
{
	int64_t usual = t->d.patience;

	if (rest.n > 0 && !read_time(t, rest, &t->d.patience))
		return;
	t->d.owed += t->d.owed == 0;
	talk_await(t);
	t->d.patience = usual;
}

/* A script that exists is not lost by a slip of the hand. */
static void
run_save(struct talk *t, struct slice rest)
{
	struct buf name = { 0 };
	struct slice text = buf_slice(&t->d.record);
	FILE *f;
	bool ok;

	buf_put(&name, rest);
	f = rest.n > 0 ? fopen(buf_str(&name), "wxe") : NULL;
	if (rest.n == 0) {
		dialogue_note(&t->d, "/save FILE: a name is wanted");
	} else if (!f) {
		dialogue_note(&t->d, "%s was not written: %m", buf_str(&name));
	} else {
		ok = fwrite(text.p, 1, text.n, f) == text.n;
		ok = fclose(f) == 0 && ok;
		dialogue_note(&t->d, ok ? "%s is the script of it" :
		    "%s could not be written", buf_str(&name));
	}
	buf_free(&name);
}

static void
run_connect(struct talk *t, struct slice rest)
{
	struct outcome why;

	(void)rest;
	dialogue_drop(&t->d, false);
	if (dialogue_open(&t->d, &why))
		talk_await(t);
	else
		dialogue_note(&t->d, "%s", why.text);
}

static void
run_quit(struct talk *t, struct slice rest)
{
	(void)rest;
	if (t->d.link.is_open &&
	    dialogue_say(&t->d, SLICE("QUIT"), 0))
		talk_await(t);
	dialogue_drop(&t->d, false);
	t->over = true;
}

static void
run_guide(struct talk *t, struct slice rest)
{
	(void)rest;
	t->guide = t->guide == GUIDE_OFF ? GUIDE_HELLO : GUIDE_OFF;
	talk_guide(t);
}

static void run_help(struct talk *t, struct slice rest);

/* One row for each. */
static const struct {
	const char *name, *argument, *help;
	void (*run)(struct talk *t, struct slice rest);
} commands[] = {
	{ "help", "", "this list", run_help },
	{ "guide", "", "a mail step by step, or no more of that", run_guide },
	{ "explain", "[CODE]", "what the last reply means, or 550 5.7.26",
	    talk_explain },
	{ "tls", "", "STARTTLS and the handshake", talk_tls },
	{ "auth", "[MECH] USER", "log in; the password is asked for",
	    talk_auth },
	{ "data", "FILE", "DATA, the message in FILE and the dot", talk_data },
	{ "bdat", "FILE", "the same with BDAT", talk_bdat },
	{ "raw", "TEXT", "send TEXT as it is, with its escapes and no CRLF",
	    run_raw },
	{ "wait", "[TIME]", "wait for the next reply", run_wait },
	{ "sleep", "TIME", "say nothing for so long", run_sleep },
	{ "save", "FILE", "write what was said as a script", run_save },
	{ "connect", "", "close the connection and make a new one",
	    run_connect },
	{ "quit", "", "say QUIT and end; so does Ctrl-D", run_quit },
};

static void
run_help(struct talk *t, struct slice rest)
{
	(void)rest;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		char line[80];

		snprintf(line, sizeof line, "/%s %s", commands[i].name,
		    commands[i].argument);
		dialogue_note(&t->d, "%-18s %s", line, commands[i].help);
	}
	dialogue_note(&t->d, "all else is sent as it stands, as EHLO, MAIL "
	    "FROM:<a@b>, RCPT TO:<c@d>, DATA, QUIT");
}

void
talk_command(struct talk *t, struct slice line)
{
	struct slice rest = line, name;

	slice_cut(&rest, ' ', &name);
	rest = slice_trim(rest);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (slice_eq_nocase(name, slice_of(commands[i].name))) {
			commands[i].run(t, rest);
			return;
		}
	}
	dialogue_note(&t->d, "/%.*s is no command; /help lists them",
	    (int)slice_first(name, 40).n, name.p);
}
