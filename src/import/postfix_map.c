/* SPDX-License-Identifier: ISC */
/* postfix_map.c - tables that main.cf names, as our rules (postfix_impl.h). */
#include <string.h>

#include "base/ascii.h"
#include "import/postfix_impl.h"

/* "hash:/etc/postfix/x": the file from which the table is made. */
const char *
postfix_table(struct import *im, struct slice key, struct slice value)
{
	static const char *const kinds[] = { "hash", "texthash", "lmdb",
		"btree", "cdb", "dbm" };
	struct slice rest = value, kind = { 0 };

	slice_cut(&rest, ':', &kind);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (slice_eq(kind, slice_of(kinds[i])) && rest.n > 0 &&
		    slice_find(rest, ' ') == rest.n &&
		    slice_find(rest, ',') == rest.n)
			return import_keep(im, rest);
	import_note(im, key, "only one table made from a text file can be "
	    "read, as hash:/PATH");
	return NULL;
}

static void
read_table(struct import_reader *r, struct slice key, struct slice value,
    void (*read)(struct import_reader *r, struct slice line))
{
	const char *path = value.n > 0 ? postfix_table(r->im, key, value) :
	    NULL;

	if (path)
		import_lines_of(r, path, true, read);
}

/* "@example.org" is "*@example.org", "root" is "root@*". */
static const char *
sender_pattern(struct import *im, struct slice s)
{
	struct buf out = { 0 };
	const char *kept;

	buf_puts(&out, s.n > 0 && s.p[0] == '@' ? "*" : "");
	buf_put(&out, s);
	buf_puts(&out, slice_find(s, '@') == s.n ? "@*" : "");
	kept = import_keep(im, buf_slice(&out));
	buf_free(&out);
	return kept;
}

static void
read_rewrite(struct import_reader *r, struct slice line)
{
	struct slice from = import_word(&line);

	if (line.n > 0 && line.p[0] == '@')
		import_note(r->im, from, "the domain of a sender alone cannot "
		    "be replaced");
	else
		import_rewrite(r->im,
		    slice_of(sender_pattern(r->im, from)), line);
}

void
postfix_rewrites(struct import_reader *r, struct slice key, struct slice value)
{
	read_table(r, key, value, read_rewrite);
}

/* "example.org" is not what is below it; ".example.org" is. */
static struct buf *
domain_keys(struct import *im, struct slice name)
{
	struct buf pattern = { 0 }, *keys;

	buf_puts(&pattern, name.n > 0 && name.p[0] == '.' ? "*" : "");
	buf_put(&pattern, name);
	keys = import_domain(im, buf_slice(&pattern));
	buf_free(&pattern);
	return keys;
}

static void
put_server(struct import *im, struct buf *keys, const struct import_relay *r)
{
	struct buf value = { 0 };

	buf_putf(&value, strchr(r->host, ':') ? "[%s]" : "%s", r->host);
	if (r->port != 0)
		buf_putf(&value, ":%u", r->port);
	import_set(im, keys, "server", buf_slice(&value));
	buf_free(&value);
}

/* "DOMAIN :" is as all other mail, whatever is said of "*". */
static void
put_usual(struct import *im, struct buf *keys)
{
	if (im->nrelays == 0)
		import_set(im, keys, "direct", SLICE("yes"));
	else if (import_is_relay(&im->relay[0]))
		import_set(im, keys, "relay", slice_of(im->relay[0].name));
	else
		put_server(im, keys, &im->relay[0]);
}

/* "DOMAIN smtp:[HOST]:PORT"; without a host the domain's own servers. */
static void
read_transport(struct import_reader *r, struct slice line)
{
	struct import_relay server = { 0 };
	struct slice domain = import_word(&line), way = { 0 };
	struct buf *keys;

	slice_cut(&line, ':', &way);
	if ((way.n > 0 && !slice_eq(way, SLICE("smtp")) &&
	    !slice_eq(way, SLICE("relay"))) ||
	    slice_find(domain, '@') < domain.n) {
		import_note(r->im, domain, "only smtp:HOST for a domain can "
		    "be a rule: [domain], server =");
		return;
	}
	keys = domain_keys(r->im, domain);
	if (import_hostport(r->im, &server, slice_trim(line)))
		put_server(r->im, keys, &server);
	else if (way.n == 0)
		put_usual(r->im, keys);
	else
		import_set(r->im, keys, "direct", SLICE("yes"));
}

void
postfix_transports(struct import_reader *r, struct slice key,
    struct slice value)
{
	read_table(r, key, value, read_transport);
}

/* "DOMAIN LEVEL ..." */
static void
read_policy(struct import_reader *r, struct slice line)
{
	struct slice domain = import_word(&line), level = import_word(&line);
	enum tls_level ours;

	if (!postfix_level(level, &ours) ||
	    slice_find(domain, '[') < domain.n) {
		import_note(r->im, domain, "only a level for a domain can be "
		    "a rule: [domain], tls =");
		return;
	}
	if (line.n > 0)
		import_note(r->im, domain, "only its level counts");
	import_set(r->im, domain_keys(r->im, domain), "tls",
	    slice_of(tls_level_name(ours)));
}

void
postfix_policies(struct import_reader *r, struct slice key, struct slice value)
{
	read_table(r, key, value, read_policy);
}

/* "SENDER HOST" */
static void
read_sender(struct import_reader *r, struct slice line)
{
	struct slice from = import_word(&line);

	if (line.n == 0 || slice_eq(line, SLICE("DUNNO")))
		import_note(r->im, from, "it has no server of its own");
	else
		postfix_add_relay(postfix_of(r), import_keep(r->im, line),
		    sender_pattern(r->im, from));
}

void
postfix_senders(struct import_reader *r, struct slice key, struct slice value)
{
	read_table(r, key, value, read_sender);
}
