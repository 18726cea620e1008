/* SPDX-License-Identifier: ISC */
/* spool.c - see spool.h */
#include "spool.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

unsigned spool_recorders;

struct store *
spool_again(const char *path)
{
	struct store_config config = { .path = path,
		.recorders = spool_recorders };
	struct outcome why;
	struct store *s = store_open(&config, &why);

	if (!s) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	return s;
}

struct store *
spool_new(char *path)
{
	if (!mkdtemp(path))
		abort();
	return spool_again(path);
}

bool
spool_await(struct store *s, struct store_answer *out)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };

	while (store_owed(s) > 0)
		if (store_answer(s, out))
			return true;
		else if (poll(&p, 1, 20000) == 0)
			abort();
	return false;
}

static struct address
address(const char *path)
{
	const char *at = strchr(path, '@');

	return (struct address){ .path = mem_dup(slice_of(path)),
		.domain = mem_dup(slice_of(at ? at + 1 : "")),
		.name = mem_dup(slice_of("")) };
}

struct stored
spool_mail(size_t n)
{
	struct stored m = { .uid = 1000, .host = "box" };

	m.envelope.from = address("a@example.org");
	for (size_t i = 0; i < n; i++) {
		char path[40];
		struct address a;

		snprintf(path, sizeof path, "r%zu@example.net", i);
		a = address(path);
		envelope_add(&m.envelope, &a);
	}
	return m;
}

bool
spool_add(struct store *s, const struct stored *m, struct slice text,
    char id[STORE_ID + 1])
{
	struct outcome why;
	struct store_answer answer = { 0 };
	struct draft *d = store_begin(s, m, &why);

	if (!d)
		return false;
	if (!store_write(d, text, &why)) {
		store_discard(s, d);
		return false;
	}
	memcpy(id, draft_id(d), STORE_ID + 1);
	store_commit(s, d, NULL);
	return spool_await(s, &answer) && answer.ok;
}

bool
spool_remove(struct store *s, struct entry *e)
{
	struct store_answer answer = { 0 };

	store_remove(s, e, NULL);
	if (!spool_await(s, &answer))
		abort();
	store_release(s, e);
	return answer.ok;
}

void
spool_add_some(struct store *s, size_t n, char id[STORE_ID + 1])
{
	struct stored m = spool_mail(n);

	if (!spool_add(s, &m, SLICE("Subject: x\r\n\r\nhello\r\n"), id))
		abort();
	stored_free(&m);
}
