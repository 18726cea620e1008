/* SPDX-License-Identifier: ISC */
/*
 * cli_desk.c - requests about a real spool, beside a runner that does what a
 * test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/mem.h"
#include "net/clock.h"
#include "queue/desk.h"
#include "../support/fake_runner.h"
#include "../support/remove_all.h"
#include "../support/spool.h"

/* ---- a desk ---- */

struct fixture {
	char path[64];
	struct store *store;
	struct desk *desk;
	struct runner runner;
	char id[3][STORE_ID + 1];
	struct buf out;
};

static const struct viewer root = { .all = true };
static const struct viewer joe = { .uid = 1000 };

static int
open_desk(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);
	struct store_config config = { .path = f->path };
	struct outcome why;

	memcpy(f->path, "/tmp/cli_desk.XXXXXX", 21);
	f->store = spool_new(f->path);
	for (size_t i = 0; i < 3; i++) {
		struct stored m = spool_mail(i + 1);

		m.uid = i == 0 ? 1000 : 0;
		assert_true(spool_add(f->store, &m,
		    SLICE("Subject: x\r\n\r\nhello\r\n"), f->id[i]));
		stored_free(&m);
	}
	f->desk = desk_new(&config, &f->runner, &why);
	assert_non_null(f->desk);
	*state = f;
	return 0;
}

static int
close_desk(void **state)
{
	struct fixture *f = *state;

	desk_free(f->desk);
	store_close(f->store);
	remove_all(f->path);
	buf_free(&f->out);
	buf_free(&f->runner.said);
	free(f);
	return 0;
}

static struct task *
begin(struct fixture *f, struct viewer v, const char *line)
{
	buf_clear(&f->out);
	buf_clear(&f->runner.said);
	return desk_begin(f->desk, mem_dup(slice_of(line)), strlen(line), v);
}

/* Step it until it is over, or for so many turns of 50 ms. */
static bool
turn(struct fixture *f, struct task *t, int turns)
{
	struct wait w = { 0 };
	int64_t now = 1;
	enum task_state s = TASK_MORE;

	for (int i = 0; i < turns && s != TASK_OVER; i++) {
		wait_clear(&w);
		desk_wait(f->desk, &w, now);
		desk_step(f->desk, &w, now);
		s = task_step(t, &f->out, now, WALL);
		now += MILLISECONDS(50);
	}
	wait_free(&w);
	return s == TASK_OVER;
}

