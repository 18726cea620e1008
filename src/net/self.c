/* SPDX-License-Identifier: ISC */
/* self.c - see self.h */
#include "net/self.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sockaddr.h"

/* Debian's word for the name that mail from here bears. */
static void
read_mailname(struct self *s)
{
	FILE *f = fopen("/etc/mailname", "re");
	char line[sizeof s->host];

	if (!f)
		return;
	if (fgets(line, sizeof line, f)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (strchr(line, '.'))
			memcpy(s->host, line, sizeof line);
	}
	fclose(f);
}

void
self_init(struct self *s)
{
	*s = (struct self){ 0 };
	if (gethostname(s->host, sizeof s->host - 1) != 0 ||
	    s->host[0] == '\0')
		memcpy(s->host, "localhost", sizeof "localhost");
	if (!strchr(s->host, '.'))
		read_mailname(s);
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

char *
self_user(void)
{
	const struct passwd *pw = getpwuid(getuid());
	struct buf name = { 0 };
	char *user;

	if (pw)
		return mem_dup(slice_of(pw->pw_name));
	buf_putf(&name, "uid%lu", (unsigned long)getuid());
	user = mem_dup(buf_slice(&name));
	buf_free(&name);
	return user;
}
