/* SPDX-License-Identifier: ISC */
/*
 * name.h - domain names: as text, as they stand in packets, and which of them a
 * host may have.
 *
 * Names are kept in one form: lower case, no trailing dot, "" for the root.
 * RFC 1035 2.3.1, RFC 1123 2.1; an underscore is let through, as hosts with one
 * exist.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

#define DNS_NAME_SIZE 256 /* room for any name and its NUL */

/*
 * Text to the kept form: labels of 1 to 63 letters, digits, hyphens (not at
 * their ends) and underscores; at most 253 octets; one trailing dot may stand.
 */
bool dns_name_parse(struct slice text, char out[DNS_NAME_SIZE]);

/*
 * Labels of any octets, with dots between them, to the kept form: what others
 * make of addresses, for SPF.  False when it does not fit.
 */
bool dns_name_escape(struct slice text, char out[DNS_NAME_SIZE]);

/* Text that may be in the kept form already, with \DDD, to the kept form. */
bool dns_name_keep(struct slice text, char out[DNS_NAME_SIZE]);

/* Append a kept name as a packet has it, uncompressed. */
void dns_name_put_wire(struct buf *out, const char *kept);

/*
 * May name (in the kept form) be a host's?  Like dns_name_parse(), and the last
 * label is not a number: "192.0.2.1" is an address, not a name.
 */
bool dns_name_is_host(const char *name);

/* "localhost" or below it (RFC 6761 6.3): loopback, never asked for. */
bool dns_name_is_localhost(const char *name);

/*
 * An uncompressed name of a packet to the kept form.  Other octets than those
 * of dns_name_parse() become \DDD, so that no such name is ever a host's and
 * all are fit to be shown.  False when it is broken or does not fit.
 */
bool dns_name_from_wire(struct slice wire, char out[DNS_NAME_SIZE]);

#endif
