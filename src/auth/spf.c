/* SPDX-License-Identifier: ISC */
/* spf.c - see spf.h */
#include "auth/spf_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- answers ---- */

void
spf_say(struct spf *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->why, sizeof s->why, fmt, args);
	va_end(args);
}

const struct dns_answer *
spf_look(struct spf *s, const char *name, enum dns_type type)
{
	struct spf_asked *a;

	for (size_t i = 0; i < s->n; i++) {
		a = s->asked[i];
		if (a->question.type != type || strcmp(a->name, name) != 0)
			continue;
		s->missing = s->missing || !a->answered;
		return a->answered ? &a->answer : NULL;
	}
	s->asked = mem_resize(s->asked, size_add(s->n, 1), sizeof *s->asked);
	a = s->asked[s->n++] = mem_alloc(sizeof *a);
	a->name = mem_dup(slice_of(name));
	a->question = (struct dns_question){ .name = a->name, .type = type };
	s->missing = true;
	return NULL;
}

/* ---- a domain's record ---- */

/* The one record there has to be; else what that means. */
static enum spf_result
find_record(struct spf *s, const char *domain, struct slice *out)
{
	const struct dns_answer *a = spf_look(s, domain, DNS_TXT);
	size_t n = 0;

	if (!a)
		return SPF_PENDING;
	if (a->status == DNS_SOFT) {
		spf_say(s, "the TXT records of %s cannot be had (%s)", domain,
		    a->why);
		return SPF_TEMPERROR;
	}
	for (size_t i = 0; i < a->n && a->txt; i++) {
		struct slice text = { a->txt[i].text, a->txt[i].n };

		if (!spf_is_record(text))
			continue;
		*out = text;
		n++;
	}
	if (n == 0)
		spf_say(s, "%s has no SPF record", domain);
	else if (n > 1 || a->total > a->n)
		spf_say(s, "%s has more than one SPF record", domain);
	return n == 0 ? SPF_NONE : n > 1 ? SPF_PERMERROR : SPF_PASS;
}

/* ---- the explanation of a fail (RFC 7208 6.2) ---- */

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static void
explain(struct spf *s, struct slice spec, const char *domain)
{
	char name[DNS_NAME_SIZE];
	const struct dns_answer *a;
	struct buf text = { 0 };

	free(s->explanation);
	s->explanation = NULL;
	if (spec.n == 0 || !spf_target(s, spec, domain, name) ||
	    name[0] == '\0')
		return;
	a = spf_look(s, name, DNS_TXT);
	if (a && a->n == 1 && a->total == 1 && a->txt &&
	    is_ascii((struct slice){ a->txt[0].text, a->txt[0].n }) &&
	    spf_expand(s, (struct slice){ a->txt[0].text, a->txt[0].n },
		domain, true, &text) && is_ascii(buf_slice(&text)))
		s->explanation = mem_dup(buf_slice(&text));
	buf_free(&text);
}

/* ---- check_host() (RFC 7208 4) ---- */

static enum spf_result
result_of(char qualifier)
{
	return qualifier == '-' ? SPF_FAIL : qualifier == '~' ? SPF_SOFTFAIL :
	    qualifier == '?' ? SPF_NEUTRAL : SPF_PASS;
}

static enum spf_result
decided(struct spf *s, const struct spf_record *r, const struct spf_term *t,
    const char *domain, bool outer)
{
	enum spf_result result = result_of(t->qualifier);

	spf_say(s, "%.*s", (int)t->text.n, t->text.p);
	snprintf(s->where, sizeof s->where, "%s", domain);
	if (result == SPF_FAIL && outer)
		explain(s, r->exp, domain);
	return result;
}

static enum spf_result
redirect(struct spf *s, const struct spf_record *r, const char *domain,
    bool outer)
{
	char name[DNS_NAME_SIZE];
	enum spf_result result;

	if (!spf_may_look(s)) {
		spf_say(s, "it has more than 10 terms that ask DNS");
		return SPF_PERMERROR;
	}
	if (!spf_target(s, r->redirect, domain, name))
		return SPF_PENDING;
	if (name[0] == '\0') {
		spf_say(s, "its redirect names no domain");
		return SPF_PERMERROR;
	}
	result = spf_check_host(s, name, outer);
	return result == SPF_NONE ? SPF_PERMERROR : result;
}

