/* SPDX-License-Identifier: ISC */
/*
 * cli_listing.c - mailq's rows beside what Postfix 3.7.11 printed, histories,
 * patterns, and JSON lines into fields.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "deliver/deliver.h"
#include "queue/listing.h"
#include "queue/glob.h"
#include "queue/told.h"
#include "queue/wire.h"

#define LONG "a very long reason that is longer than all the columns that " \
	     "are there for it in the text"

/* `postqueue -j` of Postfix, and then its `postqueue -p` of the same. */
static const char *const theirs[] = {
	"{\"queue_name\": \"deferred\", \"queue_id\": \"82767A72B60\", "
	"\"arrival_time\": 1795677105, \"message_size\": 3278, "
	"\"forced_expire\": false, \"sender\": \"joe@x.test\", "
	"\"recipients\": [{\"address\": \"dave@b.test\", "
	"\"delay_reason\": \"short\"}, {\"address\": \"bob@a.test\", "
	"\"delay_reason\": \"come later\"}, {\"address\": \"erin@c.test\", "
	"\"delay_reason\": \"" LONG "\"}, {\"address\": \"carol@a.test\", "
	"\"delay_reason\": \"come later\"}]}",
	"{\"queue_name\": \"hold\", \"queue_id\": \"832D7A72532\", "
	"\"arrival_time\": 1795677105, \"message_size\": 299, "
	"\"forced_expire\": false, \"sender\": \"MAILER-DAEMON\", "
	"\"recipients\": [{\"address\": \"bob@a.test\", "
	"\"delay_reason\": \"come later\"}]}",
};
static const char theirs_text[] =
"-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
"82767A72B60    3278 Thu Nov 26 07:11:45  joe@x.test\n"
"                                                                       "
"(short)\n"
"                                         dave@b.test\n"
"                                                                  "
"(come later)\n"
"                                         bob@a.test\n"
"(" LONG ")\n"
"                                         erin@c.test\n"
"                                                                  "
"(come later)\n"
"                                         carol@a.test\n"
"\n"
"832D7A72532!     299 Thu Nov 26 07:11:45  MAILER-DAEMON\n"
"                                                                  "
"(come later)\n"
"                                         bob@a.test\n"
"\n"
"-- 3 Kbytes in 2 Requests.\n";

static void
test_as_postfix(void **state)
{
	struct listing_row row = { 0 };
	struct buf out = { 0 };
	uint64_t octets = 0;

	(void)state;
	listing_put_head(&out);
	for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
		char *line = mem_dup(slice_of(theirs[i]));

		assert_true(listing_read(&row, line, strlen(line)));
		buf_puts(&out, i > 0 ? "\n" : "");
		listing_put_text(&out, &row, 0);
		octets += row.size;
		free(line);
	}
	listing_put_end(&out, 2, octets);
	assert_string_equal(buf_str(&out), theirs_text);
	buf_clear(&out);
	listing_put_end(&out, 1, 1023);
	listing_put_end(&out, 0, 0);
	assert_string_equal(buf_str(&out), "\n-- 0 Kbytes in 1 Request.\n"
	    "Mail queue is empty\n");
	buf_free(&out);
	listing_free(&row);
}

/* A message with recipients a@x.test, b@x.test, ... */
struct sample {
	struct entry e;
	struct slot slots[5];
	struct recipient rcpts[5];
	char path[5][10];
};

static void
sample_init(struct sample *s, size_t n)
{
	*s = (struct sample){ 0 };
	memcpy(s->e.mail.id, "01KB0000000000000000000001", STORE_ID + 1);
	s->e.mail.created = 1795677105;
	s->e.mail.size = 1234;
	s->e.mail.class = CLASS_BULK;
	s->e.mail.envelope.rcpts = s->rcpts;
	s->e.mail.envelope.n = n;
	s->e.slots = s->slots;
	for (size_t i = 0; i < n; i++) {
		memcpy(s->path[i], "?@x.test", 9);
		s->path[i][0] = (char)('a' + (int)i);
		s->rcpts[i].to.path = s->path[i];
		s->slots[i].state = SLOT_PENDING;
	}
}

static const char history[] =
"{\"at\":1,\"rcpt\":\"a@x.test\",\"verdict\":\"deferred\",\"text\":\"old\"}\n"
"rubbish\n"
"{\"at\":2,\"verdict\":\"held\",\"text\":\"by root\"}\n"
"{\"at\":2,\"rcpt\":\"a@x.test\",\"verdict\":\"deferred\","
"\"host\":\"mx.x.test\",\"addr\":\"192.0.2.1:25\",\"code\":450,"
"\"esc\":\"4.7.1\",\"stage\":\"RCPT\",\"text\":\"later \\\"you\\\"\"}\n"
"{\"at\":2,\"rcpt\":\"b@x.test\",\"verdict\":\"deferred\","
"\"text\":\"connect mx.x.test: refused\"}\n"
"{\"at\":3,\"rcpt\":\"z@x.test\",\"text\":\"nobody\"}\n"
"{\"at\":3,\"rcpt\":\"a@x.te";

