/* SPDX-License-Identifier: ISC */
/* staging.c - see staging.h */
#include "config/staging.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/slice.h"

static bool
is_same(const char *configured, const char *path)
{
	return configured &&
	    slice_eq_nocase(slice_of(configured), slice_of(path));
}

/* One of those who stand in the configuration themselves. */
static bool
is_ours(const struct queue_settings *q, const char *path)
{
	return is_same(q->send_all_to, path) || is_same(q->bcc_all, path);
}

static bool
matches_any(const char *patterns, const char *path)
{
	struct slice rest = slice_of(patterns), word;
	bool found = false;
	char *pattern;

	while (!found && slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		pattern = mem_dup(word);
		found = pattern_matches(pattern, path);
		free(pattern);
	}
	return found;
}

bool
staging_allows(const struct queue_settings *q, const char *path,
    struct outcome *why)
{
	if (!q->allow_recipients || is_ours(q, path) ||
	    matches_any(q->allow_recipients, path))
		return true;
	return outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 7, 1),
	    "this machine sends no mail to %s: allow-recipients of its "
	    "configuration is %s", path, q->allow_recipients);
}

static void
refuse_others(const struct queue_settings *q, struct envelope *e, int64_t now)
{
	struct outcome why;
	struct result *result;

	for (size_t i = 0; i < e->n; i++) {
		if (staging_allows(q, e->rcpts[i].to.path, &why))
			continue;
		result = result_new(&why, SLICE(""));
		recipient_say(&e->rcpts[i], FAILED, result);
		result_release(result);
		e->rcpts[i].decided = now;
	}
	envelope_sort_out(e);
}

/* Addresses of the configuration are paths already. */
static struct address
read(const char *path)
{
	const struct address_options options = { 0 };
	struct address a = { 0 };
	struct outcome why;
	bool ok = address_parse(slice_of(path), &options, &a, &why);

	assert(ok);
	(void)ok;
	return a;
}

static bool
is_redirected(const struct queue_settings *q, const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (!is_ours(q, e->rcpts[i].to.path))
			return false;
	return true;
}

/* Who was meant, where he is the only one. */
static void
note_original(struct envelope *e)
{
	struct recipient *r = &e->rcpts[0];
	struct buf orcpt = { 0 };

	if (e->n != 1 || r->orcpt || r->to.utf8)
		return;
	buf_putf(&orcpt, "rfc822;%s", r->to.path);
	r->orcpt = mem_dup(buf_slice(&orcpt));
	buf_free(&orcpt);
}

static void
redirect(const struct queue_settings *q, struct envelope *e)
{
	struct address to = read(q->send_all_to);

	note_original(e);
	envelope_replace(e, &to);
}

static void
add_copy(const char *path, struct envelope *e)
{
	struct address to = read(path);
	size_t n = e->n;

	envelope_add(e, &to);
	if (e->n > n)
		e->rcpts[n].notify = NOTIFY_NEVER;
}

void
staging_apply(const struct queue_settings *q, struct envelope *e, int64_t now)
{
	if (q->allow_recipients)
		refuse_others(q, e, now);
	if (e->n > 0 && q->send_all_to && !is_redirected(q, e))
		redirect(q, e);
	if (e->n > 0 && q->bcc_all)
		add_copy(q->bcc_all, e);
}
