/* SPDX-License-Identifier: ISC */
/*
 * server.c - the server engine, by scripted dialogues.
 *
 * "C: text" is a line from the client, "c: text" the same without line end and
 * with \r, \n written out; "S: text" is a line the server has to answer with;
 * "T:" a handshake.  kept is what the driver was given, in its own words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/ascii.h"
#include "smtp/server.h"

#define MAX_FAULTS 8

struct dialogue {
	const char *name;
	struct server_config config;
	const char *faults;	/* joined by ';' */
	const char *script;
	const char *kept;
	enum server_need end;
	bool fails;		/* the disk is full */
	bool whole;		/* not to be split */
};

#define EHLO_WITH(more)                                                     \
	"S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"                \
	"S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"             \
	"S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"         \
	"S: 250-SIZE 0\nS: 250 " more "\n"
#define EHLO_AUTH    EHLO_WITH("AUTH PLAIN LOGIN CRAM-MD5")
#define EHLO_CHECKED EHLO_WITH("AUTH PLAIN LOGIN")
#define IN "S: 235 2.7.0 Authentication successful\n"
#define NO "S: 535 5.7.8 Authentication credentials invalid\n"
#define HELLO "S: 220 me ESMTP smtpsend\n" "C: HELO you\n" "S: 250 me\n"
#define EHLO                                                                \
	"S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"                \
	"S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"             \
	"S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"         \
	"S: 250 SIZE 0\n"
#define EHLO_DATA                                                           \
	"S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"                \
	"S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"             \
	"S: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\nS: 250 SIZE 0\n"
#define EHLO_HANDIN                                                         \
	"S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"                \
	"S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"             \
	"S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"         \
	"S: 250-SIZE 0\nS: 250-REQUIRETLS\n"                               \
	"S: 250-FUTURERELEASE 999999999 9999-12-31T23:59:59Z\n"            \
	"S: 250-DELIVERBY\nS: 250-MT-PRIORITY\nS: 250 XSMTPSEND\n"
#define UNKNOWN "S: 555 5.5.4 Parameter not known\n"
#define EHLO_HIDDEN "S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250 me\n"
#define HIDE_ALL                                                            \
	"EHLO=-PIPELINING,8BITMIME,SMTPUTF8,CHUNKING,DSN, SIZE"             \
	",ENHANCEDSTATUSCODES"
#define MAIL "C: MAIL FROM:<a@x>\nS: 250 2.1.0 Ok\n"
#define RCPT "C: RCPT TO:<b@y>\nS: 250 2.1.5 Ok\n"
#define GO   "S: 354 End data with <CR><LF>.<CR><LF>\n"
#define KEPT "S: 250 2.0.0 Ok: queued as id1\n"
#define BYE  "C: QUIT\nS: 221 2.0.0 Bye\n"
#define BAD_SEQUENCE "S: 503 5.5.1 Bad sequence of commands\n"
#define BARE "S: 550 5.5.2 Bare <CR> or <LF> received\n"
#define TEN "0123456789"
#define X100 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define X252 X100 X100 TEN TEN TEN TEN TEN "xy"
#define X493 X100 X100 X100 X100 TEN TEN TEN TEN TEN TEN TEN TEN TEN "xyz"
#define PARAM "S: 501 5.5.4 Malformed parameter\n"
#define X41 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X492 X41 X41 X41 X41 X41 X41 X41 X41 X41 X41 X41 X41
#define SENDER "S: 501 5.1.7 Bad sender address syntax\n"

