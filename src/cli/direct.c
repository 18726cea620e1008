/* SPDX-License-Identifier: ISC */
/* direct.c - see direct.h */
#include "cli/direct.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/mem.h"
#include "cli/names.h"
#include "cli/send.h"
#include "net/clock.h"
#include "net/self.h"
#include "net/spill.h"
#include "queue/submit_reply.h"
#include "serve/serve.h"

#define PATIENCE SECONDS(86400) /* who holds the other end may sleep */

struct direct {
	const struct settings *s;
	struct self self;
	struct serve_config config;
	struct buf reply; /* the last refusal */
};

/* The text of a message, as it comes in. */
struct draft {
	struct spill text;
	struct outcome why; /* of a text that cannot be kept, or PENDING */
};

static const char *
refuse(struct direct *d, const struct outcome *why)
{
	buf_clear(&d->reply);
	submit_put_said(&d->reply, why);
	return buf_str(&d->reply);
}

static const char *
check_rcpt(void *self, const struct serve_mail *mail, struct slice to)
{
	struct direct *d = self;
	struct address_options o = names_options(d->s, &d->self);
	struct address a;
	struct outcome why;

	(void)mail;
	o.dash = true;
	if (!address_parse(to, &o, &a, &why))
		return refuse(d, &why);
	address_free(&a);
	return NULL;
}

static void *
begin(void *self, const struct serve_mail *mail)
{
	struct draft *draft = mem_alloc(sizeof *draft);

	(void)self;
	(void)mail;
	draft->text.fd = -1;
	return draft;
}

static void
put(void *self, void *draft, struct slice text)
{
	struct draft *m = draft;

	(void)self;
	if (m->why.verdict == PENDING)
		spill_put(&m->text, text, &m->why);
}

static void
discard(void *self, void *draft)
{
	struct draft *m = draft;

	(void)self;
	if (m->text.fd >= 0)
		close(m->text.fd);
	spill_free(&m->text);
	free(m);
}

/* On the heap; NULL for what is not given. */
static char *
decode(struct slice xtext)
{
	struct buf b = { 0 };
	char *text = NULL;

	if (xtext.n > 0 && xtext_decode(&b, xtext))
		text = mem_dup(buf_slice(&b));
	buf_free(&b);
	return text;
}

/* As if it had been called for this message, which lies in standard input. */
static void
send_it(const struct direct *d, const struct server_message *m,
    struct outcome *out, struct buf *id)
{
	const struct rcpt_params *param = &m->rcpt[0].param;
	char *envid = decode(m->mail.envid), *orcpt = decode(param->orcpt);
	char *to = mem_dup(buf_slice(&m->rcpt[0].to));
	char *from = mem_dup(buf_slice(&m->from));
	struct settings own = *d->s;

	own.mode = MODE_DELIVER;
	own.rcpt = &to;
	own.nrcpts = 1;
	own.rcpt_dashes = true;
	own.message.from = from;
	own.message.read_recipients = false;
	own.message.ignore_dots = true;
	own.message.smtputf8 = own.message.smtputf8 || m->mail.utf8;
	own.message.notify = param->notify;
	own.message.orcpt = orcpt;
	own.message.ret = m->mail.ret;
	own.message.envid = envid;
	own.sendmail.errors = ERRORS_QUIET;
	send_one(&own, out, id);
	free(envid);
	free(orcpt);
	free(from);
	free(to);
}

static enum serve_commit
commit(void *self, void *draft, const struct serve_mail *mail,
    struct buf *answer)
{
	struct direct *d = self;
	struct draft *m = draft;
	struct outcome out = m->why;

	if (out.verdict == PENDING && m->text.fd < 0)
		outcome_fail(&out, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
		    "the message is empty");
	if (out.verdict == PENDING) {
		dup2(m->text.fd, STDIN_FILENO);
		lseek(STDIN_FILENO, 0, SEEK_SET);
		send_it(d, mail->message, &out, answer);
	}
	discard(self, draft);
	if (out.verdict == DELIVERED) {
		if (answer->n == 0)
			buf_putf(answer, "mail of %s", out.host);
		return SERVE_KEPT;
	}
	buf_clear(answer);
	submit_put_said(answer, &out);
	return SERVE_REFUSED;
}

static const struct serve_owner owner = {
	.rcpt_check = check_rcpt,
	.begin = begin,
	.write = put,
	.commit = commit,
	.discard = discard,
};

static void
loop(struct serve *serve)
{
	struct wait w = { 0 };
	int64_t now = clock_now();

	while (serve_peers(serve) > 0) {
		wait_clear(&w);
		serve_wait(serve, &w, now);
		wait_poll(&w, now);
		now = clock_now();
		serve_step(serve, &w, now);
	}
	wait_free(&w);
}

bool
direct_serve(const struct settings *s, int socket)
{
	struct direct d = { .s = s };
	struct serve *serve;

	self_init(&d.self);
	d.config = (struct serve_config){
		.server = { .name = d.self.host[0] ? d.self.host : "localhost",
		    .max_size = s->message.max_size,
		    .max_rcpts = 1 },
		.owner = &owner,
		.self = &d,
		.max_peers = 1,
		.patience = PATIENCE,
	};
	serve = serve_new(&d.config, NULL);
	if (serve) {
		serve_adopt(serve, socket, clock_now());
		loop(serve);
		serve_free(serve);
	}
	self_free(&d.self);
	buf_free(&d.reply);
	return serve != NULL;
}
