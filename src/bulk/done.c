/* SPDX-License-Identifier: ISC */
/* done.c - see done.h */
#include "bulk/done.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"
#include "net/file.h"
#include "net/random.h"

#define TITLE  "smtpsend-resume 1\n"
#define DIGITS 32 /* of a key */

/* Of an earlier run. */
struct old {
	struct source_sum key;
	enum verdict verdict;
};

/* A message of this run, and how many like it there were. */
struct seen {
	struct source_sum sum;
	uint64_t n;
	struct table_node node;
};

struct done {
	const char *path;
	int fd;
	struct old *old; /* sorted */
	size_t n, cap;
	struct table seen;
	struct buf lines; /* to be written */
};

/* ---- keys ---- */

/* Of two things together; the same in every run. */
static struct source_sum
mix(const struct source_sum *sum, struct slice more)
{
	struct source_sum out;

	for (int i = 0; i < 2; i++) {
		struct hash_key key = { { sum->half[0], sum->half[1] ^
			(uint64_t)i } };

		out.half[i] = hash_bytes(&key, more);
	}
	return out;
}

static int
compare(const void *a, const void *b)
{
	const struct old *x = a, *y = b;
	int i = x->key.half[0] == y->key.half[0];

	return (x->key.half[i] > y->key.half[i]) -
	    (x->key.half[i] < y->key.half[i]);
}

struct source_sum
done_next(struct done *d, const struct source_sum *sum)
{
	struct slice octets = { (const char *)sum, sizeof *sum };
	struct seen *s = table_find(&d->seen, octets);
	uint64_t n;

	if (!s) {
		s = mem_alloc(sizeof *s);
		s->sum = *sum;
		table_add(&d->seen, &s->node,
		    (struct slice){ (const char *)&s->sum, sizeof s->sum }, s);
	}
	n = s->n++;
	return n == 0 ? *sum : mix(sum, (struct slice){ (const char *)&n,
	    sizeof n });
}

enum verdict
done_verdict(const struct done *d, const struct source_sum *mail,
    const struct recipient *r)
{
	struct old key = { .key = mix(mail, slice_of(r->to.path)) };
	const struct old *found = d->n == 0 ? NULL :
	    bsearch(&key, d->old, d->n, sizeof key, compare);

	return found ? found->verdict : PENDING;
}

/* ---- the file, as it was left ---- */

static bool
read_key(struct slice text, struct source_sum *key)
{
	*key = (struct source_sum){ { 0, 0 } };
	for (size_t i = 0; i < DIGITS; i++) {
		int digit = text.n == DIGITS ? hex_value(text.p[i]) : -1;

		if (digit < 0)
			return false;
		key->half[i / (DIGITS / 2)] = key->half[i / (DIGITS / 2)] << 4 |
		    (uint64_t)digit;
	}
	return true;
}

/* What is no line of ours is passed over. */
static void
read_line(struct done *d, struct slice line)
{
	struct slice rest = line, key, verdict;
	struct old old = { .verdict = DELIVERED };

	if (!slice_cut(&rest, ' ', &key) || !slice_cut(&rest, ' ', &verdict) ||
	    !read_key(key, &old.key))
		return;
	if (slice_eq(verdict, SLICE("failed")))
		old.verdict = FAILED;
	else if (!slice_eq(verdict, SLICE("delivered")))
		return;
	if (d->n == d->cap) {
		d->cap = d->cap ? size_mul(d->cap, 2) : 64;
		d->old = mem_resize(d->old, d->cap, sizeof *d->old);
	}
	d->old[d->n++] = old;
}

static bool
other_file(const struct done *d, struct outcome *why)
{
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 3, 5),
	    "%s is no file of --resume: its first line is not "
	    "\"smtpsend-resume 1\"", d->path);
}

