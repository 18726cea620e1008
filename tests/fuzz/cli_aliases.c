/* SPDX-License-Identifier: ISC */
/*
 * cli_aliases.c - any octets as an aliases file: what is read of it holds no
 * control octets, and every name leads to targets of this host and others, or
 * to a reason.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "local/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static bool
is_ours(void *self, const char *domain)
{
	(void)self;
	return strcmp(domain, "box.test") == 0;
}

static bool
has_login(void *self, const char *name)
{
	(void)self;
	return name[0] == 'r';
}

/* The aliases once more, as a list: lists in lists. */
static bool
include(void *self, const char *path, struct buf *text, struct outcome *why)
{
	if (path[1] == 'l')
		return buf_put(text, *(struct slice *)self);
	return outcome_fail(why, DEFERRED, STAGE_OPEN, ESC(4, 3, 0), "no");
}

/* TAB may be in a command. */
static void
check_text(const char *text)
{
	struct slice rest = slice_of(text), part;

	while (slice_cut(&rest, '\t', &part))
		must(!ascii_has_control(part));
}

static void
check_expansion(const struct expansion *x, const struct aliases *a)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct local_target *t = x->v[i].local;
		const struct alias *alias;

		must(x->v[i].to.path[0] != '\0');
		must(!ascii_has_control(slice_of(x->v[i].to.path)));
		if (!t || t->kind != LOCAL_ALIAS)
			continue;
		alias = aliases_find(a, slice_of(t->name));
		must(alias && t->index < alias->n);
	}
}

static void
check_name(struct expand_config *c, const char *name)
{
	struct expansion x = { 0 };
	struct outcome why;
	struct address to;
	struct buf text = { 0 };

	buf_putf(&text, "%s@box.test", name);
	if (address_parse(buf_slice(&text), &c->address, &to, &why)) {
		if (!expand(c, &to, &x, &why))
			must(why.text[0] != '\0');
		else
			must(x.n > 0);
		check_expansion(&x, c->aliases);
		expansion_free(&x);
		address_free(&to);
	}
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size < 4096 ? size : 4096 };
	struct aliases a = { 0 };
	struct expand_config c = { .aliases = &a, .file = "f",
		.address = { .default_domain = SLICE("mail.test") },
		.host = "box.test", .delimiter = '+',
		.world = { &text, is_ours, has_login, include } };

	aliases_parse(&a, text);
	for (size_t i = 0; i < a.n; i++) {
		check_text(a.v[i].name);
		must(i == 0 || strcmp(a.v[i - 1].name, a.v[i].name) < 0);
		for (size_t k = 0; k < a.v[i].n; k++)
			check_text(a.v[i].v[k].text);
	}
	for (size_t i = 0; i < a.n && i < 5; i++)
		check_name(&c, a.v[i].name);
	aliases_free(&a);
	return 0;
}
