/* SPDX-License-Identifier: ISC */
/*
 * net_tls_dane.c - a server checked by TLSA records: each usage, selector and
 * matching type, right and wrong (RFC 6698, 7671, 7672 3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_state.h"
#include "route/dane.h"

#define DAY (24 * 3600L)

struct identity {
	X509 *cert;
	EVP_PKEY *key;
};

/* An authority, what it has issued, and one that has issued nothing. */
static struct identity ca, good, wild, nameless, expired, own, stranger;

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* NULL issuer: it signs itself.  names: of subjectAltName, or NULL. */
static struct identity
issue(const char *cn, const char *names, const struct identity *issuer,
    long to, bool is_ca)
{
	struct identity i = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *subject = X509_get_subject_name(i.cert);

	issuer = issuer ? issuer : &i;
	assert_non_null(i.key);
	X509_set_version(i.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(i.cert), 1 + random());
	X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(i.cert, X509_get_subject_name(issuer->cert));
	X509_gmtime_adj(X509_getm_notBefore(i.cert), -30 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(i.cert), to);
	X509_set_pubkey(i.cert, i.key);
	if (names)
		add_extension(i.cert, NID_subject_alt_name, names);
	add_extension(i.cert, NID_basic_constraints,
	    is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	assert_true(X509_sign(i.cert, issuer->key, EVP_sha256()) > 0);
	return i;
}

static int
make_identities(void **state)
{
	(void)state;
	tls_init();
	ca = issue("Authority", NULL, NULL, DAY, true);
	good = issue("mx", "DNS:mx.test", &ca, DAY, false);
	wild = issue("mx", "DNS:*.mail.test", &ca, DAY, false);
	nameless = issue("mx.test", NULL, &ca, DAY, false);
	expired = issue("mx", "DNS:mx.test", &ca, -DAY, false);
	own = issue("mx", "DNS:mx.test", NULL, DAY, false);
	stranger = issue("Authority", NULL, NULL, DAY, true);
	return 0;
}

static int
drop_identities(void **state)
{
	struct identity *const all[] = { &ca, &good, &wild, &nameless, &expired,
		&own, &stranger };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		X509_free(all[i]->cert);
		EVP_PKEY_free(all[i]->key);
	}
	return 0;
}

/* ---- records ---- */

struct record {
	uint8_t usage, selector, matching;
	const struct identity *of; /* NULL: data that nobody can read */
};

