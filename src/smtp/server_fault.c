/* SPDX-License-Identifier: ISC */
/* server_fault.c - see server_fault.h */
#include "smtp/server_fault.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/pattern.h"

#define REPLY_MAX_OCTETS 500

static const char *const verbs[] = { "CONNECT", "EHLO", "HELO", "LHLO",
	"STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", ".", "RSET", "NOOP",
	"VRFY", "HELP", "QUIT" };

/* What is said when only a code was asked for; the zero code ends it. */
static const struct usual {
	unsigned code;
	const char *text;
} usual[] = {
	{ 220, "ready" },
	{ 250, "2.0.0 Ok" },
	{ 354, "End data with <CR><LF>.<CR><LF>" },
	{ 421, "4.3.2 Service not available, closing" },
	{ 450, "4.2.1 Mailbox busy, try again later" },
	{ 451, "4.3.0 Local error, try again later" },
	{ 452, "4.3.1 Insufficient system storage" },
	{ 454, "4.7.0 Not available now" },
	{ 500, "5.5.2 Command not recognized" },
	{ 501, "5.5.4 Syntax error" },
	{ 502, "5.5.1 Command not implemented" },
	{ 503, "5.5.1 Bad sequence of commands" },
	{ 530, "5.7.0 Must issue a STARTTLS command first" },
	{ 535, "5.7.8 Authentication credentials invalid" },
	{ 550, "5.1.1 No such user here" },
	{ 552, "5.3.4 Message too big" },
	{ 553, "5.1.3 Mailbox name not allowed" },
	{ 554, "5.7.1 Refused" },
	{ 0 },
};

static const char *
usual_text(unsigned code)
{
	for (const struct usual *u = usual; u->code; u++)
		if (u->code == code)
			return u->text;
	return code >= 500 ? "5.0.0 Refused" :
	    code >= 400	   ? "4.0.0 Try again later" :
			     "Ok";
}

static const char *
find_verb(struct slice s)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (slice_eq_nocase(s, slice_of(verbs[i])))
			return verbs[i];
	return NULL;
}

/* "450" or "450 text": a heap string with the whole reply, or NULL. */
static char *
make_reply(struct slice s)
{
	struct buf b = { 0 };
	struct slice text = slice_trim(slice_from(s, 3));
	uint64_t code;
	char *reply;

	if (!slice_to_uint(slice_first(s, 3), 599, &code) || code < 200 ||
	    s.n > REPLY_MAX_OCTETS || ascii_has_control(s) ||
	    (s.n > 3 && s.p[3] != ' '))
		return NULL;
	if (text.n == 0)
		text = slice_of(usual_text((unsigned)code));
	buf_putu(&b, code);
	buf_putc(&b, ' ');
	buf_put(&b, text);
	reply = mem_dup(buf_slice(&b));
	buf_free(&b);
	return reply;
}

static bool
takes_hiding(const char *verb)
{
	return slice_eq(slice_of(verb), SLICE("EHLO")) ||
	    slice_eq(slice_of(verb), SLICE("LHLO"));
}

static bool
takes_address(const char *verb)
{
	return slice_eq(slice_of(verb), SLICE("MAIL")) ||
	    slice_eq(slice_of(verb), SLICE("RCPT"));
}

/*
 * Split "RCPT:bob@x=550" at the '=': an address may have one too, so the one
 * before what can be a reply counts, the last.
 */
static size_t
find_equals(struct slice s)
{
	size_t at = slice_find(s, '=');
	struct slice rest;

	if (slice_find(s, ':') > at)
		return at;
	rest = slice_from(s, at + 1);
	while (slice_find(rest, '=') < slice_find(rest, ' ')) {
		at += slice_find(rest, '=') + 1;
		rest = slice_from(s, at + 1);
	}
	return at;
}

/* "<bob@x>", as MAIL and RCPT have it, is bob@x; "<>" is the null sender. */
static struct slice
without_brackets(struct slice s)
{
	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return slice_from(slice_first(s, s.n - 1), 1);
	return s;
}

