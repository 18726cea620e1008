/* SPDX-License-Identifier: ISC */
/* server_verb.c - one handler per command of the server, and their table. */
#include "smtp/server_state.h"

#include "base/ascii.h"
#include "base/mem.h"

#define BAD_SEQUENCE "503 5.5.1 Bad sequence of commands"

static const struct {
	const char *keyword;
	unsigned offer;
} extensions[] = {
	{ "PIPELINING", OFFER_PIPELINING },
	{ "8BITMIME", OFFER_8BITMIME },
	{ "SMTPUTF8", OFFER_SMTPUTF8 },
	{ "CHUNKING", OFFER_CHUNKING },
	{ "DSN", OFFER_DSN },
	{ "ENHANCEDSTATUSCODES", OFFER_ENHANCED },
	{ "SIZE", OFFER_SIZE },
	{ "LIMITS", OFFER_LIMITS },
	{ "STARTTLS", OFFER_STARTTLS },
	{ "AUTH", OFFER_AUTH },
	{ "REQUIRETLS", OFFER_REQUIRETLS },
	{ "FUTURERELEASE", OFFER_FUTURERELEASE },
	{ "DELIVERBY", OFFER_DELIVERBY },
	{ "MT-PRIORITY", OFFER_MT_PRIORITY },
	{ "XSMTPSEND", OFFER_XSMTPSEND },
};

#define OFFERS_HANDIN (OFFER_REQUIRETLS | OFFER_FUTURERELEASE | \
	OFFER_DELIVERBY | OFFER_MT_PRIORITY | OFFER_XSMTPSEND)

/* Nothing but a handshake is taken yet. */
static bool
must_secure(const struct server *s)
{
	return s->config->needs_tls && !s->secure;
}

static bool
is_possible(const struct server *s, unsigned offer)
{
	if (offer == OFFER_STARTTLS)
		return s->config->starttls && !s->secure;
	if (offer == OFFER_AUTH)
		return s->config->auth && !must_secure(s);
	if (offer & OFFERS_HANDIN)
		return s->config->handin;
	return offer != OFFER_LIMITS || s->config->max_rcpts > 0;
}

/* What stands behind a keyword. */
static void
put_argument(const struct server *s, unsigned offer, struct buf *lines)
{
	if (offer == OFFER_SIZE)
		buf_putf(lines, " %llu",
		    (unsigned long long)s->config->max_size);
	if (offer == OFFER_LIMITS)
		buf_putf(lines, " RCPTMAX=%zu", s->config->max_rcpts);
	if (offer == OFFER_AUTH)
		server_put_mechanisms(s, lines);
	if (offer == OFFER_FUTURERELEASE)	/* as long as can be said */
		buf_puts(lines, " 999999999 9999-12-31T23:59:59Z");
}

/* Set what is offered, and append a line for each offer. */
static void
put_offers(struct server *s, struct slice verb, struct buf *lines)
{
	s->offers = 0;
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		unsigned offer = extensions[i].offer;
		struct slice keyword = slice_of(extensions[i].keyword);

		if (!is_possible(s, offer) ||
		    fault_hides(s->config, verb, keyword))
			continue;
		s->offers |= offer;
		buf_putc(lines, '\n');
		buf_put(lines, keyword);
		put_argument(s, offer, lines);
	}
}

static void
do_ehlo(struct server *s, struct slice arg)
{
	struct slice verb = s->config->lmtp ? SLICE("LHLO") : SLICE("EHLO");
	struct buf lines = { 0 };

	(void)arg;
	server_reset(s);
	s->hello = HELLO_EHLO;
	s->offers = 0;
	if (s->good) {
		server_accept(s, s->good);
		return;
	}
	buf_puts(&lines, s->config->name);
	put_offers(s, verb, &lines);
	server_reply_lines(s, "250", buf_slice(&lines));
	buf_free(&lines);
}

static void
do_helo(struct server *s, struct slice arg)
{
	struct buf b = { 0 };

	(void)arg;
	server_reset(s);
	s->hello = HELLO_HELO;
	s->offers = 0;
	buf_putf(&b, "250 %s", s->config->name);
	server_accept(s, buf_str(&b));
	buf_free(&b);
}

/*
 * Whatever was pipelined after STARTTLS was put there by somebody in between:
 * it must not be taken for something said under TLS.
 */
static void
do_starttls(struct server *s, struct slice arg)
{
	(void)arg;
	if (!s->config->starttls ||
	    fault_hides(s->config, SLICE("EHLO"), SLICE("STARTTLS"))) {
		server_refuse(s, "502 5.5.1 TLS is not offered here");
	} else if (s->secure || s->mail != MAIL_NONE) {
		server_refuse(s, BAD_SEQUENCE);
	} else if (s->rest.n > 0) {
		s->need = SERVER_CLOSE;
		server_reply(s, "421 4.7.0 Improper pipelining of STARTTLS");
	} else {
		s->need = SERVER_TLS;
		server_accept(s, "220 2.0.0 Ready to start TLS");
	}
}

