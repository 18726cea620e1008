/* SPDX-License-Identifier: ISC */
/* exits.c - see exits.h; the numbers are those of swaks(1), EXIT CODES. */
#include "report/exits.h"

enum {
	SWAKS_LOCAL = 1, /* options, and what else is found before all */
	SWAKS_CONNECT = 2,
	SWAKS_CLOSED = 6,
	SWAKS_GREETING = 21,
	SWAKS_HELO,
	SWAKS_MAIL,
	SWAKS_RCPT,
	SWAKS_DATA,
	SWAKS_END,
	SWAKS_QUIT,
	SWAKS_AUTH,
	SWAKS_TLS,
	SWAKS_HELO_TLS = 32,
	SWAKS_XCLIENT,
	SWAKS_HELO_XCLIENT
};

static const unsigned char codes[NSTAGES] = {
	[STAGE_DNS] = SWAKS_CONNECT,
	[STAGE_ROUTE] = SWAKS_CONNECT,
	[STAGE_CONNECT] = SWAKS_CONNECT,
	[STAGE_TLS] = SWAKS_TLS,
	[STAGE_GREETING] = SWAKS_GREETING,
	[STAGE_EHLO] = SWAKS_HELO,
	[STAGE_HELO] = SWAKS_HELO,
	[STAGE_LHLO] = SWAKS_HELO,
	[STAGE_STARTTLS] = SWAKS_TLS,
	[STAGE_XCLIENT] = SWAKS_XCLIENT,
	[STAGE_AUTH] = SWAKS_AUTH,
	[STAGE_MAIL] = SWAKS_MAIL,
	[STAGE_RCPT] = SWAKS_RCPT,
	[STAGE_DATA] = SWAKS_DATA,
	[STAGE_BODY] = SWAKS_END,
	[STAGE_END] = SWAKS_END,
	[STAGE_RSET] = SWAKS_MAIL,
	[STAGE_QUIT] = SWAKS_QUIT,
};

static bool
is_good(const struct outcome *o)
{
	return o->verdict == DELIVERED || o->verdict == VERIFIED;
}

/* The connection was lost (4.4.2) in the middle, and nobody said why. */
static bool
is_closed(const struct outcome *o)
{
	return o->code == 0 && !o->late && o->stage >= STAGE_GREETING &&
	    o->esc.cls == 4 && o->esc.subject == 4 && o->esc.detail == 2;
}

int
exits_swaks(const struct outcome *o, bool smtps)
{
	int code = codes[o->stage];

	if (is_good(o))
		return 0;
	if (is_closed(o))
		return SWAKS_CLOSED;
	if (code == 0)
		return SWAKS_LOCAL;
	if (code != SWAKS_HELO)
		return code;
	if (o->posed)
		return SWAKS_HELO_XCLIENT;
	return o->tls[0] != '\0' && !smtps ? SWAKS_HELO_TLS : SWAKS_HELO;
}

int
exits_swaks_all(const struct outcome *failed, const struct envelope *e,
    bool smtps)
{
	struct outcome worst = { 0 }, o;
	bool taken = false, elsewhere = false;

	if (failed->verdict != PENDING)
		return exits_swaks(failed, smtps);
	for (size_t i = 0; i < e->n; i++) {
		o = recipient_outcome(&e->rcpts[i]);
		taken = taken || is_good(&o);
		elsewhere = elsewhere ||
		    (!is_good(&o) && o.stage != STAGE_RCPT);
		if (i == 0 || outcome_is_worse(&o, &worst))
			worst = o;
	}
	if (e->nbad > 0 || e->n == 0)
		return SWAKS_LOCAL;
	return taken && !elsewhere ? 0 : exits_swaks(&worst, smtps);
}
