/* SPDX-License-Identifier: ISC */
/* receive.c - see receive.h */
#include "cli/receive.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "net/module.h"
#include "net/self.h"
#include "serve/sink.h"

static void
refuse(const struct settings *s, const char *reply)
{
	struct buf shown = { 0 };

	text_escape(&shown, slice_of(reply));
	fprintf(stderr, "%s: --sink-reply '%s': VERB=CODE [text], VERB=drop, "
		"VERB=stall or EHLO=-KEYWORD is wanted, as RCPT=450 or "
		".=drop\n", s->program, buf_str(&shown));
	buf_free(&shown);
}

static bool
read_faults(const struct settings *s, struct server_fault *fault)
{
	for (size_t i = 0; i < s->sink.nreplies; i++) {
		if (server_fault_parse(slice_of(s->sink.reply[i]), &fault[i]))
			continue;
		refuse(s, s->sink.reply[i]);
		return false;
	}
	return true;
}

static void
free_faults(struct server_fault *fault, size_t n)
{
	for (size_t i = 0; i < n; i++)
		server_fault_free(&fault[i]);
}

/*
 * It is opened at once, since a program may be replaced while it serves.  In
 * clear it can do without.
 */
static int
open_module(const struct settings *s, struct server_config *server)
{
	struct outcome why;

	if (net_module_open(&why))
		return EX_OK;
	fprintf(stderr, "%s: %s%s\n", s->program, why.text,
	    server->starttls ? "; STARTTLS is not offered" : "");
	server->starttls = false;
	return server->implicit_tls ? outcome_exit(&why) : EX_OK;
}

int
receive_run(const struct settings *s)
{
	struct server_fault fault[SETTINGS_REPLIES_MAX] = { 0 };
	struct self self;
	struct sink_config c = {
		.at = s->sink.at,
		.dir = s->sink.dir,
		.mbox = s->sink.mbox,
		.count = s->sink.count,
		.verbose = s->show.verbose > 0,
		.server = {
			.starttls = !s->sink.tls,
			.implicit_tls = s->sink.tls,
			.lmtp = s->sink.lmtp,
			.fault = fault,
			.nfaults = s->sink.nreplies,
		},
	};
	int status = open_module(s, &c.server);

	if (status != EX_OK)
		return status;
	status = EX_USAGE;
	self_init(&self);
	c.server.name = s->sink.name ? s->sink.name :
	    self.host[0] ? self.host : self.domain;
	if (read_faults(s, fault))
		status = sink_run(&c);
	free_faults(fault, s->sink.nreplies);
	return status;
}
