/* SPDX-License-Identifier: ISC */
/* list.c - things in a row, and things found by a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/table.h"

struct thing {
	struct list_node node;
	struct table_node found;
	char key[16];
};

/* Both ways through, and how many. */
static void
is_row(const struct list *l, struct thing **want, size_t n)
{
	const struct list_node *node = l->first, *last = NULL;

	assert_int_equal(l->n, n);
	assert_ptr_equal(list_first(l), n > 0 ? want[0] : NULL);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(node);
		assert_ptr_equal(node->owner, want[i]);
		assert_ptr_equal(node->prev, last);
		assert_ptr_equal(node->in, l);
		assert_ptr_equal(list_after(node),
		    i + 1 < n ? want[i + 1] : NULL);
		last = node;
		node = node->next;
	}
	assert_null(node);
	assert_ptr_equal(l->last, last);
}

static void
test_rows(void **state)
{
	struct thing t[4] = { 0 };
	struct list l = { 0 };

	(void)state;
	is_row(&l, NULL, 0);
	assert_null(list_take(&l));
	list_append(&l, &t[1].node, &t[1]);
	is_row(&l, (struct thing *[]){ &t[1] }, 1);
	list_append(&l, &t[2].node, &t[2]);
	list_prepend(&l, &t[0].node, &t[0]);
	list_append(&l, &t[3].node, &t[3]);
	is_row(&l, (struct thing *[]){ &t[0], &t[1], &t[2], &t[3] }, 4);
	list_remove(&t[2].node);
	is_row(&l, (struct thing *[]){ &t[0], &t[1], &t[3] }, 3);
	list_remove(&t[2].node); /* it is in none */
	assert_null(t[2].node.in);
	list_remove(&t[3].node);
	is_row(&l, (struct thing *[]){ &t[0], &t[1] }, 2);
	assert_ptr_equal(list_take(&l), &t[0]);
	is_row(&l, (struct thing *[]){ &t[1] }, 1);
	list_prepend(&l, &t[0].node, &t[0]);
	is_row(&l, (struct thing *[]){ &t[0], &t[1] }, 2);
	assert_ptr_equal(list_take(&l), &t[0]);
	assert_ptr_equal(list_take(&l), &t[1]);
	is_row(&l, NULL, 0);
}

#define MANY 1000

static size_t visited;
static struct table *visiting;

static void
visit(void *owner)
{
	struct thing *t = owner;

	visited++;
	if (t->key[0] == '7')
		table_remove(visiting, &t->found);
}

static void
put_all(struct table *t, struct thing *v)
{
	for (size_t i = 0; i < MANY; i++) {
		snprintf(v[i].key, sizeof v[i].key, "%zu", i);
		assert_null(table_find(t, slice_of(v[i].key)));
		table_add(t, &v[i].found, slice_of(v[i].key), &v[i]);
		assert_int_equal(t->n, i + 1);
		assert_true(t->nslots >= t->n);
	}
}

static void
test_keys(void **state)
{
	struct thing *v = mem_alloc(MANY * sizeof *v);
	struct table t = { .seed.k = { 1, 2 } };

	(void)state;
	assert_null(table_find(&t, SLICE("7")));
	table_each(&t, visit);
	put_all(&t, v);
	for (size_t i = 0; i < MANY; i++) {
		assert_ptr_equal(table_find(&t, slice_of(v[i].key)), &v[i]);
		assert_ptr_equal(table_find_hash(&t, v[i].found.hash), &v[i]);
	}
	assert_null(table_find(&t, SLICE("1000")));
	visiting = &t;
	table_each(&t, visit);
	assert_int_equal(visited, MANY);
	assert_int_equal(t.n, MANY - 111); /* 7, 70..79, 700..799 */
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(table_find(&t, slice_of(v[i].key)),
		    v[i].key[0] == '7' ? NULL : &v[i]);
	table_free(&t);
	assert_null(table_find(&t, SLICE("1")));
	free(v);
}

/* Strangers choose the keys: where they fall depends on the seed. */
static void
test_seed(void **state)
{
	struct thing a = { 0 }, b = { 0 };
	struct table one = { .seed.k = { 1 } }, two = { .seed.k = { 2 } };

	(void)state;
	table_add(&one, &a.found, SLICE("example.org"), &a);
	table_add(&two, &b.found, SLICE("example.org"), &b);
	assert_true(a.found.hash != b.found.hash);
	assert_ptr_equal(table_find(&one, SLICE("example.org")), &a);
	assert_ptr_equal(table_find(&two, SLICE("example.org")), &b);
	table_free(&one);
	table_free(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
