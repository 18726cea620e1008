/* SPDX-License-Identifier: ISC */
/* hosts.c - see hosts.h */
#include "net/hosts.h"

#include "net/textfile.h"

static bool
lists_name(struct slice words, const char *name)
{
	struct slice word;

	while (textfile_word(&words, &word))
		if (slice_eq_nocase(word, slice_of(name)))
			return true;
	return false;
}

static void
add_address(struct dns_answer *a, const struct ip *ip)
{
	if (ip->version == (a->type == DNS_A ? 4 : 6))
		dns_answer_add_ip(a, ip);
}

static bool
read_line(struct dns_answer *a, struct slice line, const char *name)
{
	struct slice word;
	struct ip ip;

	if (!textfile_word(&line, &word) || !ip_parse(word, &ip) ||
	    !lists_name(line, name))
		return false;
	add_address(a, &ip);
	return true;
}

bool
hosts_answer(const char *path, const char *name, enum dns_type type,
    struct dns_answer *out)
{
	struct textfile t = { 0 };
	struct slice line;
	bool listed = false;

	*out = (struct dns_answer){ .type = type };
	if ((type != DNS_A && type != DNS_AAAA) || !textfile_open(&t, path))
		return false;
	while (textfile_line(&t, &line))
		listed |= read_line(out, line, name);
	textfile_close(&t);
	if (!listed)
		return false;
	out->status = out->n > 0 ? DNS_FOUND : DNS_NODATA;
	if (out->n == 0)
		dns_answer_say(out, "no such address in %s", path);
	return true;
}
