/* SPDX-License-Identifier: ISC */
/*
 * explained_rows.c - what refusals mean; see explained_rows.h
 *
 * A sentence says what the server means and, behind a colon or a semicolon,
 * what can be done.  It must be true of every reply that its row matches.
 */
#include "report/explained_rows.h"

#include <stddef.h>

const struct explained_text explained_texts[] = {
	/* Google */
	{ "sender is unauthenticated", NULL, "Gmail found neither a passing "
	    "SPF nor a passing DKIM for this sender: publish an SPF record "
	    "that names this server, or sign with DKIM" },
	{ "unauthenticated email from", "DMARC", "the domain in From: has a "
	    "DMARC policy of its own that this mail does not pass: send it by "
	    "the domain's own server, or let SPF or DKIM pass for it" },
	{ "IPv6 sending guidelines", NULL, "Gmail wants a PTR record and "
	    "passing SPF or DKIM from every IPv6 address: add them, or send "
	    "over IPv4 (-4)" },
	{ "likely unsolicited mail", NULL, "the content or the address of "
	    "this server looks like spam to the receiver: look at its "
	    "reputation, and at SPF, DKIM and DMARC of the sender" },
	{ "unusual rate of unsolicited mail", NULL, "too much of what came "
	    "from this address looked like spam lately, so it is slowed "
	    "down: send less, and find out what is sent" },
	{ "Application-specific password required", NULL, "the account has "
	    "2-step verification: make an app password and log in with it" },
	{ "log in via your web browser", NULL, "the provider wants the owner "
	    "to confirm the login in a browser first" },
	{ "Username and Password not accepted", NULL, "user or password is "
	    "wrong, or the account wants an app password or OAuth" },
	{ "account that you tried to reach is over quota", NULL, "the "
	    "recipient's mailbox is full: he must make room" },
	{ "account that you tried to reach does not exist", NULL, "there is "
	    "no such address there: look at its spelling" },
	{ "content presents a potential security issue", NULL, "an attachment "
	    "is of a kind that the receiver never takes, such as a program or "
	    "an archive with one: give it another way" },
	{ "Daily user sending limit exceeded", NULL, "this account has sent "
	    "as much as it may in a day: wait until tomorrow" },
	/* Microsoft */
	{ "authenticated to send", NULL, "the server takes mail to send only "
	    "after a login: log in first, or talk to the domain's MX" },
	{ "(S3140)", NULL, "Outlook has the network of this address on its "
	    "block list: ask for its removal at sender.office.com or "
	    "olcsupport.office.com" },
	{ "(S3150)", NULL, "Outlook has the network of this address on its "
	    "block list: ask for its removal at sender.office.com or "
	    "olcsupport.office.com" },
	{ "banned sending IP", NULL, "Microsoft has this address on its "
	    "block list: ask for its removal at sender.office.com" },
	{ "banned sender", NULL, "the receiving organisation or Microsoft has "
	    "this sender on a block list: only they can take it off" },
	{ "traffic not accepted from this IP", NULL, "Microsoft takes no mail "
	    "from this address: mostly a new or foreign tenant's; its support "
	    "can say why" },
	{ "sending from unregistered domains", NULL, "the tenant sends for a "
	    "domain that is not registered with it: add the domain there" },
	{ "tenant has exceeded threshold", NULL, "this Microsoft 365 tenant "
	    "has sent too much suspicious mail and is stopped: its "
	    "administrator must ask Microsoft" },
	{ "SmtpClientAuthentication is disabled", NULL, "SMTP logins are "
	    "switched off for this Microsoft 365 mailbox or tenant: its "
	    "administrator can switch them on" },
	{ "basic authentication is disabled", NULL, "passwords are not taken "
	    "there any more: log in with OAuth (XOAUTH2)" },
	{ "required authentication level", NULL, "the receiver wants SPF, "
	    "DKIM and DMARC to pass from senders of much mail: set up all "
	    "three" },
	{ "TenantAttribution", NULL, "Microsoft 365 knows no connector that "
	    "lets this server relay: its address or certificate must be named "
	    "in one" },
	{ "temporarily rate limited due to IP reputation", NULL, "Outlook "
	    "slows this address down because of what came from it: send less "
	    "and look at its reputation" },
	{ "RecipientNotFound", NULL, "there is no such address in that "
	    "organisation" },
	{ "Recipient address rejected: Access denied", NULL, "Microsoft 365 "
	    "knows no such recipient in that domain: look at the spelling" },
	{ "Server busy. Please try again later from", NULL, "Microsoft slows "
	    "down an address that it does not know well: try again later, and "
	    "send slowly" },
	/* Yahoo */
	{ "[TSS04]", NULL, "Yahoo has had complaints about mail from this "
	    "address, or an unexpected amount: try again after hours, and "
	    "send less" },
	{ "[TSS0", NULL, "Yahoo puts off mail from this address because of "
	    "its reputation or amount: try again later, and send less" },
	{ "[TSS1", NULL, "Yahoo puts off mail from this address because of "
	    "its reputation or amount: try again later, and send less" },
	{ "[BL2", NULL, "Yahoo found this address on a block list of "
	    "Spamhaus: look it up at check.spamhaus.org" },
	{ "not accepted for policy reasons", NULL, "the receiver refuses the "
	    "content or the sender by its policy; often DMARC did not pass" },
	/* others who receive for many */
	{ "[CS01]", NULL, "iCloud refuses the content by its own rules: look "
	    "at SPF, DKIM and DMARC of the sender, and at links in the text" },
	{ "tosa@rx.t-online.de", NULL, "T-Online wants a PTR record, a "
	    "matching host name and a web page with who runs it; write to the "
	    "address in the reply" },
	{ "Nemesis", NULL, "GMX and web.de refuse this address or content: "
	    "their reply names a page with the reason" },
	{ "Bad DNS PTR resource record", NULL, "the address of this server "
	    "has no PTR record, or one that looks like a home's: its provider "
	    "can set one" },
	{ "AUP#", NULL, "the provider refuses by a rule of its acceptable use "
	    "policy; the number is explained on its postmaster page" },
	{ "proofpoint", NULL, "Proofpoint, who filters for the receiver, has "
	    "this address on its list: look it up at ipcheck.proofpoint.com" },
	{ "mimecast", NULL, "Mimecast, who filters for the receiver, refuses "
	    "it: the page in the reply says why" },
	{ "barracudacentral", NULL, "the address is on Barracuda's list: ask "
	    "for its removal at barracudacentral.org" },
	{ "spamcop", NULL, "the address is on SpamCop's list, where it stays "
	    "for a day after the last report: find what was sent" },
	{ "spamhaus", "open resolver", "the receiver asks Spamhaus by a public "
	    "resolver, which is refused: that is its fault, not yours" },
	{ "spamhaus", "returnc", "Spamhaus refused the receiver's question: "
	    "that is its fault, unless a list's name stands in the reply" },
	{ "spamhaus", NULL, "the address is on a list of Spamhaus: look it up "
	    "at check.spamhaus.org; home addresses are on the PBL and must "
	    "send by a relay" },
	{ "blacklist", NULL, "the address or name is on a block list: the "
	    "reply mostly says which; ask its owner for removal" },
	{ "blocklist", NULL, "the address or name is on a block list: the "
	    "reply mostly says which; ask its owner for removal" },
	{ "block list", NULL, "the address or name is on a block list: the "
	    "reply mostly says which; ask its owner for removal" },
	{ "listed in", NULL, "the address or name is on a block list: the "
	    "reply mostly says which; ask its owner for removal" },
	/* greylisting */
	{ "greylist", NULL, "this server puts off everybody it does not know: "
	    "the same mail from the same address is taken after some minutes" },
	{ "graylist", NULL, "this server puts off everybody it does not know: "
	    "the same mail from the same address is taken after some minutes" },
	{ "postgrey", NULL, "this server puts off everybody it does not know: "
	    "the same mail from the same address is taken after some minutes" },
	/* who we say that we are */
	{ "requires domain address", NULL, "HELO and EHLO need a name: say "
	    "EHLO and your host's full name, as EHLO mail.example.org" },
	{ "invalid domain name", "HELO", "HELO and EHLO need a host's full "
	    "name, or an address in brackets, as EHLO [192.0.2.1]" },
	{ "invalid HELO", NULL, "the name behind HELO or EHLO is none: "
	    "letters, digits, hyphens and dots, or an address in brackets" },
	{ "fully-qualified hostname", NULL, "the name behind HELO or EHLO has "
	    "no dot: say this host's full name" },
	{ "Helo command rejected: Host not found", NULL, "the name behind "
	    "HELO or EHLO is not in DNS: say one that is" },
	{ "Helo command rejected", NULL, "the server does not like the name "
	    "behind HELO or EHLO: say the full name that the PTR record of "
	    "your address has" },
	{ "Polite people say HELO first", NULL, "HELO or EHLO comes before "
	    "MAIL: say EHLO and your host's full name" },
	{ "Send hello first", NULL, "HELO or EHLO comes before MAIL: say EHLO "
	    "and your host's full name" },
	{ "send HELO", NULL, "HELO or EHLO comes before MAIL: say EHLO and "
	    "your host's full name" },
	{ "cannot find your reverse hostname", NULL, "your address has no PTR "
	    "record: its provider can set one" },
	{ "cannot find your hostname", NULL, "the PTR record of your address "
	    "is missing, or its name does not lead back to the address" },
	/* the order of things */
	{ "need MAIL", NULL, "RCPT comes after MAIL: say MAIL FROM:<address>" },
	{ "need RCPT", NULL, "DATA comes after a RCPT that was accepted" },
	{ "valid RCPT command must precede", NULL, "DATA comes after a RCPT "
	    "that was accepted" },
	{ "nested MAIL", NULL, "a mail has begun already: RSET drops it" },
	{ "STARTTLS command first", NULL, "the server wants TLS first: say "
	    "/tls" },
	{ "improper command pipelining", NULL, "more was sent before the "
	    "reply was there than this server allows" },
	{ "synchronization error", NULL, "something was sent before the "
	    "server had spoken, which Exim takes for the manner of spammers" },
	{ "bare <LF>", NULL, "a line ended in LF without CR, which the server "
	    "refuses so that no second mail can be smuggled in" },
	{ "bare LF", NULL, "a line ended in LF without CR, which the server "
	    "refuses so that no second mail can be smuggled in" },
	/* addresses */
	{ "Relay access denied", NULL, "the recipient's domain is not this "
	    "server's: talk to the domain's MX, or log in first" },
	{ "relay not permitted", NULL, "the recipient's domain is not this "
	    "server's: talk to the domain's MX, or log in first" },
	{ "relaying denied", NULL, "the recipient's domain is not this "
	    "server's: talk to the domain's MX, or log in first" },
	{ "we do not relay", NULL, "the recipient's domain is not this "
	    "server's: talk to the domain's MX, or log in first" },
	{ "unable to relay", NULL, "the recipient's domain is not this "
	    "server's: talk to the domain's MX, or log in first" },
	{ "not owned by user", NULL, "this login may not send as that sender: "
	    "use the login's own address in MAIL FROM" },
	{ "Sender address rejected: Domain not found", NULL, "the domain in "
	    "MAIL FROM is not in DNS: use one that is" },
	{ "Sender verify failed", NULL, "the server asked the sender's own MX "
	    "about the address in MAIL FROM, and it was refused there" },
	{ "User unknown", NULL, "there is no such address there: look at its "
	    "spelling" },
	{ "Unrouteable address", NULL, "the server knows no way to that "
	    "address: the local part or the domain is none of its own" },
	/* limits */
	{ "too many connections", NULL, "this address has too many "
	    "connections open there: close some, and try again later" },
	{ "too many errors", NULL, "the server hangs up after so many "
	    "commands that it refused: connect again" },
	{ "too many recipients", NULL, "send the mail to fewer recipients at "
	    "once" },
	{ "exceeds fixed", "size", "the message is larger than the server "
	    "takes; SIZE in its EHLO says how large it may be" },
	{ "Insufficient system storage", NULL, "the server's disk is full: "
	    "try again later" },
	/* checks */
	{ "DMARC", NULL, "the domain in From: has a DMARC policy that this "
	    "mail does not pass: let SPF or DKIM pass for that domain" },
	{ "SPF", NULL, "the sender's domain does not name this address in its "
	    "SPF record: send by a server that it names, or add it" },
	{ "virus", NULL, "the receiver found what it takes for a virus in the "
	    "content" },
	{ NULL, NULL, NULL },
};