static const struct dialogue dialogues[] = {
	{ "HELO and DATA, no enhanced codes", { 0 }, NULL,
	    HELLO "C: MAIL FROM:<a@x>\nS: 250 Ok\n"
	    "C: rcpt to: <b@y>\nS: 250 Ok\nC: DATA\n" GO
	    "C: Subject: x\nC: \nC: ..dot\nC: .two\nC: .\n"
	    "S: 250 Ok: queued as id1\nC: QUIT\nS: 221 Bye\n",
	    "a@x > b@y: Subject: x\r\n\r\n.dot\r\ntwo\r\n;",
	    .end = SERVER_CLOSE },
	{ "pipelined, two messages", { 0 }, NULL,
	    EHLO MAIL RCPT "C: RCPT TO:<c@y> NOTIFY=NEVER\n"
	    "S: 250 2.1.5 Ok\nC: DATA\n" GO "C: hi\nC: .\n" KEPT
	    MAIL RCPT "C: DATA\n" GO "C: .\n" KEPT BYE,
	    "a@x > b@y c@y NOTIFY=NEVER: hi\r\n;a@x > b@y: ;",
	    .end = SERVER_CLOSE },
	{ "handing in", { .handin = true }, NULL,
	    EHLO_HANDIN
	    "C: MAIL FROM:<a@x> REQUIRETLS HOLDFOR=60 BY=90;R MT-PRIORITY=-4 "
	    "KEY=k+20 TAG=t HOPS=2 HOLD NOALIAS QUEUEONLY FORM=FINISHED\n"
	    "S: 250 2.1.0 Ok\n" RCPT "C: DATA\n" GO "C: hi\nC: .\n" KEPT
	    MAIL "C: RSET\nS: 250 2.0.0 Ok\n"
	    "C: MAIL FROM:<a@x> UID=0\n" UNKNOWN BYE,
	    "a@x REQUIRETLS HOLDFOR=60 BY=90;R MT-PRIORITY=-4 KEY=k+20 TAG=t "
	    "HOPS=2 HOLD NOALIAS QUEUEONLY FORM=FINISHED > b@y: hi\r\n;",
	    .end = SERVER_CLOSE },
	{ "all is to be queued", { .handin = true }, NULL,
	    "S: 220 me ESMTP smtpsend\nC: XSMTPSEND QUEUEONLY\n"
	    "S: 250 Ok\nC: XSMTPSEND x\n"
	    "S: 501 Syntax error in parameters\n"
	    "C: HELO you\nS: 250 me\nC: MAIL FROM:<a@x>\nS: 250 Ok\n"
	    "C: RSET\nS: 250 Ok\nC: MAIL FROM:<c@x>\nS: 250 Ok\n"
	    "C: RCPT TO:<b@y>\nS: 250 Ok\nC: DATA\n" GO
	    "C: hi\nC: .\nS: 250 Ok: queued as id1\n"
	    "C: QUIT\nS: 221 Bye\n",
	    "c@x (queue only) > b@y: hi\r\n;", .end = SERVER_CLOSE },
	{ "not for handing in", { 0 }, NULL,
	    EHLO "C: XSMTPSEND QUEUEONLY\n"
	    "S: 500 5.5.2 Command not recognized\n"
	    "C: MAIL FROM:<a@x> REQUIRETLS\n" UNKNOWN
	    "C: MAIL FROM:<a@x> HOLD\n" UNKNOWN, "", .end = SERVER_IO },
	{ "a sender is asked for", { .asks_mail = true, .asks_rcpt = true },
	    NULL,
	    EHLO "C: MAIL FROM:<no@y>\nS: 550 5.7.1 not you\n"
	    "C: RCPT TO:<b@y>\nS: 503 5.5.1 Need MAIL first\n"
	    MAIL RCPT "C: DATA\n" GO "C: hi\nC: .\n" KEPT,
	    "a@x > b@y: hi\r\n;", .end = SERVER_IO },
	{ "all parameters", { .max_size = 100 }, NULL,
	    "S: 220 me ESMTP smtpsend\nC: ehlo you\nS: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 SIZE 100\n"
	    "C: MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8 "
	    "RET=HDRS ENVID=a+2B\n"
	    "S: 250 2.1.0 Ok\n"
	    "C: RCPT TO:<\"a >b\"@[1.2.3.4]> NOTIFY=SUCCESS,DELAY "
	    "ORCPT=rfc822;a@b\nS: 250 2.1.5 Ok\n"
	    "C: RCPT TO:<@r,@s:j\xc3\xbc@\xc3\xbc.de>\nS: 250 2.1.5 Ok\n"
	    "C: DATA\n" GO "C: x\nC: .\n" KEPT,
	    " SIZE=9 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2B > "
	    "\"a >b\"@[1.2.3.4] NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b "
	    "j\xc3\xbc@\xc3\xbc.de: x\r\n;", .end = SERVER_IO },
	{ "HELO takes back what EHLO offered", { 0 }, NULL,
	    EHLO "C: HELO you\nS: 250 me\nC: NOOP\nS: 250 Ok\n"
	    "C: MAIL FROM:<a@x> SIZE=1\nS: 555 Parameter not known\n"
	    "C: MAIL FROM:<a@x>\nS: 250 Ok\n",
	    "", .end = SERVER_IO },
	{ "as long as a parameter may be", { .max_size = 0 }, NULL,
	    EHLO "C: MAIL FROM:<a@x> SIZE=00000000000000000009 ENVID=" X100 "\n"
	    "S: 250 2.1.0 Ok\n"
	    "C: RCPT TO:<b@y> ORCPT=rfc822;" X493 "\n"
	    "S: 250 2.1.5 Ok\nC: RSET\nS: 250 2.0.0 Ok\n"
	    "C: MAIL FROM:<a@" X252 ">\nS: 250 2.1.0 Ok\n",
	    "", .end = SERVER_IO },
	{ "longer than a parameter may be", { .max_size = 0 }, NULL,
	    EHLO "C: MAIL FROM:<aa@" X252 ">\n" SENDER
	    "C: MAIL FROM:<a@x> SIZE=000000000000000000009\n" PARAM
	    "C: MAIL FROM:<a@x> ENVID=x" X100 "\n" PARAM
	    MAIL "C: RCPT TO:<b@y> ORCPT=rfc822;x" X493 "\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=;b@y\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=rfc822;\n" PARAM,
	    "", .end = SERVER_IO },
	{ "SMTPUTF8 is of one message", { 0 }, NULL,
	    EHLO "C: MAIL FROM:<\xc3\xbc@x> SMTPUTF8\nS: 250 2.1.0 Ok\n"
	    "C: RCPT TO:<\xc3\xbc@y>\nS: 250 2.1.5 Ok\n"
	    "C: RSET\nS: 250 2.0.0 Ok\n"
	    MAIL "C: RCPT TO:<\xc3\xbc@y>\n"
	    "S: 553 5.6.7 Address needs SMTPUTF8\n"
	    "C: RSET\nS: 250 2.0.0 Ok\nC: MAIL FROM:<\xc3\xbc@x>\n"
	    "S: 553 5.6.7 Address needs SMTPUTF8\n",
	    "", .end = SERVER_IO },
	{ "bad parameters of MAIL", { .max_size = 0 }, NULL,
	    EHLO "C: MAIL FROM:<a@x> SIZE=x\n" PARAM
	    "C: MAIL FROM:<a@x> SIZE\n" PARAM
	    "C: MAIL FROM:<a@x> BODY=BINARYMIME\n" PARAM
	    "C: MAIL FROM:<a@x> SMTPUTF8=1\n" PARAM
	    "C: MAIL FROM:<a@x> RET=ALL\n" PARAM
	    "C: MAIL FROM:<a@x> ENVID=a+2b\n" PARAM
	    "C: MAIL FROM:<a@x> ENVID=a=b\n" PARAM
	    "C: MAIL FROM:<a@x> ENVID=\n" PARAM
	    "C: MAIL FROM:<a@x> RET=FULL RET=FULL\n"
	    "S: 501 5.5.4 Parameter given twice\n"
	    "C: MAIL FROM:<a@x> AUTH=<>\nS: 555 5.5.4 Parameter not known\n"
	    "C: MAIL FROM:<a@x>SIZE=1\n"
	    "S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\n",
	    "", .end = SERVER_IO },
	{ "bad parameters of RCPT", { 0 }, NULL,
	    EHLO MAIL "C: RCPT TO:<b@y> NOTIFY=NEVER,DELAY\n" PARAM
	    "C: RCPT TO:<b@y> NOTIFY\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=rfc822\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=r c;x\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=r_c;x\n" PARAM
	    "C: RCPT TO:<b@y> SIZE=1\nS: 555 5.5.4 Parameter not known\n"
	    "C: RCPT TO:b@y\n"
	    "S: 501 5.5.4 Syntax: RCPT TO:<address> [parameters]\n"
	    "C: RCPT FROM:<b@y>\n"
	    "S: 501 5.5.4 Syntax: RCPT TO:<address> [parameters]\n"
	    "C: RCPT TO:<>\nS: 501 5.1.3 Bad recipient address syntax\n"
	    "C: RCPT TO:<\xc3\xbc@y>\nS: 553 5.6.7 Address needs SMTPUTF8\n"
	    "C: DATA\nS: 554 5.5.1 No valid recipients\n", "",
	    .end = SERVER_IO },
	{ "bounds of ORCPT", { 0 }, NULL,
	    EHLO MAIL
	    "C: RCPT TO:<b@y> ORCPT\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=;x\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=rfc822;x" X492 "x\n" PARAM
	    "C: RCPT TO:<b@y> ORCPT=rfc822;x" X492 "\nS: 250 2.1.5 Ok\n"
	    "C: RSET\nS: 250 2.0.0 Ok\n", "", .end = SERVER_IO },
	{ "bad addresses", { 0 }, NULL,
	    EHLO "C: MAIL FROM:<a@x..y>\n" SENDER "C: MAIL FROM:<a@>\n" SENDER
	    "C: MAIL FROM:<a@[]>\n" SENDER "C: MAIL FROM:<a@[>\n" SENDER
	    "C: MAIL FROM:<a@x.>\n" SENDER "C: MAIL FROM:<a@.x>\n" SENDER
	    "C: MAIL FROM:<@x>\n" SENDER "C: MAIL FROM:<a@x,y>\n" SENDER
	    "C: MAIL FROM:<a,b@x>\n" SENDER "C: MAIL FROM:<a@b@c>\n" SENDER
	    "C: MAIL FROM:<a@[1.2]x>\n" SENDER "C: MAIL FROM:<\"a\"x>\n" SENDER
	    "C: MAIL FROM:<\"a>\n"
	    "S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\n"
	    "C: MAIL FROM:(a@x>\n"
	    "S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\n"
	    "C: MAIL FROM:<\"a\\\"@x>\n"
	    "S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\n"
	    "C: MAIL FROM:<\"\"@x>\nS: 250 2.1.0 Ok\nC: RSET\n"
	    "S: 250 2.0.0 Ok\nC: MAIL FROM:<\"\\\"\"@x>\n"
	    "S: 250 2.1.0 Ok\nC: RSET\nS: 250 2.0.0 Ok\n"
	    "C: MAIL FROM:<a b@x>\n"
	    "S: 501 5.5.4 Syntax: MAIL FROM:<address> [parameters]\n"
	    "C: MAIL FROM:<\xff@x> SMTPUTF8\n"
	    "S: 553 5.6.7 Address is not UTF-8\n"
	    "C: MAIL FROM:<root>\nS: 250 2.1.0 Ok\n", "", .end = SERVER_IO },
	{ "order of commands", { 0 }, NULL,
	    "S: 220 me ESMTP smtpsend\nC: MAIL FROM:<a@x>\n"
	    "S: 503 Say EHLO first\nC: EHLO\n"
	    "S: 501 Syntax error in parameters\n"
	    "C: HELO you\nS: 250 me\nC: DATA\n"
	    "S: 503 Bad sequence of commands\nC: RCPT TO:<b@y>\n"
	    "S: 503 Need MAIL first\nC: MAIL FROM:<a@x>\nS: 250 Ok\n"
	    "C: MAIL FROM:<a@x>\nS: 503 Nested MAIL command\n"
	    "C: RSET\nS: 250 Ok\nC: MAIL FROM:<a@x> SIZE=1\n"
	    "S: 555 Parameter not known\nC: MAIL FROM:<c@x>\nS: 250 Ok\n"
	    "C: NOOP x\nS: 250 Ok\nC: VRFY x\n"
	    "S: 252 Cannot verify, will try\nC: HELP\nS: 214 See RFC 5321\n"
	    "C: EXPN x\nS: 502 Not implemented\nC: RSET 1\n"
	    "S: 501 Syntax error in parameters\nC: LHLO you\n"
	    "S: 500 Command not recognized\nC: BDAT 3\nc: abc"
	    "\nS: 502 CHUNKING is not offered here\nC: STARTTLS\n"
	    "S: 502 TLS is not offered here\nC: \n"
	    "S: 500 Command not recognized\nc: NO\\0OP\\r\\n\n"
	    "S: 500 Command not recognized\n"
	    "c: NOOP\\n\nS: 550 Bare <LF> received\n", "", .end = SERVER_IO },
	{ "no smuggling: LF.LF, LF.CRLF, CR.CRLF, CRLF.LF", { 0 }, NULL,
	    EHLO MAIL RCPT "C: DATA\n" GO
	    "c: a\\n.\\nMAIL FROM:<z@z>\\r\\nb\\n.\\r\\nc\\r.\\r\\nd\\r\\n"
	    ".\\n\n"
	    "c: \\r\\n.\\r\\n\n" BARE MAIL BYE, "discarded;",
	    .end = SERVER_CLOSE },
	{ "a CR behind the dot", { 0 }, NULL,
	    EHLO MAIL RCPT "C: DATA\n" GO "c: .\\r.\\r\\n.\\r\\n\n" BARE
	    MAIL RCPT "C: DATA\n" GO "c: .\\r\\r\\n.\\r\\n\n" BARE
	    MAIL RCPT "C: DATA\n" GO "c: a\\r\\r\\n.\\r\\n\n" BARE,
	    "discarded;discarded;discarded;", .end = SERVER_IO },
	{ "chunks", { 0 }, NULL,
	    EHLO MAIL RCPT "C: BDAT 5\nc: .\\r\\n.\\r\n"
	    "S: 250 2.0.0 Chunk taken\nC: BDAT 0\nS: 250 2.0.0 Chunk taken\n"
	    "C: BDAT 3 last\nc: \\n\\r\\n\n" KEPT
	    MAIL RCPT "C: BDAT 2 LAST\nc: hi\n" KEPT
	    MAIL RCPT "C: BDAT 1\nc: x\nS: 250 2.0.0 Chunk taken\n"
	    "C: BDAT 0 LAST\n" KEPT,
	    "a@x > b@y: .\r\n.\r\n\r\n;a@x > b@y: hi;a@x > b@y: x;",
	    .end = SERVER_IO },
	{ "bare line ends in chunks", { 0 }, NULL,
	    EHLO MAIL RCPT "C: BDAT 2\nc: a\\n\n" BARE
	    "C: BDAT 5 LAST\nc: QUIT\\r\n" BAD_SEQUENCE
	    "C: RSET\nS: 250 2.0.0 Ok\n" MAIL RCPT
	    "C: BDAT 2 LAST\nc: a\\r\n" BARE
	    MAIL RCPT "C: BDAT 2\nc: a\\r\nS: 250 2.0.0 Chunk taken\n"
	    "C: BDAT 0 LAST\n" BARE,
	    "discarded;discarded;discarded;", .end = SERVER_IO },
	{ "chunks out of order are swallowed", { 0 }, NULL,
	    EHLO "C: BDAT 6\nc: QUIT\\r\\n\n" BAD_SEQUENCE
	    MAIL "C: BDAT 6 LAST\nc: QUIT\\r\\n\n"
	    "S: 503 5.5.1 No valid recipients\n"
	    "C: MAIL FROM:<a@x>\nS: 503 5.5.1 Nested MAIL command\n"
	    "C: RSET\nS: 250 2.0.0 Ok\n" MAIL RCPT
	    "C: BDAT 1\nc: x\nS: 250 2.0.0 Chunk taken\n"
	    "C: DATA\n" BAD_SEQUENCE "C: RCPT TO:<c@y>\n"
	    "S: 503 5.5.1 Need MAIL first\nC: RSET\nS: 250 2.0.0 Ok\n",
	    "discarded;", .end = SERVER_IO },
	{ "a chunk of unknown size closes", { 0 }, NULL,
	    EHLO MAIL RCPT "C: BDAT x\nS: 501 5.5.4 Syntax: BDAT size [LAST]\n",
	    "", .end = SERVER_CLOSE },
	{ "BDAT with junk behind", { 0 }, NULL,
	    EHLO MAIL "C: BDAT 1 FIRST\n"
	    "S: 501 5.5.4 Syntax: BDAT size [LAST]\n", "",
	    .end = SERVER_CLOSE },
	{ "too big", { .max_size = 10, .max_rcpts = 1 }, NULL,
	    "S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250-SIZE 10\nS: 250 LIMITS RCPTMAX=1\n"
	    "C: MAIL FROM:<a@x> SIZE=11\nS: 552 5.3.4 Message too big\n"
	    MAIL RCPT "C: RCPT TO:<c@y>\nS: 452 4.5.3 Too many recipients\n"
	    "C: DATA\n" GO "C: 123456789\nC: .\n"
	    "S: 552 5.3.4 Message too big\n"
	    MAIL RCPT "C: DATA\n" GO "C: 12345678\nC: .\n" KEPT
	    MAIL RCPT "C: BDAT 5\nc: 12345\nS: 250 2.0.0 Chunk taken\n"
	    "C: BDAT 6\nc: 678901\nS: 552 5.3.4 Message too big\n"
	    "C: BDAT 1 LAST\nc: 2\n" BAD_SEQUENCE,
	    "discarded;a@x > b@y: 12345678\r\n;discarded;", .end = SERVER_IO },
	{ "LMTP", { .lmtp = true }, NULL,
	    "S: 220 me LMTP smtpsend\nC: EHLO you\n"
	    "S: 500 Command not recognized\nC: LHLO you\nS: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 SIZE 0\n" MAIL "C: DATA\nS: 503 5.5.1 No valid recipients\n"
	    RCPT RCPT "C: DATA\n" GO "C: x\nC: .\n" KEPT KEPT
	    MAIL RCPT RCPT "C: BDAT 2 LAST\nc: a\\n\n" BARE BARE,
	    "a@x > b@y b@y: x\r\n;discarded;", .end = SERVER_IO },
	{ "LMTP, mixed fates", { .lmtp = true }, ".=250;.=450 4.2.2 Full",
	    "S: 220 me LMTP smtpsend\nC: LHLO you\nS: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 SIZE 0\n" MAIL RCPT RCPT "C: DATA\n" GO "C: x\nC: .\n"
	    "S: 250 2.0.0 Ok\nS: 450 4.2.2 Full\n"
	    MAIL RCPT "C: BDAT 1 LAST\nc: x\nS: 450 4.2.2 Full\n",
	    "a@x > b@y b@y (450 4.2.2 Full): x\r\n;discarded;",
	    .end = SERVER_IO },
	{ "STARTTLS forgets", { .starttls = true }, NULL,
	    "S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250-SIZE 0\nS: 250 STARTTLS\n" MAIL "C: STARTTLS\n" BAD_SEQUENCE
	    "C: RSET\nS: 250 2.0.0 Ok\n"
	    "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nT:\n"
	    "C: MAIL FROM:<a@x>\nS: 503 Say EHLO first\nC: EHLO you\n"
	    "S: 250-me\n"
	    "S: 250-PIPELINING\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	    "S: 250-CHUNKING\nS: 250-DSN\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 SIZE 0\nC: STARTTLS\n" BAD_SEQUENCE, "", .end = SERVER_IO },
	{ "STARTTLS, and more behind it", { .starttls = true }, NULL,
	    HELLO "C: STARTTLS\nC: RSET\n"
	    "S: 421 Improper pipelining of STARTTLS\n",
	    "", .end = SERVER_CLOSE, .whole = true },
	{ "STARTTLS hidden", { .starttls = true }, HIDE_ALL ";EHLO=-starttls",
	    EHLO_HIDDEN "C: STARTTLS\nS: 502 TLS is not offered here\n"
	    "C: MAIL FROM:<a@x> SIZE=1\nS: 555 Parameter not known\n",
	    "", .end = SERVER_IO },
	{ "implicit TLS", { .implicit_tls = true, .starttls = true }, NULL,
	    "T:\n" EHLO, "", .end = SERVER_IO },
	{ "not kept", { 0 }, NULL,
	    EHLO MAIL RCPT "C: DATA\n" GO "C: x\nC: .\n"
	    "S: 452 4.3.1 Full\n" MAIL RCPT "C: BDAT 1 LAST\nc: x\n"
	    "S: 451 4.3.0 Cannot keep it now\n" MAIL,
	    "a@x > b@y: x\r\n;a@x > b@y: x;", .end = SERVER_IO, .fails = true },
	{ "greeting refused", { 0 }, "CONNECT=554",
	    "S: 554 5.7.1 Refused\nC: EHLO you\n"
	    "S: 503 Bad sequence of commands\n"
	    "C: QUIT\nS: 221 Bye\n", "", .end = SERVER_CLOSE },
	{ "greeting 421", { 0 }, "connect=421 go away", "S: 421 go away\n", "",
	    .end = SERVER_CLOSE },
	{ "greeting dropped", { 0 }, "CONNECT=drop", "", "",
	    .end = SERVER_CLOSE },
	{ "greeting stalled", { 0 }, "CONNECT=Stall", "", "",
	    .end = SERVER_STALL },
	{ "greeting in other words", { 0 }, "CONNECT=220 hi;HELO=250 you",
	    "S: 220 hi\nC: HELO x\nS: 250 you\n", "", .end = SERVER_IO },
	{ "EHLO refused, HELO taken", { 0 }, "EHLO=502",
	    "S: 220 me ESMTP smtpsend\nC: EHLO x\n"
	    "S: 502 5.5.1 Command not implemented\nC: HELO x\nS: 250 me\n",
	    "", .end = SERVER_IO },
	{ "EHLO in other words offers nothing", { 0 }, "EHLO=250 hm",
	    "S: 220 me ESMTP smtpsend\nC: EHLO x\nS: 250 hm\n"
	    "C: MAIL FROM:<a@x>\nS: 250 Ok\n", "", .end = SERVER_IO },
	{ "AUTH is not offered", { 0 }, NULL,
	    EHLO "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\n"
	    "S: 502 5.5.1 AUTH is not offered here\n", "", SERVER_IO, 0, 0 },
	{ "AUTH PLAIN, any password", { .auth = true }, NULL,
	    EHLO_AUTH "C: auth plain AGpvZQBzZWNyZXQ=\n" IN
	    "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\n"
	    "S: 503 5.5.1 Already authenticated\n"
	    "C: MAIL FROM:<a@x> AUTH=<>\nS: 250 2.1.0 Ok\n"
	    "C: AUTH PLAIN x\nS: 503 5.5.1 Already authenticated\n",
	    "", SERVER_IO, 0, 0 },
	{ "AUTH PLAIN in two steps", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH PLAIN\nS: 334 \nC: AGpvZQBzZWNyZXQ=\n" IN,
	    "", SERVER_IO, 0, 0 },
	{ "AUTH LOGIN", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: am9l\n"
	    "S: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\n" IN, "", SERVER_IO, 0, 0 },
	{ "AUTH LOGIN with an initial response", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH LOGIN am9l\n"
	    "S: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\n" IN, "", SERVER_IO, 0, 0 },
	{ "AUTH CRAM-MD5", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH CRAM-MD5\nS: 334 PDEuMEBtZT4=\n"
	    "C: am9lIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\n" IN,
	    "", SERVER_IO, 0, 0 },
	{ "AUTH goes wrong", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH\nS: 501 5.5.4 Syntax error in parameters\n"
	    "C: AUTH NTLM\nS: 504 5.5.4 Mechanism not offered\n"
	    "C: AUTH PLAIN\nS: 334 \nC: *\n"
	    "S: 501 5.7.0 Authentication cancelled\n"
	    "C: AUTH PLAIN !!\nS: 501 5.5.2 That is no base64\n"
	    "C: AUTH PLAIN am9l\nS: 501 5.5.2 Not a PLAIN message\n"
	    "C: AUTH PLAIN AABh\n" NO
	    "C: AUTH PLAIN =\nS: 501 5.5.2 Not a PLAIN message\n"
	    "C: AUTH CRAM-MD5 am9l\nS: 501 5.7.0 No initial response here\n"
	    "C: AUTH CRAM-MD5\nS: 334 PDEuOEBtZT4=\nC: am9l\n"
	    "S: 501 5.5.2 Not a CRAM-MD5 response\n" BYE,
	    "", SERVER_CLOSE, 0, 0 },
	{ "a PLAIN of two parts", { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH PLAIN YQBi\nS: 501 5.5.2 Not a PLAIN message\n"
	    "C: AUTH PLAIN YQA=\nS: 501 5.5.2 Not a PLAIN message\n"
	    "C: AUTH PLAIN YQBiAGMA\nS: 501 5.5.2 Not a PLAIN message\n",
	    "", SERVER_IO, 0, 0 },
	{ "CRAM-MD5: a digest without a name, without a blank",
	    { .auth = true }, NULL,
	    EHLO_AUTH "C: AUTH CRAM-MD5\nS: 334 PDEuMEBtZT4=\n"
	    "C: IDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\n" NO
	    "C: AUTH CRAM-MD5\nS: 334 PDEuMUBtZT4=\n"
	    "C: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"
	    "S: 501 5.5.2 Not a CRAM-MD5 response\n", "", SERVER_IO, 0, 0 },
	{ "one login only", { .auth = true, .login = "joe:secret" }, NULL,
	    EHLO_CHECKED "C: MAIL FROM:<a@x>\n"
	    "S: 530 5.7.0 Authentication required\n"
	    "C: AUTH CRAM-MD5\nS: 504 5.5.4 Mechanism not offered\n"
	    "C: AUTH PLAIN AGpvZQBzZWNyZQ==\n" NO
	    "C: AUTH PLAIN AGpvAHNlY3JldA==\n" NO
	    "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: am9l\n"
	    "S: 334 UGFzc3dvcmQ6\nC: =\n" NO
	    "C: AUTH LOGIN am9l\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\n" IN
	    MAIL, "", SERVER_IO, 0, 0 },
	{ "a password with colons", { .auth = true, .login = "joe:a:b" }, NULL,
	    EHLO_CHECKED "C: AUTH PLAIN AGpvZQBhOmI=\n" IN, "", SERVER_IO,
	    0, 0 },
	{ "a login does not outlive STARTTLS",
	    { .auth = true, .login = "joe:secret", .starttls = true },
	    "EHLO=-CHUNKING,DSN,SMTPUTF8,SIZE,8BITMIME,PIPELINING",
	    "S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"
	    "S: 250-ENHANCEDSTATUSCODES\nS: 250-STARTTLS\n"
	    "S: 250 AUTH PLAIN LOGIN\nC: AUTH PLAIN AGpvZQBzZWNyZXQ=\n" IN
	    "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nT:\n"
	    "C: EHLO you\nS: 250-me\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 AUTH PLAIN LOGIN\nC: MAIL FROM:<a@x>\n"
	    "S: 530 5.7.0 Authentication required\n", "", SERVER_IO, 0, 0 },
	{ "nothing before TLS",
	    { .auth = true, .needs_tls = true, .starttls = true },
	    "EHLO=-CHUNKING,DSN,SMTPUTF8,SIZE,8BITMIME,PIPELINING",
	    "S: 220 me ESMTP smtpsend\nC: EHLO you\nS: 250-me\n"
	    "S: 250-ENHANCEDSTATUSCODES\nS: 250 STARTTLS\n"
	    "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\n"
	    "S: 502 5.5.1 AUTH is not offered here\nC: MAIL FROM:<a@x>\n"
	    "S: 530 5.7.0 Must issue a STARTTLS command first\n"
	    "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nT:\n"
	    "C: EHLO you\nS: 250-me\nS: 250-ENHANCEDSTATUSCODES\n"
	    "S: 250 AUTH PLAIN LOGIN CRAM-MD5\n" MAIL, "", SERVER_IO, 0, 0 },
	{ "AUTH refused on demand", { .auth = true }, "AUTH=454;AUTH=250 fine",
	    EHLO_AUTH "C: AUTH PLAIN AGpvZQBzZWNyZXQ=\n"
	    "S: 454 4.7.0 Not available now\n", "", SERVER_IO, 0, 0 },
	{ "faults for one address", { 0 },
	    "RCPT=450;rcpt:Bob@y=550 no;RCPT:bob@y=551 never;MAIL:=553",
	    EHLO "C: MAIL FROM:<>\nS: 553 5.1.3 Mailbox name not allowed\n"
	    MAIL "C: RCPT TO:<b@y>\nS: 450 4.2.1 Mailbox busy, try again "
	    "later\nC: RCPT TO:<bob@Y> NOTIFY=NEVER\nS: 550 no\n"
	    "C: RCPT TO:<bob@y>\nS: 551 never\n"
	    "C: RCPT TO:<bob@y>\nS: 551 never\n"
	    "C: RCPT TO:<bobby@y>\nS: 450 4.2.1 Mailbox busy, try again "
	    "later\n", "", SERVER_IO, 0, 0 },
	{ "faults for a pattern", { 0 },
	    "RCPT=450;RCPT:*@Bad.y=550 no;RCPT:bob@bad.y=250 bob;"
	    "RCPT:a*b*c@*=551 star;MAIL:*=553 none",
	    EHLO "C: MAIL FROM:<>\nS: 553 none\nC: MAIL FROM:<x>\n"
	    "S: 553 none\n", "", SERVER_IO, 0, 0 },
	{ "a pattern is for whom it fits", { 0 },
	    "RCPT=450 all;RCPT:*@Bad.y=550 no;RCPT:bob@bad.y=250 bob;"
	    "RCPT:a*b*c@*=551 star",
	    EHLO MAIL "C: RCPT TO:<x@bad.y>\nS: 550 no\n"
	    "C: RCPT TO:<bob@BAD.y>\nS: 250 bob\n"
	    "C: RCPT TO:<x@bad.yy>\nS: 450 all\n"
	    "C: RCPT TO:<x@worse.bad.y>\nS: 450 all\n"
	    "C: RCPT TO:<abc@z>\nS: 551 star\n"
	    "C: RCPT TO:<a.bc.b.bc@z>\nS: 551 star\n"
	    "C: RCPT TO:<acb@z>\nS: 450 all\n", "", SERVER_IO, 0, 0 },
	{ "recipients that are asked for", { .asks_rcpt = true }, NULL,
	    EHLO MAIL "C: RCPT TO:<no@y>\nS: 550 5.1.1 not here\n" RCPT
	    "C: RCPT TO:<no@y>\nS: 550 5.1.1 not here\nC: DATA\n" GO
	    "C: x\nC: .\n" KEPT, "a@x > b@y: x\r\n;", SERVER_IO, 0, 0 },
	{ "RCPT refused in turn", { 0 }, "RCPT=250 yes;RCPT=450;RCPT=550",
	    EHLO MAIL "C: RCPT TO:<b@y>\nS: 250 yes\nC: RCPT TO:<c@y>\n"
	    "S: 450 4.2.1 Mailbox busy, try again later\nC: RCPT TO:<d@y>\n"
	    "S: 550 5.1.1 No such user here\nC: RCPT TO:<e@y>\n"
	    "S: 550 5.1.1 No such user here\nC: DATA\n" GO "C: .\n" KEPT,
	    "a@x > b@y: ;", .end = SERVER_IO },
	{ "MAIL stalls behind a reply", { 0 }, "MAIL=stall",
	    EHLO "C: NOOP\nS: 250 2.0.0 Ok\nC: MAIL FROM:<a@x>\nC: NOOP\n",
	    "", .end = SERVER_STALL },
	{ "DATA refused", { 0 }, "DATA=471", EHLO_DATA MAIL RCPT
	    "C: DATA\nS: 471 4.0.0 Try again later\n", "", .end = SERVER_IO },
	{ "DATA answered 250, then 354", { 0 }, "DATA=250;DATA=354 go",
	    EHLO_DATA MAIL RCPT "C: DATA\nS: 250 2.0.0 Ok\n"
	    "C: DATA\nS: 354 go\nC: .\n" KEPT, "a@x > b@y: ;",
	    .end = SERVER_IO },
	{ "end of data refused, dropped", { 0 }, ".=554 no;.=drop",
	    EHLO MAIL RCPT "C: DATA\n" GO "C: x\nC: .\nS: 554 no\n"
	    MAIL RCPT "C: DATA\n" GO "C: x\nC: .\n", "discarded;",
	    .end = SERVER_CLOSE },
	{ "end of data stalls, chunk or not", { 0 }, ".=421;.=stall",
	    EHLO MAIL RCPT "C: BDAT 1 LAST\nc: x\n"
	    "S: 421 4.3.2 Service not available, closing\n", "",
	    .end = SERVER_CLOSE },
	{ "end of data in other words", { 0 }, ".=250 thanks",
	    EHLO MAIL RCPT "C: DATA\n" GO "C: .\nS: 250 thanks\n",
	    "a@x > b@y: ;", .end = SERVER_IO },
	{ "chunks refused are swallowed", { 0 }, "BDAT=250 one;BDAT=452",
	    EHLO MAIL RCPT "C: BDAT 2\nc: \\r\\n\nS: 250 one\nC: BDAT 6\n"
	    "c: RSET\\r\\n\nS: 452 4.3.1 Insufficient system storage\n"
	    "C: RSET\nS: 250 2.0.0 Ok\n", "discarded;", .end = SERVER_IO },
	{ "last chunk in other words", { 0 }, "BDAT=250 one",
	    EHLO MAIL RCPT "C: BDAT 2 LAST\nc: \\r\\n\nS: 250 one\n",
	    "a@x > b@y: \r\n;", .end = SERVER_IO },
	{ "STARTTLS refused, QUIT too", { .starttls = true },
	    "STARTTLS=454;QUIT=500",
	    HELLO "C: STARTTLS\nS: 454 4.7.0 Not available now\n"
	    "C: QUIT\nS: 500 5.5.2 Command not recognized\n", "",
	    .end = SERVER_CLOSE },
};

struct run {
	struct server *server;
	struct buf out, kept, data;
	const struct dialogue *d;
	unsigned answers;
};

static void
note_message(struct run *r)
{
	const struct server_message *m = server_message(r->server);

	assert_int_equal(m->size, r->data.n);
	buf_put(&r->kept, buf_slice(&m->from));
	buf_put(&r->kept, buf_slice(&m->from_params));
	if (m->mail.queue_only && m->from_params.n == 0)
		buf_puts(&r->kept, " (queue only)");
	buf_puts(&r->kept, " >");
	for (size_t i = 0; i < m->nrcpts; i++) {
		buf_putc(&r->kept, ' ');
		buf_put(&r->kept, buf_slice(&m->rcpt[i].to));
		buf_put(&r->kept, buf_slice(&m->rcpt[i].params));
		if (m->rcpt[i].reply && m->rcpt[i].reply[0] != '2')
			buf_putf(&r->kept, " (%s)", m->rcpt[i].reply);
	}
	buf_puts(&r->kept, ": ");
	buf_put(&r->kept, buf_slice(&r->data));
	buf_putc(&r->kept, ';');
}

static void
answer_message(struct run *r)
{
	note_message(r);
	if (r->d->fails)
		server_done(r->server, false,
		    r->answers++ ? NULL : "452 4.3.1 Full");
	else
		server_done(r->server, true, "id1");
}

static const char *
rcpt_refusal(const struct run *r)
{
	const struct server_message *m = server_message(r->server);
	struct slice to = buf_slice(&m->rcpt[m->nrcpts - 1].to);

	return slice_eq(to, SLICE("no@y")) ? "550 5.1.1 not here" : NULL;
}

static const char *
sender_refusal(const struct run *r)
{
	struct slice from = buf_slice(&server_message(r->server)->from);

	return slice_eq(from, SLICE("no@y")) ? "550 5.7.1 not you" : NULL;
}

/* What a driver does after each input. */
static void
serve(struct run *r)
{
	for (;;) {
		struct slice data = server_data(r->server);

		buf_put(&r->data, data);
		server_data_taken(r->server, data.n);
		if (server_need(r->server) == SERVER_MESSAGE) {
			answer_message(r);
		} else if (server_need(r->server) == SERVER_MAIL) {
			server_mail(r->server, sender_refusal(r));
		} else if (server_need(r->server) == SERVER_RCPT) {
			server_rcpt(r->server, rcpt_refusal(r));
		} else if (server_need(r->server) == SERVER_DISCARD) {
			buf_puts(&r->kept, "discarded;");
			server_discarded(r->server);
		} else {
			break;
		}
		buf_clear(&r->data);
	}
	buf_put(&r->out, server_output(r->server));
	server_sent(r->server, server_output(r->server).n);
}

/* split: 0 = all at once, 1 = octet by octet, else at random. */
static void
feed(struct run *r, struct buf *in, unsigned split)
{
	while (in->n > 0) {
		size_t n = split == 0 ? in->n :
		    split == 1	      ? 1 :
					(size_t)rand() % 40 + 1;
		struct slice part = slice_first(buf_slice(in), n);

		server_input(r->server, part);
		buf_consume(in, part.n);
		serve(r);
	}
}

/* "\r", "\n" and "\0" become octets. */
static void
put_unescaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\') {
			buf_putc(out, s.p[i]);
			continue;
		}
		i++;
		buf_putc(out, s.p[i] == 'r' ? '\r' : s.p[i] == 'n' ? '\n' : 0);
	}
}