static enum spf_result
evaluate(struct spf *s, const struct spf_record *r, const char *domain,
    bool outer)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct spf_term *t = &r->term[i];

		switch (spf_match(s, t, domain)) {
		case MATCH:
			return decided(s, r, t, domain, outer);
		case MATCH_NOT:
			break;
		case MATCH_MISSING:
			return SPF_PENDING;
		case MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case MATCH_PERMERROR:
			return SPF_PERMERROR;
		}
	}
	if (r->redirect.n > 0)
		return redirect(s, r, domain, outer);
	spf_say(s, "no term of its record speaks of this host");
	snprintf(s->where, sizeof s->where, "%s", domain);
	return SPF_NEUTRAL;
}

enum spf_result
spf_check_host(struct spf *s, const char *domain, bool outer)
{
	struct spf_record *r;
	struct slice text, bad = { 0 };
	enum spf_result result = find_record(s, domain, &text);

	if (result != SPF_PASS)
		return result;
	r = mem_alloc(sizeof *r);
	if (spf_record_parse(text, r, &bad)) {
		result = evaluate(s, r, domain, outer);
	} else {
		spf_say(s, "\"%.*s\" is no term of SPF",
		    (int)(bad.n < 100 ? bad.n : 100), bad.p);
		snprintf(s->where, sizeof s->where, "%s", domain);
		result = SPF_PERMERROR;
	}
	free(r);
	return result;
}

/* A domain with two labels at least, and no literal (RFC 7208 4.3). */
static bool
is_domain(const char *text, char out[DNS_NAME_SIZE])
{
	return dns_name_parse(slice_of(text), out) && strchr(out, '.');
}

static void
evaluate_all(struct spf *s)
{
	char domain[DNS_NAME_SIZE];

	s->missing = false;
	s->lookups = s->voids = 0;
	s->why[0] = s->where[0] = '\0';
	if (!is_domain(s->call.domain, domain)) {
		spf_say(s, "there is no domain to ask for");
		s->result = SPF_NONE;
		return;
	}
	s->result = spf_check_host(s, domain, true);
	if (s->missing)
		s->result = SPF_PENDING;
}

/* ---- the machine ---- */

struct spf *
spf_new(const struct spf_call *call)
{
	struct spf *s = mem_alloc(sizeof *s);

	s->call = *call;
	s->ip = ip_unmap(&call->ip);
	evaluate_all(s);
	return s;
}

void
spf_free(struct spf *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->asked[i]->name);
		dns_answer_free(&s->asked[i]->answer);
		free(s->asked[i]);
	}
	free(s->asked);
	free(s->explanation);
	free(s);
}

size_t
spf_questions(const struct spf *s)
{
	return s->result == SPF_PENDING ? s->n : 0;
}

const struct dns_question *
spf_question(const struct spf *s, size_t i)
{
	return &s->asked[i]->question;
}

bool
spf_is_answered(const struct spf *s, size_t i)
{
	return s->asked[i]->answered;
}

void
spf_answer(struct spf *s, size_t i, const struct dns_answer *a)
{
	dns_answer_copy(&s->asked[i]->answer, a);
	s->asked[i]->answered = true;
	for (size_t k = 0; k < s->n; k++)
		if (!s->asked[k]->answered)
			return;
	evaluate_all(s);
}

enum spf_result
spf_result(const struct spf *s)
{
	return s->result;
}

const char *
spf_result_name(enum spf_result result)
{
	static const char *const names[] = {
		[SPF_PENDING] = "pending",
		[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	return names[result];
}

const char *
spf_why(const struct spf *s)
{
	return s->why;
}

const char *
spf_where(const struct spf *s)
{
	return s->where;
}

const char *
spf_explanation(const struct spf *s)
{
	return s->explanation ? s->explanation : "";
}

unsigned
spf_lookups(const struct spf *s)
{
	return s->lookups;
}
