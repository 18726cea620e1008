/* SPDX-License-Identifier: ISC */
/*
 * options.c - the parser: words of the command line against the table.
 *
 * The grammar is getopt's in POSIX order with GNU long options: the first word
 * that is no option, or "--", ends them.
 */
#include "config/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/slice.h"
#include "config/option_clash.h"
#include "config/option_find.h"
#include "config/option_foreign.h"
#include "config/option_order.h"
#include "config/option_take.h"

/* The words, and how far we are. */
struct words {
	char *const *argv;
	size_t n, at;
};

static const struct {
	const char *program;
	enum personality personality;
	enum mode mode;
} names[] = {
	{ "sendmail", AS_SENDMAIL, MODE_DELIVER },
	{ "send-mail", AS_SENDMAIL, MODE_DELIVER },
	{ "mailq", AS_MAILQ, MODE_QUEUE_LIST },
	{ "newaliases", AS_NEWALIASES, MODE_ALIASES },
	{ "hoststat", AS_HOSTSTAT, MODE_HOST_STATUS },
	{ "purgestat", AS_PURGESTAT, MODE_HOST_PURGE },
	{ "rmail", AS_RMAIL, MODE_DELIVER },
	{ "runq", AS_RUNQ, MODE_QUEUE_RUN },
};

/* What the table says of options that are not given is read as they are. */
static void
take_fallbacks(struct settings *s)
{
	struct buf says = { 0 };
	struct option_call c = option_call(s, &says);

	for (size_t i = 0; (c.option = option_at(i)) != NULL; i++) {
		const char *value = c.option->fallback;

		if (value && value[0] && c.option->arg != ARG_NONE) {
			bool ok = c.option->take(&c, value);

			assert(ok);
			(void)ok;
		}
	}
	s->way.tls.given = (struct given){ 0 };
	buf_free(&says);
}

void
options_init(struct settings *s, const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *base = slash ? slash + 1 : argv0;

	*s = (struct settings){ .program = "smtpsend" };
	s->sink.at = (struct endpoint){
		.ip = { .version = 4, .b = { 127, 0, 0, 1 } }, .port = 2525
	};
	queue_settings_init(&s->queue);
	local_settings_init(&s->local);
	take_fallbacks(s);
	for (size_t i = 0; base && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(base, names[i].program) == 0) {
			s->program = names[i].program;
			s->personality = names[i].personality;
			s->mode = names[i].mode;
		}
}

/* Begin a line about a word of the command line. */
static void
say(struct option_call *c, const char *text, struct slice word)
{
	buf_putf(c->says, "%s: %s ", c->program, text);
	text_escape(c->says, slice_first(word, 200));
}

/*
 * An option that is none.  Its advice is about this word if it is one of other
 * programs' words, else about the option that was probably meant.
 */
static int
fail_unknown(struct option_call *c, struct slice word, const char *near)
{
	const char *advice = c->own ? foreign_advice(word) : NULL;

	say(c, "unknown option", word);
	if (advice)
		buf_putf(c->says, "; %s\n", advice);
	else if (near)
		buf_putf(c->says, "; did you mean --%s?", near);
	if (!advice)
		buf_puts(c->says, c->own ? " (smtpsend --help lists all)\n" :
					   "\n");
	return EX_USAGE;
}

/* The name of an option in a word: without a value, which may be a secret. */
static struct slice
name_of(const char *word)
{
	struct slice s = slice_of(word);

	return slice_first(s, slice_find(s, '='));
}

static void
put_meanings(struct option_call *c, struct slice word, struct slice name)
{
	const char *before = " may mean";
	const struct option *o;

	say(c, "option", word);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (o->name && slice_starts(slice_of(o->name), name)) {
			buf_putf(c->says, "%s --%s", before, o->name);
			before = ",";
		}
}

/*
 * With one dash it may also be a letter and its value, as sendmail and Postfix
 * read -fNAME.
 */
