/* SPDX-License-Identifier: ISC */
/*
 * record.h - the TXT record by which a domain asks for TLS reports (RFC 8460
 * 3), at _smtp._tls.DOMAIN:
 *
 *	v=TLSRPTv1; rua=mailto:tls@example.org,https://example.org/tls
 */
#ifndef TLSRPT_RECORD_H
#define TLSRPT_RECORD_H

#include <stdbool.h>

#include "base/buf.h"

#define TLSRPT_URIS 4	/* that are used of a record; more are left out */

enum tlsrpt_way { TLSRPT_MAIL, TLSRPT_HTTPS };

struct tlsrpt_uri {
	enum tlsrpt_way way;
	char *to;		/* the address without percent-encoding, of
				   which mail/address.h must still approve; or
				   the whole URL, as it stands there */
};

struct tlsrpt_record {
	struct tlsrpt_uri uri[TLSRPT_URIS];
	size_t n;
};

/* Is it one of these at all?  Other TXT records of that name do not count. */
bool tlsrpt_is_record(struct slice text);

/*
 * Read it; unknown fields are left out, and so are URIs of a scheme that no
 * report goes by.  NULL, and *out is to be freed; or what is wrong with it, in
 * static words: then nobody asks for reports.
 */
const char *tlsrpt_record_parse(struct slice text, struct tlsrpt_record *out);
void tlsrpt_record_free(struct tlsrpt_record *r);

#endif
