/* SPDX-License-Identifier: ISC */
/*
 * server_auth.c - AUTH (RFC 4954): PLAIN, LOGIN and, where any login will do,
 * CRAM-MD5, whose answer cannot be checked without libcrypto.
 */
#include "smtp/server_state.h"

#include "base/ascii.h"
#include "base/codec.h"

#define NO_BASE64 "501 5.5.2 That is no base64"
#define BAD_LOGIN "535 5.7.8 Authentication credentials invalid"

/* "AUTH PLAIN ***": what is after the mechanism is not for a transcript. */
void
server_mask_login(const struct server *s, struct slice line, struct buf *out)
{
	struct slice word;

	if (s->phase == PHASE_AUTH) {
		buf_puts(out, slice_eq(line, SLICE("*")) ? "*" : "***");
		return;
	}
	slice_cut(&line, ' ', &word);
	buf_put(out, word);
	if (!line.p)
		return;
	slice_cut(&line, ' ', &word);
	buf_putc(out, ' ');
	buf_put(out, word);
	if (line.p)
		buf_puts(out, " ***");
}

static bool
is_right(const struct server *s, struct slice user, struct slice password)
{
	struct slice want = slice_of(s->config->login);
	struct slice name = slice_first(want, slice_find(want, ':'));

	return !s->config->login || (slice_eq(user, name) &&
	    slice_eq(password, slice_from(want, name.n + 1)));
}

static void
log_in(struct server *s, struct slice user, struct slice password)
{
	struct buf name = { 0 };

	buf_put(&name, user);
	if (user.n == 0 || !is_right(s, user, password)) {
		server_refuse(s, BAD_LOGIN);
	} else {
		buf_clear(&s->login);
		buf_put(&s->login, buf_slice(&name));
		s->logged_in = true;
		server_accept(s, "235 2.7.0 Authentication successful");
	}
	buf_free(&name);
}

/* "authorize\0user\0password" (RFC 4616) */
static void
take_plain(struct server *s, struct slice text)
{
	struct slice part[3] = { { 0 } };

	for (size_t i = 0; i < 3 && slice_cut(&text, '\0', &part[i]); i++)
		continue;
	if (!part[2].p || text.p)
		server_refuse(s, "501 5.5.2 Not a PLAIN message");
	else
		log_in(s, part[1], part[2]);
}

static void
ask(struct server *s, const char *challenge)
{
	struct buf line = { 0 };

	buf_puts(&line, "334 ");
	base64_put(&line, slice_of(challenge));
	server_put_line(s, buf_slice(&line));
	buf_free(&line);
	s->phase = PHASE_AUTH;
}

/* The user's name, then the password. */
static void
take_login(struct server *s, struct slice text)
{
	if (!s->asked_password) {
		buf_clear(&s->login);
		buf_put(&s->login, text);
		s->asked_password = true;
		ask(s, "Password:");
		return;
	}
	log_in(s, buf_slice(&s->login), text);
}

/* "user digest" (RFC 2195) */
static void
take_cram(struct server *s, struct slice text)
{
	size_t n = text.n;

	while (n > 0 && text.p[n - 1] != ' ')
		n--;
	if (n == 0 || text.n - n != 32)
		server_refuse(s, "501 5.5.2 Not a CRAM-MD5 response");
	else
		log_in(s, slice_first(text, n - 1), SLICE(""));
}

static void
begin_login(struct server *s)
{
	ask(s, "Username:");
}

static void
begin_plain(struct server *s)
{
	ask(s, "");
}

static void
begin_cram(struct server *s)
{
	struct buf b = { 0 };

	buf_putf(&b, "<%u.%u@%s>", s->lane, s->errors, s->config->name);
	ask(s, buf_str(&b));
	buf_free(&b);
}

static const struct mechanism {
	const char *name;
	void (*begin)(struct server *s);
	void (*take)(struct server *s, struct slice text);
	bool speaks_first;	/* an initial response may come with AUTH */
	bool checks;		/* a password can be checked */
} mechanisms[] = {
	{ "PLAIN", begin_plain, take_plain, true, true },
	{ "LOGIN", begin_login, take_login, true, true },
	{ "CRAM-MD5", begin_cram, take_cram, false, false },
	{ 0 },
};

static bool
is_offered(const struct server *s, const struct mechanism *m)
{
	return m->checks || !s->config->login;
}

void
server_put_mechanisms(const struct server *s, struct buf *out)
{
	for (const struct mechanism *m = mechanisms; m->name; m++)
		if (is_offered(s, m))
			buf_putf(out, " %s", m->name);
}

/*
 * A response in base64, of which "=" is an empty one (padding, and no more);
 * then what the mechanism does.
 */
static void
respond(struct server *s, struct slice text)
{
	struct buf plain = { 0 };

	s->phase = PHASE_COMMAND;
	if (!base64_decode(&plain, text))
		server_refuse(s, NO_BASE64);
	else
		mechanisms[s->mechanism].take(s, buf_slice(&plain));
	buf_free(&plain);
}

void
server_auth_line(struct server *s, struct slice line)
{
	if (slice_eq(line, SLICE("*"))) {
		s->phase = PHASE_COMMAND;
		server_refuse(s, "501 5.7.0 Authentication cancelled");
	} else {
		respond(s, line);
	}
}

static const char *
why_not_now(const struct server *s)
{
	if (!(s->offers & OFFER_AUTH))
		return "502 5.5.1 AUTH is not offered here";
	if (s->logged_in)
		return "503 5.5.1 Already authenticated";
	return s->mail != MAIL_NONE ? "503 5.5.1 Not during a mail" : NULL;
}

void
server_do_auth(struct server *s, struct slice arg)
{
	const char *refusal = why_not_now(s);
	struct slice name;

	slice_cut(&arg, ' ', &name);
	s->mechanism = 0;
	while (mechanisms[s->mechanism].name &&
	    !slice_eq_nocase(name, slice_of(mechanisms[s->mechanism].name)))
		s->mechanism++;
	s->asked_password = false;
	if (refusal)
		server_refuse(s, refusal);
	else if (!mechanisms[s->mechanism].name ||
	    !is_offered(s, &mechanisms[s->mechanism]))
		server_refuse(s, "504 5.5.4 Mechanism not offered");
	else if (arg.p && !mechanisms[s->mechanism].speaks_first)
		server_refuse(s, "501 5.7.0 No initial response here");
	else if (arg.p)
		respond(s, arg);
	else
		mechanisms[s->mechanism].begin(s);
}
