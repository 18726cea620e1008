/* SPDX-License-Identifier: ISC */
/*
 * tls_bundle.c - trust in a file of many certificates without building them.
 *
 * An index says where each certificate and its subject's name lie.  An issuer
 * is nearly always named octet by octet as it names itself; only when none
 * matches so are the names compared as RFC 5280 7.1 does, without case and
 * surplus blanks.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/mem.h"
#include "net/file.h"
#include "net/tls_files.h"
#include "net/tls_pem.h"

#define SEQUENCE 0x30
#define INTEGER	 0x02
#define VERSION_TAG 0xa0

struct tls_bundled {
	size_t at, n;		/* the whole certificate */
	size_t name_at, name_n;	/* its subject */
	unsigned long hash;	/* of the name's meaning; once hashed */
	bool aux;		/* "TRUSTED": trust settings follow it */
};

/* The octets of a DER length that begins at p; 0 when it is none. */
static size_t
length_read(struct slice in, size_t *length)
{
	size_t octets = in.n > 0 ? (unsigned char)in.p[0] : 0;

	*length = octets;
	if (in.n == 0 || octets < 0x80)
		return in.n > 0;
	octets -= 0x80;
	if (octets == 0 || octets > 4 || octets >= in.n)
		return 0;
	*length = 0;
	for (size_t i = 1; i <= octets; i++)
		*length = *length << 8 | (unsigned char)in.p[i];
	return octets + 1;
}

/*
 * Take an element with this tag off *in: the whole of it, and what is inside.
 * False, with *in as it was, when there is none.
 */
static bool
element(struct slice *in, unsigned char tag, struct slice *whole,
    struct slice *inside)
{
	size_t head, n;

	if (in->n == 0 || (unsigned char)in->p[0] != tag)
		return false;
	head = length_read(slice_from(*in, 1), &n);
	if (head == 0 || n > in->n - 1 - head)
		return false;
	*whole = slice_first(*in, 1 + head + n);
	*in = slice_from(*in, whole->n);
	*inside = slice_from(*whole, 1 + head); /* last: it may be in itself */
	return true;
}

/* RFC 5280 4.1: the subject is what follows the validity. */
static bool
find_subject(struct slice der, struct slice *subject)
{
	struct slice in, whole;

	if (!element(&der, SEQUENCE, &whole, &in) ||
	    !element(&in, SEQUENCE, &whole, &in))
		return false;
	element(&in, VERSION_TAG, &whole, subject);
	return element(&in, INTEGER, &whole, subject) && /* the serial */
	    element(&in, SEQUENCE, &whole, subject) && /* algorithm */
	    element(&in, SEQUENCE, &whole, subject) && /* issuer */
	    element(&in, SEQUENCE, &whole, subject) && /* validity */
	    element(&in, SEQUENCE, subject, &whole);
}

static bool
keep(struct tls_bundle *b, struct slice der, bool aux)
{
	struct tls_bundled *e;
	struct slice name;

	if (!find_subject(der, &name))
		return false;
	b->v = mem_resize(b->v, b->n + 1, sizeof *b->v);
	e = &b->v[b->n++];
	*e = (struct tls_bundled){ .at = b->der.n, .n = der.n, .aux = aux };
	e->name_at = e->at + (size_t)(name.p - der.p);
	e->name_n = name.n;
	buf_put(&b->der, der);
	return true;
}

/* Keep it when it is a certificate; false when that is damaged. */
static bool
take(struct tls_bundle *b, const struct tls_pem *item)
{
	bool aux = slice_eq(item->kind, SLICE(PEM_STRING_X509_TRUSTED));
	struct buf der = { 0 };
	bool ok;

	if (!aux && !slice_eq(item->kind, SLICE(PEM_STRING_X509)) &&
	    !slice_eq(item->kind, SLICE(PEM_STRING_X509_OLD)))
		return true;
	ok = tls_pem_decode(item, &der) && keep(b, buf_slice(&der), aux);
	buf_free(&der);
	return ok;
}

int
tls_bundle_parse(struct tls_bundle *b, struct slice pem)
{
	struct tls_pem item;

	buf_reserve(&b->der, pem.n / 4 * 3); /* more than it will be */
	while (tls_pem_next(&pem, &item))
		if (!take(b, &item))
			return -1;
	return (int)b->n;
}

