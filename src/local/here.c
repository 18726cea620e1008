/* SPDX-License-Identifier: ISC */
/* here.c - see here.h */
#include "local/here.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/file.h"

#define FILE_MAX ((size_t)16 << 20) /* of aliases */
#define LIST_MAX ((size_t)4 << 20)  /* ... of a list */

void
here_init(struct here *h, const struct here_config *config)
{
	*h = (struct here){ .config = config };
}

void
here_free(struct here *h)
{
	aliases_free(&h->aliases);
	buf_free(&h->fault);
	*h = (struct here){ 0 };
}

/* ---- aliases ---- */

static bool
is_as_seen(const struct here *h, const struct stat *st)
{
	return h->seen.st_ino == st->st_ino && h->seen.st_dev == st->st_dev &&
	    h->seen.st_size == st->st_size &&
	    h->seen.st_ctim.tv_sec == st->st_ctim.tv_sec &&
	    h->seen.st_ctim.tv_nsec == st->st_ctim.tv_nsec;
}

static void
read_file(struct here *h)
{
	const char *path = h->config->aliases;
	struct buf text = { .max = FILE_MAX };

	if (file_read(path, &text))
		aliases_parse(&h->aliases, buf_slice(&text));
	else if (errno != ENOENT)
		buf_putf(&h->fault, "%s: %s", path, strerror(errno));
	buf_free(&text);
}

const struct aliases *
here_aliases(struct here *h)
{
	struct stat st = { .st_size = -1 };

	if (stat(h->config->aliases, &st) != 0)
		st = (struct stat){ .st_size = -1 };
	if (is_as_seen(h, &st))
		return &h->aliases;
	aliases_free(&h->aliases);
	buf_clear(&h->fault);
	h->seen = st;
	read_file(h);
	return &h->aliases;
}

/* ---- the world ---- */

static bool
is_among(const char *list, const char *domain)
{
	struct slice rest = slice_of(list), word;

	while (slice_cut(&rest, ' ', &word))
		if (word.n > 0 && slice_eq_nocase(word, slice_of(domain)))
			return true;
	return false;
}

static bool
is_ours(void *self, const char *domain)
{
	const struct here *h = self;

	for (size_t i = 0; i < HERE_NAMES; i++)
		if (h->config->names[i] && h->config->names[i][0] != '\0' &&
		    strcasecmp(h->config->names[i], domain) == 0)
			return true;
	return h->config->domains && is_among(h->config->domains, domain);
}

static bool
has_login(void *self, const char *name)
{
	(void)self;
	return name[0] != '\0' && getpwnam(name) != NULL;
}

/* It may be a user's own, and who reads it has other things to do. */
static bool
include(void *self, const char *path, struct buf *text, struct outcome *why)
{
	int fd = file_open_plain(path);
	bool ok;

	(void)self;
	text->max = LIST_MAX;
	ok = fd >= 0 && file_read_all(fd, text);
	if (!ok)
		outcome_fail(why, DEFERRED, STAGE_OPEN, ESC(4, 3, 0),
		    "read %s: %s", path, file_error(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

struct expand_config
here_expand(struct here *h)
{
	const struct here_config *c = h->config;

	return (struct expand_config){
		.aliases = here_aliases(h),
		.file = c->aliases,
		.address = c->address,
		.host = c->host,
		.users_to = c->users_to,
		.delimiter = c->delimiter,
		.forward = c->forward,
		.lmtp = c->lmtp,
		.world = { h, is_ours, has_login, include },
	};
}

/* ---- envelopes ---- */

/* The new ones that come of an old one. */
struct parts {
	struct envelope *old;
	struct envelope main;
	struct envelope *v;
	size_t n;
	const struct address_options *address;
};

static struct envelope
begin(const struct parts *p, const struct address *from)
{
	return (struct envelope){
		.from = { mem_dup(slice_of(from->path)),
		    mem_dup(slice_of(from->domain)),
		    mem_dup(slice_of(from->name)), from->utf8, from->bare },
		.ret = p->old->ret,
		.envid = p->old->envid ? mem_dup(slice_of(p->old->envid))
				       : NULL,
		.key = p->old->key,
	};
}

/* Of this owner; a null reverse-path is nobody else's. */
static struct envelope *
part_for(struct parts *p, const char *owner)
{
	struct address from;
	struct outcome why;

	if (!owner || p->old->from.path[0] == '\0')
		return &p->main;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].from.path, owner) == 0)
			return &p->v[i];
	if (!address_parse(slice_of(owner), p->address, &from, &why))
		return &p->main;
	p->v = mem_resize(p->v, p->n + 1, sizeof *p->v);
	p->v[p->n++] = begin(p, &from);
	address_free(&from);
	return &p->v[p->n - 1];
}

