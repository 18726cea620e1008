/* SPDX-License-Identifier: ISC */
/* script_step.c - the steps of a script that is played; see script_play.h */
#include "desk/script_play_impl.h"

#include <string.h>
#include <sysexits.h>

#include "config/option_take.h"
#include "config/secret.h"
#include "desk/act.h"
#include "net/clock.h"

/* ---- what is expected ---- */

/* "< 250-*SIZE*", as it is in reports. */
static void
put_want(struct buf *out, const struct script_step *step, struct slice text)
{
	static const char *const words[] = { [ACT_SAY] = ">",
		[ACT_EXPECT] = "<", [ACT_NOTHING] = "< nothing",
		[ACT_DROP] = "! drop", [ACT_RESET] = "! reset",
		[ACT_TLS] = "@ tls", [ACT_HANDSHAKE] = "@ handshake",
		[ACT_CONNECT] = "@ connect", [ACT_AUTH] = "@ auth",
		[ACT_SLEEP] = "@ sleep", [ACT_DATA] = "@ data",
		[ACT_BDAT] = "@ bdat", [ACT_RAW] = "@ raw" };

	buf_puts(out, words[step->act]);
	if (text.n == 0)
		return;
	buf_putc(out, ' ');
	buf_put(out, text);
}

/* got NULL: it was met.  A miss is told, and false. */
static bool
check(struct play *p, const struct script_step *step, const char *got)
{
	struct buf want = { 0 }, line = { 0 };

	put_want(&want, step, buf_slice(&p->text));
	script_check(&p->checks, step->line, buf_slice(&want), got);
	if (got && !p->stopped) {
		buf_puts(&line, "wanted ");
		buf_put(&line, buf_slice(&want));
		buf_putf(&line, ", got %s", got);
		play_complain(p, step->line, buf_str(&line), EX_PROTOCOL);
	}
	buf_free(&want);
	buf_free(&line);
	return !got;
}

/* One reply, or a line that is none, or the end, or nothing until then. */
static enum heard
hear_one(struct play *p, int64_t end)
{
	enum heard got;

	for (;;) {
		got = dialogue_hear(&p->d);
		if (got != HEARD_NOTHING && got != HEARD_LINE)
			return got;
		if (got == HEARD_LINE)
			continue;
		if (clock_now() >= end)
			return HEARD_NOTHING;
		if (!connection_wait(&p->d.link, end)) {
			p->stopped = true;
			return HEARD_NOTHING;
		}
	}
}

/* What it said, in which a NUL is seen as the symbol for it, U+2400. */
static void
put_lines(struct buf *out, struct slice lines)
{
	struct slice part;

	for (bool more = false; slice_cut(&lines, '\0', &part); more = true) {
		buf_puts(out, more ? "\xe2\x90\x80" : "");
		buf_put(out, part);
	}
}

/* What came, for people. */
static void
put_got(struct play *p, enum heard got, struct buf *out)
{
	if (got == HEARD_END)
		buf_puts(out, "the end of the connection");
	else if (got == HEARD_NOTHING && p->stopped)
		buf_puts(out, "a signal");
	else if (got == HEARD_NOTHING)
		buf_putf(out, "nothing within %lld s",
		    (long long)(p->d.patience / SECONDS(1)));
	else
		put_lines(out, buf_slice(&p->d.lines));
}

static bool
expect(struct play *p, const struct script_step *step)
{
	enum heard got = hear_one(p, clock_now() + p->d.patience);
	struct buf what = { 0 };
	bool met = (got == HEARD_REPLY || got == HEARD_END) &&
	    script_wants(buf_slice(&p->text), buf_slice(&p->d.lines),
		got == HEARD_END);

	if (!met)
		put_got(p, got, &what);
	check(p, step, met ? NULL : buf_str(&what));
	buf_free(&what);
	return met;
}

static bool
read_time(struct play *p, int64_t *until)
{
	unsigned seconds;

	if (!duration_parse(buf_str(&p->text), 1, &seconds))
		return false;
	*until = clock_now() + SECONDS(seconds);
	return true;
}

static bool
expect_nothing(struct play *p, const struct script_step *step)
{
	struct buf what = { 0 };
	enum heard got;
	int64_t until;
	bool met;

	if (!read_time(p, &until))
		return check(p, step, "no time, as 2s or 1m");
	got = hear_one(p, until);
	met = got == HEARD_NOTHING && !p->stopped;
	if (!met)
		put_got(p, got, &what);
	check(p, step, met ? NULL : buf_str(&what));
	buf_free(&what);
	return met;
}