/* RFC 3463, and the registry of enhanced status codes of RFC 5248. */
const struct explained_detail explained_details[] = {
	{ 1, 0, "something is wrong with an address" },
	{ 1, 1, "there is no such mailbox: look at what stands before the @" },
	{ 1, 2, "there is no such domain, or it takes no mail: look at what "
	    "stands behind the @" },
	{ 1, 3, "the recipient's address is not well formed" },
	{ 1, 4, "the address could mean several mailboxes" },
	{ 1, 5, "the address is good" },
	{ 1, 6, "the mailbox has moved, and nobody says where to" },
	{ 1, 7, "the sender's address is not well formed" },
	{ 1, 8, "the sender's domain is not in DNS, or takes no mail: nobody "
	    "could answer it" },
	{ 1, 9, "it was passed on to a system that cannot do all that was "
	    "asked for" },
	{ 1, 10, "the domain says in DNS that it takes no mail (null MX)" },
	{ 2, 0, "something is wrong with the mailbox" },
	{ 2, 1, "the mailbox is disabled or takes nothing at present" },
	{ 2, 2, "the mailbox is full: its owner must make room" },
	{ 2, 3, "the message is larger than this mailbox takes" },
	{ 2, 4, "the mailing list could not be expanded: its owner must mend "
	    "it" },
	{ 3, 0, "something is wrong with the receiving system" },
	{ 3, 1, "the receiving system's storage is full: try again later" },
	{ 3, 2, "the system takes no mail at present" },
	{ 3, 3, "the system cannot do what was asked for" },
	{ 3, 4, "the message is larger than the system takes; SIZE in its "
	    "EHLO says how large it may be" },
	{ 3, 5, "the system is configured wrongly: tell its postmaster" },
	{ 3, 6, "the message was taken with another priority" },
	{ 4, 0, "something is wrong with the network or the routing" },
	{ 4, 1, "the next host did not answer" },
	{ 4, 2, "the connection broke or was closed: try again" },
	{ 4, 3, "a directory that the server asks, DNS perhaps, did not "
	    "answer: try again later" },
	{ 4, 4, "the server knows no way to that host" },
	{ 4, 5, "the system has too much to do: try again later" },
	{ 4, 6, "the message goes round in a circle: two systems pass it to "
	    "each other" },
	{ 4, 7, "the message was too long on its way" },
	{ 5, 0, "something is wrong with the dialogue" },
	{ 5, 1, "the command is unknown, or comes at the wrong time" },
	{ 5, 2, "the command or its argument is not well formed" },
	{ 5, 3, "too many recipients: send it to fewer at once" },
	{ 5, 4, "the command has an argument that is not known or allowed" },
	{ 5, 5, "the two sides speak different versions of the protocol" },
	{ 5, 6, "a line of the login was too long" },
	{ 6, 0, "something is wrong with the content" },
	{ 6, 1, "the receiver cannot take this kind of content" },
	{ 6, 2, "the content would have to be converted, and may not be" },
	{ 6, 3, "the content would have to be converted, and cannot be" },
	{ 6, 4, "the content was converted, and lost something" },
	{ 6, 5, "converting the content failed" },
	{ 6, 6, "the content could not be fetched" },
	{ 6, 7, "an address has characters outside ASCII, which are not taken "
	    "there: it needs SMTPUTF8" },
	{ 6, 8, "the reply would have to be in UTF-8, which was not asked "
	    "for" },
	{ 6, 9, "the header has characters outside ASCII, which are not taken "
	    "there: it needs SMTPUTF8" },
	{ 6, 10, "the reply would have to be in UTF-8, which was not asked "
	    "for" },
	{ 7, 0, "a rule about security or reputation stands against it; the "
	    "server says no more" },
	{ 7, 1, "this sender or address may not send there: relaying, a block "
	    "list or a policy of the receiver's" },
	{ 7, 2, "this sender may not write to that mailing list" },
	{ 7, 3, "the content would have to be made secure otherwise, and "
	    "cannot be" },
	{ 7, 4, "the mechanism or security feature is not offered there: EHLO "
	    "says which are" },
	{ 7, 5, "a cryptographic step failed" },
	{ 7, 6, "the cryptographic algorithm is not known there" },
	{ 7, 7, "the content was changed on its way" },
	{ 7, 8, "user or password is wrong" },
	{ 7, 9, "this way to log in is too weak for that account: use another "
	    "mechanism, or an app password" },
	{ 7, 10, "this needs TLS first: say STARTTLS" },
	{ 7, 11, "this way to log in needs TLS first: say STARTTLS" },
	{ 7, 12, "the account must log in with PLAIN once, so that its "
	    "password can be stored anew" },
	{ 7, 13, "the account is disabled" },
	{ 7, 14, "the server trusts no one for that who has not agreed with "
	    "its owner before" },
	{ 7, 15, "the priority of the message is too low at present: try "
	    "again later" },
	{ 7, 16, "the message is too large for its priority" },
	{ 7, 17, "the mailbox has another owner since then" },
	{ 7, 18, "the domain has another owner since then" },
	{ 7, 19, "since when the mailbox has its owner is not known there" },
	{ 7, 20, "no DKIM signature of the message passes: sign it" },
	{ 7, 21, "no DKIM signature of the message is one that is accepted "
	    "there" },
	{ 7, 22, "no DKIM signature is of the domain in From:" },
	{ 7, 23, "SPF fails: the sender's domain does not name this address" },
	{ 7, 24, "the SPF record of the sender's domain cannot be read: look "
	    "for a fault in it" },
	{ 7, 25, "the address has no PTR record, or its name does not lead "
	    "back to it" },
	{ 7, 26, "neither SPF nor DKIM passes for this sender: set up at "
	    "least one of them" },
	{ 7, 27, "the sender's domain says in DNS that it takes no mail (null "
	    "MX), so nobody could answer it" },
	{ 7, 28, "too much mail came from here: send less, try again later" },
	{ 7, 29, "the chain of ARC signatures is broken" },
	{ 7, 30, "the message demands TLS all the way (REQUIRETLS), and the "
	    "next host does not offer that" },
	{ 0, 0, NULL },
};

