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

#include "base/codec.h"
#include "base/mem.h"
#include "net/file.h"
#include "net/tls_files.h"

#define SEQUENCE 0x30
#define INTEGER	 0x02
#define VERSION_TAG 0xa0

struct tls_bundled {
	size_t at, n;		/* the whole certificate */
	size_t name_at, name_n;	/* its subject */
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

/* An item of a PEM text (RFC 7468): what is between its two lines. */
struct item {
	struct slice kind;	/* "CERTIFICATE" */
	struct slice base64;	/* in lines */
	bool is_whole;		/* the line that ends it is there */
};

/* Offset of what, or s.n. */
static size_t
offset(struct slice s, struct slice what)
{
	const char *at = memmem(s.p, s.n, what.p, what.n);

	return at ? (size_t)(at - s.p) : s.n;
}

/* Offset of the line that begins with what, or s.n. */
static size_t
line_offset(struct slice s, struct slice what)
{
	size_t at = offset(s, what);

	while (at < s.n && at > 0 && s.p[at - 1] != '\n')
		at += 1 + offset(slice_from(s, at + 1), what);
	return at < s.n ? at : s.n;
}

/* Take the next item off *text; false when there is none. */
static bool
item_next(struct slice *text, struct item *item)
{
	const struct slice begin = SLICE("-----BEGIN ");
	const struct slice end = SLICE("-----END ");
	struct slice rest = slice_from(*text, line_offset(*text, begin));
	size_t n;

	if (rest.n == 0)
		return false;
	rest = slice_from(rest, begin.n);
	item->kind = slice_first(rest, offset(rest, SLICE("-----")));
	rest = slice_from(rest, slice_find(rest, '\n'));
	n = line_offset(rest, end);
	item->base64 = slice_first(rest, n);
	rest = slice_from(rest, n + end.n);
	item->is_whole = slice_starts(rest, item->kind);
	*text = rest;
	return true;
}

/* Lines of whole groups of four, as everybody writes them. */
static bool
lines_decode(struct slice rest, struct buf *der)
{
	struct slice line;

	while (slice_cut(&rest, '\n', &line)) {
		line = slice_trim(line);
		if (line.n % 4 != 0 || !base64_decode(der, line))
			return false;
	}
	return true;
}

/* Lines of any length. */
static bool
joined_decode(struct slice rest, struct buf *der)
{
	struct slice line;
	struct buf text = { 0 };
	bool ok;

	while (slice_cut(&rest, '\n', &line))
		buf_put(&text, slice_trim(line));
	buf_clear(der);
	ok = base64_decode(der, buf_slice(&text));
	buf_free(&text);
	return ok;
}

/* Its octets; false when it is damaged. */
static bool
item_decode(const struct item *item, struct buf *der)
{
	return item->is_whole && (lines_decode(item->base64, der) ||
	    joined_decode(item->base64, der));
}

/* Keep it when it is a certificate; false when that is damaged. */
static bool
item_take(struct tls_bundle *b, const struct item *item)
{
	bool aux = slice_eq(item->kind, SLICE(PEM_STRING_X509_TRUSTED));
	struct buf der = { 0 };
	bool ok;

	if (!aux && !slice_eq(item->kind, SLICE(PEM_STRING_X509)) &&
	    !slice_eq(item->kind, SLICE(PEM_STRING_X509_OLD)))
		return true;
	ok = item_decode(item, &der) && keep(b, buf_slice(&der), aux);
	buf_free(&der);
	return ok;
}

int
tls_bundle_parse(struct tls_bundle *b, struct slice pem)
{
	struct item item;

	buf_reserve(&b->der, pem.n / 4 * 3); /* more than it will be */
	while (item_next(&pem, &item))
		if (!item_take(b, &item))
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

/* By the octets of the names. */
static bool
is_same(struct slice name, const X509_NAME *wanted)
{
	const unsigned char *p;
	size_t n;

	return X509_NAME_get0_der(wanted, &p, &n) == 1 &&
	    slice_eq(name, (struct slice){ (const char *)p, n });
}

/* By what they mean. */
static bool
is_alike(struct slice name, const X509_NAME *wanted)
{
	const unsigned char *p = (const unsigned char *)name.p;
	X509_NAME *built = d2i_X509_NAME(NULL, &p, (long)name.n);
	bool alike = built && X509_NAME_cmp(built, wanted) == 0;

	X509_NAME_free(built);
	return alike;
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

/* Build all of this name into the store; false when there is none. */
static bool
build_named(X509_STORE *store, const struct tls_bundle *b,
    const X509_NAME *wanted, bool (*is)(struct slice, const X509_NAME *))
{
	const struct tls_bundled *e;
	bool found = false;

	for (e = b->v; e < b->v + b->n; e++)
		if (is(part(b, e->name_at, e->name_n), wanted)) {
			build(store, b, e);
			found = true;
		}
	return found;
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
	if (!build_named(store, b, name, is_same))
		build_named(store, b, name, is_alike);
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