/* ---- what is done ---- */

static bool
sleep_for(struct play *p, const struct script_step *step)
{
	int64_t until;

	if (!read_time(p, &until))
		return check(p, step, "no time, as 2s or 1m");
	while (clock_now() < until && !p->stopped) {
		struct wait w = { 0 };

		stop_wait(&p->stop, &w);
		wait_until(&w, until);
		wait_poll(&w, clock_now());
		p->stopped = wait_ready(&w, p->stop.slot) != 0;
		wait_free(&w);
	}
	return !p->stopped;
}

static bool
connect_again(struct play *p)
{
	struct outcome why;

	dialogue_drop(&p->d, false);
	if (!dialogue_open(&p->d, &why))
		return false;
	script_set(&p->run, "host", slice_of(p->d.link.host));
	return true;
}

static bool
log_in(struct play *p)
{
	struct act_login login = { .method = AUTH_ANY };
	struct relay_spec spec = { .name = "--password-command",
		.secret = SECRET_COMMAND,
		.secret_from = p->call->password_command };
	struct slice rest = buf_slice(&p->text), word;
	struct secret secret = { 0 };
	struct outcome why;
	bool ok;

	slice_cut(&rest, ' ', &word);
	if (!rest.p || !auth_method_parse(word, &login.method))
		rest = buf_slice(&p->text);
	spec.user = login.user = rest.p; /* it ends where the text does */
	spec.auth = login.method;
	ok = secret_read(&spec, &secret, &why);
	if (ok) {
		login.secret = (struct slice){ secret.text, secret.n };
		ok = act_login(&p->d, &login);
	} else {
		dialogue_note(&p->d, "%s", why.text);
		buf_clear(&p->d.lines);
		buf_puts(&p->d.lines, why.text);
	}
	secret_wipe(&secret);
	return ok;
}

/* Acts that may be refused: what the server said last is why. */
static bool
act(struct play *p, const struct script_step *step)
{
	const char *path = buf_str(&p->text);
	struct buf got = { 0 };
	bool ok = false;

	p->d.owed = 0;
	if (step->act == ACT_TLS)
		ok = act_starttls(&p->d);
	else if (step->act == ACT_HANDSHAKE)
		ok = dialogue_secure(&p->d);
	else if (step->act == ACT_CONNECT)
		ok = connect_again(p);
	else if (step->act == ACT_AUTH)
		ok = log_in(p);
	else if (step->act == ACT_DATA)
		ok = act_data(&p->d, path);
	else if (step->act == ACT_BDAT)
		ok = act_bdat(&p->d, path);
	buf_put(&got, buf_slice(&p->d.lines));
	if (got.n == 0)
		buf_puts(&got, "no success");
	check(p, step, ok ? NULL : buf_str(&got));
	buf_free(&got);
	return ok;
}

static bool
say(struct play *p, const struct script_step *step)
{
	struct slice text = buf_slice(&p->text);
	bool ok = step->act == ACT_RAW ? dialogue_raw(&p->d, text) :
					 dialogue_say(&p->d, text, 0);

	return ok || check(p, step, "the end of the connection");
}

bool
play_step(struct play *p, const struct script_step *step)
{
	switch (step->act) {
	case ACT_SAY:
	case ACT_RAW:
		return say(p, step);
	case ACT_EXPECT:
		return expect(p, step);
	case ACT_NOTHING:
		return expect_nothing(p, step);
	case ACT_DROP:
	case ACT_RESET:
		dialogue_drop(&p->d, step->act == ACT_RESET);
		return true;
	case ACT_SLEEP:
		return sleep_for(p, step);
	case ACT_TLS:
	case ACT_HANDSHAKE:
	case ACT_CONNECT:
	case ACT_AUTH:
	case ACT_DATA:
	case ACT_BDAT:
		return act(p, step);
	case ACT_DONE:
		p->done = script_wants(buf_slice(&p->text),
		    buf_slice(&p->d.lines), !p->d.link.is_open);
		return true;
	case ACT_SET:
	case ACT_LOOP:
	case ACT_END:
		break;
	}
	return true;
}