/* The subject alone, where its detail is not known. */
const char *const explained_subjects[] = {
	"the server says no more than that",
	"something is wrong with an address",
	"something is wrong with the mailbox",
	"something is wrong with the receiving system",
	"something is wrong with the network or the routing",
	"something is wrong with the dialogue",
	"something is wrong with the content",
	"a rule about security, logins or reputation stands against it",
	NULL,
};

/* RFC 5321 4.2.3 and others. */
const struct explained_code explained_codes[] = {
	{ 421, "the server hangs up: it is closing, too busy, or has waited "
	    "too long; try again later" },
	{ 450, "the mailbox cannot be used now: greylisting, a limit or a "
	    "lookup that failed; try again later" },
	{ 451, "the server had a fault or a lookup failed: try again later" },
	{ 452, "the server is short of storage, or there were too many "
	    "recipients: try again later" },
	{ 454, "TLS or the login is not to be had at present: try again "
	    "later" },
	{ 455, "the server cannot do this with that argument at present" },
	{ 500, "the server does not know this command" },
	{ 501, "the argument of the command is not well formed" },
	{ 502, "the server knows this command and does not offer it" },
	{ 503, "the command comes at the wrong time: EHLO, MAIL, RCPT, DATA "
	    "is the order" },
	{ 504, "the server does not know this argument of the command" },
	{ 521, "this host takes no mail at all" },
	{ 525, "the account is disabled" },
	{ 530, "this needs a login, or TLS, first" },
	{ 534, "this way to log in is too weak for that account" },
	{ 535, "user or password is wrong" },
	{ 538, "this way to log in needs TLS first: say STARTTLS" },
	{ 550, "the address or the mail is refused for good: no such mailbox, "
	    "or a policy" },
	{ 551, "the user is not here; the reply may say where" },
	{ 552, "the mailbox is full, or the message too large" },
	{ 553, "the address is not well formed, or not allowed" },
	{ 554, "the transaction failed, or the server talks with nobody from "
	    "here" },
	{ 555, "the server does not know a parameter of MAIL or RCPT" },
	{ 556, "the domain takes no mail (null MX)" },
	{ 0, NULL },
};
