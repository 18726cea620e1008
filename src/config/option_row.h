/* SPDX-License-Identifier: ISC */
/* option_row.h - how a row of the tables of options is written. */
#ifndef CONFIG_OPTION_ROW_H
#define CONFIG_OPTION_ROW_H

#include "config/option_take.h"

/* Where a value lives: anywhere in the settings, or in a way, as it may be a
 * key of a section too. */
#define ALL(field) .at = { PART_ALL, offsetof(struct settings, field) }
#define WAY(field) .at = { PART_WAY, offsetof(struct way, field) }

/* The kind of value, who reads it, where it lives. */
#define ROW(k, t, ...) .kind = (k), .take = (t), __VA_ARGS__
#define FLAG(...)      ROW(KIND_FLAG, take_flag, __VA_ARGS__)
#define COUNT(...)     ROW(KIND_COUNT, take_count, __VA_ARGS__)
#define NUMBER(...)    ROW(KIND_NUMBER, take_number, __VA_ARGS__)
#define PORT(...)      ROW(KIND_PORT, take_port, __VA_ARGS__)
#define TEXT(...)      ROW(KIND_TEXT, take_text, __VA_ARGS__)
#define PATH(...)      ROW(KIND_PATH, take_text, __VA_ARGS__)
#define GIVEN(...)     ROW(KIND_GIVEN, take_given, __VA_ARGS__)
#define OTHER(t)       .kind = KIND_OTHER, .take = (t)

/* Those that have no name (option_letters.c), in the order of the manual. */
#define OPTION_LETTERS 26
extern const struct option option_letters[OPTION_LETTERS];

#endif
