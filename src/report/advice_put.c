/* SPDX-License-Identifier: ISC */
/* advice_put.c - advice and hints as they are printed (advice.h). */
#include "report/advice.h"

#include <string.h>

#include "base/ascii.h"
#include "base/port.h"
#include "base/slice.h"

/* "smtps://mx.example.org", with the port where it is not the usual one. */
static void
put_url(struct buf *out, bool smtps, const char *host, uint16_t port)
{
	bool ip6 = slice_find(slice_of(host), ':') < strlen(host);

	buf_puts(out, smtps ? "smtps://" : "smtp://");
	buf_puts(out, ip6 ? "[" : "");
	text_escape(out, slice_of(host));
	buf_puts(out, ip6 ? "]" : "");
	if (port != (smtps ? 465 : 25))
		buf_putf(out, ":%u", port);
}

static void
put_sentence(struct buf *out, const char *sentence, const char *host,
    uint16_t port)
{
	struct slice rest = slice_of(sentence), part, name;

	while (slice_cut(&rest, '{', &part)) {
		buf_put(out, part);
		if (!rest.p)
			return;
		slice_cut(&rest, '}', &name);
		if (slice_eq(name, SLICE("port")))
			buf_putu(out, port);
		else
			put_url(out, slice_eq(name, SLICE("smtps")), host,
			    port);
	}
}

uint16_t
advice_port(const struct outcome *o, struct wish wish)
{
	uint16_t port = o->peer.port != 0 ? o->peer.port : wish.port;

	return port != 0 ? port : 25;
}

bool
hint_put(struct buf *out, const struct awaited *a, struct wish wish)
{
	if (a->stage != STAGE_GREETING || !wish.server ||
	    wish.link != LINK_SMTP || port_is_clear(a->port))
		return false;
	buf_puts(out, "nothing has come from ");
	text_escape(out, slice_of(a->host));
	put_sentence(out, port_is_tls(a->port) ?
	    " so far -- port {port} is for TLS from the first byte: write "
	    "{smtps}" :
	    " so far -- if port {port} speaks TLS from the first byte, write "
	    "{smtps}", a->host, a->port);
	return true;
}

void
advice_put(struct buf *out, const struct outcome *o, struct wish wish)
{
	const char *sentence = advice_for(o, wish);

	if (!sentence)
		return;
	buf_puts(out, " -- ");
	put_sentence(out, sentence, o->host, advice_port(o, wish));
}
