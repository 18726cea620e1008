/* SPDX-License-Identifier: ISC */
/*
 * staging.h - machines whose mail is not for everybody: send-all-to, bcc-all
 * and allow-recipients of [queue].
 */
#ifndef CONFIG_STAGING_H
#define CONFIG_STAGING_H

#include "config/settings.h"

/* May mail go to this path?  False with *why: his verdict, FAILED. */
bool staging_allows(const struct queue_settings *q, const char *path,
    struct outcome *why);

/*
 * Who may not is moved to e's bad ones, decided at now on the loop's clock.
 * send-all-to takes the place of all others, and his ORCPT (RFC 3461) tells who
 * was meant, if that was one; bcc-all is one more, of whom nobody is told.
 * These two are always allowed, so done once more it changes nothing.
 */
void staging_apply(const struct queue_settings *q, struct envelope *e,
    int64_t now);

#endif