static void
add_record(struct dane *d, const struct record *r)
{
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	struct dns_tlsa t = { r->usage, r->selector, r->matching, NULL, 0 };
	struct dns_answer a = { .type = DNS_TLSA, .tlsa = &t, .n = 1,
		.total = 1 };
	unsigned size;
	int n;

	if (!r->of)
		n = 7, der = (unsigned char *)OPENSSL_strdup("garbage");
	else if (r->selector == 0)
		n = i2d_X509(r->of->cert, &der);
	else
		n = i2d_PUBKEY(r->of->key, &der);
	t.data = der;
	t.n = (size_t)n;
	if (r->of && r->matching != 0) {
		EVP_Digest(der, t.n, digest, &size,
		    r->matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
		t.data = digest;
		t.n = size;
	}
	assert_true(dane_take(d, &a));
	OPENSSL_free(der);
}

static struct dane *
records(const struct record *r, size_t n, const char *const *names)
{
	struct dane *d = mem_alloc(sizeof *d);

	d->base = mem_dup(SLICE("mx.test"));
	for (size_t i = 0; i < n && (r[i].of || r[i].usage); i++)
		add_record(d, &r[i]);
	dane_add_name(d, d->base);
	for (size_t i = 0; names && names[i]; i++)
		dane_add_name(d, names[i]);
	return d;
}

/* ---- a handshake ---- */

struct result {
	enum tls_step step;
	bool trusted;
	struct outcome why;
	char record[512];
	char sni[256];
	enum tls_level level;
};

static struct tls_context *
server_with(const struct identity *leaf, bool with_ca)
{
	struct outcome why;
	struct tls_context *c = tls_server_context("x", &(struct tls_config){
	    0 }, &why);

	assert_non_null(c);
	assert_int_equal(SSL_CTX_use_certificate(c->ctx, leaf->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(c->ctx, leaf->key), 1);
	if (with_ca)
		assert_int_equal(SSL_CTX_add1_chain_cert(c->ctx, ca.cert), 1);
	return c;
}

static void
shake(struct stream *client, struct stream *server, struct result *out)
{
	enum tls_step s = TLS_BUSY;
	struct outcome why;

	out->step = TLS_BUSY;
	for (int i = 0; i < 1000 && out->step == TLS_BUSY; i++) {
		out->step = tls_step(client, &out->why);
		if (s == TLS_BUSY)
			s = tls_step(server, &why);
	}
}

static void
look(const struct stream *client, struct result *out)
{
	const struct tls *t = client->state;
	struct buf record = { 0 };

	out->trusted = tls_is_trusted(client);
	out->level = t->level;
	if (tls_dane_put(&record, t))
		snprintf(out->record, sizeof out->record, "%s",
		    buf_str(&record));
	snprintf(out->sni, sizeof out->sni, "%s", t->sni);
	buf_free(&record);
}

/* The context may have served others: what they wanted is not of it. */
static struct result
meet(struct tls_context *cc, const struct identity *leaf, bool with_ca,
    const struct tls_demand *demand)
{
	struct tls_context *sc = server_with(leaf, with_ca);
	struct result r = { .step = TLS_FAILED };
	struct stream client, server;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
	stream_open(&client, fd[0]);
	stream_open(&server, fd[1]);
	assert_true(tls_accept(&server, sc, &r.why));
	if (tls_start(&client, cc, demand, &r.why)) {
		shake(&client, &server, &r);
		look(&client, &r);
	}
	stream_close(&client);
	stream_close(&server);
	tls_context_free(sc);
	return r;
}

static struct tls_context *
client(void)
{
	struct outcome why;
	struct tls_context *c = tls_client_context(&(struct tls_config){
	    .ca = "/etc/ssl/certs" }, &why);

	assert_non_null(c);
	return c;
}

static struct result
meet_by(struct tls_context *cc, const struct identity *leaf, bool with_ca,
    const struct dane *d)
{
	const struct tls_demand demand = { .host = "mx.test",
		.level = TLS_DANE, .dane = d };

	return meet(cc, leaf, with_ca, &demand);
}

/* ---- tests ---- */

/* Every kind of record there is, of the server and of another one. */
static void
test_each_kind(void **state)
{
	struct tls_context *cc = client();

	(void)state;
	for (unsigned k = 0; k < 2 * 2 * 3 * 2; k++) {
		bool right = k % 2 == 0;
		uint8_t usage = (uint8_t)(k / 2 % 2 + 2);
		const struct record r = { usage, (uint8_t)(k / 4 % 2),
			(uint8_t)(k / 8), !right ? &stranger :
			usage == DANE_EE ? &good : &ca };
		struct dane *d = records(&r, 1, NULL);
		struct result got = meet_by(cc, &good, true, d);
		char want[16];

		snprintf(want, sizeof want, "%u %u %u ", r.usage, r.selector,
		    r.matching);
		print_message("    %s%s\n", want, right ? "" : "of another");
		assert_int_equal(got.step, right ? TLS_DONE : TLS_FAILED);
		assert_int_equal(got.trusted, right);
		assert_string_equal(got.sni, "mx.test");
		if (right) {
			assert_memory_equal(got.record, want, strlen(want));
		} else {
			assert_int_equal(got.why.verdict, DEFERRED);
			assert_int_equal(got.why.esc.subject, 7);
			assert_int_equal(got.why.esc.detail, 5);
		}
		dane_free(d);
	}
	tls_context_free(cc);
}

static const char *const with_domain[] = { "a.mail.test", NULL };
static const char *const with_host[] = { "a.test", "mx.test", NULL };
static const char *const with_other[] = { "else.example", NULL };

static const struct {
	const char *name;
	const struct identity *leaf;
	bool with_ca;
	struct record r[3];
	const char *base;	/* NULL = mx.test */
	const char *const *names;
	bool done, trusted;
	enum tls_level level;
	const char *why;	/* in the words of the failure */
} cases[] = {
	/* usage 3: neither names nor dates */
	{ "expired, usage 3", &expired, false, { { 3, 1, 1, &expired } },
	    NULL, NULL, true, true, TLS_DANE, NULL },
	{ "another name, usage 3", &good, false, { { 3, 0, 1, &good } },
	    "else.example", NULL, true, true, TLS_DANE, NULL },
	{ "of nobody known, usage 3", &own, false, { { 3, 1, 2, &own } },
	    NULL, NULL, true, true, TLS_DANE, NULL },

	/* usage 2: both */
	{ "expired, usage 2", &expired, true, { { 2, 0, 1, &ca } }, NULL, NULL,
	    false, false, TLS_DANE, "certificate has expired" },
	{ "another name, usage 2", &good, true, { { 2, 0, 1, &ca } },
	    "else.example", NULL, false, false, TLS_DANE, "name mismatch" },
	{ "one of its names, usage 2", &good, true, { { 2, 0, 1, &ca } },
	    "else.example", with_host,
	    true, true, TLS_DANE, NULL },
	{ "a wildcard for the domain", &wild, true, { { 2, 1, 1, &ca } },
	    "else.example", with_domain, true, true, TLS_DANE, NULL },
	{ "a wildcard for no name", &wild, true, { { 2, 1, 1, &ca } },
	    "a.b.mail.test", with_other, false, false, TLS_DANE,
	    "name mismatch" },
	{ "a name in the subject only", &nameless, true,
	    { { 2, 1, 1, &ca } }, NULL, NULL, true, true, TLS_DANE, NULL },
	{ "the authority is not shown", &good, false, { { 2, 0, 1, &ca } },
	    NULL, NULL, false, false, TLS_DANE, NULL },
	{ "... but all of it is in the record", &good, false,
	    { { 2, 0, 0, &ca } }, NULL, NULL, true, true, TLS_DANE, NULL },
	{ "... or its key", &good, false, { { 2, 1, 0, &ca } }, NULL, NULL,
	    true, true, TLS_DANE, NULL },
	{ "of the leaf, usage 2: it is no issuer", &good, true,
	    { { 2, 1, 1, &good } }, NULL, NULL, false, false, TLS_DANE,
	    "no TLSA record names" },
	{ "of the authority, usage 3", &good, true, { { 3, 1, 1, &ca } }, NULL,
	    NULL, false, false, TLS_DANE, "no TLSA record names" },

	/* several */
	{ "the second is it", &good, true,
	    { { 3, 1, 1, &stranger }, { 3, 1, 1, &good } }, NULL, NULL, true,
	    true, TLS_DANE, NULL },
	{ "usage 2 holds, usage 3 does not", &good, true,
	    { { 3, 1, 1, &stranger }, { 2, 1, 1, &ca } }, NULL, NULL, true,
	    true, TLS_DANE, NULL },
	{ "the stronger digest counts (RFC 7671 9)", &good, true,
	    { { 3, 1, 1, &good }, { 3, 1, 2, &stranger } }, NULL, NULL, false,
	    false, TLS_DANE, "no TLSA record names" },
	{ "one that cannot be read beside one that can", &good, true,
	    { { 3, 1, 0, NULL }, { 3, 1, 1, &good } }, NULL, NULL, true, true,
	    TLS_DANE, NULL },
	{ "... and that is of another", &good, true,
	    { { 3, 1, 0, NULL }, { 3, 1, 1, &stranger } }, NULL, NULL, false,
	    false, TLS_DANE, "no TLSA record names" },
	{ "none can be read: any certificate will do", &expired, false,
	    { { 3, 1, 0, NULL }, { 2, 0, 0, NULL } }, NULL, NULL, true, false,
	    TLS_ENCRYPT, NULL },
};

static void
test_cases(void **state)
{
	struct tls_context *cc = client();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct dane *d = records(cases[i].r, 3, NULL);
		struct result got;

		print_message("    %s\n", cases[i].name);
		if (cases[i].base) {
			free(d->base);
			free(d->name[0]);
			d->base = mem_dup(slice_of(cases[i].base));
			d->name[0] = mem_dup(slice_of(cases[i].base));
		}
		for (size_t k = 0; cases[i].names && cases[i].names[k]; k++)
			dane_add_name(d, cases[i].names[k]);
		got = meet_by(cc, cases[i].leaf, cases[i].with_ca, d);
		assert_int_equal(got.step, cases[i].done ? TLS_DONE :
							   TLS_FAILED);
		assert_int_equal(got.trusted, cases[i].trusted);
		assert_int_equal(got.level, cases[i].level);
		if (cases[i].why && !strstr(got.why.text, cases[i].why))
			assert_string_equal(got.why.text, cases[i].why);
		if (!cases[i].done)
			assert_int_equal(got.why.esc.detail, 5);
		dane_free(d);
	}
	tls_context_free(cc);
}

/* dane-only: what cannot be read is no reason to trust anybody. */
static void
test_nothing_to_go_by(void **state)
{
	const struct record r = { 3, 1, 0, NULL };
	struct dane *d = records(&r, 1, NULL);
	const struct tls_demand demand = { .host = "mx.test",
		.level = TLS_DANE, .dane = d, .dane_only = true };
	struct tls_context *cc = client();
	struct result got = meet(cc, &good, true, &demand);

	(void)state;
	assert_int_equal(got.step, TLS_FAILED);
	assert_string_equal(got.why.text, "mx.test: no TLSA record of mx.test "
	    "has a key or certificate that can be read");
	assert_int_equal(got.why.verdict, DEFERRED);
	assert_int_equal(got.why.esc.detail, 5);
	dane_free(d);
	tls_context_free(cc);
}

/* One context, many hosts: no demand is met by the records of another. */
static void
test_demands_do_not_leak(void **state)
{
	const struct record r = { 3, 1, 1, &good };
	struct dane *d = records(&r, 1, NULL);
	struct tls_context *cc = client();
	const struct tls_demand verify = { .host = "mx.test",
		.level = TLS_VERIFY };
	const struct tls_demand may = { .host = "mx.test", .level = TLS_MAY };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(meet_by(cc, &good, true, d).step, TLS_DONE);
		assert_int_equal(meet(cc, &good, true, &verify).step,
		    TLS_FAILED);
		assert_int_equal(meet_by(cc, &own, false, d).step, TLS_FAILED);
		assert_int_equal(meet(cc, &own, false, &may).step, TLS_DONE);
	}
	dane_free(d);
	tls_context_free(cc);
}

/* What is printed of it: the record, and who is trusted. */
static void
test_level_without_records(void **state)
{
	struct tls_context *cc = client();
	const struct tls_demand demand = { .host = "mx.test",
		.level = TLS_DANE };

	(void)state; /* nobody is trusted by a level alone */
	assert_int_equal(meet(cc, &own, false, &demand).step, TLS_FAILED);
	tls_context_free(cc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nothing_to_go_by),
		cmocka_unit_test(test_demands_do_not_leak),
		cmocka_unit_test(test_level_without_records),
	};

	return cmocka_run_group_tests(tests, make_identities,
	    drop_identities);
}