static void
put(struct parts *p, const struct recipient *r, struct expanded *x)
{
	struct envelope *e = part_for(p, x->owner);
	size_t before = e->n;
	bool same = !x->local && strcmp(x->to.path, r->to.path) == 0;

	envelope_add_local(e, &x->to, &x->local);
	if (e->n == before)
		return;
	e->rcpts[before].notify = r->notify;
	if (!same)
		e->rcpts[before].orcpt = recipient_orcpt(r);
	else if (r->orcpt)
		e->rcpts[before].orcpt = mem_dup(slice_of(r->orcpt));
}

/* He was looked up before. */
static void
keep(struct parts *p, const struct recipient *r)
{
	struct expanded x = { .to = { mem_dup(slice_of(r->to.path)),
				  mem_dup(slice_of(r->to.domain)),
				  mem_dup(slice_of(r->to.name)), r->to.utf8,
				  r->to.bare },
		.local = local_target_dup(r->local) };

	put(p, r, &x);
	address_free(&x.to);
	local_target_free(x.local);
}

static void
put_all(struct parts *p, const struct expand_config *c,
    const struct recipient *r)
{
	struct expansion x = { 0 };
	struct outcome why;
	struct result *result;

	if (r->local) {
		keep(p, r);
		return;
	}
	if (expand(c, &r->to, &x, &why)) {
		for (size_t i = 0; i < x.n; i++)
			put(p, r, &x.v[i]);
	} else {
		result = result_new(&why, SLICE(""));
		envelope_add_bad(&p->main, r, result);
		result_release(result);
	}
	expansion_free(&x);
}

static bool
has_local(const struct expand_config *c, const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->rcpts[i].local && expand_is_local(c, &e->rcpts[i].to))
			return true;
	return false;
}

void
here_expand_letters(struct here *h, struct letters *l)
{
	const struct expand_config c = here_expand(h);
	struct envelope *e = &l->main;
	struct parts p = { .old = e, .address = &h->config->address };

	if (!has_local(&c, e))
		return;
	p.main = begin(&p, &e->from);
	for (size_t i = 0; i < e->n; i++)
		put_all(&p, &c, &e->rcpts[i]);
	envelope_move_bad(&p.main, e);
	if (p.main.n == 0 && p.n > 0) {
		envelope_move_bad(&p.v[0], &p.main);
		envelope_free(&p.main);
		p.main = p.v[0];
		memmove(p.v, p.v + 1, --p.n * sizeof *p.v);
	}
	envelope_free(e);
	*e = p.main;
	l->part = p.v;
	l->n = p.n;
}

void
letters_free(struct letters *l)
{
	for (size_t i = 0; i < l->n; i++)
		envelope_free(&l->part[i]);
	free(l->part);
	envelope_free(&l->main);
}

static bool
is_local(const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].local)
			return true;
	return false;
}

bool
letters_are_local(const struct letters *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_local(&l->part[i]))
			return true;
	return is_local(&l->main);
}

bool
here_has_local(struct here *h, const struct envelope *e)
{
	const struct expand_config c = here_expand(h);

	return has_local(&c, e);
}
