/* SPDX-License-Identifier: ISC */
/*
 * engine - the store of spool/ under a runner that is as plain as can be.
 *
 *	engine [-odq] [-i] -f SENDER RCPT... <message	engine -q
 *	engine VERB ID [OLD NEW]	hold, release, rm, edit-rcpt
 *
 * What goes wrong with it is the store's fault, not the runner's.  The spool is
 * $STICK_SPOOL; it syncs by itself, without recorders, unless $STICK_FAULT is a
 * number: so many.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"

#include "base/mem.h"
#include "net/content.h"
#include "spool/store.h"

static struct store *store;

_Noreturn void
mem_exhausted(void)
{
	_exit(75);
}

static struct address
address(const char *path)
{
	const char *at = strchr(path, '@');

	return (struct address){ .path = mem_dup(slice_of(path)),
		.domain = mem_dup(slice_of(at != NULL ? at + 1 : "")),
		.name = mem_dup(slice_of("")) };
}

/* Wait for the one answer that is owed. */
static bool
answered(void)
{
	struct store_answer a = { 0 };

	while (!store_answer(store, &a)) {
		struct pollfd p = { .fd = store_fd(store), .events = POLLIN };
		if (p.fd < 0)
			return false;
		poll(&p, 1, -1);
	}
	if (!a.ok)
		fprintf(stderr, "%s\n", a.why.text);
	return a.ok;
}

static void
canonical(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_puts(out, text[i] == '\n' ? "\r\n"
		    : (char[]){ text[i], '\0' });
}

static struct draft *
begin(const struct stored *m, struct slice text)
{
	struct outcome why;
	struct draft *d = store_begin(store, m, &why);

	if (d != NULL && !store_write(d, text, &why)) {
		store_discard(store, d);
		d = NULL;
	}
	if (d == NULL)
		fprintf(stderr, "%s\n", why.text);
	return d;
}

static int
enqueue(int argc, char **argv)
{
	struct stored m = { .uid = getuid() };
	struct buf text = { 0 };
	char block[4096];

	m.envelope.from = address(argv[0]);
	for (int i = 1; i < argc; i++) {
		struct address a = address(argv[i]);
		envelope_add(&m.envelope, &a);
	}
	for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;)
		canonical(&text, block, n);
	if (ferror(stdin))
		return 74;
	struct draft *d = begin(&m, buf_slice(&text));
	if (d == NULL)
		return 75;
	store_commit(store, d, NULL);
	return answered() ? 0 : 75;
}

/* The recipient whose turn it is. */
struct turn {
	struct entry *e;
	size_t i;
	bool bad; /* the disk said no: enough of this message */
};

static void
send_text(FILE *s, void *owner)
{
	struct turn *t = owner;
	static char block[CONTENT_BLOCK];
	struct slice got;
	struct outcome why;

	for (uint64_t at = 0; at < t->e->text.length; at += got.n) {
		if (!content_read(&t->e->text, at, block, &got, &why))
			exit(74);
		fwrite(got.p, 1, got.n, s);
	}
}

static bool
mark(struct entry *e, size_t i, enum slot_state state)
{
	struct mark m = { .rcpt = i, .slot = e->slots[i] };

	m.slot.state = state;
	m.slot.attempts++;
	store_mark(store, e, &m, 1, NULL);
	return answered();
}

static void
decided(void *owner, char state)
{
	struct turn *t = owner;

	if (!mark(t->e, t->i, state == 'D' ? SLOT_DELIVERED : SLOT_FAILED))
		t->bad = true;
}

static bool
has(const struct entry *e, enum slot_state state)
{
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state == state)
			return true;
	return false;
}

static void
put_report(const struct entry *e, struct buf *out)
{
	buf_puts(out, "Subject: no\r\n\r\n");
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state == SLOT_FAILED) {
			buf_putf(out, "Final-Recipient: rfc822; %s\r\n",
			    e->mail.envelope.rcpts[i].to.path);
		}
}

static size_t
bounce_marks(const struct entry *e, struct mark *m)
{
	size_t n = 0;

	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state == SLOT_FAILED) {
			m[n] = (struct mark){ .rcpt = i,
				.slot = e->slots[i] };
			m[n++].slot.state = SLOT_BOUNCED;
		}
	m[n] = (struct mark){ .rcpt = STORE_MAIL, .mail = e->slot };
	m[n++].mail.bounces++;
	return n;
}

