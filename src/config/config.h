/* SPDX-License-Identifier: ISC */
/*
 * config.h - the configuration: INI files under the command line.
 *
 * /etc/smtpsend/smtpsend.conf, then the user's own, or --config FILE alone.
 * The keys of the defaults are the long options, read by the same functions;
 * what files say is a default, the command line wins.  A file read later wins
 * over one before, key by key and section by section; its sections come first.
 * The user's own counts only when it is his (own.h), and when it can be
 * reached: cron and containers give a HOME that cannot.  smtpsend.conf(5) has
 * all of it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "config/options.h"
#include "route/rules.h"
#include "sign/rules.h"

enum section_kind {
	SECTION_DEFAULTS,
	SECTION_RELAY,
	SECTION_DOMAIN,
	SECTION_QUEUE,
	SECTION_LOCAL,
	SECTION_DKIM,
};

/* A line of a file. */
struct config_item {
	const char *key;
	struct given value;
};

struct config_section {
	enum section_kind kind;
	const char *name;	/* of the relay, or the pattern; "" */
	const char *file;
	unsigned line;
	struct config_item *item;
	size_t nitems;
	struct way way;		/* of keys that are options (not defaults) */
	struct relay_spec relay;
	struct domain_rule domain;
	struct sign_rule dkim;
};

/* Zero-initialise.  Owns every string of the settings that a file gave. */
struct config {
	struct config_section defaults;
	struct config_section queue, local;
	bool is_own;		/* what is read now is the user's own file */
	bool salvage;		/* ... or one that cannot be used: only path,
				   run and user-queue of [queue] are taken,
				   nothing is said */
	const char *own_file;	/* the name of the former, or NULL */
	struct config_section **section; /* in the order to ask them */
	size_t nsections;
	struct rules rules;
	struct sign_rules signing;
	struct senders senders;
	struct option_uses uses; /* of the command line, when a file is read */
	char **kept;
	size_t nkept;
};

void config_free(struct config *c);

/*
 * What options_parse() does, with the files read in between; modes that need no
 * configuration read none.  Returns 0, or the exit status: 78 for a file, said
 * in *says as "FILE:LINE: what is wrong", 71 when it could not be read for lack
 * of something.  With 0 *says may tell of a file that was passed over.  argv
 * and *c outlive *out.
 *
 * What takes mail in or looks after the queue goes on without this machine's
 * configuration when that is wrong (FAULTS row 86): 0, and out->config_fault is
 * what *says says too.
 *
 * What runs the queue is for that of the user, where he has one of his own
 * (own_queue.h), and goes by his configuration then.
 */
int config_options(struct config *c, int argc, char *const argv[],
    struct settings *out, struct buf *says);

/*
 * Read a file's text over what *s and *c have.  False with one line in *says,
 * "FILE:LINE: what is wrong"; then only config_free() is left.
 */
bool config_parse(struct config *c, const char *file, struct slice text,
    struct settings *s, struct buf *says);

/*
 * After the last text and the command line: c->rules from sections and *s.  0;
 * or 78 with the same kind of error; or 64 for a relay of the command line that
 * is none.
 */
int config_finish(struct config *c, struct settings *s, struct buf *says);

/*
 * --print-config: all that is set, as a file that says the same, each value
 * under a comment that tells where it is from.
 */
void config_put(const struct config *c, struct buf *out);

#endif
