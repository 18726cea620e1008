/* SPDX-License-Identifier: ISC */
/* rules.c - see rules.h */
#include "route/rules.h"

#include <stdio.h>

#include "base/pattern.h"
#include "base/slice.h"

/* Take the next word between blanks and tabs off *rest; false without one. */
static bool
next_word(struct slice *rest, struct slice *word)
{
	size_t n = 0;

	*rest = slice_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	*word = slice_first(*rest, n);
	*rest = slice_from(*rest, n);
	return n > 0;
}

static bool
any_matches(const char *patterns, const char *subject)
{
	struct slice rest = slice_of(patterns), word;

	while (next_word(&rest, &word))
		if (pattern_matches_slice(word, slice_of(subject)))
			return true;
	return false;
}

static const struct relay_spec *
find_relay(const struct rules *rules, struct slice name)
{
	for (size_t i = 0; i < rules->nrelays; i++)
		if (slice_eq(slice_of(rules->relay[i].name), name))
			return &rules->relay[i];
	return NULL;
}

/* Once each, RELAYS_MAX at most; NULL is no relay. */
static void
add_relay(struct choice *out, const struct relay_spec *relay)
{
	for (size_t i = 0; i < out->nrelays; i++)
		if (out->relay[i] == relay)
			return;
	if (relay && out->nrelays < RELAYS_MAX)
		out->relay[out->nrelays++] = relay;
}

static void
add_named(const struct rules *rules, const char *names, struct choice *out)
{
	struct slice rest = slice_of(names), name;

	while (next_word(&rest, &name))
		add_relay(out, find_relay(rules, name));
}

static const struct domain_rule *
find_rule(const struct rules *rules, const char *domain)
{
	for (size_t i = 0; i < rules->ndomains; i++)
		if (pattern_matches(rules->domain[i].pattern, domain))
			return &rules->domain[i];
	return NULL;
}

static void
choose_by_rule(const struct rules *rules, struct choice *out)
{
	snprintf(out->why, sizeof out->why, "[domain %s]", out->rule->pattern);
	if (!out->rule->direct && !out->rule->server)
		add_named(rules, out->rule->relay, out);
}

static void
choose_by_sender(const struct rules *rules, const char *sender,
    struct choice *out)
{
	for (size_t i = 0; i < rules->nrelays; i++)
		if (any_matches(rules->relay[i].from, sender))
			add_relay(out, &rules->relay[i]);
	if (out->nrelays > 0)
		snprintf(out->why, sizeof out->why, "from = %s",
		    out->relay[0]->from);
}

static void
choose_by_default(const struct rules *rules, struct choice *out)
{
	add_named(rules, rules->use, out);
	if (out->nrelays > 0)
		snprintf(out->why, sizeof out->why, "relay = %s", rules->use);
	else
		snprintf(out->why, sizeof out->why, "no relay is set");
}

static bool
says_where(const struct domain_rule *rule)
{
	return rule && (rule->direct || rule->server || rule->relay);
}

void
rules_choose(const struct rules *rules, const char *sender,
    const char *domain, struct choice *out)
{
	*out = (struct choice){ .rule = find_rule(rules, domain) };
	if (says_where(out->rule)) {
		choose_by_rule(rules, out);
		return;
	}
	choose_by_sender(rules, sender, out);
	if (out->nrelays == 0)
		choose_by_default(rules, out);
}
