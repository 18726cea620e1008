/* SPDX-License-Identifier: ISC */
/* A day's results, and the reports and mails that are made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "tlsrpt/report.h"

#define DAY 16892 /* 2016-04-01 */

/* The example of RFC 8460, appendix B, by its results. */
static const struct tls_policy example = { TLS_POLICY_STS,
	{ "company-y.example", 17 },
	{ "version: STSv1\nmode: testing\nmx: *.mail.company-y.example\n"
	  "max_age: 86400\n", 73 },
	{ "*.mail.company-y.example\n", 25 } };

static struct ip
ip(const char *text)
{
	struct ip ip = { 0 };

	assert_true(ip_parse(slice_of(text), &ip));
	return ip;
}

static void
add_example(struct tlsrpt_tally *t)
{
	struct tls_result r = { .policy = example };

	tlsrpt_tally_add(t, &r, 5326);
	r = (struct tls_result){ example, TLS_RESULT_EXPIRED,
		.local = ip("2001:db8:abcd:0012::1"),
		.host = slice_of("mx1.mail.company-y.example") };
	tlsrpt_tally_add(t, &r, 100);
	r = (struct tls_result){ example, TLS_RESULT_NO_STARTTLS,
		.local = ip("2001:db8:abcd:0013::1"),
		.peer = ip("203.0.113.56"),
		.host = slice_of("mx2.mail.company-y.example"),
		.info = slice_of("https://reports.company-x.example/?id=5") };
	tlsrpt_tally_add(t, &r, 200);
	r = (struct tls_result){ example, TLS_RESULT_FAILURE,
		.local = ip("198.51.100.62"), .peer = ip("203.0.113.58"),
		.host = slice_of("mx-backup.mail.company-y.example"),
		.reason = slice_of("X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED") };
	tlsrpt_tally_add(t, &r, 3);
}

static const char example_json[] =
    "{\"organization-name\":\"mx.company-x.example\","
    "\"date-range\":{\"start-datetime\":\"2016-04-01T00:00:00Z\","
    "\"end-datetime\":\"2016-04-01T23:59:59Z\"},"
    "\"contact-info\":\"tls@company-x.example\","
    "\"report-id\":\"2016-04-01.company-y.example@mx.company-x.example\","
    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
    "\"policy-string\":[\"version: STSv1\",\"mode: testing\","
    "\"mx: *.mail.company-y.example\",\"max_age: 86400\"],"
    "\"policy-domain\":\"company-y.example\","
    "\"mx-host\":[\"*.mail.company-y.example\"]},"
    "\"summary\":{\"total-successful-session-count\":5326,"
    "\"total-failure-session-count\":303},"
    "\"failure-details\":["
    "{\"result-type\":\"certificate-expired\","
    "\"sending-mta-ip\":\"2001:db8:abcd:12::1\","
    "\"receiving-mx-hostname\":\"mx1.mail.company-y.example\","
    "\"failed-session-count\":100},"
    "{\"result-type\":\"starttls-not-supported\","
    "\"sending-mta-ip\":\"2001:db8:abcd:13::1\","
    "\"receiving-mx-hostname\":\"mx2.mail.company-y.example\","
    "\"receiving-ip\":\"203.0.113.56\",\"failed-session-count\":200,"
    "\"additional-information\":\"https://reports.company-x.example/?id=5\"},"
    "{\"result-type\":\"validation-failure\","
    "\"sending-mta-ip\":\"198.51.100.62\","
    "\"receiving-mx-hostname\":\"mx-backup.mail.company-y.example\","
    "\"receiving-ip\":\"203.0.113.58\",\"failed-session-count\":3,"
    "\"failure-reason-code\":\"X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED\"}"
    "]}]}\n";

static struct tlsrpt_report
report_of(const struct tlsrpt_entry *const *e, size_t n, const char *domain)
{
	return (struct tlsrpt_report){ .submitter = "mx.company-x.example",
		.contact = "tls@company-x.example",
		.domain = slice_of(domain), .day = DAY, .entry = e, .n = n };
}

static void
test_example(void **state)
{
	struct tlsrpt_tally t = { 0 };
	struct buf out = { 0 };
	const struct tlsrpt_entry **e;
	struct tlsrpt_report r;

	(void)state;
	add_example(&t);
	e = tlsrpt_tally_sorted(&t);
	r = report_of(e, t.rows.n, "company-y.example");
	tlsrpt_report_put(&out, &r);
	assert_string_equal(buf_str(&out), example_json);
	free(e);
	buf_free(&out);
	tlsrpt_tally_free(&t);
}

