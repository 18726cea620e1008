/* SPDX-License-Identifier: ISC */
/*
 * web.c - see web.h: between libmicrohttpd and the answers.
 *
 * The library has a descriptor of epoll(7), which the caller's loop waits for,
 * and does what there is to do when it is run.  A request that waits for mail
 * is suspended, and asked again when some has come or its time is over.
 */
#include "web/web.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/duration.h"
#include "base/inet.h"
#include "base/mem.h"
#include "net/clock.h"
#include "net/file.h"
#include "web/web_answer.h"

#define CONNECTIONS 100
#define PATIENCE    30	/* seconds for a request to come */
#define MEMORY	    32768 /* of a connection: its request's header */
#define WAIT_MAX    60	/* seconds */
#define MISDIRECTED 421 /* RFC 9110 15.5.20 */

struct web {
	struct box box;
	struct endpoint at;
	char *name;		/* or NULL */
	struct MHD_Daemon *http;
	int epoll;
	size_t slot;
	struct list waiting;	/* struct request */
	int64_t now;
};

struct request {
	struct list_node node;
	struct MHD_Connection *c;
	uint64_t after;
	int64_t deadline;	/* 0: it has not waited */
};

/* ---- who may ask ---- */

/* Without ":8025"; "[::1]" keeps its brackets. */
static struct slice
without_port(struct slice host)
{
	size_t n = host.n;
	uint64_t port;

	while (n > 0 && ascii_is_digit(host.p[n - 1]))
		n--;
	if (n > 0 && n < host.n && host.p[n - 1] == ':' &&
	    slice_to_uint(slice_from(host, n), 65535, &port))
		return slice_first(host, n - 1);
	return host;
}

static bool
read_ip(struct slice s, struct ip *ip)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = slice_from(slice_first(s, s.n - 1), 1);
	return ip_parse(s, ip);
}

/*
 * localhost, this host's own name, or the address that is listened on; where
 * that is a wildcard, any address, for no name was looked up that could lead
 * elsewhere.
 */
static bool
is_ours(const struct web *w, const char *value)
{
	struct slice host = without_port(slice_of(value));
	struct ip ip;

	if (slice_eq_nocase(host, SLICE("localhost")) ||
	    (w->name && slice_eq_nocase(host, slice_of(w->name))))
		return true;
	if (!read_ip(host, &ip))
		return false;
	return ip_is_unspecified(&w->at.ip) || ip_eq(&ip, &w->at.ip) ||
	    (ip_is_loopback(&ip) && ip_is_loopback(&w->at.ip));
}

static const char *
header_of(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* A page elsewhere cannot send these without asking first, which it may not. */
static bool
may_delete(struct MHD_Connection *c)
{
	const char *type = header_of(c, "Content-Type");

	return header_of(c, "X-Requested-By") ||
	    (type && strcmp(type, "application/json") == 0);
}

/* ---- answers ---- */

static const char *
policy_of(enum answer_kind kind)
{
	switch (kind) {
	case ANSWER_PAGE:
		return "default-src 'none'; style-src 'self'; "
		       "frame-src 'self'; base-uri 'none'; "
		       "form-action 'none'; frame-ancestors 'none'";
	case ANSWER_HTML:
		return "sandbox; default-src 'none'; "
		       "style-src 'unsafe-inline'; img-src data:; "
		       "base-uri 'none'; form-action 'none'; "
		       "frame-ancestors 'self'";
	case ANSWER_DATA:
	case ANSWER_FILE:
		break;
	}
	return "sandbox; default-src 'none'; frame-ancestors 'none'";
}

static void
put_headers(struct MHD_Response *r, struct answer *a)
{
	MHD_add_response_header(r, "Content-Type", buf_str(&a->type));
	if (a->disposition.n > 0)
		MHD_add_response_header(r, "Content-Disposition",
		    buf_str(&a->disposition));
	MHD_add_response_header(r, "Content-Security-Policy",
	    policy_of(a->kind));
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "X-DNS-Prefetch-Control", "off");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy",
	    "same-origin");
	MHD_add_response_header(r, "Cross-Origin-Opener-Policy",
	    "same-origin");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (a->status == 405)
		MHD_add_response_header(r, "Allow", "GET, HEAD, DELETE");
}