static void
put_letter(struct option_call *c, struct slice name)
{
	const struct option *o = option_by_letter(name.p[0], true);

	if (!o || o->arg != ARG_REQUIRED)
		return;
	buf_putf(c->says, "; or -%c ", name.p[0]);
	text_escape(c->says, slice_from(name, 1));
	buf_puts(c->says, ", with a space");
}

static const char *
peek(const struct words *w)
{
	return w->at < w->n ? w->argv[w->at] : NULL;
}

/*
 * The value of option o: glued to it, or the next word.  False when one is
 * needed and there is none.
 */
static bool
find_value(struct words *w, const struct option *o, const char *glued,
    const char **value)
{
	*value = glued;
	if (glued || o->arg == ARG_NONE || o->arg == ARG_GLUED)
		return true;
	if (o->arg == ARG_OPTIONAL && !option_is_value(peek(w)))
		return true;
	*value = peek(w);
	if (*value)
		w->at++;
	return *value != NULL;
}

static void
note_use(struct option_uses *uses, const struct option *o, const char *value)
{
	uses->v = mem_resize(uses->v, uses->n + 1, sizeof uses->v[0]);
	uses->v[uses->n++] = (struct option_use){ o, value };
}

/* Do what the option says; sendmail's names are deaf where it names a file. */
static int
run(struct option_call *c, struct words *w, const struct option *o,
    const char *glued)
{
	const char *value;

	c->option = o;
	if (!find_value(w, o, glued, &value)) {
		option_reject(c, NULL, "it needs a value: %s %s", c->shown,
		    o->arg_name);
		return EX_USAGE;
	}
	if (o->scope == SCOPE_DEAF && !c->own)
		return 0;
	if (c->uses)
		note_use(c->uses, o, value);
	option_begin(c);
	return o->take(c, value) ? 0 : EX_USAGE;
}

/* Say what such a word was meant as; 0 when it is no such word. */
static int
check_misread(struct option_call *c, const char *text)
{
	struct slice word = name_of(text);
	const struct option *o, *other;

	if (!option_is_misread(word))
		return 0;
	if (foreign_advice(word))
		return fail_unknown(c, word, NULL);
	o = option_by_name(slice_from(word, 1), &other);
	if (other) {
		put_meanings(c, word, slice_from(word, 1));
		put_letter(c, slice_from(word, 1));
		buf_putc(c->says, '\n');
		return EX_USAGE;
	}
	say(c, "unknown option", word);
	buf_putf(c->says, "; did you mean --%s, with two dashes?\n", o->name);
	return EX_USAGE;
}

static int
parse_long(struct option_call *c, struct words *w, const char *word)
{
	struct slice name = slice_from(slice_of(word), 2);
	size_t eq = slice_find(name, '=');
	const char *glued = eq < name.n ? name.p + eq + 1 : NULL;
	const struct option *o, *other;

	name = slice_first(name, eq);
	o = c->own ? option_by_name(name, &other) : NULL;
	if (!o)
		return fail_unknown(c, name_of(word),
		    c->own ? option_nearest(name) : NULL);
	if (other) {
		put_meanings(c, name_of(word), name);
		buf_putc(c->says, '\n');
		return EX_USAGE;
	}
	snprintf(c->shown, sizeof c->shown, "--%s", o->name);
	if (glued && o->arg == ARG_NONE) {
		option_reject(c, glued, "this option takes no value");
		return EX_USAGE;
	}
	return run(c, w, o, glued);
}

/* "-t", "-ti", "-fme@example.org": letters until one takes the rest. */
static int
parse_letters(struct option_call *c, struct words *w, const char *word)
{
	const struct option *o;
	const char *rest;
	int status = 0;

	for (const char *p = word + 1; *p && status == 0; p++) {
		snprintf(c->shown, sizeof c->shown, "-%c", *p);
		o = option_by_letter(*p, c->own);
		if (!o)
			return fail_unknown(c, slice_of(c->shown), NULL);
		rest = o->arg != ARG_NONE && p[1] ? p + 1 : NULL;
		status = run(c, w, o, rest);
		if (rest)
			break;
	}
	return status;
}

