/* SPDX-License-Identifier: ISC */
/* cli_sink.c - the sink's text forms, its store, and all over a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/receive.h"
#include "net/file.h"
#include "net/sockaddr.h"
#include "serve/sink_store.h"
#include "mail/unix_text.h"

static const struct {
	int kind;
	const char *in, *want;
} forms[] = {
	{ TEXT_PLAIN, "", "" },
	{ TEXT_PLAIN, "a\r\n\r\nb", "a\n\nb\n" },
	{ TEXT_PLAIN, "From x\r\n", "From x\n" },
	{ TEXT_MBOX, "From x\r\n", ">From x\n" },
	{ TEXT_MBOX, ">>From x\r\na From y\r\n", ">>>From x\na From y\n" },
	{ TEXT_MBOX, "From\r\nFrom:\r\n>F", "From\nFrom:\n>F\n" },
	{ TEXT_MBOX, "a\r\n\r\nFrom ", "a\n\n>From \n" },
	{ TEXT_MBOX, ">\r\nFFrom x\r\n", ">\nFFrom x\n" },
	{ TEXT_TERMINAL, "\tx\033[1m\r\nFrom \xc3\xbc\r\n",
	    "\tx\\x1b[1m\nFrom \xc3\xbc\n" },
};

static void
check_form(size_t i, size_t step)
{
	struct slice in = slice_of(forms[i].in);
	struct unix_text t = { 0 };
	struct buf out = { 0 };

	t.kind = (unsigned)forms[i].kind;
	while (in.n > 0) {
		struct slice part = slice_first(in, step);

		unix_text_put(&t, part, &out);
		in = slice_from(in, part.n);
	}
	unix_text_end(&t, &out);
	assert_string_equal(buf_str(&out), forms[i].want);
	buf_free(&out);
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		check_form(i, 1000);
		if (forms[i].kind != TEXT_TERMINAL)
			check_form(i, 1);
		check_form(i, 3 + (i == 8));
	}
}

/* A folder of our own, with a mail box in it. */
struct place {
	char dir[64], mbox[96];
};

static void
make_place(struct place *p)
{
	strcpy(p->dir, "/tmp/smtpsend-sink-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->mbox, sizeof p->mbox, "%s/mbox", p->dir);
}

static void
read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = read(fd, buf_reserve(out, 65536), 65536)) > 0)
		buf_grow(out, (size_t)n);
	close(fd);
}

/* The files in the place, in order, hidden ones too; emptied and removed. */
static size_t
collect(struct place *p, struct buf *contents)
{
	struct dirent **entry;
	int n = scandir(p->dir, &entry, NULL, alphasort);
	char path[400];
	size_t files = 0;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", p->dir, entry[i]->d_name);
		if (entry[i]->d_type == DT_REG) {
			read_file(path, contents);
			unlink(path);
			files++;
		}
		free(entry[i]);
	}
	free(entry);
	assert_int_equal(rmdir(p->dir), 0);
	return files;
}

static void
make_message(struct server_message *m, struct server_rcpt rcpt[2])
{
	memset(m, 0, sizeof *m);
	memset(rcpt, 0, 2 * sizeof *rcpt);
	buf_puts(&m->from, "a@x");
	buf_puts(&rcpt[0].to, "b@y");
	buf_puts(&rcpt[1].to, "c@y");
	rcpt[1].reply = "450 not this one";
	m->rcpt = rcpt;
	m->nrcpts = 2;
}

static void
free_message(struct server_message *m)
{
	buf_free(&m->from);
	buf_free(&m->rcpt[0].to);
	buf_free(&m->rcpt[1].to);
}

