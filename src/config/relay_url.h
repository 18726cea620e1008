/* SPDX-License-Identifier: ISC */
/*
 * relay_url.h - where a relay is, as one word.
 *
 *	smtp://[USER@]HOST[:PORT]	587, STARTTLS
 *	smtps://[USER@]HOST[:PORT]	465, TLS from the first byte
 *	DOMAIN				its SRV records say (RFC 6186, 8314)
 */
#ifndef CONFIG_RELAY_URL_H
#define CONFIG_RELAY_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/policy.h"
#include "base/slice.h"

struct relay_url {
	enum link_kind link;
	bool by_srv;
	char host[256];		/* A-labels, or an address without brackets */
	uint16_t port;		/* 0 only by_srv */
	char *user;		/* percent-decoded; NULL = none */
};

/* Has the word a scheme, so that it is no relay's name? */
bool relay_url_has_scheme(struct slice word);

/* NULL, or what is wrong; then *out needs no relay_url_free(). */
const char *relay_url_parse(struct slice word, struct relay_url *out);
void relay_url_free(struct relay_url *u);

#endif
