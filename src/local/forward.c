/* SPDX-License-Identifier: ISC */
/* forward.c - see forward.h */
#include "local/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "local/request.h"
#include "net/file.h"

#define NAME ".forward"
#define ROOM ((size_t)256 << 10)

static enum forward_found
useless(struct forward *f, const char *reason)
{
	buf_puts(&f->why, reason);
	return FORWARD_USELESS;
}

/* What is missing is no fault; what passes is waited for. */
static enum forward_found
cannot(struct forward *f, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return FORWARD_NONE;
	if (error == ELOOP)
		return useless(f, "it is a symbolic link");
	buf_puts(&f->why, file_error(error));
	return file_is_shortage(error) || error == EAGAIN || error == ESTALE
	    ? FORWARD_LATER
	    : FORWARD_USELESS;
}

/* ---- whose it is ---- */

static bool
is_his(const struct stat *st, const struct passwd *user)
{
	return (st->st_uid == user->pw_uid || st->st_uid == 0) &&
	    !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static enum forward_found
check(struct forward *f, const struct passwd *user, int home, int fd)
{
	struct stat st;

	if (fstat(home, &st) != 0)
		return cannot(f, errno);
	if (!is_his(&st, user))
		return useless(f,
		    "his home is not his, or others may write "
		    "to it");
	if (fstat(fd, &st) != 0)
		return cannot(f, errno);
	if (!S_ISREG(st.st_mode))
		return useless(f, "it is no regular file");
	if (!is_his(&st, user))
		return useless(f, "it is not his, or others may write to it");
	return FORWARD_USED;
}

/* It is read in blocks larger than it may be. */
static enum forward_found
read_text(struct forward *f, int fd, struct buf *text)
{
	text->max = ROOM;
	if (!file_read_all(fd, text) && errno != EFBIG)
		return cannot(f, errno);
	return text->n > FORWARD_SIZE ? useless(f, "it is too long")
				      : FORWARD_USED;
}

static enum forward_found
open_and_read(struct forward *f, const struct passwd *user, struct buf *text)
{
	int home = open(user->pw_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = home < 0
	    ? -1
	    : openat(home, NAME,
		  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum forward_found found;

	if (fd < 0) {
		found = cannot(f, errno);
	} else {
		found = check(f, user, home, fd);
		if (found == FORWARD_USED)
			found = read_text(f, fd, text);
		close(fd);
	}
	if (home >= 0)
		close(home);
	return found;
}

/* ---- what is in it ---- */

static bool
has_login_shell(const struct passwd *user)
{
	const char *own = user->pw_shell[0] ? user->pw_shell : "/bin/sh";
	const char *shell;
	bool found = false;

	while (!found && (shell = getusershell()) != NULL)
		found = strcmp(shell, own) == 0;
	endusershell();
	return found;
}

/* Why he may have none, or NULL. */
static const char *
no_commands(const struct passwd *user, bool commands)
{
	if (!commands)
		return "it has a command or file, and forward-commands is off";
	if (user->pw_uid == 0)
		return "it has a command or file, and nothing is done so as "
		       "root";
	return has_login_shell(user)
	    ? NULL
	    : "it has a command or file, and its user has no login shell";
}

static const char *
wrong_target(const struct alias_target *t)
{
	if (t->kind == ALIAS_INCLUDE || t->kind == ALIAS_ERROR)
		return "it has something that only aliases may have";
	if (strlen(t->text) >= LOCAL_TEXT ||
	    ascii_has_control(slice_of(t->text)))
		return "it has a target that is too long, or has control "
		       "characters";
	return NULL;
}

static bool
is_doing(const struct alias_target *t)
{
	return t->kind == ALIAS_COMMAND || t->kind == ALIAS_FILE;
}

static const char *
wrong_list(const struct forward *f, const struct passwd *user, bool commands)
{
	const char *wrong = NULL;
	bool any = false;

	if (f->n > FORWARD_TARGETS)
		return "it has too many targets";
	for (size_t i = 0; i < f->n && !wrong; i++) {
		wrong = wrong_target(&f->v[i]);
		any = any || is_doing(&f->v[i]);
	}
	return wrong || !any ? wrong : no_commands(user, commands);
}

/* What stands there is nobody's business but his: only where it is is told. */
static enum forward_found
parse(struct forward *f, struct slice text, const struct passwd *user,
    bool commands)
{
	const char *wrong;

	if (slice_find(text, '\0') < text.n)
		return useless(f, "it is no text");
	aliases_parse_targets(&f->list, text);
	f->v = f->list.v[0].v;
	f->n = f->list.v[0].n;
	if (f->list.nfaults > 0) {
		buf_putf(&f->why, "line %u cannot be understood",
		    f->list.fault[0].line);
		return FORWARD_USELESS;
	}
	wrong = wrong_list(f, user, commands);
	if (wrong)
		return useless(f, wrong);
	return f->n > 0 ? FORWARD_USED : FORWARD_NONE;
}

enum forward_found
forward_read(struct forward *f, const struct passwd *user, bool commands)
{
	struct buf text = { 0 };
	enum forward_found found = open_and_read(f, user, &text);

	if (found == FORWARD_USED)
		found = parse(f, buf_slice(&text), user, commands);
	buf_free(&text);
	return found;
}

void
forward_free(struct forward *f)
{
	aliases_free(&f->list);
	buf_free(&f->why);
	*f = (struct forward){ 0 };
}

bool
forward_is_own(const struct alias_target *t, const struct passwd *user)
{
	return t->kind == ALIAS_MAILBOX &&
	    strcasecmp(t->text, user->pw_name) == 0;
}
