/* SPDX-License-Identifier: ISC */
/* sts.c - see sts.h */
#include "route/sts.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

#define STS_VERSION "STSv1"

static const char *const mode_names[] = {
	[STS_NONE] = "none",
	[STS_TESTING] = "testing",
	[STS_ENFORCE] = "enforce",
};

const char *
sts_mode_name(enum sts_mode mode)
{
	return mode_names[mode];
}

void
sts_policy_free(struct sts_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->mx[i]);
	free(p->mx);
	*p = (struct sts_policy){ 0 };
}

static void
add_mx(struct sts_policy *p, const char *mx)
{
	p->mx = mem_resize(p->mx, size_add(p->n, 1), sizeof *p->mx);
	p->mx[p->n++] = mem_dup(slice_of(mx));
}

struct sts_policy *
sts_policy_dup(const struct sts_policy *p)
{
	struct sts_policy *to = p ? mem_alloc(sizeof *to) : NULL;

	for (size_t i = 0; p && i < p->n; i++)
		add_mx(to, p->mx[i]);
	if (p) {
		to->mode = p->mode;
		to->max_age = p->max_age;
	}
	return to;
}

void
sts_policy_put(struct buf *lines, struct buf *mx, const struct sts_policy *p)
{
	buf_putf(lines, "version: " STS_VERSION "\nmode: %s\n",
	    mode_names[p->mode]);
	for (size_t i = 0; i < p->n; i++) {
		buf_putf(lines, "mx: %s\n", p->mx[i]);
		buf_putf(mx, "%s\n", p->mx[i]);
	}
	buf_putf(lines, "max_age: %u\n", (unsigned)p->max_age);
}

static bool
put_name(const char *prefix, const char *domain, char out[DNS_NAME_SIZE])
{
	struct buf b = { 0 };
	bool fits;

	buf_putf(&b, "%s.%s", prefix, domain);
	fits = dns_name_parse(buf_slice(&b), out);
	buf_free(&b);
	return fits;
}

bool
sts_record_name(const char *domain, char out[DNS_NAME_SIZE])
{
	return put_name("_mta-sts", domain, out);
}

bool
sts_host_name(const char *domain, char out[DNS_NAME_SIZE])
{
	return put_name("mta-sts", domain, out);
}

static bool
refuse(const char **why, const char *text)
{
	*why = text;
	return false;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static bool
is_field_name(struct slice s)
{
	if (s.n == 0 || s.n > 32 || !ascii_is_alnum(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && !strchr("_-.", s.p[i]))
			return false;
	return true;
}

/* 1*(%x21-3A / %x3C / %x3E-7E) */
static bool
is_record_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '=' ||
		    s.p[i] == ';')
			return false;
	return s.n > 0;
}

static bool
is_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]))
			return false;
	return s.n > 0 && s.n <= STS_ID_MAX;
}

/* A field of the record; the first id goes to id. */
static bool
take_record_field(struct slice field, char id[STS_ID_MAX + 1], const char **why)
{
	struct slice name;

	if (!slice_cut(&field, '=', &name) || !field.p || !is_field_name(name))
		return refuse(why, "a field that is not NAME=VALUE");
	if (!slice_eq(name, SLICE("id")))
		return is_record_value(field) ||
		    refuse(why, "a field whose value is not well-formed");
	if (!is_id(field))
		return refuse(why, "its id is not 1 to 32 letters and digits");
	if (id[0] == '\0')
		memcpy(id, field.p, field.n);
	return true;
}

/*
 * sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
 */
bool
sts_record_parse(struct slice text, char id[STS_ID_MAX + 1], const char **why)
{
	struct slice rest = text, field;

	memset(id, 0, STS_ID_MAX + 1);
	if (!slice_cut(&rest, ';', &field) ||
	    !slice_eq(field, SLICE("v=" STS_VERSION)))
		return refuse(why, "it does not begin with v=STSv1;");
	while (slice_cut(&rest, ';', &field)) {
		field = slice_trim_blanks(field);
		if (field.n == 0 && !rest.p)
			break; /* the delimiter at the end */
		if (!take_record_field(field, id, why))
			return false;
	}
	return id[0] != '\0' || refuse(why, "it has no id");
}

bool
sts_record_find(const struct dns_answer *txt, char id[STS_ID_MAX + 1],
    const char **why)
{
	struct slice found = { 0 }, text;

	id[0] = '\0';
	for (size_t i = 0; i < txt->n; i++) {
		text = (struct slice){ txt->txt[i].text, txt->txt[i].n };
		if (!slice_starts(text, SLICE("v=" STS_VERSION ";")))
			continue;
		if (found.p)
			return refuse(why, "there are two records of STSv1");
		found = text;
	}
	if (!found.p)
		return refuse(why, "there is no record of STSv1");
	if (txt->total > txt->n)
		return refuse(why, "there are too many TXT records");
	return sts_record_parse(found, id, why);
}

