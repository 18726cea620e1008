/* SPDX-License-Identifier: ISC */
/*
 * stick - a small sendmail with a queue, to prove the tools of this folder.
 *
 *	stick [-odq] -f SENDER RCPT... <message	     stick -q
 *
 * It keeps the order of steps of QUEUE.md, and $STICK_FAULT names a step that
 * it then does wrong: the tools have to find out.
 *	nofilesync nodirsync linkfirst	enqueue is not durable in that order
 *	nomark marklate			D is not durable, or only after QUIT
 *	unlinkfirst			forgets a message before it is delivered
 *	bouncelate			writes B before there is a bounce
 *	litter				begins under a name, and leaves it
 *	silent				says 0 whatever the disk said
 * The spool is $STICK_SPOOL, the server 192.0.2.1:25.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "talk.h"

enum { HEAD = 4096, SLOT = 512, TEXT = 65536, RCPTS = 100 };

static const char *fault = "";
static int queue; /* the folder */

struct mail {
	char head[HEAD]; /* sender, recipients: strings; an empty one ends */
	const char *rcpts[RCPTS];
	char state[RCPTS];
	size_t n;
	int fd;
	char id[300];
};

static bool
wrong(const char *what)
{
	return strcmp(fault, what) == 0;
}

static void
check(bool ok, const char *what)
{
	if (ok || wrong("silent"))
		return;
	perror(what);
	exit(75);
}

static void
must_write(int fd, const void *data, size_t n, off_t at)
{
	check(pwrite(fd, data, n, at) == (ssize_t)n, "write");
}

static void
put_states(const struct mail *m)
{
	char slot[SLOT] = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		slot[0] = m->state[i];
		must_write(m->fd, slot, sizeof slot, (off_t)(HEAD + i * SLOT));
	}
}

static void
make_id(char *id)
{
	unsigned char raw[13];

	if (getrandom(raw, sizeof raw, 0) != sizeof raw)
		exit(75);
	for (size_t i = 0; i < sizeof raw; i++)
		sprintf(id + 2 * i, "%02X", raw[i]);
}

static void
lock(int fd, bool wait)
{
	struct flock l = { .l_type = F_WRLCK };

	check(fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l) == 0, "lock");
}

/* Write what it is, in that order. */
static void
fill(struct mail *m, const char *text, size_t n)
{
	must_write(m->fd, text, n, TEXT);
	put_states(m);
	must_write(m->fd, m->head, HEAD, 0);
	if (!wrong("nofilesync"))
		check(fsync(m->fd) == 0, "fsync");
}

static void
name(const struct mail *m)
{
	char path[64];

	lock(m->fd, true);
	snprintf(path, sizeof path, "/proc/self/fd/%d", m->fd);
	check(linkat(AT_FDCWD, path, queue, m->id, AT_SYMLINK_FOLLOW) == 0,
	    "link");
}

static void
sync_folder(void)
{
	if (!wrong("nodirsync"))
		check(fsync(queue) == 0, "fsync of the folder");
}

static int
begin(struct mail *m)
{
	char tmp[300];

	make_id(m->id);
	if (!wrong("litter"))
		return openat(queue, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	snprintf(tmp, sizeof tmp, ".tmp.%.200s", m->id);
	return openat(queue, tmp, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
}

static int
enqueue(int argc, char **argv)
{
	static char text[16 << 20];
	struct mail m = { 0 };
	size_t at = 0, n = 0;

	for (int i = 0; i < argc; i++)
		at += (size_t)sprintf(m.head + at, "%s", argv[i]) + 1;
	m.n = (size_t)argc - 1;
	memset(m.state, 'P', m.n);
	for (int c; (c = getchar()) != EOF && n < sizeof text - 2;) {
		if (c == '\n')
			text[n++] = '\r';
		text[n++] = (char)c;
	}
	m.fd = begin(&m);
	check(m.fd >= 0, "open");
	if (wrong("linkfirst"))
		name(&m);
	fill(&m, text, n);
	if (!wrong("linkfirst"))
		name(&m);
	if (wrong("litter"))
		unlinkat(queue, (sprintf(text, ".tmp.%s", m.id), text), 0);
	sync_folder();
	return 0;
}

static void
mark(struct mail *m, size_t i, char state)
{
	char slot[SLOT] = { state };

	m->state[i] = state;
	must_write(m->fd, slot, sizeof slot, (off_t)(HEAD + i * SLOT));
	if (!wrong("nomark"))
		check(fdatasync(m->fd) == 0, "fdatasync");
}

/* The recipient whose turn it is. */
struct turn {
	struct mail *m;
	size_t i;
};

static void
send_text(FILE *s, void *owner)
{
	const struct turn *t = owner;
	char block[8192];
	off_t at = TEXT;

	for (ssize_t n;
	     (n = pread(t->m->fd, block, sizeof block, at)) > 0; at += n)
		fwrite(block, 1, (size_t)n, s);
}

static void
decided(void *owner, char state)
{
	const struct turn *t = owner;

	mark(t->m, t->i, state);
}

static void
deliver(struct mail *m, size_t i)
{
	struct turn turn = { m, i };
	struct talk t = { m->head, m->rcpts[i], wrong("marklate"), send_text,
		decided, &turn };

	talk_run(&t);
}

static void
mark_failed(struct mail *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == 'F')
			mark(m, i, 'B');
}

/* F owed: a bounce under a hidden name, B, then its name. */
static void
bounce(struct mail *m, const char *hidden)
{
	struct mail b = { .n = 1, .state = "P" };
	char text[8192];
	size_t n = (size_t)sprintf(text, "Subject: no\r\n\r\n");

	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == 'F')
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "Final-Recipient: rfc822; %s\r\n", m->rcpts[i]);
	if (wrong("bouncelate"))
		mark_failed(m);
	strcpy(b.head + 1, m->head);
	make_id(b.id);
	b.fd = openat(queue, hidden, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC,
	    0600);
	fill(&b, text, n);
	fsync(queue);
	mark_failed(m);
	renameat(queue, hidden, queue, b.id);
	sync_folder();
	close(b.fd);
}