static int
parse_word(struct option_call *c, struct words *w, const char *word)
{
	int status = c->own ? check_misread(c, word) : 0;

	if (status != 0)
		return status;
	return word[1] == '-' ? parse_long(c, w, word) :
				parse_letters(c, w, word);
}

static bool
is_final(enum mode mode)
{
	return mode == MODE_HELP || mode == MODE_VERSION;
}

/* mailq's own words: "mailq --json", "mailq why ID". */
static bool
ends_mailq(const struct settings *s, const char *word)
{
	return s->personality == AS_MAILQ && word[1] == '-' && word[2] != '\0';
}

/* Read options up to the first recipient; the words after "--" are safe. */
static int
parse_options(struct option_call *c, struct words *w, bool *dashes)
{
	const char *word;
	int status = 0;

	*dashes = false;
	while (status == 0 && (word = peek(w)) != NULL && word[0] == '-' &&
	    word[1] != '\0' && c->settings->mode != MODE_HELP &&
	    c->settings->mode != MODE_QUEUE_DESK &&
	    !ends_mailq(c->settings, word)) {
		w->at++;
		if (strcmp(word, "--") == 0) {
			*dashes = true;
			break;
		}
		status = parse_word(c, w, word);
	}
	return status;
}

/* A word after a recipient that looks like an option, and is none. */
static int
fail_late(struct option_call *c, const struct words *w, const char *word)
{
	const char *unknown = option_order_unknown(w->argv, w->n, w->at);
	struct buf line = { 0 };

	say(c, "a recipient may not begin with '-':", name_of(word));
	buf_puts(c->says, "; options go before recipients, nothing was sent");
	if (c->own && option_order_put(&line, w->argv, w->n, w->at))
		buf_putf(c->says, "; in the right order:\n  %s",
		    buf_str(&line));
	buf_putc(c->says, '\n');
	if (c->own && unknown && check_misread(c, unknown) == 0 &&
	    foreign_advice(name_of(unknown)))
		fail_unknown(c, name_of(unknown), NULL);
	buf_free(&line);
	return EX_USAGE;
}

/* mailq with words is --queue VERB. */
static void
find_verb(struct settings *s, struct words *w)
{
	if (s->personality != AS_MAILQ || s->mode != MODE_QUEUE_LIST ||
	    !peek(w))
		return;
	s->mode = MODE_QUEUE_DESK;
	s->enqueue.verb = "list";
	if (peek(w)[0] != '-')
		s->enqueue.verb = w->argv[w->at++];
}

/* The first recipient ends the options: what looks like one is an error. */
static int
take_recipients(struct option_call *c, struct words *w, bool dashes)
{
	find_verb(c->settings, w);
	c->settings->rcpt = w->argv + w->at;
	c->settings->nrcpts = w->n - w->at;
	c->settings->rcpt_dashes = dashes;
	dashes = dashes || c->settings->mode == MODE_QUEUE_DESK;
	for (size_t i = w->at; i < w->n && !dashes; i++)
		if (w->argv[i][0] == '-')
			return fail_late(c, w, w->argv[i]);
	return 0;
}

int
options_read(int argc, char *const argv[], struct settings *s,
    struct option_uses *uses, struct buf *says)
{
	struct words w = { argv, argc > 0 ? (size_t)argc : 0, 1 };
	struct option_call c = option_call(s, says);
	bool dashes;
	int status;

	c.uses = uses;
	status = parse_options(&c, &w, &dashes);
	if (status == 0 && !is_final(s->mode))
		status = take_recipients(&c, &w, dashes);
	if (status == 0 && c.own && !is_final(s->mode) && option_clash(&c))
		status = EX_USAGE;
	settings_settle_mode(s);
	return status;
}

int
options_parse(int argc, char *const argv[], struct settings *out,
    struct buf *says)
{
	int status;

	options_init(out, argc > 0 ? argv[0] : NULL);
	status = options_read(argc, argv, out, NULL, says);
	return status ? status : settings_settle(out, says);
}