static void
test_store_dir(void **state)
{
	struct sink_store store = { 0 };
	struct server_rcpt rcpt[2];
	struct server_message m;
	struct serve_mail mail = { .message = &m };
	struct draft d = DRAFT_NONE;
	struct place p;
	struct buf got = { 0 };

	(void)state;
	make_place(&p);
	make_message(&m, rcpt);
	store.dir = "/nonexistent/dir";
	assert_non_null(sink_store_check(&store));
	store.dir = "/etc/passwd";
	assert_non_null(sink_store_check(&store));
	store.dir = p.dir;
	assert_null(sink_store_check(&store));
	draft_open(&d, &store, &m);
	draft_write(&d, SLICE("thrown away\r\n"));
	draft_discard(&d);
	draft_open(&d, &store, &m);
	draft_write(&d, SLICE("S: x\r\n\r\n"));
	draft_write(&d, SLICE("From y\r\n"));
	assert_true(draft_keep(&d, &store, &mail));
	draft_discard(&d);
	assert_int_equal(store.kept, 1);
	assert_int_equal(collect(&p, &got), 1);
	assert_string_equal(buf_str(&got), "Return-Path: <a@x>\r\n"
	    "X-Envelope-To: <b@y>\r\nS: x\r\n\r\nFrom y\r\n");
	assert_null(sink_store_check(&store)); /* it makes the folder again */
	assert_int_equal(rmdir(p.dir), 0);
	draft_open(&d, &store, &m);
	draft_write(&d, SLICE("x"));
	assert_false(draft_keep(&d, &store, &mail));
	assert_string_equal(draft_refusal(&d),
	    "451 4.3.0 Cannot keep the message now");
	assert_int_equal(store.kept, 1);
	draft_discard(&d);
	free_message(&m);
	buf_free(&got);
}

static void
test_store_mbox(void **state)
{
	struct sink_store store = { 0 };
	struct server_rcpt rcpt[2];
	struct server_message m;
	struct serve_mail mail = { .message = &m };
	struct draft d = DRAFT_NONE;
	struct place p;
	struct buf got = { 0 };
	const char *body = "Return-Path: <a@x>\nX-Envelope-To: <b@y>\n"
	    "S: x\n\n>From y\n\n";
	struct slice all, line;

	(void)state;
	make_place(&p);
	make_message(&m, rcpt);
	store.mbox = p.mbox;
	assert_null(sink_store_check(&store));
	for (int i = 0; i < 2; i++) {
		draft_open(&d, &store, &m);
		draft_write(&d, SLICE("S: x\r\n\r\nFrom y"));
		assert_true(draft_keep(&d, &store, &mail));
		draft_discard(&d);
	}
	assert_int_equal(collect(&p, &got), 1);
	all = buf_slice(&got);
	for (int i = 0; i < 2; i++) {
		assert_true(slice_cut(&all, '\n', &line));
		assert_true(slice_starts(line, SLICE("From a@x ")));
		assert_true(slice_starts(all, slice_of(body)));
		all = slice_from(all, strlen(body));
	}
	assert_int_equal(all.n, 0);
	free_message(&m);
	buf_free(&got);
}

/* A full disk is not a kept message. */
static void
test_store_full(void **state)
{
	struct sink_store store = { .mbox = "/dev/full" };
	struct server_rcpt rcpt[2];
	struct server_message m;
	struct serve_mail mail = { .message = &m };
	struct draft d = DRAFT_NONE;

	(void)state;
	make_message(&m, rcpt);
	draft_open(&d, &store, &m);
	draft_write(&d, SLICE("x\r\n"));
	assert_false(draft_keep(&d, &store, &mail));
	assert_string_equal(draft_refusal(&d),
	    "452 4.3.1 Insufficient system storage");
	assert_int_equal(d.fd, -1);
	draft_discard(&d);
	free_message(&m);
}

/* So many octets of text, in lines; then what the mbox has of them. */
static void
keep_octets(struct sink_store *store, const struct place *p, size_t n,
    struct buf *got)
{
	static char text[DRAFT_IN_MEMORY + 2];
	struct server_rcpt rcpt[2];
	struct server_message m;
	struct serve_mail mail = { .message = &m };
	struct draft d = DRAFT_NONE;

	make_message(&m, rcpt);
	memset(text, 'x', n);
	draft_open(&d, store, &m);
	draft_write(&d, (struct slice){ text, n - 5 });
	draft_write(&d, (struct slice){ text, 3 });
	draft_write(&d, SLICE("\r\n"));
	if (!draft_keep(&d, store, &mail))
		assert_string_equal(draft_refusal(&d),
		    "451 4.3.0 Cannot keep the message now");
	draft_discard(&d);
	buf_clear(got);
	assert_true(file_read(p->mbox, got) || errno == ENOENT);
	free_message(&m);
}

