/* SPDX-License-Identifier: ISC */
/*
 * session_life.c - a session's beginning and end, what it is given between
 * them, and what it tells of itself.
 */
#include "smtp/session_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "smtp/command.h"

static void
set_tls(struct session *s, const char *version)
{
	snprintf(s->tls, sizeof s->tls, "%s", version);
}

/* RFC 5321 4.1.4: a client without a name says its address. */
static void
put_name(struct buf *out, const struct session_config *config)
{
	struct ip local = ip_unmap(&config->local);

	if (config->helo)
		buf_puts(out, config->helo);
	else if (local.version != 0)
		ip_literal_put(out, &local);
	else
		buf_puts(out, "[127.0.0.1]");
}

static struct session *
make(const struct session_config *config, struct events *events, unsigned lane)
{
	struct session *s = mem_alloc(sizeof *s);

	s->config = config;
	s->events = events;
	s->lane = lane;
	s->ring = WINDOW + 1;
	s->owed = mem_resize(NULL, s->ring, sizeof *s->owed);
	put_name(&s->name, config);
	return s;
}

struct session *
session_new(const struct session_config *config, struct events *events,
    unsigned lane)
{
	struct session *s = make(config, events, lane);

	s->next = GREETING;
	session_fill(s);
	return s;
}

/* --quit-after: as far as a step of the module's, we are already. */
static void
reached_relay(struct session *s)
{
	struct outcome o = outcome_make(VERIFIED, s->config->quit_after,
	    ESC(0, 0, 0), "the relay has let us in");

	if (s->config->quit_after == STAGE_TLS && s->tls[0] == '\0')
		o = outcome_make(DEFERRED, STAGE_TLS, ESC(4, 7, 4),
		    "there is no TLS with this relay");
	else if (s->config->quit_after == STAGE_AUTH && !s->config->logged_in)
		o = outcome_make(DEFERRED, STAGE_CONFIG, ESC(4, 3, 5),
		    "no login was made: this relay is configured without one");
	session_stops_after(s, s->config->quit_after, &o);
	session_quit(s);
}

struct session *
session_resume(const struct session_config *config, struct events *events,
    unsigned lane, struct slice ehlo, const char *tls)
{
	struct session *s = make(config, events, lane);

	caps_parse(&s->caps, ehlo);
	set_tls(s, tls);
	s->next = NOTHING;
	s->need = SESSION_MAIL;
	if (config->quit_after != STAGE_NONE &&
	    config->quit_after < STAGE_MAIL)
		reached_relay(s);
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;
	reply_parser_free(&s->in);
	buf_free(&s->name);
	buf_free(&s->peer_name);
	buf_free(&s->no_tls);
	buf_free(&s->out);
	buf_free(&s->shown);
	recode_free(s->recode);
	buf_free(&s->coded);
	free(s->owed);
	free(s->fate);
	free(s);
}

size_t
session_rcpt_limit(const struct session *s)
{
	return s->limit;
}

enum session_need
session_need(const struct session *s)
{
	return s->need;
}

bool
session_bdat_is_broken(const struct session *s)
{
	return s->bdat_broken;
}

size_t
session_mails(const struct session *s)
{
	return s->begun;
}

bool
session_is_stale(const struct session *s)
{
	return s->end.verdict == DEFERRED && !s->end.maybe_sent &&
	    s->mails > 0 && !s->heard;
}

bool
session_has_cut_off(const struct session *s)
{
	return s->cut_off;
}

const struct caps *
session_caps(const struct session *s)
{
	return &s->caps;
}

struct slice
session_peer_name(const struct session *s)
{
	return buf_slice(&s->peer_name);
}

struct slice
session_lacks_tls(const struct session *s)
{
	return buf_slice(&s->no_tls);
}

/* LMTP owes a reply per recipient, so the ring must hold them all. */
static void
make_room(struct session *s, size_t rcpts)
{
	s->left = rcpts;
	s->fate = mem_resize(s->fate, rcpts, sizeof *s->fate);
	for (size_t i = 0; i < rcpts; i++)
		s->fate[i] = UNSENT;
	if (s->ring > rcpts)
		return;
	assert(s->nowed == 0);
	s->ring = size_add(rcpts, WINDOW);
	s->owed = mem_resize(s->owed, s->ring, sizeof *s->owed);
	s->head = 0;
}

void
session_mail(struct session *s, const struct mail *mail)
{
	struct outcome why;

	assert(s->need == SESSION_MAIL && mail->n > 0);
	make_room(s, mail->n);
	s->mail = *mail;
	s->rcpt = s->accepted = s->refused = s->fit = 0;
	s->mixed = s->heard = false;
	s->commit = s->text = 0;
	if (!command_fits(&s->caps, &s->mail, &why)) {
		session_settle(s, &why);
		session_rest(s);
		return;
	}
	s->need = SESSION_IO;
	s->next = s->dirty ? RSET : MAIL;
	session_fill(s);
}

void
session_quit(struct session *s)
{
	assert(s->need == SESSION_MAIL);
	s->need = SESSION_IO;
	s->next = QUIT;
	session_fill(s);
}

/* That far and no further; before a greeting there is nobody to say it to. */
static void
reached_tls(struct session *s)
{
	struct outcome o = outcome_make(VERIFIED, STAGE_TLS, ESC(0, 0, 0),
	    "%s", s->tls);

	if (s->need != SESSION_TLS) {
		session_finish(s, &o);
		return;
	}
	session_stops_after(s, STAGE_TLS, &o);
	s->need = SESSION_IO;
	s->next = QUIT;
	session_fill(s);
}

void
session_secured(struct session *s, const char *version)
{
	set_tls(s, version);
	if (s->config->quit_after == STAGE_TLS) {
		reached_tls(s);
		return;
	}
	if (s->need != SESSION_TLS)
		return; /* TLS from the start: the greeting is still owed */
	s->caps = (struct caps){ 0 };
	s->need = SESSION_IO;
	s->next = session_hello(s);
	session_fill(s);
}

unsigned
session_phase(const struct session *s)
{
	return s->phase;
}

const struct outcome *
session_end(const struct session *s)
{
	return &s->end;
}
