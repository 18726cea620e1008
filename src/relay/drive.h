/* SPDX-License-Identifier: ISC */
/*
 * drive.h - libcurl in our poll loop: what it waits for, and calling it.
 *
 * curl tells by callback which descriptors and which time it waits for; both go
 * into a table here, from which wait and step work.
 */
#ifndef RELAY_DRIVE_H
#define RELAY_DRIVE_H

#include <curl/curl.h>
#include <stdint.h>

#include "net/wait.h"

#define DRIVE_SOCKETS 16 /* more than curl has open in one connect */

/* A descriptor that curl waits for. */
struct drive_socket {
	curl_socket_t fd;
	short events;
	size_t slot;
};

struct drive {
	CURLM *multi;
	struct drive_socket socket[DRIVE_SOCKETS];
	size_t nsockets;
	int64_t now;		/* of the step under way */
	int64_t due;		/* when curl wants to be called again */
};

/* d stays where it is until drive_free(). */
void drive_init(struct drive *d);
void drive_free(struct drive *d);

/* This transfer begins with the next step; it may be removed twice. */
void drive_add(struct drive *d, CURL *easy);
void drive_remove(struct drive *d, CURL *easy);

void drive_wait(struct drive *d, struct wait *w);
void drive_step(struct drive *d, const struct wait *w, int64_t now);

/* Is the one transfer over?  Then how. */
bool drive_is_over(struct drive *d, CURLcode *code);

#endif