static bool
bounce(struct entry *e)
{
	struct stored b = { .is_bounce = true };
	struct buf text = { 0 };
	struct mark m[200];
	struct address to = address(e->mail.envelope.from.path);

	put_report(e, &text);
	b.envelope.from = address("");
	envelope_add(&b.envelope, &to);
	struct draft *d = begin(&b, buf_slice(&text));
	if (d == NULL)
		return false;
	store_bounce(store, e, d, m, bounce_marks(e, m), NULL);
	return answered();
}

static bool
begin_run(struct entry *e)
{
	struct mark m = { .rcpt = STORE_MAIL, .mail = e->slot };

	m.mail.runs++;
	store_mark(store, e, &m, 1, NULL);
	return answered();
}

static bool
work(struct entry *e)
{
	struct turn t = { e, 0, false };

	for (; t.i < e->mail.envelope.n && !t.bad; t.i++) {
		struct talk talk = { e->mail.envelope.from.path,
			e->mail.envelope.rcpts[t.i].to.path, false, send_text,
			decided, &t };
		if (e->slots[t.i].state == SLOT_PENDING)
			talk_run(&talk);
	}
	if (t.bad || !has(e, SLOT_FAILED))
		return !t.bad;
	return e->mail.envelope.from.path[0] == '\0' || bounce(e);
}

static void
take(const char *id)
{
	struct entry *e;
	struct outcome why;

	if (store_take(store, id, &e, &why) != STORE_TAKEN)
		return;
	bool ok = e->slot.held || (begin_run(e) && work(e));
	if (ok && !e->slot.held && !has(e, SLOT_PENDING))
		store_settle(store, e);
	else
		store_release(store, e);
}

static int
run(void)
{
	struct buf ids = { 0 };
	struct outcome why;

	store_recover(store, time(NULL));
	if (!store_list(store, STORE_QUEUE, &ids, &why))
		return 75;
	struct slice s = buf_slice(&ids);
	for (size_t at = 0; at < s.n; at += strlen(s.p + at) + 1)
		take(s.p + at);
	return 0;
}

static int
hold(struct entry *e, bool held)
{
	struct mark m = { .rcpt = STORE_MAIL, .mail = e->slot };

	m.mail.held = held;
	store_mark(store, e, &m, 1, NULL);
	bool ok = answered();
	store_release(store, e);
	return ok ? 0 : 75;
}

static int
discard(struct entry *e)
{
	store_remove(store, e, NULL);
	bool ok = answered();
	store_release(store, e);
	return ok ? 0 : 75;
}

static int
edit(struct entry *e, const char *old, const char *new)
{
	struct envelope to = { .from = address(e->mail.envelope.from.path) };

	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		const char *is = e->mail.envelope.rcpts[i].to.path;
		struct address a = address(strcmp(is, old) == 0 ? new : is);
		envelope_add(&to, &a);
	}
	store_edit(store, e, &to, NULL);
	bool ok = answered();
	store_release(store, e);
	return ok ? 0 : 75;
}

static int
verb(char **argv)
{
	struct entry *e;
	struct outcome why;
	struct buf ids = { 0 };

	if (strcmp(argv[1], "ALL") == 0 &&
	    store_list(store, STORE_QUEUE, &ids, &why) && ids.n > 0)
		argv[1] = ids.base + ids.off; /* the tests hold one */
	if (store_take(store, argv[1], &e, &why) != STORE_TAKEN)
		return 69;
	if (strcmp(argv[0], "rm") == 0)
		return discard(e);
	else if (strcmp(argv[0], "edit-rcpt") == 0)
		return edit(e, argv[2], argv[3]);
	else
		return hold(e, strcmp(argv[0], "hold") == 0);
	return 0;
}

static void
become_owner(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || setgid(st.st_gid) < 0 ||
	    setuid(st.st_uid) < 0)
		exit(75);
}

int
main(int argc, char **argv)
{
	const char *n = getenv("STICK_FAULT");
	struct store_config config = { .path = getenv("STICK_SPOOL"),
		.recorders = n != NULL ? (unsigned)atoi(n) : 0,
		.reserve = 1, .reserve_inodes = 1 };
	struct outcome why;

	become_owner(config.path);
	store = store_open(&config, &why);
	if (store == NULL) {
		fprintf(stderr, "%s\n", why.text);
		return 75;
	}
	for (int at = 1; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "-q") == 0)
			return run();
		if (strcmp(argv[at], "-f") == 0)
			return enqueue(argc - at - 1, argv + at + 1);
	}
	return argc > 2 ? verb(argv + 1) : 64;
}