/* Whoever dies in between: lines add up, and what is broken does not count. */
static void
test_lines(void **state)
{
	struct tlsrpt_tally t = { 0 }, again = { 0 };
	struct buf lines = { 0 }, out = { 0 };
	const struct tlsrpt_entry **e;
	struct tlsrpt_report r;

	(void)state;
	add_example(&t);
	tlsrpt_tally_drain(&t, &lines);
	assert_int_equal(t.rows.n, 0);
	add_example(&t); /* half of it comes from elsewhere */
	buf_puts(&lines, "\n17\tcut off\n-1\tx\n99999999999999999999\ty\n"
	    "1\ta.test\tno-policy-found\t\t\tsuccessful\n"
	    "1\ta.test\tno-policy\t\t\tsuccessful\t\n"
	    "1\ta.test\tsts\t%4\t\tsuccessful\t\n");
	tlsrpt_tally_drain(&t, &lines);
	buf_puts(&lines, "1\ta.test\tno-policy-found\t\t\tsuccessful\t");
	tlsrpt_tally_read(&again, buf_slice(&lines));
	e = tlsrpt_tally_sorted(&again);
	assert_int_equal(again.rows.n, 4);
	assert_int_equal(tlsrpt_same_domain(e, 4), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(e[i]->count % 2, 0);
	r = report_of(e, 4, "company-y.example");
	tlsrpt_report_put(&out, &r);
	assert_non_null(strstr(buf_str(&out), "session-count\":10652,"));
	assert_non_null(strstr(buf_str(&out), "session-count\":606}"));
	free(e);
	buf_free(&out);
	buf_free(&lines);
	tlsrpt_tally_free(&t);
	tlsrpt_tally_free(&again);
}

/* Two domains, of which one is the beginning of the other; two policies. */
static void
test_groups(void **state)
{
	static const char *const domains[] = { "a.test.b", "a.test", "b.test",
		"a.test", "a.test" };
	struct tlsrpt_tally t = { 0 };
	const struct tlsrpt_entry **e;
	struct tlsrpt_report report;
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct tls_result r = { .policy = {
			.type = i == 4 ? TLS_POLICY_TLSA : TLS_POLICY_NOT_FOUND,
			.domain = slice_of(domains[i]) },
			.type = i == 3 ? TLS_RESULT_EXPIRED : TLS_RESULT_OK };

		tlsrpt_tally_add(&t, &r, 1);
	}
	e = tlsrpt_tally_sorted(&t);
	assert_int_equal(t.rows.n, 5);
	assert_int_equal(tlsrpt_same_domain(e, 5), 3);
	assert_int_equal(tlsrpt_same_policy(e, 3), 2);
	assert_int_equal(tlsrpt_same_domain(e + 3, 2), 1);
	report = report_of(e, 3, "a.test");
	tlsrpt_report_put(&out, &report);
	assert_non_null(strstr(buf_str(&out), "\"policies\":[{\"policy\":{"
	    "\"policy-type\":\"no-policy-found\",\"policy-domain\":"
	    "\"a.test\"},\"summary\":{\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":1},\"failure-details\":[{"
	    "\"result-type\":\"certificate-expired\","
	    "\"failed-session-count\":1}]},{\"policy\":{\"policy-type\":"
	    "\"tlsa\","));
	buf_free(&out);
	free(e);
	tlsrpt_tally_free(&t);
}

