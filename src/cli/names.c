/* SPDX-License-Identifier: ISC */
/* names.c - see names.h */
#include "cli/names.h"

#include "base/mem.h"
#include "config/idn.h"
#include "mail/mailbox.h"
#include "mail/mbox.h"

/* "root@box" on box is root at home, whatever that is called outside. */
struct address_options
names_options(const struct settings *s, const struct self *self)
{
	const char *given = s->message.default_domain;
	struct slice domain = slice_of(given ? given : self->domain);
	struct slice name = slice_of(self->name);

	return (struct address_options){
		.default_domain = domain,
		.idn = &config_idn,
		.short_name = slice_first(name, slice_find(name, '.')),
		.full_name = self->host[0] ? slice_of(self->host) : domain,
		.chosen = given != NULL,
	};
}

/* For a Message-ID: the name of this very host, if it has one. */
struct slice
names_id_host(const struct settings *s, const struct self *self)
{
	return self->host[0] ? slice_of(self->host)
			     : names_options(s, self).default_domain;
}

/* Here the paths of UUCP are known: as our rmail, or for another's. */
static bool
has_paths(const struct settings *s)
{
	struct slice protocol = slice_of(s->sendmail.protocol);

	return s->personality == AS_RMAIL ||
	    slice_eq_nocase(slice_first(protocol, slice_find(protocol, ':')),
		SLICE("UUCP"));
}

static void
put_given(struct buf *out, const char *address, const struct settings *s)
{
	if (has_paths(s))
		mbox_put_path(out, slice_of(address));
	else
		buf_puts(out, address);
}

void
names_recipients(struct envelope *e, const struct settings *s,
    const struct self *self)
{
	struct address_options o = names_options(s, self);
	struct address_list list = { 0 };

	o.dash = s->rcpt_dashes;
	for (size_t i = 0; i < s->nrcpts; i++) {
		struct buf text = { 0 };

		put_given(&text, s->rcpt[i], s);
		address_list_parse(buf_slice(&text), &o, &list);
		buf_free(&text);
	}
	envelope_add_list(e, &list);
}

/* -f, or else user@domain. */
bool
names_sender(struct envelope *e, const struct settings *s,
    const struct self *self, const struct person *user, struct outcome *why)
{
	struct address_options o = names_options(s, self);
	struct buf text = { 0 };
	bool ok;

	if (s->message.from)
		put_given(&text, s->message.from, s);
	else /* "HOUSE\al" is a user */
		mailbox_put_quoted(&text, slice_of(user->login));
	ok = address_parse(buf_slice(&text), &o, &e->from, why);
	buf_free(&text);
	return ok;
}

/* -F, or else the user's own name, if it is he who sends. */
const char *
names_full(const struct settings *s, const struct envelope *e,
    const struct person *user)
{
	struct slice path = slice_of(e->from.path);
	bool own = slice_eq(slice_first(path, slice_find(path, '@')),
	    slice_of(user->login));

	if (s->message.full_name)
		return s->message.full_name;
	return own ? user->full_name : "";
}
