/* SPDX-License-Identifier: ISC */
/* sts_impl.h - what sts.c and sts_refresh.c share. */
#ifndef DELIVER_STS_IMPL_H
#define DELIVER_STS_IMPL_H

#include "deliver/sts.h"

/* What is known of a domain. */
struct known {
	struct table_node node;
	struct table *table;	/* that it is in */
	struct list_node busy;	/* while it is being fetched */
	char *domain;
	char host[DNS_NAME_SIZE]; /* "mta-sts.DOMAIN" */
	bool has;		/* entry */
	struct sts_entry entry;
	int64_t retry;		/* not fetched again before then */
	char why[300];		/* it was not, the last time; or "" */
	enum tls_result_type fault; /* ... in the words of TLS reports */
	char id[STS_ID_MAX + 1]; /* of what is being fetched */
	int64_t deadline;
	struct ticket *record;	/* while it is asked for, to refresh; */
	char owner[DNS_NAME_SIZE]; /* ... its name */
	struct ticket *ticket[2]; /* for its addresses, A and AAAA */
	struct fetch *fetch;	/* once they are known */
};

struct sts {
	const struct deliver_config *config;
	struct resolver *resolver;
	struct events *events;
	const struct relay_module *relays; /* opened for the first fetch */
	int64_t now;		/* of the step under way */
	struct table domains;
	struct list busy;
	struct sts_refresh *refresh; /* NULL = not now */
	int64_t refresh_at;	/* 0 = at once */
};

/* What is known of it; from the cache, when it was not known yet. */
struct known *sts_known(struct sts *s, const char *domain);

/* How many more seconds it is good; 0 = it is not. */
int64_t sts_left(const struct known *k, int64_t wall);

/* By its record: begin to fetch it, where that is to be done. */
void sts_look(struct sts *s, struct known *k, const struct sts_wish *w,
    int64_t good);

/* ---- sts_refresh.c: once a day all that is kept is looked at ---- */

void sts_refresh_step(struct sts *s);
void sts_refresh_wait(struct sts *s, struct wait *w);
void sts_refresh_end(struct sts *s);

#endif
