/* SPDX-License-Identifier: ISC */
/* talk_act.c - the commands of --talk that say several lines for one. */
#include "desk/talk_impl.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "config/secret.h"
#include "desk/act.h"
#include "net/clock.h"

/* ---- TLS ---- */

void
talk_tls(struct talk *t, struct slice rest)
{
	(void)rest;
	if (act_starttls(&t->d))
		dialogue_note(&t->d, "what EHLO said before is forgotten: say "
		    "it again");
}

/* Two digits, or four, from there. */
static bool
read_digits(struct slice s, size_t at, size_t n, int *out)
{
	uint64_t value;

	if (!slice_to_uint(slice_first(slice_from(s, at), n), 9999, &value))
		return false;
	*out = (int)value;
	return true;
}

/* How long the certificate is good: "2027-01-31T12:00:00Z". */
void
talk_certificate(struct talk *t, struct slice expires)
{
	struct tm then = { 0 };
	int64_t days;

	if (!read_digits(expires, 0, 4, &then.tm_year) ||
	    !read_digits(expires, 5, 2, &then.tm_mon) ||
	    !read_digits(expires, 8, 2, &then.tm_mday) ||
	    !read_digits(expires, 11, 2, &then.tm_hour))
		return;
	then.tm_year -= 1900;
	then.tm_mon--;
	days = (timegm(&then) - clock_wall().seconds) / 86400;
	dialogue_note(&t->d, days < 0 ? "the certificate expired %lld days "
	    "ago" : "the certificate is good for %lld more days",
	    (long long)(days < 0 ? -days : days));
}

/* ---- messages ---- */

static bool
needs_file(struct talk *t, struct slice rest, struct buf *path)
{
	buf_put(path, rest);
	if (rest.n == 0)
		dialogue_note(&t->d, "the name of a file is wanted");
	return rest.n > 0;
}

void
talk_data(struct talk *t, struct slice rest)
{
	struct buf path = { 0 };

	if (needs_file(t, rest, &path) && act_data(&t->d, buf_str(&path)))
		talk_await(t);
	buf_free(&path);
}

void
talk_bdat(struct talk *t, struct slice rest)
{
	struct buf path = { 0 };

	if (needs_file(t, rest, &path) && act_bdat(&t->d, buf_str(&path)))
		talk_await(t);
	buf_free(&path);
}

/* ---- a login ---- */

#define KEY_CTRL(letter) ((letter) & 31)

/* An octet of it; false at its end, which is *good unless Ctrl-C or Ctrl-D. */
static bool
take_key(struct buf *secret, char c, bool *good)
{
	switch (c) {
	case '\n':
	case '\r':
		*good = true;
		return false;
	case KEY_CTRL('C'):
	case KEY_CTRL('D'):
		return false;
	case KEY_CTRL('H'):
	case '\177':
		buf_cut(secret, secret->n > 0 ? secret->n - 1 : 0);
		return true;
	case KEY_CTRL('U'):
		buf_clear(secret);
		return true;
	default:
		buf_putc(secret, c);
		return true;
	}
}

/* Without echo, key by key: Ctrl-C is one of them, and gives it up. */
static bool
type_secret(struct buf *secret)
{
	struct termios before, quiet;
	bool good = false;
	char c;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG | ICANON);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fputs("password: ", stdout);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && take_key(secret, c, &good))
		continue;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	putchar('\n');
	return good;
}

/* By hand, or from a pipe the next line. */
static bool
ask_secret(struct talk *t, struct buf *secret)
{
	if (t->typing.terminal)
		return type_secret(secret);
	if (talk_read(t, secret) == TYPED_LINE)
		return true;
	dialogue_note(&t->d, "the next line was to be the password");
	return false;
}

/* --password-command */
static bool
run_command(struct talk *t, struct act_login *login)
{
	const struct relay_spec spec = {
		.name = "--password-command",
		.user = login->user,
		.secret = SECRET_COMMAND,
		.secret_from = t->call->password_command,
		.auth = login->method,
	};
	struct secret secret = { 0 };
	struct outcome why;
	bool ok = secret_read(&spec, &secret, &why);

	if (ok) {
		login->secret = (struct slice){ secret.text, secret.n };
		act_login(&t->d, login);
	} else {
		dialogue_note(&t->d, "%s", why.text);
	}
	secret_wipe(&secret);
	return ok;
}

static void
log_in(struct talk *t, struct act_login *login)
{
	struct buf secret = { 0 };

	if (!act_choose(&t->d, &login->method))
		return;
	if (!auth_method_needs_secret(login->method)) {
		act_login(&t->d, login);
	} else if (t->call->password_command) {
		run_command(t, login);
	} else if (ask_secret(t, &secret)) {
		login->secret = buf_slice(&secret);
		act_login(&t->d, login);
	}
	if (secret.base)
		explicit_bzero(secret.base, secret.cap);
	buf_free(&secret);
}

/* "joe", "PLAIN joe"; a user of a mechanism's name is the second word. */
void
talk_auth(struct talk *t, struct slice rest)
{
	struct act_login login = { .method = AUTH_ANY };
	struct slice after = rest, first;
	struct buf user = { 0 };

	slice_cut(&after, ' ', &first);
	if (after.p && auth_method_parse(first, &login.method))
		rest = slice_trim(after);
	buf_put(&user, rest);
	login.user = buf_str(&user);
	if (login.method == AUTH_GSSAPI)
		dialogue_note(&t->d, "GSSAPI is not known here");
	else if (rest.n == 0)
		dialogue_note(&t->d, "a user is wanted: /auth [PLAIN|LOGIN|"
		    "CRAM-MD5|XOAUTH2|OAUTHBEARER|EXTERNAL] USER");
	else
		log_in(t, &login);
	buf_free(&user);
}
