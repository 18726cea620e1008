/* SPDX-License-Identifier: ISC */
/* health_put.c - the queue's health as text and as OpenMetrics: see health.h */
#include "queue/health.h"

#include "base/ascii.h"

void
span_put(struct buf *out, int64_t seconds)
{
	long long s = seconds < 0 ? 0 : seconds;

	if (s < 60)
		buf_putf(out, "%lld s", s);
	else if (s < 3600)
		buf_putf(out, "%lld min", s / 60);
	else if (s < 86400)
		buf_putf(out, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		buf_putf(out, "%lld day%s %lld h", s / 86400,
		    s < 2 * 86400 ? "" : "s", s / 3600 % 24);
}

/* "12.5 GB" */
static void
put_octets(struct buf *out, int64_t n)
{
	static const char *const units[] = { "octets", "kB", "MB", "GB", "TB" };
	size_t i = 0;
	double v = (double)n;

	while (v >= 1000 && i + 1 < sizeof units / sizeof units[0]) {
		v /= 1000;
		i++;
	}
	buf_putf(out, i == 0 ? "%.0f %s" : "%.1f %s", v, units[i]);
}

static void
put_counts(struct buf *out, const struct health *h)
{
	int64_t all = 0;

	for (int i = 0; i <= LISTING_HELD; i++)
		all += h->state[i];
	buf_putf(out, "messages  %lld%s", (long long)all,
	    h->partial ? " of your own" : "");
	if (all > 0) {
		buf_putf(out, ": %lld new, %lld active, %lld deferred, %lld "
		    "held; ", (long long)h->state[LISTING_INCOMING],
		    (long long)h->state[LISTING_ACTIVE],
		    (long long)h->state[LISTING_DEFERRED],
		    (long long)h->state[LISTING_HELD]);
		put_octets(out, h->octets);
	}
	buf_putc(out, '\n');
	if (h->oldest == 0)
		return;
	buf_puts(out, "oldest    ");
	span_put(out, h->at - h->oldest);
	buf_putc(out, '\n');
}

static void
put_lying(struct buf *out, const struct health *h)
{
	if (h->aside > 0)
		buf_putf(out, "held/     %lld that nobody could be told of, "
		    "kept for a person to look at\n", (long long)h->aside);
	if (h->corrupt > 0)
		buf_putf(out, "corrupt/  %lld that cannot be read, kept for a "
		    "person to look at\n", (long long)h->corrupt);
}

static void
put_disk(struct buf *out, const struct health *h)
{
	if (h->disk_octets == 0)
		return;
	buf_puts(out, "disk      ");
	put_octets(out, h->free_octets);
	buf_puts(out, " of ");
	put_octets(out, h->disk_octets);
	buf_puts(out, " free");
	if (h->inodes > 0)
		buf_putf(out, ", %lld of %lld inodes",
		    (long long)h->free_inodes, (long long)h->inodes);
	buf_puts(out, h->full ? ": too little, new mail is refused\n" : "\n");
	if (h->remark.n == 0)
		return;
	buf_puts(out, "          ");
	text_escape(out, h->remark);
	buf_putc(out, '\n');
}

static void
put_daemon(struct buf *out, const struct health *h)
{
	if (h->blocked.n > 0) {
		buf_puts(out, "daemon    tries nothing: ");
		text_escape(out, h->blocked);
		buf_puts(out, "\n          it goes on by itself when that is "
		    "mended\n");
	} else {
		buf_puts(out, h->daemon ? "daemon    is at work\n" :
		    "daemon    none is here; sendmail -q delivers once\n");
	}
}

static void
put_domain(struct buf *out, const struct health_domain *d, int64_t at)
{
	buf_putf(out, "%9lld ", (long long)d->waiting);
	text_escape(out, d->name.n > 0 ? d->name : SLICE("(no domain)"));
	if (d->next > at) {
		buf_puts(out, ", next try in ");
		span_put(out, d->next - at);
	}
	if (d->reason.n > 0) {
		buf_puts(out, ": ");
		text_escape(out, d->reason);
	}
	buf_putc(out, '\n');
}

void
health_put_text(struct buf *out, struct health *h)
{
	put_counts(out, h);
	put_lying(out, h);
	put_disk(out, h);
	put_daemon(out, h);
	if (h->n > 0)
		buf_puts(out, "recipients that wait, by domain\n");
	for (size_t i = 0; i < h->n && i < HEALTH_SHOWN; i++)
		put_domain(out, h->domains[i], h->at);
}

static void
put_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	buf_putf(out, "# TYPE smtpsend_queue_%s gauge\n"
	    "# HELP smtpsend_queue_%s %s\nsmtpsend_queue_%s %lld\n", name, name,
	    help, name, (long long)value);
}

static void
put_label(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_putf(out, "\\%c", c);
		else
			buf_putc(out, ascii_is_control(c) ? '?' : c);
	}
}

static void
put_states(struct buf *out, const struct health *h)
{
	buf_puts(out, "# TYPE smtpsend_queue_messages gauge\n"
	    "# HELP smtpsend_queue_messages Messages in the queue.\n");
	for (int i = 0; i <= LISTING_HELD; i++)
		buf_putf(out, "smtpsend_queue_messages{state=\"%s\"} %lld\n",
		    listing_state_name((enum listing_state)i),
		    (long long)h->state[i]);
	buf_putf(out, "smtpsend_queue_messages{state=\"aside\"} %lld\n"
	    "smtpsend_queue_messages{state=\"corrupt\"} %lld\n",
	    (long long)h->aside, (long long)h->corrupt);
}

void
health_put_metrics(struct buf *out, struct health *h)
{
	put_states(out, h);
	put_gauge(out, "octets", "Size of their texts.", h->octets);
	put_gauge(out, "oldest_seconds", "Age of the oldest that is not held.",
	    h->oldest > 0 ? h->at - h->oldest : 0);
	put_gauge(out, "disk_free_octets", "Room on the spool's disk.",
	    h->free_octets);
	put_gauge(out, "disk_free_inodes", "Inodes free there.",
	    h->free_inodes);
	put_gauge(out, "full", "1 when new mail is refused for lack of room.",
	    h->full);
	put_gauge(out, "daemon", "1 when a daemon is at work.", h->daemon);
	put_gauge(out, "blocked", "1 when nothing is tried.",
	    h->blocked.n > 0);
	if (h->n > 0)
		buf_puts(out, "# TYPE smtpsend_queue_waiting gauge\n# HELP "
		    "smtpsend_queue_waiting Recipients that wait.\n");
	for (size_t i = 0; i < h->n && i < HEALTH_SHOWN; i++) {
		buf_puts(out, "smtpsend_queue_waiting{domain=\"");
		put_label(out, h->domains[i]->name);
		buf_putf(out, "\"} %lld\n", (long long)h->domains[i]->waiting);
	}
	buf_puts(out, "# EOF\n");
}
