/* SPDX-License-Identifier: ISC */
/*
 * config_queue.c - the keys of [queue] and [local]: a table each has their
 * names, how they are read, where they go, and what they are when nobody says
 * anything.
 */
#include "config/config_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/pattern.h"
#include "config/idn.h"
#include "config/listen.h"
#include "config/option_find.h"
#include "config/option_take.h"
#include "local/mailbox_form.h"
#include "mail/address.h"

struct row;

/* A value being read; config is NULL for a default. */
struct reading {
	struct config *config;
	const struct row *row;
	const char *value;
	void *at;
	char *text;		/* room for what is wanted instead */
};

#define TEXT_SIZE 80

struct row {
	const char *name;
	/* Store the value; what is wanted instead, or NULL. */
	const char *(*read)(const struct reading *r);
	size_t at;            /* in the section's settings */
	const char *fallback; /* NULL = none */
	unsigned min, max;    /* of a number or a time */
};

static const char *
read_path(const struct reading *r)
{
	if (r->value[0] != '/')
		return "a path that begins with / is wanted";
	*(const char **)r->at = r->value;
	return NULL;
}

static const char *
read_time(const struct reading *r)
{
	unsigned seconds;

	if (!duration_parse(r->value, 1, &seconds) || seconds < r->row->min)
		return r->row->min > 1 ? "a time of at least a minute is "
		    "wanted, as 30m, 4h or 5d" :
		    "a time is wanted, as 30s, 10m, 4h or 5d";
	*(unsigned *)r->at = seconds;
	return NULL;
}

static const char *
read_warning(const struct reading *r)
{
	if (!slice_eq_nocase(slice_of(r->value), SLICE("never")))
		return read_time(r) ? "a time is wanted, as 4h, or never" :
		    NULL;
	*(unsigned *)r->at = 0;
	return NULL;
}

static const char *
read_listen(const struct reading *r)
{
	struct listen l;
	const char *wrong = listen_parse(r->value, &l);

	if (!wrong)
		*(const char **)r->at = r->value;
	return wrong;
}

static const char *
read_times(const struct reading *r)
{
	struct slice rest = slice_of(r->value), word;
	struct steps steps = { 0 };
	char text[32];

	while (slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (word.n >= sizeof text || steps.n == QUEUE_STEPS)
			return "at most 16 times are wanted, as 1m 10m 1h";
		memcpy(text, word.p, word.n);
		text[word.n] = '\0';
		if (!duration_parse(text, 1, &steps.v[steps.n]) ||
		    steps.v[steps.n++] == 0)
			return "times are wanted, as 1m 10m 1h";
	}
	*(struct steps *)r->at = steps;
	return NULL;
}

static const char *
read_number(const struct reading *r)
{
	uint64_t n;

	if (!slice_to_uint(slice_of(r->value), r->row->max, &n) ||
	    n < r->row->min) {
		snprintf(r->text, TEXT_SIZE, "a number from %u to %u is wanted",
		    r->row->min, r->row->max);
		return r->text;
	}
	*(unsigned *)r->at = (unsigned)n;
	return NULL;
}

static const char *
read_size(const struct reading *r)
{
	return size_parse(r->value, r->at) ? NULL :
	    "a size is wanted, as 500k, 50M or 2G";
}

static const char *
read_rate(const struct reading *r)
{
	return rate_parse(r->value, r->at) ? NULL : RATE_WANTED;
}

static const char *
read_switch(const struct reading *r)
{
	return yes_parse(r->value, r->at) ? NULL : "yes or no is wanted";
}

static const char *
read_address(const struct reading *r)
{
	const struct address_options options = { .idn = &config_idn };
	struct address a = { 0 };
	struct outcome why;

	if (!address_parse(slice_of(r->value), &options, &a, &why))
		return "an address is wanted, as me@example.org";
	if (a.path[0] != '\0')
		*(const char **)r->at = config_keep(r->config,
		    slice_of(a.path));
	address_free(&a);
	return *(const char **)r->at ? NULL :
	    "the null sender is nobody's address";
}

static const char *
read_contact(const struct reading *r)
{
	const struct address_options options = { .idn = &config_idn };
	struct address a = { 0 };
	struct outcome why;
	bool is_no = slice_eq_nocase(slice_of(r->value), SLICE("no"));
	bool ok = !is_no && address_parse(slice_of(r->value), &options, &a,
	    &why) && a.domain[0] != '\0' && a.domain[0] != '[' && !a.utf8;

	*(const char **)r->at = ok ? config_keep(r->config,
	    slice_of(a.path)) : NULL;
	address_free(&a);
	return ok || is_no ? NULL : "an address with a domain is wanted, as "
	    "tls-reports@example.org, or no";
}

static const char *
read_patterns(const struct reading *r)
{
	*(const char **)r->at = r->value;
	return pattern_list_fault(r->value);
}