/* Why there can be no mail now, or NULL. */
static const char *
mail_refusal(const struct server *s)
{
	if (s->mail != MAIL_NONE)
		return "503 5.5.1 Nested MAIL command";
	if (s->hello < HELLO_HELO)
		return "503 5.5.1 Say EHLO first";
	if (must_secure(s))
		return "530 5.7.0 Must issue a STARTTLS command first";
	if (s->config->login && !s->logged_in)
		return "530 5.7.0 Authentication required";
	return NULL;
}

static void
open_mail(struct server *s, const struct path_command *c)
{
	struct server_message *m = &s->msg;

	s->mail = MAIL_OPEN;
	s->utf8 = c->mail.utf8;
	buf_put(&m->from, c->path);
	buf_put(&m->from_params, c->params);
	params_parse_mail(buf_slice(&m->from_params), s->offers, &m->mail);
	m->mail.queue_only |= s->queue_only;
	if (s->config->asks_mail)
		s->need = SERVER_MAIL;
	else
		server_accept(s, "250 2.1.0 Ok");
}

static void
do_mail(struct server *s, struct slice arg)
{
	uint64_t max = s->config->max_size;
	struct path_command c;
	const char *refusal = mail_refusal(s);

	if (!refusal)
		refusal = command_parse_mail(arg, s->offers, &c);
	if (refusal)
		server_refuse(s, refusal);
	else if (max && c.mail.size > max)
		server_reply(s, "552 5.3.4 Message too big");
	else
		open_mail(s, &c);
}

static void
add_rcpt(struct server *s, const struct path_command *c)
{
	struct server_message *m = &s->msg;
	size_t n = m->nrcpts;
	struct server_rcpt *r;

	if ((n & (n - 1)) == 0)	/* grow at powers of two */
		m->rcpt = mem_resize(m->rcpt, n ? n * 2 : 1, sizeof *m->rcpt);
	r = &m->rcpt[n];
	*r = (struct server_rcpt){ 0 };
	buf_put(&r->to, c->path);
	buf_put(&r->params, c->params);
	params_parse_rcpt(buf_slice(&r->params), s->offers, &r->param);
	m->nrcpts++;
}

static void
do_rcpt(struct server *s, struct slice arg)
{
	size_t max = s->config->max_rcpts ? s->config->max_rcpts :
					    SERVER_RCPTS_LIMIT;
	struct path_command c;
	const char *refusal;

	if (s->mail != MAIL_OPEN) {
		server_refuse(s, "503 5.5.1 Need MAIL first");
		return;
	}
	refusal = command_parse_rcpt(arg, s->offers, s->utf8, &c);
	if (refusal) {
		server_refuse(s, refusal);
	} else if (s->msg.nrcpts >= max) {
		server_reply(s, "452 4.5.3 Too many recipients");
	} else {
		add_rcpt(s, &c);
		if (s->config->asks_rcpt)
			s->need = SERVER_RCPT;
		else
			server_accept(s, "250 2.1.5 Ok");
	}
}

static void
do_data(struct server *s, struct slice arg)
{
	(void)arg;
	if (s->mail != MAIL_OPEN) {
		server_refuse(s, BAD_SEQUENCE);
	} else if (s->msg.nrcpts == 0) {
		server_refuse(s, s->config->lmtp ?
		    "503 5.5.1 No valid recipients" :
		    "554 5.5.1 No valid recipients");
	} else {
		if (!s->good || s->good[0] == '3') {
			s->mail = MAIL_TEXT;
			s->phase = PHASE_DATA;
		}
		server_accept(s, "354 End data with <CR><LF>.<CR><LF>");
	}
}

/* Why no chunk can be taken now; NULL = it can. */
static const char *
chunk_refusal(const struct server *s)
{
	if (!(s->offers & OFFER_CHUNKING))
		return "502 5.5.1 CHUNKING is not offered here";
	if (s->mail == MAIL_NONE || s->mail == MAIL_BROKEN)
		return BAD_SEQUENCE;
	if (s->msg.nrcpts == 0)
		return "503 5.5.1 No valid recipients";
	return NULL;
}

/*
 * The octets of a chunk follow whatever we think of it, and are swallowed.
 * When not even their number is known, they cannot be told from commands.
 */
static void
do_bdat(struct server *s, struct slice arg)
{
	const char *refusal = command_parse_bdat(arg, &s->chunk, &s->last);

	if (refusal) {
		s->need = SERVER_CLOSE;
		server_reply(s, refusal);
		return;
	}
	refusal = chunk_refusal(s);
	if (refusal)
		s->bad = refusal;
	else if (s->mail == MAIL_OPEN)
		s->mail = MAIL_TEXT;
	s->phase = PHASE_CHUNK;
	server_read_chunk(s);
}

