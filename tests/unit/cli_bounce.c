/* SPDX-License-Identifier: ISC */
/* cli_bounce.c - which reports a message owes, and what is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "net/content.h"
#include "queue/bounce.h"
#include "queue/told.h"
#include "../support/remove_all.h"
#include "../support/spool.h"

#define HOUR 3600

static const struct bounce_call usual = {
	.host = { "mx.a.example", 12 },
	.full_size = 100000,
	.warn_after = 4 * HOUR,
	.lifetime = 5 * 24 * HOUR,
	.now = 1795680000,
};

/* ---- what is owed ---- */

/* Slots: P pending, p late, d late and told, D S delivered, S not yet told. */
static const struct {
	const char *name, *slots;
	unsigned notify;
	bool from_null, held;
	const char *postmaster;
	enum bounce_todo todo; /* NOTHING = nothing at all */
	enum bounce_kind kind;
	const char *to;
	size_t marks;
} owed[] = {
	{ "nobody failed", "PPD", 0, false, false, "", BOUNCE_NOTHING, 0, 0,
	    0 },
	{ "one failed", "PFD", 0, false, false, "", BOUNCE_WRITE,
	    BOUNCE_FAILURE, "a@example.org", 2 },
	{ "all that failed together", "FBF", 0, false, false, "", BOUNCE_WRITE,
	    BOUNCE_FAILURE, "a@example.org", 3 },
	{ "never", "FF", NOTIFY_NEVER, false, false, "", BOUNCE_MARK,
	    BOUNCE_FAILURE, NULL, 2 },
	{ "delays only", "FP", NOTIFY_DELAY, false, false, "", BOUNCE_MARK,
	    BOUNCE_FAILURE, NULL, 1 },
	{ "failures only", "F", NOTIFY_FAILURE, false, false, "", BOUNCE_WRITE,
	    BOUNCE_FAILURE, "a@example.org", 2 },
	{ "told already", "BBD", 0, false, false, "", BOUNCE_NOTHING, 0, 0,
	    0 },
	{ "failures before delays", "pF", 0, false, false, "", BOUNCE_WRITE,
	    BOUNCE_FAILURE, "a@example.org", 2 },
	{ "late", "pP", 0, false, false, "", BOUNCE_WRITE, BOUNCE_DELAY,
	    "a@example.org", 2 },
	{ "late, told", "dP", 0, false, false, "", BOUNCE_NOTHING, 0, 0, 0 },
	{ "late, not asked for", "p", NOTIFY_FAILURE, false, false, "",
	    BOUNCE_NOTHING, 0, 0, 0 },
	{ "late, asked for", "p", NOTIFY_DELAY, false, false, "",
	    BOUNCE_WRITE, BOUNCE_DELAY, "a@example.org", 2 },
	{ "late, but held", "p", 0, false, true, "", BOUNCE_NOTHING, 0, 0,
	    0 },
	{ "success, not asked for", "S", 0, false, false, "", BOUNCE_NOTHING,
	    0, 0, 0 },
	{ "success", "SD", NOTIFY_SUCCESS, false, false, "", BOUNCE_WRITE,
	    BOUNCE_SUCCESS, "a@example.org", 2 },
	{ "success of <>", "S", NOTIFY_SUCCESS, true, false, "",
	    BOUNCE_NOTHING, 0, 0, 0 },
	{ "late of <>", "p", 0, true, false, "pm@x.example", BOUNCE_NOTHING,
	    0, 0, 0 },
	{ "failed of <>", "FB", 0, true, false, "", BOUNCE_ASIDE,
	    BOUNCE_FAILURE, NULL, 0 },
	{ "failed of <>, some pending", "FP", 0, true, false, "",
	    BOUNCE_NOTHING, 0, 0, 0 },
	{ "failed of <> for the postmaster", "FP", 0, true, false,
	    "pm@x.example", BOUNCE_WRITE, BOUNCE_FAILURE, "pm@x.example", 2 },
	{ "the postmaster's own", "F", 0, true, false, "R0@Example.net",
	    BOUNCE_ASIDE, BOUNCE_FAILURE, NULL, 0 },
	{ "failed of <>, never", "F", NOTIFY_NEVER, true, false, "",
	    BOUNCE_MARK, BOUNCE_FAILURE, NULL, 1 },
};

