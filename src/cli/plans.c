/* SPDX-License-Identifier: ISC */
/* plans.c - see plans.h */
#include "cli/plans.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/check.h"

/* The relay of a plan has its secret looked at once. */
static void
note_relay(const struct rules *rules, const struct plan *plan, bool *used)
{
	for (size_t i = 0; plan->relay && i < rules->nrelays; i++)
		used[i] = used[i] || &rules->relay[i] == plan->relay;
}

/* A way that ends before a login is none: of each relay that would be asked. */
static int
check_secrets(const struct settings *s, const bool *used)
{
	const struct rules *rules = s->route.rules;
	int status = EX_OK;

	for (size_t i = 0; rules && i < rules->nrelays; i++)
		if (used[i] && !check_secret(s, &rules->relay[i]))
			status = EX_CONFIG;
	return status;
}

/* Each that is known; the worst decides, failed over deferred. */
static int
put_plans(const struct settings *s, struct deliver *deliver,
    struct report *report, bool *used)
{
	const struct plan *plan;
	struct slice rcpts;
	int status = EX_OK, one;

	while (deliver_next_plan(deliver, &plan, &rcpts)) {
		if (!plan)
			continue;
		if (s->route.rules)
			note_relay(s->route.rules, plan, used);
		one = report_plan(report, plan, rcpts);
		if (one != EX_OK && (status == EX_OK || status == EX_TEMPFAIL))
			status = one;
	}
	return status;
}

int
plans_print(const struct settings *s, struct deliver *deliver,
    struct report *report, const struct envelope *e,
    const struct outcome *stopped)
{
	const struct rules *rules = s->route.rules;
	const struct envelope bad = { .bad = e->bad, .nbad = e->nbad };
	bool *used = mem_alloc(rules ? rules->nrelays + 1 : 1);
	int status = put_plans(s, deliver, report, used), one;

	if (stopped->verdict != PENDING) {
		status = report_failure(report, stopped);
	} else {
		one = report_results(report, &bad);
		if (one == EX_OK)
			one = check_secrets(s, used);
		if (status == EX_OK)
			status = one;
	}
	free(used);
	return status;
}
