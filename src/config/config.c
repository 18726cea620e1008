/* SPDX-License-Identifier: ISC */
/* config.c - which files are read, and in which order. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "config/config_impl.h"
#include "config/option_find.h"
#include "config/own.h"
#include "config/own_queue.h"
#include "net/file.h"

#define SYSTEM_FILE "/etc/smtpsend/smtpsend.conf"
#define OWN_FILE    "/smtpsend/smtpsend.conf"
#define FILE_MAX    1048576 /* no configuration has more */

struct load {
	struct config *config;
	struct settings *settings;
	struct buf *says;
	bool tells;		/* also of a file that is passed over */
	size_t files;		/* that were read */
	int status;		/* of what went wrong */
};

static void
say(struct load *l, const char *path, const char *what, const char *text)
{
	text_escape(l->says, slice_of(path));
	buf_putf(l->says, ": %s", what);
	text_escape(l->says, slice_of(text));
	buf_putc(l->says, '\n');
}

static bool
refuse_file(struct load *l, const char *path, const char *text)
{
	l->status = EX_CONFIG;
	say(l, path, "", text);
	return false;
}

/* Our own shortage is no fault of the file. */
static bool
fail(struct load *l, const char *path, int error)
{
	refuse_file(l, path, strerror(error));
	if (file_is_shortage(error))
		l->status = EX_OSERR;
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
read_text(struct load *l, const char *path, int fd)
{
	struct buf text = { .max = FILE_MAX };
	bool ok = read_all(fd, &text);

	if (!ok)
		fail(l, path, errno);
	else if (!(ok = config_parse(l->config, path, buf_slice(&text),
	    l->settings, l->says)))
		l->status = EX_CONFIG;
	buf_free(&text);
	l->files++;
	return ok;
}

/* The administrator's, or the one that --config names. */
static bool
read_file(struct load *l, const char *path, bool must_exist)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	bool ok;

	if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (fd < 0)
		return fail(l, path, errno);
	if (fstat(fd, &st) < 0)
		ok = fail(l, path, errno);
	else if (S_ISREG(st.st_mode) && st.st_mode & S_IWOTH)
		ok = refuse_file(l, path, "everybody may write to it: "
		    "not read (chmod o-w)");
	else
		ok = read_text(l, path, fd);
	close(fd);
	return ok;
}

/* The user's own, if it is there for him, and his. */
static bool
read_own(struct load *l)
{
	struct own_refusal why;
	struct buf path = { 0 };
	bool ok = true;
	int fd;

	if (!own_folder(OWN_CONFIG, &path))
		return true;
	buf_puts(&path, OWN_FILE);
	fd = own_open(buf_str(&path), O_RDONLY, &why);
	if (fd >= 0) {
		l->config->is_own = true;
		ok = read_text(l, buf_str(&path), fd);
		close(fd);
	} else if (!own_is_absent(&why)) {
		ok = fail(l, buf_str(&path), why.error);
	} else if (l->tells && why.error != ENOENT) {
		say(l, buf_str(&path), "not read: ", why.text);
	}
	buf_free(&path);
	return ok;
}

/* What is done for the user who asks, and may go by his own configuration. */
static bool
is_personal(enum mode mode)
{
	return mode == MODE_DELIVER || mode == MODE_PRINT_CONFIG ||
	    mode == MODE_CHECK_CONFIG || mode == MODE_TEST ||
	    mode == MODE_SMTP || mode == MODE_BATCH_SMTP ||
	    mode == MODE_DKIM_CHECK;
}

/* What looks after the queue, which is this machine's. */
static bool
is_of_queue(enum mode mode)
{
	return mode == MODE_QUEUE_LIST || mode == MODE_QUEUE_DESK ||
	    mode == MODE_QUEUE_COUNT || mode == MODE_QUEUE_RUN ||
	    mode == MODE_DAEMON || mode == MODE_DAEMON_FOREGROUND ||
	    mode == MODE_LOCAL_AGENT || mode == MODE_ALIASES ||
	    mode == MODE_TLS_REPORT ||
	    mode == MODE_SMTP || mode == MODE_BATCH_SMTP ||
	    mode == MODE_HOST_STATUS || mode == MODE_HOST_PURGE;
}

static bool
is_daemon(enum mode mode)
{
	return mode == MODE_DAEMON || mode == MODE_DAEMON_FOREGROUND;
}

/* What delivers from a queue, perhaps a user's own. */
static bool
runs_queue(enum mode mode)
{
	return mode == MODE_QUEUE_RUN || is_daemon(mode);
}

/* After the machine's, which says whether users may have queues. */
static bool
wants_own(const struct load *l, enum mode mode)
{
	struct buf why = { 0 };
	bool wants = is_personal(mode) || (runs_queue(mode) &&
	    own_queue_may_be(&l->settings->queue, &why));

	buf_free(&why);
	return wants;
}

static bool
read_files(struct load *l, const struct settings *asked)
{
	if (asked->config)
		return read_file(l, asked->config, true);
	if (asked->no_config)
		return true;
	return read_file(l, SYSTEM_FILE, false) &&
	    (!wants_own(l, asked->mode) || read_own(l));
}

