/* SPDX-License-Identifier: ISC */
/*
 * address_test.h - sendmail -bt: what becomes of addresses, one a line:
 * aliases, and the way there, as -bv prints it.
 */
#ifndef CLI_ADDRESS_TEST_H
#define CLI_ADDRESS_TEST_H

#include "config/settings.h"

/*
 * Of the addresses among the arguments, then of those on standard input, up to
 * its end or /quit.  "3,0 bob@example.org", with Sendmail's rule sets in front,
 * is bob@example.org.  The exit status is that of the worst.
 */
int address_test_run(const struct settings *s);

#endif