static void
play(struct run *r, unsigned split, struct buf *want)
{
	struct slice script = slice_of(r->d->script), line;
	struct buf in = { 0 };

	serve(r);
	while (slice_cut(&script, '\n', &line)) {
		struct slice text = slice_from(line, 3);

		if (slice_starts(line, SLICE("T:"))) {
			feed(r, &in, split);
			assert_int_equal(server_need(r->server), SERVER_TLS);
			server_secured(r->server);
			serve(r);
		} else if (slice_starts(line, SLICE("S: "))) {
			buf_put(want, text);
			buf_puts(want, "\r\n");
		} else if (slice_starts(line, SLICE("C: "))) {
			buf_put(&in, text);
			buf_puts(&in, "\r\n");
		} else if (slice_starts(line, SLICE("c: "))) {
			put_unescaped(&in, text);
		}
	}
	feed(r, &in, split);
	buf_free(&in);
}

static void
make_faults(struct server_config *c, const char *faults)
{
	struct slice rest = slice_of(faults), one;

	while (slice_cut(&rest, ';', &one)) {
		assert_in_range(c->nfaults, 0, MAX_FAULTS - 1);
		assert_true(server_fault_parse(one, &c->fault[c->nfaults++]));
	}
}

static void
run_dialogue(const struct dialogue *d, unsigned split)
{
	struct server_fault fault[MAX_FAULTS];
	struct server_config config = d->config;
	struct run r = { .d = d };
	struct buf want = { 0 };
	struct events events = { .wanted = true };

	config.name = "me";
	config.fault = fault;
	make_faults(&config, d->faults);
	r.server = server_new(&config, &events, 1);
	play(&r, split, &want);
	if (strcmp(buf_str(&r.out), buf_str(&want)) ||
	    strcmp(buf_str(&r.kept), d->kept) ||
	    server_need(r.server) != d->end)
		fail_msg("%s (split %u):\n%s--- instead of\n%s--- kept: %s, "
		    "need %d", d->name, split, buf_str(&r.out), buf_str(&want),
		    buf_str(&r.kept), (int)server_need(r.server));
	server_free(r.server);
	events_free(&events);
	for (size_t i = 0; i < config.nfaults; i++)
		server_fault_free(&fault[i]);
	buf_free(&want);
	buf_free(&r.out);
	buf_free(&r.kept);
	buf_free(&r.data);
}

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dialogues / sizeof *dialogues; i++)
		for (unsigned split = 0; split < 30; split++)
			if (split == 0 || !dialogues[i].whole)
				run_dialogue(&dialogues[i], split);
}

