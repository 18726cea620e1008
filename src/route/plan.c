/* SPDX-License-Identifier: ISC */
/* plan.c - see plan.h */
#include "route/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/name.h"
#include "route/route_impl.h"

void
route_forget_questions(struct route *r)
{
	for (size_t i = 0; i < r->n; i++) {
		dns_answer_free(&r->asked[i].answer);
		free(r->asked[i].name);
	}
	free(r->asked);
	r->asked = NULL;
	r->n = r->nanswered = 0;
}

void
route_free(struct route *r)
{
	if (!r)
		return;
	route_forget_questions(r);
	targets_free(&r->targets);
	plan_free(&r->plan);
	free(r->name);
	free(r->canonical);
	route_free_sts(r);
	free(r);
}

/* Is it of interest whether what DNS says is signed? */
static bool
wants_signatures(const struct route *r)
{
	return route_wants_dane(r) || r->config->tls_floor > TLS_NONE;
}

void
route_ask(struct route *r, const char *name, enum dns_type type, bool named)
{
	struct asked *a;

	r->asked = mem_resize(r->asked, size_add(r->n, 1), sizeof *r->asked);
	a = &r->asked[r->n++];
	*a = (struct asked){ .name = mem_dup(slice_of(name)) };
	a->question = (struct dns_question){ .name = a->name, .type = type,
		.named = named, .validate = wants_signatures(r) };
}

void
route_ask_addresses(struct route *r, const char *name, bool named)
{
	if (!r->config->no_ipv4)
		route_ask(r, name, DNS_A, named);
	if (!r->config->no_ipv6)
		route_ask(r, name, DNS_AAAA, named);
}

/* The end: the targets found make the plan. */
static void
finish(struct route *r)
{
	route_forget_questions(r);
	targets_drop_own(&r->targets);
	if (route_ask_for_dane(r) || route_ask_for_policy(r))
		return;
	route_decide_dane(r);
	route_decide_sts(r);
	targets_make_plan(&r->targets, &r->plan);
	targets_free(&r->targets);
	r->round = ROUND_DONE;
}

void
route_end_policy(struct route *r)
{
	finish(r);
}

/* The end, before there are targets. */
void
route_finish_with(struct route *r, struct outcome why)
{
	route_forget_questions(r);
	r->plan.good_until = r->targets.good_until;
	plan_set_why(&r->plan, why);
	r->round = ROUND_DONE;
}

static void
hand_out(struct route *r, struct target *to, const struct asked *a)
{
	enum dns_type type = a->question.type;

	if (!a->answered)
		return;
	if (type != DNS_A && type != DNS_AAAA)
		route_take_dane(r, to, a);
	else if (strcmp(to->host.name, a->name) == 0)
		target_take(&r->targets, to, &a->answer);
}

/* This round's answers go to the targets that they are about. */
static void
hand_out_answers(struct route *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->targets.n; k++)
			hand_out(r, &r->targets.v[k], &r->asked[i]);
}

/* Begin the second round for targets without addresses; done without any. */
static void
ask_for_targets(struct route *r)
{
	route_forget_questions(r);
	r->round = ROUND_HOSTS;
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = &r->targets.v[i];

		if (!target_is_unknown(t))
			continue;
		if (dns_name_is_localhost(t->host.name))
			target_take_loopback(&r->targets, t);
		else {
			route_ask_addresses(r, t->host.name,
			    r->config->server != NULL);
			route_ask_tlsa(r, t);
		}
	}
	if (r->n == 0)
		finish(r);
}

/* RFC 7505 3: alone; one among others is ignored. */
static bool
is_null_mx(const struct dns_answer *mx)
{
	for (size_t i = 0; i < mx->n; i++)
		if (mx->mx[i].host[0] != '\0')
			return false;
	return true;
}

