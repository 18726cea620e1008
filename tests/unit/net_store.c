/* SPDX-License-Identifier: ISC */
/* net_store.c - the life of a message in the store, from add to settle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/content.h"
#include "../support/remove_all.h"
#include "../support/spool.h"

#define TEXT SLICE("Subject: x\r\n\r\nhello\r\n")

struct fixture {
	char path[40];
	struct store *s;
	char id[STORE_ID + 1];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	strcpy(f->path, "/tmp/net_store.XXXXXX");
	f->s = spool_new(f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	remove_all(f->path);
	free(f);
	return 0;
}

static struct entry *
take(struct store *s, const char *id)
{
	struct entry *e = NULL;
	struct outcome why;

	assert_int_equal(store_take(s, id, &e, &why), STORE_TAKEN);
	return e;
}

static struct entry *
look(struct store *s, const char *id)
{
	struct entry *e = NULL;
	struct outcome why;

	assert_int_equal(store_look(s, id, &e, &why), STORE_TAKEN);
	return e;
}

static void
assert_answered(struct store *s)
{
	struct store_answer answer;

	assert_true(spool_await(s, &answer));
	assert_true(answer.ok);
	assert_false(store_answer(s, &answer));
	assert_int_equal(store_owed(s), 0);
}

/* ---- what goes in comes out ---- */

static void
fill(struct stored *m)
{
	struct recipient *r = m->envelope.rcpts;

	m->class = 2;
	m->require_tls = m->has_nul = m->doubtful_head = true;
	m->not_before = INT64_C(1) << 40;
	m->expires = 77;
	m->hops = 65535;
	strcpy(m->tag, "a tag");
	strcpy(m->utf8_field, "Subject");
	strcpy(m->recode_bar, "because");
	m->envelope.ret = RET_HDRS;
	m->envelope.envid = strdup("some id");
	m->envelope.from.utf8 = true;
	r[1].orcpt = strdup("rfc822;x@y");
	r[1].notify = NOTIFY_SUCCESS | NOTIFY_DELAY;
	free(r[0].to.name);
	r[0].to.name = strdup("J\xc3\xb6rg");
}

static void
assert_filled(const struct stored *m)
{
	const struct recipient *r = m->envelope.rcpts;

	assert_int_equal(m->class, 2);
	assert_true(m->require_tls && m->has_nul && m->doubtful_head);
	assert_false(m->hold || m->queue_only || m->is_bounce ||
	    m->eight_bit || m->utf8_headers || m->is_binary);
	assert_int_equal(m->not_before, INT64_C(1) << 40);
	assert_int_equal(m->expires, 77);
	assert_int_equal(m->hops, 65535);
	assert_int_equal(m->uid, 1000);
	assert_string_equal(m->host, "box");
	assert_string_equal(m->tag, "a tag");
	assert_string_equal(m->utf8_field, "Subject");
	assert_string_equal(m->recode_bar, "because");
	assert_int_equal(m->envelope.ret, RET_HDRS);
	assert_string_equal(m->envelope.envid, "some id");
	assert_string_equal(m->envelope.from.path, "a@example.org");
	assert_true(m->envelope.from.utf8);
	assert_int_equal(m->envelope.n, 3);
	assert_string_equal(r[0].to.name, "J\xc3\xb6rg");
	assert_string_equal(r[0].to.domain, "example.net");
	assert_string_equal(r[1].orcpt, "rfc822;x@y");
	assert_int_equal(r[1].notify, NOTIFY_SUCCESS | NOTIFY_DELAY);
	assert_null(r[0].orcpt);
	assert_string_equal(r[2].to.path, "r2@example.net");
	assert_int_equal(m->size, TEXT.n);
}

static void
test_comes_out_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(3);
	struct entry *e;

	fill(&m);
	assert_true(spool_add(f->s, &m, TEXT, f->id));
	e = look(f->s, f->id);
	assert_string_equal(e->mail.id, f->id);
	assert_filled(&e->mail);
	assert_true(e->mail.created > 1500000000);
	assert_int_equal(e->slot.next_try, m.not_before);
	assert_int_equal(e->slot.runs, 0);
	store_release(f->s, e);
	stored_free(&m);
}

