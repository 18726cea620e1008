/* SPDX-License-Identifier: ISC */
/* submit_sender.c - who says that he sends it, and what stands for him. */
#include "queue/submit_impl.h"

#include <pwd.h>

#include "queue/told.h"

bool
submit_read_sender(const struct submit *s, const struct serve_mail *mail,
    struct address *out, struct outcome *why)
{
	return address_parse(buf_slice(&mail->message->from),
	    &s->config.address, out, why);
}

/* Is it login@domain, or what stands for that (senders.h)? */
static bool
is_login_at(const struct submit *s, const char *login, struct slice domain,
    const struct address *from)
{
	struct slice path = slice_of(from->path);
	struct slice local = slice_first(path, slice_find(path, '@'));
	struct buf own = { 0 }, instead = { 0 };
	bool is = slice_eq(local, slice_of(login)) &&
	    slice_eq_nocase(slice_of(from->domain), domain);

	if (!is && s->config.senders) {
		buf_putf(&own, "%s@%.*s", login, (int)domain.n, domain.p);
		is = senders_find(s->config.senders, &s->config.address,
			 buf_slice(&own), &instead) != SENDER_STAYS &&
		    slice_eq(buf_slice(&instead), path);
	}
	buf_free(&own);
	buf_free(&instead);
	return is;
}

/* The login of this user at one of the names of this host. */
static bool
is_own(const struct submit *s, unsigned uid, const struct address *from)
{
	const struct passwd *p = getpwuid((uid_t)uid);

	return p &&
	    (is_login_at(s, p->pw_name, slice_of(s->config.host), from) ||
		is_login_at(s, p->pw_name, s->config.address.default_domain,
		    from));
}

bool
submit_is_his_name(const struct submit *s, const struct serve_mail *mail,
    const struct address *from, struct outcome *why)
{
	if (!s->config.queue->restrict_from || mail->who->uid == 0 ||
	    from->path[0] == '\0' || is_own(s, mail->who->uid, from))
		return true;
	return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 7, 1),
	    "%s is not the address of uid %u, and restrict-from is set",
	    from->path, mail->who->uid);
}

void
submission_tell(struct submission *m, struct slice rewritten)
{
	struct slice line;

	while (rewritten.n > 0 && slice_cut(&rewritten, '\n', &line))
		told_put(&m->told, &(struct told){
		    .at = m->submit->wall.seconds,
		    .verdict = SLICE("rewritten"), .text = line });
}

static void
note_came_from(struct submission *m, const struct serve_mail *mail)
{
	struct address from = { 0 };
	struct outcome why;

	if (submit_read_sender(m->submit, mail, &from, &why))
		buf_puts(&m->came_from, from.path);
	address_free(&from);
}

/* Of lists with owners too: those no client has seen. */
void
submission_rewrite(struct submission *m, const struct serve_mail *mail,
    struct letters *l)
{
	const struct submit_config *c = &m->submit->config;
	struct buf told = { 0 };
	bool is_owner;

	note_came_from(m, mail);
	is_owner = !slice_eq(slice_of(l->main.from.path),
	    buf_slice(&m->came_from));
	if (m->form == FORM_RAW || is_owner)
		senders_replace(c->senders, &c->address, &l->main.from, &told);
	for (size_t i = 0; i < l->n; i++)
		senders_replace(c->senders, &c->address, &l->part[i].from,
		    &told);
	submission_tell(m, buf_slice(&told));
	buf_free(&told);
}
