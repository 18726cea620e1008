/* SPDX-License-Identifier: ISC */
/* postfix_impl.h - what the parts of the reader for Postfix share. */
#ifndef IMPORT_POSTFIX_IMPL_H
#define IMPORT_POSTFIX_IMPL_H

#include "import/import_impl.h"

/* NAME = VALUE of main.cf, the last one of a name. */
struct postfix_item {
	const char *name, *value;
	unsigned line;
};

struct postfix {
	struct import_reader reader;	/* must be first */
	struct import_relay relay;	/* what is the same for all servers */
	struct postfix_item *item;
	size_t nitems;
	const char *relayhost;
	const char *passwords;		/* smtp_sasl_password_maps */
	unsigned passwords_line;
	bool sasl, by_sender;
	bool level_given;		/* TLS: relay.tls */
	const char *wanted;		/* what a table is searched for */
	struct import_relay *found_for;	/* whose login it is */
};

static inline struct postfix *
postfix_of(struct import_reader *r)
{
	return (struct postfix *)(void *)r;
}

/* The value of a parameter as it is written, or NULL. */
const char *postfix_value(const struct postfix *p, struct slice name);

/* Why this parameter is not carried over, whatever it says; NULL: it may be. */
const char *postfix_why(struct slice name);

/* A parameter, expanded. */
void postfix_key(struct import_reader *r, struct slice name,
    struct slice value);

/* "none", "may", ..., also Postfix's own levels; false: it is none. */
bool postfix_level(struct slice s, enum tls_level *out);

/* The path of the table "hash:/PATH", or NULL with a note. */
const char *postfix_table(struct import *im, struct slice key,
    struct slice value);

/* Tables that are lists of our own rules. */
void postfix_rewrites(struct import_reader *r, struct slice key,
    struct slice value);
void postfix_transports(struct import_reader *r, struct slice key,
    struct slice value);
void postfix_policies(struct import_reader *r, struct slice key,
    struct slice value);
void postfix_senders(struct import_reader *r, struct slice key,
    struct slice value);

/*
 * A relay for relayhost as it is written; its login is what the passwords say
 * for it, or for the sender from (NULL: any).
 */
void postfix_add_relay(struct postfix *p, const char *relayhost,
    const char *from);

#endif
