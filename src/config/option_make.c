/* SPDX-License-Identifier: ISC */
/* option_make.c - a message that is made of options (option_take.h). */
#include <string.h>

#include "base/ascii.h"
#include "config/option_take.h"
#include "config/when.h"
#include "mail/date.h"

/* The options, and those that can be given once. */
static const struct {
	const char *option;
	enum made what;
	bool once;
} rows[] = {
	{ "subject", MADE_SUBJECT, true },
	{ "body", MADE_BODY, true },
	{ "body-file", MADE_BODY_FILE, true },
	{ "html-file", MADE_HTML_FILE, true },
	{ "attach", MADE_ATTACH, false },
	{ "inline", MADE_INLINE, false },
	{ "to", MADE_TO, false },
	{ "cc", MADE_CC, false },
	{ "bcc", MADE_BCC, false },
	{ "reply-to", MADE_REPLY_TO, true },
	{ "date", MADE_DATE, true },
	{ "header", MADE_HEADER, false },
	{ "test-message", MADE_TEST, true },
};

/* Fields that other options make, or that follow from what is in it. */
static const struct {
	const char *name, *instead;
} fields[] = {
	{ "To", "--to" },
	{ "Cc", "--cc" },
	{ "Bcc", "--bcc" },
	{ "Subject", "--subject" },
	{ "Date", "--date" },
	{ "Reply-To", "--reply-to" },
	{ "MIME-Version", NULL },
	{ "Content-Type", NULL },
	{ "Content-Transfer-Encoding", NULL },
	{ "Content-Disposition", NULL },
};

const char *
make_find(const struct make_settings *m, enum made what)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->word[i].what == what)
			return m->word[i].text ? m->word[i].text : "";
	return NULL;
}

bool
make_has_recipients(const struct make_settings *m)
{
	return make_find(m, MADE_TO) || make_find(m, MADE_CC) ||
	    make_find(m, MADE_BCC);
}

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

static bool
check_header(struct option_call *c, const char *value)
{
	struct slice rest = slice_of(value), name;

	if (strchr(value, ':') == NULL || !slice_cut(&rest, ':', &name) ||
	    !is_name(name))
		return option_reject(c, value,
		    "a line of a header is wanted: "
		    "'X-Name: value'");
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!slice_eq_nocase(name, slice_of(fields[i].name)))
			continue;
		if (fields[i].instead)
			return option_reject(c, value,
			    "%s makes %s:", fields[i].instead, fields[i].name);
		return option_reject(c, value,
		    "%s: follows from what the "
		    "message is made of",
		    fields[i].name);
	}
	return true;
}

static bool
check_date(struct option_call *c, const char *value)
{
	int64_t at;

	return when_parse(value, 0, &at) || date_is_5322(slice_of(value)) ||
	    option_reject(c, value,
		"a date is wanted: 2027-01-31T08:00, or "
		"'Sun, 31 Jan 2027 08:00:00 +0100'");
}

/* What becomes a line of the header is one. */
static bool
check_line(struct option_call *c, const char *value)
{
	return value[strcspn(value, "\r\n")] == '\0' ||
	    option_reject(c, value,
		"it has a line end in it, and a line of "
		"a header ends there");
}

static bool
check(struct option_call *c, enum made what, const char *value)
{
	if (what <= MADE_HEADER && !check_line(c, value))
		return false;
	if (what == MADE_HEADER)
		return check_header(c, value);
	return what != MADE_DATE || check_date(c, value);
}

bool
take_made(struct option_call *c, const char *value)
{
	struct make_settings *m = &c->settings->make;
	size_t i = 0;

	while (strcmp(rows[i].option, c->option->name) != 0)
		i++;
	if (value && !check(c, rows[i].what, value))
		return false;
	if (rows[i].once && make_find(m, rows[i].what))
		return option_reject(c, value ? value : "",
		    "it can be given once");
	if (m->n == SETTINGS_MADE)
		return option_reject(c, value ? value : "",
		    "there are more than %d such options", SETTINGS_MADE);
	m->word[m->n++] = (struct made_word){ rows[i].what, value };
	return true;
}