static void
test_fault_syntax(void **state)
{
	static const char *const bad[] = { "", "RCPT", "RCPT=", "FROB=450",
		"RCPT=45", "RCPT=4500", "RCPT=150", "RCPT=600", "RCPT=450x",
		"RCPT=450 a\nb", "RCPT=-SIZE", "DATA:a@x=450",
		"RCPT:a@x", "RCPT:a@x=4", ":a@x=450", "EHLO=-", "=450",
		"RCPT =450" };
	struct server_fault f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (server_fault_parse(slice_of(bad[i]), &f))
			fail_msg("taken: %s", bad[i]);
	assert_null(f.verb);
	assert_true(server_fault_parse(SLICE("RCPT:a=b@x=550 5=5: no"), &f));
	assert_string_equal(f.address, "a=b@x");
	assert_string_equal(f.reply, "550 5=5: no");
	server_fault_free(&f);
	assert_true(server_fault_parse(SLICE("rcpt=599"), &f));
	assert_null(f.address);
	assert_string_equal(f.verb, "RCPT");
	assert_string_equal(f.reply, "599 5.0.0 Refused");
	server_fault_free(&f);
	assert_true(server_fault_parse(SLICE("RCPT:<a@x>=550 no"), &f));
	assert_string_equal(f.address, "a@x");
	server_fault_free(&f);
	assert_true(server_fault_parse(SLICE("MAIL:<>=550 no"), &f));
	assert_string_equal(f.address, "");
	server_fault_free(&f);
	assert_null(f.reply);
}

