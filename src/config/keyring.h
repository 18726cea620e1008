/* SPDX-License-Identifier: ISC */
/*
 * keyring.h - who signs a message, and with which keys.
 *
 * A key is read when the first message wants it, and anew when its file has
 * changed.  What is believed of a file is as with passwords (secret.h): mode
 * 0600 or 0640 or stricter, and the way to it is ours.  From the first key on
 * the process is not dumpable.
 */
#ifndef CONFIG_KEYRING_H
#define CONFIG_KEYRING_H

#include "base/outcome.h"
#include "net/module.h"
#include "sign/dkim.h"
#include "sign/rules.h"

struct key_slot;

/* Zero-initialise. */
struct keyring {
	const struct net_module *net; /* opened with the first key */
	struct key_slot *slot;
	size_t n;
};

void keyring_free(struct keyring *k);

/* What decides who signs. */
struct sign_facts {
	struct slice head;	/* finished (message.h) */
	const char *sender;	/* the domain of the envelope's, or "" */
	unsigned uid;		/* who handed it in */
	bool is_ours;		/* the queue made it itself: a bounce */
};

/*
 * The rule for this message, and in domain who signs: sign_rules_choose(), of
 * rules with `users` only for these.  NULL: nobody.
 */
const struct sign_rule *sign_rule_for(const struct sign_rules *rules,
    const struct sign_facts *facts, char domain[SIGN_DOMAIN]);

/*
 * May a message with this header be signed?  Not with several From fields (RFC
 * 5322 3.6 allows one): who reads it may be shown another than the one whose
 * domain signs (RFC 6376 8.15), and large servers refuse it.  False with *why,
 * FAILED at STAGE_MESSAGE.
 */
bool sign_is_sound(struct slice head, struct outcome *why);

/* Who signs one message, with a share of each key. */
struct signing {
	struct signer signer;
	char domain[SIGN_DOMAIN];
};

/*
 * Set *out to sign by this rule as domain; signing_free() it.  *says gets a
 * line about each key that is read and weak.  False with *why, DEFERRED at
 * STAGE_CONFIG and status 78: the key cannot be read, is not to be believed, of
 * the wrong kind or too short; a person mends that, and until then nothing is
 * sent without a signature.  A shortage of our own is at STAGE_SYSTEM.
 */
bool keyring_open(struct keyring *k, const struct sign_rule *rule,
    const char *domain, struct signing *out, struct buf *says,
    struct outcome *why);
void signing_free(struct signing *s);

#endif