/* Who waits, why, and that what is done is no row. */
static void
test_fill(void **state)
{
	struct listing_row row = { 0 };
	struct sample s;
	struct buf told = { 0 }, json = { 0 };

	(void)state;
	sample_init(&s, 5);
	for (int i = 0; i < 5; i++)
		s.slots[i].attempts = i != 4;
	s.slots[2].code = 451;
	s.slots[2].esc = (struct esc){ 4, 3, 0 };
	s.slots[3].state = SLOT_DELIVERED;
	buf_puts(&told, history);
	listing_fill(&row, &s.e, &told, false);
	listing_put_json(&json, &row);
	assert_string_equal(buf_str(&json), "{\"queue_name\": \"deferred\", "
	    "\"queue_id\": \"01KB0000000000000000000001\", "
	    "\"arrival_time\": 1795677105, \"message_size\": 1234, "
	    "\"forced_expire\": false, \"sender\": \"MAILER-DAEMON\", "
	    "\"recipients\": [{\"address\": \"a@x.test\", \"delay_reason\": "
	    "\"host mx.x.test[192.0.2.1] said: 450 4.7.1 later \\\"you\\\" (in "
	    "reply to RCPT TO command)\", \"state\": \"P\", \"attempts\": 1}, "
	    "{\"address\": \"b@x.test\", \"delay_reason\": \"connect mx.x.test:"
	    " refused\", \"state\": \"P\", \"attempts\": 1}, "
	    "{\"address\": \"c@x.test\", \"delay_reason\": \"the server said: "
	    "451 4.3.0\", \"state\": \"P\", \"attempts\": 1}, "
	    "{\"address\": \"e@x.test\", \"state\": \"P\", \"attempts\": 0}], "
	    "\"class\": \"bulk\", \"uid\": 0}\n");
	buf_free(&told);
	buf_free(&json);
	listing_free(&row);
}

static void
test_states(void **state)
{
	static const struct {
		const char *name;
		bool active, held, rcpt_held;
		unsigned attempts;
		enum listing_state want;
	} cases[] = {
		{ "new", false, false, false, 0, LISTING_INCOMING },
		{ "tried", false, false, false, 1, LISTING_DEFERRED },
		{ "under way", true, false, false, 1, LISTING_ACTIVE },
		{ "held", false, true, false, 0, LISTING_HELD },
		{ "he is held", false, false, true, 3, LISTING_HELD },
		{ "held, on its way still", true, true, false, 1,
		    LISTING_ACTIVE },
	};
	struct listing_row row = { 0 };
	struct buf none = { 0 };
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sample_init(&s, 1);
		s.e.slot.held = cases[i].held;
		s.slots[0].attempts = (uint16_t)cases[i].attempts;
		if (cases[i].rcpt_held)
			s.slots[0].state = SLOT_HELD;
		listing_fill(&row, &s.e, &none, cases[i].active);
		if (row.state != cases[i].want)
			fail_msg("%s", cases[i].name);
	}
	listing_free(&row);
}

/* What is written is what is read, whatever octets came from outside. */
static void
test_round_trip(void **state)
{
	struct listing_row row = { 0 }, back = { 0 };
	struct buf told = { 0 }, one = { 0 }, two = { 0 }, text = { 0 };
	struct sample s;
	struct outcome o = outcome_make(DEFERRED, STAGE_CONNECT, ESC(4, 4, 1),
	    "bad \x1b[2J \xff \"\\ text\n(x)");

	(void)state;
	sample_init(&s, 2);
	s.slots[0].attempts = s.slots[1].attempts = 2;
	s.e.slot.next_try = 1795677999;
	memcpy(s.e.mail.tag, "tag", 4);
	told_put_outcome(&told, SLICE("a@x.test"), &o, 5, 6);
	listing_fill(&row, &s.e, &told, true);
	listing_put_json(&one, &row);
	buf_put(&two, buf_slice(&one));
	assert_true(listing_read(&back, two.base + two.off, two.n));
	listing_put_text(&text, &back, 60);
	assert_null(memchr(text.base, '\x1b', text.n));
	assert_non_null(strstr(buf_str(&text), "(bad \\x1b[2J "));
	assert_non_null(strstr(buf_str(&text), "(reason unavailable)"));
	assert_non_null(strstr(buf_str(&text), "Nov 26 08:11:45"));
	back.sender = (struct slice){ 0 };
	buf_clear(&text);
	listing_put_json(&text, &back);
	assert_string_equal(buf_str(&one), buf_str(&text));
	buf_free(&told);
	buf_free(&one);
	buf_free(&two);
	buf_free(&text);
	listing_free(&row);
	listing_free(&back);
}