/* However much there is, and whatever servers say. */
static void
test_bounds(void **state)
{
	struct tlsrpt_tally t = { .max = 10 };
	struct buf long_list = { 0 }, text = { 0 }, out = { 0 };
	struct tls_result r = { .policy.domain = slice_of("a.test"),
		.type = TLS_RESULT_FAILURE }, got;
	const struct tlsrpt_entry **e;
	struct tlsrpt_report report;
	char host[20];

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_puts(&long_list, "3 1 1 0123456789abcdef\n");
	r.policy.strings = buf_slice(&long_list);
	r.reason = SLICE("a\t%\n\"\xff\0b");
	for (int i = 0; i < 20; i++) {
		snprintf(host, sizeof host, "mx%d.test", i);
		r.host = slice_of(host);
		tlsrpt_tally_add(&t, &r, 1);
	}
	assert_int_equal(t.rows.n, 10);
	assert_int_equal(t.lost, 10);
	e = tlsrpt_tally_sorted(&t);
	assert_true(tlsrpt_entry_read(e[0], &text, &got));
	assert_true(slice_eq(got.reason, r.reason));
	assert_true(got.policy.strings.n > 7900 &&
	    got.policy.strings.n <= 8000);
	assert_int_equal(got.policy.strings.p[got.policy.strings.n - 1], '\n');
	report = report_of(e, 10, "a.test");
	tlsrpt_report_put(&out, &report);
	assert_null(strchr(buf_str(&out), '\t'));
	assert_non_null(strstr(buf_str(&out), "\"a\\u0009%\\u000a\\\""));
	assert_int_equal(slice_find(buf_slice(&out), '\n'), out.n - 1);
	free(e);
	buf_free(&long_list);
	buf_free(&text);
	buf_free(&out);
	tlsrpt_tally_free(&t);
}

static void
test_nobody(void **state)
{
	struct tlsrpt_tally t = { 0 };
	const struct tls_result r = { .type = TLS_RESULT_OK };

	(void)state;
	tlsrpt_tally_add(&t, &r, 1);
	assert_int_equal(t.rows.n, 0);
	tlsrpt_tally_free(&t);
}

static const char mail_head[] =
    "From: tls@company-x.example\r\n"
    "To: <tls@company-y.example>\r\n"
    "Date: Sat, 2 Apr 2016 00:00:07 +0000\r\n"
    "Subject: Report Domain: company-y.example\r\n"
    " Submitter: mx.company-x.example\r\n"
    " Report-ID: <2016-04-01.company-y.example@mx.company-x.example>\r\n"
    "Message-ID: <2016-04-01.company-y.example@mx.company-x.example>\r\n"
    "TLS-Report-Domain: company-y.example\r\n"
    "TLS-Report-Submitter: mx.company-x.example\r\n"
    "TLS-Required: No\r\n"
    "Auto-Submitted: auto-generated\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/report;\r\n"
    " report-type=\"tlsrpt\"; boundary=\"=_tls-report\"\r\n\r\n";

static void
test_mail(void **state)
{
	struct tlsrpt_tally t = { 0 };
	struct buf mail = { 0 }, json = { 0 };
	const struct tlsrpt_entry **e;
	struct tlsrpt_report r;
	struct slice rest, line;
	size_t head;

	(void)state;
	add_example(&t);
	e = tlsrpt_tally_sorted(&t);
	r = report_of(e, t.rows.n, "company-y.example");
	head = tlsrpt_report_put_mail(&mail, &r, "tls@company-y.example",
	    (DAY + 1) * TLSRPT_DAY + 7);
	assert_int_equal(head, sizeof mail_head - 1);
	assert_memory_equal(buf_str(&mail), mail_head, head);
	assert_non_null(strstr(buf_str(&mail), "filename=\"mx.company-x."
	    "example!company-y.example!1459468800!1459555199.json\""));
	rest = slice_of(strstr(buf_str(&mail), ".json\"\r\n\r\n") + 10);
	while (slice_cut(&rest, '\n', &line) && line.p[0] != '-') {
		assert_true(line.n <= 77 && line.p[line.n - 1] == '\r');
		assert_true(base64_decode(&json, slice_trim(line)));
	}
	assert_string_equal(buf_str(&json), example_json);
	free(e);
	buf_free(&mail);
	buf_free(&json);
	tlsrpt_tally_free(&t);
}

static void
test_days(void **state)
{
	struct buf out = { 0 };
	int64_t day = 7;

	(void)state;
	tlsrpt_day_put(&out, DAY);
	assert_string_equal(buf_str(&out), "2016-04-01");
	assert_true(tlsrpt_day_parse(buf_slice(&out), &day));
	assert_int_equal(day, DAY);
	assert_false(tlsrpt_day_parse(SLICE("2016-4-1"), &day));
	assert_false(tlsrpt_day_parse(SLICE("2016-02-30"), &day));
	assert_false(tlsrpt_day_parse(SLICE("yesterday!"), &day));
	assert_int_equal(day, DAY);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
