/* SPDX-License-Identifier: ISC */
/* duration.h - spans of time, in the loop's microseconds. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdint.h>

#define SECONDS(n)	((int64_t)(n) * 1000000)
#define MILLISECONDS(n) ((int64_t)(n) * 1000)

#endif