/* What is too large for memory is the same in a file. */
static void
test_store_edges(void **state)
{
	struct sink_store store = { 0 };
	struct place p;
	struct buf got = { 0 };
	size_t octets = 0;

	(void)state;
	make_place(&p);
	store.mbox = p.mbox;
	for (size_t n = DRAFT_IN_MEMORY - 1; n <= DRAFT_IN_MEMORY + 1; n++) {
		const char *text;

		keep_octets(&store, &p, n, &got);
		text = strstr(buf_str(&got) + octets, "xxxx");
		assert_non_null(text);
		octets = got.n;
		assert_int_equal(strspn(text, "x"), n - 2);
		assert_string_equal(text + n - 2, "\n\n");
	}
	assert_int_equal(store.kept, 3);
	buf_free(&got);
	unlink(p.mbox);
	rmdir(p.dir);
}

/* Nowhere to keep it while it comes in: refused, and nothing is appended. */
static void
test_store_without_room(void **state)
{
	struct sink_store store = { 0 };
	struct place p;
	struct buf got = { 0 };

	(void)state;
	make_place(&p);
	store.mbox = p.mbox;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	keep_octets(&store, &p, DRAFT_IN_MEMORY + 1, &got);
	assert_int_equal(store.kept, 0);
	assert_int_equal(got.n, 0);
	keep_octets(&store, &p, DRAFT_IN_MEMORY, &got);
	assert_int_equal(store.kept, 1);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	buf_free(&got);
	unlink(p.mbox);
	assert_int_equal(collect(&p, &got), 0);
}

struct running {
	pid_t pid;
	uint16_t port;
};

#define WORDS_MAX 16

/* smtpsend --sink 127.0.0.1:0 WORDS in this process; the exit status. */
static int
run_sink(const char *at, const char *words)
{
	char *argv[WORDS_MAX] = { "smtpsend", "--sink" }, text[256], *save;
	struct settings settings;
	struct buf says = { 0 };
	int argc = 2;

	snprintf(text, sizeof text, "%s --sink-name me %s", at, words);
	for (char *w = strtok_r(text, " ", &save); w && argc < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	assert_int_equal(options_parse(argc, argv, &settings, &says), 0);
	return receive_run(&settings);
}

/* The same in a child, its stderr read until the port is known. */
static void
start(struct running *r, const char *words)
{
	struct buf said = { 0 };
	int pipe_[2];
	uint64_t port;

	assert_int_equal(pipe(pipe_), 0);
	r->pid = fork();
	if (r->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipe_[1], 2);
		close(pipe_[0]);
		_exit(run_sink("127.0.0.1:0", words));
	}
	close(pipe_[1]);
	while (slice_find(buf_slice(&said), '\n') == said.n)
		buf_grow(&said, read(pipe_[0], buf_reserve(&said, 1), 1) == 1);
	close(pipe_[0]);
	assert_true(slice_starts(buf_slice(&said),
	    SLICE("listening on 127.0.0.1:")));
	assert_true(slice_to_uint(slice_trim(slice_from(buf_slice(&said), 23)),
	    65535, &port));
	r->port = (uint16_t)port;
	buf_free(&said);
}

static void
start_in(struct running *r, const char *option, const char *path,
    const char *words)
{
	char text[200];

	snprintf(text, sizeof text, "%s %s %s", option, path, words);
	start(r, text);
}

static int
finish(struct running *r)
{
	int status;

	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
dial(const struct running *r)
{
	struct endpoint at = {
		.ip = { .version = 4, .b = { 127, 0, 0, 1 } }, .port = r->port
	};
	struct sockaddr_storage addr;
	socklen_t n = sockaddr_put(&addr, &at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&addr, n), 0);
	return fd;
}

static void
say(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		assert_true(n > 0);
		s = slice_from(s, (size_t)n);
	}
}

/* All that is said until the sink closes; twenty seconds at most between. */
static void
hear(int fd, struct buf *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 1;

	while (n > 0) {
		assert_int_equal(poll(&p, 1, 20000), 1);
		n = recv(fd, buf_reserve(out, 4096), 4096, 0);
		buf_grow(out, n > 0 ? (size_t)n : 0);
	}
	close(fd);
}

static size_t
count_of(struct buf *b, const char *what)
{
	struct slice s = buf_slice(b), w = slice_of(what);
	size_t n = 0;

	while ((s = slice_from(s, slice_find(s, w.p[0]))).n > 0) {
		n += slice_starts(s, w);
		s = slice_from(s, 1);
	}
	return n;
}

