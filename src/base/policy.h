/* SPDX-License-Identifier: ISC */
/* policy.h - the few words of policy that several layers share. */
#ifndef BASE_POLICY_H
#define BASE_POLICY_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Postfix's smtp_tls_security_level words.  MAY: use TLS when offered, never
 * mind the certificate, fall back to clear.  ENCRYPT: TLS or nothing, never
 * mind the certificate.  VERIFY: TLS, a trusted chain and the right name, or
 * nothing.  DANE: what the TLSA records of a host say (RFC 7672), MAY where
 * there are none.  DANE_ONLY: the same, and no host without.  SECURE: DANE
 * where there are TLSA records, else as VERIFY; and where there is a policy of
 * MTA-STS (RFC 8461), only the hosts that it names.
 *
 * Of one host, where it is known what its TLSA records are, DANE is TLS and a
 * certificate that they name, or nothing: from ENCRYPT on nothing is ever said
 * in clear.
 */
enum tls_level {
	TLS_NONE,
	TLS_MAY,
	TLS_ENCRYPT,
	TLS_VERIFY,
	TLS_DANE,
	TLS_DANE_ONLY,
	TLS_SECURE,
};

/* "none", "may", "encrypt", "verify", "dane", "dane-only",
 * "secure". */
const char *tls_level_name(enum tls_level level);
bool tls_level_parse(struct slice s, enum tls_level *out);

/* Are policies of MTA-STS asked for (RFC 8461)?  Never below level may. */
enum sts_use {
	STS_AS_LEVEL,	/* by level secure only */
	STS_WANTED,	/* but not by dane-only */
	STS_UNWANTED,
};

/* How to log in at a relay: the only method allowed, or any that is safe. */
enum auth_method {
	AUTH_ANY,
	AUTH_PLAIN,
	AUTH_LOGIN,
	AUTH_CRAM_MD5,
	AUTH_XOAUTH2,
	AUTH_OAUTHBEARER,
	AUTH_EXTERNAL,
	AUTH_GSSAPI,
};

/* "PLAIN", ...; NULL for AUTH_ANY. */
const char *auth_method_name(enum auth_method method);
bool auth_method_parse(struct slice s, enum auth_method *out);

/* Does it need a password or a token? */
bool auth_method_needs_secret(enum auth_method method);

/* How a connection begins and what is spoken on it. */
enum link_kind {
	LINK_SMTP,	/* clear at first; STARTTLS as the level says */
	LINK_SMTPS,	/* TLS from the first byte (RFC 8314) */
	LINK_LMTP,	/* RFC 2033: LHLO, a reply per recipient at the end */
};

#endif
