/* SPDX-License-Identifier: ISC */
/* report.c - see report.h */
#include "tlsrpt/report.h"

#include "base/codec.h"
#include "base/json.h"
#include "mail/date.h"

#define BASE64_LINE 57	/* octets of a line of 76 */

/* ---- JSON ---- */

static void
put_string(struct buf *out, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	json_put_key(out, key);
	json_put_string(out, value);
}

static void
put_ip(struct buf *out, const char *key, const struct ip *ip)
{
	struct buf text = { 0 };

	if (ip->version > 0)
		ip_put(&text, ip);
	put_string(out, key, buf_slice(&text));
	buf_free(&text);
}

static void
put_count(struct buf *out, const char *key, uint64_t n)
{
	json_put_key(out, key);
	buf_putu(out, n);
}

/* Items that each have their LF. */
static void
put_list(struct buf *out, const char *key, struct slice list)
{
	const char *comma = "";
	struct slice item;

	if (list.n == 0)
		return;
	json_put_key(out, key);
	buf_putc(out, '[');
	while (list.n > 0 && slice_cut(&list, '\n', &item)) {
		buf_puts(out, comma);
		json_put_string(out, item);
		comma = ",";
	}
	buf_putc(out, ']');
}

static void
put_detail(struct buf *out, const struct tls_result *r, uint64_t n)
{
	buf_puts(out, "{\"result-type\":");
	json_put_string(out, slice_of(tls_result_type_name(r->type)));
	put_ip(out, "sending-mta-ip", &r->local);
	put_string(out, "receiving-mx-hostname", r->host);
	put_string(out, "receiving-mx-helo", r->helo);
	put_ip(out, "receiving-ip", &r->peer);
	put_count(out, "failed-session-count", n);
	put_string(out, "additional-information", r->info);
	put_string(out, "failure-reason-code", r->reason);
	buf_putc(out, '}');
}

static void
put_details(struct buf *out, const struct tlsrpt_entry *const *e, size_t n)
{
	struct buf text = { 0 };
	struct tls_result r;
	size_t put = 0;

	json_put_key(out, "failure-details");
	buf_putc(out, '[');
	for (size_t i = 0; i < n && put < TLSRPT_DETAILS; i++) {
		if (!tlsrpt_entry_read(e[i], &text, &r) ||
		    r.type == TLS_RESULT_OK)
			continue;
		buf_puts(out, put++ > 0 ? "," : "");
		put_detail(out, &r, e[i]->count);
	}
	buf_putc(out, ']');
	buf_free(&text);
}

static void
put_summary(struct buf *out, const struct tlsrpt_entry *const *e, size_t n)
{
	uint64_t good = 0, bad = 0;
	struct buf text = { 0 };
	struct tls_result r;

	for (size_t i = 0; i < n; i++) {
		if (!tlsrpt_entry_read(e[i], &text, &r))
			continue;
		if (r.type == TLS_RESULT_OK)
			good += e[i]->count;
		else
			bad += e[i]->count;
	}
	buf_putf(out, ",\"summary\":{\"total-successful-session-count\":%llu"
	    ",\"total-failure-session-count\":%llu}",
	    (unsigned long long)good, (unsigned long long)bad);
	if (bad > 0)
		put_details(out, e, n);
	buf_free(&text);
}

/* One policy, and what came of it. */
static void
put_policy(struct buf *out, const struct tlsrpt_entry *const *e, size_t n)
{
	struct buf text = { 0 };
	struct tls_result r = { 0 };

	if (tlsrpt_entry_read(e[0], &text, &r)) {
		buf_puts(out, "{\"policy\":{\"policy-type\":");
		json_put_string(out,
		    slice_of(tls_policy_type_name(r.policy.type)));
		put_list(out, "policy-string", r.policy.strings);
		put_string(out, "policy-domain", r.policy.domain);
		put_list(out, "mx-host", r.policy.mx);
		buf_putc(out, '}');
		put_summary(out, e, n);
		buf_putc(out, '}');
	}
	buf_free(&text);
}

void
tlsrpt_report_put(struct buf *out, const struct tlsrpt_report *r)
{
	struct buf id = { 0 };
	const char *comma = "";

	buf_puts(out, "{\"organization-name\":");
	json_put_string(out, slice_of(r->submitter));
	buf_puts(out, ",\"date-range\":{\"start-datetime\":\"");
	tlsrpt_day_put(out, r->day);
	buf_puts(out, "T00:00:00Z\",\"end-datetime\":\"");
	tlsrpt_day_put(out, r->day);
	buf_puts(out, "T23:59:59Z\"}");
	put_string(out, "contact-info", slice_of(r->contact));
	tlsrpt_report_put_id(&id, r);
	put_string(out, "report-id", buf_slice(&id));
	buf_puts(out, ",\"policies\":[");
	for (size_t i = 0, n; i < r->n; i += n) {
		n = tlsrpt_same_policy(r->entry + i, r->n - i);
		buf_puts(out, comma);
		put_policy(out, r->entry + i, n);
		comma = ",";
	}
	buf_puts(out, "]}\n");
	buf_free(&id);
}