/*
 * Several connections at once, with messages of many blocks: whatever the reads
 * happen to be, the answer must come.
 */
static void
test_many_large_at_once(void **state)
{
	struct running r;
	struct place p;
	struct buf text = { 0 }, heard = { 0 }, files = { 0 };
	int fd[3];

	(void)state;
	make_place(&p);
	start_in(&r, "--sink-dir", p.dir, "--sink-count 30");
	for (unsigned i = 0; i < 40000; i++)
		buf_puts(&text, "..twenty octets more\r\n");
	for (int k = 0; k < 3; k++) {
		fd[k] = dial(&r);
		say(fd[k], SLICE("HELO x\r\n"));
	}
	for (unsigned i = 0; i < 10; i++)
		for (int k = 0; k < 3; k++) {
			say(fd[k], SLICE("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"
			    "DATA\r\n"));
			say(fd[k], slice_from(buf_slice(&text), 22 * 777 * i));
			say(fd[k], SLICE(".\r\n"));
		}
	for (int k = 0; k < 3; k++) {
		say(fd[k], SLICE("QUIT\r\n"));
		hear(fd[k], &heard);
	}
	assert_int_equal(finish(&r), 0);
	assert_int_equal(count_of(&heard, "queued as"), 30);
	assert_int_equal(collect(&p, &files), 30);
	assert_int_equal(count_of(&files, "\r\n.twenty octets more\r\n"),
	    3 * (400000 - 777 * 45));
	buf_free(&text);
	buf_free(&heard);
	buf_free(&files);
}

/* The first is kept, what comes after the count is not. */
static void
test_count_is_exact(void **state)
{
	struct running r;
	struct place p;
	struct buf heard = { 0 }, mbox = { 0 };
	int fd;

	(void)state;
	make_place(&p);
	start_in(&r, "--sink-mbox", p.mbox, "--sink-count 1");
	fd = dial(&r);
	say(fd, SLICE("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n.\r\n"
	    "MAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\nno\r\n.\r\n"));
	hear(fd, &heard);
	assert_int_equal(count_of(&heard, "queued as"), 1);
	assert_int_equal(count_of(&heard, "421 That was enough"), 1);
	assert_int_equal(finish(&r), 0);
	assert_int_equal(collect(&p, &mbox), 1);
	assert_int_equal(count_of(&mbox, "From MAILER-DAEMON "), 1);
	assert_int_equal(count_of(&mbox, "no\n"), 0);
	buf_free(&heard);
	buf_free(&mbox);
}

/* A connection that breaks off leaves nothing behind, a signal ends all. */
static void
test_broken_off_and_signal(void **state)
{
	struct running r;
	struct place p;
	struct buf heard = { 0 };
	int fd;

	(void)state;
	make_place(&p);
	start_in(&r, "--sink-dir", p.dir, "");
	fd = dial(&r);
	say(fd, SLICE("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\nhalf"));
	shutdown(fd, SHUT_WR);
	hear(fd, &heard);
	assert_int_equal(count_of(&heard, "354"), 1);
	fd = dial(&r);
	say(fd, SLICE("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\nhalf"));
	assert_int_equal(kill(r.pid, SIGTERM), 0);
	assert_int_equal(finish(&r), 0);
	close(fd);
	buf_clear(&heard);
	assert_int_equal(collect(&p, &heard), 0);
	buf_free(&heard);
}

static void
test_cannot_begin(void **state)
{
	static const struct {
		const char *words;
		int status;
	} cases[] = {
		{ "", 71 },
		{ "--sink-dir /nonexistent/dir", 73 },
		{ "--sink-mbox /nonexistent/mbox", 73 },
		{ "--sink-mbox /tmp", 73 },
		{ "--cert /dev/null", 78 },
	};
	struct running r;
	char at[32];
	int status;
	pid_t pid;

	(void)state;
	start(&r, "");
	snprintf(at, sizeof at, "127.0.0.1:%u", r.port);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			dup2(open("/dev/null", O_WRONLY), 2);
			_exit(run_sink(at, cases[i].words));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WEXITSTATUS(status) != cases[i].status)
			fail_msg("%s: %d", cases[i].words, status);
	}
	kill(r.pid, SIGINT);
	assert_int_equal(finish(&r), 0);
}

