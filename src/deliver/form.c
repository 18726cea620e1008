/* SPDX-License-Identifier: ISC */
/* form.c - see form.h */
#include "deliver/form.h"

#include "deliver/body.h"
#include "mail/encode.h"
#include "mail/recode.h"

/* The encoder of either form. */
struct form {
	struct form_sink *sink;
	struct encoder plain;
	struct recode *recode;	/* or NULL */
	struct buf out;
};

static bool
put(struct form *f, struct outcome *why)
{
	struct form_sink *t = f->sink;
	bool ok = f->out.n == 0 || t->put(t->arg, buf_slice(&f->out), why);

	buf_clear(&f->out);
	return ok;
}

static bool
put_head(struct form *f, const struct message *m, bool recoded,
    struct outcome *why)
{
	struct form_sink *t = f->sink;
	struct slice head = buf_slice(&m->head);

	if (recoded) {
		f->recode = recode_new(m->recode, head, &f->out);
		head = buf_slice(&f->out);
	}
	t->head = head.n;
	if (!t->put(t->arg, head, why))
		return false;
	buf_clear(&f->out);
	return true;
}

static bool
put_block(void *form, struct slice raw, struct outcome *why)
{
	struct form *f = form;

	if (f->recode)
		recode_feed(f->recode, raw, &f->out);
	else
		encode(&f->plain, raw, &f->out);
	return put(f, why);
}

static bool
put_end(struct form *f, struct outcome *why)
{
	if (f->recode)
		recode_finish(f->recode, &f->out);
	else
		encode_finish(&f->plain, &f->out);
	return put(f, why);
}

bool
form_put(struct form_sink *sink, const struct message *m, bool recoded,
    struct outcome *why)
{
	struct form f = { .sink = sink };
	bool ok = put_head(&f, m, recoded, why) &&
	    body_each(&m->body, put_block, &f, why) && put_end(&f, why);

	recode_free(f.recode);
	buf_free(&f.out);
	return ok;
}

/* ---- signing ---- */

/* A message that is being signed. */
struct signing {
	struct dkim *dkim;
	struct buf head;
	bool in_body;
};

static bool
take(void *arg, struct slice text, struct outcome *why)
{
	struct signing *s = arg;

	(void)why;
	if (s->in_body)
		dkim_feed(s->dkim, text);
	else
		buf_put(&s->head, text);
	s->in_body = true;
	return true;
}

bool
form_sign(const struct signer *signer, const struct message *m, bool recoded,
    int64_t now, struct buf *out, struct outcome *why)
{
	struct signing s = { .dkim = dkim_new(signer) };
	struct form_sink sink = { .put = take, .arg = &s };
	bool ok = form_put(&sink, m, recoded, why);

	if (!ok)
		dkim_free(s.dkim);
	else if (!dkim_end(s.dkim, buf_slice(&s.head), now, out))
		ok = outcome_fail(why, DEFERRED, STAGE_CONFIG, ESC(4, 3, 5),
		    "the message could not be signed for %s: libcrypto refuses "
		    "to sign with its key", signer->domain);
	buf_free(&s.head);
	return ok;
}
