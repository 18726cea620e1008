/* SPDX-License-Identifier: ISC */
/* agent_deliver.c - one request: what is done. */
#include "local/agent_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "local/aliases.h"
#include "local/command.h"
#include "local/forward.h"
#include "local/mailbox_form.h"
#include "local/maildir.h"
#include "local/mbox_file.h"
#include "net/file.h"

#define ALIASES_MAX ((size_t)16 << 20)

/* ---- mailboxes ---- */

static bool
append_to(struct work *w, const char *path)
{
	struct mbox_file f;
	bool ok;

	if (!mbox_open(&f, path, w->user->pw_uid, w->config->lock_milliseconds,
		&w->why))
		return false;
	ok = mbox_find(&f, w->mail, &w->why);
	if (ok && !f.is_there && !w->talk->at(w->talk->self, f.inode, f.at))
		ok = agent_defer(w, "append to", path,
		    "the queue has gone away");
	ok = ok && mbox_write(&f, w->mail, &w->why);
	mbox_close(&f);
	return ok;
}

/* "~/x" is below the user's home. */
static void
put_path(struct buf *out, const struct work *w, const char *path)
{
	if (path[0] == '~' && path[1] == '/')
		buf_putf(out, "%s/%s", w->user->pw_dir, path + 2);
	else
		buf_puts(out, path);
}

/* Folder/login; below a home the file itself. */
static bool
deliver_mbox(struct work *w, const char *where)
{
	bool is_home = where[0] == '~';
	struct buf path = { 0 };
	bool ok;

	put_path(&path, w, where);
	if (!is_home)
		buf_putf(&path, "/%s", w->login);
	ok = agent_become(w, !is_home) && agent_bar_privileges(w) &&
	    append_to(w, buf_str(&path));
	buf_free(&path);
	return ok;
}

static bool
deliver_maildir(struct work *w, const char *where)
{
	bool is_home = where[0] == '~';
	struct buf path = { 0 };
	bool ok;

	put_path(&path, w, where);
	if (!is_home)
		buf_putf(&path, "/%s", w->login);
	ok = agent_become(w, !is_home) && agent_bar_privileges(w) &&
	    maildir_deliver(buf_str(&path), w->config->host, w->mail, &w->why);
	buf_free(&path);
	return ok;
}

/* ---- commands ---- */

static void
put_variable(char *environment[], size_t *n, const char *name,
    const char *value)
{
	struct buf b = { 0 };

	buf_putf(&b, "%s=%s", name, value);
	environment[(*n)++] = mem_dup(buf_slice(&b));
	buf_free(&b);
}

/* It ends with this process. */
static char **
make_environment(const struct work *w)
{
	const struct local_request *r = w->mail->request;
	char **e = mem_alloc(size_mul(16, sizeof *e));
	size_t n = 0;

	put_variable(e, &n, "PATH", "/usr/local/bin:/usr/bin:/bin");
	put_variable(e, &n, "HOME", w->user->pw_dir);
	put_variable(e, &n, "SHELL", "/bin/sh");
	put_variable(e, &n, "USER", w->user->pw_name);
	put_variable(e, &n, "LOGNAME", w->user->pw_name);
	put_variable(e, &n, "SENDER", r->from);
	put_variable(e, &n, "RECIPIENT", r->to);
	put_variable(e, &n, "EXTENSION", r->target.extension);
	put_variable(e, &n, "LOCAL", r->target.name);
	put_variable(e, &n, "QUEUE_ID", r->id);
	return e;
}

static bool
run_command(struct work *w, const char *line, const char *what)
{
	const struct command c = { line, what, make_environment(w),
		w->config->command_seconds };

	if (!agent_become(w, false) ||
	    (w->config->command_no_new_privs && !agent_bar_privileges(w)))
		return false;
	if (chdir(w->user->pw_dir) != 0 && chdir("/") != 0)
		return agent_defer(w, "enter", "/", strerror(errno));
	return command_run(&c, w->mail, &w->why);
}

/*
 * By LMTP it is the queue's: no .forward has it.  Who asks for just that does
 * not know of LMTP.
 */
static bool
answer_itself(struct work *w, struct local_answer *answer)
{
	if (w->mail->request->target.index == LOCAL_ITSELF ||
	    !w->config->forward)
		return agent_defer(w, "deliver to", w->login,
		    "mailboxes are the LMTP server's; restart the daemon, "
		    "which does not know that yet");
	answer->word = LOCAL_FORWARD;
	answer->uid = w->user->pw_uid;
	answer->v = mem_alloc(sizeof *answer->v);
	answer->v[answer->n++] = (struct alias_target){ ALIAS_MAILBOX,
		mem_dup(SLICE("")) };
	return true;
}

