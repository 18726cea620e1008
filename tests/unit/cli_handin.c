/* SPDX-License-Identifier: ISC */
/*
 * cli_handin.c - handing in, at a serve in another process that does what it
 * is told.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "base/mem.h"
#include "net/clock.h"
#include "net/local.h"
#include "queue/handin.h"
#include "serve/serve.h"

/* What the child does, and what it saw; shared with it. */
struct play {
	/* told */
	enum { TAKE, DIE_BEFORE_DOT, DIE_AT_DOT, REFUSE, HANG } how;
	size_t max_rcpts;
	unsigned turn_away;	/* so many first */
	const char *fault;
	/* seen */
	unsigned connections, messages;
	char params[4][300];
	char rcpts[4][300];
	size_t size[4];
};

struct fixture {
	char dir[64], path[80];
	struct play *play;
	pid_t child;
	struct envelope envelope;
	struct message message;
	struct handin handin;
};

/* ---- the child ---- */

static const char *
admit(void *self, const struct local_peer *who)
{
	struct play *p = self;

	(void)who;
	if (p->connections++ < p->turn_away)
		return "421 4.3.2 too many of you";
	return NULL;
}

static void *
begin(void *self, const struct serve_mail *mail)
{
	struct play *p = self;

	(void)mail;
	if (p->how == DIE_BEFORE_DOT)
		_exit(0);
	return mem_alloc(1);
}

static void
write_text(void *self, void *draft, struct slice text)
{
	struct play *p = self;

	(void)draft;
	p->size[p->messages % 4] += text.n;
}

static void
note(struct play *p, const struct server_message *m)
{
	unsigned i = p->messages++ % 4;
	size_t n = 0;

	snprintf(p->params[i], sizeof p->params[i], "%.*s",
	    (int)m->from_params.n, buf_slice(&m->from_params).p);
	for (size_t k = 0; k < m->nrcpts && n < 200; k++)
		n += (size_t)snprintf(p->rcpts[i] + n, sizeof p->rcpts[i] - n,
		    "%.*s%.*s ", (int)m->rcpt[k].to.n,
		    buf_slice(&m->rcpt[k].to).p, (int)m->rcpt[k].params.n,
		    buf_slice(&m->rcpt[k].params).p);
}

static enum serve_commit
commit(void *self, void *draft, const struct serve_mail *mail,
    struct buf *answer)
{
	struct play *p = self;

	free(draft);
	note(p, mail->message);
	if (p->how == DIE_AT_DOT)
		_exit(0);
	if (p->how == HANG)
		pause();
	if (p->how == REFUSE) {
		buf_puts(answer, "452 4.3.1 disk full");
		return SERVE_REFUSED;
	}
	buf_putf(answer, "ID%u", p->messages);
	return SERVE_KEPT;
}

static void
discard(void *self, void *draft)
{
	(void)self;
	free(draft);
}

static const char *
rcpt_check(void *self, const struct serve_mail *mail, struct slice to)
{
	(void)self, (void)mail;
	return slice_starts(to, SLICE("no@")) ? "550 5.1.1 nobody" : NULL;
}

static const struct serve_owner owner = { .admit = admit, .begin = begin,
	.rcpt_check = rcpt_check, .write = write_text, .commit = commit,
	.discard = discard };

static void
run_child(struct play *p, int fd)
{
	struct serve_config config = {
		.server = { .name = "me", .handin = true,
		    .max_rcpts = p->max_rcpts, .max_size = 1000000 },
		.owner = &owner, .self = p };
	struct serve *s = serve_new(&config, NULL);
	struct wait w = { 0 };
	int64_t now = clock_now();

	serve_listen_on(s, fd);
	for (;;) {
		wait_clear(&w);
		serve_wait(s, &w, now);
		wait_poll(&w, now);
		now = clock_now();
		serve_step(s, &w, now);
	}
}

/* ---- the parent ---- */

