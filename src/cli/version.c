/* SPDX-License-Identifier: ISC */
/* version.c - see version.h */
#include "cli/version.h"

#include <curl/curlver.h>
#include <idn2.h>
#include <ldns/ldns.h>
#include <openssl/opensslv.h>

#include "net/door.h"
#include "net/module.h"
#include "relay/relay.h"

void
version_put(struct buf *out)
{
	buf_puts(out, "smtpsend " VERSION "\n"
	    "built with OpenSSL " OPENSSL_VERSION_STR ", ldns " LDNS_VERSION
	    ", libidn2 " IDN2_VERSION ", libcurl " LIBCURL_VERSION "\n");
}

static void
put_relay(struct buf *out)
{
	static const struct door door = RELAY_DOOR;
	struct outcome why;
	const struct relay_module *m = door_open(&door, &why);

	if (m)
		buf_putf(out, "libcurl %s\n", m->library());
	else
		buf_putf(out, "%s\n", why.text);
}

bool
version_put_running(struct buf *out, struct outcome *why)
{
	const struct net_module *m = net_module_open(why);

	buf_puts(out, "runs with:\n");
	if (m)
		m->versions_put(out);
	else
		buf_putf(out, "%s\n", why->text);
	put_relay(out);
	return m;
}
