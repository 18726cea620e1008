/* SPDX-License-Identifier: ISC */
/* expand_name.c - names, and who has them. */
#include "local/expand_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

void
expand_put_local(struct buf *out, const struct address *a)
{
	size_t n = strlen(a->path), domain = strlen(a->domain);
	struct slice s = { a->path, n > domain ? n - domain - 1 : n };

	if (s.n < 2 || s.p[0] != '"') {
		buf_put(out, s);
		return;
	}
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		buf_putc(out, s.p[i]);
	}
}

struct slice
expand_base(const struct expand_config *c, struct slice name,
    struct slice *extension)
{
	size_t n = c->delimiter ? slice_find(name, c->delimiter) : name.n;

	*extension = slice_from(name, n + 1);
	return n == 0 ? name : slice_first(name, n);
}

const struct alias *
expand_find(const struct expand_config *c, struct slice name)
{
	struct slice extension;
	const struct alias *a;

	if (!c->aliases)
		return NULL;
	a = aliases_find(c->aliases, name);
	return a ? a
		 : aliases_find(c->aliases, expand_base(c, name, &extension));
}

char *
expand_login(const struct expand_config *c, struct slice name,
    struct slice *extension)
{
	char *login = mem_dup(expand_base(c, name, extension));

	if (c->world.has_login(c->world.self, login))
		return login;
	for (char *p = login; *p; p++)
		*p = ascii_lower(*p);
	if (c->world.has_login(c->world.self, login))
		return login;
	free(login);
	return NULL;
}

static bool
is_known(const struct expand_config *c, struct slice name)
{
	struct slice extension;
	char *login = expand_login(c, name, &extension);
	bool known = login || expand_find(c, name) ||
	    (c->aliases && aliases_find(c->aliases, SLICE("*")));

	free(login);
	return known;
}

bool
expand_is_local(const struct expand_config *c, const struct address *a)
{
	struct buf name = { 0 };
	bool is_ours = c->world.is_ours(c->world.self, a->domain);

	if (!is_ours && a->bare) {
		expand_put_local(&name, a);
		is_ours = is_known(c, buf_slice(&name));
		buf_free(&name);
	}
	return is_ours;
}
