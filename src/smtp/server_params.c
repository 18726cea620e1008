/* SPDX-License-Identifier: ISC */
/* server_params.c - see server_params.h */
#include "smtp/server_params.h"

#include "base/ascii.h"
#include "base/codec.h"
#include "mail/date.h"

#define ENVID_MAX_OCTETS  100 /* RFC 3461 4.4 */
#define ORCPT_MAX_OCTETS  500 /* RFC 3461 4.2 */
#define SECONDS_MAX	  999999999 /* RFC 2852 4, RFC 4865 4.2: nine digits */
#define BAD_PARAMETER	  "501 5.5.4 Malformed parameter"
#define UNKNOWN_PARAMETER "555 5.5.4 Parameter not known"

/* Where what was read goes: that of the verb at hand, the other is NULL. */
struct target {
	struct mail_params *mail;
	struct rcpt_params *rcpt;
};

/* The two capital hexadecimal digits of a "+41" (RFC 3461 4). */
static bool
is_hex_pair(struct slice s)
{
	const struct slice hex = SLICE("0123456789ABCDEF");

	return s.n >= 2 && slice_find(hex, s.p[0]) < hex.n &&
	    slice_find(hex, s.p[1]) < hex.n;
}

bool
params_is_xtext(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '=' || s.p[i] == ' ' || ascii_is_control(s.p[i]))
			return false;
		if (s.p[i] == '+' && !is_hex_pair(slice_from(s, i + 1)))
			return false;
	}
	return s.n > 0;
}

/* A parameter that has no value: v is what stands behind its "=". */
static bool
set_flag(struct slice v, bool *flag)
{
	*flag = true;
	return !v.p;
}

static bool
check_size(struct slice v, struct target *to)
{
	return v.n <= 20 && slice_to_uint(v, UINT64_MAX, &to->mail->size);
}

static bool
check_body(struct slice v, struct target *to)
{
	(void)to;
	return slice_eq_nocase(v, SLICE("7BIT")) ||
	    slice_eq_nocase(v, SLICE("8BITMIME"));
}

static bool
check_smtputf8(struct slice v, struct target *to)
{
	return set_flag(v, &to->mail->utf8);
}

static bool
check_ret(struct slice v, struct target *to)
{
	if (slice_eq_nocase(v, SLICE("FULL")))
		to->mail->ret = RET_FULL;
	else if (slice_eq_nocase(v, SLICE("HDRS")))
		to->mail->ret = RET_HDRS;
	return to->mail->ret != RET_UNSET;
}

static bool
check_envid(struct slice v, struct target *to)
{
	to->mail->envid = v;
	return v.n <= ENVID_MAX_OCTETS && params_is_xtext(v);
}

/* Whose mail it is, as the one before us knew (RFC 4954 5). */
static bool
check_auth(struct slice v, struct target *to)
{
	(void)to;
	return params_is_xtext(v);
}

static bool
check_requiretls(struct slice v, struct target *to)
{
	return set_flag(v, &to->mail->require_tls);
}

/* One of the two, never both (RFC 4865 4). */
static bool
check_holdfor(struct slice v, struct target *to)
{
	uint64_t seconds;

	if (!slice_to_uint(v, SECONDS_MAX, &seconds) || seconds == 0 ||
	    v.p[0] == '0' || to->mail->hold_until != 0)
		return false;
	to->mail->hold_for = (uint32_t)seconds;
	return true;
}

static bool
check_holduntil(struct slice v, struct target *to)
{
	return to->mail->hold_for == 0 &&
	    date_parse_3339(v, &to->mail->hold_until) &&
	    to->mail->hold_until > 0;
}

/* "-" or "+", nine digits at most (RFC 2852 4). */
static bool
read_signed(struct slice v, int *out)
{
	bool minus = v.n > 0 && v.p[0] == '-';
	uint64_t n;

	if (minus || (v.n > 0 && v.p[0] == '+'))
		v = slice_from(v, 1);
	if (v.n > 9 || !slice_to_uint(v, SECONDS_MAX, &n))
		return false;
	*out = minus ? -(int)n : (int)n;
	return true;
}

/* "120;R", "-3;NT": to be returned in time, there has to be some. */
static bool
check_by(struct slice v, struct target *to)
{
	struct mail_params *m = to->mail;
	struct slice time;

	if (!slice_cut(&v, ';', &time) || !read_signed(time, &m->by) ||
	    v.n == 0 || v.n > 2)
		return false;
	m->by_mode = slice_eq_nocase(slice_first(v, 1), SLICE("R")) ? 'R' :
	    slice_eq_nocase(slice_first(v, 1), SLICE("N"))	    ? 'N' :
								      0;
	m->by_trace = v.n == 2;
	if (m->by_trace && ascii_lower(v.p[1]) != 't')
		return false;
	return m->by_mode == 'N' || (m->by_mode == 'R' && m->by > 0);
}

/* "0", "9", "-9", without leading zeros and plus (RFC 6710 4.1). */
static bool
check_priority(struct slice v, struct target *to)
{
	bool minus = v.n == 2 && v.p[0] == '-';
	struct slice digit = slice_from(v, minus);

	if (digit.n != 1 || !ascii_is_digit(digit.p[0]) ||
	    (minus && digit.p[0] == '0'))
		return false;
	to->mail->priority = (digit.p[0] - '0') * (minus ? -1 : 1);
	return true;
}

/* So much at most, decoded, and no control octets. */
static bool
is_our_xtext(struct slice v, size_t max)
{
	struct buf text = { .max = max };
	bool ok = params_is_xtext(v) && xtext_decode(&text, v) && !text.full &&
	    !ascii_has_control(buf_slice(&text));

	buf_free(&text);
	return ok;
}