static struct server *
hello(const struct server_config *config, struct events *events)
{
	struct server *s = server_new(config, events, 1);

	server_input(s, SLICE("EHLO x\r\n"));
	server_sent(s, server_output(s).n);
	return s;
}

static void
want_output(struct server *s, const char *want)
{
	struct buf b = { 0 };

	buf_put(&b, server_output(s));
	assert_string_equal(buf_str(&b), want);
	server_sent(s, b.n);
	buf_free(&b);
}

static void
test_long_lines_and_many_errors(void **state)
{
	struct server_config config = { .name = "me" };
	struct server *s = hello(&config, NULL);

	(void)state;
	for (unsigned i = 0; i < 13000; i++)
		server_input(s, SLICE("x"));
	want_output(s, "");
	server_input(s, SLICE("\r\nNOOP\r\n"));
	want_output(s, "500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n");
	for (unsigned i = 0; i < 18; i++)
		server_input(s, SLICE("FROB\r\n"));
	assert_int_equal(server_need(s), SERVER_IO);
	server_sent(s, server_output(s).n);
	server_input(s, SLICE("FROB\r\nNOOP\r\n"));
	want_output(s, "500 5.5.2 Command not recognized\r\n"
	    "421 4.7.0 Too many errors\r\n");
	assert_int_equal(server_need(s), SERVER_CLOSE);
	server_input(s, SLICE("NOOP\r\n"));
	want_output(s, "");
	server_free(s);
}

