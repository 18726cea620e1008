/* SPDX-License-Identifier: ISC */
/* self.c - see self.h */
#include "net/self.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "net/hosts.h"
#include "net/sockaddr.h"
#include "net/textfile.h"

#define MAILNAME "/etc/mailname"

/*
 * A name for EHLO: letters, digits and hyphens, with a dot; the last label is
 * no number.  (An underscore is let through in names of others only.)
 */
static bool
is_full_name(const char *name)
{
	return strchr(name, '.') && !strchr(name, '_') &&
	    dns_name_is_host(name);
}

/* "localhost.localdomain" and the like name every host. */
static bool
is_everybody(const char *name)
{
	struct slice s = slice_of(name);

	return dns_name_is_localhost(name) ||
	    slice_starts(s, SLICE("localhost.")) ||
	    slice_ends_nocase(s, SLICE(".localdomain"));
}

static bool
take_full_name(struct slice word, char host[DNS_NAME_SIZE])
{
	char kept[DNS_NAME_SIZE];

	if (!dns_name_parse(word, kept) || !is_full_name(kept) ||
	    is_everybody(kept))
		return false;
	memcpy(host, kept, sizeof kept);
	return true;
}

static bool
begins_with(struct slice word, struct slice hostname)
{
	return word.n > hostname.n && word.p[hostname.n] == '.' &&
	    slice_eq_nocase(slice_first(word, hostname.n), hostname);
}

/* The full name on a line that has hostname; false without one. */
static bool
read_names(struct slice line, struct slice hostname, char host[DNS_NAME_SIZE])
{
	struct slice word, rest = line;
	bool found = false;

	while (textfile_word(&rest, &word))
		found |= slice_eq_nocase(word, hostname);
	if (!found)
		return false;
	for (rest = line; textfile_word(&rest, &word);)
		if (begins_with(word, hostname) && take_full_name(word, host))
			return true;
	return textfile_word(&line, &word) && take_full_name(word, host);
}

static void
read_hosts(const char *path, struct slice hostname, char host[DNS_NAME_SIZE])
{
	struct textfile t = { 0 };
	struct slice line, address;
	bool found = false;

	if (textfile_open(&t, path))
		while (!found && textfile_line(&t, &line))
			found = textfile_word(&line, &address) &&
			    read_names(line, hostname, host);
	textfile_close(&t);
}

/* Debian's word for the name that mail from here bears. */
static bool
read_mailname(const char *path, char domain[DNS_NAME_SIZE])
{
	struct textfile t = { 0 };
	struct slice line, word;
	bool ok;

	ok = textfile_open(&t, path) && textfile_line(&t, &line) &&
	    textfile_word(&line, &word) && dns_name_parse(word, domain) &&
	    dns_name_is_host(domain);
	textfile_close(&t);
	return ok;
}

static void
choose_domain(struct self *s, const char *mailname)
{
	const char *domain = s->host[0] ? s->host : s->name[0] ? s->name :
	    "localhost";

	if (!read_mailname(mailname, s->domain))
		memcpy(s->domain, domain, strlen(domain) + 1);
}

void
self_name(struct self *s, const char *hostname, const char *hosts,
    const char *mailname)
{
	struct slice name = slice_of(hostname);

	s->host[0] = '\0';
	if (!dns_name_parse(name, s->name) || !dns_name_is_host(s->name))
		s->name[0] = '\0';
	if (name.n > 0 && !take_full_name(name, s->host))
		read_hosts(hosts, name, s->host);
	choose_domain(s, mailname);
}

void
self_init(struct self *s)
{
	char hostname[256] = "";

	*s = (struct self){ 0 };
	if (gethostname(hostname, sizeof hostname - 1) != 0)
		hostname[0] = '\0';
	self_name(s, hostname, HOSTS_FILE, MAILNAME);
}

static void
add_address(struct self *s, const struct sockaddr *from)
{
	struct sockaddr_storage all = { 0 };
	struct endpoint at;

	if (!from)
		return;
	if (from->sa_family == AF_INET)
		memcpy(&all, from, sizeof(struct sockaddr_in));
	else if (from->sa_family == AF_INET6)
		memcpy(&all, from, sizeof(struct sockaddr_in6));
	if (!sockaddr_get(&all, &at))
		return;
	s->ip = mem_resize(s->ip, s->n + 1, sizeof *s->ip);
	s->ip[s->n++] = at.ip;
}

void
self_read_addresses(struct self *s)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		add_address(s, i->ifa_addr);
	freeifaddrs(list);
}

void
self_free(struct self *s)
{
	free(s->ip);
	s->ip = NULL;
	s->n = 0;
}

void
self_put_full_name(struct buf *out, struct slice gecos, struct slice login)
{
	char first = login.n > 0 ? login.p[0] : '\0';

	gecos = slice_first(gecos, slice_find(gecos, ','));
	for (size_t i = 0; i < gecos.n; i++) {
		if (gecos.p[i] != '&') {
			buf_putc(out, gecos.p[i]);
			continue;
		}
		if (login.n > 0)
			buf_putc(out, ascii_is_alpha(first) ?
			    (char)(first & ~0x20) : first);
		buf_put(out, slice_from(login, 1));
	}
}

void
person_init(struct person *p)
{
	const struct passwd *pw = getpwuid(getuid());
	struct buf text = { 0 };

	if (pw)
		self_put_full_name(&text, slice_of(pw->pw_gecos),
		    slice_of(pw->pw_name));
	p->full_name = mem_dup(slice_trim(buf_slice(&text)));
	buf_clear(&text);
	if (pw)
		buf_puts(&text, pw->pw_name);
	else
		buf_putf(&text, "uid%lu", (unsigned long)getuid());
	p->login = mem_dup(buf_slice(&text));
	buf_free(&text);
}

void
person_free(struct person *p)
{
	free(p->login);
	free(p->full_name);
	*p = (struct person){ 0 };
}
