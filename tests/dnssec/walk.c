/* SPDX-License-Identifier: ISC */
/*
 * walk.c - the validator (dns/chain.h) before a resolver, and mutations.
 *
 *	walk PORT ANCHORS NAME TYPE [MUTATIONS [SEED]]
 *
 * Asks 127.0.0.1:PORT and prints the verdict, what it rests on, and how many
 * signatures were tried; exits with 0.  With MUTATIONS so many variants of what
 * was answered are judged too, each with some octets changed: none may be
 * secure and say something else, or take more work than is allowed; it prints
 * how many of them were what, and exits with 1 if one was wrong.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "dns/answer.h"
#include "dns/chain.h"
#include "net/file.h"

#define PACKETS 512

struct packet {
	char *name;
	enum dns_type type;
	struct buf octets;
};

static struct packet kept[PACKETS];
static size_t nkept;
static int port;

static int
open_socket(int type)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, type, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		perror("connect");
	return fd;
}

static void
ask_tcp(struct slice query, struct buf *out)
{
	char head[2] = { (char)(query.n >> 8), (char)query.n };
	int fd = open_socket(SOCK_STREAM);
	size_t want = 2;
	ssize_t n = 1;

	buf_clear(out);
	if (send(fd, head, 2, 0) == 2 && send(fd, query.p, query.n, 0) > 0)
		while (n > 0 && out->n < want) {
			char *to = buf_reserve(out, 65537);

			n = recv(fd, to, 65537, 0);
			buf_grow(out, n > 0 ? (size_t)n : 0);
			if (out->n >= 2)
				want = 2 + ((size_t)(unsigned char)
				    buf_slice(out).p[0] << 8 |
				    (unsigned char)buf_slice(out).p[1]);
		}
	close(fd);
	buf_consume(out, out->n < 2 ? out->n : 2);
}

static void
ask(const struct dns_question *q, struct buf *out)
{
	struct buf query = { 0 };
	int fd = open_socket(SOCK_DGRAM);
	ssize_t n;

	dns_query_put_raw(&query, slice_of(q->name), q->type, 4711);
	if (send(fd, buf_slice(&query).p, query.n, 0) > 0) {
		n = recv(fd, buf_reserve(out, 65536), 65536, 0);
		buf_grow(out, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	if (out->n > 2 && (buf_slice(out).p[2] & 2))
		ask_tcp(buf_slice(&query), out);
	buf_free(&query);
}

static struct packet *
find(const struct dns_question *q)
{
	struct packet *p;

	for (size_t i = 0; i < nkept; i++)
		if (kept[i].type == q->type && strcmp(kept[i].name, q->name) ==
			0)
			return &kept[i];
	if (nkept == PACKETS)
		abort();
	p = &kept[nkept++];
	p->name = mem_dup(slice_of(q->name));
	p->type = q->type;
	ask(q, &p->octets);
	return p;
}

static struct chain *
run(const char *name, enum dns_type type, const struct anchors *anchors)
{
	struct chain *c = chain_new(name, type, anchors, time(NULL));
	bool over;

	while (chain_questions(c) > 0) {
		size_t n = chain_questions(c);

		over = false;
		for (size_t i = 0; i < n && !over; i++)
			over = chain_answer(c, i, buf_slice(&find(
			    chain_question(c, i))->octets));
	}
	return c;
}

/* The records as they would be used, in words; nothing where they are not. */
static void
put_answer(struct buf *out, const struct chain *c, enum dns_type type)
{
	struct dns_answer a;

	dns_answer_parse(chain_packet(c), slice_of(chain_name(c)), type, &a);
	if (a.status != DNS_SOFT)
		buf_putf(out, "%s %d ", chain_name(c), a.status);
	if (a.status == DNS_FOUND)
		dns_answer_put(out, &a);
	dns_answer_free(&a);
}

static const char *const words[] = { "pending", "secure", "insecure", "bogus",
	"unknown", "none" };

/* A few octets of one packet; what it was to *saved. */
static struct packet *
mutate(struct buf *saved)
{
	struct packet *p = &kept[(size_t)rand() % nkept];
	char *octets = p->octets.base + p->octets.off;

	buf_clear(saved);
	buf_put(saved, buf_slice(&p->octets));
	for (int i = rand() % 4; i >= 0 && p->octets.n > 12; i--)
		octets[(size_t)rand() % p->octets.n] ^=
		    (char)(rand() % 2 ? 1 << rand() % 8 : rand());
	return p;
}

static int
mutate_all(const char *name, enum dns_type type, const struct anchors *anchors,
    long count)
{
	struct buf saved = { 0 }, want = { 0 }, got = { 0 };
	struct chain *c = run(name, type, anchors);
	unsigned long seen[6] = { 0 }, wrong = 0;

	put_answer(&want, c, type);
	chain_free(c);
	if (want.n == 0)
		return 1;
	for (long i = 0; i < count; i++) {
		struct packet *p = mutate(&saved);

		c = run(name, type, anchors);
		seen[chain_trust(c)]++;
		buf_clear(&got);
		put_answer(&got, c, type);
		if (chain_trust(c) == TRUST_SECURE && got.n > 0 &&
		    !slice_eq(buf_slice(&got), buf_slice(&want))) {
			wrong++;
			printf("wrong: %s\n", buf_str(&got));
		}
		chain_free(c);
		buf_clear(&p->octets);
		buf_put(&p->octets, buf_slice(&saved));
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		printf("%s %lu ", words[i], seen[i]);
	printf("wrong %lu\n", wrong);
	buf_free(&saved);
	buf_free(&want);
	buf_free(&got);
	return wrong > 0;
}

int
main(int argc, char **argv)
{
	struct buf text = { 0 };
	struct anchors anchors = { .n = 0 };
	enum dns_type type;
	struct chain *c;
	const char *step;
	int status = 0;

	if (argc < 5)
		return 64;
	port = atoi(argv[1]);
	type = (enum dns_type)atoi(argv[4]);
	if (!file_read(argv[2], &text) ||
	    !anchors_parse(&anchors, buf_slice(&text)))
		return 66;
	c = run(argv[3], type, &anchors);
	printf("%s\n", words[chain_trust(c)]);
	while ((step = chain_step(c)))
		printf("  %s\n", step);
	printf("  %s\n", chain_why(c));
	chain_free(c);
	srand(argc > 6 ? (unsigned)atoi(argv[6]) : 1);
	if (argc > 5)
		status = mutate_all(argv[3], type, &anchors, atol(argv[5]));
	for (size_t i = 0; i < nkept; i++) {
		free(kept[i].name);
		buf_free(&kept[i].octets);
	}
	buf_free(&text);
	return status;
}