static struct slot
slot_of(char c)
{
	struct slot s = { .state = SLOT_PENDING, .attempts = 3,
		.age = HOUR, .last_try = usual.now };

	if (c == 'p' || c == 'd')
		s.age = 4 * HOUR;
	s.delay_told = c == 'd';
	s.success_told = c == 'D';
	if (c == 'F' || c == 'B' || c == 'D')
		s.state = (enum slot_state)c;
	if (c == 'S')
		s.state = SLOT_DELIVERED;
	return s;
}

static void
test_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof owed / sizeof owed[0]; i++) {
		size_t n = strlen(owed[i].slots);
		struct entry e = { .mail = spool_mail(n) };
		struct bounce_call call = usual;
		struct bounce b = { 0 };
		struct slot slots[8];

		call.postmaster = slice_of(owed[i].postmaster);
		e.slots = slots;
		e.slot.held = owed[i].held;
		if (owed[i].from_null)
			e.mail.envelope.from.path[0] = '\0';
		for (size_t k = 0; k < n; k++) {
			slots[k] = slot_of(owed[i].slots[k]);
			e.mail.envelope.rcpts[k].notify = owed[i].notify;
		}
		if (bounce_plan(&b, &e, &call) !=
		    (owed[i].todo != BOUNCE_NOTHING) ||
		    b.todo != owed[i].todo)
			fail_msg("%s: to do %d", owed[i].name, b.todo);
		if (b.todo != BOUNCE_NOTHING && (b.kind != owed[i].kind ||
		    b.n != owed[i].marks))
			fail_msg("%s: kind %d, %zu marks", owed[i].name,
			    b.kind, b.n);
		if (b.todo == BOUNCE_WRITE) {
			assert_true(slice_eq(b.to, slice_of(owed[i].to)));
			assert_int_equal(b.marks[b.n - 1].rcpt, STORE_MAIL);
			assert_int_equal(b.marks[b.n - 1].mail.bounces, 1);
		}
		assert_true((b.todo == BOUNCE_ASIDE) == (b.reason != NULL));
		bounce_free(&b);
		stored_free(&e.mail);
	}
}

static void
test_success_told(void **state)
{
	struct recipient r = { 0 };

	(void)state;
	assert_true(bounce_success_told(&r));
	r.notify = NOTIFY_SUCCESS | NOTIFY_FAILURE;
	assert_false(bounce_success_told(&r));
	r.tells = true;
	assert_true(bounce_success_told(&r));
}

static void
test_loop(void **state)
{
	struct entry e = { .mail = spool_mail(2) };
	struct slice head = SLICE("Delivered-To: r1@example.net\r\n"
	    "Delivered-To: r1@example.net\r\n\r\n");
	struct outcome why = { 0 };

	(void)state;
	e.mail.hops = 50;
	assert_false(bounce_is_loop(&e, 0, head, 0, &why));
	assert_true(bounce_is_loop(&e, 1, head, 0, &why));
	assert_string_equal(why.text,
	    "it was delivered to r1@example.net twice already: a loop");
	assert_int_equal(why.verdict, FAILED);
	assert_int_equal(why.esc.detail, 6);
	assert_true(bounce_is_loop(&e, 0, head, 49, &why));
	e.mail.hops = 51;
	assert_true(bounce_is_loop(&e, 0, head, 0, &why));
	assert_int_equal(why.esc.detail, 6);
	stored_free(&e.mail);
}

/* ---- a report, written ---- */

struct world {
	char path[32];
	struct store *store;
	struct entry *e;
	struct bounce b;
	struct bounce_call call;
	struct buf text;	/* of the report */
	struct entry *report;
};

static void
set_up(struct world *w, struct stored *m, struct slice text)
{
	char id[STORE_ID + 1];
	struct outcome why;

	*w = (struct world){ .path = "/tmp/bounce.XXXXXX", .call = usual };
	w->store = spool_new(w->path);
	m->head = slice_find(text, '\n') + 1;
	while (m->head < text.n && text.p[m->head] != '\r')
		m->head += slice_find(slice_from(text, m->head), '\n') + 1;
	m->head += 2;
	m->size = text.n;
	m->created = usual.now - 6 * HOUR;
	assert_true(spool_add(w->store, m, text, id));
	assert_int_equal(store_take(w->store, id, &w->e, &why), STORE_TAKEN);
	stored_free(m);
}

static void
tear_down(struct world *w)
{
	if (w->report)
		store_release(w->store, w->report);
	if (w->e)
		store_release(w->store, w->e);
	bounce_free(&w->b);
	buf_free(&w->text);
	store_close(w->store);
	remove_all(w->path);
}