/* Whoever is given mail by LMTP says himself what becomes of it. */
static const char *
command_fault(const struct reading *r)
{
	const struct local_settings *l =
	    (const void *)((const char *)r->at - r->row->at);

	return l->mailbox && mailbox_server_shown(l->mailbox) &&
		l->mailbox_command && l->mailbox_command[0] != '\0'
	    ? "mailbox-command does not go with mailbox = lmtp:..., one of "
	      "them is wanted"
	    : NULL;
}

static const char *
read_mailbox(const struct reading *r)
{
	const char *wrong = mailbox_fault(r->value);

	*(const char **)r->at = r->value;
	return wrong ? wrong : command_fault(r);
}

static const char *
read_command(const struct reading *r)
{
	*(const char **)r->at = r->value;
	return command_fault(r);
}

static const char *
read_delimiter(const struct reading *r)
{
	*(const char **)r->at = r->value;
	return strcmp(r->value, "none") == 0 ||
		(r->value[0] != '\0' && r->value[1] == '\0' &&
		    strchr("+-=_.", r->value[0]))
	    ? NULL
	    : "one of + - = _ . or none is wanted";
}

#define AT(field) offsetof(struct queue_settings, field)

static const struct row rows[] = {
	{ "path", read_path, AT(path), "/var/spool/smtpsend", 0, 0 },
	{ "run", read_path, AT(run), "/run/smtpsend", 0, 0 },
	{ "listen", read_listen, AT(listen), NULL, 0, 0 },
	{ "lifetime", read_time, AT(lifetime), "5d", 60, 0 },
	{ "bounce-lifetime", read_time, AT(bounce_lifetime), "2d", 60, 0 },
	{ "warn-after", read_warning, AT(warn_after), "4h", 1, 0 },
	{ "held-lifetime", read_time, AT(held_lifetime), "14d", 60, 0 },
	{ "retry", read_times, AT(retry), "1m 3m 10m 30m 60m", 0, 0 },
	{ "host-retry", read_times, AT(host_retry), "1m 2m 5m 15m 30m 60m",
	    0, 0 },
	{ "greylist-retry", read_time, AT(greylist_retry), "310s", 1, 0 },
	{ "max-lanes", read_number, AT(max_lanes), "100", 1, 10000 },
	{ "site-lanes", read_number, AT(site_lanes), "10", 1, 1000 },
	{ "site-lanes-start", read_number, AT(site_lanes_start), "2", 1, 1000 },
	{ "address-lanes", read_number, AT(address_lanes), "10", 1, 1000 },
	{ "mails-per-lane", read_number, AT(mails_per_lane), "100", 1, 100000 },
	{ "idle", read_time, AT(idle), "5s", 0, 0 },
	{ "rate", read_rate, AT(rate), NULL, 0, 0 },
	{ "recorders", read_number, AT(recorders), "16", 0, 64 },
	{ "reserve", read_size, AT(reserve), "64M", 0, 0 },
	{ "max-size", read_size, AT(max_size), NULL, 0, 0 },
	{ "postmaster", read_address, AT(postmaster), NULL, 0, 0 },
	{ "bounce-size", read_size, AT(bounce_size), "50k", 0, 0 },
	{ "bounces-per-minute", read_number, AT(bounces_per_minute), "20", 0,
	    10000 },
	{ "received", read_switch, AT(received), "yes", 0, 0 },
	{ "restrict-from", read_switch, AT(restrict_from), "no", 0, 0 },
	{ "uid-messages", read_number, AT(uid_messages), "5000", 1, 100000000 },
	{ "uid-size", read_size, AT(uid_size), "1G", 0, 0 },
	{ "uid-connections", read_number, AT(uid_connections), "20", 1, 10000 },
	{ "send-all-to", read_address, AT(send_all_to), NULL, 0, 0 },
	{ "bcc-all", read_address, AT(bcc_all), NULL, 0, 0 },
	{ "allow-recipients", read_patterns, AT(allow_recipients), NULL, 0, 0 },
	{ "metrics-file", read_path, AT(metrics_file), NULL, 0, 0 },
	{ "tls-reports", read_contact, AT(tls_reports), NULL, 0, 0 },
	{ "user-queue", read_switch, AT(user_queue), "no", 0, 0 },
};

#undef AT
#define AT(field) offsetof(struct local_settings, field)

