/* SPDX-License-Identifier: ISC */
/*
 * cli_clash.c - which options have a meaning beside which job: every long
 * option of the table beside every job, and what of them is not refused.
 */
#include "config/option_clash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "config/option_find.h"

static const struct {
	const char *job, *heeds;
} jobs[] = {
	{ "talk",
	    "server port resolver dnssec trust-anchor ipv4 ipv6 source "
	    "helo timeout max-addresses allow-loopback-mx tls mta-sts ca "
	    "cert key tls-name tls-min tls-max ciphers groups save-cert "
	    "keylog verbose json transcript config no-config help version "
	    "password-command quiet" },
	{ "script",
	    "from default-domain server port resolver dnssec trust-anchor "
	    "ipv4 ipv6 source helo timeout max-addresses "
	    "allow-loopback-mx tls mta-sts ca cert key tls-name tls-min "
	    "tls-max ciphers groups save-cert keylog verbose json "
	    "transcript config no-config help version tap junit "
	    "password-command" },
	{ "script-from", "config no-config help version" },
	{ "probe",
	    "default-domain server port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout allow-loopback-mx tls mta-sts ca "
	    "cert key tls-name tls-min tls-max ciphers groups save-cert "
	    "keylog verbose json transcript config no-config help version "
	    "warn-days" },
	{ "show-cert",
	    "default-domain server port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout allow-loopback-mx tls mta-sts ca "
	    "cert key tls-name tls-min tls-max ciphers groups save-cert "
	    "keylog verbose json transcript config no-config help version "
	    "warn-days" },
	{ "ehlo-diff",
	    "default-domain server port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout allow-loopback-mx tls mta-sts ca "
	    "cert key tls-name tls-min tls-max ciphers groups save-cert "
	    "keylog verbose json transcript config no-config help version" },
	{ "sink",
	    "timeout tls cert key verbose json transcript no-config help "
	    "version sink-dir sink-maildir sink-mbox sink-web "
	    "sink-web-any sink-reply sink-auth sink-peers sink-count "
	    "sink-tls sink-lmtp sink-name" },
	{ "mbox",
	    "fill max-size from name read-recipients as-is default-domain "
	    "ignore-dots resume verp rate server relay proxy port "
	    "resolver dnssec trust-anchor ipv4 ipv6 source helo timeout "
	    "max-addresses max-sessions max-connections allow-loopback-mx "
	    "tls mta-sts ca cert key tls-name tls-min tls-max ciphers "
	    "groups save-cert keylog verbose json brief transcript log "
	    "drop-after reset-after stall exit-codes config no-config "
	    "print-config help version notify return envid" },
	{ "print",
	    "file fill max-size from name read-recipients as-is "
	    "default-domain ignore-dots require-eom subject body "
	    "body-file html-file attach inline to cc bcc reply-to date "
	    "header test-message server relay proxy port resolver dnssec "
	    "trust-anchor ipv4 ipv6 source helo timeout max-addresses "
	    "max-sessions max-connections allow-loopback-mx tls mta-sts "
	    "ca cert key tls-name tls-min tls-max ciphers groups keylog "
	    "verbose json transcript config no-config help version notify "
	    "return envid queue-on-defer wait at expire dedupe "
	    "local-agent" },
	{ "explain",
	    "file max-size from name read-recipients as-is default-domain "
	    "ignore-dots require-eom subject body body-file html-file "
	    "attach inline to cc bcc reply-to date header test-message "
	    "server relay proxy port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout max-addresses max-sessions "
	    "max-connections allow-loopback-mx tls mta-sts ca cert key "
	    "tls-name tls-min tls-max ciphers groups keylog verbose json "
	    "html-report transcript config no-config help version notify "
	    "return envid local-agent" },
	{ "queue",
	    "server relay proxy port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout max-addresses max-sessions "
	    "max-connections allow-loopback-mx tls mta-sts ca cert key "
	    "tls-name tls-min tls-max ciphers groups keylog verbose json "
	    "transcript log config no-config help version" },
	{ "daemon",
	    "server relay proxy port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout max-addresses max-sessions "
	    "max-connections allow-loopback-mx tls mta-sts ca cert key "
	    "tls-name tls-min tls-max ciphers groups keylog verbose json "
	    "transcript log config no-config help version" },
	{ "dkim-keygen", "config no-config help version" },
	{ "dkim-check",
	    "server relay proxy port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout max-addresses max-sessions "
	    "max-connections allow-loopback-mx tls mta-sts ca cert key "
	    "tls-name tls-min tls-max ciphers groups keylog verbose json "
	    "transcript config no-config help version" },
	{ "tls-report",
	    "server relay proxy port resolver dnssec trust-anchor ipv4 "
	    "ipv6 source helo timeout max-addresses max-sessions "
	    "max-connections allow-loopback-mx tls mta-sts ca cert key "
	    "tls-name tls-min tls-max ciphers groups keylog verbose json "
	    "transcript config no-config help version" },
	{ "import-config", "config no-config help version" },
};

static bool
is_word_of(const char *name, const char *words)
{
	struct slice rest = slice_of(words), word;

	while (slice_cut(&rest, ' ', &word))
		if (slice_eq(word, slice_of(name)))
			return true;
	return false;
}

static bool
clashes(const struct option *job, const struct option *o, struct buf *says)
{
	struct option_call c = { .program = "smtpsend", .says = says };

	c.seen[option_index(job)] = true;
	c.seen[option_index(o)] = true;
	return option_clash(&c);
}

static void
test_jobs(void **state)
{
	const struct option *job, *o, *other;
	struct buf says = { 0 };

	(void)state;
	for (size_t k = 0; k < sizeof jobs / sizeof jobs[0]; k++) {
		job = option_by_name(slice_of(jobs[k].job), &other);
		for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
			if (!o->name || o == job)
				continue;
			buf_clear(&says);
			if (clashes(job, o, &says) ==
			    is_word_of(o->name, jobs[k].heeds))
				fail_msg("--%s --%s: %s", job->name, o->name,
				    buf_str(&says));
		}
	}
	buf_free(&says);
}

/* One line, that names both. */
static void
test_words(void **state)
{
	const struct option *job, *o, *other;
	struct buf says = { 0 };

	(void)state;
	job = option_by_name(SLICE("script-from"), &other);
	o = option_by_name(SLICE("subject"), &other);
	assert_true(clashes(job, o, &says));
	assert_string_equal(buf_str(&says),
	    "smtpsend: --subject has no "
	    "meaning with --script-from, which only reads a transcript\n");
	buf_clear(&says);
	job = option_by_name(SLICE("talk"), &other);
	o = option_by_name(SLICE("brief"), &other);
	assert_true(clashes(job, o, &says));
	assert_string_equal(buf_str(&says),
	    "smtpsend: --brief and --talk "
	    "exclude each other\n");
	buf_free(&says);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
