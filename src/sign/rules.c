/* SPDX-License-Identifier: ISC */
/* rules.c - see rules.h */
#include "sign/rules.h"

#include "base/pattern.h"

/* A literal, [192.0.2.1], has no keys in DNS. */
static bool
is_for(const struct sign_rule *r, const char *domain)
{
	return domain[0] != '\0' && domain[0] != '[' &&
	    pattern_matches(r->pattern, domain);
}

const struct sign_rule *
sign_rules_choose(const struct sign_rules *rules, const char *from,
    const char *sender, const char **domain)
{
	const struct sign_rule *r = NULL;

	*domain = from;
	for (size_t i = 0; i < rules->n && !r; i++)
		if (is_for(&rules->v[i], from))
			r = &rules->v[i];
	for (size_t i = 0; i < rules->n && !r; i++)
		if (rules->v[i].by_sender && is_for(&rules->v[i], sender)) {
			r = &rules->v[i];
			*domain = sender;
		}
	if (r && r->domain)
		*domain = r->domain;
	return r;
}