/* Nothing that others wrote is run as root. */
static bool
deliver_mailbox(struct work *w, struct local_answer *answer)
{
	const struct agent_config *c = w->config;
	const char *where;

	if (c->command && w->user->pw_uid != 0)
		return run_command(w, c->command, "mailbox-command");
	if (mailbox_server_shown(c->mailbox))
		return answer_itself(w, answer);
	where = mailbox_of_kind(c->mailbox, "maildir:");
	if (where)
		return deliver_maildir(w, where);
	where = mailbox_of_kind(c->mailbox, "mbox:");
	return deliver_mbox(w, where ? where : "/var/mail");
}

/* ---- what his .forward says ---- */

static bool
deliver_as_his(struct work *w, const char *path)
{
	return strcmp(path, "/dev/null") == 0 ||
	    (agent_become(w, false) && agent_bar_privileges(w) &&
		append_to(w, path));
}

/* One that this process can do; an address belongs into the queue. */
static bool
do_forward(struct work *w, const struct alias_target *t,
    struct local_answer *answer)
{
	if (t->kind == ALIAS_COMMAND)
		return run_command(w, t->text, "the command of ~/.forward");
	if (t->kind == ALIAS_FILE)
		return deliver_as_his(w, t->text);
	return deliver_mailbox(w, answer);
}

static bool
is_done_here(const struct work *w, const struct alias_target *t)
{
	return t->kind == ALIAS_COMMAND || t->kind == ALIAS_FILE ||
	    forward_is_own(t, w->user);
}

/* Which of them are addresses, and how many there are beside those. */
static bool
answer_targets(struct work *w, const struct forward *f,
    struct local_answer *answer)
{
	answer->word = LOCAL_FORWARD;
	answer->uid = w->user->pw_uid;
	answer->v = mem_alloc(size_mul(f->n, sizeof *answer->v));
	for (size_t i = 0; i < f->n; i++) {
		enum alias_kind kind = f->v[i].kind;
		bool here = is_done_here(w, &f->v[i]);

		answer->v[answer->n++] = (struct alias_target){
			here ? kind : ALIAS_ADDRESS,
			mem_dup(here ? SLICE("") : slice_of(f->v[i].text)),
		};
	}
	return true;
}

/*
 * Its target n, as it is now; all of it (n = 0) is done here if that is one
 * thing, and else is many recipients, which the queue has.
 */
static bool
use_forward(struct work *w, const struct forward *f,
    struct local_answer *answer)
{
	unsigned n = w->mail->request->target.index;

	if (n == 0 && f->n == 1 && is_done_here(w, &f->v[0]))
		n = 1;
	if (n == 0)
		return answer_targets(w, f, answer);
	return n <= f->n ? do_forward(w, &f->v[n - 1], answer)
			 : deliver_mailbox(w, answer);
}

static enum forward_found
read_forward(struct work *w, struct forward *f)
{
	enum forward_found found;

	if (!w->config->forward ||
	    w->mail->request->target.index == LOCAL_ITSELF)
		return FORWARD_NONE;
	if (!agent_lend(w))
		return FORWARD_LATER;
	found = forward_read(f, w->user, w->config->forward_commands);
	if (!agent_reclaim(w))
		return FORWARD_LATER;
	if (found == FORWARD_LATER)
		agent_defer(w, "read .forward of", w->login, buf_str(&f->why));
	return found;
}

static bool
deliver_login(struct work *w, struct local_answer *answer)
{
	struct forward f = { 0 };
	bool ok = false;

	if (!agent_find_user(w, w->login))
		return false;
	switch (read_forward(w, &f)) {
	case FORWARD_USELESS:
		buf_putf(&w->remark, "; ~/.forward is not used: %s",
		    buf_str(&f.why));
		ok = deliver_mailbox(w, answer);
		break;
	case FORWARD_NONE:
		ok = deliver_mailbox(w, answer);
		break;
	case FORWARD_USED:
		ok = use_forward(w, &f, answer);
		break;
	case FORWARD_LATER:
		break;
	}
	forward_free(&f);
	return ok;
}

/* ---- aliases ---- */

