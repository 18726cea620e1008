/* SPDX-License-Identifier: ISC */
/*
 * tally.h - how often what came of TLS, for the reports of a day (RFC 8460 4).
 *
 * Results that say the same are one entry with a count.  As text an entry is a
 * line, "COUNT<TAB>FIELD<TAB>...", its fields percent-encoded; a tally that
 * reads its own lines adds them up, so runners may append to one file and die
 * at any time.  Bounded: so many entries, and so many octets of each field.
 */
#ifndef TLSRPT_TALLY_H
#define TLSRPT_TALLY_H

#include "base/list.h"
#include "base/table.h"
#include "base/tls_result.h"

#define TLSRPT_ENTRIES 20000

struct tlsrpt_entry {
	struct table_node node;
	struct list_node row;
	struct slice key;	/* its fields: the policy, domain first, ... */
	uint64_t count;
};

/* Zero-initialise, but for table.seed. */
struct tlsrpt_tally {
	struct table table;
	struct list rows;
	size_t max;		/* entries; 0 = TLSRPT_ENTRIES */
	uint64_t lost;		/* results for which there was no room */
};

void tlsrpt_tally_free(struct tlsrpt_tally *t);

/* n times this; one without a domain is of nobody and does not count. */
void tlsrpt_tally_add(struct tlsrpt_tally *t, const struct tls_result *r,
    uint64_t n);

/* What is in these lines; one that is broken is left out. */
void tlsrpt_tally_read(struct tlsrpt_tally *t, struct slice lines);

/* All entries as lines; and none is left. */
void tlsrpt_tally_drain(struct tlsrpt_tally *t, struct buf *out);

/* The fields of an entry, decoded: *r borrows from *text, which is replaced. */
bool tlsrpt_entry_read(const struct tlsrpt_entry *e, struct buf *text,
    struct tls_result *r);

/*
 * All entries, sorted: what is of one domain, and in it of one policy, stands
 * together.  An array to be freed, of tally.rows.n.
 */
const struct tlsrpt_entry **tlsrpt_tally_sorted(const struct tlsrpt_tally *t);

/* The domain of it, which is a name and so stands there as it is. */
struct slice tlsrpt_entry_domain(const struct tlsrpt_entry *e);

/* How many from the first on are of its domain; the first n > 0. */
size_t tlsrpt_same_domain(const struct tlsrpt_entry *const *e, size_t n);
size_t tlsrpt_same_policy(const struct tlsrpt_entry *const *e, size_t n);

#endif
