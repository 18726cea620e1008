/* SPDX-License-Identifier: ISC */
/* empty.c - the program that does nothing, for scripts/bench-queue. */

int
main(void)
{
	return 0;
}
