/* SPDX-License-Identifier: ISC */
/*
 * relay_talk.c - listens to curl: what it opens, says and hears.
 *
 * All of it becomes events, line by line.  What follows AUTH is masked here,
 * until the reply that ends it; and should a server repeat a credential in its
 * reply, that is masked too.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/sockaddr.h"
#include "net/tls_state.h"
#include "relay/relay_impl.h"

#define MASK	   "***"
#define NEEDLE_MIN 4 /* shorter ones are in words */

/* An event of the connection: host, address, port. */
static void
report_attempt(struct relay *r, enum event_kind kind,
    const struct endpoint *at, const char *local)
{
	struct event e = event_make(kind, r->lane);
	struct buf scratch = { 0 };

	if (!events_wanted(r->events))
		return;
	event_text(&e, "host", slice_of(r->proxy[0] ? "proxy" : r->host));
	event_endpoint(&e, at, &scratch);
	if (local)
		event_text(&e, "local", slice_of(local));
	events_put(r->events, &e);
	buf_free(&scratch);
}

static bool
may_open(struct relay *r, const struct endpoint *at)
{
	if (!r->in_clear || ip_is_loopback(&at->ip))
		return true;
	r->refused_clear = true;
	return false;
}

/* CURLOPT_OPENSOCKETFUNCTION */
static curl_socket_t
on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct relay *r = user;
	struct sockaddr_storage to = { 0 };
	struct endpoint at;
	int fd;

	(void)purpose;
	memcpy(&to, &address->addr, address->addrlen);
	if (r->nattempts == DRIVE_SOCKETS || !sockaddr_get(&to, &at) ||
	    !may_open(r, &at))
		return CURL_SOCKET_BAD;
	report_attempt(r, EVENT_CONNECT, &at, NULL);
	fd = socket(address->family,
	    address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    address->protocol);
	if (fd >= 0)
		r->attempt[r->nattempts++] =
		    (struct relay_attempt){ .fd = fd, .at = at };
	return fd;
}

/* CURLOPT_CLOSESOCKETFUNCTION */
static int
on_close(void *user, curl_socket_t fd)
{
	struct relay *r = user;

	for (size_t i = 0; i < r->nattempts; i++)
		if (r->attempt[i].fd == fd) {
			r->attempt[i] = r->attempt[--r->nattempts];
			break;
		}
	return close(fd);
}

static void
connected(struct relay *r, const struct relay_attempt *a)
{
	struct endpoint local;
	struct buf text = { 0 };

	r->connected = true;
	r->peer = a->at;
	if (!r->proxy[0])
		r->stage = r->implicit_tls ? STAGE_TLS : STAGE_GREETING;
	if (sockaddr_local(a->fd, &local))
		endpoint_put(&text, &local);
	report_attempt(r, EVENT_CONNECTED, &a->at, buf_str(&text));
	buf_free(&text);
}

const SSL *
relay_ssl(const struct relay *r)
{
	struct curl_tlssessioninfo *info = NULL;

	if (curl_easy_getinfo(r->easy, CURLINFO_TLS_SSL_PTR, &info) !=
		CURLE_OK ||
	    !info || info->backend != CURLSSLBACKEND_OPENSSL)
		return NULL;
	return info->internals;
}

static void
look_for_connection(struct relay *r)
{
	struct endpoint peer;

	for (size_t i = 0; !r->connected && i < r->nattempts; i++)
		if (sockaddr_peer(r->attempt[i].fd, &peer))
			connected(r, &r->attempt[i]);
}

/* curl verifies in the handshake: a finished one is a trusted one. */
static void
look_for_tls(struct relay *r)
{
	const SSL *ssl = r->tls[0] == '\0' ? relay_ssl(r) : NULL;

	if (!ssl || !SSL_is_init_finished(ssl))
		return;
	snprintf(r->tls, sizeof r->tls, "%s", SSL_get_version(ssl));
	if (r->implicit_tls)
		r->stage = STAGE_GREETING;
	relay_tls_report(r, ssl, SSL_get0_peer_certificate(ssl));
}

void
relay_talk_notice(struct relay *r)
{
	look_for_connection(r);
	look_for_tls(r);
}

static void
report_line(struct relay *r, enum event_kind kind, struct slice line)
{
	struct event e = event_make(kind, r->lane);

	e.secure = r->tls[0] != '\0';
	event_text(&e, "line", line);
	events_put(r->events, &e);
}

/* "AUTH PLAIN AGpvZQ..." shows as "AUTH PLAIN ***". */
static void
sent_auth(struct relay *r, struct slice line)
{
	struct slice rest = slice_from(line, 5);
	size_t name = slice_find(rest, ' ');
	struct buf shown = { 0 };

	r->in_auth = true;
	r->stage = STAGE_AUTH;
	relay_wipe_buf(&r->credential);
	buf_put(&r->credential, slice_from(rest, name + 1));
	buf_put(&shown, slice_first(line, 5 + name));
	if (name < rest.n)
		buf_puts(&shown, " " MASK);
	report_line(r, EVENT_SENT, buf_slice(&shown));
	buf_free(&shown);
}

static void
sent_credential(struct relay *r, struct slice line)
{
	relay_wipe_buf(&r->credential);
	buf_put(&r->credential, line);
	report_line(r, EVENT_SENT, SLICE(MASK));
}

static void
sent_command(struct relay *r, struct slice line)
{
	if (slice_starts_nocase(line, SLICE("EHLO")))
		r->stage = STAGE_EHLO;
	else if (slice_starts_nocase(line, SLICE("HELO")))
		r->stage = STAGE_HELO;
	else if (slice_starts_nocase(line, SLICE("STARTTLS")))
		r->stage = STAGE_STARTTLS;
	buf_clear(&r->ehlo); /* what was learnt before is forgotten */
	report_line(r, EVENT_SENT, line);
}

