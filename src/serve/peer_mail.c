/* SPDX-License-Identifier: ISC */
/* peer_mail.c - what the engine asks for, and its owner's answers. */
#include "serve/peer_impl.h"

#include <stdlib.h>

#include "base/mem.h"

struct serve_owed {
	struct peer *peer;	/* NULL: it has gone */
};

static const struct serve_owner *
owner_of(const struct peer *p)
{
	return p->world->config->owner;
}

void
peer_discard(struct peer *p)
{
	if (p->draft)
		owner_of(p)->discard(p->world->config->self, p->draft);
	p->draft = NULL;
}

/* A message whose answer is owed is its owner's, with or without us. */
void
peer_leave(struct peer *p)
{
	peer_discard(p);
	if (p->owed)
		p->owed->peer = NULL;
	list_remove(&p->turn);
	if (p->is_local && owner_of(p)->leave)
		owner_of(p)->leave(p->world->config->self, &p->who);
}

static struct serve_mail
mail_of(struct peer *p)
{
	return (struct serve_mail){
		.message = server_message(p->server),
		.tls = peer_tls_in_use(p),
		.login = server_login(p->server),
		.lane = p->lane,
		.who = p->is_local ? &p->who : NULL,
		.peer = p,
	};
}

static void
begin_draft(struct peer *p)
{
	struct serve_mail mail = mail_of(p);

	if (!p->draft)
		p->draft = owner_of(p)->begin(p->world->config->self, &mail);
}

static void
take_data(struct peer *p)
{
	struct slice data = server_data(p->server);

	if (data.n == 0)
		return;
	begin_draft(p);
	owner_of(p)->write(p->world->config->self, p->draft, data);
	server_data_taken(p->server, data.n);
}

struct serve_owed *
serve_owe(const struct serve_mail *mail)
{
	struct serve_owed *owed = mem_alloc(sizeof *owed);

	owed->peer = mail->peer;
	mail->peer->owed = owed;
	return owed;
}

void
serve_answer(struct serve_owed *owed, bool kept, const char *text)
{
	struct peer *p = owed->peer;

	free(owed);
	if (!p)
		return;
	p->owed = NULL;
	p->stirred = false;
	server_done(p->server, kept, text);
	p->answered = true;
	list_append(&p->world->answered, &p->turn, p);
}

/* An empty message is one as well.  False when its answer is owed. */
static bool
commit(struct peer *p)
{
	struct serve_mail mail = mail_of(p);
	struct buf answer = { 0 };
	enum serve_commit how;

	begin_draft(p);
	how = owner_of(p)->commit(p->world->config->self, p->draft, &mail,
	    &answer);
	p->draft = NULL;
	if (how != SERVE_LATER)
		server_done(p->server, how == SERVE_KEPT, buf_str(&answer));
	buf_free(&answer);
	return how != SERVE_LATER;
}

static void
check_mail(struct peer *p)
{
	struct serve_mail mail = mail_of(p);

	server_mail(p->server, owner_of(p)->mail_check(p->world->config->self,
	    &mail));
}

static void
check_rcpt(struct peer *p)
{
	struct serve_mail mail = mail_of(p);
	const struct server_message *m = mail.message;

	server_rcpt(p->server, owner_of(p)->rcpt_check(p->world->config->self,
	    &mail, buf_slice(&m->rcpt[m->nrcpts - 1].to)));
}

/* Do one thing that the engine asks for after input; false: nothing more. */
static bool
serve_need(struct peer *p)
{
	switch (server_need(p->server)) {
	case SERVER_MESSAGE:
		return !p->owed && commit(p);
	case SERVER_MAIL:
		check_mail(p);
		return true;
	case SERVER_RCPT:
		check_rcpt(p);
		return true;
	case SERVER_DISCARD:
		peer_discard(p);
		server_discarded(p->server);
		return true;
	case SERVER_IO:
	case SERVER_TLS:
	case SERVER_STALL:
	case SERVER_CLOSE:
		break;
	}
	return false;
}

void
peer_serve(struct peer *p)
{
	do
		take_data(p);
	while (serve_need(p));
}
