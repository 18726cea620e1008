/* SPDX-License-Identifier: ISC */
/* peers.c - see peers.h */
#include "peers.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "dns_packet.h"

#define PEERS_MAX 32
#define VERBS	  9

static const char *const verbs[VERBS] = { "HELLO", "EHLO", "MAIL", "RCPT",
	"DATA", ".", "BDAT", "RSET", "QUIT" };

struct connection {
	int fd;
	unsigned peer, number;
	struct buf in, heard;
	unsigned count[VERBS];
	bool open;		/* MAIL was taken */
	bool text;		/* the lines are message text */
	uint64_t chunk;		/* octets of BDAT still to come */
	char id[32];
	char rcpt[200][80];
	size_t nrcpts;
	unsigned mails;
};

struct record {
	char name[64], type[8], data[64];
	unsigned preference;
};

struct peers {
	struct peers_config config;
	uint64_t random;
	uint16_t port;
	int listener[PEERS_MAX], dns, stop[2];
	unsigned connections[PEERS_MAX + 1];
	struct record *record;
	size_t nrecords, questions;
	struct connection **conn;
	size_t nconns;
	struct peer_taken *taken;
	size_t ntaken;
	char complaint[256];
	pthread_t thread;
	bool running;
};

static void __attribute__((format(printf, 2, 3)))
complain(struct peers *p, const char *fmt, ...)
{
	va_list ap;

	if (p->complaint[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(p->complaint, sizeof p->complaint, fmt, ap);
	va_end(ap);
}

static uint64_t
draw(struct peers *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

/* ---- SMTP ---- */

static bool
is_alone(const struct peers *p, const struct connection *c)
{
	for (size_t i = 0; i < p->nconns; i++)
		if (p->conn[i] != c && p->conn[i]->peer == c->peer &&
		    p->conn[i]->fd >= 0)
			return false;
	return true;
}

static bool
fits(struct peers *p, const struct peer_rule *r, const struct connection *c,
    size_t verb, const char *line)
{
	return (r->peer == 0 || r->peer == c->peer) &&
	    (r->connection == 0 || r->connection == c->number) &&
	    strcmp(r->verb, verbs[verb]) == 0 &&
	    (r->nth == 0 || r->nth == c->count[verb]) &&
	    (!r->with || strstr(line, r->with)) &&
	    !(r->crowded && is_alone(p, c)) &&
	    (r->chance == 0 || draw(p) % r->chance == 0);
}

static const char *
rule_for(struct peers *p, const struct connection *c, size_t verb,
    const char *line)
{
	for (size_t i = 0; i < p->config.nrules; i++)
		if (fits(p, &p->config.rule[i], c, verb, line))
			return p->config.rule[i].reply;
	return NULL;
}

static void
hang_up(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void
say(struct connection *c, const char *text)
{
	struct buf b = { 0 };

	buf_putf(&b, "%s\r\n", text);
	if (send(c->fd, b.base + b.off, b.n, MSG_NOSIGNAL) != (ssize_t)b.n)
		hang_up(c);
	buf_free(&b);
}

static void
say_hello(struct peers *p, struct connection *c)
{
	struct slice rest = slice_of(p->config.offers ? p->config.offers : "");
	struct slice word;
	char line[80];

	say(c, "250-peer");
	while (slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		snprintf(line, sizeof line, "250-%.*s", (int)word.n, word.p);
		for (char *s = line; *s; s++)
			if (*s == '_')
				*s = ' ';
		say(c, line);
	}
	say(c, "250 HELP");
}

/* Nothing is left of a transaction. */
static void
forget(struct connection *c)
{
	c->nrcpts = 0;
	c->id[0] = '\0';
	c->open = false;
}

static void
take(struct peers *p, struct connection *c)
{
	const char *domain, *first = NULL;

	for (size_t i = 0; i < c->nrcpts; i++) {
		struct peer_taken *t;

		domain = strchr(c->rcpt[i], '@');
		if (first && domain && strcmp(first, domain) != 0)
			complain(p, "two domains in one mail: %s and %s",
			    first, domain);
		first = domain;
		p->taken = mem_resize(p->taken, p->ntaken + 1,
		    sizeof *p->taken);
		t = &p->taken[p->ntaken++];
		*t = (struct peer_taken){ .peer = c->peer,
			.connection = c->number };
		memcpy(t->rcpt, c->rcpt[i], sizeof t->rcpt);
		memcpy(t->id, c->id, sizeof t->id);
	}
}

/* What a command does when it gets its usual reply. */
static void
obey(struct peers *p, struct connection *c, size_t verb, const char *line)
{
	const char *from = strchr(line, '<');

	if (verb == 2 && ++c->mails > p->config.max_mails &&
	    p->config.max_mails > 0)
		complain(p, "mail %u on one connection", c->mails);
	if (verb == 2 || verb == 7)
		forget(c);
	c->open = c->open || verb == 2;
	if (verb == 3 && c->nrcpts < 200 && from)
		snprintf(c->rcpt[c->nrcpts++], 80, "%.*s",
		    (int)strcspn(from + 1, ">"), from + 1);
	if (verb == 5 || verb == 6) {
		take(p, c);
		forget(c);
	}
	c->text = verb == 4;
}

/* NULL = the usual one. */
static const char *
reply_to(struct peers *p, const struct connection *c, size_t verb,
    const char *line)
{
	const char *reply = rule_for(p, c, verb, line);

	if (!reply && ((verb == 4 && c->nrcpts == 0) ||
	    (verb == 3 && !c->open)))
		return "503 not now";
	return reply;
}

static bool
is_good(const char *reply)
{
	return !reply || strcmp(reply, "take-drop") == 0 ||
	    reply[0] == '2' || reply[0] == '3';
}

static void
say_reply(struct peers *p, struct connection *c, size_t verb,
    const char *reply)
{
	static const char *const usual[VERBS] = { "220 peer", NULL, "250 ok",
		"250 ok", "354 go", "250 2.0.0 taken", "250 2.0.0 taken",
		"250 ok", "221 bye" };

	if (reply && strstr(reply, "drop"))
		hang_up(c);
	else if (!reply && verb == 1)
		say_hello(p, c);
	else if (!reply || strcmp(reply, "silent") != 0)
		say(c, reply ? reply : usual[verb]);
	if (verb == 8 || (reply && strncmp(reply, "421", 3) == 0))
		hang_up(c);
}

static void
answer(struct peers *p, struct connection *c, size_t verb, const char *line)
{
	const char *reply;

	c->count[verb]++;
	if (verb > 0)
		buf_putf(&c->heard, "%s%s", c->heard.n ? " " : "",
		    verbs[verb]);
	reply = reply_to(p, c, verb, line);
	if (is_good(reply))
		obey(p, c, verb, line);
	else if (verb == 5 || verb == 6)
		forget(c);
	say_reply(p, c, verb, reply);
}

static void
text_line(struct peers *p, struct connection *c, const char *line)
{
	if (strncasecmp(line, "X-Id: ", 6) == 0)
		snprintf(c->id, sizeof c->id, "%.31s", line + 6);
	if (strcmp(line, ".") != 0)
		return;
	c->text = false;
	answer(p, c, 5, line);
}

static void
command(struct peers *p, struct connection *c, const char *line)
{
	if (strncasecmp(line, "BDAT ", 5) == 0) {
		slice_to_uint(slice_first(slice_of(line + 5),
		    strcspn(line + 5, " ")), 1 << 30, &c->chunk);
		return;
	}
	for (size_t i = 1; i < VERBS; i++)
		if (strncasecmp(line, verbs[i], strlen(verbs[i])) == 0) {
			answer(p, c, i, line);
			return;
		}
	complain(p, "what is %s?", line);
	say(c, "500 what?");
}

/* The text of a chunk, once it is all there. */
static bool
take_chunk(struct peers *p, struct connection *c)
{
	const char *id;

	if (c->in.n < c->chunk)
		return false;
	id = memmem(c->in.base + c->in.off, c->chunk, "X-Id: ", 6);
	if (id)
		snprintf(c->id, sizeof c->id, "%.*s",
		    (int)strcspn(id + 6, "\r"), id + 6);
	buf_consume(&c->in, c->chunk);
	c->chunk = 0;
	answer(p, c, 6, "");
	return true;
}

static bool
take_line(struct peers *p, struct connection *c)
{
	struct slice in = buf_slice(&c->in);
	size_t n = slice_find(in, '\n');
	char line[1200];

	if (n == in.n)
		return false;
	snprintf(line, sizeof line, "%.*s", n > 0 ? (int)n - 1 : 0, in.p);
	buf_consume(&c->in, n + 1);
	if (c->text)
		text_line(p, c, line);
	else
		command(p, c, line);
	return true;
}

static void
hear(struct peers *p, struct connection *c)
{
	char block[65536];
	ssize_t n = recv(c->fd, block, sizeof block, 0);

	if (n <= 0) {
		hang_up(c);
		return;
	}
	buf_put(&c->in, (struct slice){ block, (size_t)n });
	while (c->fd >= 0 && (c->chunk > 0 ? take_chunk(p, c) :
					     take_line(p, c)))
		continue;
}

static void
accept_one(struct peers *p, unsigned peer)
{
	struct connection *c;
	int fd = accept4(p->listener[peer - 1], NULL, NULL, SOCK_CLOEXEC);
	int on = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c = mem_alloc(sizeof *c);
	c->fd = fd;
	c->peer = peer;
	c->number = ++p->connections[peer];
	p->conn = mem_resize(p->conn, p->nconns + 1, sizeof(void *));
	p->conn[p->nconns++] = c;
	answer(p, c, 0, "");
}

/* ---- DNS ---- */

static void
put_answers(struct peers *p, struct buf *out, const char *name,
    enum dns_type type)
{
	for (size_t i = 0; i < p->nrecords; i++) {
		const struct record *r = &p->record[i];

		if (strcasecmp(r->name, name) != 0)
			continue;
		if (type == DNS_MX && strcmp(r->type, "MX") == 0)
			packet_mx(out, name, r->preference, r->data);
		if (type == DNS_A && strcmp(r->type, "A") == 0)
			packet_ip(out, name, r->data);
	}
}

static bool
is_known(const struct peers *p, const char *name)
{
	for (size_t i = 0; i < p->nrecords; i++)
		if (strcasecmp(p->record[i].name, name) == 0)
			return true;
	return false;
}

/* The name of the question, and the two octets of its type. */
static enum dns_type
read_question(const unsigned char *q, size_t n, char name[256])
{
	size_t at = 12, to = 0;

	while (at < n && q[at] != 0 && at + q[at] < n && to + q[at] < 254) {
		memcpy(name + to, q + at + 1, q[at]);
		to += q[at];
		name[to++] = '.';
		at += (size_t)q[at] + 1;
	}
	name[to > 0 ? to - 1 : 0] = '\0';
	return at + 2 < n ? (enum dns_type)(q[at + 1] << 8 | q[at + 2]) :
			    DNS_A;
}

static void
answer_dns(struct peers *p)
{
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	unsigned char q[1500];
	char name[256];
	struct buf out = { 0 };
	ssize_t n = recvfrom(p->dns, q, sizeof q, 0, (struct sockaddr *)&from,
	    &size);
	enum dns_type type;

	if (n < 17)
		return;
	p->questions++;
	type = read_question(q, (size_t)n, name);
	packet_begin(&out, (unsigned)(q[0] << 8 | q[1]),
	    FLAGS_RECURSIVE | (is_known(p, name) ? 0 : 3), name, type);
	put_answers(p, &out, name, type);
	sendto(p->dns, out.base + out.off, out.n, 0, (struct sockaddr *)&from,
	    size);
	buf_free(&out);
}

/* ---- the thread ---- */

static size_t
ask(const struct peers *p, struct pollfd *fd)
{
	size_t n = 0;

	fd[n++] = (struct pollfd){ p->stop[0], POLLIN, 0 };
	fd[n++] = (struct pollfd){ p->dns, POLLIN, 0 };
	for (unsigned i = 0; i < p->config.n; i++)
		fd[n++] = (struct pollfd){ p->listener[i], POLLIN, 0 };
	for (size_t i = 0; i < p->nconns; i++)
		fd[n++] = (struct pollfd){ p->conn[i]->fd, POLLIN, 0 };
	return n;
}

static void
serve(struct peers *p, const struct pollfd *fd, size_t n)
{
	if (fd[1].revents)
		answer_dns(p);
	for (size_t i = 2 + p->config.n; i < n; i++)
		if (fd[i].revents)
			hear(p, p->conn[i - 2 - p->config.n]);
	for (unsigned i = 0; i < p->config.n; i++)
		if (fd[2 + i].revents)
			accept_one(p, i + 1);
}

/* Until it is told to stop, and then what was said before that. */
static void *
run(void *peers)
{
	struct peers *p = peers;
	struct pollfd *fd = NULL;
	bool stopped = false;
	int ready = 1;
	size_t n;

	while (!stopped || ready > 0) {
		fd = mem_resize(fd, p->nconns + p->config.n + 2, sizeof *fd);
		n = ask(p, fd);
		if (stopped)
			fd[0].fd = -1;
		ready = poll(fd, n, stopped ? 0 : -1);
		if (ready <= 0)
			continue;
		stopped = stopped || fd[0].revents != 0;
		serve(p, fd, n);
	}
	free(fd);
	return NULL;
}

static int
bound(int type, uint32_t ip, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(port), .sin_addr.s_addr = htonl(ip) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	    (type != SOCK_STREAM || listen(fd, 512) == 0))
		return fd;
	close(fd);
	return -1;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t n = sizeof at;

	getsockname(fd, (struct sockaddr *)&at, &n);
	return ntohs(at.sin_port);
}

/* All of them at one port; false when somebody has it at one address. */
static bool
listen_all(struct peers *p)
{
	p->port = 0;
	for (unsigned i = 0; i < p->config.n; i++) {
		p->listener[i] = bound(SOCK_STREAM, 0x7f000002 + i, p->port);
		if (p->listener[i] >= 0) {
			p->port = port_of(p->listener[i]);
			continue;
		}
		while (i-- > 0)
			close(p->listener[i]);
		return false;
	}
	return true;
}

struct peers *
peers_start(const struct peers_config *config)
{
	struct peers *p = mem_alloc(sizeof *p);

	assert(config->n <= PEERS_MAX);
	p->config = *config;
	p->random = config->seed * 2654435761u + 88172645463325252u;
	while (!listen_all(p))
		continue;
	p->dns = bound(SOCK_DGRAM, 0x7f000001, 0);
	return p;
}

void
peers_record(struct peers *p, const char *text)
{
	struct slice rest = slice_of(text), name, type, data;
	struct record r = { 0 };
	uint64_t preference;

	assert(!p->running);
	slice_cut(&rest, ' ', &name);
	slice_cut(&rest, ' ', &type);
	slice_cut(&rest, ' ', &data);
	if (slice_to_uint(data, 65535, &preference) && rest.n > 0) {
		r.preference = (unsigned)preference;
		data = rest;
	}
	snprintf(r.name, sizeof r.name, "%.*s", (int)name.n, name.p);
	snprintf(r.type, sizeof r.type, "%.*s", (int)type.n, type.p);
	snprintf(r.data, sizeof r.data, "%.*s", (int)data.n, data.p);
	p->record = mem_resize(p->record, p->nrecords + 1, sizeof r);
	p->record[p->nrecords++] = r;
}

void
peers_run(struct peers *p)
{
	if (pipe(p->stop) == 0 &&
	    pthread_create(&p->thread, NULL, run, p) == 0)
		p->running = true;
	assert(p->running);
}

uint16_t
peers_port(const struct peers *p)
{
	return p->port;
}

struct endpoint
peers_dns(const struct peers *p)
{
	struct endpoint at = { .port = port_of(p->dns) };

	ip_parse(SLICE("127.0.0.1"), &at.ip);
	return at;
}

void
peers_stop(struct peers *p)
{
	if (!p->running)
		return;
	if (write(p->stop[1], "", 1) == 1)
		pthread_join(p->thread, NULL);
	close(p->stop[0]);
	close(p->stop[1]);
	p->running = false;
}

void
peers_heard(const struct peers *p, unsigned peer, struct buf *out)
{
	for (size_t i = 0; i < p->nconns; i++) {
		struct connection *c = p->conn[i];

		if (c->peer != peer)
			continue;
		buf_puts(out, out->n ? "|" : "");
		buf_put(out, buf_slice(&c->heard));
	}
}

unsigned
peers_connections(const struct peers *p, unsigned peer)
{
	return p->connections[peer];
}

size_t
peers_taken(const struct peers *p, const struct peer_taken **taken)
{
	*taken = p->taken;
	return p->ntaken;
}

size_t
peers_questions(const struct peers *p)
{
	return p->questions;
}

const char *
peers_complaint(const struct peers *p)
{
	return p->complaint;
}

void
peers_free(struct peers *p)
{
	peers_stop(p);
	for (unsigned i = 0; i < p->config.n; i++)
		close(p->listener[i]);
	close(p->dns);
	for (size_t i = 0; i < p->nconns; i++) {
		hang_up(p->conn[i]);
		buf_free(&p->conn[i]->in);
		buf_free(&p->conn[i]->heard);
		free(p->conn[i]);
	}
	free(p->conn);
	free(p->taken);
	free(p->record);
	free(p);
}
