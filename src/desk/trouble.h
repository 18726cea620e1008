/* SPDX-License-Identifier: ISC */
/*
 * trouble.h - what is not well with a server that was visited: each thing as
 * one true sentence, and what to do about it.
 */
#ifndef DESK_TROUBLE_H
#define DESK_TROUBLE_H

#include "desk/probe.h"

/* From the least to the worst, which decides the exit status. */
enum trouble_kind {
	TROUBLE_NONE,		/* 0 */
	TROUBLE_RECIPIENT,	/* 67: one is refused */
	TROUBLE_CERTIFICATE,	/* 77: untrusted, or it ends soon */
	TROUBLE_PROTOCOL,	/* 76: no SMTP, EHLO, STARTTLS or TLS */
	TROUBLE_UNREACHABLE,	/* 69: nobody there, silent or gone */
	TROUBLE_NO_HOST,	/* 68: no such domain or host */
	TROUBLE_UNKNOWN		/* 75: DNS or this machine failed */
};

struct trouble {
	enum trouble_kind kind;
	struct buf text;	/* raw: printers escape */
	const char *advice;	/* what to do; never NULL */
};

#define TROUBLES_MAX 24

struct troubles {
	struct trouble v[TROUBLES_MAX];
	size_t n;
};

/* What is demanded; --tls says how much.  And what is to be shown. */
struct demands {
	bool pem;		/* JSON has the certificates themselves */
	bool tls;		/* STARTTLS must be there and work */
	bool trust;		/* ... with a certificate that verifies; */
	bool dane;		/* ... or both as the host's TLSA records say */
	unsigned warn_days;	/* ... and is good for so long; 0 = any time */
	int64_t now;		/* seconds since 1970 */
};

void troubles_free(struct troubles *t);

/* Of visit i, or of a host or a plan without any address. */
void troubles_find(struct troubles *t, const struct probe_target *target,
    size_t i, const struct demands *d);
void troubles_find_host(struct troubles *t, const struct plan_host *h);
void troubles_find_plan(struct troubles *t, const struct plan *p);

/* "well", "certificate", ... ; the worst there is. */
enum trouble_kind troubles_worst(const struct troubles *t);
const char *trouble_name(enum trouble_kind kind);
int trouble_exit(enum trouble_kind kind);

/* Whole days until then; negative = so many ago. */
int64_t days_until(int64_t then, int64_t now);

/* Does the chain lack nothing between the certificate and a root? */
bool chain_is_complete(const struct tls_facts *f);

#endif