/* Root's file, which nobody else can write to. */
static bool
is_roots(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static bool
read_aliases(struct work *w, struct aliases *a)
{
	const char *path = w->config->aliases;
	struct buf text = { .max = ALIASES_MAX };
	int fd = file_open_plain(path);
	bool ok;

	if (fd < 0)
		return agent_defer(w, "open", path, file_error(errno));
	ok = is_roots(fd) ||
	    agent_defer(w, "use", path,
		"it is not root's, or others may write to it");
	if (ok && !file_read_all(fd, &text))
		ok = agent_defer(w, "read", path, strerror(errno));
	if (ok)
		aliases_parse(a, buf_slice(&text));
	buf_free(&text);
	close(fd);
	return ok;
}

/* Whatever a login in the configuration means: never root. */
static bool
find_alias_user(struct work *w)
{
	const char *login = w->config->alias_user;

	if (!agent_find_user(w, login))
		return w->why.verdict == FAILED
		    ? agent_defer(w, "look for alias-user", login,
			  "this host has no such user")
		    : false;
	return w->user->pw_uid != 0 ||
	    agent_defer(w, "use alias-user", login,
		"commands and files of aliases are never root's");
}

static bool
append_to_file(struct work *w, const char *path)
{
	if (strcmp(path, "/dev/null") == 0)
		return true;
	if (!w->config->alias_files)
		return agent_refuse(w, ESC(5, 7, 1), "alias-files is off",
		    path);
	return find_alias_user(w) && agent_become(w, false) &&
	    agent_bar_privileges(w) && append_to(w, path);
}

static bool
pipe_to(struct work *w, const char *line)
{
	const char *name = w->mail->request->target.name;
	struct buf what = { 0 };
	bool ok;

	if (!w->config->alias_commands)
		return agent_refuse(w, ESC(5, 7, 1), "alias-commands is off",
		    name);
	buf_putf(&what, "the command of alias \"%s\"", name);
	ok = find_alias_user(w) && run_command(w, line, buf_str(&what));
	buf_free(&what);
	return ok;
}

static bool
do_target(struct work *w, const struct alias_target *t)
{
	switch (t->kind) {
	case ALIAS_COMMAND:
		return pipe_to(w, t->text);
	case ALIAS_FILE:
		return append_to_file(w, t->text);
	case ALIAS_ERROR:
		return outcome_fail(&w->why, FAILED, STAGE_LOCAL, ESC(5, 1, 1),
		    "%s", t->text[0] ? t->text : "this address takes no mail");
	case ALIAS_INCLUDE:
		return agent_refuse(w, ESC(5, 2, 4),
		    "a list of an alias, or "
		    "something in it, could not be used",
		    t->text);
	case ALIAS_ADDRESS:
	case ALIAS_MAILBOX:
		break;
	}
	return agent_refuse(w, ESC(5, 1, 1), "an alias leads to nobody",
	    t->text);
}

static bool
deliver_alias(struct work *w)
{
	const struct local_target *t = &w->mail->request->target;
	struct aliases a = { 0 };
	const struct alias *alias;
	bool ok = false;

	if (!read_aliases(w, &a))
		return false;
	alias = aliases_find(&a, slice_of(t->name));
	if (alias && t->index < alias->n)
		ok = do_target(w, &alias->v[t->index]);
	else
		agent_refuse(w, ESC(5, 1, 1),
		    "there is no such alias any more, or "
		    "it has fewer targets",
		    t->name);
	aliases_free(&a);
	return ok;
}

/* ---- all ---- */

/* It becomes the name of a file. */
static bool
is_login(const char *name)
{
	return name[0] != '.' && name[0] != '-' && !strchr(name, '/');
}

void
agent_deliver(const struct agent_config *c, const struct local_mail *m,
    const struct agent_talk *talk, struct local_answer *answer)
{
	const struct local_target *t = &m->request->target;
	struct work w = { .config = c,
		.mail = m,
		.talk = talk,
		.login = t->kind == LOCAL_MAILBOX ? t->name : "" };
	bool ok = false;

	*answer = (struct local_answer){ .word = LOCAL_DONE };
	if (t->kind == LOCAL_ALIAS)
		ok = deliver_alias(&w);
	else if (is_login(t->name))
		ok = deliver_login(&w, answer);
	else
		agent_refuse(&w, ESC(5, 1, 1), "this is no user", t->name);
	if (ok && answer->word == LOCAL_DONE)
		w.why = outcome_make(DELIVERED, STAGE_LOCAL, ESC(2, 0, 0),
		    "delivered on this machine%s", buf_str(&w.remark));
	answer->outcome = w.why;
	buf_free(&w.remark);
}