static void
test_idle_and_early_clear_text(void **state)
{
	struct server_config config = { .name = "me", .starttls = true };
	struct server *s = hello(&config, NULL);

	(void)state;
	server_expire(s);
	want_output(s, "421 4.4.2 Idle for too long, closing\r\n");
	assert_int_equal(server_need(s), SERVER_CLOSE);
	server_free(s);
	s = hello(&config, NULL);
	server_input(s, SLICE("STARTTLS\r\n"));
	assert_int_equal(server_need(s), SERVER_TLS);
	server_input(s, SLICE("NOOP\r\n"));
	assert_int_equal(server_need(s), SERVER_CLOSE);
	want_output(s, "220 2.0.0 Ready to start TLS\r\n");
	server_free(s);
	server_free(NULL);
}

/* Ten thousand lines pass, and no more than one piece of them is ever held. */
static void
test_memory_stays_flat(void **state)
{
	struct server_config config = { .name = "me" };
	struct server *s = hello(&config, NULL);
	struct slice text = SLICE("0123456789012345678901234567890\r\n");
	size_t taken = 0;

	(void)state;
	server_input(s, SLICE("MAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n"));
	for (unsigned i = 0; i < 10000; i++) {
		server_input(s, text);
		assert_int_equal(server_data(s).n, text.n);
		taken += server_data(s).n;
		server_data_taken(s, text.n);
	}
	server_input(s, SLICE(".\r\n"));
	assert_int_equal(server_need(s), SERVER_MESSAGE);
	assert_int_equal(server_message(s)->size, taken);
	server_free(s);
}

