/* SPDX-License-Identifier: ISC */
/*
 * dsn_reason.c - what a status means, for who wrote the message.
 *
 * Each sentence is true wherever it is printed: what a server said is called
 * that, and what we found is not.  Advice is for who cannot change a mail
 * system, and says whom to ask.
 */
#include "mail/dsn_impl.h"

enum { ANY = 0xffff };

enum who { SAID, FOUND };

struct row {
	enum who who;
	unsigned short subject, detail;
	struct dsn_reason reason;
};

#define TYPO "Look for a typing error in the address, or ask the recipient " \
	"in another way."
#define SMALLER "Send less at once, or put large files where the recipient " \
	"can fetch them."
#define THEIRS "The postmaster of the recipient's mail system knows why. " \
	"Show this report there, or reach the recipient in another way."
#define OURS "Show this report to the administrator of the mail system that " \
	"you send from."
#define AGAIN "Reach the recipient in another way, or send it again later."

static const struct row rows[] = {
	{ SAID, 1, 1, { "The server says that there is no such mailbox.",
	    TYPO } },
	{ SAID, 1, 0, { "The server says that something is wrong with the "
	    "address.", TYPO } },
	{ SAID, 1, 2, { "The server says that it cannot reach the domain of "
	    "the address.", TYPO } },
	{ SAID, 1, 3, { "The server says that the address is not well formed.",
	    TYPO } },
	{ SAID, 1, 4, { "The server says that the address is ambiguous.",
	    TYPO } },
	{ SAID, 1, 6, { "The server says that the mailbox has moved.",
	    "Ask the recipient for the new address." } },
	{ SAID, 1, 7, { "The server does not accept your address as that of a "
	    "sender.", OURS } },
	{ SAID, 1, 8, { "The server does not accept your address as that of a "
	    "sender.", OURS } },
	{ SAID, 1, 10, { "The server says that the domain of the address takes "
	    "no mail.", TYPO } },
	{ SAID, 2, 1, { "The server says that the mailbox is not in use now.",
	    AGAIN } },
	{ SAID, 2, 2, { "The server says that the mailbox is full.", AGAIN } },
	{ SAID, 2, 3, { "The server says that the message is too long.",
	    SMALLER } },
	{ SAID, 3, 4, { "The server says that the message is too long.",
	    SMALLER } },
	{ SAID, 4, 6, { "The server says that the message goes round in a "
	    "circle.", THEIRS } },
	{ SAID, 6, 7, { "The server says that it takes no other letters "
	    "than English ones in addresses.", THEIRS } },
	{ SAID, 6, ANY, { "The server says that it does not take this kind of "
	    "message.", THEIRS } },
	{ SAID, 7, 2, { "The server says that you may not send to this list.",
	    THEIRS } },
	{ SAID, 7, ANY, { "The server refused it by its own rules.",
	    THEIRS } },
	{ SAID, ANY, ANY, { "The server refused it.", THEIRS } },

	{ FOUND, 1, 1, { "This mail system has no such user.", TYPO } },
	{ FOUND, 1, 2,
	    { "There is no such domain, or it cannot take mail.", TYPO } },
	{ FOUND, 1, 3, { "The address cannot be used.", TYPO } },
	{ FOUND, 1, 10, { "The domain of the address takes no mail.", TYPO } },
	{ FOUND, 2, 2, { "The mailbox is full.", AGAIN } },
	{ FOUND, 2, ANY, { "It cannot be put into the mailbox.", OURS } },
	{ FOUND, 3, 4, { "The message is too long.", SMALLER } },
	{ FOUND, 3, 5, { "The mail system here is set up so that it cannot be "
	    "sent.", OURS } },
	{ FOUND, 4, 4, { "There is no way to the domain of the address.",
	    TYPO } },
	{ FOUND, 4, 6, { "The message goes round in a circle.", OURS } },
	{ FOUND, 6, 7,
	    { "The message or an address has other letters than "
	      "English ones, which the server does not take.",
		AGAIN } },
	{ FOUND, 6, ANY,
	    { "The message is in a form that cannot be sent "
	      "there.",
		OURS } },
	{ FOUND, 7, 1,
	    { "It was refused by a rule of this mail system.", OURS } },
	{ FOUND, 7, ANY,
	    { "It cannot be sent as safely as it must be.", OURS } },
	{ FOUND, ANY, ANY, { "It was given up here.", OURS } },
};

static bool
fits(const struct row *row, enum who who, struct esc esc)
{
	return row->who == who &&
	    (row->subject == ANY || row->subject == esc.subject) &&
	    (row->detail == ANY || row->detail == esc.detail);
}

struct dsn_reason
dsn_reason(const struct dsn *d, const struct dsn_recipient *r)
{
	enum who who = r->said->code != 0 ? SAID : FOUND;
	const struct row *row = rows;

	if (r->expired)
		return (struct dsn_reason){
			"It could not be delivered in all the time that it "
			"was tried.", AGAIN };
	if (d->action == DSN_DELAYED)
		return (struct dsn_reason){ "It could not be delivered yet.",
			NULL };
	if (d->action != DSN_FAILED)
		return (struct dsn_reason){ NULL, NULL };
	while (!fits(row, who, r->said->esc))
		row++;
	return row->reason;
}
