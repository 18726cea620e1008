/* SPDX-License-Identifier: ISC */
/* source.c - see source.h */
#include "bulk/source_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
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

const char *
source_name(const struct source *s)
{
	return strcmp(s->path, "-") == 0 ? "standard input" : s->path;
}

char *
source_label(const struct source *s, uint64_t number)
{
	struct buf label = { 0 };
	char *out;

	buf_putf(&label, "%s:%llu", source_name(s),
	    (unsigned long long)number);
	out = mem_dup(buf_slice(&label));
	buf_free(&label);
	return out;
}

bool
source_fill(struct source *s, enum source_got *got, struct outcome *why)
{
	struct pollfd p = { s->fd, POLLIN, 0 };
	ssize_t n = -1;

	memmove(s->window, s->window + s->at, s->end - s->at);
	s->end -= s->at;
	s->at = 0;
	*got = SOURCE_WAIT;
	if (poll(&p, 1, 0) <= 0)
		return false;
	n = read(s->fd, s->window + s->end, SOURCE_WINDOW - s->end);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n < 0) {
		outcome_fail(why, FAILED, STAGE_READ, ESC(5, 3, 0),
		    "reading %s: %s", source_name(s), strerror(errno));
		*got = SOURCE_BROKEN;
		return false;
	}
	s->ended = n == 0;
	s->end += (size_t)n;
	s->read += (uint64_t)n;
	return true;
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
	if (s->is_folder && !s->template)
		return source_folder_open(s, why);
	if (s->is_folder)
		return open_fail(why, s->path, EISDIR);
	s->window = mem_alloc(SOURCE_WINDOW);
	return true;
}

struct source *
source_open(const char *path, const struct input *template,
    struct outcome *why)
{
	struct source *s = mem_alloc(sizeof *s);

	s->path = path;
	s->template = template;
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
	csv_row_free(&s->names);
	csv_row_free(&s->row);
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
	if (s->template)
		return source_list_next(s, item, why);
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
