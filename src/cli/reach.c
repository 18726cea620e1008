/* SPDX-License-Identifier: ISC */
/* reach.c - see reach.h */
#include "cli/reach.h"

#include "net/random.h"

void
reach_init(struct reach *r)
{
	*r = (struct reach){ 0 };
	self_init(&r->self);
}

void
reach_free(struct reach *r)
{
	self_free(&r->self);
	buf_free(&r->tls_why);
}

/* What a mail exchanger must not be called: see net/self.h. */
static void
name_ourselves(struct reach *r, const char *helo)
{
	const char *names[] = { "localhost", r->self.host, r->self.name, helo };
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i] && names[i][0] != '\0')
			r->own_names[n++] = names[i];
	r->own_names[n] = NULL;
}

static struct route_config
route_config(struct reach *r, const struct settings *s)
{
	const struct way *w = &s->way;
	struct route_config c = {
		.link = w->link,
		.server = w->server[0] ? w->server : NULL,
		.port = w->port,
		.tls = w->tls.level,
		.tls_why = buf_str(&r->tls_why),
		.no_ipv4 = s->route.only_ipv6,
		.no_ipv6 = s->route.only_ipv4,
		.allow_loopback_mx = s->route.allow_loopback_mx,
		.ask_for_relays = s->route.nresolvers > 0,
		.own_names = r->own_names,
		.max_addresses = s->route.max_addresses,
	};

	name_ourselves(r, w->helo);
	if (!c.server)
		self_read_addresses(&r->self);
	c.own_ips = r->self.ip;
	c.n_own_ips = r->self.n;
	random_draw(&c.seed, sizeof c.seed);
	return c;
}

static void
resolver_config(struct resolver_config *c, const struct route_settings *route)
{
	if (route->nresolvers == 0) {
		resolver_config_read(c, "/etc/resolv.conf");
		return;
	}
	for (size_t i = 0; i < route->nresolvers &&
	     c->n < RESOLVER_SERVERS; i++)
		c->server[c->n++] = route->resolver[i];
}

struct deliver_config
reach_config(struct reach *r, const struct settings *s)
{
	const struct way *w = &s->way;
	const struct tls_settings *tls = &w->tls;
	struct deliver_config c;

	given_put(&r->tls_why, &tls->given, "tls");
	c = (struct deliver_config){
		.route = route_config(r, s),
		.rules = s->route.rules,
		.dial = { .source = w->source, .timeout = s->route.timeout },
		.tls = { tls->ca, tls->cert, tls->key },
		.tls_name = tls->name,
		.helo = w->helo ? w->helo :
		    r->self.host[0] ? r->self.host : NULL,
		.max_sessions = s->route.max_sessions,
		.timeout = s->route.timeout,
	};
	resolver_config(&c.resolver, &s->route);
	if (s->route.timeout > 0)
		c.resolver.budget = s->route.timeout;
	return c;
}