static void
add(struct fixture *f, const char *path)
{
	struct address to = { .path = mem_dup(slice_of(path)),
		.domain = mem_dup(SLICE("x")), .name = mem_dup(SLICE("")) };

	envelope_add(&f->envelope, &to);
}

static int
set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);

	snprintf(f->dir, sizeof f->dir, "/tmp/cli_handin.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/submit", f->dir);
	f->play = mmap(NULL, sizeof *f->play, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	f->envelope.from = (struct address){ .path = mem_dup(SLICE("a@x")),
		.domain = mem_dup(SLICE("x")), .name = mem_dup(SLICE("")) };
	buf_puts(&f->message.head, "Subject: x\r\n\r\n");
	f->message.body = (struct content){ .memory = SLICE(".body\n"),
		.fd = -1, .length = 6 };
	f->message.size = f->message.head.n + 7;
	f->handin = (struct handin){ .path = f->path,
		.envelope = &f->envelope, .message = &f->message,
		.extras = { .form = FORM_FINISHED } };
	*state = f;
	return 0;
}

static void
start(struct fixture *f)
{
	struct outcome why;
	int fd = local_listen(f->path, 0600, &why);

	assert_true(fd >= 0);
	f->child = fork();
	if (f->child == 0)
		run_child(f->play, fd);
	close(fd);
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->child > 0) {
		kill(f->child, SIGKILL);
		waitpid(f->child, NULL, 0);
	}
	envelope_free(&f->envelope);
	buf_free(&f->message.head);
	munmap(f->play, sizeof *f->play);
	remove_all(f->dir);
	free(f);
	return 0;
}

/* "D ID1 250", for recipient i. */
static const char *
fate(const struct fixture *f, size_t i)
{
	static char text[200];
	const struct recipient *r = &f->envelope.rcpts[i];

	snprintf(text, sizeof text, "%s %s %u%s", verdict_name(r->verdict),
	    r->result ? r->result->queue_id : "-",
	    r->result ? r->result->code : 0,
	    r->result && r->result->maybe_sent ? " maybe" : "");
	return text;
}

static void
test_taken(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	f->handin.extras = (struct mail_extras){ .form = FORM_AS_IS,
		.key = "my key+1", .tag = "cron/x", .hops = 3, .hold = true,
		.hold_reason = "look=\n\xc3\xa9",
		.queue_only = true, .no_alias = true, .priority = -3,
		.hold_until = 1795339200, .return_after = 60,
		.require_tls = true };
	add(f, "b@x");
	add(f, "no@x");
	add(f, "c@x");
	f->envelope.rcpts[0].notify = NOTIFY_NEVER;
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "delivered ID1 250");
	assert_string_equal(fate(f, 1), "failed  550");
	assert_string_equal(fate(f, 2), "delivered ID1 250");
	assert_int_equal(f->play->messages, 1);
	assert_int_equal(f->play->size[0], f->message.size);
	assert_string_equal(f->play->params[0], " SIZE=21 REQUIRETLS "
	    "HOLDUNTIL=2026-11-22T09:20:00Z BY=60;R MT-PRIORITY=-3 FORM=AS-IS "
	    "KEY=my+20key+2B1 TAG=cron/x HOLD=look+3D+20+C3+A9 NOALIAS "
	    "QUEUEONLY HOPS=3");
	assert_string_equal(f->play->rcpts[0], "b@x NOTIFY=NEVER c@x ");
}

/* Each part has a key of its own; a tag that nobody takes is left out. */
static void
test_parts(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	f->handin.extras.key = "k";
	f->handin.extras.tag = "a b";
	f->play->max_rcpts = 2;
	for (int i = 0; i < 5; i++) {
		char path[20];

		snprintf(path, sizeof path, "r%d@x", i);
		add(f, path);
	}
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_int_equal(f->play->messages, 3);
	assert_string_equal(fate(f, 1), "delivered ID1 250");
	assert_string_equal(fate(f, 4), "delivered ID3 250");
	assert_string_equal(f->play->params[0],
	    " SIZE=21 FORM=FINISHED KEY=k");
	assert_string_equal(f->play->params[2],
	    " SIZE=21 FORM=FINISHED KEY=k+202");
	assert_string_equal(f->play->rcpts[2], "r4@x ");
}