/* What the slot of a message begins with. */
static void
test_first_try(void **state)
{
	struct fixture *f = *state;
	static const struct {
		bool hold, queue_only;
		unsigned runs;
		int next;
	} cases[] = { { false, false, 1, 60 }, { false, true, 0, 0 },
		{ true, false, 0, 0 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stored m = spool_mail(1);
		struct entry *e;

		m.hold = cases[i].hold;
		m.queue_only = cases[i].queue_only;
		assert_true(spool_add(f->s, &m, TEXT, f->id));
		e = look(f->s, f->id);
		assert_int_equal(e->slot.runs, cases[i].runs);
		assert_int_equal(e->slot.next_try,
		    cases[i].next ? e->mail.created + cases[i].next : 0);
		assert_int_equal(e->slot.held, cases[i].hold);
		store_release(f->s, e);
		stored_free(&m);
	}
}

/* Texts of all lengths about the edges of a block. */
static void
assert_text(struct store *s, const char *text, size_t n)
{
	static char block[CONTENT_BLOCK];
	struct stored m = spool_mail(1);
	struct outcome why;
	struct entry *e;
	struct slice got;
	char id[STORE_ID + 1];

	assert_true(spool_add(s, &m, (struct slice){ text, n }, id));
	e = take(s, id);
	assert_int_equal(e->text.length, n);
	for (uint64_t at = 0; at < n; at += got.n) {
		assert_true(content_read(&e->text, at, block, &got, &why));
		assert_in_range(got.n, 1, n - at);
		assert_memory_equal(got.p, text + at, got.n);
	}
	assert_true(content_read(&e->text, n, block, &got, &why));
	assert_int_equal(got.n, 0);
	store_settle(s, e);
	stored_free(&m);
}

static void
test_text_of_any_length(void **state)
{
	struct fixture *f = *state;
	static const size_t lengths[] = { 0, 1, 65535, 65536, 65537, 131071,
		131072, 200000 };
	static char text[200000];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		assert_text(f->s, text, lengths[i]);
}

/* A large one's room is given back, by a recorder where there are some. */
static void
test_large_goes_for_good(void **state)
{
	struct fixture *f = *state;
	const size_t n = (size_t)9 << 20;
	struct store_answer answer;
	struct stored m = spool_mail(1);
	char *text = calloc(1, n);

	for (int i = 0; i < 3; i++) {
		assert_true(spool_add(f->s, &m, (struct slice){ text, n },
		    f->id));
		store_settle(f->s, take(f->s, f->id));
		assert_int_equal(store_owed(f->s), 0);
		assert_false(store_answer(f->s, &answer));
	}
	free(text);
	stored_free(&m);
}

/* ---- who has it ---- */

static void
test_taken_once(void **state)
{
	struct fixture *f = *state;
	struct store *other = spool_again(f->path);
	struct entry *e, *second;
	struct outcome why;

	spool_add_some(f->s, 1, f->id);
	e = take(f->s, f->id);
	assert_int_equal(store_take(other, f->id, &second, &why), STORE_BUSY);
	assert_int_equal(store_take(f->s, f->id, &second, &why), STORE_BUSY);
	store_release(other, look(other, f->id));
	store_release(f->s, e);
	e = take(other, f->id);
	store_settle(other, e);
	assert_int_equal(store_take(f->s, f->id, &second, &why), STORE_GONE);
	assert_int_equal(store_look(f->s, f->id, &second, &why), STORE_GONE);
	assert_int_equal(store_take(f->s, "../x", &second, &why), STORE_GONE);
	store_close(other);
}

/* ---- marks ---- */

static void
test_marks_last(void **state)
{
	struct fixture *f = *state;
	struct mark marks[] = {
		{ .rcpt = 1, .slot = { .state = SLOT_FAILED, .attempts = 3,
		    .code = 550, .esc = ESC(5, 1, 1), .last_try = 5,
		    .next_try = -1, .age = 9, .inode = 7, .offset = 8,
		    .delay_told = true, .success_told = true } },
		{ .rcpt = STORE_MAIL, .mail = { .held = true, .next_try = 99,
		    .runs = 4, .bounces = 2 } },
	};
	struct entry *e;

	spool_add_some(f->s, 3, f->id);
	e = take(f->s, f->id);
	store_mark(f->s, e, marks, 2, NULL);
	assert_answered(f->s);
	assert_int_equal(e->slots[1].state, SLOT_FAILED);
	store_release(f->s, e);
	e = look(f->s, f->id);
	assert_int_equal(e->slots[0].state, SLOT_PENDING);
	assert_int_equal(e->slots[2].state, SLOT_PENDING);
	assert_int_equal(e->slots[1].esc.detail, 1);
	assert_true(e->slots[1].delay_told && e->slots[1].success_told);
	e->slots[1].esc = marks[0].slot.esc;
	assert_int_equal(e->slots[1].code, 550);
	assert_int_equal(e->slots[1].attempts, 3);
	assert_int_equal(e->slots[1].last_try, 5);
	assert_int_equal(e->slots[1].next_try, -1);
	assert_int_equal(e->slots[1].age, 9);
	assert_int_equal(e->slots[1].inode, 7);
	assert_int_equal(e->slots[1].offset, 8);
	assert_true(e->slot.held);
	assert_int_equal(e->slot.next_try, 99);
	assert_int_equal(e->slot.runs, 4);
	assert_int_equal(e->slot.bounces, 2);
	store_release(f->s, e);
}

/* Many marks one after the other: each time the older twin is overwritten. */
static void
test_marks_go_round(void **state)
{
	struct fixture *f = *state;

	spool_add_some(f->s, 70, f->id);
	for (unsigned i = 1; i < 9; i++) {
		struct entry *e = take(f->s, f->id);
		struct mark m[] = { { .rcpt = 69, .slot = e->slots[69] },
			{ .rcpt = 69, .slot = e->slots[69] } };

		assert_int_equal(e->slots[69].attempts, i - 1);
		m[1].slot.attempts = (uint16_t)i;
		store_mark(f->s, e, m, 2, NULL);
		assert_answered(f->s);
		store_release(f->s, e);
	}
}

/* ---- aside, words, lists ---- */

static void
test_put_aside_and_back(void **state)
{
	struct fixture *f = *state;
	struct buf list = { 0 }, told = { 0 };
	struct store_answer a;
	struct outcome why;
	struct entry *e;

	spool_add_some(f->s, 1, f->id);
	store_tell(f->s, f->id, SLICE("{\"a\":1}"));
	e = take(f->s, f->id);
	store_put_aside(f->s, e, STORE_HELD, "no good", NULL);
	assert_true(spool_await(f->s, &a) && a.ok);
	store_release(f->s, e);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_GONE);
	assert_true(store_list(f->s, STORE_QUEUE, &list, &why));
	assert_int_equal(list.n, 0);
	assert_true(store_list(f->s, STORE_HELD, &list, &why));
	assert_string_equal(buf_slice(&list).p, f->id);
	store_told(f->s, f->id, &told);
	assert_string_equal(buf_str(&told), "{\"a\":1}\nno good\n");
	assert_int_equal(store_take_at(f->s, STORE_HELD, f->id, &e, &why),
	    STORE_TAKEN);
	assert_int_equal(e->place, STORE_HELD);
	buf_clear(&told);
	store_told_at(f->s, e->place, f->id, &told);
	assert_true(slice_ends_nocase(buf_slice(&told), SLICE("no good\n")));
	store_put_back(f->s, e, NULL);
	assert_true(spool_await(f->s, &a) && a.ok);
	store_release(f->s, e);
	store_settle(f->s, take(f->s, f->id));
	buf_clear(&told);
	store_told(f->s, f->id, &told);
	assert_int_equal(told.n, 0);
	buf_free(&list);
	buf_free(&told);
}