static void
sent(struct relay *r, struct slice line)
{
	relay_talk_notice(r);
	if (slice_starts(line, SLICE("CONNECT ")) && !r->answered) {
		r->at_proxy = true; /* with a password, perhaps */
		events_note(r->events, r->lane, "asking the proxy for %s:%u",
		    r->host, r->port);
		return;
	}
	line = slice_trim(line);
	r->answered = false; /* what comes next is the answer to this */
	if (slice_starts(line, SLICE("AUTH ")))
		sent_auth(r, line);
	else if (r->in_auth)
		sent_credential(r, line);
	else
		sent_command(r, line);
}

/* The head of an HTTP reply ends with an empty line. */
static void
received_from_proxy(struct relay *r, struct slice line)
{
	if (line.n == 0)
		r->at_proxy = false;
	else if (slice_starts(line, SLICE("HTTP/")))
		events_note(r->events, r->lane, "the proxy says %.*s",
		    (int)slice_first(line, 200).n, line.p);
}

/* A line with each occurrence of needle masked. */
static void
redact(struct buf *line, struct slice needle)
{
	struct buf out = { 0 };
	struct slice in = buf_slice(line);
	const char *at;

	if (needle.n < NEEDLE_MIN)
		return;
	while ((at = memmem(in.p, in.n, needle.p, needle.n))) {
		size_t before = (size_t)(at - in.p);

		buf_put(&out, slice_first(in, before));
		buf_puts(&out, MASK);
		in = slice_from(in, before + needle.n);
	}
	buf_put(&out, in);
	relay_wipe_buf(line);
	*line = out;
}

/*
 * EHLO is answered, and curl goes on with AUTH.  It takes LOGIN only by name or
 * where there is no better one; a first response with that is no part of LOGIN,
 * and some servers refuse it.
 */
static void
introduced(struct relay *r, struct slice text)
{
	bool login = r->auth == RELAY_PASSWORD;

	buf_put(&r->ehlo, text);
	if (r->mechanism[0] != '\0')
		login = strcasecmp(r->mechanism, "LOGIN") == 0;
	else
		login = login && !relay_offers(r, SLICE("PLAIN"));
	curl_easy_setopt(r->easy, CURLOPT_SASL_IR, login ? 0L : 1L);
}

/* The last line of a reply is here. */
static void
replied(struct relay *r)
{
	const struct reply *p = &r->in.reply;

	r->answered = true;
	if (r->stage == STAGE_EHLO)
		r->spurned = (struct outcome){ 0 };
	if (r->stage == STAGE_EHLO && reply_kind(p) != REPLY_DONE)
		r->spurned = outcome_from_reply(p, DEFERRED, STAGE_EHLO);
	if (r->stage == STAGE_EHLO && reply_kind(p) == REPLY_DONE)
		introduced(r, buf_slice(&p->text));
	if (!r->in_auth || p->code == 334)
		return;
	r->in_auth = false;
	r->logged_in = p->code == 235;
	relay_wipe_buf(&r->credential);
}

static void
take_line(struct relay *r, struct slice line)
{
	struct slice rest = line;

	switch (reply_parse(&r->in, &rest, &line)) {
	case PARSE_OK:
		replied(r);
		break;
	case PARSE_MORE:
		break;
	case PARSE_BAD:
		relay_failure_garbled(r, line);
		break;
	}
}

static bool
is_challenge(const struct relay *r, struct slice line)
{
	return r->in_auth && slice_starts(line, SLICE("334"));
}

/* Without its end; a blank before a code is part of it, and makes it none. */
static struct slice
without_end(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/*
 * One line, with its end.  It is kept as it came, but for secrets in it, before
 * curl gets it in the words that curl knows.
 */
static void
received(struct relay *r, char *data, size_t n)
{
	struct slice raw = without_end((struct slice){ data, n });
	struct buf line = { 0 };

	if (r->garbled)
		return;
	if (r->at_proxy) {
		received_from_proxy(r, raw);
		return;
	}
	relay_talk_notice(r);
	if (r->stage == STAGE_CONNECT)
		r->stage = STAGE_GREETING; /* behind a proxy */
	buf_put(&line, raw);
	redact(&line, slice_of(r->secret));
	redact(&line, buf_slice(&r->credential));
	report_line(r, EVENT_RECEIVED,
	    is_challenge(r, raw) ? SLICE("334 " MASK) : buf_slice(&line));
	relay_words(r, data, n);
	buf_putc(&line, '\n');
	take_line(r, buf_slice(&line));
	relay_wipe_buf(&line);
}

/* CURLOPT_DEBUGFUNCTION: curl gives one line, or one HTTP request, a time. */
static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t n, void *user)
{
	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		sent(user, (struct slice){ data, n });
	else if (type == CURLINFO_HEADER_IN)
		received(user, data, n);
	return 0;
}

/*
 * CURLOPT_HEADERFUNCTION: the same line once more, before curl looks at it.
 * What is no reply must not be answered: taking nothing ends it.
 */
static size_t
on_header(char *data, size_t size, size_t n, void *user)
{
	const struct relay *r = user;

	(void)data;
	return r->garbled ? 0 : size * n;
}

/* CURLOPT_WRITEFUNCTION: without one curl writes to standard output. */
static size_t
on_write(char *data, size_t size, size_t n, void *user)
{
	(void)data;
	(void)user;
	return size * n;
}

void
relay_talk_setup(struct relay *r)
{
	CURL *e = r->easy;

	curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(e, CURLOPT_DEBUGDATA, r);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, r);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, r);
}
