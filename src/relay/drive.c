/* SPDX-License-Identifier: ISC */
/* drive.c - see drive.h */
#include "relay/drive.h"

#include <string.h>

#include "base/mem.h"
#include "net/clock.h"

static struct drive_socket *
find_socket(struct drive *d, curl_socket_t fd)
{
	for (size_t i = 0; i < d->nsockets; i++)
		if (d->socket[i].fd == fd)
			return &d->socket[i];
	return NULL;
}

static short
poll_events(int what)
{
	int in = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
	int out = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;

	return (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

/* CURLMOPT_SOCKETFUNCTION */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
	struct drive *d = user;
	struct drive_socket *s = find_socket(d, fd);

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			*s = d->socket[--d->nsockets];
		return 0;
	}
	if (!s && d->nsockets == DRIVE_SOCKETS)
		return -1;
	if (!s) {
		s = &d->socket[d->nsockets++];
		s->slot = WAIT_NO_SLOT;
	}
	s->fd = fd;
	s->events = poll_events(what);
	return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int
on_timer(CURLM *multi, long milliseconds, void *user)
{
	struct drive *d = user;

	(void)multi;
	d->due = milliseconds < 0 ? WAIT_NEVER
				  : d->now + MILLISECONDS(milliseconds);
	return 0;
}

void
drive_init(struct drive *d)
{
	*d = (struct drive){ .due = WAIT_NEVER };
	d->multi = curl_multi_init();
	if (!d->multi)
		mem_exhausted();
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d);
}

void
drive_free(struct drive *d)
{
	curl_multi_cleanup(d->multi);
	d->multi = NULL;
}

void
drive_add(struct drive *d, CURL *easy)
{
	d->due = 0; /* at once: curl begins when it is called for the timer */
	curl_multi_add_handle(d->multi, easy);
}

void
drive_remove(struct drive *d, CURL *easy)
{
	if (d->multi && easy)
		curl_multi_remove_handle(d->multi, easy);
}

void
drive_wait(struct drive *d, struct wait *w)
{
	for (size_t i = 0; i < d->nsockets; i++)
		d->socket[i].slot =
		    wait_add(w, d->socket[i].fd, d->socket[i].events);
	wait_until(w, d->due);
}

static int
select_bits(short revents)
{
	int bits = 0;

	if (revents & (POLLIN | POLLHUP))
		bits |= CURL_CSELECT_IN;
	if (revents & POLLOUT)
		bits |= CURL_CSELECT_OUT;
	if (revents & (POLLERR | POLLNVAL))
		bits |= CURL_CSELECT_ERR;
	return bits;
}

/* Tell curl about every descriptor that is ready; it may change the table. */
static void
tell_ready(struct drive *d, const struct wait *w)
{
	struct drive_socket all[DRIVE_SOCKETS];
	size_t n = d->nsockets;
	int running;

	memcpy(all, d->socket, sizeof all);
	for (size_t i = 0; i < n; i++) {
		short ready = wait_ready(w, all[i].slot);

		if (ready != 0 && find_socket(d, all[i].fd))
			curl_multi_socket_action(d->multi, all[i].fd,
			    select_bits(ready), &running);
	}
	for (size_t i = 0; i < d->nsockets; i++)
		d->socket[i].slot = WAIT_NO_SLOT; /* of that turn only */
}

static void
tell_time(struct drive *d)
{
	int running;

	if (d->due > d->now)
		return;
	d->due = WAIT_NEVER;
	curl_multi_socket_action(d->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

void
drive_step(struct drive *d, const struct wait *w, int64_t now)
{
	d->now = now;
	tell_ready(d, w);
	tell_time(d);
}

bool
drive_is_over(struct drive *d, CURLcode *code)
{
	int left;
	CURLMsg *m = curl_multi_info_read(d->multi, &left);

	if (!m || m->msg != CURLMSG_DONE)
		return false;
	*code = m->data.result;
	return true;
}
