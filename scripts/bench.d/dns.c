/* SPDX-License-Identifier: ISC */
/*
 * dns.c - a DNS server for scripts/bench that knows 16 million domains.
 *
 *	d7.own.test     MX 10 mx.d7.own.test     A 127.0.7.1: a host of its own
 *	d7.shared.test  MX 10 h7.shared.test     of 20 hosts, by the number
 *
 * Every other type is "no such data". Addresses are all in 127.0.0.0/8, where
 * receiver.c listens.
 */
#define _GNU_SOURCE
#include "receiver.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HEADER	    12
#define HOSTS	    20
#define TYPE_A	    1
#define TYPE_MX	    15
#define POINTER	    "\xc0\x0c" /* to the name that was asked for */
#define FIXED_PARTS "\x00\x01\x00\x00\x00\x3c" /* class IN, TTL 60 */

struct question {
	const unsigned char *label; /* the first one, behind its length */
	size_t end;		    /* where the question is over */
	unsigned type;
	unsigned long number; /* the one in that label */
	int is_shared;
};

/* The name's labels are d7 or h7 or mx, then d7.own, own or shared. */
static int
read_question(const unsigned char *p, size_t n, struct question *q)
{
	size_t at = HEADER;

	q->label = p + HEADER + 1;
	q->is_shared = 0;
	q->number = 0;
	while (at < n && p[at] != 0) {
		const char *label = (const char *)p + at + 1;

		if (p[at] > 1 && at + p[at] < n && q->number == 0 &&
		    (*label == 'd' || *label == 'h'))
			q->number = strtoul(label + 1, NULL, 10);
		if (p[at] == 6 && memcmp(label, "shared", 6) == 0)
			q->is_shared = 1;
		at += p[at] + 1u;
	}
	q->end = at + 5;
	if (q->end > n)
		return 0;
	q->type = (unsigned)p[at + 1] << 8 | p[at + 2];
	return 1;
}

static size_t
put(unsigned char *at, const void *from, size_t n)
{
	memcpy(at, from, n);
	return n;
}

static size_t
put_record(unsigned char *at, unsigned type, const void *data, size_t n)
{
	unsigned char head[2] = { 0, (unsigned char)type };
	unsigned char size[2] = { 0, (unsigned char)n };
	size_t end = put(at, POINTER, 2);

	end += put(at + end, head, 2);
	end += put(at + end, FIXED_PARTS, 6);
	end += put(at + end, size, 2);
	return end + put(at + end, data, n);
}

/* preference, then "mx." and the name, or "hN." and what follows its label */
static size_t
put_mx(unsigned char *at, const struct question *q)
{
	unsigned char data[16] = "\x00\x0a\x02mx\xc0\x0c";
	size_t n = 7, label = q->label[-1];

	if (q->is_shared) {
		unsigned host = (unsigned)(q->number % HOSTS);

		data[2] = 3;
		data[3] = 'h';
		data[4] = (unsigned char)('0' + host / 10);
		data[5] = (unsigned char)('0' + host % 10);
		data[6] = 0xc0;
		data[7] = (unsigned char)(HEADER + 1 + label);
		n = 8;
	}
	return put_record(at, TYPE_MX, data, n);
}

static size_t
put_a(unsigned char *at, const struct question *q)
{
	unsigned long n = q->number;
	unsigned char data[4] = { 127, (unsigned char)(n >> 16 & 255),
		(unsigned char)(n >> 8), (unsigned char)n };

	if (q->is_shared) {
		data[1] = 1;
		data[2] = 1;
		data[3] = (unsigned char)(n + 1);
	}
	if (data[3] == 0 || data[3] == 255) /* as well in a network's middle */
		data[1] |= 128;
	return put_record(at, TYPE_A, data, sizeof data);
}

/* Make the answer in the place of the question; its size. */
static size_t
answer(unsigned char *p, size_t n)
{
	struct question q;
	size_t end;

	if (n < HEADER + 5 || !read_question(p, n, &q))
		return 0;
	end = q.end;
	if (q.type == TYPE_MX && *q.label == 'd')
		end += put_mx(p + end, &q);
	else if (q.type == TYPE_A && (*q.label == 'm' || *q.label == 'h'))
		end += put_a(p + end, &q);
	p[2] = (unsigned char)(0x84 | (p[2] & 1)); /* an answer, of authority */
	p[3] = 0x80;				  /* recursion is available */
	memset(p + 6, 0, 6);
	p[7] = end > q.end;
	return end;
}

void
dns_answer_all(int fd)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof from;
	unsigned char packet[1024];
	ssize_t n;

	while ((n = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from,
		    &size)) >= 0) {
		size_t end = answer(packet, (size_t)n);

		if (end > 0)
			(void)sendto(fd, packet, end, 0,
			    (struct sockaddr *)&from, size);
		size = sizeof from;
	}
}