static void
refuse(struct world *w, size_t i, unsigned code, const char *said)
{
	struct outcome o = outcome_make(FAILED, STAGE_RCPT, ESC(5, 1, 1), "%s",
	    said);
	struct buf line = { 0 };

	o.code = (unsigned short)code;
	outcome_set_host(&o, SLICE("mx.example.net"), NULL);
	w->e->slots[i].state = SLOT_FAILED;
	w->e->slots[i].code = o.code;
	w->e->slots[i].esc = o.esc;
	w->e->slots[i].last_try = usual.now;
	told_put_outcome(&line, slice_of(w->e->mail.envelope.rcpts[i].to.path),
	    &o, usual.now, 0);
	store_tell(w->store, w->e->mail.id, buf_slice(&line));
	buf_free(&line);
}

static void
read_report(struct world *w, const char *id)
{
	static char block[CONTENT_BLOCK];
	struct outcome why;
	struct slice piece;

	assert_int_equal(store_take(w->store, id, &w->report, &why),
	    STORE_TAKEN);
	while (w->text.n < w->report->text.length) {
		assert_true(content_read(&w->report->text, w->text.n, block,
		    &piece, &why));
		buf_put(&w->text, piece);
	}
}

/* Plan, write, have it stored, and read it. */
static void
make_report(struct world *w)
{
	struct store_answer a;
	struct outcome why;

	assert_true(bounce_plan(&w->b, w->e, &w->call));
	assert_int_equal(w->b.todo, BOUNCE_WRITE);
	if (!bounce_write(w->store, w->e, &w->call, &w->b, &why))
		fail_msg("%s", why.text);
	store_bounce(w->store, w->e, w->b.draft, w->b.marks, w->b.n, NULL);
	assert_true(store_answer(w->store, &a));
	assert_true(a.ok);
	read_report(w, a.id);
	assert_int_equal(w->report->mail.size, w->text.n);
	assert_true(w->report->mail.is_bounce);
	assert_string_equal(w->report->mail.envelope.from.path, "");
	assert_int_equal(w->report->mail.envelope.n, 1);
}

static bool
has(struct world *w, const char *what)
{
	return strstr(buf_str(&w->text), what) != NULL;
}

#define TEXT "Subject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"

static void
test_failure(void **state)
{
	struct stored m = spool_mail(3);
	struct world w;

	(void)state;
	m.envelope.envid = mem_dup(SLICE("QQ"));
	m.envelope.rcpts[1].orcpt = mem_dup(SLICE("rfc822;other@x"));
	m.envelope.rcpts[2].notify = NOTIFY_NEVER;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 1, 550, "no such user");
	refuse(&w, 2, 550, "never mind");
	make_report(&w);
	assert_string_equal(w.report->mail.envelope.rcpts[0].to.path,
	    "a@example.org");
	assert_true(has(&w, "Final-Recipient: rfc822;r1@example.net\r\n"
	    "Action: failed\r\nStatus: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.example.net\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"));
	assert_true(has(&w, "Original-Recipient: rfc822;other@x\r\n"));
	assert_true(has(&w, "Original-Envelope-Id: QQ\r\n"));
	assert_true(has(&w, "In-Reply-To: <1@x>\r\n"));
	assert_true(has(&w, "Content-Type: message/rfc822\r\n"));
	assert_true(has(&w, "\r\n\r\nhello\r\n"));
	assert_false(has(&w, "r2@example.net"));
	assert_false(has(&w, "r0@example.net"));
	assert_true(slice_starts(slice_from(buf_slice(&w.text),
	    w.report->mail.head - 4), SLICE("\r\n\r\nThis is a report")));
	assert_int_equal(w.e->slots[1].state, SLOT_BOUNCED);
	assert_int_equal(w.e->slots[2].state, SLOT_BOUNCED);
	assert_int_equal(w.e->slots[0].state, SLOT_PENDING);
	assert_int_equal(w.e->slot.bounces, 1);
	assert_false(bounce_plan(&w.b, w.e, &w.call));
	tear_down(&w);
}

static void
test_what_is_remembered_comes_first(void **state)
{
	struct stored m = spool_mail(2);
	struct outcome o = outcome_make(FAILED, STAGE_NONE, ESC(5, 1, 2),
	    "example.net: no such domain");
	struct result *r = result_new(&o, SLICE(""));
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 0, 550, "old words");
	recipient_say(&w.e->mail.envelope.rcpts[0], FAILED, r);
	result_release(r);
	w.e->slots[1].state = SLOT_FAILED; /* and nothing is known */
	w.e->slots[1].code = 554;
	make_report(&w);
	assert_true(has(&w, "x-smtpsend; example.net: no such domain\r\n"));
	assert_false(has(&w, "old words"));
	assert_true(has(&w, "Diagnostic-Code: smtp; 554\r\n"));
	tear_down(&w);
}

