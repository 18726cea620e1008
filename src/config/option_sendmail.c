/* SPDX-License-Identifier: ISC */
/*
 * option_sendmail.c - sendmail's letters that have forms of their own: -b, -B,
 * -d, -e, -o, -O, -q, -Q, -V.  What has no meaning here is taken and ignored.
 */
#include "config/option_take.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/slice.h"

#define ENVID_MAX 100 /* as xtext, RFC 3461 4.4 */

bool
take_body_type(struct option_call *c, const char *value)
{
	struct slice s = slice_of(value);

	if (slice_eq_nocase(s, SLICE("8BITMIME")))
		c->settings->message.body = BODY_8BITMIME;
	else if (slice_eq_nocase(s, SLICE("7BIT")))
		c->settings->message.body = BODY_7BIT;
	else
		return option_refuse(c, value, "7BIT or 8BITMIME is wanted");
	return true;
}

bool
take_mode(struct option_call *c, const char *value)
{
	static const struct {
		char letter;
		enum mode mode;
	} modes[] = {
		{ 'm', MODE_DELIVER }, { 's', MODE_SMTP },
		{ 'S', MODE_BATCH_SMTP }, { 't', MODE_TEST },
		{ 'v', MODE_DELIVER }, { 'i', MODE_ALIASES },
		{ 'p', MODE_QUEUE_LIST }, { 'P', MODE_QUEUE_COUNT },
		{ 'd', MODE_DAEMON }, { 'l', MODE_DAEMON },
		{ 'D', MODE_DAEMON_FOREGROUND }, { 'h', MODE_HOST_STATUS },
		{ 'H', MODE_HOST_PURGE }, { 'O', MODE_SHOW_OPTIONS },
		{ 'C', MODE_CHECK_CONFIG }, { 'V', MODE_VERSION },
	};

	if (strcmp(value, "q") == 0) {
		c->settings->sendmail.delivery = DELIVERY_QUEUE;
		c->settings->mode = MODE_DELIVER;
		return true;
	}
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (value[0] == modes[i].letter && value[1] == '\0') {
			c->settings->mode = modes[i].mode;
			c->settings->show.stop_after = value[0] == 'v' ?
			    STAGE_ROUTE : STAGE_NONE;
			return true;
		}
	return option_reject(c, value, "there is no such mode; m, s, S, v, t, "
	    "i, p, P, q, d, D, h, H, O, C and V are known%s", c->own ?
	    " (a blind copy goes to all who are named as recipients)" : "");
}

bool
take_aliases(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_ALIASES;
	return true;
}

/* What has no meaning: an error as smtpsend; sendmail's names are deaf. */
static bool
pass_over(struct option_call *c, const char *value, const char *text)
{
	return !c->own || option_reject(c, value, "%s", text);
}

/* -d0.1, -d0.4 and -d0.13 ask for the version; other debugging is ignored. */
bool
take_debug(struct option_call *c, const char *value)
{
	if (!value || (strcmp(value, "0.1") != 0 && strcmp(value, "0.4") != 0 &&
	    strcmp(value, "0.13") != 0))
		return pass_over(c, value, "-d0.1 shows the version; -v shows "
		    "the dialogue; the message comes from standard input");
	c->settings->show.build = true;
	return true;
}

/* The value of one of these words, or of what it begins with; -1 = none. */
struct word {
	const char *text;
	int value;
};

static int
find_word(const struct word *words, size_t n, const char *value)
{
	struct slice s = slice_of(value);

	for (size_t i = 0; i < n && s.n > 0; i++)
		if (slice_starts_nocase(slice_of(words[i].text), s))
			return words[i].value;
	return -1;
}

#define FIND_WORD(words, value) \
	find_word(words, sizeof(words) / sizeof(words)[0], value)

bool
take_errors(struct option_call *c, const char *value)
{
	static const struct word words[] = {
		{ "print", ERRORS_PRINT }, { "write", ERRORS_PRINT },
		{ "mail", ERRORS_MAIL }, { "quiet", ERRORS_QUIET },
		{ "e", ERRORS_MAIL_OK },
	};
	int mode = FIND_WORD(words, value);

	if (mode < 0)
		return option_refuse(c, value, "m, p, q, w or e is wanted");
	c->settings->sendmail.errors = (enum error_mode)mode;
	return true;
}

bool
take_hold(struct option_call *c, const char *value)
{
	c->settings->sendmail.hold = true;
	c->settings->sendmail.hold_reason = value;
	return true;
}

/* A server refuses the whole mail for an id that is not in order. */
bool
take_envid(struct option_call *c, const char *value)
{
	struct slice id = slice_of(value);
	struct buf xtext = { 0 };
	size_t n;

	xtext_put(&xtext, id);
	n = xtext.n;
	buf_free(&xtext);
	if (n > 0 && n <= ENVID_MAX && !ascii_has_control(id) &&
	    !ascii_has_high(id))
		return take_text(c, value);
	return option_refuse(c, value, "printable ASCII is wanted, at most %d "
	    "octets", ENVID_MAX);
}

