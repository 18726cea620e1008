/* SPDX-License-Identifier: ISC */
/*
 * senders.h - whose address another one stands for, as pure data.
 *
 * One rule is applied, once: the first of from-map, rewrite-from and
 * masquerade that says something of an address.  The null reverse-path is
 * nobody's and stays (a bounce that can be answered makes mail loops).
 */
#ifndef MAIL_SENDERS_H
#define MAIL_SENDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "mail/address.h"

enum sender_rule { SENDER_STAYS, SENDER_MAP, SENDER_PATTERN,
	SENDER_MASQUERADE };

/* Paths are such as address.h makes. */
struct sender_line {
	char *key;	/* login, or a path in small letters; or a pattern */
	char *path;
	unsigned line;	/* of the file */
};

/* reply-to-original; unless said, for what a pattern replaced. */
enum sender_reply_to { REPLY_TO_USUAL, REPLY_TO_ALWAYS, REPLY_TO_NEVER };

/* Zero-initialise. */
struct senders {
	struct sender_line *map; /* from-map, sorted by key */
	size_t nmap;
	struct sender_line *pattern; /* rewrite-from, in the order to ask */
	size_t npatterns;
	const char *masquerade;	/* domains between blanks; or NULL.  The
				   caller's */
	enum sender_reply_to reply_to;
};

/* "rewrite-from", ...: the key that has the rule. */
const char *sender_rule_name(enum sender_rule rule);

/*
 * Read the text of a from-map instead of the one there was: lines of "login:
 * address" or "address: address", "#" begins a comment.  False with what is
 * wrong, and in which line.
 */
bool senders_read_map(struct senders *s, struct slice text,
    const struct idn *idn, unsigned *line, const char **wrong);

void senders_add_pattern(struct senders *s, struct slice pattern,
    struct slice path);
void senders_drop_patterns(struct senders *s);
void senders_free(struct senders *s);

/*
 * Append what stands for this path; nothing where it stays.  Of this host are
 * the names in o, localhost, and the domain of bare names: there a login is
 * looked for, and there (unless somebody chose that domain) masquerade begins.
 */
enum sender_rule senders_find(const struct senders *s,
    const struct address_options *o, struct slice path, struct buf *out);

/*
 * The same of a sender, in place; *told gets a line about it.  s may be NULL.
 * False: he stays.
 */
bool senders_replace(const struct senders *s, const struct address_options *o,
    struct address *sender, struct buf *told);

/* "FIELD: OLD is now NEW (KEY)", with a newline. */
void senders_tell(struct buf *told, const char *field, struct slice was,
    struct slice is, enum sender_rule rule);

#endif
