/* SPDX-License-Identifier: ISC */
/* home.c - see home.h */
#include "cli/home.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/become.h"
#include "cli/names.h"
#include "local/agent.h"
#include "local/mailbox_form.h"
#include "net/clock.h"
#include "net/local.h"

#define SOCKET       "local"
#define LOCK_SECONDS 30 /* a mailbox's lock is waited for */

/* ---- names ---- */

static void
set_names(struct home *h, const struct local_settings *l,
    const struct self *self)
{
	struct slice name = slice_of(self->name);

	snprintf(h->short_name, sizeof h->short_name, "%.*s",
	    (int)slice_find(name, '.'), self->name);
	h->config.names[0] = self->host;
	h->config.names[1] = self->name;
	h->config.names[2] = h->short_name;
	h->config.names[3] = "localhost";
	h->config.names[4] = "localhost.localdomain";
	h->config.domains = l->domains;
	h->config.host = self->host[0] ? self->host
	    : self->name[0]            ? self->name
				       : "localhost";
}

struct here *
home_open(struct home *h, const struct settings *s, const struct self *self)
{
	const struct local_settings *l = &s->local;

	*h = (struct home){ 0 };
	if (!l->deliver)
		return NULL;
	set_names(h, l, self);
	h->config.aliases = l->aliases;
	h->config.users_to = l->users_to;
	h->config.forward = l->forward;
	h->config.delimiter = strcmp(l->delimiter, "none") == 0
	    ? '\0'
	    : l->delimiter[0];
	h->config.lmtp = mailbox_server_shown(l->mailbox);
	h->config.address = names_options(s, self);
	here_init(&h->here, &h->config);
	h->is_open = true;
	return &h->here;
}

void
home_free(struct home *h)
{
	if (h->is_open)
		here_free(&h->here);
	h->is_open = false;
}

/* ---- who gets it ---- */

bool
home_is_for(const struct settings *s, const struct self *self,
    const struct envelope *e)
{
	struct home home;
	struct here *here;
	bool any;

	if (s->show.stop_after != STAGE_NONE || s->sendmail.no_aliases ||
	    spool_reach(s->queue.path) == SPOOL_ABSENT)
		return false;
	here = home_open(&home, s, self);
	any = here && here_has_local(here, e);
	home_free(&home);
	return any;
}

/* Put who gets it by aliases in their places in *e. */
static void
expand_in_place(struct here *here, struct envelope *e)
{
	struct letters l = { .main = *e };

	here_expand_letters(here, &l);
	for (size_t i = 0; i < l.n; i++)
		envelope_take_all(&l.main, &l.part[i]);
	*e = l.main;
	l.main = (struct envelope){ 0 };
	letters_free(&l);
}

/* Nobody asks for his .forward either. */
static void
refuse_aliases(struct envelope *e)
{
	const struct outcome why = outcome_make(FAILED, STAGE_LOCAL,
	    ESC(5, 3, 3), "commands and files of aliases need a queue, and "
	    "there is none");
	struct result *result = result_new(&why, SLICE(""));

	for (size_t i = 0; i < e->n; i++) {
		struct recipient *r = &e->rcpts[i];

		if (r->local && r->local->kind == LOCAL_MAILBOX)
			r->local->index = LOCAL_ITSELF;
		if (!r->local || r->local->kind != LOCAL_ALIAS)
			continue;
		recipient_say(r, why.verdict, result);
		r->decided = clock_now();
	}
	result_release(result);
}

void
home_expand(const struct settings *s, const struct self *self,
    struct envelope *e)
{
	struct home home;
	struct here *here;

	if (s->sendmail.no_aliases || !mailbox_server_shown(s->local.mailbox) ||
	    spool_reach(s->queue.path) != SPOOL_ABSENT)
		return;
	here = home_open(&home, s, self);
	if (here && here_has_local(here, e)) {
		expand_in_place(here, e);
		refuse_aliases(e);
	}
	home_free(&home);
}

/* Without a queue only LMTP leads to mailboxes. */
static bool
has_mailboxes(const struct settings *s)
{
	return mailbox_server_shown(s->local.mailbox) ||
	    spool_reach(s->queue.path) != SPOOL_ABSENT;
}

static void
put_expansions(struct here *here, const struct envelope *e)
{
	const struct expand_config c = here_expand(here);
	struct expansion x = { 0 };
	struct outcome why;

	for (size_t i = 0; i < e->n; i++) {
		if (!expand_is_local(&c, &e->rcpts[i].to))
			continue;
		expand(&c, &e->rcpts[i].to, &x, &why);
		fputs(buf_str(&x.told), stdout);
		expansion_free(&x);
	}
}

void
home_explain(const struct settings *s, const struct self *self,
    struct envelope *e)
{
	struct outcome found = outcome_make(VERIFIED, STAGE_LOCAL,
	    ESC(2, 1, 5), "on this machine");
	struct home home;
	struct here *here = home_open(&home, s, self);