static bool
take_delivery(struct option_call *c, const char *value)
{
	static const struct word words[] = {
		{ "interactive", DELIVERY_NOW },
		{ "background", DELIVERY_BACKGROUND },
		{ "queue", DELIVERY_QUEUE }, { "defer", DELIVERY_QUEUE },
	};
	int delivery = FIND_WORD(words, value);

	if (delivery < 0)
		return option_refuse(c, value, "i, b, q or d is wanted");
	c->settings->sendmail.delivery = (enum delivery)delivery;
	return true;
}

/* Sendmail's booleans; nothing is true. */
static bool
is_bool(const char *value, bool *on)
{
	static const struct word words[] = {
		{ "true", 1 }, { "yes", 1 }, { "1", 1 }, { "on", 1 },
		{ "false", 0 }, { "no", 0 }, { "0", 0 }, { "off", 0 },
	};
	int found = value[0] == '\0' ? 1 : FIND_WORD(words, value);

	*on = found == 1;
	return found >= 0;
}

static bool
take_bool(struct option_call *c, const char *value, bool *at)
{
	bool on;

	if (!is_bool(value, &on))
		return option_refuse(c, value, "yes or no is wanted");
	*at = on;
	return true;
}

/* -oX...: one letter and its value. */
bool
take_short(struct option_call *c, const char *value)
{
	switch (value[0]) {
	case 'i':
		return take_bool(c, value + 1,
		    &c->settings->message.ignore_dots);
	case 'e':
		return take_errors(c, value + 1);
	case 'd':
		return take_delivery(c, value + 1);
	}
	return pass_over(c, value, "-oi, -oe MODE and -od MODE have a meaning "
	    "here");
}

/* A demand that is not understood is not passed over, under any name. */
static bool
set_requiretls(struct option_call *c, const char *value)
{
	return is_bool(value, &c->settings->message.require_tls) ||
	    option_reject(c, value, "requiretls: yes or no is wanted");
}

static bool
set_smtputf8(struct option_call *c, const char *value)
{
	return take_bool(c, value, &c->settings->message.smtputf8);
}

static bool
set_dots(struct option_call *c, const char *value)
{
	return take_bool(c, value, &c->settings->message.ignore_dots);
}

/* As for a demand: a message that may be cut off is not to be sent. */
static bool
set_eom(struct option_call *c, const char *value)
{
	return is_bool(value, &c->settings->message.require_eom) ||
	    option_reject(c, value, "RequireEOM: yes or no is wanted");
}

static bool
set_queue_return(struct option_call *c, const char *value)
{
	if (!duration_parse(value, 86400, &c->settings->sendmail.queue_return))
		return option_refuse(c, value, "a time is wanted, as 5d");
	return true;
}

static bool
set_max_hops(struct option_call *c, const char *value)
{
	uint64_t n;

	if (!slice_to_uint(slice_of(value), 1000, &n))
		return option_refuse(c, value, "a number is wanted");
	c->settings->sendmail.max_hops = (unsigned)n;
	return true;
}

/* -O Name=value; a name that is not here means nothing to us. */
bool
take_long(struct option_call *c, const char *value)
{
	static const struct {
		struct slice name;
		bool (*set)(struct option_call *c, const char *value);
	} names[] = {
		{ { "DeliveryMode", 12 }, take_delivery },
		{ { "ErrorMode", 9 }, take_errors },
		{ { "IgnoreDots", 10 }, set_dots },
		{ { "RequireEOM", 10 }, set_eom },
		{ { "MaxHopCount", 11 }, set_max_hops },
		{ { "Timeout.queuereturn", 19 }, set_queue_return },
		{ { "requiretls", 10 }, set_requiretls },
		{ { "smtputf8", 8 }, set_smtputf8 },
	};
	const char *whole = value;
	size_t eq = slice_find(slice_of(value), '=');
	struct slice name = slice_trim(slice_first(slice_of(value), eq));

	value += eq;
	if (*value == '=')
		value++;
	while (*value == ' ')
		value++;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_eq_nocase(name, names[i].name))
			return names[i].set(c, value);
	return pass_over(c, whole, "there is no such option of sendmail's "
	    "here; IgnoreDots, requiretls and smtputf8 have a meaning");
}

static bool
take_queue_match(struct option_call *c, const char *value)
{
	if (value[0] == '\0' || !strchr("IRS", value[0]) || value[1] == '\0')
		return option_reject(c, value, "I, R or S is wanted, and "
		    "what to look for in id, recipient or sender, as -qRx.org");
	c->settings->sendmail.queue_by = value[0];
	c->settings->sendmail.queue_match = value + 1;
	return true;
}

/* -q, -q30m, -qp30m, -qf, -q[!]Iid, -q[!]Rrcpt, -q[!]Ssender. */
bool
take_queue(struct option_call *c, const char *value)
{
	struct sendmail_settings *s = &c->settings->sendmail;

	s->queue_run = true;
	if (!value)
		return true;
	if (strcmp(value, "f") == 0) {
		s->queue_foreground = true;
		return true;
	}
	if (value[0] == '!') {
		s->queue_not = true;
		return take_queue_match(c, value + 1);
	}
	if (value[0] >= 'A' && value[0] <= 'Z')
		return take_queue_match(c, value);
	if (value[0] == 'p')
		value++;
	if (!duration_parse(value, 60, &s->queue_interval))
		return option_reject(c, value, "a time is wanted, as 30m");
	return true;
}
