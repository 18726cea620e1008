/* SPDX-License-Identifier: ISC */
/* config_impl.h - what the parts of the configuration share (config.h). */
#ifndef CONFIG_CONFIG_IMPL_H
#define CONFIG_CONFIG_IMPL_H

#include "config/config.h"

/* A text being read. */
struct config_text {
	struct config *config;
	struct settings *settings;
	const char *file;	/* kept */
	struct slice rest;
	unsigned line;		/* of what was read last */
	struct config_section *section;
	size_t sections;	/* this file's, in front of those before */
	struct option_call call; /* for keys of the defaults */
	struct option_call own;	/* for those of the section */
	struct buf *says;
};

/* Copies that live as long as c. */
const char *config_keep(struct config *c, struct slice s);

/* "FILE:LINE: 'WORD': TEXT"; word may be NULL.  Always false. */
bool config_complain(struct buf *says, const char *file, unsigned line,
    const char *word, const char *text);

/* Store KEY = VALUE into t->section; false when said what is wrong. */
bool config_key(struct config_text *t, const char *key, const char *value);

/* The same for [queue] and [local]; printed as --print-config shows it. */
bool config_queue_key(struct config_text *t, const char *key,
    const char *value);
void config_queue_put(const struct config_section *s, struct buf *out);
void config_put_item(struct buf *out, const struct config_item *i);

/* The same for [dkim PATTERN]; and the rule that such a section is. */
bool config_dkim_key(struct config_text *t, const char *key,
    const char *value);
bool config_add_dkim(struct config *c, const struct config_section *section,
    struct buf *says);

/* The path, with the user's home for "~/", kept; NULL without one. */
const char *config_home(struct config_text *t, const char *path);

/* Keys about senders (mail/senders.h), as config_key() takes them. */
bool config_take_rewrite(struct config_text *t, const char *key,
    const char *value);
bool config_take_from_map(struct config_text *t, const char *key,
    const char *value);
bool config_take_masquerade(struct config_text *t, const char *key,
    const char *value);
bool config_take_reply_to(struct config_text *t, const char *key,
    const char *value);

bool yes_parse(const char *value, bool *out);

/* "30/min", "5/s", "1000/h", "1/d". */
bool rate_parse(const char *value, struct rate *out);
#define RATE_WANTED "a rate is wanted, as 30/min, 5/s or 1000/h"

/* May it be given more than once? */
bool config_key_repeats(const char *key);

#endif