static const struct row local_rows[] = {
	{ "deliver", read_switch, AT(deliver), "yes", 0, 0 },
	{ "local-domains", read_patterns, AT(domains), NULL, 0, 0 },
	{ "local-users-to", read_address, AT(users_to), NULL, 0, 0 },
	{ "mailbox", read_mailbox, AT(mailbox), "mbox:/var/mail", 0, 0 },
	{ "mailbox-command", read_command, AT(mailbox_command), NULL, 0, 0 },
	{ "aliases", read_path, AT(aliases), "/etc/aliases", 0, 0 },
	{ "alias-commands", read_switch, AT(alias_commands), "yes", 0, 0 },
	{ "alias-files", read_switch, AT(alias_files), "yes", 0, 0 },
	{ "alias-user", read_patterns, AT(alias_user), "nobody", 0, 0 },
	{ "forward", read_switch, AT(forward), "no", 0, 0 },
	{ "forward-commands", read_switch, AT(forward_commands), "yes", 0, 0 },
	{ "delimiter", read_delimiter, AT(delimiter), "+", 0, 0 },
	{ "command-timeout", read_time, AT(command_timeout), "10m", 1, 0 },
	{ "pipe-no-new-privs", read_switch, AT(pipe_no_new_privs), "no", 0, 0 },
};

/* A section and where its settings are. */
static const struct table {
	enum section_kind kind;
	const char *name;
	size_t at; /* in struct settings */
	const struct row *rows;
	size_t n;
} tables[] = {
	{ SECTION_QUEUE, "queue", offsetof(struct settings, queue), rows,
	    sizeof rows / sizeof rows[0] },
	{ SECTION_LOCAL, "local", offsetof(struct settings, local), local_rows,
	    sizeof local_rows / sizeof local_rows[0] },
};

static const struct table *
table_of(const struct config_section *s)
{
	return &tables[s->kind == SECTION_LOCAL];
}

static const char *
read_default(const struct row *row, void *settings)
{
	const struct reading r = { NULL, row, row->fallback,
		(char *)settings + row->at, NULL };

	return row->fallback ? row->read(&r) : NULL;
}

static void
read_defaults(const struct table *t, void *settings)
{
	const char *wrong;

	for (size_t i = 0; i < t->n; i++) {
		wrong = read_default(&t->rows[i], settings);
		assert(!wrong);
		(void)wrong;
	}
}

void
queue_settings_init(struct queue_settings *q)
{
	*q = (struct queue_settings){ 0 };
	read_defaults(&tables[0], q);
}

void
local_settings_init(struct local_settings *l)
{
	*l = (struct local_settings){ 0 };
	read_defaults(&tables[1], l);
}

static bool
refuse_key(struct config_text *t, const char *key)
{
	const struct table *table = table_of(t->section);
	struct nearest n = nearest_begin(slice_of(key));
	struct buf text = { 0 };

	for (size_t i = 0; i < table->n; i++)
		nearest_try(&n, table->rows[i].name);
	buf_putf(&text, "a [%s] section has no such key", table->name);
	if (n.name)
		buf_putf(&text, "; did you mean %s?", n.name);
	config_complain(t->says, t->file, t->line, key, buf_str(&text));
	buf_free(&text);
	return false;
}

bool
config_queue_key(struct config_text *t, const char *key, const char *value)
{
	const struct table *table = table_of(t->section);
	struct reading r = { .config = t->config, .value = value };
	char text[TEXT_SIZE];
	const char *wrong;

	for (size_t i = 0; i < table->n && !r.row; i++)
		if (strcmp(table->rows[i].name, key) == 0)
			r.row = &table->rows[i];
	if (!r.row)
		return refuse_key(t, key);
	r.at = (char *)t->settings + table->at + r.row->at;
	r.text = text;
	wrong = r.row->read(&r);
	return !wrong ||
	    config_complain(t->says, t->file, t->line, value, wrong);
}

static const struct config_item *
find_item(const struct config_section *s, const char *key)
{
	for (size_t i = s->nitems; i-- > 0;)
		if (strcmp(s->item[i].key, key) == 0)
			return &s->item[i];
	return NULL;
}

void
config_queue_put(const struct config_section *s, struct buf *out)
{
	const struct table *t = table_of(s);
	const struct config_item *item;

	buf_putf(out, "\n[%s]\n", t->name);
	for (size_t i = 0; i < t->n; i++) {
		const struct row *row = &t->rows[i];

		item = find_item(s, row->name);
		if (item)
			config_put_item(out, item);
		else if (row->fallback)
			buf_putf(out, "# default\n%s = %s\n", row->name,
			    row->fallback);
		else
			buf_putf(out, "# default: not set\n#%s =\n", row->name);
	}
}

bool
rate_parse(const char *value, struct rate *out)
{
	static const struct {
		const char *words;
		unsigned seconds;
	} units[] = {
		{ "s sec second", 1 },
		{ "m min minute", 60 },
		{ "h hour", 3600 },
		{ "d day", 86400 },
	};
	struct slice unit = slice_of(value), number, rest, word;
	uint64_t n;

	slice_cut(&unit, '/', &number);
	if (!slice_to_uint(slice_trim(number), 1000000, &n) || n == 0)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		rest = slice_of(units[i].words);
		while (slice_cut(&rest, ' ', &word)) {
			if (!slice_eq_nocase(slice_trim(unit), word))
				continue;
			*out = (struct rate){ (unsigned)n, units[i].seconds };
			return true;
		}
	}
	return false;
}