/* Whoever asks what is in effect is told why a file is not. */
static bool
tells(const struct settings *asked)
{
	return asked->show.verbose > 0 ||
	    asked->show.stop_after == STAGE_ROUTE ||
	    asked->mode == MODE_PRINT_CONFIG ||
	    asked->mode == MODE_CHECK_CONFIG || asked->mode == MODE_TEST;
}

/* The command line is not to blame for what clashes without it. */
static bool
clashes(const struct settings *files, const struct settings *all,
    struct buf *says)
{
	const char *text = settings_clash(files);

	if (!text || text != settings_clash(all))
		return false;
	buf_putf(says, "%s: the configuration does not fit together: ",
	    all->program);
	settings_put_clash(says, text, false);
	buf_putc(says, '\n');
	return true;
}

/* The files, then the command line once more, over what they said. */
static int
load(struct config *c, int argc, char *const argv[], struct settings *out,
    struct buf *says)
{
	struct settings under, files;
	struct load l = { c, &under, says, tells(out), 0, EX_OK };
	struct buf again = { 0 };
	int status = EX_OK;

	options_init(&under, argc > 0 ? argv[0] : NULL);
	if (!read_files(&l, out))
		return l.status;
	files = under;
	if (l.files > 0 || out->route.nrelays > 0 ||
	    out->mode == MODE_PRINT_CONFIG) {
		status = options_read(argc, argv, &under, &c->uses, &again);
		*out = under;
	}
	buf_free(&again);
	if (status == EX_OK && clashes(&files, out, says))
		status = EX_CONFIG;
	return status ? status : config_finish(c, out, says);
}

static bool
is_of_the_way(const struct option *o)
{
	return o->group == GROUP_ROUTE || o->group == GROUP_TLS;
}

/*
 * Does what a user configured himself say where mail goes?  The file of
 * --config is a queue's own when it has a [queue].
 */
static bool
has_own_way(const struct config *c, const struct settings *s)
{
	const struct option *o, *other;
	const struct config_item *item;
	bool all = s->config && c->queue.nitems == 0;

	for (size_t i = 0; i < c->nsections; i++)
		if (all || c->section[i]->file == c->own_file)
			return true;
	for (size_t i = 0; i < c->defaults.nitems; i++) {
		item = &c->defaults.item[i];
		o = option_by_name(slice_of(item->key), &other);
		if ((all || item->value.file == c->own_file) && o && !other &&
		    is_of_the_way(o))
			return true;
	}
	return false;
}

static bool
has_given_way(const struct config *c)
{
	for (size_t i = 0; i < c->uses.n; i++)
		if (is_of_the_way(c->uses.v[i].option))
			return true;
	return false;
}

/* Mail is taken in all the same, and the queue looked after. */
static bool
goes_on(const struct config *c, const struct settings *s)
{
	if (is_of_queue(s->mode))
		return true;
	return s->personality != AS_SMTPSEND && s->mode == MODE_DELIVER &&
	    s->show.stop_after == STAGE_NONE && !c->is_own;
}

/* The command line alone, and where the queue is. */
static void
go_on(struct config *c, int argc, char *const argv[], struct settings *out,
    const struct buf *says)
{
	const char *path = out->config ? out->config : SYSTEM_FILE;
	struct buf quiet = { 0 };
	struct load l = { c, out, &quiet, false, 0, EX_OK };
	struct slice text = buf_slice(says), line;

	config_free(c);
	options_init(out, argc > 0 ? argv[0] : NULL);
	c->salvage = true;
	read_file(&l, path, false);
	buf_clear(&quiet);
	options_read(argc, argv, out, NULL, &quiet);
	slice_cut(&text, '\n', &line);
	out->config_fault = config_keep(c, line);
	buf_free(&quiet);
}

/* Whoever begins with a daemon has nothing in it yet. */
static void
choose_queue(struct config *c, struct settings *s)
{
	struct buf path = { 0 }, why = { 0 };

	if (!s->config && own_queue_path(&s->queue, is_daemon(s->mode) &&
	    s->own_way, &path, &why))
		own_queue_use(s, config_keep(c, buf_slice(&path)));
	buf_free(&path);
	buf_free(&why);
}

int
config_options(struct config *c, int argc, char *const argv[],
    struct settings *out, struct buf *says)
{
	struct buf wrong = { 0 };
	int status;

	options_init(out, argc > 0 ? argv[0] : NULL);
	status = options_read(argc, argv, out, NULL, says);
	if (status == EX_OK &&
	    (is_personal(out->mode) || is_of_queue(out->mode))) {
		status = load(c, argc, argv, out, &wrong);
		if (status == EX_CONFIG && goes_on(c, out)) {
			go_on(c, argc, argv, out, &wrong);
			status = EX_OK;
		}
		out->own_way = status == EX_OK && has_own_way(c, out);
		if (status == EX_OK && runs_queue(out->mode))
			choose_queue(c, out);
		out->given_way = has_given_way(c);
	}
	buf_put(says, buf_slice(&wrong));
	buf_free(&wrong);
	return status ? status : settings_settle(out, says);
}