static void
test_reasons(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "{\"at\":1,\"text\":\"no way\"}", "no way" },
		{ "{\"at\":1,\"code\":550,\"text\":\"550-5.1.1 gone\"}",
		    "the server said: 550-5.1.1 gone" },
		{ "{\"at\":1,\"code\":550,\"esc\":\"5.1.1\",\"addr\":"
		    "\"[2001:db8::1]:25\",\"stage\":\"end of data\"}",
		    "host 2001:db8::1[2001:db8::1] said: 550 5.1.1 (in reply "
		    "to end of DATA command)" },
		{ "{\"at\":1,\"code\":535,\"host\":\"r\",\"text\":\"no\","
		    "\"ours\":\"refused joe\"}",
		    "host r said: 535 no; refused joe" },
		{ "{\"at\":1,\"verdict\":\"held\"}", "" },
	};
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *line = mem_dup(slice_of(cases[i].line)), *p = line;
		size_t n = strlen(line);
		struct told t;

		buf_clear(&out);
		assert_true(told_next(&p, &n, &t));
		told_put_reason(&out, &t);
		assert_string_equal(buf_str(&out), cases[i].want);
		assert_false(told_next(&p, &n, &t));
		free(line);
	}
	buf_free(&out);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool want;
	} cases[] = {
		{ "bob@example.org", "bob@example.org", true },
		{ "bob@example.org", "bob@EXAMPLE.org", true },
		{ "Bob@example.org", "bob@example.org", false },
		{ "*@example.org", "a@b\"@example.org", true },
		{ "*@example.org", "bob@sub.example.org", false },
		{ "*@*.example.org", "bob@sub.example.org", true },
		{ "example.org", "bob@example.org", true },
		{ "EXAMPLE.*", "bob@example.org", true },
		{ "bob", "bob@example.org", true },
		{ "b?b", "bob@example.org", true },
		{ "b?b", "boob@example.org", false },
		{ "*a*b*a*", "xxaxxbxxaxx@d", true },
		{ "*a*b*a*", "xxaxxbxx@d", false },
		{ "<>", "", true }, { "<>", "bob@example.org", false },
		{ "", "bob@example.org", false }, { "*", "", true },
		{ "*@*", "", false }, { "bob@", "bob@example.org", false },
		{ "[b]ob", "bob@example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (glob_matches_address(slice_of(cases[i].pattern),
		    slice_of(cases[i].path)) != cases[i].want)
			fail_msg("%s %s", cases[i].pattern, cases[i].path);
	assert_true(glob_matches(SLICE("MX*.org"), SLICE("mx1.x.ORG")));
}

static void
test_wire(void **state)
{
	static const struct {
		const char *line;
		bool ok;
		int64_t n;
		const char *text;
	} cases[] = {
		{ "{}", true, 0, "" },
		{ "{\"n\":-5,\"t\":\"x\"}", true, -5, "x" },
		{ "{\"n\":5,\"new\":{\"a\":[1,\"\\u0041\"]}}", true, 5, "" },
		{ "{\"n\":null,\"t\":null}", true, 0, "" },
		{ "{\"n\":1.5}", false, 0, "" },
		{ "{\"n\":1e3}", false, 0, "" },
		{ "{\"n\":\"5\"}", false, 0, "" },
		{ "{\"n\":99999999999999999999}", false, 0, "" },
		{ "{\"t\":5}", false, 0, "" },
		{ "{\"f\":1}", false, 0, "" },
		{ "{\"a\":{}}", false, 0, "" },
		{ "[]", false, 0, "" }, { "5", false, 0, "" },
		{ "", false, 0, "" }, { "{\"n\":5", false, 0, "" },
		{ "{\"n\":5}{}", false, 0, "" },
		{ "{\"a\":[{\"t\":\"\\n\"} , 2 ] }", true, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *line = mem_dup(slice_of(cases[i].line));
		int64_t n = 0;
		struct slice text = { 0 }, array = { 0 };
		bool flag = false;
		const struct wire_field fields[] = {
			WIRE_NUMBER("n", &n), WIRE_TEXT("t", &text),
			WIRE_FLAG("f", &flag), WIRE_ARRAY("a", &array), { 0 }
		};
		bool ok = wire_read(line, strlen(line), fields);

		if (ok != cases[i].ok || (ok && (n != cases[i].n ||
		    !slice_eq(text, slice_of(cases[i].text)))))
			fail_msg("%s", cases[i].line);
		free(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_postfix),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
