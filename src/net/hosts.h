/* SPDX-License-Identifier: ISC */
/*
 * hosts.h - the names of /etc/hosts, for hosts that the user named: mail goes
 * by MX, and hosts(5) knows none, but --server HOST is looked for here first.
 * The resolver does so for questions that are `named`.
 */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H

#include <stdbool.h>

#include "dns/answer.h"

#define HOSTS_FILE "/etc/hosts"

/*
 * Answer a question for A or AAAA from the file.  False when it does not list
 * name at all: ask DNS.  A name that is listed with other addresses only gets
 * DNS_NODATA.  *out is freed by dns_answer_free().
 */
bool hosts_answer(const char *path, const char *name, enum dns_type type,
    struct dns_answer *out);

#endif