/* A FIFO would block, or lose the mail. */
static void
test_no_fifo_as_mbox(void **state)
{
	struct sink_store store = { 0 };
	struct place p;
	struct buf none = { 0 };

	(void)state;
	make_place(&p);
	assert_int_equal(mkfifo(p.mbox, 0600), 0);
	store.mbox = p.mbox;
	assert_string_equal(sink_store_check(&store), "it is no file");
	unlink(p.mbox);
	assert_int_equal(collect(&p, &none), 0);
	store.mbox = "/dev/null";
	assert_null(sink_store_check(&store));
}

/* One more than there are seats hears why; the next is let in again. */
static void
test_too_many_peers(void **state)
{
	struct running r;
	struct buf heard = { 0 };
	int fd[3];

	(void)state;
	start(&r, "--sink-peers 2");
	for (int i = 0; i < 2; i++) {
		fd[i] = dial(&r);
		assert_int_equal(recv(fd[i], buf_reserve(&heard, 3), 3,
		    MSG_WAITALL), 3);
	}
	fd[2] = dial(&r);
	hear(fd[2], &heard);
	assert_int_equal(count_of(&heard, "421 4.3.2 Too many connections"),
	    1);
	say(fd[0], SLICE("QUIT\r\n"));
	hear(fd[0], &heard);
	do { /* it has gone as soon as the sink has seen our end */
		buf_clear(&heard);
		fd[0] = dial(&r);
		say(fd[0], SLICE("QUIT\r\n"));
		hear(fd[0], &heard);
	} while (count_of(&heard, "220 me ESMTP") == 0);
	close(fd[1]);
	kill(r.pid, SIGTERM);
	assert_int_equal(finish(&r), 0);
	buf_free(&heard);
}

/* One octet after the other does not keep a connection for ever. */
static void
test_dripping_ends(void **state)
{
	struct running r;
	struct buf heard = { 0 };
	struct pollfd p = { .events = POLLIN };
	ssize_t n;
	int fd;

	(void)state;
	start(&r, "--timeout 1");
	p.fd = fd = dial(&r);
	while (send(fd, "N", 1, MSG_NOSIGNAL) == 1) {
		if (poll(&p, 1, 50) == 0)
			continue;
		n = recv(fd, buf_reserve(&heard, 500), 500, 0);
		if (n <= 0)
			break;
		buf_grow(&heard, (size_t)n);
	}
	assert_int_equal(count_of(&heard, "421 Idle for too long"), 1);
	close(fd);
	kill(r.pid, SIGTERM);
	assert_int_equal(finish(&r), 0);
	buf_free(&heard);
}

/* Who is idle when it is stopped hears 421; what was taken is answered. */
static void
test_stopped_in_order(void **state)
{
	struct running r;
	struct place p;
	struct buf heard = { 0 }, files = { 0 };
	int fd;

	(void)state;
	make_place(&p);
	start_in(&r, "--sink-dir", p.dir, "");
	fd = dial(&r);
	say(fd, SLICE("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n"
	    "x\r\n.\r\nNOOP\r\n"));
	while (count_of(&heard, "queued as") == 0)
		buf_grow(&heard, (size_t)recv(fd, buf_reserve(&heard, 500), 500,
		    0));
	kill(r.pid, SIGTERM);
	hear(fd, &heard);
	assert_int_equal(count_of(&heard, "421 Shutting down"), 1);
	assert_int_equal(finish(&r), 0);
	assert_int_equal(collect(&p, &files), 1);
	buf_free(&heard);
	buf_free(&files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_store_dir),
		cmocka_unit_test(test_store_mbox),
		cmocka_unit_test(test_store_full),
		cmocka_unit_test(test_store_edges),
		cmocka_unit_test(test_store_without_room),
		cmocka_unit_test(test_many_large_at_once),
		cmocka_unit_test(test_count_is_exact),
		cmocka_unit_test(test_broken_off_and_signal),
		cmocka_unit_test(test_cannot_begin),
		cmocka_unit_test(test_no_fifo_as_mbox),
		cmocka_unit_test(test_too_many_peers),
		cmocka_unit_test(test_dripping_ends),
		cmocka_unit_test(test_stopped_in_order),
	};

	signal(SIGINT, SIG_DFL); /* a shell's background job ignores it */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
