/* SPDX-License-Identifier: ISC */
/*
 * option_drill.c - a dialogue that ends early, is held up, or is for another
 * (base/drill.h, option_take.h).
 */
#include "config/option_take.h"

#include <stdio.h>

#include "base/duration.h"
#include "base/xclient.h"

/* Which option knows a step. */
enum { TO_QUIT = 1, TO_LEAVE = 2, TO_STALL = 4 };

static const struct step_word {
	const char *word;
	enum stage stage;	/* after which it ends; */
	enum stage before;	/* ... and before which it may stall */
	unsigned knows;
} steps[] = {
	{ "connect", STAGE_GREETING, STAGE_NONE, TO_QUIT | TO_LEAVE },
	{ "ehlo", STAGE_EHLO, STAGE_EHLO, TO_QUIT | TO_LEAVE | TO_STALL },
	{ "tls", STAGE_TLS, STAGE_STARTTLS, TO_QUIT | TO_LEAVE | TO_STALL },
	{ "auth", STAGE_AUTH, STAGE_NONE, TO_QUIT | TO_LEAVE },
	{ "mail", STAGE_MAIL, STAGE_MAIL, TO_QUIT | TO_LEAVE | TO_STALL },
	{ "rcpt", STAGE_RCPT, STAGE_RCPT, TO_QUIT | TO_LEAVE | TO_STALL },
	{ "data", STAGE_DATA, STAGE_DATA, TO_QUIT | TO_LEAVE | TO_STALL },
	{ "dot", STAGE_END, STAGE_END, TO_LEAVE | TO_STALL },
};

static const struct step_word *
find(struct slice word, unsigned knows)
{
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if ((steps[i].knows & knows) &&
		    slice_eq_nocase(word, slice_of(steps[i].word)))
			return &steps[i];
	return NULL;
}

bool
take_quit_after(struct option_call *c, const char *value)
{
	const struct step_word *step = find(slice_of(value), TO_QUIT);

	if (!step)
		return option_refuse(c, value, "connect, ehlo, tls, auth, "
		    "mail, rcpt or data is wanted");
	c->settings->show.stop_after = step->stage;
	return true;
}

/* After the dot there is nothing to stop: the message is sent. */
static bool
take_leave(struct option_call *c, const char *value, enum leave leave)
{
	const struct step_word *step = find(slice_of(value), TO_LEAVE);

	if (!step)
		return option_refuse(c, value, "connect, ehlo, tls, auth, "
		    "mail, rcpt, data or dot is wanted");
	c->settings->show.stop_after =
	    step->stage == STAGE_END ? STAGE_NONE : step->stage;
	c->settings->show.drill.leave = leave;
	return true;
}

bool
take_drop_after(struct option_call *c, const char *value)
{
	return take_leave(c, value, LEAVE_DROP);
}

bool
take_reset_after(struct option_call *c, const char *value)
{
	return take_leave(c, value, LEAVE_RESET);
}

bool
take_exit_codes(struct option_call *c, const char *value)
{
	bool swaks = slice_eq_nocase(slice_of(value), SLICE("swaks"));

	if (!swaks && !slice_eq_nocase(slice_of(value), SLICE("sysexits")))
		return option_refuse(c, value, "swaks or sysexits is wanted");
	c->settings->show.swaks_exits = swaks;
	return true;
}

bool
take_xclient(struct option_call *c, const char *value)
{
	struct drill *d = &c->settings->show.drill;
	struct buf line = { .max = XCLIENT_MAX };
	const char *wrong;
	bool good = xclient_parse(slice_of(value), &line, &d->xclient_bits,
	    &wrong);

	if (good && line.full)
		wrong = "that is longer than a command line";
	if (good && !line.full)
		snprintf(d->xclient, sizeof d->xclient, "%s", buf_str(&line));
	good = good && !line.full;
	buf_free(&line);
	return good || option_refuse(c, value, "%s", wrong);
}

bool
take_proxy_protocol(struct option_call *c, const char *value)
{
	const char *wrong;

	return proxyline_parse(slice_of(value), &c->settings->show.drill.proxy,
	    &wrong) || option_refuse(c, value, "%s", wrong);
}

/* "2s", "1h30m", "500ms"; never 0. */
static bool
read_time(const char *text, int64_t *time)
{
	struct slice s = slice_of(text);
	unsigned seconds;
	uint64_t n;

	if (slice_ends_nocase(s, SLICE("ms")) &&
	    slice_to_uint(slice_first(s, s.n - 2), 86400000, &n) && n > 0) {
		*time = MILLISECONDS(n);
		return true;
	}
	if (!duration_parse(text, 1, &seconds) || seconds == 0)
		return false;
	*time = SECONDS(seconds);
	return true;
}

bool
take_stall(struct option_call *c, const char *value)
{
	struct slice time = slice_of(value), word;
	const struct step_word *step;

	slice_cut(&time, '=', &word);
	step = find(word, TO_STALL);
	if (!step || !time.p ||
	    !read_time(time.p, &c->settings->show.drill.stall[step->before]))
		return option_refuse(c, value, "one of ehlo, tls, mail, rcpt, "
		    "data and dot is wanted, = and a time: rcpt=2s");
	return true;
}
