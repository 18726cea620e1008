/* SPDX-License-Identifier: ISC */
/* cli_index.c - whose turn it is in the queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "net/wait.h"
#include "queue/index.h"

#define MANY 100000

static struct index x;

static int
open_index(void **state)
{
	(void)state;
	index_init(&x, 400);
	return 0;
}

static int
close_index(void **state)
{
	(void)state;
	index_free(&x);
	return 0;
}

static struct item *
make(unsigned n, enum mail_class class, uint64_t crowd)
{
	char id[STORE_ID + 1];
	struct item *i;

	snprintf(id, sizeof id, "01M%023u", n);
	i = index_get(&x, id);
	i->class = (unsigned char)class;
	index_set_crowd(&x, i, crowd);
	return i;
}

static unsigned
number(const struct item *i)
{
	return (unsigned)strtoul(i->id + 3, NULL, 10);
}

static void
test_oldest_first(void **state)
{
	(void)state;
	for (unsigned n = 100; n-- > 0;)
		index_ready(&x, make(n, CLASS_NORMAL, 0));
	for (unsigned n = 0; n < 100; n++)
		assert_int_equal(number(index_take(&x)), n);
	assert_null(index_take(&x));
	assert_int_equal(x.active, 100);
	assert_int_equal(x.ndue, 0);
}

static void
test_time(void **state)
{
	(void)state;
	assert_true(index_next(&x) == WAIT_NEVER);
	for (unsigned n = 0; n < 1000; n++)
		index_wait(&x, make(n, CLASS_NORMAL, 0), 1000 - n, 0);
	assert_int_equal(index_next(&x), 1);
	assert_true(index_step(&x, 0));
	assert_null(index_take(&x));
	assert_true(index_step(&x, 10));
	assert_int_equal(index_next(&x), 11);
	for (unsigned n = 990; n < 1000; n++)
		assert_int_equal(number(index_take(&x)), n);
	assert_null(index_take(&x));
	assert_false(index_step(&x, 2000)); /* not all in one step */
	assert_true(index_step(&x, 2000));
	assert_int_equal(x.ndue, 990);
}

static void
test_classes(void **state)
{
	unsigned taken[NCLASSES] = { 0 };

	(void)state;
	for (unsigned n = 0; n < 300; n++)
		index_ready(&x, make(n, n % NCLASSES, 0));
	for (unsigned n = 0; n < 70; n++)
		taken[index_take(&x)->class]++;
	assert_int_equal(taken[CLASS_URGENT], 40);
	assert_int_equal(taken[CLASS_NORMAL], 20);
	assert_int_equal(taken[CLASS_BULK], 10);
}

/* Each of them in turn, and no one takes all places. */
static void
test_crowds(void **state)
{
	struct item *first[3];
	size_t of[4] = { 0 };

	(void)state;
	for (unsigned n = 0; n < 3000; n++)
		index_ready(&x, make(n, CLASS_NORMAL, 1 + n / 1000));
	for (unsigned n = 0; n < 3; n++) {
		first[n] = index_take(&x);
		assert_int_equal(first[n]->crowd, n + 1);
		of[first[n]->crowd]++;
	}
	for (struct item *i; (i = index_take(&x));)
		of[i->crowd]++;
	for (unsigned n = 1; n <= 3; n++)
		assert_in_range(of[n], 50, 66);
	index_drop(&x, first[1]);
	assert_non_null(index_take(&x));
	index_ready(&x, make(9000, CLASS_BULK, 4));
	assert_int_equal(number(index_take(&x)), 9000);
}

/* Who may be taken is not too many when he is. */
static void
test_crowd_agrees_with_itself(void **state)
{
	struct item *i;
	size_t n = 0;

	(void)state;
	for (unsigned k = 0; k < 1000; k++)
		index_ready(&x, make(k, CLASS_NORMAL, 1 + k % 3));
	for (; (i = index_take(&x)); n++)
		assert_false(index_is_crowded(&x, i));
	assert_true(n > 100);
}

static void
test_late_crowd(void **state)
{
	struct item *i, *last = NULL;

	(void)state;
	for (unsigned n = 0; n < 1000; n++)
		index_ready(&x, make(n, CLASS_NORMAL, 0));
	while ((i = index_take(&x))) {
		index_set_crowd(&x, i, 7);
		last = i;
		if (index_is_crowded(&x, i))
			break;
	}
	assert_in_range(x.active, 50, 100);
	index_ready(&x, last);
	assert_int_equal(last->state, ITEM_DUE);
	assert_int_equal(x.ndue, 1000 - x.active);
}

static void
test_sites(void **state)
{
	struct item *i;

	(void)state;
	for (unsigned n = 0; n < 10; n++)
		index_wait(&x, make(n, CLASS_NORMAL, 0), 1000, 1 + n % 2);
	index_woke(&x, 9, 5, SIZE_MAX);
	index_woke(&x, 1, 5, SIZE_MAX);
	assert_true(index_step(&x, 5));
	for (unsigned n = 0; n < 10; n += 2)
		assert_int_equal(number(index_take(&x)), n);
	assert_null(index_take(&x));
	index_woke(&x, 1, 5, SIZE_MAX);
	index_drop(&x, index_find(&x, make(1, CLASS_NORMAL, 0)->id));
	index_woke(&x, 2, 6, SIZE_MAX);
	assert_true(index_step(&x, 6));
	i = index_take(&x);
	assert_int_equal(number(i), 3);
	assert_int_equal(x.sites.n, 0);
	index_wait(&x, i, 9, 2);
	index_rest(&x, i, ITEM_HELD);
	assert_int_equal(x.sites.n, 0);
	assert_int_equal(x.nheld, 1);
	index_wait(&x, i, 9, 2);
	assert_int_equal(x.nheld, 0);
}