bool
server_fault_parse(struct slice s, struct server_fault *out)
{
	struct server_fault f = { .kind = FAULT_REPLY };
	size_t equals = find_equals(s);
	struct slice what = slice_from(s, equals + 1), name;
	struct slice address = slice_first(s, equals);
	const char *verb;

	slice_cut(&address, ':', &name);
	address = without_brackets(address);
	verb = find_verb(name);
	if (!verb || equals == s.n || (address.p && !takes_address(verb)))
		return false;
	if (slice_eq_nocase(what, SLICE("drop")))
		f.kind = FAULT_DROP;
	else if (slice_eq_nocase(what, SLICE("stall")))
		f.kind = FAULT_STALL;
	else if (what.n > 1 && what.p[0] == '-' && takes_hiding(verb))
		f.kind = FAULT_HIDE;
	if (f.kind == FAULT_HIDE)
		f.reply = mem_dup(slice_from(what, 1));
	else if (f.kind == FAULT_REPLY && !(f.reply = make_reply(what)))
		return false;
	f.verb = mem_dup(slice_of(verb));
	if (address.p)
		f.address = mem_dup(address);
	*out = f;
	return true;
}

void
server_fault_free(struct server_fault *f)
{
	free(f->verb);
	free(f->address);
	free(f->reply);
	*f = (struct server_fault){ 0 };
}

/* Of faults for one verb, those bound more closely go first. */
enum bound { TO_ADDRESS, TO_PATTERN, TO_NONE };

static enum bound
bound_of(const struct server_fault *f)
{
	struct slice address = slice_of(f->address);

	if (!f->address)
		return TO_NONE;
	return slice_find(address, '*') < address.n ? TO_PATTERN : TO_ADDRESS;
}

static bool
concerns(const struct server_fault *f, struct slice verb,
    struct slice address, enum bound bound)
{
	if (f->kind == FAULT_HIDE || bound_of(f) != bound ||
	    !slice_eq_nocase(verb, slice_of(f->verb)))
		return false;
	switch (bound) {
	case TO_ADDRESS:
		return address.p &&
		    slice_eq_nocase(address, slice_of(f->address));
	case TO_PATTERN:
		return address.p &&
		    pattern_matches_slice(slice_of(f->address), address);
	case TO_NONE:
		break;
	}
	return true;
}

/* In turn; the last one stays. */
static const struct server_fault *
take(const struct server_config *c, bool *spent, struct slice verb,
    struct slice address, enum bound bound)
{
	size_t last = c->nfaults;

	for (size_t i = 0; i < c->nfaults; i++) {
		if (spent[i] || !concerns(&c->fault[i], verb, address, bound))
			continue;
		if (last < c->nfaults) {
			spent[last] = true;
			break;
		}
		last = i;
	}
	return last < c->nfaults ? &c->fault[last] : NULL;
}

const struct server_fault *
fault_take(const struct server_config *c, bool *spent, struct slice verb,
    struct slice address)
{
	static const enum bound order[] = { TO_ADDRESS, TO_PATTERN, TO_NONE };
	const struct server_fault *f = NULL;

	for (size_t i = 0; !f && i < sizeof order / sizeof *order; i++)
		f = take(c, spent, verb, address, order[i]);
	return f;
}

/*
 * Who wants to see DATA fail wants to see DATA: with CHUNKING on offer a client
 * would send BDAT, and nothing would happen.
 */
static bool
must_see_data(const struct server_config *c)
{
	for (size_t i = 0; i < c->nfaults; i++)
		if (slice_eq(slice_of(c->fault[i].verb), SLICE("DATA")))
			return true;
	return false;
}

bool
fault_hides(const struct server_config *c, struct slice verb,
    struct slice keyword)
{
	if (slice_eq(keyword, SLICE("CHUNKING")) && must_see_data(c))
		return true;
	for (size_t i = 0; i < c->nfaults; i++) {
		struct slice list = slice_of(c->fault[i].reply), word;

		if (c->fault[i].kind != FAULT_HIDE ||
		    !slice_eq_nocase(verb, slice_of(c->fault[i].verb)))
			continue;
		while (slice_cut(&list, ',', &word))
			if (slice_eq_nocase(slice_trim(word), keyword))
				return true;
	}
	return false;
}

bool
fault_is_positive(const char *reply)
{
	return reply[0] == '2' || reply[0] == '3';
}
