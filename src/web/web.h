/* SPDX-License-Identifier: ISC */
/*
 * web.h - the pages of --sink-web: what the sink has received, for a browser
 * and, as JSON, for tests.  libmicrohttpd speaks HTTP; it has no thread and no
 * loop of its own.
 *
 * What comes by mail is hostile.  No page has a script; each forbids to load
 * anything (Content-Security-Policy) but the one style sheet and the frame that
 * an HTML part stands in, which is sandboxed twice: by the frame and by its own
 * answer.  A request that names a foreign host, as one would that a page in the
 * same browser was tricked into (DNS rebinding), gets 421.
 *
 * This is a module (net/door.h): the program has only these types.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/event.h"
#include "base/outcome.h"
#include "net/door.h"
#include "net/wait.h"

/* The last so many are shown. */
#define WEB_MESSAGES_MAX 1000

/* A message that was kept.  All is borrowed. */
struct web_mail {
	const char *id;		/* its queue id */
	struct slice from;
	const struct slice *to;
	size_t nto;
	const char *tls;	/* "TLSv1.3", or NULL */
	struct slice login;	/* empty: nobody had logged in */
	const char *file;	/* where it is kept, or NULL */
	unsigned lane;		/* the connection it came by */
	int fd;			/* its text, */
	off_t at;		/* ... from here to the end */
};

struct web_config {
	int fd;			/* listens, and does not block; taken over */
	struct endpoint at;	/* where */
	const char *name;	/* of this host: also taken in Host; or NULL */
};

struct web;

struct web_module {
	/* NULL with *why. */
	struct web *(*open)(const struct web_config *config,
	    struct outcome *why);
	void (*free)(struct web *w);

	/* A line of a dialogue, for the message that comes of it. */
	void (*hear)(struct web *w, const struct event *e);

	/* One more; false with errno: it cannot be shown. */
	bool (*show)(struct web *w, const struct web_mail *mail);

	void (*wait)(struct web *w, struct wait *wait, int64_t now);
	void (*step)(struct web *w, const struct wait *wait, int64_t now);
};

extern const struct web_module web_module; /* within the module */

#define WEB_DOOR { "smtpsend-web.so", "web_module", \
	"libmicrohttpd is in the package libmicrohttpd12" }

#endif
