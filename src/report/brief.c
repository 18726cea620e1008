/* SPDX-License-Identifier: ISC */
/* brief.c - see brief.h */
#include "report/brief.h"

#include "base/ascii.h"
#include "report/failure.h"

static const char *
mark_of(enum verdict v, bool utf8)
{
	if (v == DELIVERED || v == VERIFIED)
		return utf8 ? "\xe2\x9c\x94 " : "ok ";
	if (v == DEFERRED)
		return utf8 ? "\xe2\x80\xa6 " : ".. ";
	return utf8 ? "\xe2\x9c\x98 " : "no ";
}

static void
put_time(struct buf *out, const char **sep, const char *next,
    const char *what, int64_t lasted)
{
	if (lasted < 0)
		return;
	buf_putf(out, "%s%s %lld", *sep, what, (long long)(lasted / 1000));
	*sep = next;
}

static const struct phase *
handshake_of(const struct phases *p, unsigned lane)
{
	for (size_t i = p->n; i-- > 0;)
		if (p->phase[i].lane == lane && p->phase[i].kind == PHASE_TLS)
			return &p->phase[i];
	return NULL;
}

/* "TLSv1.3 31 (trusted)" of the phase's "TLSv1.3 (trusted)" */
static void
put_tls(struct buf *out, const char *sep, const struct phase *ph)
{
	struct slice detail = slice_of(ph->detail);
	size_t blank = slice_find(detail, ' ');

	buf_puts(out, sep);
	if (detail.n == 0)
		buf_puts(out, "TLS");
	text_escape(out, slice_first(detail, blank));
	buf_putf(out, " %lld", (long long)((ph->to - ph->from) / 1000));
	text_escape(out, slice_from(detail, blank));
}

static void
put_phases(struct buf *out, const struct phases *p, unsigned lane,
    const char *dot)
{
	const struct phase *tls = lane > 0 ? handshake_of(p, lane) : NULL;
	const char *sep = "  ";

	put_time(out, &sep, dot, "dns", phases_sum(p, 0, PHASE_DNS));
	if (lane == 0)
		return;
	put_time(out, &sep, dot, "connect",
	    phases_sum(p, lane, PHASE_CONNECT));
	if (tls)
		put_tls(out, sep, tls);
}

static void
put_host(struct buf *out, const struct outcome *o)
{
	struct buf at = { 0 };

	if (o->host[0] == '\0' && o->peer.ip.version == 0)
		return;
	if (o->host[0] == '\0')
		endpoint_put(&at, &o->peer);
	buf_puts(out, "  ");
	text_escape(out, o->host[0] ? slice_of(o->host) : buf_slice(&at));
	buf_free(&at);
}

static void
put_end(struct buf *out, const struct recipient *r, const struct outcome *o,
    int64_t start, const char *dot)
{
	int64_t after = r->decided > start ? r->decided - start : 0;
	const char *word = outcome_word(o->verdict, o->stage);

	if (o->verdict == DELIVERED &&
	    !outcome_is_queued(o->verdict, o->stage))
		word = "accepted";
	buf_putf(out, "%s%s %lld ms", dot, word, (long long)(after / 1000));
	if (r->result->queue_id[0]) {
		buf_putf(out, "%sid ", dot);
		text_escape(out, slice_of(r->result->queue_id));
	}
}

void
brief_put(struct buf *out, const struct recipient *r, const struct phases *p,
    int64_t start, struct wish wish, bool utf8)
{
	const char *dot = utf8 ? " \xc2\xb7 " : ", ";
	struct outcome o = recipient_outcome(r);
	struct buf at = { 0 };
	unsigned lane = 0;

	if (o.peer.ip.version != 0) {
		ip_put(&at, &o.peer.ip);
		lane = phases_lane_to(p, buf_slice(&at));
	}
	buf_puts(out, mark_of(o.verdict, utf8));
	text_escape(out, slice_of(r->to.path));
	put_host(out, &o);
	put_phases(out, p, lane, dot);
	if (o.verdict == DELIVERED || o.verdict == VERIFIED) {
		put_end(out, r, &o, start, dot);
	} else {
		buf_puts(out, dot);
		failure_put(out, &o);
		advice_put(out, &o, wish);
	}
	buf_free(&at);
}
