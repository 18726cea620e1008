/* SPDX-License-Identifier: ISC */
/* command.c - see command.h */
#include "smtp/command.h"

#include <inttypes.h>

#include "base/codec.h"
#include "mail/recode.h"

static void
put_dsn(struct buf *out, const struct mail *mail)
{
	if (mail->ret != RET_UNSET)
		buf_putf(out, " RET=%s",
		    mail->ret == RET_FULL ? "FULL" : "HDRS");
	if (!mail->envid)
		return;
	buf_puts(out, " ENVID=");
	xtext_put(out, slice_of(mail->envid));
}

void
command_mail(struct buf *out, const struct caps *caps, const struct mail *mail)
{
	buf_putf(out, "MAIL FROM:<%s>", mail->from->path);
	if (caps->size && !mail->seven_bit && mail->message->size > 0)
		buf_putf(out, " SIZE=%" PRIu64, mail_size(mail));
	if (caps->eight_bit && !mail->seven_bit &&
	    (mail->message->eight_bit || mail->smtputf8))
		buf_puts(out, " BODY=8BITMIME");
	if (mail->smtputf8)
		buf_puts(out, " SMTPUTF8");
	if (mail->require_tls)
		buf_puts(out, " REQUIRETLS");
	if (caps->dsn)
		put_dsn(out, mail);
	if (mail->extras)
		extras_put(out, mail->extras, caps);
}

static void
put_notify(struct buf *out, unsigned notify)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
		{ NOTIFY_NEVER, "NEVER" },
		{ NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" },
		{ NOTIFY_DELAY, "DELAY" },
	};
	const char *sep = " NOTIFY=";

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!(notify & words[i].bit))
			continue;
		buf_putf(out, "%s%s", sep, words[i].word);
		sep = ",";
	}
}

/* "rfc822;bob@example.org": the type stays, the address is xtext. */
static void
put_orcpt(struct buf *out, struct slice orcpt)
{
	size_t colon = slice_find(orcpt, ';');

	buf_puts(out, " ORCPT=");
	buf_put(out, slice_first(orcpt, colon));
	buf_putc(out, ';');
	xtext_put(out, slice_from(orcpt, colon + 1));
}

/* What was written without a domain is what our own queue is told. */
static struct slice
path_of(const struct address *a, bool home)
{
	struct slice path = slice_of(a->path);
	size_t domain = slice_of(a->domain).n;

	return home && a->bare && path.n > domain + 1
	    ? slice_first(path, path.n - domain - 1)
	    : path;
}

void
command_rcpt(struct buf *out, const struct caps *caps,
    const struct recipient *rcpt, bool home)
{
	buf_puts(out, "RCPT TO:<");
	buf_put(out, path_of(&rcpt->to, home && caps->xsmtpsend));
	buf_putc(out, '>');
	if (!caps->dsn)
		return;
	put_notify(out, rcpt->notify);
	if (rcpt->orcpt)
		put_orcpt(out, slice_of(rcpt->orcpt));
}

/* Without SMTPUTF8 it cannot go: whose fault is it, for a person to mend? */
static bool
refuse_utf8(const struct mail *mail, struct outcome *why)
{
	const char *path = mail->from->path;

	if (mail->message->utf8_headers)
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 6, 7),
		    "the header field \"%s\" has letters that need SMTPUTF8, "
		    "which the server does not offer",
		    mail->message->utf8_field);
	for (size_t i = 0; i < mail->n; i++)
		if (mail->rcpt[i]->to.utf8)
			path = mail->rcpt[i]->to.path;
	return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 6, 7),
	    "the address %s needs SMTPUTF8, which the server does not offer",
	    path);
}

/* Only what needs it is sent with SMTPUTF8 (RFC 6531 3.4). */
static bool
needs_utf8(const struct mail *mail)
{
	bool need = mail->message->utf8_headers || mail->from->utf8;

	for (size_t i = 0; i < mail->n; i++)
		need = need || mail->rcpt[i]->to.utf8;
	return need;
}

void
mail_choose_form(struct mail *mail, const struct caps *caps)
{
	const struct message *m = mail->message;

	mail->smtputf8 = needs_utf8(mail);
	mail->seven_bit = m->recode && !m->recode_bar &&
	    (recode_is_forced(m) || !caps->eight_bit);
}

bool
command_fits(const struct caps *caps, const struct mail *mail,
    struct outcome *why)
{
	uint64_t size = mail_size(mail);

	if (mail->require_tls && !caps->require_tls)
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 7, 30),
		    "the message demands TLS all the way (REQUIRETLS), which "
		    "the server does not offer");
	if (mail->smtputf8 && !caps->smtputf8)
		return refuse_utf8(mail, why);
	if (mail->message->eight_bit && !caps->eight_bit &&
	    mail->message->recode_bar)
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 6, 3),
		    "the server does not offer 8BITMIME, and the message may "
		    "not be re-coded: %s", mail->message->recode_bar);
	if (caps->max_size != 0 && size > caps->max_size)
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 3, 4),
		    "the message has %" PRIu64 " octets, the server takes at "
		    "most %" PRIu64, size, caps->max_size);
	return !mail->extras || extras_fit(mail->extras, caps, why);
}