/* A last line without its end is cut off; *end is where the file ends then. */
static bool
read_lines(struct done *d, FILE *f, off_t *end, struct outcome *why)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool first = true, good = true;

	while (good && (n = getline(&line, &cap, f)) > 0) {
		struct slice s = { line, (size_t)n };

		if (s.p[s.n - 1] != '\n' && !first)
			break;
		if (first)
			good = slice_eq(s, SLICE(TITLE)) ||
			    other_file(d, why);
		else
			read_line(d, slice_first(s, s.n - 1));
		first = false;
		*end += n;
	}
	if (good && ferror(f))
		good = file_fail(why, "reading", d->path, errno);
	free(line);
	return good;
}

static bool
load(struct done *d, struct outcome *why)
{
	int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	off_t end = 0;
	bool good;

	if (!f) {
		file_fail(why, "cannot read", d->path, errno);
		if (fd >= 0)
			close(fd);
		return false;
	}
	good = read_lines(d, f, &end, why);
	fclose(f);
	if (good && ftruncate(d->fd, end) < 0)
		good = file_fail(why, "cannot write", d->path, errno);
	if (d->n > 0)
		qsort(d->old, d->n, sizeof *d->old, compare);
	return good;
}

/* ---- the file, as it grows ---- */

/* Its name too is to be there after a power cut. */
static void
sync_folder(const char *path)
{
	char *copy = mem_dup(slice_of(path));
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

bool
done_write(struct done *d, struct outcome *why)
{
	struct slice lines = buf_slice(&d->lines);

	if (lines.n == 0)
		return true;
	if (!file_write(d->fd, lines) || fdatasync(d->fd) < 0)
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "cannot write %s: %s", d->path, strerror(errno));
	buf_clear(&d->lines);
	return true;
}

static bool
begin(struct done *d, struct outcome *why)
{
	buf_puts(&d->lines, TITLE);
	if (!done_write(d, why))
		return false;
	sync_folder(d->path);
	return true;
}

void
done_add(struct done *d, const struct source_sum *mail, const char *label,
    const struct recipient *r)
{
	struct source_sum key = mix(mail, slice_of(r->to.path));

	if (r->verdict != DELIVERED && r->verdict != FAILED)
		return;
	buf_putf(&d->lines, "%016llx%016llx %s %u ",
	    (unsigned long long)key.half[0], (unsigned long long)key.half[1],
	    r->verdict == DELIVERED ? "delivered" : "failed",
	    r->result ? r->result->code : 0U);
	text_escape(&d->lines, slice_of(label));
	buf_putc(&d->lines, ' ');
	text_escape(&d->lines, slice_of(r->to.path));
	buf_putc(&d->lines, '\n');
}

/* ---- its life ---- */

static bool
lock(const struct done *d, struct outcome *why)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(d->fd, F_OFD_SETLK, &whole) == 0)
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return outcome_fail(why, DEFERRED, STAGE_OPEN, ESC(4, 3, 0),
		    "another run has %s open", d->path);
	return file_fail(why, "cannot lock", d->path, errno);
}

static bool
open_file(struct done *d, struct outcome *why)
{
	struct stat st;

	d->fd = open(d->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0600);
	if (d->fd < 0 && file_is_shortage(errno))
		return file_fail(why, "cannot open", d->path, errno);
	if (d->fd < 0)
		return outcome_fail(why, FAILED, STAGE_OPEN, ESC(5, 3, 0),
		    "cannot open %s: %s", d->path, strerror(errno));
	if (!lock(d, why))
		return false;
	if (fstat(d->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return other_file(d, why);
	return st.st_size == 0 ? begin(d, why) : load(d, why);
}

struct done *
done_open(const char *path, struct outcome *why)
{
	struct done *d = mem_alloc(sizeof *d);

	d->path = path;
	random_draw(&d->seen.seed, sizeof d->seen.seed);
	if (open_file(d, why))
		return d;
	done_free(d);
	return NULL;
}

static void
free_seen(void *owner)
{
	struct seen *s = owner;

	free(s);
}

void
done_free(struct done *d)
{
	if (!d)
		return;
	table_each(&d->seen, free_seen);
	table_free(&d->seen);
	buf_free(&d->lines);
	free(d->old);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}
