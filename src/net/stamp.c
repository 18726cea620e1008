/* SPDX-License-Identifier: ISC */
/*
 * stamp.c - which build this is: see door.h
 *
 * BUILD is the checksum of all headers, so that a table of functions and a
 * struct mean the same to the program and to its modules.
 */
#include "net/door.h"

const char smtpsend_build[] = VERSION "-" BUILD;
