/* SPDX-License-Identifier: ISC */
/*
 * address.h - mail addresses: RFC 5322 lists in, SMTP paths out.
 *
 * This is the one constructor for what stands between < and > in MAIL and
 * RCPT. An address that comes out of here holds no control byte, quoted or
 * not, obeys the length limits of RFC 5321 4.5.3.1, has its domain in A-label
 * form (IDNA 2008 by libidn2) and is safe to write on the wire.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>

#include "base/result.h"
#include "base/slice.h"
#include "mail/idn.h"

struct address {
	char *path;	/* "bob@example.org", "\"a b\"@[192.0.2.1]"; "" = <> */
	char *domain;	/* lower case A-labels or "[192.0.2.1]"; "" in <> */
	char *name;	/* display name as UTF-8, decoded; "" when none */
	bool utf8;	/* the local part needs SMTPUTF8 (RFC 6531) */
	bool bare;	/* it was written without a domain */
};

/* What stands where an address should, and what is wrong with it. */
struct bad_address {
	char *text;
	struct result *why; /* FAILED, STAGE_ADDRESS */
};

struct address_list {
	struct address *v;
	size_t n;
	struct bad_address *bad;
	size_t nbad;
};

/* How addresses are read. */
struct address_options {
	struct slice default_domain; /* qualifies bare names ("root"); empty:
					they are errors */
	const struct idn *idn;	/* for domains that are not ASCII; NULL: they
				   are errors */
	struct slice short_name; /* what this host is called at home ("box"),
				    or empty; in an address it means ... */
	struct slice full_name;	 /* ... this */
	bool dash; /* it may begin with '-': who gave it meant an address */
	bool chosen; /* somebody chose default_domain: a name without a domain
			is there, and means nobody of this host */
};

void address_free(struct address *a);
void address_list_free(struct address_list *l);

/*
 * Read a whole RFC 5322 address-list (obsolete forms, comments, groups, quoted
 * local parts, source routes which are dropped, U-label domains, bare local
 * names) and append its mailboxes to *out.  A local part that is no dot-string
 * is taken and quoted ("foo."@example.org); a missing comma is forgiven before
 * an address with a domain, and a ';' for a comma.
 *
 * What cannot be used - control bytes, a leading '-', over-long
 * parts, junk - goes to out->bad, the others stand; false when there is any.
 */
bool address_list_parse(struct slice text, const struct address_options *o,
    struct address_list *out);

/*
 * One mailbox and nothing else.  "" and "<>" give the null reverse-path.  False
 * with *why (STAGE_ADDRESS, FAILED), which shows the text; or idn's, when there
 * is no way to read it here.
 */
bool address_parse(struct slice text, const struct address_options *o,
    struct address *out, struct outcome *why);

/*
 * Append "Name <path>", or the path alone without a name, as a header field
 * has it: the name quoted or as encoded words when it must be, control bytes
 * in it as blanks.  column is how much stands in the line already; charset is
 * what a name is in that is no UTF-8.
 */
void address_put(struct buf *out, struct slice name, struct slice path,
    size_t column, const char *charset);

/* What a domain means here: full_name for this host's short_name. */
static inline struct slice
address_domain(const struct address_options *o, struct slice domain)
{
	return o->short_name.n > 0 && slice_eq_nocase(domain, o->short_name) ?
	    o->full_name : domain;
}

/*
 * A domain as DNS and the wire want it: A-labels, lower case, no trailing dot;
 * or an address literal, normalised.  Returns a heap string, NULL with *why.
 */
char *domain_to_ascii(struct slice domain, const struct idn *idn,
    struct outcome *why);

/* A host name that is safe to use: LDH labels and '_', RFC 1035 lengths. */
bool domain_is_name(struct slice s);

/* Same mailbox?  Domains without case, local parts exactly. */
bool address_eq(const struct address *a, const struct address *b);

#endif
