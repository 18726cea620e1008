/* SPDX-License-Identifier: ISC */
/* port.c - which ports are known to begin in clear, or with TLS. */
#include "base/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As IANA has them, and 8443, 8883; every other port says nothing. */
static const uint16_t tls[] = { 443, 465, 563, 636, 853, 989, 990, 992, 993,
	994, 995, 5061, 5223, 5671, 6514, 6697, 8443, 8883 };
static const uint16_t clear[] = { 24, 25, 587 };

static bool
is_one_of(const uint16_t *v, size_t n, unsigned port)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == port)
			return true;
	return false;
}

static void
test_every_port(void **state)
{
	(void)state;
	for (unsigned p = 0; p <= UINT16_MAX; p++) {
		assert_int_equal(port_is_tls((uint16_t)p),
		    is_one_of(tls, sizeof tls / sizeof tls[0], p));
		assert_int_equal(port_is_clear((uint16_t)p),
		    is_one_of(clear, sizeof clear / sizeof clear[0], p));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