/* All that it answers. */
static const char *
serve(struct fixture *f, struct viewer v, const char *fmt, ...)
{
	char line[600];
	struct task *t;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	t = begin(f, v, line);
	assert_true(turn(f, t, 1000));
	task_free(t);
	return buf_str(&f->out);
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void
must_have(const char *text, const char *word)
{
	if (!strstr(text, word))
		fail_msg("no %s in: %s", word, text);
}

static void
test_requests(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "\"status\":64" }, { "x", "\"status\":64" },
		{ "[]", "\"status\":64" }, { "{\"verb\":5}", "no request" },
		{ "{\"verb\":\"shout\"}", "no such verb" },
		{ "{\"verb\":\"rm\"}", "which messages?" },
		{ "{\"verb\":\"rm\",\"ids\":[5]}", "no request" },
		{ "{\"verb\":\"rm\",\"ids\":[\"../x\"]}", "no id" },
		{ "{\"verb\":\"rm\",\"ids\":[\"\"]}", "no id" },
		{ "{\"verb\":\"rm\",\"ids\":[\"01\"]}", "no id" },
		{ "{\"verb\":\"rm\",\"ids\":[\"00000000000000000000000000\"]}",
		    "no such message" },
		{ "{\"verb\":\"rm\",\"ids\":[\"ZZZZZZ\"]}", "no such message" },
		{ "{\"verb\":\"count\"}", "{\"done\":true,\"n\":3}" },
		{ "{\"verb\":\"sites\"}", "\"hosts\":\"10 mx.test:25\"" },
		{ "{\"verb\":\"forget\"}", "{\"done\":true,\"n\":0}" },
		{ "{\"verb\":\"flush\"}", "{\"done\":true,\"n\":7}" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		must_have(serve(f, root, "%s", cases[i].line), cases[i].want);
}

static void
test_rights(void **state)
{
	struct fixture *f = *state;
	struct viewer none = viewer_of(65534, 5, false);
	const char *text;

	assert_true(viewer_of(0, 5, false).all);
	assert_true(viewer_of(5, 5, false).all);
	assert_true(viewer_of(65534, 5, true).all);
	assert_true(none.none && viewer_of(61184, 5, false).none);
	assert_true(viewer_of(65519, 5, false).none);
	assert_false(viewer_of(65520, 5, false).none);
	assert_false(viewer_of(61183, 5, false).none);
	must_have(serve(f, none, "{\"verb\":\"list\"}"), "\"status\":77");
	must_have(serve(f, joe, "{\"verb\":\"count\"}"),
	    "\"n\":1,\"others\":2}");
	text = serve(f, joe, "{\"verb\":\"list\"}");
	assert_int_equal(count(text, "queue_id"), 1);
	must_have(text, f->id[0]);
	must_have(serve(f, joe, "{\"verb\":\"sites\"}"), "\"status\":77");
	must_have(serve(f, joe, "{\"verb\":\"rm\",\"ids\":[\"%s\"]}",
	    f->id[1]), "\"status\":66");
	must_have(serve(f, joe, "{\"verb\":\"now\",\"ids\":[\"%s\"]}",
	    f->id[1]), "\"status\":66");
	assert_int_equal(f->runner.said.n, 0);
	must_have(serve(f, joe, "{\"verb\":\"rm\",\"all\":true}"),
	    "{\"done\":true,\"n\":1,\"others\":2}");
	must_have(serve(f, root, "{\"verb\":\"count\"}"), "\"n\":2}");
	must_have(serve(f, joe, "{\"verb\":\"flush\"}"), "\"n\":0,");
	must_have(serve(f, joe, "{\"verb\":\"status\"}"),
	    "\"partial\":true");
}

static void
test_choice(void **state)
{
	static const struct {
		const char *words;
		size_t n;
	} cases[] = {
		{ "\"rcpt\":\"r2@*\"", 1 },
		{ "\"rcpt\":\"r1@example.net\"", 2 },
		{ "\"rcpt\":\"*@EXAMPLE.net\"", 3 }, { "\"rcpt\":\"r9\"", 0 },
		{ "\"from\":\"a@example.org\"", 3 }, { "\"from\":\"b\"", 0 },
		{ "\"host\":\"*.net\"", 3 }, { "\"host\":\"x\"", 0 },
		{ "\"all\":true", 3 },
		{ "\"rcpt\":\"r1\",\"from\":\"a\",\"host\":\"*.net\"", 2 },
	};
	struct fixture *f = *state;
	char lower[STORE_ID + 1];
	const char *text;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		text = serve(f, root, "{\"verb\":\"list\",%s}", cases[i].words);
		if (count(text, "queue_id") != cases[i].n)
			fail_msg("%s: %s", cases[i].words, text);
	}
	/* shortened, in small letters, with mailq's mark */
	for (size_t i = 0; i <= STORE_ID; i++)
		lower[i] = f->id[1][i] >= 'A' ? (char)(f->id[1][i] + 32) :
		    f->id[1][i];
	text = serve(f, root, "{\"verb\":\"list\",\"ids\":[\"%s*\"]}",
	    lower + 14);
	must_have(text, f->id[1]);
	text = serve(f, root, "{\"verb\":\"list\",\"ids\":[\"%.5s\"]}",
	    f->id[1]);
	must_have(text, "3 messages have ids");
	must_have(text, "\"n\":0,\"status\":64");
}

/* Hold, and what it does to now; release. */
static void
test_hold(void **state)
{
	struct fixture *f = *state;
	struct entry *e;
	struct outcome why;

	must_have(serve(f, root, "{\"verb\":\"hold\",\"ids\":[\"%s\"]}",
	    f->id[0]), "{\"done\":true,\"n\":1}");
	must_have(buf_str(&f->runner.said), "changed");
	must_have(serve(f, root, "{\"verb\":\"list\",\"ids\":[\"%s\"]}",
	    f->id[0]), "\"hold\"");
	must_have(serve(f, root, "{\"verb\":\"now\",\"ids\":[\"%s\"]}",
	    f->id[0]), "it is held");
	must_have(serve(f, root, "{\"verb\":\"why\",\"ids\":[\"%s\"]}",
	    f->id[0]), "by root, uid 0");
	must_have(serve(f, joe, "{\"verb\":\"release\",\"ids\":[\"%s\"]}",
	    f->id[0]), "{\"done\":true,\"n\":1}");
	must_have(buf_str(&f->runner.said), "add");
	assert_int_equal(store_look(f->store, f->id[0], &e, &why),
	    STORE_TAKEN);
	assert_false(e->slot.held);
	assert_int_equal(e->slot.next_try, 0);
	store_release(f->store, e);
	must_have(serve(f, root, "{\"verb\":\"now\",\"ids\":[\"%s\"]}",
	    f->id[0]), "\"n\":1}");
}