static void
test_events_tell_both_sides(void **state)
{
	struct server_config config = { .name = "me" };
	struct events events = { .wanted = true };
	struct server *s = hello(&config, &events);
	struct event e;

	(void)state;
	assert_true(events_take(&events, &e));
	assert_int_equal(e.kind, EVENT_SENT);
	assert_true(slice_eq(event_get(&e, "line"),
	    SLICE("220 me ESMTP smtpsend")));
	assert_true(events_take(&events, &e));
	assert_int_equal(e.kind, EVENT_RECEIVED);
	assert_true(slice_eq(event_get(&e, "line"), SLICE("EHLO x")));
	server_free(s);
	events_free(&events);
}

/* Passwords are never in what is told. */
static void
test_logins_are_masked(void **state)
{
	struct server_config config = { .name = "me", .auth = true };
	struct events events = { .wanted = true };
	struct server *s = hello(&config, &events);
	struct buf told = { 0 };
	struct event e;

	(void)state;
	server_input(s, SLICE("AUTH PLAIN c2VjcmV0c2VjcmV0\r\n"
	    "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n"));
	assert_true(slice_eq(server_login(s), SLICE("joe")));
	while (events_take(&events, &e)) {
		buf_put(&told, event_get(&e, "line"));
		buf_putc(&told, '\n');
	}
	assert_non_null(strstr(buf_str(&told), "AUTH PLAIN ***\n"));
	assert_non_null(strstr(buf_str(&told), "AUTH LOGIN\n"));
	assert_non_null(strstr(buf_str(&told), "\n***\n"));
	assert_null(strstr(buf_str(&told), "c2Vj"));
	assert_null(strstr(buf_str(&told), "am9l"));
	buf_free(&told);
	server_free(s);
	events_free(&events);
}

