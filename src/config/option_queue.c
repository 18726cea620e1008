/* SPDX-License-Identifier: ISC */
/* option_queue.c - what smtpsend asks of the queue (option_take.h). */
#include "config/option_take.h"

#include <string.h>

#include "config/when.h"

#define KEY_MAX 127 /* octets, as they are stored */

static bool
take_span(struct option_call *c, const char *value, unsigned *seconds)
{
	if (!duration_parse(value, 1, seconds) || *seconds == 0)
		return option_refuse(c, value,
		    "a time is wanted: 30s, 5m, 4h or 2d");
	return true;
}

bool
take_wait(struct option_call *c, const char *value)
{
	struct enqueue_settings *e = &c->settings->enqueue;

	e->wait = true;
	e->wait_seconds = 0;
	return !value || take_span(c, value, &e->wait_seconds);
}

/* When that is depends on when it is asked; here only whether it is a time. */
bool
take_at(struct option_call *c, const char *value)
{
	int64_t at;

	if (!when_parse(value, 0, &at))
		return option_refuse(c, value, "a time is wanted: 18:00, +2h, "
		    "2027-01-31T08:00 or @SECONDS");
	c->settings->enqueue.at = value;
	return true;
}

bool
take_expire(struct option_call *c, const char *value)
{
	return take_span(c, value, &c->settings->enqueue.expires);
}

bool
take_key(struct option_call *c, const char *value)
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			n = 0;
	if (n == 0 || n > KEY_MAX)
		return option_refuse(c, value, "a key of at most %d octets "
		    "without control characters is wanted", KEY_MAX);
	c->settings->enqueue.key = value;
	return true;
}

/* The words behind the verb are its own. */
bool
take_desk(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_QUEUE_DESK;
	c->settings->enqueue.verb = value;
	return true;
}

bool
take_local_agent(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_LOCAL_AGENT;
	return true;
}

bool
take_daemon(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_DAEMON_FOREGROUND;
	return true;
}
