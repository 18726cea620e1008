/* SPDX-License-Identifier: ISC */
/* cli_explained.c - what refusals mean: providers' own words, and codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/explained.h"

static const struct {
	unsigned code;
	struct esc esc;
	const char *text;
	const char *want;	/* the label, and words of the sentence */
} cases[] = {
	{ 550, { 5, 7, 26 }, "This mail has been blocked because the sender "
	    "is\nunauthenticated. Gmail requires all senders to authenticate",
	    "5.7.26: Gmail found neither a passing SPF nor" },
	{ 550, { 5, 7, 26 }, "Unauthenticated email from x.org is not accepted "
	    "due to\ndomain's DMARC policy.",
	    "5.7.26: the domain in From: has a DMARC policy" },
	{ 550, { 5, 7, 26 }, "no words that are known",
	    "5.7.26: neither SPF nor DKIM passes" },
	{ 550, { 5, 7, 1 }, "[192.0.2.1 12] Our system has detected that this "
	    "message is likely \nunsolicited mail.",
	    "5.7.1: the content or the address" },
	{ 421, { 4, 7, 0 }, "[192.0.2.1] Our system has detected an unusual "
	    "rate of\nunsolicited mail originating from your IP address.",
	    "4.7.0: too much of what came" },
	{ 530, { 5, 7, 57 }, "Client not authenticated to send mail.",
	    "5.7.57: the server takes mail to send only after a login" },
	{ 550, { 5, 7, 1 }, "Unfortunately, messages from [192.0.2.1] weren't "
	    "sent. part of their network is on our block list (S3140).",
	    "5.7.1: Outlook has the network" },
	{ 550, { 5, 7, 606 }, "Access denied, banned sending IP [192.0.2.1].",
	    "5.7.606: Microsoft has this address" },
	{ 421, { 4, 7, 0 }, "[TSS04] Messages from 192.0.2.1 temporarily "
	    "deferred due to unexpected volume or user complaints",
	    "4.7.0: Yahoo has had complaints" },
	{ 554, { 5, 7, 1 }, "Service unavailable; Client host [192.0.2.1] "
	    "blocked using zen.spamhaus.org",
	    "5.7.1: the address is on a list of Spamhaus" },
	{ 554, { 5, 7, 1 }, "Error: open resolver; https://www.spamhaus.org/"
	    "returnc/pub/192.0.2.1", "5.7.1: the receiver asks Spamhaus" },
	{ 450, { 4, 2, 0 }, "Recipient address rejected: Greylisted, see "
	    "http://postgrey.schweikert.ch/", "4.2.0: this server puts off" },
	{ 501, { 0, 0, 0 }, "HELO requires domain address",
	    "501: HELO and EHLO need a name" },
	{ 503, { 5, 5, 1 }, "Error: need MAIL command",
	    "5.5.1: RCPT comes after MAIL" },
	{ 554, { 5, 7, 1 }, "<bob@x.org>: Relay access denied",
	    "5.7.1: the recipient's domain is not this server's" },
	/* codes alone */
	{ 550, { 5, 1, 1 }, "", "5.1.1: there is no such mailbox" },
	{ 0, { 5, 1, 10 }, "", "5.1.10: the domain says in DNS" },
	{ 550, { 5, 7, 999 }, "", "5.7.999: a rule about security" },
	{ 550, { 5, 9, 1 }, "", "550: the address or the mail is refused" },
	{ 559, { 5, 9, 1 }, "", "559: refused for good" },
	{ 559, { 0, 0, 0 }, "", "559: refused for good" },
	{ 449, { 0, 0, 0 }, "", "449: not now" },
	{ 0, { 4, 9, 9 }, "", "4.9.9: not now" },
	{ 421, { 0, 0, 0 }, "", "421: the server hangs up" },
	{ 250, { 2, 1, 5 }, "spamhaus", "250: it was done" },
	{ 354, { 0, 0, 0 }, "", "354: the server waits for more" },
	{ 999, { 0, 0, 0 }, "", "999: that is no reply" },
};

static void
test_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = { 0 };

		explained_put(&b, cases[i].code, cases[i].esc,
		    slice_of(cases[i].text));
		if (strncmp(buf_str(&b), cases[i].want,
			strlen(cases[i].want)) != 0)
			assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
}

/* One line each, without a full stop; all enhanced codes of the RFCs. */
static void
test_the_table(void **state)
{
	const char *sentence;
	size_t n = 0;

	(void)state;
	for (; explained_at(n, &sentence); n++) {
		size_t length = strlen(sentence);

		assert_in_range(length, 10, 230);
		assert_int_not_equal(sentence[length - 1], '.');
		assert_null(strchr(sentence, '\n'));
	}
	assert_true(n > 150);
}

static void
test_each_enhanced_code(void **state)
{
	static const unsigned last[] = { 0, 10, 4, 6, 7, 6, 10, 30 };
	struct buf known = { 0 }, unknown = { 0 };

	(void)state;
	for (unsigned short s = 1; s < 8; s++) {
		buf_clear(&unknown);
		explained_put(&unknown, 0, ESC(5, s, 9999), SLICE(""));
		for (unsigned short d = 0; d <= last[s]; d++) {
			buf_clear(&known);
			explained_put(&known, 0, ESC(5, s, d), SLICE(""));
			assert_non_null(strchr(buf_str(&known), ':'));
			if (d > 0)
				assert_string_not_equal(
				    strchr(buf_str(&known), ':'),
				    strchr(buf_str(&unknown), ':'));
		}
	}
	buf_free(&known);
	buf_free(&unknown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_each_enhanced_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
