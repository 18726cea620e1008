/* SPDX-License-Identifier: ISC */
/* queue_words.c - see queue_words.h */
#include "cli/queue_words.h"

#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "config/option_take.h"

/* The words that are read, one after the other. */
struct reader {
	struct queue_words *w;
	const struct settings *s;
	struct buf *says;
	size_t at;
};

static int
refuse(struct reader *r, const char *word, const char *why)
{
	buf_putf(r->says, "%s: ", r->s->program);
	text_escape(r->says, slice_of(word));
	buf_putf(r->says, ": %s\n", why);
	return EX_USAGE;
}

/* The value of --name=value or --name value; NULL when there is none. */
static const char *
value_of(struct reader *r, const char *word)
{
	const char *at = strchr(word, '=');

	if (at)
		return at + 1;
	return r->at < r->s->nrcpts ? r->s->rcpt[r->at++] : NULL;
}

static bool
is_option(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 &&
	    (word[n] == '\0' || word[n] == '=');
}

static int
take_pattern(struct reader *r, const char *word, struct slice *to)
{
	const char *value = value_of(r, word);

	if (!value || !value[0])
		return refuse(r, word, "a pattern is wanted: '*@example.org'");
	*to = slice_of(value);
	return 0;
}

static int
take_rcpt(struct reader *r, const char *word)
{
	return take_pattern(r, word, &r->w->request.rcpt);
}

static int
take_from(struct reader *r, const char *word)
{
	return take_pattern(r, word, &r->w->request.from);
}

static int
take_host(struct reader *r, const char *word)
{
	return take_pattern(r, word, &r->w->request.host);
}

static int
take_age(struct reader *r, const char *word)
{
	const char *value = value_of(r, word);

	if (!value || !duration_parse(value, 1, &r->w->warn_age))
		return refuse(r, word, "a time is wanted: 30m, 4h, 1d");
	return 0;
}

static int
take_json(struct reader *r, const char *word)
{
	(void)word;
	r->w->style = QUEUE_JSON;
	return 0;
}

static int
take_metrics(struct reader *r, const char *word)
{
	(void)word;
	r->w->style = QUEUE_METRICS;
	return 0;
}

/* With two dashes; scripts/lint-options reads them here. */
static const struct {
	const char *name;
	int (*take)(struct reader *r, const char *word);
} options[] = {
	{ "rcpt", take_rcpt },
	{ "from", take_from },
	{ "host", take_host },
	{ "json", take_json },
	{ "openmetrics", take_metrics },
	{ "warn-age", take_age },
};

/* -Ac, -Am and -v are sendmail's, and change nothing. */
static int
take_option(struct reader *r, const char *word)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (word[1] == '-' && is_option(word + 2, options[i].name))
			return options[i].take(r, word);
	if (strncmp(word, "-A", 2) == 0 || strcmp(word, "-v") == 0)
		return 0;
	return refuse(r, word, "there is no such option; --json, --rcpt, "
	    "--from and --host are known");
}

static int
take_word(struct reader *r, const char *word)
{
	struct request *q = &r->w->request;

	if (word[0] == '-' && word[1])
		return take_option(r, word);
	if (q->verb == VERB_EDIT && q->nids == 1) {
		*(q->old.n > 0 ? &q->new : &q->old) = slice_of(word);
		return 0;
	}
	if (strcmp(word, "ALL") == 0)
		q->all = true;
	else
		request_add(q, slice_of(word));
	return 0;
}

/* The verb as people write it. */
static bool
take_verb(struct queue_words *w, struct slice name)
{
	if (slice_eq(name, SLICE("export")))
		w->job = QUEUE_EXPORT;
	else if (slice_eq(name, SLICE("import")))
		w->job = QUEUE_IMPORT;
	else if (slice_eq(name, SLICE("edit-rcpt")))
		w->request.verb = VERB_EDIT;
	else
		w->request.verb = verb_find(name);
	if (w->job != QUEUE_ASK)
		w->request.verb = VERB_LIST;
	return w->request.verb != VERB_NONE;
}

static int
check_edit(struct reader *r)
{
	const struct request *q = &r->w->request;

	if (q->verb == VERB_EDIT && (q->nids != 1 || q->new.n == 0))
		return refuse(r, "edit-rcpt", "an id, the recipient and the "
		    "new one are wanted");
	return 0;
}

/* What would change all by omission must be asked for. */
static int
check_choice(struct reader *r)
{
	const struct request *q = &r->w->request;

	if (r->w->job != QUEUE_ASK && request_filters(q))
		return refuse(r, r->s->enqueue.verb, "takes ids, no patterns");
	if (q->all && q->nids > 0)
		return refuse(r, "ALL", "not together with ids");
	if (verb_wants_some(q->verb) && !q->all && q->nids == 0 &&
	    !request_filters(q))
		return refuse(r, verb_name(q->verb), "which messages? ids, "
		    "--rcpt, --from or --host, or ALL");
	if (r->w->style == QUEUE_METRICS && q->verb != VERB_STATUS)
		return refuse(r, "--openmetrics", "only status has this form");
	return check_edit(r);
}

int
queue_words_read(struct queue_words *w, const struct settings *s,
    struct buf *says)
{
	struct reader r = { .w = w, .s = s, .says = says };
	const char *verb = s->enqueue.verb ? s->enqueue.verb : "list";
	int status = 0;

	*w = (struct queue_words){ 0 };
	if (s->show.json)
		w->style = QUEUE_JSON;
	if (s->mode == MODE_QUEUE_COUNT)
		verb = "count";
	else if (s->mode == MODE_HOST_STATUS)
		verb = "sites";
	else if (s->mode == MODE_HOST_PURGE)
		verb = "forget";
	if (!take_verb(w, slice_of(verb)))
		return refuse(&r, verb, "there is no such verb; list, why, "
		    "show, hold, release, rm, now, edit-rcpt, bounce, flush, "
		    "status, count, sites, export and import are known");
	while (status == 0 && s->mode == MODE_QUEUE_DESK && r.at < s->nrcpts)
		status = take_word(&r, s->rcpt[r.at++]);
	return status ? status : check_choice(&r);
}