/* What the runner has is taken away from it, or left to it. */
static void
test_active(void **state)
{
	struct fixture *f = *state;
	struct entry *e;
	struct outcome why;

	memcpy(f->runner.active, f->id[1], sizeof f->id[1]);
	must_have(serve(f, root, "{\"verb\":\"list\",\"ids\":[\"%s\"]}",
	    f->id[1]), "\"active\"");
	must_have(serve(f, root, "{\"verb\":\"rm\",\"ids\":[\"%s\"]}",
	    f->id[1]), "its last reply is awaited");
	assert_int_equal(count(buf_str(&f->runner.said), "rm "), 1);
	must_have(buf_str(&f->runner.said), "changed");
	f->runner.lets_go = true;
	must_have(serve(f, root, "{\"verb\":\"rm\",\"ids\":[\"%s\"]}",
	    f->id[1]), "{\"done\":true,\"n\":1}");
	/* another process has it */
	assert_int_equal(store_take(f->store, f->id[2], &e, &why),
	    STORE_TAKEN);
	must_have(serve(f, root, "{\"verb\":\"hold\",\"ids\":[\"%s\"]}",
	    f->id[2]), "\"status\":75");
	store_release(f->store, e);
	must_have(serve(f, root, "{\"verb\":\"hold\",\"ids\":[\"%s\"]}",
	    f->id[2]), "{\"done\":true,\"n\":1}");
}

static void
test_bounce(void **state)
{
	struct fixture *f = *state;
	struct entry *e;
	struct outcome why;

	must_have(serve(f, root, "{\"verb\":\"bounce\",\"ids\":[\"%s\"]}",
	    f->id[1]), "{\"done\":true,\"n\":1}");
	assert_int_equal(store_look(f->store, f->id[1], &e, &why),
	    STORE_TAKEN);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(e->slots[i].state, SLOT_FAILED);
		assert_int_equal(e->slots[i].esc.cls, 5);
	}
	store_release(f->store, e);
	must_have(buf_str(&f->runner.said), "add");
}

#define EDIT(old, new) \
	"{\"verb\":\"edit\",\"ids\":[\"%s\"],\"old\":\"" old "\",\"new\":\"" \
	new "\"}"

static void
test_edit(void **state)
{
	struct fixture *f = *state;
	const char *text;

	must_have(serve(f, root, EDIT("zz@example.net", "n@example.com"),
	    f->id[1]), "\"status\":67");
	must_have(serve(f, root, EDIT("r0@example.net", ""), f->id[1]),
	    "\"status\":64");
	must_have(serve(f, root, EDIT("r0@example.net", "a b@c d"), f->id[1]),
	    "\"status\":64");
	must_have(serve(f, root, EDIT("r0@EXAMPLE.net", "n@example.com"),
	    f->id[1]), "{\"done\":true,\"n\":1}");
	text = serve(f, root, "{\"verb\":\"list\",\"ids\":[\"%s\"]}",
	    f->id[1]);
	must_have(text, "n@example.com");
	assert_null(strstr(text, "r0@example.net"));
	must_have(text, "r1@example.net");
}

static void
test_show(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(serve(f, joe,
	    "{\"verb\":\"show\",\"ids\":[\"%s\"]}", f->id[0]),
	    "{\"data\":\"U3ViamVjdDogeA0KDQpoZWxsbw0K\"}\n"
	    "{\"done\":true,\"n\":1}\n");
}

static void
test_why(void **state)
{
	struct fixture *f = *state;
	const char *text;

	store_tell(f->store, f->id[0], SLICE("{\"at\":5,\"rcpt\":"
	    "\"r0@example.net\",\"verdict\":\"deferred\",\"text\":\"no\"}\n"));
	text = serve(f, joe, "{\"verb\":\"why\",\"ids\":[\"%s\"]}", f->id[0]);
	must_have(text, "\"queue_id\"");
	must_have(text, "{\"at\":5,");
	must_have(text, "{\"plan\":\"the plan\"}");
	outcome_fail(&f->runner.blocked, DEFERRED, STAGE_CONFIG, ESC(4, 3, 5),
	    "bad key");
	must_have(serve(f, joe, "{\"verb\":\"why\",\"ids\":[\"%s\"]}",
	    f->id[0]), "{\"blocked\":\"bad key\"}");
	must_have(serve(f, root, "{\"verb\":\"status\"}"),
	    "\"blocked\":\"bad key\"");
}

