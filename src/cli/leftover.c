/* SPDX-License-Identifier: ISC */
/* leftover.c - see leftover.h */
#include "cli/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"

#define DEPTH 4 /* no spool has more folders below each other */

/* Where a program keeps mail, and which of its files are one message each. */
static const struct spool {
	const char *program;
	const char *folder[6];	/* the first one missing: no such spool */
	char first, last;	/* of a message's file name; 0 = any */
	const char *how;
} spools[] = {
	{ "Postfix",
	    { "/var/spool/postfix/deferred", "/var/spool/postfix/maildrop",
		"/var/spool/postfix/incoming", "/var/spool/postfix/active",
		"/var/spool/postfix/hold" },
	    '\0', '\0',
	    "postsuper -H ALL; postqueue -f, until postqueue -p shows none" },
	{ "Exim", { "/var/spool/exim4/input" }, '\0', 'H',
	    "exim4 -qff, until exim4 -bpc says 0" },
	{ "Exim", { "/var/spool/exim/input" }, '\0', 'H',
	    "exim -qff, until exim -bpc says 0" },
	{ "nullmailer", { "/var/spool/nullmailer/queue" }, '\0', '\0',
	    "nullmailer-send, until mailq shows none" },
	{ "dma", { "/var/spool/dma" }, 'Q', '\0',
	    "dma -q, until dma -bp shows none" },
};

/* What was counted, and what could not be looked at. */
struct count {
	const struct spool *spool;
	unsigned long n;
	int error;
};

static void count_folder(struct count *c, int fd, unsigned depth);

static bool
is_message(const struct spool *s, const char *name)
{
	size_t n = strlen(name);

	return (s->first == '\0' || name[0] == s->first) &&
	    (s->last == '\0' || name[n - 1] == s->last);
}

static void
count_entry(struct count *c, int folder, const char *name, unsigned depth)
{
	struct stat st;
	int fd;

	if (name[0] == '.' ||
	    fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(st.st_mode) && is_message(c->spool, name)) {
		c->n++;
	} else if (S_ISDIR(st.st_mode) && depth > 0) {
		fd = openat(folder, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			c->error = errno;
		else
			count_folder(c, fd, depth - 1);
	}
}

/* Closes fd. */
static void
count_folder(struct count *c, int fd, unsigned depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		c->error = errno;
		close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		count_entry(c, fd, e->d_name, depth);
	closedir(dir);
}

/* False: there is no such folder. */
static bool
count_path(struct count *c, const char *root, const char *folder)
{
	struct buf path = { 0 };
	int fd;

	buf_puts(&path, root);
	buf_puts(&path, folder);
	fd = open(buf_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_free(&path);
	if (fd >= 0)
		count_folder(c, fd, DEPTH);
	else if (errno == ENOENT || errno == ENOTDIR)
		return false;
	else
		c->error = errno;
	return true;
}

static void
put_count(struct buf *out, const struct count *c)
{
	const struct spool *s = c->spool;

	buf_putf(out, "# The spool of %s, %s: ", s->program, s->folder[0]);
	if (c->n > 0)
		buf_putf(out, "%lu message%s.  Send %s first: %s", c->n,
		    c->n == 1 ? "" : "s", c->n == 1 ? "it" : "them", s->how);
	else
		buf_puts(out, c->error ? "" : "empty");
	if (c->error)
		buf_putf(out, "%snot all can be seen: %s (ask as root)",
		    c->n > 0 ? "; " : "", strerror(c->error));
	buf_putc(out, '\n');
}

void
leftover_put(struct buf *out, const char *root)
{
	for (size_t i = 0; i < sizeof spools / sizeof spools[0]; i++) {
		struct count c = { .spool = &spools[i] };

		if (!count_path(&c, root, spools[i].folder[0]))
			continue;
		for (size_t k = 1; k < 6 && spools[i].folder[k]; k++)
			count_path(&c, root, spools[i].folder[k]);
		put_count(out, &c);
	}
}
