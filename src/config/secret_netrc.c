/* SPDX-License-Identifier: ISC */
/*
 * secret_netrc.c - a password out of a netrc file, as curl(1) and ftp(1) read
 * it.
 *
 * Words between white space: machine NAME or default begins an entry, in which
 * login, password and account each have a value, which may be in double quotes
 * with backslashes.  macdef goes on to the next empty line.
 */
#include "config/secret_parts.h"

#include <stdio.h>
#include <string.h>

/* What is not read yet, and where all of it is, which may be changed. */
struct netrc {
	struct slice rest;
	char *room;
};

struct entry {
	bool fits; /* the host, or default */
	struct slice login, password;
};

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take backslashes out of a quoted word, in place, and go past it. */
static struct slice
take_quoted(struct netrc *f)
{
	struct slice *rest = &f->rest, word = { rest->p, 0 };
	char *to = f->room + (rest->p - f->room);
	size_t i = 1;

	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		to[word.n++] = rest->p[i];
	}
	*rest = slice_from(*rest, i + 1);
	return word;
}

/* The next word; false at the end. */
static bool
next(struct netrc *f, struct slice *word)
{
	struct slice *rest = &f->rest;
	size_t n = 0;

	*rest = slice_trim(*rest);
	if (rest->n == 0)
		return false;
	if (rest->p[0] == '"') {
		*word = take_quoted(f);
		return true;
	}
	while (n < rest->n && !is_white(rest->p[n]))
		n++;
	*word = slice_first(*rest, n);
	*rest = slice_from(*rest, n);
	return true;
}

static void
skip_line(struct slice *rest)
{
	*rest = slice_from(*rest, slice_find(*rest, '\n') + 1);
}

/* After the next empty line. */
static void
skip_macro(struct slice *rest)
{
	struct slice line;

	do {
		line = slice_first(*rest, slice_find(*rest, '\n'));
		skip_line(rest);
	} while (rest->n > 0 && slice_trim(line).n > 0);
}

static bool
is_wanted(const struct entry *e, const struct relay_spec *r)
{
	if (!e->fits || !e->password.p)
		return false;
	return !r->user || slice_eq(e->login, slice_of(r->user));
}

/* A keyword and its value; other words are passed over. */
static void
take_keyword(struct slice word, struct netrc *f, const char *host,
    struct entry *e)
{
	struct slice value = { 0 };

	if (slice_starts(word, SLICE("#")))
		skip_line(&f->rest);
	else if (slice_eq(word, SLICE("macdef")))
		skip_macro(&f->rest);
	else if (slice_eq(word, SLICE("login")))
		next(f, &e->login);
	else if (slice_eq(word, SLICE("password")))
		next(f, &e->password);
	else if (slice_eq(word, SLICE("account")))
		next(f, &value);
	else if (slice_eq(word, SLICE("default")))
		*e = (struct entry){ .fits = true };
	else if (slice_eq(word, SLICE("machine")) && next(f, &value))
		*e = (struct entry){ .fits = slice_eq_nocase(value,
		    slice_of(host)) };
}

static bool
begins_entry(struct slice word)
{
	return slice_eq(word, SLICE("machine")) ||
	    slice_eq(word, SLICE("default"));
}

/* The first entry with a password for this host and user. */
static bool
find_entry(struct netrc f, const struct relay_spec *r, struct entry *e)
{
	struct slice word;

	while (next(&f, &word)) {
		if (begins_entry(word) && is_wanted(e, r))
			return true;
		take_keyword(word, &f, r->host, e);
	}
	return is_wanted(e, r);
}

static bool
take_user(struct secret *s, struct slice login)
{
	if (login.n >= sizeof s->user || slice_find(login, '\0') < login.n ||
	    slice_find(login, '\r') < login.n ||
	    slice_find(login, '\n') < login.n)
		return false;
	if (login.n > 0)
		memcpy(s->user, login.p, login.n);
	s->user[login.n] = '\0';
	return true;
}

bool
secret_from_netrc(const struct relay_spec *r, struct secret *s,
    struct outcome *why)
{
	const char *path = r->secret_from;
	struct entry e = { 0 };
	struct slice got = { 0 };
	char from[400];

	snprintf(from, sizeof from, "netrc %.180s: machine %.180s", path,
	    r->host);
	if (!secret_load_file("netrc", path, s, &got, why))
		return false;
	if (!find_entry((struct netrc){ got, s->room }, r, &e))
		return REFUSE(why, "netrc %s: no password for machine %s%s%s",
		    path, r->host, r->user ? " login " : "",
		    r->user ? r->user : "");
	if (!r->user && !take_user(s, e.login))
		return REFUSE(why, "%s: the login cannot be used", from);
	if (slice_find(e.password, '\n') < e.password.n)
		return REFUSE(why, "%s: the password has a LF in it", from);
	return secret_take_line(s, e.password, from, why);
}
