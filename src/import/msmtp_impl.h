/* SPDX-License-Identifier: ISC */
/* msmtp_impl.h - what the two halves of the reader for msmtp share. */
#ifndef IMPORT_MSMTP_IMPL_H
#define IMPORT_MSMTP_IMPL_H

#include "import/import_impl.h"

/* An account, with what a relay has no place for; n 0: not given. */
struct msmtp_account {
	struct import_relay relay;
	bool clear_start;	/* no TLS at first: tls_starttls, the default */
	bool check;		/* of the certificate, the default */
	struct slice proxy_host, proxy_port;
	struct slice log, syslog, notify, ret, timeout, maildomain;
};

/* Reads one key into r->more, an account; r->relay is its relay. */
void msmtp_key(struct import_reader *r, struct slice name, struct slice value);

#endif