static void
test_watch(void **state)
{
	struct fixture *f = *state;
	char line[200];
	struct task *t;

	snprintf(line, sizeof line, "{\"verb\":\"watch\",\"ids\":[\"%s\"],"
	    "\"wake\":true}", f->id[0]);
	t = begin(f, joe, line);
	assert_false(turn(f, t, 3));
	must_have(buf_str(&f->runner.said), "add");
	for (int i = 0; i < 3; i++) {
		struct runner_news *n = &f->runner.news[f->runner.nnews++];

		*n = (struct runner_news){ .kind = (enum runner_news_kind)i,
			.rcpt = "r0@example.net" };
		memcpy(n->id, f->id[0], sizeof n->id);
		n->outcome = outcome_make(DEFERRED, STAGE_RCPT, ESC(4, 7, 1),
		    "later \x1b");
		n->next = WALL + 60;
	}
	assert_true(turn(f, t, 3));
	task_free(t);
	snprintf(line, sizeof line, "{\"event\":\"try\",\"id\":\"%s\"}\n",
	    f->id[0]);
	must_have(buf_str(&f->out), line);
	must_have(buf_str(&f->out), "\"rcpt\":\"r0@example.net\",\"verdict\":"
	    "\"deferred\",\"esc\":\"4.7.1\",\"stage\":\"RCPT\",\"text\":"
	    "\"later \\u001b\"");
	must_have(buf_str(&f->out), "\"next\":1800000060}\n{\"done\":true");
}

/* Who asked has gone while the disk, the runner or a plan was awaited. */
static void
test_gone(void **state)
{
	struct fixture *f = *state;
	static const char *const verbs[] = { "hold", "watch", "why", "rm" };
	char line[200];

	memcpy(f->runner.active, f->id[0], sizeof f->id[0]);
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		struct task *t;

		snprintf(line, sizeof line, "{\"verb\":\"%s\",\"ids\":"
		    "[\"%s\"]}", verbs[i], f->id[0]);
		t = begin(f, joe, line);
		assert_int_equal(task_step(t, &f->out, 1, WALL), TASK_WAITS);
		task_free(t);
		must_have(buf_str(&f->runner.said), i == 1 ? "unwatch" :
		    i == 2 ? "plan" : "changed");
	}
	f->runner.active[0] = '\0';
	snprintf(line, sizeof line, "{\"verb\":\"hold\",\"ids\":[\"%s\"]}",
	    f->id[0]);
	task_free(begin(f, joe, line));
	assert_null(f->runner.planner);
}

static void
test_status(void **state)
{
	struct fixture *f = *state;
	const char *text = serve(f, root, "{\"verb\":\"status\"}");

	must_have(text, "\"incoming\":3,\"active\":0,\"deferred\":0,"
	    "\"held\":0,\"aside\":0,\"corrupt\":0,\"octets\":63");
	must_have(text, "\"daemon\":true");
	must_have(text, "{\"waiting\":6,\"domain\":\"example.net\"");
}

/* Until a change of any of them would show. */
static void
rest(struct fixture *f)
{
	struct store_stamp stamp;

	for (size_t i = 0, tries = 0; i < 3 && tries < 400;) {
		if (store_stamp(f->store, STORE_QUEUE, f->id[i], &stamp)) {
			i++;
			continue;
		}
		tries++;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
}

/* A row is made once, and again when its message has changed. */
static void
test_rows_are_kept(void **state)
{
	struct fixture *f = *state;
	char *first;

	serve(f, root, "{\"verb\":\"list\"}");
	assert_int_equal(f->runner.nkept, 0); /* all are too new */
	rest(f);
	first = mem_dup(slice_of(serve(f, root, "{\"verb\":\"list\"}")));
	assert_int_equal(f->runner.nkept, 3);
	assert_string_equal(serve(f, root, "{\"verb\":\"list\"}"), first);
	for (size_t i = 0; i < 3; i++) /* its mark, that of one said again */
		f->runner.kept[i].line[0] = '~';
	assert_int_equal(count(serve(f, root, "{\"verb\":\"list\"}"), "~"), 3);
	must_have(serve(f, joe, "{\"verb\":\"list\"}"),
	    "{\"done\":true,\"n\":1,\"others\":2}");
	assert_int_equal(count(buf_str(&f->out), "~"), 1);
	must_have(buf_str(&f->out), f->id[0]);
	must_have(serve(f, root, "{\"verb\":\"list\",\"rcpt\":\"r2@*\"}"),
	    "{\"done\":true,\"n\":1}");
	assert_int_equal(count(buf_str(&f->out), "~"), 0);
	serve(f, root, "{\"verb\":\"hold\",\"ids\":[\"%s\"]}", f->id[0]);
	store_tell(f->store, f->id[1], SLICE("{\"at\":1}"));
	assert_int_equal(count(serve(f, root, "{\"verb\":\"list\"}"), "~"), 1);
	assert_int_equal(count(buf_str(&f->out), "\"hold\""), 1);
	free(first);
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, open_desk, close_desk)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_requests), ROW(test_rights), ROW(test_choice),
		ROW(test_hold), ROW(test_active), ROW(test_bounce),
		ROW(test_edit), ROW(test_show), ROW(test_why),
		ROW(test_watch), ROW(test_gone), ROW(test_status),
		ROW(test_rows_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
