/* SPDX-License-Identifier: ISC */
/* filetype.c - what kind of thing a file is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/filetype.h"

#define GLOBS                                                               \
	"# a comment: with colons: *.no\n"                                  \
	"60:application/x-better:*.dat\n50:application/x-worse:*.dat\n"     \
	"50:application/gzip:*.gz\n50:application/x-ctar:*.tar.gz\n"        \
	"50:text/x-makefile:makefile\n50:text/x-c:*.c:cs\n"                 \
	"50:x/brackets:*.[1-9]\n50:x/inner:core*\n50:x/all:*\n50:::\nx:y\n" \
	"99999:x/heavy:*.gz\n50:x/last:*.last"

static const struct {
	const char *name, *want;
} cases[] = {
	{ "a.dat", "application/x-better" },
	{ "a.gz", "application/gzip" },
	{ "a.tar.gz", "application/x-ctar" },
	{ "A.TAR.GZ", "application/x-ctar" },
	{ "Makefile", "text/x-makefile" },
	{ "Makefile2", "" },
	{ "x.c", "text/x-c" },
	{ "x.1", "" },
	{ "core.1", "" },
	{ "a.last", "x/last" },
	{ ".gz", "" },
	{ "gz", "" },
	{ "", "" },
	{ "a.no", "" },
};

static void
test_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got = filetype_in(SLICE(GLOBS),
		    slice_of(cases[i].name));

		assert_true(slice_eq(got, slice_of(cases[i].want)));
	}
	assert_int_equal(filetype_in((struct slice){ 0 }, SLICE("a.c")).n, 0);
}

static void
test_known(void **state)
{
	(void)state;
	assert_true(slice_eq(filetype_known(SLICE("Report.PDF")),
	    SLICE("application/pdf")));
	assert_true(
	    slice_eq(filetype_known(SLICE("x.mp4")), SLICE("video/mp4")));
	assert_int_equal(filetype_known(SLICE("pdf")).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