/* The answer is over. */
static enum MHD_Result
send_answer(struct MHD_Connection *c, struct answer *a)
{
	struct slice body = buf_slice(&a->body);
	struct MHD_Response *r = MHD_create_response_from_buffer(body.n,
	    (void *)body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done = MHD_NO;

	if (r) {
		put_headers(r, a);
		done = MHD_queue_response(c, a->status, r);
		MHD_destroy_response(r);
	}
	answer_free(a);
	return done;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct answer a = { 0 };

	answer_error(&a, status, text);
	return send_answer(c, &a);
}

/* ---- requests ---- */

/* False: it is there and no number. */
static bool
read_number(struct MHD_Connection *c, const char *name, uint64_t max,
    uint64_t *out)
{
	const char *value = MHD_lookup_connection_value(c,
	    MHD_GET_ARGUMENT_KIND, name);

	*out = 0;
	return !value || slice_to_uint(slice_of(value), max, out);
}

static enum MHD_Result
await_mail(struct web *w, struct request *r, uint64_t seconds)
{
	r->deadline = w->now + SECONDS((int64_t)seconds);
	list_append(&w->waiting, &r->node, r);
	MHD_suspend_connection(r->c);
	return MHD_YES;
}

static enum MHD_Result
list_mails(struct web *w, struct request *r)
{
	struct answer a = { 0 };
	uint64_t seconds;

	if (!read_number(r->c, "after", UINT64_MAX - 1, &r->after) ||
	    !read_number(r->c, "wait", WAIT_MAX, &seconds))
		return refuse(r->c, 400,
		    "after=NUMBER and wait=SECONDS (60 at most) are wanted");
	if (seconds > 0 && r->deadline == 0 && !box_after(&w->box, r->after))
		return await_mail(w, r, seconds);
	answer_list(&a, &w->box, r->after);
	return send_answer(r->c, &a);
}

static enum MHD_Result
get(struct web *w, struct request *r, const char *path)
{
	struct answer a = { 0 };

	if (strcmp(path, "/messages") == 0)
		return list_mails(w, r);
	answer_get(&a, &w->box, slice_of(path));
	return send_answer(r->c, &a);
}

static enum MHD_Result
delete_all(struct web *w, struct MHD_Connection *c, const char *path)
{
	struct answer a = { .status = 200, .kind = ANSWER_DATA };

	if (strcmp(path, "/messages") != 0)
		return refuse(c, 404, "Only /messages can be deleted");
	if (!may_delete(c))
		return refuse(c, 403, "X-Requested-By: or Content-Type: "
		    "application/json is wanted");
	buf_puts(&a.type, "application/json");
	buf_putf(&a.body, "{\"deleted\":%zu}\n", box_clear(&w->box));
	return send_answer(c, &a);
}

static enum MHD_Result
answer(struct web *w, struct request *r, const char *method, const char *path)
{
	const char *host = header_of(r->c, "Host");

	if (!host || !is_ours(w, host))
		return refuse(r->c, MISDIRECTED, "This is not that host");
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return get(w, r, path);
	if (strcmp(method, "DELETE") == 0)
		return delete_all(w, r->c, path);
	return refuse(r->c, 405, "GET, HEAD and DELETE are known here");
}

/*
 * Called for the header of a request, then for each piece of its body, which is
 * thrown away, and at its end; once more after it was suspended.
 */
static enum MHD_Result /* NOLINTNEXTLINE(readability-function-size): theirs */
on_request(void *web, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *body, size_t *n,
    void **state)
{
	struct request *r = *state;

	(void)version;
	(void)body;
	if (!r) {
		*state = r = mem_alloc(sizeof *r);
		r->c = c;
		return MHD_YES;
	}
	if (*n > 0) {
		*n = 0;
		return MHD_YES;
	}
	return answer(web, r, method, path);
}

static void
on_end(void *web, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode how)
{
	struct request *r = *state;

	(void)web;
	(void)c;
	(void)how;
	if (r)
		list_remove(&r->node);
	free(r);
	*state = NULL;
}

/* Ask again: what it waited for has come, or will not. */
static void
wake(struct request *r)
{
	list_remove(&r->node);
	MHD_resume_connection(r->c);
}

/* ---- the module ---- */

static bool
start(struct web *w, int fd)
{
	const union MHD_DaemonInfo *info;

	w->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0,
	    NULL, NULL, on_request, w, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_NOTIFY_COMPLETED, on_end, w,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	info = w->http ? MHD_get_daemon_info(w->http,
			     MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	w->epoll = info ? info->epoll_fd : -1;
	return w->epoll >= 0;
}

static void
web_free(struct web *w)
{
	struct request *r;

	if (!w)
		return;
	while ((r = list_first(&w->waiting)) != NULL)
		wake(r);
	if (w->http) {
		MHD_run(w->http);
		MHD_stop_daemon(w->http);
	}
	box_free(&w->box);
	free(w->name);
	free(w);
}

static struct web *
web_open(const struct web_config *config, struct outcome *why)
{
	struct web *w = mem_alloc(sizeof *w);
	const char *dir = getenv("TMPDIR");

	w->at = config->at;
	w->slot = WAIT_NO_SLOT;
	if (config->name)
		w->name = mem_dup(slice_of(config->name));
	if (!box_init(&w->box))
		file_fail(why, "cannot keep messages in", dir && dir[0] ?
			dir : "/tmp", errno);
	else if (!start(w, config->fd))
		file_fail(why, "cannot start", "libmicrohttpd", errno);
	else
		return w;
	web_free(w);
	return NULL;
}

static void
web_hear(struct web *w, const struct event *e)
{
	if (e->lane > 0)
		box_hear(&w->box, e);
}

static bool
web_show(struct web *w, const struct web_mail *mail)
{
	struct request *r;

	if (!box_add(&w->box, mail))
		return false;
	while ((r = list_first(&w->waiting)) != NULL)
		wake(r);
	return true;
}

static void
wait_for_requests(struct web *w, struct wait *wait)
{
	for (struct request *r = list_first(&w->waiting); r;
	     r = list_after(&r->node))
		wait_until(wait, r->deadline);
}

static void
web_wait(struct web *w, struct wait *wait, int64_t now)
{
	MHD_UNSIGNED_LONG_LONG ms;

	w->slot = wait_add(wait, w->epoll, POLLIN);
	if (MHD_get_timeout(w->http, &ms) == MHD_YES)
		wait_until(wait, now + (int64_t)ms * 1000);
	wait_for_requests(w, wait);
}

static void
web_step(struct web *w, const struct wait *wait, int64_t now)
{
	struct request *r = list_first(&w->waiting), *next;

	(void)wait;
	w->now = now;
	for (; r; r = next) {
		next = list_after(&r->node);
		if (now >= r->deadline)
			wake(r);
	}
	MHD_run(w->http);
}

const struct web_module web_module = {
	.open = web_open,
	.free = web_free,
	.hear = web_hear,
	.show = web_show,
	.wait = web_wait,
	.step = web_step,
};
