/* SPDX-License-Identifier: ISC */
/* server_params.c - parameters of MAIL and RCPT: each alone, in every form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "smtp/server_params.h"

#define ALL (~0u)
#define OK  "ok"

static void
put_slice(struct buf *out, const char *key, struct slice value)
{
	if (value.n)
		buf_putf(out, " %s=%.*s", key, (int)value.n, value.p);
}

static void
put_more(struct buf *out, const struct mail_params *m)
{
	if (m->by_mode)
		buf_putf(out, " by=%d%c%s", m->by, m->by_mode,
		    m->by_trace ? "T" : "");
	if (m->priority)
		buf_putf(out, " priority=%d", m->priority);
}

static void
put_ours(struct buf *out, const struct mail_params *m)
{
	put_slice(out, "key", m->key);
	put_slice(out, "tag", m->tag);
	if (m->hold)
		buf_puts(out, " hold");
	if (m->hold_reason.n > 0)
		buf_putf(out, "=%.*s", (int)m->hold_reason.n, m->hold_reason.p);
	if (m->no_alias)
		buf_puts(out, " noalias");
	if (m->queue_only)
		buf_puts(out, " queueonly");
	if (m->hops)
		buf_putf(out, " hops=%u", m->hops);
	if (m->form != FORM_RAW)
		buf_putf(out, " form=%d", (int)m->form);
}

/* What was read, in words. */
static void
put_mail(struct buf *out, const struct mail_params *m)
{
	if (m->size)
		buf_putf(out, " size=%llu", (unsigned long long)m->size);
	if (m->utf8)
		buf_puts(out, " utf8");
	if (m->ret != RET_UNSET)
		buf_putf(out, " ret=%d", (int)m->ret);
	put_slice(out, "envid", m->envid);
	if (m->require_tls)
		buf_puts(out, " tls");
	if (m->hold_for)
		buf_putf(out, " for=%u", (unsigned)m->hold_for);
	if (m->hold_until)
		buf_putf(out, " until=%lld", (long long)m->hold_until);
	put_more(out, m);
	put_ours(out, m);
}

#define X31 "0123456789012345678901234567890"
#define X200 X120 X31 X31 "012345678901234567"
#define X120 X31 X31 X31 "012345678901234567890123456"

static const struct {
	const char *params;
	const char *want;	/* what was read, or the code */
} of_mail[] = {
	{ "", "" },
	{ "   ", "" },
	{ " SIZE=9 BODY=8bitmime SMTPUTF8", " size=9 utf8" },
	{ " SIZE=18446744073709551615", " size=18446744073709551615" },
	{ " SIZE=18446744073709551616", "501" },
	{ " SIZE=-1", "501" },
	{ " SIZE", "501" },
	{ " SIZE=1 size=1", "501" },
	{ " BODY=BINARYMIME", "501" },
	{ " SMTPUTF8=yes", "501" },
	{ " RET=FULL ENVID=a+2B", " ret=1 envid=a+2B" },
	{ " RET=hdrs", " ret=2" },
	{ " RET=", "501" },
	{ " ENVID=a+2b", "501" },
	{ " REQUIRETLS", " tls" },
	{ " REQUIRETLS=1", "501" },
	{ " HOLDFOR=1", " for=1" },
	{ " HOLDFOR=999999999", " for=999999999" },
	{ " HOLDFOR=1000000000", "501" },
	{ " HOLDFOR=0", "501" },
	{ " HOLDFOR=01", "501" },
	{ " HOLDFOR=", "501" },
	{ " HOLDFOR", "501" },
	{ " HOLDUNTIL=1970-01-01T00:00:01Z", " until=1" },
	{ " HOLDUNTIL=1970-01-01T00:00:00Z", "501" },
	{ " HOLDUNTIL=2026-11-22T10:20:00+01:00", " until=1795339200" },
	{ " HOLDUNTIL=tomorrow", "501" },
	{ " HOLDFOR=1 HOLDUNTIL=2026-11-22T10:20:00Z", "501" },
	{ " HOLDUNTIL=2026-11-22T10:20:00Z HOLDFOR=1", "501" },
	{ " BY=120;R", " by=120R" },
	{ " BY=+120;rt", " by=120RT" },
	{ " BY=-5;N", " by=-5N" },
	{ " BY=0;NT", " by=0NT" },
	{ " BY=0;R", "501" },
	{ " BY=-5;R", "501" },
	{ " BY=5", "501" },
	{ " BY=5;", "501" },
	{ " BY=;R", "501" },
	{ " BY=5;X", "501" },
	{ " BY=5;RX", "501" },
	{ " BY=5;RTT", "501" },
	{ " BY=1234567890;R", "501" },
	{ " BY=+-1;N", "501" },
	{ " MT-PRIORITY=9", " priority=9" },
	{ " mt-priority=-9", " priority=-9" },
	{ " MT-PRIORITY=0", "" },
	{ " MT-PRIORITY=-0", "501" },
	{ " MT-PRIORITY=+1", "501" },
	{ " MT-PRIORITY=10", "501" },
	{ " MT-PRIORITY=", "501" },
	{ " MT-PRIORITY", "501" },
	{ " KEY=a+20b", " key=a+20b" },
	{ " KEY=" X120, " key=" X120 },
	{ " KEY=" X120 "x", "501" },
	{ " KEY=a+0Ab", "501" },
	{ " KEY=a+", "501" },
	{ " KEY=", "501" },
	{ " TAG=cron.daily-1_/x", " tag=cron.daily-1_/x" },
	{ " TAG=" X31, " tag=" X31 },
	{ " TAG=" X31 "x", "501" },
	{ " TAG=a[1]", "501" },
	{ " TAG=", "501" },
	{ " HOLD NOALIAS QUEUEONLY", " hold noalias queueonly" },
	{ " HOLD=1+20x", " hold=1+20x" },
	{ " HOLD=" X200, " hold=" X200 },
	{ " HOLD=" X200 "x", "501" },
	{ " HOLD=a+07", "501" },
	{ " HOLD=", "501" },
	{ " NOALIAS=", "501" },
	{ " QUEUEONLY=x", "501" },
	{ " HOPS=65535", " hops=65535" },
	{ " HOPS=65536", "501" },
	{ " HOPS=x", "501" },
	{ " FORM=finished", " form=1" },
	{ " FORM=AS-IS", " form=2" },
	{ " FORM=raw", "501" },
	{ " FORM", "501" },
	{ " UID=0", "555" },
	{ " NOTIFY=NEVER", "555" },
	{ " =", "555" },
	{ " HOLD\x01", "501" },
};

