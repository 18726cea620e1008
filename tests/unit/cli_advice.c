/* SPDX-License-Identifier: ISC */
/*
 * cli_advice.c - every sentence of advice, in all cases where it is printed.
 *
 * Outcomes and wishes of all kinds are made at random, as far as they can come
 * together; whatever sentence is chosen, its words must be so.  In the end each
 * row of the table has been printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/advice.h"
#include "report/failure.h"

#define SAMPLES 1600000
#define OF(array, n) (array)[(n) % (sizeof(array) / sizeof(array)[0])]

static uint64_t seed;

/* xorshift64* */
static unsigned
draw(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)(seed * 0x2545f4914f6cdd1dU >> 33);
}

static const char *const texts[] = {
	"no", "no", "no", "10.0.0.1: no such domain (x)",
	"<box>: Helo command rejected: need fully-qualified hostname",
	"<a@box>: Sender address rejected: need fully-qualified address",
	"<b>: Recipient address rejected: need fully-qualified address",
	"relay a.example: a.example names no submission server in DNS (x)",
	"connect relay a.example:587: Could not resolve host: a.example",
	"relay a.example:587: no connection through the proxy within 9 s",
	"certificate of mx: issued by an unknown authority: CN=x",
	"certificate of mx: self-signed certificate",
	"certificate of mx: name mismatch: certificate is for x",
	"certificate of mx: certificate has expired",
	"certificate of mx: by its TLSA records: name mismatch: x is not mx",
	"mx: TLS level dane-only, but mx has no TLSA records",
	"TLS: the other side does not speak TLS here, it said \"220 mx\"",
	"TLS: the other side closed the connection",
	("TLS: the other side refused: certificate required (it demands one of "
	    "the client)"),
	"TLS: the other side refused: handshake failure",
	"the relay offers no AUTH",
	"the relay offers no AUTH mechanism that may be used here, only NTLM",
};

static const struct esc escs[] = { { 0, 0, 0 }, { 5, 1, 1 }, { 5, 1, 2 },
	{ 5, 1, 3 }, { 5, 1, 6 }, { 5, 1, 7 }, { 5, 1, 8 }, { 5, 1, 10 },
	{ 5, 2, 2 }, { 5, 3, 4 }, { 5, 4, 1 }, { 4, 4, 2 }, { 4, 4, 2 },
	{ 5, 4, 4 }, { 5, 4, 6 }, { 5, 6, 7 }, { 5, 7, 0 }, { 5, 7, 1 },
	{ 4, 7, 0 }, { 4, 7, 4 }, { 4, 7, 5 }, { 4, 7, 5 }, { 4, 7, 5 } };

static struct wish
make_wish(void)
{
	static const uint16_t ports[] = { 0, 25, 587, 465, 2525, 24 };
	struct wish w = { .port = OF(ports, draw()), .keys = draw() % 2,
		.verbose = draw() % 2, .server = draw() % 2 };

	if (w.server)
		w.link = (enum link_kind)(draw() % 3);
	return w;
}

static struct endpoint
make_peer(struct wish w)
{
	struct endpoint at = { .port = w.port ? w.port : 25 };
	static const struct ip ips[] = {
		{ .version = 4, .b = { 192, 0, 2, 1 } },
		{ .version = 4, .b = { 10, 0, 0, 1 } },
	};

	at.ip = OF(ips, draw());
	return at;
}

/* As the session gives it: session_waiver() has its own test. */
static enum waiver
make_waiver(const struct outcome *o, struct wish w)
{
	bool untrusted = (o->stage == STAGE_TLS || o->stage == STAGE_DNS) &&
	    o->esc.subject == 7 && o->esc.detail == 5;

	if (o->relay || draw() % 2)
		return WAIVER_NONE;
	if (untrusted)
		return WAIVER_TRUST;
	if (o->stage == STAGE_DNS)
		return WAIVER_NONE;
	return w.link == LINK_SMTPS ? WAIVER_NONE : WAIVER_TLS;
}

static struct outcome
make_outcome(struct wish w)
{
	static const unsigned short codes[] = { 0, 0, 0, 0, 450, 550, 530,
		432, 454, 504, 535 };
	struct outcome o = outcome_make(draw() % 2 ? FAILED : DEFERRED,
	    (enum stage)(1 + draw() % (NSTAGES - 1)), OF(escs, draw()), "%s",
	    OF(texts, draw()));
	struct endpoint peer = make_peer(w);

	if (o.stage >= STAGE_DNS)
		o.relay = draw() % 3 == 0;
	if (o.stage >= STAGE_STARTTLS && draw() % 2)
		outcome_set_tls(&o, "TLSv1.3");
	if (o.stage == STAGE_TLS || o.stage == STAGE_STARTTLS ||
	    o.stage == STAGE_DNS)
		o.waiver = make_waiver(&o, w);
	if (o.stage >= STAGE_CONNECT)
		outcome_set_host(&o, SLICE("mx.example.org"), &peer);
	if (o.stage >= STAGE_GREETING)
		o.code = OF(codes, draw());
	if (o.stage == STAGE_CONNECT || (o.relay && o.code == 0))
		o.timed_out = draw() % 2;
	return o;
}