/* ---- names ---- */

void
tlsrpt_day_put(struct buf *out, int64_t day)
{
	struct civil c = civil_from_seconds(day * TLSRPT_DAY);

	buf_putf(out, "%04lld-%02u-%02u", (long long)c.year, c.month, c.day);
}

bool
tlsrpt_day_parse(struct slice s, int64_t *day)
{
	struct buf text = { 0 };
	int64_t seconds;
	bool ok;

	buf_put(&text, s);
	buf_puts(&text, "T00:00:00Z");
	ok = s.n == 10 && date_parse_3339(buf_slice(&text), &seconds);
	if (ok)
		*day = seconds / TLSRPT_DAY;
	buf_free(&text);
	return ok && *day > 0;
}

void
tlsrpt_report_put_id(struct buf *out, const struct tlsrpt_report *r)
{
	tlsrpt_day_put(out, r->day);
	buf_putc(out, '.');
	buf_put(out, r->domain);
	buf_putf(out, "@%s", r->submitter);
}

void
tlsrpt_report_put_name(struct buf *out, const struct tlsrpt_report *r)
{
	long long begin = r->day * TLSRPT_DAY;

	buf_putf(out, "%s!", r->submitter);
	buf_put(out, r->domain);
	buf_putf(out, "!%lld!%lld.json", begin, begin + TLSRPT_DAY - 1);
}

/* ---- the mail ---- */

#define BOUNDARY "=_tls-report"	/* "=_" is in no base64 and no text here */

/* RFC 8460 5.3; TLS-Required: No is RFC 8689 5. */
static void
put_head(struct buf *out, const struct tlsrpt_report *r, const char *to,
    int64_t now)
{
	struct buf id = { 0 };
	int domain = (int)r->domain.n;

	tlsrpt_report_put_id(&id, r);
	buf_putf(out, "From: %s\r\nTo: <%s>\r\nDate: ", r->contact, to);
	date_put(out, now, 0);
	buf_putf(out, "\r\nSubject: Report Domain: %.*s\r\n Submitter: %s\r\n"
	    " Report-ID: <%s>\r\n", domain, r->domain.p, r->submitter,
	    buf_str(&id));
	buf_putf(out, "Message-ID: <%s>\r\n", buf_str(&id));
	buf_putf(out, "TLS-Report-Domain: %.*s\r\n", domain, r->domain.p);
	buf_putf(out, "TLS-Report-Submitter: %s\r\n", r->submitter);
	buf_puts(out, "TLS-Required: No\r\nAuto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n"
	    " report-type=\"tlsrpt\"; boundary=\"" BOUNDARY "\"\r\n\r\n");
	buf_free(&id);
}

static void
put_base64(struct buf *out, struct slice s)
{
	for (; s.n > 0; s = slice_from(s, BASE64_LINE)) {
		base64_put(out, slice_first(s, BASE64_LINE));
		buf_puts(out, "\r\n");
	}
}

static void
put_parts(struct buf *out, const struct tlsrpt_report *r)
{
	struct buf json = { 0 };

	buf_puts(out, "--" BOUNDARY "\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
	    "This is the report of how mail servers of\r\n\r\n    ");
	buf_put(out, r->domain);
	buf_puts(out, "\r\n\r\ndid TLS on ");
	tlsrpt_day_put(out, r->day);
	buf_putf(out, " (UTC) with\r\n\r\n    %s\r\n\r\nfor programs to read "
	    "(RFC 8460). Questions go to the sender.\r\n", r->submitter);
	buf_puts(out, "--" BOUNDARY "\r\n"
	    "Content-Type: application/tlsrpt+json\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n filename=\"");
	tlsrpt_report_put_name(out, r);
	buf_puts(out, "\"\r\n\r\n");
	tlsrpt_report_put(&json, r);
	put_base64(out, buf_slice(&json));
	buf_puts(out, "--" BOUNDARY "--\r\n");
	buf_free(&json);
}

size_t
tlsrpt_report_put_mail(struct buf *out, const struct tlsrpt_report *r,
    const char *to, int64_t now)
{
	size_t from = out->n, head;

	put_head(out, r, to, now);
	head = out->n - from;
	put_parts(out, r);
	return head;
}
