/* SPDX-License-Identifier: ISC */
/* spf_record.h - an SPF record as terms (RFC 7208 4.6, 12). */
#ifndef AUTH_SPF_RECORD_H
#define AUTH_SPF_RECORD_H

#include "base/inet.h"
#include "base/slice.h"

#define SPF_TERMS 128

enum spf_mechanism { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4,
	SPF_IP6, SPF_EXISTS };

struct spf_term {
	enum spf_mechanism kind;
	char qualifier;		/* '+', '-', '~', '?' */
	struct slice spec;	/* a domain, with macros; empty = none */
	unsigned cidr4, cidr6;	/* 32, 128 unless given */
	struct ip ip;
	struct slice text;	/* all of it, as it stands there */
};

/* Its slices lie in the text it was made of. */
struct spf_record {
	struct spf_term term[SPF_TERMS];
	size_t n;
	struct slice redirect, exp; /* empty = none */
};

/* Does a TXT record begin like one? */
bool spf_is_record(struct slice text);

/* False: it is no record by the grammar; *bad is the term that is wrong. */
bool spf_record_parse(struct slice text, struct spf_record *out,
    struct slice *bad);

/* ---- macros (RFC 7208 7) ---- */

/* %{ir}: which letter, how many labels, in which order, by which delimiters. */
struct spf_macro {
	char letter;
	bool url;		/* upper case: to be escaped */
	unsigned digits;	/* 0 = all */
	bool reverse;
	char delimiters[8];	/* "." unless given */
};

enum spf_piece { PIECE_END, PIECE_TEXT, PIECE_MACRO, PIECE_BAD };

/*
 * Take the next piece off a macro-string: *text is literal, or *macro; exp: c,
 * r and t are known, too.
 */
enum spf_piece spf_piece(struct slice *rest, bool exp, struct slice *text,
    struct spf_macro *macro);

#endif
