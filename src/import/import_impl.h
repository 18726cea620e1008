/* SPDX-License-Identifier: ISC */
/* import_impl.h - what the readers share (import.h). */
#ifndef IMPORT_IMPORT_IMPL_H
#define IMPORT_IMPORT_IMPL_H

#include <stddef.h>

#include "base/policy.h"
#include "import/import.h"

/* A server to send by.  Strings are kept by the import; NULL = not given. */
struct import_relay {
	const char *name;
	const char *host;
	unsigned port;		/* 0 = the usual one */
	enum tls_level tls;
	bool wrapped;		/* TLS from the first octet */
	bool lmtp;
	bool login;
	bool chosen;		/* for all mail without a rule of its own */
	const char *user, *auth, *from;
	const char *ca, *cert, *key, *tls_name, *helo, *source, *proxy;
	const char *secret_key;	/* "password-command", ... */
	const char *secret;	/* its value */
	bool shell;
	const char *script;	/* for sed -n: prints the password of ... */
	const char *script_file; /* ... this file */
	bool script_runs;	/* ... or what sh has to run for it */
};

/* What is known of a recipients' domain, by our pattern for it. */
struct import_domain {
	const char *pattern;
	struct buf keys;
};

struct import {
	const struct import_source *source;
	const char *path;	/* of the first file */
	const char *file;	/* what is being read, for notes */
	unsigned line;		/* of it; 0 = none */
	bool own;		/* it is for one user */
	struct buf defaults, queue, local, notes;
	struct import_relay *relay;
	size_t nrelays;
	struct import_domain *domain;
	size_t ndomains;
	char **kept;
	size_t nkept;
};

/* A copy that lives as long as im. */
const char *import_keep(struct import *im, struct slice s);

/* "# FILE:LINE: KEY: why", and nothing of the value. */
void import_note(struct import *im, struct slice key, const char *why);

/* "KEY = VALUE" into one of im's sections, or a note when it cannot stand. */
void import_set(struct import *im, struct buf *section, const char *key,
    struct slice value);

/* "rewrite-from = PATTERN ADDRESS" */
void import_rewrite(struct import *im, struct slice pattern,
    struct slice address);

/* The other program delivers nothing to this machine's own users. */
void import_no_local(struct import *im);

/* The keys of [domain PATTERN]; valid until the next call. */
struct buf *import_domain(struct import *im, struct slice pattern);

/* A copy of *r in im; its name is made one that no other has. */
struct import_relay *import_add_relay(struct import *im,
    const struct import_relay *r);

/*
 * Is it one of ours?  Those always have TLS with a certificate that is right;
 * another is a server, for all mail or none.
 */
bool import_is_relay(const struct import_relay *r);

/* Does its login take one?  A ticket or a certificate does without. */
bool import_needs_secret(const struct import_relay *r);

/*
 * The password of *r is what "sed -n 'LINEs/EXPRESSION/\1/p' FILE" prints, of
 * the line that is being read.
 */
void import_secret(struct import *im, struct import_relay *r,
    const char *expression);

/* "host", "host:port", "[host]:port", "[host]"; false: there is no host. */
bool import_hostport(struct import *im, struct import_relay *r,
    struct slice text);

/* The sections as a configuration; import_convert() checks it. */
void import_put(struct import *im, struct buf *out);

/* Who reads: the relay that keys are about, and what else he knows. */
struct import_reader {
	struct import *im;
	struct import_relay *relay;
	void *more;
};

/* A key of the other program: one of these. */
struct import_key {
	const char *name;
	const char *why;	/* it cannot be carried over */
	void (*take)(struct import_reader *r, struct slice key,
	    struct slice value);
	const char *ours;	/* our key of the section at this offset of
				   struct import */
	size_t at;		/* ... or else of a text in import_relay */
};

#define IMPORT_TEXT(key, field) \
	{ .name = (key), .at = offsetof(struct import_relay, field) }
#define IMPORT_TAKE(key, function) { .name = (key), .take = (function) }
#define IMPORT_WHY(key, text)	   { .name = (key), .why = (text) }
#define IMPORT_OURS(key, section, our) \
	{ .name = (key), .ours = (our), \
	  .at = offsetof(struct import, section) }

/* Take a key by its row in the table rows, which a nameless one ends. */
void import_key(struct import_reader *r, const struct import_key *rows,
    struct slice name, struct slice value);

/* Takers that several share. */
void import_take_port(struct import_reader *r, struct slice key,
    struct slice value);
void import_take_nothing(struct import_reader *r, struct slice key,
    struct slice value);

/* Without the quotes around it, " or '. */
struct slice import_unquoted(struct slice s);

/* The first word of *rest, which loses it and the blanks after it. */
struct slice import_word(struct slice *rest);

/* yes, true, on or 1; case does not count. */
bool import_yes(struct slice value);

/*
 * Call read for each line of text, or of the file at path: trimmed, and neither
 * empty nor a comment.  The import's file and line are where it stands.  False
 * with a note when the file cannot be read; a missing one is said only if it
 * must_exist.
 */
void import_lines(struct import_reader *r, struct slice text,
    void (*read)(struct import_reader *r, struct slice line));
bool import_lines_of(struct import_reader *r, const char *path, bool must_exist,
    void (*read)(struct import_reader *r, struct slice line));

/* The path of name in the folder of the file at path. */
const char *import_beside(struct import *im, const char *path,
    const char *name);

void import_msmtp(struct import *im, struct slice text);
void import_ssmtp(struct import *im, struct slice text);
void import_dma(struct import *im, struct slice text);
void import_nullmailer(struct import *im, struct slice text);
void import_esmtp(struct import *im, struct slice text);
void import_postfix(struct import *im, struct slice text);

#endif