static void
do_rset(struct server *s, struct slice arg)
{
	(void)arg;
	server_reset(s);
	server_accept(s, "250 2.0.0 Ok");
}

static void
do_quit(struct server *s, struct slice arg)
{
	(void)arg;
	s->need = SERVER_CLOSE;
	if (s->bad)
		server_reply_lines(s, "", slice_of(s->bad));
	else
		server_accept(s, "221 2.0.0 Bye");
}

/* Between our own programs: QUEUEONLY for all mail from here on. */
static void
do_xsmtpsend(struct server *s, struct slice arg)
{
	s->queue_only |= slice_eq_nocase(arg, SLICE("QUEUEONLY"));
	if (slice_eq_nocase(arg, SLICE("QUEUEONLY")))
		server_accept(s, "250 2.0.0 Ok");
	else
		server_refuse(s, "501 5.5.4 Syntax error in parameters");
}

enum argument { ARG_ANY, ARG_NONE, ARG_NEED };

static const struct verb {
	const char *name;
	enum argument arg;
	/* Either a handler or one and the same reply. */
	void (*run)(struct server *s, struct slice arg);
	const char *reply;
	bool takes_bad;		/* the handler sends the fault's reply */
} verbs[] = {
	{ "EHLO", ARG_NEED, do_ehlo, NULL, false },
	{ "HELO", ARG_NEED, do_helo, NULL, false },
	{ "LHLO", ARG_NEED, do_ehlo, NULL, false },
	{ "STARTTLS", ARG_NONE, do_starttls, NULL, false },
	{ "AUTH", ARG_NEED, server_do_auth, NULL, false },
	{ "MAIL", ARG_NEED, do_mail, NULL, false },
	{ "RCPT", ARG_NEED, do_rcpt, NULL, false },
	{ "DATA", ARG_NONE, do_data, NULL, false },
	{ "BDAT", ARG_ANY, do_bdat, NULL, true },
	{ "RSET", ARG_NONE, do_rset, NULL, false },
	{ "NOOP", ARG_ANY, NULL, "250 2.0.0 Ok", false },
	{ "VRFY", ARG_NEED, NULL, "252 2.0.0 Cannot verify, will try", false },
	{ "EXPN", ARG_NEED, NULL, "502 5.5.1 Not implemented", false },
	{ "HELP", ARG_ANY, NULL, "214 2.0.0 See RFC 5321", false },
	{ "QUIT", ARG_NONE, do_quit, NULL, true },
	{ "XSMTPSEND", ARG_NEED, do_xsmtpsend, NULL, false },
	{ 0 },
};

/* LMTP knows no HELO and EHLO, SMTP no LHLO (RFC 2033 4.1); who hands in knows
 * a verb more. */
static const struct verb *
find_verb(const struct server *s, struct slice name)
{
	const struct verb *v = verbs;
	bool lmtp = slice_starts_nocase(name, SLICE("L"));

	if (slice_ends_nocase(name, SLICE("LO")) && lmtp != s->config->lmtp)
		return NULL;
	if (slice_starts_nocase(name, SLICE("X")) && !s->config->handin)
		return NULL;
	while (v->name && !slice_eq_nocase(name, slice_of(v->name)))
		v++;
	return v->name ? v : NULL;
}

/* True when the fault has dealt with the command. */
static bool
apply_fault(struct server *s, const struct verb *v, struct slice arg)
{
	const struct server_fault *f = fault_take(s->config, s->spent,
	    slice_of(v->name), command_path(arg));

	s->good = s->bad = NULL;
	if (!f)
		return false;
	if (f->kind != FAULT_REPLY) {
		s->need = f->kind == FAULT_DROP ? SERVER_CLOSE : SERVER_STALL;
		return true;
	}
	if (fault_is_positive(f->reply))
		s->good = f->reply;
	else
		s->bad = f->reply;
	if (s->bad && !v->takes_bad)
		server_reply_lines(s, "", slice_of(s->bad));
	return s->bad && !v->takes_bad;
}

void
server_command(struct server *s, struct slice line)
{
	struct slice name = slice_first(line, slice_find(line, ' '));
	struct slice arg = slice_trim(slice_from(line, name.n));
	const struct verb *v = find_verb(s, name);

	if (!v || ascii_has_control(line)) {
		server_refuse(s, "500 5.5.2 Command not recognized");
		return;
	}
	if (s->hello == HELLO_REFUSED && v->run != do_quit) {
		server_refuse(s, BAD_SEQUENCE);
		return;
	}
	if (apply_fault(s, v, arg))
		return;
	if ((v->arg == ARG_NONE && arg.n > 0) ||
	    (v->arg == ARG_NEED && arg.n == 0))
		server_refuse(s, "501 5.5.4 Syntax error in parameters");
	else if (v->run)
		v->run(s, arg);
	else
		server_accept(s, v->reply);
}