/* mailq bounce: a line about all of them; but not each such line is why. */
static void
test_given_up(void **state)
{
	struct stored m = spool_mail(1);
	struct buf line = { 0 };
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	w.e->slots[0].state = SLOT_FAILED;
	w.e->slots[0].esc = ESC(5, 0, 0);
	told_put(&line, &(struct told){ .at = 1, .verdict = SLICE("failed"),
		.text = SLICE("delivery was given up by root") });
	told_put(&line, &(struct told){ .at = 2, .verdict = SLICE("held"),
		.text = SLICE("by somebody") });
	store_tell(w.store, w.e->mail.id, buf_slice(&line));
	make_report(&w);
	assert_true(has(&w, "Status: 5.0.0\r\nDiagnostic-Code: x-smtpsend; "
	    "delivery was given up by root\r\n"));
	assert_false(has(&w, "by somebody"));
	buf_free(&line);
	tear_down(&w);
}

static void
test_expired(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 0, 450, "later");
	w.e->slots[0].esc = ESC(4, 4, 7);
	make_report(&w);
	assert_true(has(&w, "Action: failed\r\nStatus: 4.4.7\r\n"));
	assert_true(has(&w, "smtp; 450 5.1.1 later\r\n"));
	tear_down(&w);
}

static void
test_delay(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 0, 550, "greylisted");
	w.e->slots[0] = slot_of('p');
	w.e->slots[0].code = 550;
	w.e->slots[0].esc = ESC(5, 7, 1);
	make_report(&w);
	assert_true(has(&w, "Action: delayed\r\nStatus: 4.1.1\r\n"));
	assert_true(has(&w, "\r\nWill-Retry-Until: Tue, 1 Dec 2026 "));
	assert_true(has(&w, "Content-Type: text/rfc822-headers\r\n"));
	assert_false(has(&w, "hello"));
	assert_true(w.e->slots[0].delay_told);
	assert_false(bounce_plan(&w.b, w.e, &w.call));
	tear_down(&w);
}

static void
test_success(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	m.envelope.rcpts[0].notify = NOTIFY_SUCCESS;
	set_up(&w, &m, SLICE(TEXT));
	w.e->slots[0] = slot_of('S');
	w.e->slots[0].code = 250;
	make_report(&w);
	assert_true(has(&w, "Action: relayed\r\nStatus: 2.0.0\r\n"));
	assert_true(w.e->slots[0].success_told);
	tear_down(&w);
}

/* How much of the original, and in which form. */
static const struct {
	const char *name;
	enum dsn_ret ret;
	bool tls, eight_bit, has_nul;
	uint64_t full_size, longest_line;
	const char *text;
	const char *has, *lacks;
} originals[] = {
	{ "asked for its header", RET_HDRS, .full_size = 9999, .text = TEXT,
	    .has = "text/rfc822-headers\r\n", .lacks = "hello" },
	{ "asked for all", RET_FULL, .full_size = 9999, .text = TEXT,
	    .has = "\r\n\r\nhello\r\n", .lacks = "rfc822-headers" },
	{ "too long", RET_FULL, .full_size = 39, .text = TEXT,
	    .has = "text/rfc822-headers\r\n", .lacks = "hello" },
	{ "just not too long", RET_FULL, .full_size = 40, .text = TEXT,
	    .has = "hello", .lacks = "rfc822-headers" },
	{ "needs TLS", RET_FULL, .tls = true, .full_size = 9999, .text = TEXT,
	    .has = "text/rfc822-headers\r\n", .lacks = "hello" },
	{ "8-bit", RET_FULL, .eight_bit = true, .full_size = 9999,
	    .text = "MIME-Version: 1.0\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "gr\xc3\xbc\xc3\x9f" "e\r\n",
	    .has = "\r\n\r\ngr=C3=BC=C3=9Fe\r\n", .lacks = ": 8bit" },
	{ "8-bit and signed", RET_FULL, .eight_bit = true, .full_size = 9999,
	    .text = "MIME-Version: 1.0\r\nContent-Type: multipart/signed; "
	    "boundary=b\r\n\r\n--b\r\n\r\n\xc3\xbc\r\n--b--\r\n",
	    .has = "text/rfc822-headers\r\n", .lacks = "--b--" },
};