struct sample {
	struct outcome o;
	struct wish w;
	const char *said;
};

static bool
says(const struct sample *s, const char *words)
{
	return strstr(s->said, words) != NULL;
}

/* Words, and whether they are so. */
struct rule {
	const char *words;
	bool is_so;
};

static const char *
first_lie(const struct sample *s, const struct rule *rule, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!rule[i].is_so && says(s, rule[i].words))
			return rule[i].words;
	return NULL;
}

#define FIRST_LIE(s, rules) first_lie(s, rules, sizeof rules / sizeof *rules)

/* Followed literally, would it help?  Which certificate is it? */
static const char *
lie_about_certificates(const struct sample *s)
{
	const char *text = s->o.text;
	bool issuer = strstr(text, "authority") || strstr(text, "self-signed");
	bool tlsa = strstr(text, "TLSA record") != NULL;
	bool name = strstr(text, "mismatch") && !tlsa;
	const struct rule rules[] = {
		{ "another CA", issuer },
		{ "another name", name },
		{ "the server's owner", !issuer && !name },
		{ "TLSA", s->o.stage == STAGE_DNS },
		{ "shows it one", strstr(text, "demands one") != NULL },
	};

	return FIRST_LIE(s, rules);
}

static const char *
lie_about_tls(const struct sample *s)
{
	const struct outcome *o = &s->o;
	bool other = strstr(o->text, "does not speak TLS") ||
	    strstr(o->text, "closed");
	const struct rule rules[] = {
		{ "may would", o->waiver == WAIVER_TLS },
		{ "takes any", o->waiver == WAIVER_TRUST },
		{ "begins in clear", other },
		{ "is it smtps://", o->relay && (other || o->timed_out) },
		{ "--ca PATH", !o->relay },
		{ "--tls", !o->relay },
		{ "a login or TLS", o->tls[0] == '\0' },
		{ "a relay is never", o->relay },
	};

	return FIRST_LIE(s, rules);
}

static const char *
lie_about_servers(const struct sample *s)
{
	const struct outcome *o = &s->o;
	bool server = s->w.server && !o->relay;
	bool silent = o->stage == STAGE_GREETING && o->code == 0;
	uint16_t port = o->peer.port;
	bool clear = port == 24 || port == 25 || port == 587;
	const struct rule rules[] = {
		{ "--server", server || o->timed_out || o->esc.detail == 6 },
		{ "check the name after --server", server },
		{ "key server", server || o->stage == STAGE_ROUTE },
		{ "{smtps}", server && s->w.link == LINK_SMTP && silent },
		{ "{smtp}", server && s->w.link == LINK_SMTPS },
		{ "is for TLS", port == 465 },
		{ "begins in clear: ", clear },
		{ "if port", port == 465 || port == 2525 },
	};

	return FIRST_LIE(s, rules);
}

static const char *
lie_about_replies(const struct sample *s)
{
	const struct outcome *o = &s->o;
	const struct rule rules[] = {
		{ "the relay wants", o->relay && o->code == 530 },
		{ "server's policy", o->code != 0 },
		{ "mailbox is full", o->code != 0 },
		{ "the server wants", o->code != 0 },
		{ "the server cannot find", o->code != 0 },
		{ "some minutes", o->code != 0 },
		{ "nothing was sent", o->code == 0 },
		{ "too large for it", o->stage != STAGE_MESSAGE },
		{ "it leads to this machine", o->code == 0 },
		{ "check user and password", o->stage == STAGE_AUTH &&
			    o->code != 450 && o->code != 454 },
		{ "Without a user", strstr(o->text, "no AUTH") != NULL },
		{ "another mechanism", o->stage == STAGE_AUTH },
		{ "mend this", o->stage == STAGE_CONFIG },
		{ "--resolver", o->stage == STAGE_DNS },
		{ "brackets", strstr(o->text, "10.0.0.1") != NULL },
		{ "check the relay's name",
		    strstr(o->text, "submission") != NULL },
	};

	return FIRST_LIE(s, rules);
}

static const char *
lie_about_the_rest(const struct sample *s)
{
	const struct outcome *o = &s->o;
	bool silent = o->timed_out && !o->relay;
	const struct rule rules[] = {
		{ "--", !s->w.keys },
		{ "HOST in smtpsend.conf", s->w.keys },
		{ "in smtpsend.conf would", s->w.keys },
		{ "nothing was queued", o->verdict == DEFERRED },
		{ "send it again", o->verdict == DEFERRED },
		{ "-v shows", !s->w.verbose && o->stage >= STAGE_CONNECT },
		{ "port 25", silent && o->peer.port == 25 &&
			    o->peer.ip.b[0] == 192 },
		{ "is the relay's host", o->relay && o->timed_out },
		{ "proxy", strstr(o->text, "proxy") != NULL },
		{ "name right", strstr(o->text, "resolve") != NULL },
		{ "firewall", silent },
	};

	return FIRST_LIE(s, rules);
}