/* It cannot be moved: then it stays with who has it. */
static void
test_put_aside_fails(void **state)
{
	struct fixture *f = *state;
	struct store_answer a;
	struct outcome why;
	struct entry *e, *other;
	char name[100];

	spool_add_some(f->s, 1, f->id);
	snprintf(name, sizeof name, "%s/held", f->path);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	e = take(f->s, f->id);
	store_put_aside(f->s, e, STORE_HELD, "no good", f);
	assert_true(spool_await(f->s, &a) && !a.ok && a.owner == f);
	assert_int_equal(a.why.verdict, DEFERRED);
	assert_int_equal(store_take(f->s, f->id, &other, &why), STORE_BUSY);
	store_release(f->s, e);
	store_release(f->s, take(f->s, f->id));
}

/* From another queue, with what became of everybody there. */
static void
test_begins_with_states(void **state)
{
	struct fixture *f = *state;
	const struct slot slots[] = { { .state = SLOT_DELIVERED },
		{ .state = SLOT_PENDING, .attempts = 7 } };
	const struct mail_slot mail = { .held = true, .runs = 9 };
	struct stored m = spool_mail(2);
	struct store_answer a;
	struct outcome why;
	struct draft *d = store_begin(f->s, &m, &why);
	struct entry *e;

	draft_states(d, &mail, slots);
	memcpy(f->id, draft_id(d), sizeof f->id);
	store_commit(f->s, d, NULL);
	assert_true(spool_await(f->s, &a) && a.ok);
	e = take(f->s, f->id);
	assert_int_equal(e->slots[0].state, SLOT_DELIVERED);
	assert_int_equal(e->slots[1].attempts, 7);
	assert_true(e->slot.held);
	assert_int_equal(e->slot.runs, 9);
	store_release(f->s, e);
	stored_free(&m);
}

