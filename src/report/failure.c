/* SPDX-License-Identifier: ISC */
/* failure.c - see failure.h */
#include "report/failure.h"

#include <string.h>

#include "base/ascii.h"
#include "base/slice.h"

/* Is the host only its address again? */
static bool
is_nameless(const struct outcome *o)
{
	struct ip ip;

	return o->host[0] == '\0' || (ip_parse(slice_of(o->host), &ip) &&
	    o->peer.ip.version != 0);
}

void
peer_put(struct buf *out, const struct outcome *o)
{
	if (!is_nameless(o)) {
		text_escape(out, slice_of(o->host));
		if (o->peer.ip.version != 0)
			buf_putc(out, ' ');
	}
	if (o->peer.ip.version == 0)
		return;
	buf_putc(out, '[');
	ip_put(out, &o->peer.ip);
	buf_putc(out, ']');
	if (o->peer.port != 0)
		buf_putf(out, ":%u", o->peer.port);
}

/* The lines of a text joined by blanks, without a full stop at the end. */
static void
put_words(struct buf *out, const char *text)
{
	struct slice rest = slice_trim(slice_of(text)), line;
	bool first = true;

	while (slice_cut(&rest, '\n', &line)) {
		if (!first)
			buf_putc(out, ' ');
		text_escape(out, slice_trim(line));
		first = false;
	}
}

static void
put_server_words(struct buf *out, const struct outcome *o)
{
	if (o->ours[0] != '\0') {
		buf_puts(out, ": ");
		put_words(out, o->ours);
		buf_puts(out, ", it");
	}
	buf_putf(out, " said: %u ", o->code);
	if (o->esc.cls != 0) {
		esc_put(out, o->esc);
		buf_putc(out, ' ');
	}
	put_words(out, o->text);
}

/* Our own texts mostly name the host themselves. */
static bool
needs_peer(const struct outcome *o)
{
	return (o->host[0] != '\0' || o->peer.ip.version != 0) &&
	    (o->code != 0 || o->host[0] == '\0' || !strstr(o->text, o->host));
}

/* Our own texts may begin with the stage: "connect mx ... refused". */
static bool
needs_stage(const struct outcome *o)
{
	return o->stage != STAGE_NONE && (o->code != 0 ||
	    !slice_starts(slice_of(o->text), slice_of(stage_name(o->stage))));
}

void
failure_put(struct buf *out, const struct outcome *o)
{
	buf_puts(out, o->verdict == FAILED ? "failed" :
	    "not delivered, deferred");
	if (needs_stage(o))
		buf_putf(out, " at %s", stage_name(o->stage));
	if (needs_peer(o)) {
		buf_puts(out, ", ");
		peer_put(out, o);
	}
	if (o->code != 0) {
		put_server_words(out, o);
	} else {
		buf_puts(out, ": ");
		put_words(out, o->text);
	}
}