void
tls_bundle_free(struct tls_bundle *b)
{
	free(b->path);
	free(b->v);
	buf_free(&b->der);
	*b = (struct tls_bundle){ 0 };
}

/* What SSL_CERT_FILE names is read when an issuer is not known otherwise. */
static void
read_late(struct tls_bundle *b)
{
	struct buf text = { 0 };

	if (!b->path)
		return;
	if (file_read(b->path, &text))
		tls_bundle_parse(b, buf_slice(&text));
	buf_free(&text);
	free(b->path);
	b->path = NULL;
}

static struct slice
part(const struct tls_bundle *b, size_t at, size_t n)
{
	return slice_first(slice_from(buf_slice(&b->der), at), n);
}

static unsigned long
hash_of(const X509_NAME *name)
{
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(name, NULL, NULL, &ok);

	return ok ? hash : 0;
}

/* Once, and only when some issuer is not found by its octets. */
static void
hash_all(struct tls_bundle *b)
{
	struct tls_bundled *e;

	for (e = b->v; !b->hashed && e < b->v + b->n; e++) {
		struct slice name = part(b, e->name_at, e->name_n);
		const unsigned char *p = (const unsigned char *)name.p;
		X509_NAME *built = d2i_X509_NAME(NULL, &p, (long)name.n);

		e->hash = built ? hash_of(built) : 0;
		X509_NAME_free(built);
	}
	b->hashed = true;
}

static void
build(X509_STORE *store, const struct tls_bundle *b,
    const struct tls_bundled *e)
{
	struct slice der = part(b, e->at, e->n);
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *x = e->aux ? d2i_X509_AUX(NULL, &p, (long)der.n)
			 : d2i_X509(NULL, &p, (long)der.n);

	if (x)
		X509_STORE_add_cert(store, x);
	X509_free(x);
}

/* Build all of this very name into the store; false when there is none. */
static bool
build_same(X509_STORE *store, const struct tls_bundle *b,
    const X509_NAME *wanted)
{
	const unsigned char *p;
	struct slice der;
	bool found = false;

	if (X509_NAME_get0_der(wanted, &p, &der.n) != 1)
		return false;
	der.p = (const char *)p;
	for (const struct tls_bundled *e = b->v; e < b->v + b->n; e++)
		if (slice_eq(part(b, e->name_at, e->name_n), der)) {
			build(store, b, e);
			found = true;
		}
	return found;
}

/* Those whose name may mean the same: the store looks closely. */
static void
build_alike(X509_STORE *store, struct tls_bundle *b, const X509_NAME *wanted)
{
	unsigned long hash = hash_of(wanted);

	hash_all(b);
	for (const struct tls_bundled *e = b->v; e < b->v + b->n; e++)
		if (e->hash == hash)
			build(store, b, e);
}

/* OpenSSL takes a reference of its own to what stands in *out. */
static int
get_by_subject(X509_LOOKUP *l, X509_LOOKUP_TYPE type, const X509_NAME *name,
    X509_OBJECT *out)
{
	X509_STORE *store = X509_LOOKUP_get_store(l);
	struct tls_bundle *b = X509_LOOKUP_get_method_data(l);
	X509_OBJECT *found;
	X509 *x;

	if (type != X509_LU_X509)
		return 0;
	ERR_set_mark();
	read_late(b);
	if (!build_same(store, b, name))
		build_alike(store, b, name);
	ERR_pop_to_mark();
	found = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store),
	    type, name);
	x = found ? X509_OBJECT_get0_X509(found) : NULL;
	if (!x || X509_OBJECT_set1_X509(out, x) != 1)
		return 0;
	X509_free(x); /* the store keeps it */
	return 1;
}

X509_LOOKUP_METHOD *
tls_bundle_lookup(void)
{
	X509_LOOKUP_METHOD *m = X509_LOOKUP_meth_new("bundle");

	if (m && X509_LOOKUP_meth_set_get_by_subject(m, get_by_subject))
		return m;
	X509_LOOKUP_meth_free(m);
	return NULL;
}