static void
test_originals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof originals / sizeof originals[0]; i++) {
		struct stored m = spool_mail(1);
		struct world w;

		m.envelope.ret = originals[i].ret;
		m.require_tls = originals[i].tls;
		m.eight_bit = originals[i].eight_bit;
		set_up(&w, &m, slice_of(originals[i].text));
		w.call.full_size = originals[i].full_size;
		refuse(&w, 0, 550, "no");
		make_report(&w);
		if (!has(&w, originals[i].has) || has(&w, originals[i].lacks))
			fail_msg("%s:\n%s", originals[i].name,
			    buf_str(&w.text));
		assert_false(ascii_has_high(buf_slice(&w.text)));
		assert_false(w.report->mail.eight_bit);
		assert_false(w.report->mail.require_tls);
		tear_down(&w);
	}
}

/* Other letters in the reverse-path: the report needs SMTPUTF8 itself. */
static void
test_global(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	free(m.envelope.from.path);
	m.envelope.from.path = mem_dup(SLICE("\xc3\xa4@example.org"));
	m.envelope.from.utf8 = true;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 0, 550, "\xc3\xb6");
	make_report(&w);
	assert_true(has(&w, "\r\nTo: <\xc3\xa4@example.org>\r\n"));
	assert_true(has(&w, "message/global-delivery-status\r\n"));
	assert_true(w.report->mail.utf8_headers);
	assert_true(w.report->mail.eight_bit);
	assert_true(w.report->mail.envelope.rcpts[0].to.utf8);
	tear_down(&w);
}

/* To the postmaster, of a report that came back. */
static void
test_orphan(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	m.envelope.from.path[0] = '\0';
	set_up(&w, &m, SLICE(TEXT));
	w.call.postmaster = SLICE("pm@p.example");
	refuse(&w, 0, 550, "no");
	make_report(&w);
	assert_string_equal(w.report->mail.envelope.rcpts[0].to.path,
	    "pm@p.example");
	assert_true(has(&w, "\r\nTo: <pm@p.example>\r\n"));
	tear_down(&w);
}

/* Change an octet of the text in its file, behind the store's back. */
static void
damage(struct world *w, const char *where)
{
	char path[100], block[20000];
	ssize_t n, i = 0;
	int fd;

	snprintf(path, sizeof path, "%s/queue/%s", w->path, w->e->mail.id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	n = pread(fd, block, sizeof block, 0);
	while (i < n && strncmp(block + i, where, strlen(where)) != 0)
		i++;
	assert_true(i < n);
	assert_int_equal(pwrite(fd, "X", 1, i), 1);
	close(fd);
}

static void
test_damaged(void **state)
{
	struct stored m = spool_mail(1);
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	damage(&w, "hello");
	refuse(&w, 0, 550, "no");
	make_report(&w);
	assert_false(has(&w, "ello\r\n"));
	assert_true(has(&w, "Final-Recipient: rfc822;r0@example.net\r\n"));
	tear_down(&w);
}

/* FAULTS row 62: it stays owed. */
static void
test_no_room(void **state)
{
	struct rlimit old, none = { 0, 0 };
	struct stored m = spool_mail(1);
	struct outcome why = { 0 };
	struct world w;

	(void)state;
	set_up(&w, &m, SLICE(TEXT));
	refuse(&w, 0, 550, "no");
	assert_true(bounce_plan(&w.b, w.e, &w.call));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &none);
	if (bounce_write(w.store, w.e, &w.call, &w.b, &why)) {
		struct store_answer a;

		store_bounce(w.store, w.e, w.b.draft, w.b.marks, w.b.n, NULL);
		assert_true(store_answer(w.store, &a));
		assert_false(a.ok);
		why = a.why;
	} else {
		assert_null(w.b.draft);
	}
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(w.e->slots[0].state, SLOT_FAILED);
	make_report(&w);
	assert_true(has(&w, "550 5.1.1 no\r\n"));
	tear_down(&w);
}

/* Long ones are not kept in memory: several blocks of text, all there. */
static void
test_long(void **state)
{
	struct stored m = spool_mail(1);
	struct buf text = { 0 };
	struct world w;

	(void)state;
	buf_puts(&text, "Subject: x\r\n\r\n");
	for (unsigned i = 0; i < 20000; i++)
		buf_putf(&text, "line %u\r\n", i);
	set_up(&w, &m, buf_slice(&text));
	w.call.full_size = text.n;
	refuse(&w, 0, 550, "no");
	make_report(&w);
	assert_true(has(&w, buf_str(&text)));
	buf_free(&text);
	tear_down(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_success_told),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_what_is_remembered_comes_first),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_originals),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_orphan),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