/* The first words in it that are not so, or NULL. */
static const char *
find_lie(const struct sample *s)
{
	static const char *(*const judges[])(const struct sample *s) = {
		lie_about_tls, lie_about_servers, lie_about_replies,
		lie_about_certificates, lie_about_the_rest,
	};
	const char *lie = NULL;

	for (size_t i = 0; i < 5 && !lie; i++)
		lie = judges[i](s);
	return lie;
}

static void
print_sample(const struct sample *s, const char *lie)
{
	struct buf b = { 0 };

	failure_put(&b, &s->o);
	fail_msg("\"%s\" is not so: \"%s\", for: %s (esc %u.%u.%u, code %u, "
	    "relay %d, waiver %d, server %d, link %d)", lie, s->said,
	    buf_str(&b), s->o.esc.cls, s->o.esc.subject, s->o.esc.detail,
	    s->o.code, s->o.relay, s->o.waiver, s->w.server, s->w.link);
}

static void
test_every_sentence_is_so(void **state)
{
	bool seen[200] = { 0 };
	struct sample s;
	const char *lie, *sentence;
	size_t rows = 0;

	(void)state;
	seed = 20261125;
	while (advice_at(rows, false, &sentence))
		rows++;
	assert_true(rows > 40 && 2 * rows < sizeof seen);
	for (unsigned i = 0; i < SAMPLES; i++) {
		s.w = make_wish();
		s.o = make_outcome(s.w);
		s.said = advice_for(&s.o, s.w);
		if (!s.said)
			continue;
		lie = find_lie(&s);
		if (lie)
			print_sample(&s, lie);
		for (size_t r = 0; r < 2 * rows; r++)
			if (advice_at(r / 2, r % 2, &sentence) &&
			    sentence == s.said)
				seen[r] = true;
	}
	for (size_t r = 0; r < 2 * rows; r++)
		if (advice_at(r / 2, r % 2, &sentence) && sentence && !seen[r])
			fail_msg("never printed: %s", sentence);
}

/* Deferred always has something to do about it. */
static void
test_deferred_is_never_without(void **state)
{
	(void)state;
	seed = 7;
	for (unsigned i = 0; i < SAMPLES / 10; i++) {
		struct wish w = make_wish();
		struct outcome o = make_outcome(w);

		if (o.verdict == DEFERRED)
			assert_non_null(advice_for(&o, w));
		o.maybe_sent = true;
		assert_non_null(strstr(advice_for(&o, w), "duplicate"));
	}
}

static void
check(const char *name, struct outcome o, struct wish w, const char *want)
{
	struct buf b = { 0 };

	advice_put(&b, &o, w);
	if (strcmp(buf_str(&b), want) != 0)
		fail_msg("%s: %s", name, buf_str(&b));
	buf_free(&b);
}

static void
test_as_it_is_printed(void **state)
{
	struct endpoint at = { .ip = { .version = 4, .b = { 192, 0, 2, 1 } },
		.port = 465 };
	struct wish w = { .port = 465, .server = true };
	struct outcome o = outcome_make(DEFERRED, STAGE_GREETING,
	    ESC(4, 4, 2), "timed out");

	(void)state;
	outcome_set_host(&o, SLICE("mx.example.org"), &at);
	check("TLS port", o, w, " -- port 465 is for TLS from the first byte: "
	    "write --server smtps://mx.example.org");
	w.keys = true;
	check("as sendmail", o, w, " -- port 465 is for TLS from the first "
	    "byte: write server = smtps://mx.example.org in smtpsend.conf");
	w.keys = false;
	w.link = LINK_SMTPS;
	at.port = 2525;
	o = outcome_make(DEFERRED, STAGE_TLS, ESC(4, 7, 0), "TLS handshake "
	    "with x: the other side refused: handshake failure");
	outcome_set_host(&o, SLICE("2001:db8::1"), &at);
	check("alert", o, w, " -- nothing was queued: send it again later");
	o = outcome_make(DEFERRED, STAGE_TLS, ESC(4, 7, 0), "TLS handshake "
	    "with x: the other side does not speak TLS here, it said \"220\"");
	outcome_set_host(&o, SLICE("2001:db8::1"), &at);
	check("clear", o, w, " -- nothing was queued: if port 2525 begins in "
	    "clear, write --server smtp://[2001:db8::1]:2525");
	at.port = 25;
	outcome_set_host(&o, SLICE("mx\x1b"), &at);
	check("port 25", o, w, " -- port 25 begins in clear: write --server "
	    "smtp://mx\\x1b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sentence_is_so),
		cmocka_unit_test(test_deferred_is_never_without),
		cmocka_unit_test(test_as_it_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