static void
domain_has_mx(struct route *r, const struct dns_answer *mx)
{
	if (is_null_mx(mx)) {
		route_finish_with(r, outcome_make(FAILED, STAGE_DNS,
		    ESC(5, 1, 10), "%s does not accept mail (null MX)",
		    r->plan.domain));
		return;
	}
	targets_add_mx(&r->targets, mx);
	hand_out_answers(r);
	ask_for_targets(r);
}

/* RFC 5321 5.1: the domain is its own MX. */
static void
domain_is_host(struct route *r)
{
	r->plan.how = "implicit MX";
	targets_add(&r->targets, r->name, 0);
	hand_out_answers(r);
	finish(r);
}

static void
domain_is_known(struct route *r)
{
	const struct dns_answer *mx = &r->asked[0].answer;

	targets_note(&r->targets, mx);
	route_keep_sts(r);
	r->secure = mx->secure;
	if (mx->canonical)
		r->canonical = mem_dup(slice_of(mx->canonical));
	switch (mx->status) {
	case DNS_FOUND:
		domain_has_mx(r, mx);
		break;
	case DNS_NODATA:
		domain_is_host(r);
		break;
	case DNS_NXDOMAIN:
		route_finish_with(r, outcome_make(FAILED, STAGE_DNS,
		    ESC(5, 1, 2), "%s: no such domain (%s)", r->plan.domain,
		    mx->why));
		break;
	case DNS_SOFT:
		route_finish_with(r, lookup_failed(r->plan.domain, mx));
		break;
	}
}

static void
end_round(struct route *r)
{
	switch (r->round) {
	case ROUND_DOMAIN:
		domain_is_known(r);
		break;
	case ROUND_RELAY:
	case ROUND_RELAY_HOSTS:
		route_end_relay_round(r);
		break;
	case ROUND_HOSTS:
	case ROUND_TLSA:
	case ROUND_POLICY:
	case ROUND_DONE:
		hand_out_answers(r);
		finish(r);
		break;
	}
}

/* Go to this address; nothing is asked. */
static void
go_to_ip(struct route *r, const struct ip *ip, const char *how)
{
	struct buf name = { 0 };
	struct target *t;

	ip_put(&name, ip);
	r->plan.how = how;
	t = targets_add(&r->targets, buf_str(&name), 0);
	target_take_ip(&r->targets, t, ip);
	if (target_is_unknown(t))
		target_set_problem(t, outcome_make(FAILED, STAGE_ROUTE,
		    ESC(5, 4, 4), "%s cannot be used", t->host.name));
	buf_free(&name);
	finish(r);
}

static void
start_literal(struct route *r)
{
	struct ip ip;

	if (ip_literal_parse(slice_of(r->plan.domain), &ip))
		go_to_ip(r, &ip, "address literal");
	else
		route_finish_with(r, outcome_make(FAILED, STAGE_ADDRESS,
		    ESC(5, 1, 3), "%s: not an address literal",
		    r->plan.domain));
}

/* A name whose addresses are asked for, and no MX. */
static void
go_to_host(struct route *r, const char *name, const char *how)
{
	r->plan.how = how;
	r->secure = true;
	targets_add(&r->targets, name, 0);
	ask_for_targets(r);
}

/* A path: there is nothing to find out. */
static void
go_to_socket(struct route *r, const char *path, const char *how)
{
	struct plan *p = &r->plan;

	p->how = how;
	p->host = mem_alloc(sizeof *p->host);
	p->address = mem_alloc(sizeof *p->address);
	p->host[0].name = mem_dup(slice_of(path));
	p->host[0].naddresses = 1;
	p->host[0].tls = p->tls;
	p->nhosts = p->naddresses = 1;
	r->round = ROUND_DONE;
}