/* What a refusal begins with, or what was read. */
static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof of_mail / sizeof *of_mail; i++) {
		struct slice params = slice_of(of_mail[i].params);
		struct mail_params m;
		struct buf got = { 0 };
		const char *no = params_parse_mail(params, ALL, &m);

		if (no)
			buf_put(&got, slice_first(slice_of(no), 3));
		else
			put_mail(&got, &m);
		if (strcmp(buf_str(&got), of_mail[i].want) != 0)
			fail_msg("'%s': '%s' instead of '%s'",
			    of_mail[i].params, buf_str(&got), of_mail[i].want);
		buf_free(&got);
	}
}

/* Each belongs to one extension, and is unknown without it. */
static void
test_not_offered(void **state)
{
	static const struct {
		const char *params;
		unsigned offer;
	} cases[] = {
		{ " SIZE=1", OFFER_SIZE },
		{ " BODY=7BIT", OFFER_8BITMIME },
		{ " SMTPUTF8", OFFER_SMTPUTF8 },
		{ " RET=FULL", OFFER_DSN },
		{ " ENVID=x", OFFER_DSN },
		{ " AUTH=x", OFFER_AUTH },
		{ " REQUIRETLS", OFFER_REQUIRETLS },
		{ " HOLDFOR=1", OFFER_FUTURERELEASE },
		{ " HOLDUNTIL=2026-11-22T10:20:00Z", OFFER_FUTURERELEASE },
		{ " BY=1;R", OFFER_DELIVERBY },
		{ " MT-PRIORITY=1", OFFER_MT_PRIORITY },
		{ " FORM=FINISHED", OFFER_XSMTPSEND },
		{ " KEY=x", OFFER_XSMTPSEND },
		{ " TAG=x", OFFER_XSMTPSEND },
		{ " HOPS=1", OFFER_XSMTPSEND },
		{ " HOLD", OFFER_XSMTPSEND },
		{ " NOALIAS", OFFER_XSMTPSEND },
		{ " QUEUEONLY", OFFER_XSMTPSEND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice params = slice_of(cases[i].params);
		struct mail_params m;

		assert_null(params_parse_mail(params, cases[i].offer, &m));
		assert_string_equal(params_parse_mail(params,
		    ALL & ~cases[i].offer, &m),
		    "555 5.5.4 Parameter not known");
	}
}

static void
test_rcpt(void **state)
{
	static const struct {
		const char *params;
		unsigned notify;
		const char *orcpt;	/* NULL: refused */
	} cases[] = {
		{ "", 0, "" },
		{ " NOTIFY=never", NOTIFY_NEVER, "" },
		{ " NOTIFY=SUCCESS,DELAY", NOTIFY_SUCCESS | NOTIFY_DELAY, "" },
		{ " NOTIFY=FAILURE,failure", NOTIFY_FAILURE, "" },
		{ " NOTIFY=NEVER,DELAY", 0, NULL },
		{ " NOTIFY=DELAY,", 0, NULL },
		{ " NOTIFY=", 0, NULL },
		{ " NOTIFY", 0, NULL },
		{ " NOTIFY=DELAY NOTIFY=DELAY", 0, NULL },
		{ " ORCPT=rfc822;b+2Bc@x", 0, "rfc822;b+2Bc@x" },
		{ " ORCPT=rfc822;", 0, NULL },
		{ " ORCPT=;b@x", 0, NULL },
		{ " ORCPT=b@x", 0, NULL },
		{ " ORCPT=rfc/822;b@x", 0, NULL },
		{ " HOLD", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rcpt_params r;
		const char *no = params_parse_rcpt(slice_of(cases[i].params),
		    ALL, &r);

		if ((no == NULL) != (cases[i].orcpt != NULL))
			fail_msg("'%s': %s", cases[i].params, no ? no : OK);
		if (no)
			continue;
		assert_int_equal(r.notify, cases[i].notify);
		assert_true(slice_eq(r.orcpt, slice_of(cases[i].orcpt)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_not_offered),
		cmocka_unit_test(test_rcpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
