/* SPDX-License-Identifier: ISC */
/* mailbox_form.c - see mailbox_form.h */
#include "local/mailbox_form.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/inet.h"
#include "mail/address.h"
#include "net/sockaddr.h"

const char *
mailbox_of_kind(const char *mailbox, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(mailbox, kind, n) == 0 ? mailbox + n : NULL;
}

/* ---- LMTP ---- */

static const char *
take_socket(const char *path, struct mailbox_server *out)
{
	if (path[0] != '/' || path[1] == '\0')
		return "lmtp:unix:/SOCKET is wanted, a path that begins with "
		       "/";
	if (strlen(path) > SOCKADDR_PATH_MAX)
		return "the path of a socket has at most 107 octets";
	snprintf(out->host, sizeof out->host, "%s", path);
	return NULL;
}

/* A bare IPv6 address could end in a port, or not. */
static bool
is_host(struct slice s, struct slice host)
{
	struct ip ip;

	if (host.n == 0 || host.n >= sizeof ((struct mailbox_server *)0)->host)
		return false;
	if (ip_parse(host, &ip))
		return (s.p[0] == '[') == (ip.version == 6);
	return s.p[0] != '[' && domain_is_name(host);
}

static const char *
take_host(struct slice s, struct mailbox_server *out)
{
	struct slice host;

	out->port = MAILBOX_PORT;
	if (!hostport_parse(s, &host, &out->port) || !is_host(s, host))
		return "lmtp:unix:/SOCKET or lmtp:HOST[:PORT] is wanted, an "
		       "IPv6 address in brackets";
	snprintf(out->host, sizeof out->host, "%.*s", (int)host.n, host.p);
	return NULL;
}

const char *
mailbox_server_parse(const char *mailbox, struct mailbox_server *out)
{
	const char *where = mailbox_of_kind(mailbox, "lmtp:"), *path;

	*out = (struct mailbox_server){ .port = 0 };
	if (!where)
		return "";
	path = mailbox_of_kind(where, "unix:");
	return path ? take_socket(path, out)
		    : take_host(slice_of(where), out);
}

const char *
mailbox_server_shown(const char *mailbox)
{
	const char *where = mailbox_of_kind(mailbox, "lmtp:");
	const char *path = where ? mailbox_of_kind(where, "unix:") : NULL;

	return path ? path : where;
}

/* ---- all ---- */

const char *
mailbox_fault(const char *mailbox)
{
	const char *path = mailbox_of_kind(mailbox, "mbox:");
	struct mailbox_server server;

	if (mailbox_of_kind(mailbox, "lmtp:"))
		return mailbox_server_parse(mailbox, &server);
	if (!path)
		path = mailbox_of_kind(mailbox, "maildir:");
	if (path &&
	    (path[0] == '/' ||
		(path[0] == '~' && path[1] == '/' && path[2] != '\0')))
		return NULL;
	return "mbox:/FOLDER, mbox:~/FILE, maildir:/FOLDER, "
	       "maildir:~/FOLDER, lmtp:unix:/SOCKET or lmtp:HOST[:PORT] is "
	       "wanted";
}
