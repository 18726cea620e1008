/* SPDX-License-Identifier: ISC */
/*
 * notify.h - telling the service manager how we are: the protocol of
 * sd_notify(3), which is a datagram to the socket that NOTIFY_SOCKET names.
 */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include <stdint.h>

/* Zero-initialise, but for fd. */
struct notify {
	int fd;			/* -1 = nobody wants to know */
	int64_t interval;	/* of the watchdog, microseconds; 0 = none */
};

#define NOTIFY_NONE ((struct notify){ .fd = -1 })

/*
 * From NOTIFY_SOCKET ("/path" or "@abstract"), WATCHDOG_USEC and WATCHDOG_PID,
 * which are taken out of the environment, as our children are not meant.
 */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Send "READY=1", "STATUS=...", "WATCHDOG=1", "STOPPING=1"; never blocks. */
void notify_put(const struct notify *n, const char *text);

#endif
