/* SPDX-License-Identifier: ISC */
/* tcp_peer.c - see tcp_peer.h */
#include "net/tcp_peer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "net/sockaddr.h"

#define LINE_SIZE 512

/* The fields of a row that matter, counted from 0. */
enum { LOCAL = 1, REMOTE = 2, UID = 7, INODE = 9, FIELDS };

/* Of at most 8 digits. */
static bool
read_hex(struct slice s, uint32_t *out)
{
	int digit;

	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		digit = hex_value(s.p[i]);
		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return s.n > 0 && s.n <= 8;
}

/* "0100007F" or four such words, each a number of this machine's order. */
static bool
read_ip(struct slice hex, struct ip *out)
{
	char raw[16];
	size_t n = hex.n / 2;
	uint32_t word;

	if (hex.n != 8 && hex.n != 32)
		return false;
	for (size_t i = 0; i < n; i += sizeof word) {
		if (!read_hex(slice_first(slice_from(hex, 2 * i), 8), &word))
			return false;
		memcpy(raw + i, &word, sizeof word);
	}
	if (!ip_from_bytes((struct slice){ raw, n }, out))
		return false;
	*out = ip_unmap(out);
	return true;
}

/* "0100007F:0019" */
static bool
read_endpoint(struct slice s, struct endpoint *out)
{
	struct slice ip;
	uint32_t port;

	slice_cut(&s, ':', &ip);
	if (!read_ip(ip, &out->ip) || s.n != 4 || !read_hex(s, &port))
		return false;
	out->port = (uint16_t)port;
	return true;
}

/* How many fields there are, up to FIELDS. */
static size_t
split(struct slice line, struct slice *field)
{
	struct slice word;
	size_t n = 0;

	while (n < FIELDS && slice_cut(&line, ' ', &word))
		if (word.n > 0)
			field[n++] = word;
	return n;
}

bool
tcp_row_parse(struct slice line, struct tcp_row *out)
{
	struct slice field[FIELDS];
	uint64_t uid;

	*out = (struct tcp_row){ .uid = LOCAL_NOBODY };
	if (split(line, field) < FIELDS ||
	    !read_endpoint(field[LOCAL], &out->local) ||
	    !read_endpoint(field[REMOTE], &out->remote) ||
	    !slice_to_uint(field[UID], UINT_MAX, &uid) ||
	    !slice_to_uint(field[INODE], UINT64_MAX, &out->inode))
		return false;
	out->uid = (unsigned)uid;
	return true;
}

static bool
is_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

static bool
find_row(const char *path, const struct tcp_row *wanted, struct tcp_row *out)
{
	char line[LINE_SIZE];
	FILE *f = fopen(path, "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = tcp_row_parse(slice_of(line), out) &&
		    is_same(&out->local, &wanted->local) &&
		    is_same(&out->remote, &wanted->remote);
	if (f)
		fclose(f);
	return found && out->inode != 0;
}

static bool
find_owner(const struct tcp_row *wanted, struct tcp_row *out)
{
	return find_row("/proc/net/tcp", wanted, out) ||
	    find_row("/proc/net/tcp6", wanted, out);
}

/*
 * uid and inode are not read at one moment: where the socket was closed in
 * between, root's would be nobody's.  Then there is no inode the next time.
 */
static bool
is_certain(const struct tcp_row *wanted, const struct tcp_row *row)
{
	struct tcp_row again;

	return row->uid != 0 ||
	    (find_owner(wanted, &again) && again.uid == row->uid &&
		again.inode == row->inode);
}

struct local_peer
tcp_peer(int fd)
{
	struct local_peer who = { .uid = LOCAL_NOBODY, .gid = LOCAL_NOBODY,
		.is_unknown = true };
	struct tcp_row wanted = { 0 }, row;

	if (!sockaddr_peer(fd, &wanted.local) ||
	    !sockaddr_local(fd, &wanted.remote))
		return who;
	wanted.local.ip = ip_unmap(&wanted.local.ip);
	wanted.remote.ip = ip_unmap(&wanted.remote.ip);
	if (find_owner(&wanted, &row) && is_certain(&wanted, &row)) {
		who.uid = row.uid;
		who.is_unknown = false;
	}
	return who;
}