static bool
has(const struct mail *m, char state)
{
	return memchr(m->state, state, m->n) != NULL;
}

static bool
load(struct mail *m)
{
	char slot;

	if (pread(m->fd, m->head, HEAD, 0) != HEAD)
		return false;
	for (const char *p = m->head + strlen(m->head) + 1; *p != '\0';
	     p += strlen(p) + 1) {
		m->rcpts[m->n] = p;
		if (pread(m->fd, &slot, 1,
		        (off_t)(HEAD + m->n * SLOT)) != 1)
			return false;
		m->state[m->n++] = slot;
	}
	return true;
}

static void
work(struct mail *m)
{
	char hidden[310];

	snprintf(hidden, sizeof hidden, ".%s.1", m->id);
	if (has(m, 'B') && faccessat(queue, hidden, F_OK, 0) == 0) {
		mark_failed(m); /* died between two B: the bounce is whole */
		renameat(queue, hidden, queue, hidden + 1);
		sync_folder();
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == 'P')
			deliver(m, i);
	if (has(m, 'F') && m->head[0] != '\0')
		bounce(m, hidden);
	else if (m->head[0] == '\0')
		mark_failed(m); /* nobody to tell */
	if (!has(m, 'P') && !has(m, 'F'))
		unlinkat(queue, m->id, 0);
}

static void
take(const char *id)
{
	static struct mail m;
	struct flock l = { .l_type = F_WRLCK };
	struct stat a, b;

	memset(&m, 0, sizeof m);
	snprintf(m.id, sizeof m.id, "%s", id);
	m.fd = openat(queue, id, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (m.fd < 0)
		return;
	if (fcntl(m.fd, F_OFD_SETLK, &l) == 0 && fstat(m.fd, &a) == 0 &&
	    fstatat(queue, id, &b, 0) == 0 && a.st_ino == b.st_ino) {
		if (wrong("unlinkfirst"))
			unlinkat(queue, id, 0);
		if (load(&m))
			work(&m);
	}
	close(m.fd);
}

/* As the spool's owner, whoever calls. */
static void
become_owner(void)
{
	struct stat st;

	check(stat(".", &st) == 0, "spool");
	if (geteuid() == 0)
		check(setgid(st.st_gid) == 0 && setuid(st.st_uid) == 0,
		    "setuid");
}

static int
run(void)
{
	struct dirent **list;
	int n = scandirat(queue, ".", &list, NULL, alphasort);

	for (int i = 0; i < n; i++)
		if (list[i]->d_name[0] != '.')
			take(list[i]->d_name);
	return 0;
}

int
main(int argc, char **argv)
{
	int at = 1;

	if (getenv("STICK_FAULT") != NULL)
		fault = getenv("STICK_FAULT");
	if (chdir(getenv("STICK_SPOOL")) < 0)
		return 75;
	become_owner();
	mkdir("queue", 0700);
	queue = open("queue", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(queue >= 0, "queue");
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "-q") == 0)
			return run();
		if (strcmp(argv[at], "-f") == 0)
			return enqueue(argc - at - 1, argv + at + 1);
	}
	return 64;
}
