/* SPDX-License-Identifier: ISC */
/* check.c - see check.h */
#include "cli/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/become.h"
#include "config/keyring.h"
#include "config/secret.h"

static void
say(const struct settings *s, const char *what, const char *text,
    const char *reason)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: %s", s->program, what);
	text_escape(&line, slice_of(text));
	buf_putf(&line, "%s%s\n", reason ? ": " : "", reason ? reason : "");
	fputs(buf_str(&line), stderr);
	buf_free(&line);
}

/* A file or folder that is named must be readable. */
static bool
check_path(const struct settings *s, const char *what, const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (path && fd < 0)
		say(s, what, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return !path || fd >= 0;
}

bool
check_secret(const struct settings *s, const struct relay_spec *r)
{
	struct outcome why;
	bool ok = secret_check(r, &why);

	if (!ok)
		say(s, "", why.text, NULL);
	return ok;
}

static bool
check_relay(const struct settings *s, const struct relay_spec *r)
{
	const struct tls_settings *same = &s->way.tls;
	bool ok = true;

	if (r->ca != same->ca)
		ok = check_path(s, "ca ", r->ca);
	if (r->cert != same->cert) {
		ok = check_path(s, "cert ", r->cert) && ok;
		ok = check_path(s, "key ", r->key) && ok;
	}
	return check_secret(s, r) && ok;
}

/* A credential is only there for its service. */
static bool
has_credential(const struct sign_rule *r)
{
	for (size_t i = 0; i < SIGN_SOURCES; i++)
		if (r->source[i].selector && r->source[i].is_credential)
			return true;
	return false;
}

/* Who is unknown is never signed for; a number needs no login. */
static bool
check_users(const struct settings *s, const struct sign_rule *r)
{
	struct slice rest = slice_of(r->users), word;
	struct buf name = { 0 }, what = { 0 };
	uint64_t number;
	bool ok = true;

	buf_puts(&what, "[dkim ");
	text_escape(&what, slice_of(r->pattern));
	buf_puts(&what, "] users: this machine has no user ");
	while (slice_cut(&rest, ' ', &word)) {
		buf_clear(&name);
		buf_put(&name, word);
		if (word.n == 0 || slice_to_uint(word, UINT32_MAX, &number) ||
		    getpwnam(buf_str(&name)))
			continue;
		say(s, buf_str(&what), buf_str(&name), NULL);
		ok = false;
	}
	buf_free(&name);
	buf_free(&what);
	return ok;
}

static bool
check_signing(const struct settings *s)
{
	const struct sign_rules *rules = s->message.signing;
	struct keyring keyring = { 0 };
	struct buf says = { 0 };
	struct signing signing;
	struct outcome why;
	bool ok = true;

	for (size_t i = 0; rules && i < rules->n; i++) {
		const struct sign_rule *r = &rules->v[i];

		ok = (!r->users || check_users(s, r)) && ok;
		if (has_credential(r))
			continue;
		if (keyring_open(&keyring, r, r->pattern, &signing, &says,
			&why)) {
			signing_free(&signing);
			continue;
		}
		say(s, "", why.text, NULL);
		ok = false;
	}
	fputs(says.n > 0 ? buf_str(&says) : "", stderr);
	buf_free(&says);
	keyring_free(&keyring);
	return ok;
}

/* Root looks at the files as who delivers what is queued. */
static bool
become_who_delivers(const struct settings *s, bool *other)
{
	struct outcome why;
	uid_t us = geteuid();

	if (us == 0 && spool_reach(s->queue.path) == SPOOL_OURS &&
	    !become_owner_of(s->queue.path, &why)) {
		say(s, "", why.text, NULL);
		return false;
	}
	*other = geteuid() != us;
	return true;
}

static bool
check_files(const struct settings *s)
{
	const struct tls_settings *tls = &s->way.tls;
	const struct rules *rules = s->route.rules;
	bool ok = check_path(s, "ca ", tls->ca);

	ok = check_path(s, "cert ", tls->cert) && ok;
	ok = check_path(s, "key ", tls->key) && ok;
	for (size_t i = 0; rules && i < rules->nrelays; i++)
		ok = check_relay(s, &rules->relay[i]) && ok;
	ok = check_signing(s) && ok;
	return ok;
}

int
check_run(const struct settings *s)
{
	bool other = false;

	if (!become_who_delivers(s, &other))
		return EX_TEMPFAIL;
	if (check_files(s))
		return EX_OK;
	if (other)
		say(s, "that is what the user finds who delivers what is "
		    "queued, the owner of ", s->queue.path, NULL);
	return EX_CONFIG;
}
