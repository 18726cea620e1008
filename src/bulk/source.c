/* SPDX-License-Identifier: ISC */
/* source.c - see source.h */
#include "bulk/source_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "net/file.h"

static bool
open_fail(struct outcome *why, const char *path, int error)
{
	if (file_is_shortage(error))
		return file_fail(why, "cannot open", path, error);
	return outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
	    "cannot read %s: %s", path, strerror(error));
}

/* Standard input is not ours to close. */
static int
open_path(const char *path)
{
	return strcmp(path, "-") == 0 ? STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static bool
open_kind(struct source *s, struct outcome *why)
{
	struct stat st;

	s->fd = open_path(s->path);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return open_fail(why, s->path, errno);
	s->is_folder = S_ISDIR(st.st_mode);
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (!s->is_folder)
		return source_mbox_open(s, why);
	return source_folder_open(s, why);
}

struct source *
source_open(const char *path, struct outcome *why)
{
	struct source *s = mem_alloc(sizeof *s);

	s->path = path;
	if (open_kind(s, why))
		return s;
	source_free(s);
	return NULL;
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->name[i]);
	free(s->name);
	free(s->window);
	if (s->open)
		input_free(&s->input);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s);
}

void
source_item_free(struct source_item *item)
{
	free(item->label);
	item->label = NULL;
	input_free(&item->input);
}

enum source_got
source_next(struct source *s, struct source_item *item, struct outcome *why)
{
	*item = (struct source_item){ .input = { .content.fd = -1,
		.spill.fd = -1, .fd = -1 } };
	return s->is_folder ? source_folder_next(s, item, why) :
			      source_mbox_next(s, item, why);
}

int
source_fd(const struct source *s)
{
	return s->is_folder ? -1 : s->fd;
}

uint64_t
source_count(const struct source *s)
{
	return s->n;
}

void
source_progress(const struct source *s, uint64_t *read, uint64_t *size)
{
	*read = s->is_folder ? s->number : s->read;
	*size = s->is_folder ? s->n : s->size;
}

/* A block at a time; each has its place, so how it was read does not matter. */
bool
source_sum(struct source_item *item, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice s = { block, 1 };
	struct hash_key key[2] = { { { 0, 1 } }, { { 2, 3 } } };

	for (uint64_t at = 0; s.n > 0; at += s.n) {
		if (!content_read(&item->input.content, at, block, &s, why)) {
			why->verdict = FAILED;
			return false;
		}
		for (int i = 0; i < 2; i++) {
			item->sum.half[i] = hash_bytes(&key[i], s);
			key[i].k[0] ^= item->sum.half[i];
			key[i].k[1] += s.n;
		}
	}
	return true;
}