static void
start_server(struct route *r)
{
	struct slice s = slice_of(r->config->server);
	const char *how = r->config->is_mailbox ? "[local] mailbox" : "server";
	char name[DNS_NAME_SIZE];
	struct ip ip;

	if (r->config->is_mailbox && s.p[0] == '/')
		go_to_socket(r, r->config->server, how);
	else if (ip_parse(s, &ip) || ip_literal_parse(s, &ip))
		go_to_ip(r, &ip, how);
	else if (dns_name_parse(s, name) && dns_name_is_host(name))
		go_to_host(r, name, how);
	else
		route_finish_with(r, outcome_make(FAILED, STAGE_ROUTE,
		    ESC(5, 1, 2), "server %s: not a host name",
		    r->config->server));
}

/* "u@10.0.0.1": that is a name's form, but an address. */
static struct outcome
not_a_domain(const char *domain)
{
	struct ip ip;

	if (ip_parse(slice_of(domain), &ip))
		return outcome_make(FAILED, STAGE_DNS, ESC(5, 1, 2),
		    "%s: not a domain name; an address is written [%s]",
		    domain, domain);
	return outcome_make(FAILED, STAGE_DNS, ESC(5, 1, 2),
	    "%s: not a domain name", domain);
}

static void
start_domain(struct route *r)
{
	struct slice domain = slice_of(r->plan.domain);
	char name[DNS_NAME_SIZE];

	if (!dns_name_parse(domain, name) || !dns_name_is_host(name)) {
		route_finish_with(r, not_a_domain(r->plan.domain));
		return;
	}
	if (dns_name_is_localhost(name)) {
		go_to_host(r, name, "localhost");
		return;
	}
	r->name = mem_dup(slice_of(name));
	route_ask(r, r->name, DNS_MX, false);
	route_ask_addresses(r, r->name, false);
	for (size_t i = 1; i < r->n; i++)
		r->asked[i].question.spare = true;
	route_ask_sts(r);
}

struct route *
route_new(const char *domain, const struct route_config *config)
{
	struct route *r = mem_alloc(sizeof *r);

	r->config = config;
	r->targets.config = config;
	r->targets.good_until = r->plan.good_until = INT64_MAX;
	r->plan.domain = mem_dup(slice_of(domain));
	r->plan.link = config->link;
	r->plan.is_mailbox = config->is_mailbox;
	route_set_tls(r);
	r->plan.how = "MX";
	if (config->relay)
		route_start_relay(r);
	else if (config->server)
		start_server(r);
	else if (domain[0] == '[')
		start_literal(r);
	else
		start_domain(r);
	return r;
}

static bool
has_mx_host(const struct dns_answer *mx, const char *name)
{
	for (size_t i = 0; i < mx->n; i++)
		if (strcmp(mx->mx[i].host, name) == 0)
			return true;
	return false;
}

/* The domain's own addresses count without MX records, or when it is one. */
static bool
mx_is_enough(const struct route *r)
{
	const struct asked *mx = &r->asked[0];

	if (r->round != ROUND_DOMAIN || !mx->answered ||
	    mx->answer.status == DNS_NODATA || route_awaits_sts(r))
		return false;
	return mx->answer.status != DNS_FOUND ||
	    !has_mx_host(&mx->answer, r->name);
}

size_t
route_questions(const struct route *r)
{
	return r->n;
}

const struct dns_question *
route_question(const struct route *r, size_t i)
{
	assert(i < r->n);
	return &r->asked[i].question;
}

bool
route_is_answered(const struct route *r, size_t i)
{
	assert(i < r->n);
	return r->asked[i].answered;
}

bool
route_answer(struct route *r, size_t i, const struct dns_answer *a)
{
	struct asked *to = &r->asked[i];

	assert(i < r->n && !to->answered);
	dns_answer_copy(&to->answer, a);
	to->answered = true;
	r->nanswered++;
	if (r->nanswered < r->n && !mx_is_enough(r) &&
	    !route_needs_no_tlsa(r))
		return false;
	end_round(r);
	return true;
}

bool
route_is_done(const struct route *r)
{
	return r->round == ROUND_DONE;
}

const struct plan *
route_plan(const struct route *r)
{
	return route_is_done(r) ? &r->plan : NULL;
}