static bool
check_key(struct slice v, struct target *to)
{
	to->mail->key = v;
	return is_our_xtext(v, PARAM_KEY_MAX);
}

/* Nothing in it that a reader of logs could take amiss. */
static bool
check_tag(struct slice v, struct target *to)
{
	const struct slice others = SLICE("-_./");

	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) &&
		    slice_find(others, v.p[i]) == others.n)
			return false;
	to->mail->tag = v;
	return v.n > 0 && v.n <= PARAM_TAG_MAX;
}

static bool
check_hold(struct slice v, struct target *to)
{
	to->mail->hold = true;
	to->mail->hold_reason = v;
	return !v.p || is_our_xtext(v, PARAM_REASON_MAX);
}

static bool
check_noalias(struct slice v, struct target *to)
{
	return set_flag(v, &to->mail->no_alias);
}

static bool
check_queueonly(struct slice v, struct target *to)
{
	return set_flag(v, &to->mail->queue_only);
}

static bool
check_hops(struct slice v, struct target *to)
{
	uint64_t hops;

	if (!slice_to_uint(v, UINT16_MAX, &hops))
		return false;
	to->mail->hops = (uint16_t)hops;
	return true;
}

static bool
check_form(struct slice v, struct target *to)
{
	if (slice_eq_nocase(v, SLICE("FINISHED")))
		to->mail->form = FORM_FINISHED;
	else if (slice_eq_nocase(v, SLICE("AS-IS")))
		to->mail->form = FORM_AS_IS;
	return to->mail->form != FORM_RAW;
}

static bool
check_notify(struct slice v, struct target *to)
{
	return notify_parse(v, &to->rcpt->notify);
}

static bool
check_orcpt(struct slice v, struct target *to)
{
	struct slice type = slice_first(v, slice_find(v, ';'));

	to->rcpt->orcpt = v;
	if (v.n > ORCPT_MAX_OCTETS || type.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_is_alnum(type.p[i]) && type.p[i] != '-')
			return false;
	return params_is_xtext(slice_from(v, type.n + 1));
}

struct parameter {
	const char *keyword;
	unsigned offer;		/* the capability that brings it */
	/* value.p is NULL without "=". */
	bool (*check)(struct slice value, struct target *to);
};

static const struct parameter of_mail[] = {
	{ "SIZE", OFFER_SIZE, check_size },
	{ "BODY", OFFER_8BITMIME, check_body },
	{ "SMTPUTF8", OFFER_SMTPUTF8, check_smtputf8 },
	{ "RET", OFFER_DSN, check_ret },
	{ "ENVID", OFFER_DSN, check_envid },
	{ "AUTH", OFFER_AUTH, check_auth },
	{ "REQUIRETLS", OFFER_REQUIRETLS, check_requiretls },
	{ "HOLDFOR", OFFER_FUTURERELEASE, check_holdfor },
	{ "HOLDUNTIL", OFFER_FUTURERELEASE, check_holduntil },
	{ "BY", OFFER_DELIVERBY, check_by },
	{ "MT-PRIORITY", OFFER_MT_PRIORITY, check_priority },
	{ "FORM", OFFER_XSMTPSEND, check_form },
	{ "KEY", OFFER_XSMTPSEND, check_key },
	{ "TAG", OFFER_XSMTPSEND, check_tag },
	{ "HOPS", OFFER_XSMTPSEND, check_hops },
	{ "HOLD", OFFER_XSMTPSEND, check_hold },
	{ "NOALIAS", OFFER_XSMTPSEND, check_noalias },
	{ "QUEUEONLY", OFFER_XSMTPSEND, check_queueonly },
	{ 0 },
};

static const struct parameter of_rcpt[] = {
	{ "NOTIFY", OFFER_DSN, check_notify },
	{ "ORCPT", OFFER_DSN, check_orcpt },
	{ 0 },
};

/* The row of "KEY=value" in the table, or the row that ends it. */
static size_t
find_param(struct slice key, const struct parameter *known)
{
	size_t k = 0;

	while (known[k].keyword &&
	    !slice_eq_nocase(key, slice_of(known[k].keyword)))
		k++;
	return k;
}

/* One parameter; seen has a bit for each that was there before. */
static const char *
check_param(struct slice word, const struct parameter *known, unsigned offers,
    unsigned *seen, struct target *to)
{
	struct slice key = slice_first(word, slice_find(word, '='));
	struct slice value = { 0 };
	size_t k = find_param(key, known);

	if (ascii_has_control(word))
		return BAD_PARAMETER;
	if (!known[k].keyword || !(offers & known[k].offer))
		return UNKNOWN_PARAMETER;
	if (*seen & 1u << k)
		return "501 5.5.4 Parameter given twice";
	*seen |= 1u << k;
	if (key.n < word.n)
		value = slice_from(word, key.n + 1);
	return known[k].check(value, to) ? NULL : BAD_PARAMETER;
}

static const char *
check_params(struct slice params, const struct parameter *known,
    unsigned offers, struct target *to)
{
	unsigned seen = 0;
	struct slice word;
	const char *refusal = NULL;

	while (!refusal && slice_cut(&params, ' ', &word))
		if (word.n > 0)
			refusal = check_param(word, known, offers, &seen, to);
	return refusal;
}

const char *
params_parse_mail(struct slice params, unsigned offers, struct mail_params *out)
{
	struct target to = { .mail = out };

	*out = (struct mail_params){ 0 };
	return check_params(params, of_mail, offers, &to);
}

const char *
params_parse_rcpt(struct slice params, unsigned offers, struct rcpt_params *out)
{
	struct target to = { .rcpt = out };

	*out = (struct rcpt_params){ 0 };
	return check_params(params, of_rcpt, offers, &to);
}