static void
test_words_stay_short(void **state)
{
	struct fixture *f = *state;
	struct buf told = { 0 };
	char line[100];

	spool_add_some(f->s, 1, f->id);
	for (int i = 0; i < 3000; i++) {
		snprintf(line, sizeof line, "%060d", i);
		store_tell(f->s, f->id, slice_of(line));
	}
	store_told(f->s, f->id, &told);
	assert_in_range(told.n, 32000, 65536);
	assert_int_equal(told.n % 61, 0);
	assert_true(slice_ends_nocase(buf_slice(&told), SLICE("02999\n")));
	buf_free(&told);
}

static void
test_list_is_sorted(void **state)
{
	struct fixture *f = *state;
	struct buf list = { 0 };
	struct outcome why;

	for (int i = 0; i < 50; i++)
		spool_add_some(f->s, 1, f->id);
	store_tell(f->s, f->id, SLICE("hidden"));
	assert_true(store_list(f->s, STORE_QUEUE, &list, &why));
	assert_int_equal(list.n, 50 * (STORE_ID + 1));
	for (size_t at = STORE_ID + 1; at < list.n; at += STORE_ID + 1)
		assert_true(strcmp(list.base + at - STORE_ID - 1,
		    list.base + at) < 0);
	buf_free(&list);
}

/* ---- who may enter ---- */

static void
test_folders_are_ours(void **state)
{
	struct fixture *f = *state;
	struct store_config config = { .path = f->path };
	struct outcome why;
	struct stat st;
	char name[80];

	snprintf(name, sizeof name, "%s/queue", f->path);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	chmod(name, 0755);
	assert_null(store_open(&config, &why));
	assert_int_equal(outcome_exit(&why), 78);
	chmod(name, 0700);
	chmod(f->path, 0750);
	assert_null(store_open(&config, &why));
	assert_non_null(strstr(why.text, "0750"));
	chmod(f->path, 0700);
	config.path = "/nonexistent/spool";
	assert_null(store_open(&config, &why));
	assert_int_equal(why.stage, STAGE_CONFIG);
}

static void
test_files_are_ours_alone(void **state)
{
	struct fixture *f = *state;
	mode_t mask = umask(0277);
	struct stat st;
	char name[120];

	spool_add_some(f->s, 1, f->id);
	umask(mask);
	snprintf(name, sizeof name, "%s/queue/%s", f->path, f->id);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_uid, geteuid());
}

static void
test_discarded_leaves_no_trace(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(1);
	struct outcome why;
	struct buf list = { 0 };
	struct draft *d = store_begin(f->s, &m, &why);

	assert_true(store_write(d, TEXT, &why));
	store_discard(f->s, d);
	assert_true(store_list(f->s, STORE_QUEUE, &list, &why));
	assert_int_equal(list.n, 0);
	stored_free(&m);
	buf_free(&list);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_comes_out_as_it_went_in),
		TEST(test_first_try),
		TEST(test_text_of_any_length),
		TEST(test_large_goes_for_good),
		TEST(test_taken_once),
		TEST(test_marks_last),
		TEST(test_marks_go_round),
		TEST(test_put_aside_and_back),
		TEST(test_put_aside_fails),
		TEST(test_begins_with_states),
		TEST(test_words_stay_short),
		TEST(test_list_is_sorted),
		TEST(test_folders_are_ours),
		TEST(test_files_are_ours_alone),
		TEST(test_discarded_leaves_no_trace),
	};

	int failed = cmocka_run_group_tests_name("net_store", tests, NULL,
	    NULL);

	spool_recorders = 3;
	return failed + cmocka_run_group_tests_name("net_store, recorders",
	    tests, NULL, NULL);
}