	if (here && has_mailboxes(s) && here_has_local(here, e)) {
		if (!s->show.json)
			put_expansions(here, e);
		if (home.config.lmtp)
			outcome_set_host(&found, slice_of(home.config.lmtp),
			    NULL);
		expand_in_place(here, e);
		envelope_settle_local(e, &found, clock_now());
	}
	home_free(&home);
}

/* ---- the agent ---- */

static struct agent_config
agent_config(const struct settings *s, const struct self *self)
{
	const struct local_settings *l = &s->local;
	struct stat st;

	return (struct agent_config){
		.aliases = l->aliases,
		.alias_commands = l->alias_commands,
		.alias_files = l->alias_files,
		.alias_user = l->alias_user,
		.forward = l->forward,
		.forward_commands = l->forward_commands,
		.mailbox = l->mailbox,
		.command = l->mailbox_command,
		.command_seconds = l->command_timeout,
		.command_no_new_privs = l->pipe_no_new_privs,
		.lock_milliseconds = LOCK_SECONDS * 1000,
		.host = self->host[0] ? self->host : self->name,
		.client = stat(s->queue.path, &st) == 0 ? st.st_uid : 0,
	};
}

static bool
listens(const char *path)
{
	int fd = local_connect_packets(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What this process has open is not for the agent. */
static void
be_agent(const struct settings *s, int fd)
{
	struct self self;
	struct agent_config c;
	struct outcome why;
	int kept = dup2(fd, STDERR_FILENO + 1);

	if (kept < 0)
		_exit(EX_OSERR);
	close_range((unsigned)kept + 1, ~0U, 0);
	self_init(&self);
	c = agent_config(s, &self);
	_exit(agent_run(&c, kept, true, &why) ? EX_OK : EX_OSERR);
}

static void
start(struct home_agent *a, const struct settings *s)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return;
	a->pid = (int)fork();
	if (a->pid == 0)
		be_agent(s, pair[1]);
	close(pair[1]);
	if (a->pid > 0)
		a->feed = pair[0];
	else
		close(pair[0]);
}

void
home_find_agent(struct home_agent *a, const struct settings *s)
{
	*a = HOME_NO_AGENT;
	snprintf(a->path, sizeof a->path, "%s/" SOCKET, s->queue.run);
	if (s->local.deliver && geteuid() == 0 && !listens(a->path))
		start(a, s);
	a->client = (struct agent_client_config){
		.path = a->feed < 0 ? a->path : NULL,
		.feed = a->feed,
		.seconds = s->local.command_timeout + 2 * LOCK_SECONDS + 60,
	};
}

/* It ends what it has begun, and nobody waits for that. */
void
home_leave_agent(struct home_agent *a)
{
	if (a->feed >= 0)
		close(a->feed);
	a->feed = -1;
}

static int
fail(const struct settings *s, const struct outcome *why)
{
	fprintf(stderr, "%s: %s\n", s->program, why->text);
	return outcome_exit(why);
}

/* For the queue's user alone. */
static int
listen_for(const char *path, uid_t client, struct outcome *why)
{
	int fd = local_inherited(path, SOCKET);

	if (fd >= 0)
		return fd;
	fd = local_listen_packets(path, 0600, why);
	if (fd < 0 || chown(path, client, (gid_t)-1) == 0)
		return fd;
	outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 3, 5),
	    "cannot give %s to the queue's user", path);
	close(fd);
	return -1;
}

int
home_agent_run(const struct settings *s)
{
	struct buf path = { 0 };
	struct self self;
	struct agent_config c;
	struct outcome why;
	int fd;

	self_init(&self);
	c = agent_config(s, &self);
	buf_putf(&path, "%s/" SOCKET, s->queue.run);
	fd = listen_for(buf_str(&path), c.client, &why);
	buf_free(&path);
	if (fd < 0 || !agent_run(&c, fd, false, &why))
		return fail(s, &why);
	return EX_OK;
}

/* ---- newaliases ---- */

static void
say_faults(const struct settings *s, const struct aliases *a)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < a->nfaults; i++) {
		buf_clear(&line);
		buf_putf(&line, "%s: ", s->program);
		text_escape(&line, slice_of(s->local.aliases));
		buf_putf(&line, ":%u: %s\n", a->fault[i].line,
		    a->fault[i].text);
		fputs(buf_str(&line), stderr);
	}
	buf_free(&line);
}

int
home_check_aliases(const struct settings *s)
{
	struct here_config config = { .aliases = s->local.aliases };
	struct here here;
	const struct aliases *a;
	int status = EX_OK;

	here_init(&here, &config);
	a = here_aliases(&here);
	if (here.fault.n > 0) {
		fprintf(stderr, "%s: %s\n", s->program, buf_str(&here.fault));
		status = EX_NOINPUT;
	} else {
		say_faults(s, a);
		printf("%s: %zu aliases, longest %zu bytes, %zu bytes "
		       "total\n",
		    s->local.aliases, a->n, a->longest, a->octets);
		status = a->nfaults > 0 ? EX_DATAERR : EX_OK;
	}
	here_free(&here);
	return fflush(stdout) == 0 ? status : EX_IOERR;
}