static void
test_nobody_there(void **state)
{
	struct fixture *f = *state;
	struct outcome why;
	int fd;

	add(f, "b@x");
	assert_false(handin_run(&f->handin, NULL, &why));
	assert_non_null(strstr(why.text, "No such file"));
	assert_int_equal(f->envelope.rcpts[0].verdict, PENDING);
	fd = local_listen(f->path, 0600, &why);
	close(fd);
	assert_false(handin_run(&f->handin, NULL, &why));
	assert_non_null(strstr(why.text, "refused"));
	assert_int_equal(f->envelope.rcpts[0].verdict, PENDING);
}

static void
test_dies(void **state)
{
	static const struct {
		int how;
		const char *want;
	} cases[] = {
		{ DIE_AT_DOT, "deferred  0 maybe" },
		{ REFUSE, "deferred  452" },
	};
	struct outcome why;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture *f;

		if (i > 0) {
			tear_down(state);
			set_up(state);
		}
		f = *state;
		f->play->how = (unsigned)cases[i].how;
		add(f, "b@x");
		start(f);
		assert_true(handin_run(&f->handin, NULL, &why));
		assert_string_equal(fate(f, 0), cases[i].want);
		assert_int_equal(f->play->messages, 1);
	}
}

/* Its text was larger than what fits in between: it cannot have it. */
static void
test_dies_before(void **state)
{
	struct fixture *f = *state;
	struct outcome why;
	size_t n = 8000000;
	char *text = mem_alloc(n);

	memset(text, 'x', n);
	for (size_t i = 70; i < n; i += 70)
		text[i] = '\n';
	f->message.body = (struct content){ .memory = { text, n },
		.fd = -1, .length = n };
	f->play->how = DIE_BEFORE_DOT;
	f->message.size = 0;
	add(f, "b@x");
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "deferred  0");
	free(text);
}

static void
test_too_big(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	f->message.size = 2000000;
	add(f, "b@x");
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "failed  0");
	assert_int_equal(f->play->messages, 0);
}

static void
test_hangs(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	f->play->how = HANG;
	f->handin.patience = SECONDS(1) / 5;
	add(f, "b@x");
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "deferred  0 maybe");
	assert_non_null(strstr(f->envelope.rcpts[0].result->text,
	    "said nothing"));
}

/* Too many of us: again, until there is room. */
static void
test_turned_away(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	f->play->turn_away = 3;
	add(f, "b@x");
	start(f);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "delivered ID1 250");
	assert_int_equal(f->play->connections, 4);
}

/* More wait than the listener has room for: again, until it has. */
static void
test_backlog(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct outcome why;
	int other;

	snprintf(at.sun_path, sizeof at.sun_path, "%s", f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 0), 0);
	other = local_connect(f->path);
	assert_int_equal(local_connect(f->path), -1);
	add(f, "b@x");
	f->child = fork();
	if (f->child == 0) {
		poll(NULL, 0, 200);
		run_child(f->play, fd);
	}
	close(fd);
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "delivered ID1 250");
	close(other);
}

/* Nobody waits: nobody is called. */
static void
test_nothing_to_do(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	assert_true(handin_run(&f->handin, NULL, &why));
	add(f, "b@x");
	f->envelope.rcpts[0].verdict = FAILED;
	assert_true(handin_run(&f->handin, NULL, &why));
	assert_string_equal(fate(f, 0), "failed - 0");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_taken),
		T(test_parts),
		T(test_nobody_there),
		T(test_dies),
		T(test_dies_before),
		T(test_too_big),
		T(test_hangs),
		T(test_turned_away),
		T(test_backlog),
		T(test_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