/* RFC 4954 4: 12288 octets of a response, with AUTH or in a line of its own. */
static void
test_long_passwords(void **state)
{
	static const char *const begins[] = { "AUTH PLAIN ",
		"AUTH PLAIN\r\n", "AUTH LOGIN am9l\r\n" };
	struct server_config config = { .name = "me", .auth = true };
	struct server *s;
	struct buf in = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		s = hello(&config, NULL);
		buf_clear(&in);
		buf_puts(&in, begins[i]);
		buf_puts(&in, "AGpvZQBh"); /* \0joe\0a */
		for (size_t n = 8; n < 12288; n++)
			buf_putc(&in, 'b');
		buf_puts(&in, "\r\n");
		server_input(s, buf_slice(&in));
		assert_true(slice_ends_nocase(server_output(s),
		    SLICE("235 2.7.0 Authentication successful\r\n")));
		assert_true(slice_eq(server_login(s), SLICE("joe")));
		server_free(s);
	}
	buf_free(&in);
}

/* Octets that make no whole line are no progress. */
static void
test_dripping_is_no_progress(void **state)
{
	struct server_config config = { .name = "me" };
	struct server *s = hello(&config, NULL);
	unsigned before = server_progress(s);

	(void)state;
	for (unsigned i = 0; i < 13000; i++)
		server_input(s, SLICE("x"));
	assert_int_equal(server_progress(s), before);
	server_input(s, SLICE("\r\nNOOP\r\n"));
	assert_int_not_equal(server_progress(s), before);
	server_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_fault_syntax),
		cmocka_unit_test(test_long_lines_and_many_errors),
		cmocka_unit_test(test_idle_and_early_clear_text),
		cmocka_unit_test(test_memory_stays_flat),
		cmocka_unit_test(test_events_tell_both_sides),
		cmocka_unit_test(test_logins_are_masked),
		cmocka_unit_test(test_long_passwords),
		cmocka_unit_test(test_dripping_is_no_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
