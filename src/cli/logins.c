/* SPDX-License-Identifier: ISC */
/* logins.c - see logins.h */
#include "cli/logins.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/secret.h"

struct login {
	struct list_node node;
	const struct relay_spec *relay;
	struct secret_job *job;
};

static void
end(struct login *login)
{
	list_remove(&login->node);
	secret_free(login->job);
	free(login);
}

static void
begin(struct logins *l, const struct relay_spec *relay, bool stale,
    int64_t now)
{
	struct login *login = mem_alloc(sizeof *login);

	login->relay = relay;
	login->job = secret_start(relay, stale, now);
	list_append(&l->jobs, &login->node, login);
}

/* Who we are there; wiped when the job ends. */
static struct deliver_secret
secret_for(const struct relay_spec *relay, const struct secret *secret)
{
	struct deliver_secret s = { .user = relay->user,
		.secret = secret->text, .kept = secret->kept };

	if (secret->text)
		s.kind = relay->secret == SECRET_TOKEN ? RELAY_TOKEN :
							 RELAY_PASSWORD;
	if (!s.user && secret->user[0] != '\0')
		s.user = secret->user;
	return s;
}

static void
step(struct login *login, struct deliver *d, const struct wait *w, int64_t now)
{
	const struct relay_spec *relay = login->relay;
	struct deliver_secret s;
	struct outcome why;

	switch (secret_step(login->job, w, now, &why)) {
	case SECRET_BUSY:
		return;
	case SECRET_READY:
		s = secret_for(relay, secret_of(login->job));
		if (secret_is_lacking(relay, s.secret, &why))
			deliver_no_login(d, relay, &why);
		else
			deliver_login(d, relay, &s, now);
		break;
	case SECRET_REFUSED:
		deliver_no_login(d, relay, &why);
		break;
	}
	end(login);
}

void
logins_step(struct logins *l, struct deliver *d, const struct wait *w,
    int64_t now)
{
	const struct relay_spec *relay;
	struct login *login, *next;
	bool stale;

	while ((relay = deliver_refused_login(d)))
		secret_forget(relay); /* a kept token, taken back early */
	while ((relay = deliver_wants_login(d, &stale)))
		begin(l, relay, stale, now);
	for (login = list_first(&l->jobs); login; login = next) {
		next = list_after(&login->node);
		step(login, d, w, now);
	}
}

void
logins_wait(struct logins *l, struct wait *w, int64_t now)
{
	struct login *login = list_first(&l->jobs);

	for (; login; login = list_after(&login->node))
		secret_wait(login->job, now, w);
}

void
logins_free(struct logins *l)
{
	struct login *login;

	while ((login = list_first(&l->jobs)))
		end(login);
}