static void
test_domains(void **state)
{
	(void)state;
	assert_true(index_crowd(&x, SLICE("Example.ORG")) ==
	    index_crowd(&x, SLICE("example.org")));
	assert_true(index_crowd(&x, SLICE("example.org")) !=
	    index_crowd(&x, SLICE("example.com")));
	assert_true(index_crowd(&x, SLICE("")) != 0);
}

static void
test_owners(void **state)
{
	uint64_t messages, octets;

	(void)state;
	for (unsigned n = 0; n < 6; n++)
		index_set_owner(&x, make(n, CLASS_NORMAL, 0), n % 2, 100 + n);
	index_owned(&x, 0, &messages, &octets);
	assert_int_equal(messages, 3);
	assert_int_equal(octets, 306);
	index_set_owner(&x, make(0, CLASS_NORMAL, 0), 0, 1);
	index_set_owner(&x, make(2, CLASS_NORMAL, 0), 1, 1);
	index_drop(&x, make(4, CLASS_NORMAL, 0));
	index_owned(&x, 0, &messages, &octets);
	assert_int_equal(messages, 1);
	assert_int_equal(octets, 1);
	index_owned(&x, 7, &messages, &octets);
	assert_int_equal(messages, 0);
	assert_int_equal(octets, 0);
}

static size_t found[ITEM_KEPT + 1];

static void
count_item(void *item)
{
	const struct item *i = item;
	bool placed = i->state == ITEM_WAITS || i->state == ITEM_DUE;

	found[i->state]++;
	assert_int_equal(i->place.in != NULL, placed);
	assert_true(!i->row.in || i->state == ITEM_WAITS);
}

static void
do_something(struct item *i, int round)
{
	switch (rand() % 8) {
	case 0:
		index_drop(&x, i);
		break;
	case 1:
		index_rest(&x, i, ITEM_NEW);
		i->class = (unsigned char)(rand() % NCLASSES);
		index_set_crowd(&x, i, (uint64_t)rand() % 5);
		index_ready(&x, i);
		break;
	case 2:
		index_rest(&x, i, rand() % 2 ? ITEM_HELD : ITEM_KEPT);
		break;
	case 3:
		index_woke(&x, (uint64_t)rand() % 3, round, SIZE_MAX);
		break;
	case 4:
		index_step(&x, round);
		break;
	case 5:
		if ((i = index_take(&x)))
			index_set_crowd(&x, i, (uint64_t)rand() % 5);
		break;
	default:
		index_wait(&x, i, round + rand() % 1000, (uint64_t)rand() % 3);
		break;
	}
}

/* Whatever is done to them, each is in one place, and the counts agree. */
static void
test_at_random(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	srand(7);
	for (int round = 0; round < 200000; round++) {
		snprintf(id, sizeof id, "01M%023u", (unsigned)rand() % 900);
		do_something(index_get(&x, id), round);
		assert_true(x.active <= x.most);
	}
	memset(found, 0, sizeof found);
	index_each(&x, count_item);
	assert_int_equal(found[ITEM_WAITS], x.waits.n);
	assert_int_equal(found[ITEM_DUE], x.ndue);
	assert_int_equal(found[ITEM_ACTIVE], x.active);
	assert_int_equal(found[ITEM_HELD], x.nheld);
	assert_true(x.active > 0 && x.ndue > 0);
}

/* What was said is kept up to a limit, and counted. */
static void
test_said(void **state)
{
	const struct store_stamp stamp = { { 1, 2 } };
	struct item *a = make(1, CLASS_NORMAL, 0), *b = make(2, CLASS_BULK, 0);
	char *much = malloc(INDEX_SAID);

	(void)state;
	assert_non_null(much);
	memset(much, 'x', INDEX_SAID);
	index_say(&x, a, &stamp, 7, SLICE("one"));
	assert_int_equal(a->said->uid, 7);
	assert_memory_equal(a->said->line, "one", 3);
	index_say(&x, a, &stamp, 7, SLICE("three"));
	assert_int_equal(x.said, 5);
	index_say(&x, b, &stamp, 8, (struct slice){ much, INDEX_SAID });
	assert_null(b->said);
	index_say(&x, b, &stamp, 8, (struct slice){ much, INDEX_SAID - 5 });
	assert_int_equal(x.said, INDEX_SAID);
	index_drop(&x, a);
	assert_int_equal(x.said, INDEX_SAID - 5);
	index_say(&x, b, NULL, 0, (struct slice){ 0 });
	assert_null(b->said);
	assert_int_equal(x.said, 0);
	free(much);
}

static void
test_many(void **state)
{
	size_t before = mallinfo2().uordblks, used;
	size_t taken = 0;

	(void)state;
	for (unsigned n = 0; n < MANY; n++)
		index_wait(&x, make(n, CLASS_NORMAL, 1 + n % 5000), n % 977,
		    n % 3000);
	used = mallinfo2().uordblks - before;
	while (!index_step(&x, MANY))
		;
	for (struct item *i; (i = index_take(&x)); taken++)
		index_drop(&x, i);
	assert_int_equal(taken, MANY);
	print_message("%u items: %zu MB\n", MANY, used >> 20);
	assert_true(used < (size_t)60 << 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_index, \
	close_index)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_oldest_first),
		TEST(test_time),
		TEST(test_classes),
		TEST(test_crowds),
		TEST(test_crowd_agrees_with_itself),
		TEST(test_late_crowd),
		TEST(test_sites),
		TEST(test_domains),
		TEST(test_owners),
		TEST(test_at_random),
		TEST(test_said),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
