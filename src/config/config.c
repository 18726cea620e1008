/* SPDX-License-Identifier: ISC */
/* config.c - which files are read, and in which order. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "config/config_impl.h"

#define SYSTEM_FILE "/etc/smtpsend/smtpsend.conf"
#define OWN_FILE    "/smtpsend/smtpsend.conf"
#define FILE_MAX    1048576 /* no configuration has more */

struct load {
	struct config *config;
	struct settings *settings;
	struct buf *says;
	size_t files;		/* that were read */
};

static bool
refuse_file(struct load *l, const char *path, const char *text)
{
	text_escape(l->says, slice_of(path));
	buf_putf(l->says, ": %s\n", text);
	return false;
}

static bool
read_all(int fd, struct buf *text)
{
	char block[4096];
	ssize_t n;

	while ((n = read(fd, block, sizeof block)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!buf_put(text, (struct slice){ block, (size_t)n })) {
			errno = EFBIG;
			return false;
		}
	}
	return true;
}

static bool
read_open(struct load *l, const char *path, int fd)
{
	struct buf text = { .max = FILE_MAX };
	struct stat st;
	bool ok;

	if (fstat(fd, &st) < 0)
		return refuse_file(l, path, strerror(errno));
	if (S_ISREG(st.st_mode) && st.st_mode & S_IWOTH)
		return refuse_file(l, path, "everybody may write to it: "
		    "not read (chmod o-w)");
	ok = read_all(fd, &text);
	if (!ok)
		refuse_file(l, path, strerror(errno));
	else
		ok = config_parse(l->config, path, buf_slice(&text),
		    l->settings, l->says);
	buf_free(&text);
	l->files++;
	return ok;
}

static bool
read_file(struct load *l, const char *path, bool must_exist)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (fd < 0)
		return refuse_file(l, path, strerror(errno));
	ok = read_open(l, path, fd);
	close(fd);
	return ok;
}

/* The user's own; false when he has no home. */
static bool
own_path(struct buf *path)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	const char *home = secure_getenv("HOME");

	if (config && config[0] == '/')
		buf_puts(path, config);
	else if (home && home[0] == '/')
		buf_putf(path, "%s/.config", home);
	else
		return false;
	buf_puts(path, OWN_FILE);
	return true;
}

static bool
read_files(struct load *l, const struct settings *asked)
{
	struct buf path = { 0 };
	bool ok;

	if (asked->config)
		return read_file(l, asked->config, true);
	if (asked->no_config)
		return true;
	ok = read_file(l, SYSTEM_FILE, false);
	if (ok && own_path(&path))
		ok = read_file(l, buf_str(&path), false);
	buf_free(&path);
	return ok;
}

static bool
needs_config(enum mode mode)
{
	return mode == MODE_DELIVER || mode == MODE_EXPLAIN ||
	    mode == MODE_VERIFY || mode == MODE_PRINT_CONFIG ||
	    mode == MODE_CHECK_CONFIG;
}

/* The files, then the command line once more, over what they said. */
static int
load(struct config *c, int argc, char *const argv[], struct settings *out,
    struct buf *says)
{
	struct settings under;
	struct load l = { c, &under, says, 0 };
	struct buf again = { 0 };
	int status = EX_OK;

	options_init(&under, argc > 0 ? argv[0] : NULL);
	if (!read_files(&l, out))
		return EX_CONFIG;
	if (l.files > 0 || out->nrelays > 0 ||
	    out->mode == MODE_PRINT_CONFIG) {
		status = options_read(argc, argv, &under, &c->uses, &again);
		*out = under;
	}
	buf_free(&again);
	return status ? status : config_finish(c, out, says);
}

int
config_options(struct config *c, int argc, char *const argv[],
    struct settings *out, struct buf *says)
{
	int status;

	options_init(out, argc > 0 ? argv[0] : NULL);
	status = options_read(argc, argv, out, NULL, says);
	if (status == EX_OK && needs_config(out->mode))
		status = load(c, argc, argv, out, says);
	return status ? status : settings_settle(out, says);
}