/* What of a policy was there already. */
struct reading {
	struct sts_policy *p;
	bool version, mode, max_age;
};

static bool
take_version(struct reading *r, struct slice value, const char **why)
{
	if (!slice_eq(value, SLICE(STS_VERSION)))
		return refuse(why, "its version is not STSv1");
	r->version = true;
	return true;
}

static bool
take_mode(struct reading *r, struct slice value, const char **why)
{
	for (size_t i = 0; i < sizeof mode_names / sizeof *mode_names; i++)
		if (slice_eq(value, slice_of(mode_names[i]))) {
			r->p->mode = (enum sts_mode)i;
			return r->mode = true;
		}
	return refuse(why, "its mode is not enforce, testing or none");
}

static bool
take_max_age(struct reading *r, struct slice value, const char **why)
{
	uint64_t v;

	if (value.n > 10 || !slice_to_uint(value, STS_MAX_AGE, &v))
		return refuse(why, "its max_age is not 0 to 31557600");
	r->p->max_age = (uint32_t)v;
	return r->max_age = true;
}

/* ["*."] Domain; RFC 5321 has no dot at its end. */
static bool
take_mx(struct reading *r, struct slice value, const char **why)
{
	bool wild = slice_starts(value, SLICE("*."));
	struct slice domain = slice_from(value, wild ? 2 : 0);
	char name[DNS_NAME_SIZE + 2] = "*.";

	if (!dns_name_parse(domain, name + 2) || !dns_name_is_host(name + 2) ||
	    domain.p[domain.n - 1] == '.')
		return refuse(why, "an mx that is no host name");
	add_mx(r->p, wild ? name : name + 2);
	return true;
}

static bool
take_field(struct reading *r, struct slice name, struct slice value,
    const char **why)
{
	if (slice_eq(name, SLICE("version")))
		return r->version || take_version(r, value, why);
	if (slice_eq(name, SLICE("mode")))
		return r->mode || take_mode(r, value, why);
	if (slice_eq(name, SLICE("max_age")))
		return r->max_age || take_max_age(r, value, why);
	if (slice_eq(name, SLICE("mx")))
		return take_mx(r, value, why);
	return true;
}

static bool
take_line(struct reading *r, struct slice line, const char **why)
{
	struct slice name, value;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = slice_trim_blanks(line);
	if (line.n == 0)
		return true;
	if (!slice_cut(&line, ':', &name) || !line.p || !is_field_name(name))
		return refuse(why, "a line that is not NAME: VALUE");
	value = slice_trim_blanks(line);
	if (value.n == 0 || ascii_has_control(value) || !utf8_is_valid(value))
		return refuse(why, "a line whose value is not well-formed");
	return take_field(r, name, value, why);
}

static bool
is_whole(const struct reading *r, const char **why)
{
	if (!r->version)
		return refuse(why, "it has no version");
	if (!r->mode)
		return refuse(why, "it has no mode");
	if (!r->max_age)
		return refuse(why, "it has no max_age");
	return r->p->n > 0 || r->p->mode == STS_NONE ||
	    refuse(why, "it names no mx");
}

bool
sts_policy_parse(struct slice text, struct sts_policy *out, const char **why)
{
	struct reading r = { .p = out };
	struct slice line;
	bool good = true;

	*out = (struct sts_policy){ 0 };
	if (text.n > STS_TEXT_MAX)
		return refuse(why, "it is longer than 65536 octets");
	while (good && slice_cut(&text, '\n', &line))
		good = take_line(&r, line, why);
	if (good && is_whole(&r, why))
		return true;
	sts_policy_free(out);
	return false;
}

bool
sts_is_text_plain(struct slice content_type)
{
	return slice_eq_nocase(slice_trim_blanks(slice_first(content_type,
	    slice_find(content_type, ';'))), SLICE("text/plain"));
}

static bool
matches(const char *pattern, const char *host)
{
	if (pattern[0] != '*')
		return strcmp(pattern, host) == 0;
	host = strchr(host, '.');
	return host && strcmp(pattern + 1, host) == 0;
}

bool
sts_policy_names(const struct sts_policy *p, const char *host)
{
	for (size_t i = 0; i < p->n; i++)
		if (matches(p->mx[i], host))
			return true;
	return false;
}
