/* SPDX-License-Identifier: ISC */
/*
 * cli_options.c - argument vectors in, settings out.
 *
 * A case is a command line of words without blanks in them ('' is an empty
 * word), and what it must come to, written down by show().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cli/help.h"
#include "config/option_find.h"
#include "config/option_foreign.h"
#include "config/option_order.h"
#include "config/options.h"
#include "deliver/deliver.h"
#include "route/plan.h"

#define WORDS_MAX 40

#define TEN    "0123456789"
#define NINETY TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct line {
	char *text;
	char *argv[WORDS_MAX];
	int argc;
};

static void
split(struct line *l, const char *text)
{
	char *save = NULL;

	*l = (struct line){ .text = mem_dup(slice_of(text)) };
	for (char *w = strtok_r(l->text, " ", &save); w && l->argc < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save)) {
		if (strcmp(w, "''") == 0)
			*w = '\0';
		l->argv[l->argc++] = w;
	}
}

static void
show_text(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_putf(b, " %s=%s", key, value);
}

static void
show_number(struct buf *b, const char *key, long long n)
{
	if (n != 0)
		buf_putf(b, " %s=%lld", key, n);
}

static void
show_legacy(struct buf *b, const struct settings *s)
{
	show_number(b, "i", s->message.ignore_dots);
	show_number(b, "body", s->message.body);
	show_number(b, "gateway", s->message.gateway);
	show_number(b, "hops", s->message.hop_count);
	show_number(b, "utf8", s->message.smtputf8);
	show_number(b, "requiretls", s->message.require_tls);
	show_text(b, "config", s->config);
	show_number(b, "errors", s->sendmail.errors);
	show_number(b, "delivery", s->sendmail.delivery);
	show_number(b, "noalias", s->sendmail.no_aliases);
	show_text(b, "proto", s->sendmail.protocol);
	show_text(b, "tag", s->sendmail.log_tag);
	show_number(b, "hold", s->sendmail.hold);
	show_text(b, "why", s->sendmail.hold_reason);
	show_number(b, "q", s->sendmail.queue_run);
	show_number(b, "qf", s->sendmail.queue_foreground);
	show_number(b, "every", s->sendmail.queue_interval);
	show_number(b, "not", s->sendmail.queue_not);
	if (s->sendmail.queue_by)
		buf_putf(b, " by=%c:%s", s->sendmail.queue_by,
		    s->sendmail.queue_match);
	show_number(b, "return", s->sendmail.queue_return);
	show_number(b, "maxhops", s->sendmail.max_hops);
	show_number(b, "build", s->show.build);
}

static void
show_enqueue(struct buf *b, const struct settings *s)
{
	const struct enqueue_settings *e = &s->enqueue;

	show_text(b, "verb", e->verb);
	show_number(b, "ondefer", e->on_defer);
	show_number(b, "wait", e->wait);
	show_number(b, "for", e->wait_seconds);
	show_text(b, "at", e->at);
	show_number(b, "expire", e->expires);
	show_text(b, "dedupe", e->key);
	show_number(b, "eom", s->message.require_eom);
}

static void
show_route(struct buf *b, const struct settings *s)
{
	if (s->way.server[0])
		buf_putf(b, " server=%d:%s", s->way.link, s->way.server);
	show_number(b, "port", s->way.port);
	for (size_t i = 0; i < s->route.nresolvers; i++) {
		buf_puts(b, " ns=");
		endpoint_put(b, &s->route.resolver[i]);
	}
	show_number(b, "v4", s->route.only_ipv4);
	show_number(b, "v6", s->route.only_ipv6);
	if (s->way.source.version) {
		buf_puts(b, " source=");
		ip_put(b, &s->way.source);
	}
	show_text(b, "helo", s->way.helo);
	show_number(b, "loop", s->route.allow_loopback_mx);
	if (s->route.max_addresses != 5)
		show_number(b, "maxa", s->route.max_addresses);
	if (s->route.max_sessions != 2)
		show_number(b, "maxs", s->route.max_sessions);
	show_number(b, "maxsize", (long long)s->message.max_size);
	show_number(b, "timeout", s->route.timeout);
	if (s->way.tls.given.text) {
		buf_putf(b, " tls=%s(", tls_level_name(s->way.tls.level));
		given_put(b, &s->way.tls.given, "tls");
		buf_putc(b, ')');
	}
	show_text(b, "ca", s->way.tls.ca);
	show_text(b, "cert", s->way.tls.cert);
	show_text(b, "key", s->way.tls.key);
	show_text(b, "tlsname", s->way.tls.name);
}

static void
show_sink(struct buf *b, const struct settings *s)
{
	if (s->mode == MODE_SINK) {
		buf_puts(b, " sink=");
		endpoint_put(b, &s->sink.at);
	}
	show_text(b, "dir", s->sink.dir);
	show_text(b, "mbox", s->sink.mbox);
	show_text(b, "sinkname", s->sink.name);
	for (size_t i = 0; i < s->sink.nreplies; i++)
		show_text(b, "reply", s->sink.reply[i]);
	show_number(b, "count", s->sink.count);
	show_number(b, "stls", s->sink.tls);
	show_number(b, "slmtp", s->sink.lmtp);
}

static void
show(struct buf *b, const struct settings *s)
{
	buf_puts(b, mode_name(s->mode));
	show_text(b, "file", s->message.file);
	show_text(b, "from", s->message.from);
	show_text(b, "name", s->message.full_name);
	show_number(b, "t", s->message.read_recipients);
	show_number(b, "asis", s->message.as_is);
	show_number(b, "notify", s->message.notify);
	show_number(b, "ret", s->message.ret);
	show_text(b, "envid", s->message.envid);
	show_route(b, s);
	show_number(b, "v", s->show.verbose);
	show_number(b, "json", s->show.json);
	show_text(b, "log", s->show.transcript.text);
	if (s->show.stop_after)
		show_text(b, "quit", stage_name(s->show.stop_after));
	show_sink(b, s);
	show_legacy(b, s);
	show_enqueue(b, s);
	for (size_t i = 0; i < s->nrcpts; i++)
		buf_putf(b, " <%s>", s->rcpt[i]);
}

struct good {
	const char *line, *want;
	const char *says; /* part of a warning; NULL = silence */
};

/* Every row of "What real callers pass" in SENDMAIL.md that is one of ours. */
static const struct good callers[] = {
	{ "sendmail -FCronDaemon -odi -oem -oi -t",
	    "deliver (-bm) name=CronDaemon t=1 i=1 errors=1 delivery=1", NULL },
	{ "sendmail -i -FCronDaemon -B8BITMIME -oem root",
	    "deliver (-bm) name=CronDaemon i=1 body=2 errors=1 <root>", NULL },
	{ "sendmail -FCronDaemon -i -odi -oem -oi -t -f me@x",
	    "deliver (-bm) from=me@x name=CronDaemon t=1 i=1 errors=1 "
	    "delivery=1", NULL },
	{ "sendmail -FAnacron -odi root",
	    "deliver (-bm) name=Anacron delivery=1 <root>", NULL },
	{ "sendmail -FCronDaemon -i -odi -oem -t",
	    "deliver (-bm) name=CronDaemon t=1 i=1 errors=1 delivery=1", NULL },
	{ "sendmail -ti", "deliver (-bm) t=1 i=1", NULL },
	{ "sendmail -ti oem", "deliver (-bm) t=1 i=1 <oem>", NULL },
	{ "sendmail -i -B 8BITMIME root",
	    "deliver (-bm) i=1 body=2 <root>", NULL },
	{ "sendmail -i root", "deliver (-bm) i=1 <root>", NULL },
	{ "sendmail -f me@x -i a@x b@y",
	    "deliver (-bm) from=me@x i=1 <a@x> <b@y>", NULL },
	{ "/usr/sbin/sendmail -t -i -fuser@x",
	    "deliver (-bm) from=user@x t=1 i=1", NULL },
	{ "sendmail -fme@x -i -t", "deliver (-bm) from=me@x t=1 i=1", NULL },
	{ "sendmail -oi -fme@x -t", "deliver (-bm) from=me@x t=1 i=1", NULL },
	{ "/usr/sbin/sendmail -bs",
	    "speak SMTP on stdin and stdout (-bs)", NULL },
	{ "/usr/sbin/sendmail -i -fs@x a@x",
	    "deliver (-bm) from=s@x i=1 <a@x>", NULL },
	{ "sendmail -i -f me@x -- a@x b@x",
	    "deliver (-bm) from=me@x i=1 <a@x> <b@x>", NULL },
	{ "sendmail -i -t", "deliver (-bm) t=1 i=1", NULL },
	{ "sendmail -t -oi -oem -fme@x",
	    "deliver (-bm) from=me@x t=1 i=1 errors=1", NULL },
	{ "sendmail -t", "deliver (-bm) t=1", NULL },
	{ "/usr/lib/sendmail -oi -t -odq",
	    "deliver (-bm) t=1 i=1 delivery=3", NULL },
	{ "/usr/sbin/sendmail -oem -oi -B8BITMIME -f me@x -N failure,delay "
	  "-R hdrs -- a@x",
	    "deliver (-bm) from=me@x notify=12 ret=2 i=1 body=2 errors=1 "
	    "<a@x>", NULL },
	{ "sendmail -i -m -v -f me@x -F Me a@x",
	    "deliver (-bm) from=me@x name=Me v=1 i=1 <a@x>", NULL },
	{ "sendmail -oi -f user@host -t",
	    "deliver (-bm) from=user@host t=1 i=1", NULL },
	{ "sendmail -bs -odb -oem",
	    "speak SMTP on stdin and stdout (-bs) errors=1 delivery=2", NULL },
	{ "sendmail -oi -f me@x -oA/etc/aliases -oem -odb -t -N success",
	    "deliver (-bm) from=me@x t=1 notify=2 i=1 errors=1 delivery=2",
	    NULL },
	{ "sendmail -oi -f me@x -oep -odb a@x",
	    "deliver (-bm) from=me@x i=1 delivery=2 <a@x>", NULL },
	{ "sendmail -oi -f <> -- a@x", "deliver (-bm) from=<> i=1 <a@x>",
	    NULL },
	{ "sendmail -eq -f <> a@x", "deliver (-bm) from=<> errors=2 <a@x>",
	    NULL },
	{ "sendmail -oi a@x b@x", "deliver (-bm) i=1 <a@x> <b@x>", NULL },
	{ "sendmail -G -oee -odq -oi -p UUCP:host -f me@x a@x",
	    "deliver (-bm) from=me@x i=1 gateway=1 errors=3 delivery=3 "
	    "proto=UUCP:host <a@x>", NULL },
	{ "sendmail -G -i -f me@x -- a@x",
	    "deliver (-bm) from=me@x i=1 gateway=1 <a@x>", NULL },
	{ "sendmail -oi -oem news@x", "deliver (-bm) i=1 errors=1 <news@x>",
	    NULL },
	{ "sendmail -f me@x -oi -oem a@x",
	    "deliver (-bm) from=me@x i=1 errors=1 <a@x>", NULL },
	/* the rest of the word is the value, as with Postfix and Exim */
	{ "sendmail -fil a@x", "deliver (-bm) from=il <a@x>", NULL },
	{ "sendmail -fit -t", "deliver (-bm) from=it t=1", NULL },
	{ "sendmail -f fail2ban a@x", "deliver (-bm) from=fail2ban <a@x>",
	    NULL },
	{ "sendmail -oi -oem -oo a@x", "deliver (-bm) i=1 errors=1 <a@x>",
	    NULL },
	{ "mailq -Ac", "list the queue (-bp)", NULL },
	{ "mailq why X", "work on the queue (--queue) verb=why <X>", NULL },
	{ "mailq rm --rcpt *@x -n", "work on the queue (--queue) verb=rm "
	    "<--rcpt> <*@x> <-n>", NULL },
	{ "mailq -v --json", "work on the queue (--queue) v=1 verb=list "
	    "<--json>", NULL },
	{ "smtpsend --print-config a", "print the configuration "
	  "(--print-config) <a>", NULL },
	{ "mailq", "list the queue (-bp)", NULL },
	{ "sendmail -q", "run the queue (-q) q=1", NULL },
	{ "sendmail -bv -bp", "list the queue (-bp)", NULL },
	{ "sendmail -bv -bm a", "deliver (-bm) <a>", NULL },
	{ "sendmail -qf", "run the queue (-q) q=1 qf=1", NULL },
	{ "sendmail -bv user", "deliver (-bm) quit=route <user>", NULL },
	{ "sendmail -bp", "list the queue (-bp)", NULL },
	{ "newaliases", "read aliases (-bi)", NULL },
	{ "sendmail -d0.1 -bv root", "deliver (-bm) quit=route build=1 <root>",
	    NULL },
};

/* The other rows of SENDMAIL.md's tables. */
static const struct good legacy[] = {
	{ "send-mail -Am -Ac a", "deliver (-bm) <a>", NULL },
	{ "sendmail -B9BIT a", "deliver (-bm) <a>", "7BIT or 8BITMIME" },
	{ "sendmail -bd -q30m",
	    "be a daemon (-bd) q=1 every=1800", NULL },
	{ "sendmail -bD -q1h30m",
	    "be a daemon (-bD) q=1 every=5400", NULL },
	{ "sendmail -q15", "be a daemon (-bd) q=1 every=900", NULL },
	{ "sendmail -qp30m", "be a daemon (-bd) q=1 every=1800", NULL },
	{ "sendmail -q0", "run the queue (-q) q=1", NULL },
	{ "sendmail -qIabc", "run the queue (-q) q=1 by=I:abc", NULL },
	{ "sendmail -q!Rx.org",
	    "run the queue (-q) q=1 not=1 by=R:x.org", NULL },
	{ "runq", "run the queue (-q)", NULL },
	{ "hoststat", "show hosts (-bh)", NULL },
	{ "sendmail -bH", "purge hosts (-bH)", NULL },
	{ "purgestat", "purge hosts (-bH)", NULL },
	{ "sendmail -bl", "be a daemon (-bd)", NULL },
	{ "sendmail -bq a", "deliver (-bm) delivery=3 <a>", NULL },
	{ "sendmail -bV", "show versions (--version)", NULL },
	{ "sendmail -bO", "show options (-bO)", NULL },
	{ "sendmail -bC", "check the configuration (-bC)", NULL },
	{ "sendmail -bP", "count the queue (-bP)", NULL },
	{ "sendmail -bS", "read batched SMTP (-bS)", NULL },
	{ "sendmail -bt", "test addresses (-bt)", NULL },
	{ "sendmail -bh", "show hosts (-bh)", NULL },
	{ "sendmail -I", "read aliases (-bi)", NULL },
	{ "sendmail -c -E -J -m -s -T -x a", "deliver (-bm) <a>", NULL },
	{ "sendmail -T 30 a", "deliver (-bm) <30> <a>", NULL },
	{ "sendmail -d a", "deliver (-bm) <a>", NULL },
	{ "sendmail -d8.20 a", "deliver (-bm) <a>", NULL },
	{ "sendmail -ew a", "deliver (-bm) <a>", NULL },
	{ "sendmail -ez a", "deliver (-bm) <a>", "ignored" },
	{ "sendmail -h 7 a", "deliver (-bm) hops=7 <a>", NULL },
	{ "sendmail -h x a", "deliver (-bm) <a>", "a number from 1" },
	{ "sendmail -L tag -M xvalue -n a",
	    "deliver (-bm) noalias=1 tag=tag <a>", NULL },
	{ "sendmail -N often a", "deliver (-bm) <a>", "ignored" },
	{ "sendmail -N never a", "deliver (-bm) notify=1 <a>", NULL },
	{ "sendmail -R some a", "deliver (-bm) <a>", "full or hdrs" },
	{ "sendmail -Q a", "deliver (-bm) hold=1 <a>", NULL },
	{ "sendmail -Qspam a", "deliver (-bm) hold=1 why=spam <a>", NULL },
	{ "sendmail -U -V id1 a", "deliver (-bm) envid=id1 utf8=1 <a>", NULL },
	{ "sendmail -V \xc3\xb6 a", "deliver (-bm) <a>", "ignored" },
	{ "sendmail -V a\rb a", "deliver (-bm) <a>", "ignored" },
	{ "sendmail -V " NINETY "++++ a",
	    "deliver (-bm) <a>", "ignored" },
	{ "sendmail -V " NINETY "+++x a",
	    "deliver (-bm) envid=" NINETY "+++x <a>", NULL },
	{ "sendmail -r me@x -f you@x a", "deliver (-bm) from=you@x <a>",
	    NULL },
	{ "sendmail -f '' a", "deliver (-bm) from= <a>", NULL },
	/* what names a file is eaten and means nothing */
	{ "sendmail -X /tmp/log -C /etc/x -D /tmp/d -t",
	    "deliver (-bm) t=1", NULL },
	{ "sendmail -f me -X/var/www/a.php -OQueueDirectory=/tmp a",
	    "deliver (-bm) from=me <a>", NULL },
	{ "sendmail -oQ/tmp -oA/tmp/x -oMrSMTP -o7 -om -oX5 -O LogLevel=9 a",
	    "deliver (-bm) <a>", NULL },
	{ "sendmail -O DeliveryMode=q -oitrue a",
	    "deliver (-bm) i=1 delivery=3 <a>", NULL },
	{ "sendmail -ODeliveryMode=background a",
	    "deliver (-bm) delivery=2 <a>", NULL },
	{ "sendmail -Odeliverymode=x a", "deliver (-bm) <a>", "ignored" },
	{ "sendmail -O requiretls=yes -O smtputf8=yes a",
	    "deliver (-bm) utf8=1 requiretls=1 <a>", NULL },
	{ "sendmail -O Timeout.queuereturn=5d -O MaxHopCount=30 a",
	    "deliver (-bm) return=432000 maxhops=30 <a>", NULL },
	{ "sendmail -- -a@x", "deliver (-bm) <-a@x>", NULL },
	{ "sendmail -oitrue a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -oiTrue a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -oiyes a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -oiY a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -oi1 a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -i -oifalse a", "deliver (-bm) <a>", NULL },
	{ "sendmail -i -oiNo a", "deliver (-bm) <a>", NULL },
	{ "sendmail -i -oi0 a", "deliver (-bm) <a>", NULL },
	{ "sendmail -O ErrorMode=mail a", "deliver (-bm) errors=1 <a>", NULL },
	{ "sendmail -O errormode=quiet a", "deliver (-bm) errors=2 <a>",
	    NULL },
	{ "sendmail -O IgnoreDots a", "deliver (-bm) i=1 <a>", NULL },
	{ "sendmail -i -O IgnoreDots=False a", "deliver (-bm) <a>", NULL },
	{ "sendmail -O requiretls=no a", "deliver (-bm) <a>", NULL },
	{ "sendmail -O requiretls=off a", "deliver (-bm) <a>", NULL },
	{ "sendmail -O requiretls=on a", "deliver (-bm) requiretls=1 <a>",
	    NULL },
	{ "sendmail -O MaxHopCount=x a", "deliver (-bm) <a>", "a number" },
	{ "sendmail -O MaxHopCount=1001 a", "deliver (-bm) <a>", "a number" },
	{ "sendmail -O Timeout.queuereturn=x a", "deliver (-bm) <a>",
	    "a time is wanted" },
	{ "rmail a@x", "deliver (-bm) <a@x>", NULL },
	{ "smtpsend -ti", "deliver (-bm) t=1 i=1", NULL },
};

static const struct good own[] = {
	{ "smtpsend a@x", "deliver (-bm) <a@x>", NULL },
	{ "x --queue-on-defer --require-eom a", "deliver (-bm) ondefer=1 "
	    "eom=1 <a>", NULL },
	{ "x --wait --expire 2d --dedupe k a", "deliver (-bm) wait=1 "
	    "expire=172800 dedupe=k <a>", NULL },
	{ "x --wait=5m a", "deliver (-bm) wait=1 for=300 <a>", NULL },
	{ "x --at 2027-01-31T08:00 a", "deliver (-bm) at=2027-01-31T08:00 <a>",
	    NULL },
	{ "x --json --queue why --json X", "work on the queue (--queue) json=1 "
	    "verb=why <--json> <X>", NULL },
	{ "x --queue=list", "work on the queue (--queue) verb=list", NULL },
	{ "x --daemon", "be a daemon (-bD)", NULL },
	{ "./build/smtpsend --file=m a@x", "deliver (-bm) file=m <a@x>",
	    NULL },
	{ "x --file m --from me@x --name Me --as-is --read-recipients",
	    "deliver (-bm) file=m from=me@x name=Me t=1 asis=1", NULL },
	{ "x --server mx.example.org a", "deliver (-bm) "
	  "server=0:mx.example.org <a>", NULL },
	{ "x --server mx.Example.org:2525 a",
	    "deliver (-bm) server=0:mx.example.org port=2525 <a>", NULL },
	{ "x --server=smtps://mx --port 1465 a",
	    "deliver (-bm) server=1:mx port=1465 <a>", NULL },
	{ "x --server a:26 --port 26 b", "deliver (-bm) server=0:a port=26 "
	  "<b>", NULL },
	{ "x --port 26 --server a:26 b", "deliver (-bm) server=0:a port=26 "
	  "<b>", NULL },
	{ "x --server a --port 26 --port 27 b", "deliver (-bm) server=0:a "
	  "port=27 <b>", NULL },
	{ "x --server a:26 --server b c", "deliver (-bm) server=0:b <c>",
	    NULL },
	{ "x --server a:26 --server b:27 c", "deliver (-bm) server=0:b "
	  "port=27 <c>", NULL },
	{ "x --server LMTP://[::1]:24/ a",
	    "deliver (-bm) server=2:::1 port=24 <a>", NULL },
	{ "x --server 127.0.0.1 a", "deliver (-bm) server=0:127.0.0.1 <a>",
	    NULL },
	{ "x --resolver 192.0.2.1 --resolver [2001:db8::1]:5353 a",
	    "deliver (-bm) ns=192.0.2.1:53 ns=[2001:db8::1]:5353 <a>", NULL },
	{ "x --resolver fe80::53%lo --resolver [fe80::53%7]:54 a",
	    "deliver (-bm) ns=[fe80::53%1]:53 ns=[fe80::53%7]:54 <a>", NULL },
	{ "x -4 --source 192.0.2.7 --helo [192.0.2.7] a",
	    "deliver (-bm) v4=1 source=192.0.2.7 helo=[192.0.2.7] <a>", NULL },
	{ "x -6vt --helo me.example",
	    "deliver (-bm) t=1 v6=1 helo=me.example v=1", NULL },
	{ "x --allow-loopback-mx --max-addresses 3 --max-sessions 1 a",
	    "deliver (-bm) loop=1 maxa=3 maxs=1 <a>", NULL },
	{ "x --max-size 17 a", "deliver (-bm) maxsize=17 <a>", NULL },
	{ "x --max-size 3k a", "deliver (-bm) maxsize=3072 <a>", NULL },
	{ "x --max-size=2G a", "deliver (-bm) maxsize=2147483648 <a>", NULL },
	{ "x --max-size=9999999999 a", "deliver (-bm) maxsize=9999999999 <a>",
	    NULL },
	{ "x --timeout 30 a", "deliver (-bm) timeout=30000000 <a>", NULL },
	{ "x --timeout 5m a", "deliver (-bm) timeout=300000000 <a>", NULL },
	{ "x --tls VERIFY --ca /ca --cert c --key k --tls-name mx a",
	    "deliver (-bm) tls=verify(--tls verify) ca=/ca cert=c key=k "
	    "tlsname=mx <a>", NULL },
	{ "x -vv --json -X f a", "deliver (-bm) v=2 json=1 log=f <a>", NULL },
	{ "x -v -v --transcript f a", "deliver (-bm) v=2 log=f <a>", NULL },
	{ "x --explain a", "deliver (-bm) quit=route <a>", NULL },
	{ "x --quit-after Connect a", "deliver (-bm) quit=greeting <a>",
	    NULL },
	{ "x --quit-after RCPT a", "deliver (-bm) quit=RCPT <a>", NULL },
	{ "x --quit-after=tls a", "deliver (-bm) quit=TLS <a>", NULL },
	{ "x --notify success,Failure --return full --envid e a",
	    "deliver (-bm) notify=6 ret=1 envid=e <a>", NULL },
	{ "x --sink", "receive (--sink) sink=127.0.0.1:2525", NULL },
	{ "x --sink --sink-dir d",
	    "receive (--sink) sink=127.0.0.1:2525 dir=d", NULL },
	{ "x --sink [::1]:25 --sink-mbox m",
	    "receive (--sink) sink=[::1]:25 mbox=m", NULL },
	{ "x --sink=127.0.0.2:0", "receive (--sink) sink=127.0.0.2:0", NULL },
	{ "x --sink :26", "receive (--sink) sink=127.0.0.1:26", NULL },
	{ "x --sink 27", "receive (--sink) sink=127.0.0.1:27", NULL },
	{ "x --sink localhost:2526", "receive (--sink) sink=127.0.0.1:2526",
	    NULL },
	{ "x --sink LOCALHOST", "receive (--sink) sink=127.0.0.1:2525", NULL },
	{ "x --sink localhost:0", "receive (--sink) sink=127.0.0.1:0", NULL },
	{ "x --file - a", "deliver (-bm) <a>", NULL },
	{ "x --file ./- a", "deliver (-bm) file=./- <a>", NULL },
	{ "x --sink 127.0.0.3", "receive (--sink) sink=127.0.0.3:2525", NULL },
	{ "x --sink --sink-reply RCPT=450 --sink-reply .=drop --sink-count 2 "
	  "--sink-tls --sink-lmtp --sink-name s.example",
	    "receive (--sink) sink=127.0.0.1:2525 sinkname=s.example "
	    "reply=RCPT=450 reply=.=drop count=2 stls=1 slmtp=1", NULL },
	{ "x --explai a", "deliver (-bm) quit=route <a>", NULL },
	{ "x --help --nonsense", "help (--help)", NULL },
	{ "x --version", "show versions (--version)", NULL },
	{ "x -C conf a", "deliver (-bm) config=conf <a>", NULL },
	{ "x --explain -t", "deliver (-bm) t=1 quit=route", NULL },
	{ "x --server 192.0.2.1 -4 --source 192.0.2.2 a", "deliver (-bm) "
	  "server=0:192.0.2.1 v4=1 source=192.0.2.2 <a>", NULL },
};

static void
check_good(const struct good *c)
{
	struct buf says = { 0 }, got = { 0 };
	struct settings s;
	struct line l;
	int status;

	split(&l, c->line);
	status = options_parse(l.argc, l.argv, &s, &says);
	if (status != 0)
		fail_msg("%s: status %d, %s", c->line, status, buf_str(&says));
	show(&got, &s);
	if (strcmp(buf_str(&got), c->want) != 0)
		fail_msg("%s\n  got  %s\n  want %s", c->line, buf_str(&got),
		    c->want);
	if (c->says ? !strstr(buf_str(&says), c->says) : says.n > 0)
		fail_msg("%s says: %s", c->line, buf_str(&says));
	buf_free(&got);
	buf_free(&says);
	free(l.text);
}

static void
test_real_callers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
		check_good(&callers[i]);
}

static void
test_sendmail_letters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof legacy / sizeof legacy[0]; i++)
		check_good(&legacy[i]);
}

static void
test_own_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		check_good(&own[i]);
}

static const struct {
	const char *line;
	int status;
	const char *says;
} bad[] = {
	{ "smtpsend", 64, "smtpsend: no recipients" },
	{ "smtpsend --quit-after rcpt --server x", 64, "no recipients" },
	{ "smtpsend --quit-after mail", 64, "no recipients" },
	{ "smtpsend --explain --server x", 64, "no recipients" },
	{ "sendmail", 64, "sendmail: no recipients" },
	{ "smtpsend --sevrer x a", 64, "unknown option --sevrer; did you mean "
	  "--server? (smtpsend --help lists all)\n" },
	{ "smtpsend --envid '' a", 64, "printable ASCII" },
	{ "smtpsend --verbos=1 a", 64, "--verbose '1': this option takes no" },
	{ "smtpsend --zzzzzz a", 64, "unknown option --zzzzzz (smtpsend" },
	{ "smtpsend --s x a", 64, "option --s may mean --subject, --server, "
	    "--source, --save-cert, --stall, " },
	{ "smtpsend --= a", 64, "unknown option --" },
	{ "smtpsend --file", 64, "--file: it needs a value: --file FILE\n" },
	{ "smtpsend -f", 64, "-f: it needs a value: -f ADDR\n" },
	{ "smtpsend -server mx a", 64, "did you mean --server, with two" },
	{ "smtpsend -y a", 64, "unknown option -y" },
	{ "sendmail -y a", 64, "unknown option -y" },
	{ "sendmail -4 a", 64, "unknown option -4" },
	{ "sendmail --server mx a", 64, "unknown option --server\n" },
	{ "smtpsend a -v", 64, "'-': -v; options go before recipients, "
	  "nothing was sent; in the right order:\n  smtpsend -v a\n" },
	{ "sendmail a -f b", 64, "'-': -f; options go before recipients, "
	  "nothing was sent\n" },
	{ "smtpsend - a", 64, "may not begin with '-': -; options go before "
	  "recipients, nothing was sent\n" },
	{ "smtpsend a --password=secret", 64, "'-': --password; options go "
	  "before recipients, nothing was sent\nsmtpsend: unknown option "
	  "--password; everybody sees" },
	{ "smtpsend a -f b -M Hi", 64, "'-': -f; options go before "
	  "recipients, nothing was sent\nsmtpsend: unknown option -M; --head" },
	{ "smtpsend --retry a", 64, "unknown option --retry (smtpsend --help" },
	{ "smtpsend --force a", 64, "unknown option --force (smtpsend --help" },
	{ "smtpsend --pope a", 64, "unknown option --pope (smtpsend --help" },
	{ "smtpsend --dx a", 64, "unknown option --dx (smtpsend --help" },
	{ "smtpsend --prot 25 a", 64, "did you mean --port?" },
	{ "smtpsend --quiet-atfer rcpt a", 64, "did you mean --quit-after?" },
	{ "smtpsend --h-Subject Hi a", 64, "unknown option --h-Subject; --he" },
	{ "smtpsend --header-X: y a", 64, "--header-X:; --header 'NAME" },
	{ "smtpsend --port 0 a", 64, "--port '0': a port number from 1 to" },
	{ "smtpsend --port 65536 a", 64, "1 to 65535" },
	{ "smtpsend --tls always a", 64, "none, may, encrypt, verify, "
	    "dane, dane-only or secure" },
	{ "smtpsend --quit-after dot a", 64, "connect, ehlo, tls, auth" },
	{ "smtpsend --server x:y a", 64, "HOST[:PORT]" },
	{ "smtpsend --server x:25 --port 26 a", 64, "--port '26': --server "
	  "says 25\n" },
	{ "smtpsend --port 26 --server x:25 a", 64, "--server 'x:25': --port "
	  "says 26\n" },
	/* nothing that may be a password is said again */
	{ "smtpsend --server smtp://u:canary@h a", 64, "--server: [smtp://" },
	{ "smtpsend --p=canary a", 64, "option --p may mean --proxy, --port" },
	{ "smtpsend --user=u:canary a", 64, "unknown option --user; " },
	{ "smtpsend -ucanary a", 64, "unknown option -u; " },
	{ "smtpsend -pass=canary a", 64, "unknown option -pass; " },
	{ "smtpsend a --relay smtp://u:canary@h", 64, "nothing was sent\n" },
	{ "smtpsend --server smtp:// a", 64, "HOST[:PORT]" },
	{ "smtpsend --server http://x a", 64, "HOST[:PORT]" },
	{ "smtpsend --resolver localhost a", 64, "an IP address is wanted" },
	{ "smtpsend --resolver fe80::53%nosuch0 a", 64, "%INTERFACE" },
	{ "smtpsend --source eth0 a", 64, "an IP address of this machine" },
	{ "smtpsend --helo a;b a", 64, "a host name is wanted" },
	{ "smtpsend --helo [1.2.3] a", 64, "a host name is wanted" },
	/* words of others that our letters, or short names, would swallow */
	{ "smtpsend -force-getpwuid a@x", 64, "-force-getpwuid; there is" },
	{ "smtpsend -raw a@x", 64, "unknown option -raw; -v shows" },
	{ "smtpsend -trigger-deprecation x a@x", 64, "-trigger-deprecation;" },
	{ "smtpsend -xclient-name x a@x", 64, "-xclient-name; --xclient" },
	{ "smtpsend --xclient-name x a@x", 64, "--xclient-name; --xclient" },
	{ "smtpsend --au joe a@x", 64, "unknown option --au; who logs in" },
	{ "smtpsend --d text a@x", 64, "unknown option --d; --body TEXT" },
	{ "smtpsend -ca x a@x", 64, "did you mean --ca, with two dashes?" },
	{ "smtpsend -rel work a@x", 64, "did you mean --relay, with two" },
	{ "smtpsend -file m.eml a@x", 64, "did you mean --file, with two" },
	{ "smtpsend -sin a@x", 64, "option -sin may mean --sink, --sink-dir" },
	{ "smtpsend -fil a@x", 64, "option -fil may mean --file, --fill; or "
	  "-f il, with a space\n" },
	{ "smtpsend -fil=canary a@x", 64, "--fill; or -f il, with a space\n" },
	{ "smtpsend --fil a@x", 64, "option --fil may mean --file, --fill\n" },
	{ "smtpsend --form text=x a@x", 64, "unknown option --form; --attach" },
	/* ... also behind a recipient: there is no right order for them */
	{ "smtpsend a@x -raw", 64, "nothing was sent\nsmtpsend: unknown option "
	  "-raw; -v shows" },
	{ "smtpsend a@x --d text", 64, "nothing was sent\nsmtpsend: unknown "
	  "option --d; --body TEXT" },
	{ "smtpsend a@x -from b@x", 64, "nothing was sent\nsmtpsend: unknown "
	  "option -from; did you mean --from" },
	{ "smtpsend a@x -M text", 64, "nothing was sent\nsmtpsend: unknown "
	  "option -M; --header" },
	/* words that begin as ours do */
	{ "smtpsend -e mallory@x.org a@x", 64, "m, p, q, w or e is wanted" },
	{ "smtpsend -oex a@x", 64, "m, p, q, w or e is wanted" },
	{ "smtpsend -O DeliveryMode=immediately a", 64, "i, b, q or d is" },
	{ "smtpsend -oignored a@x", 64, "-o 'gnored': yes or no is wanted" },
	{ "smtpsend -O IgnoreDots=maybe a@x", 64, "yes or no is wanted" },
	{ "smtpsend -O smtputf8=2 a@x", 64, "yes or no is wanted" },
	{ "smtpsend -O requiretls=enforce a@x", 64, "yes or no is wanted" },
	{ "sendmail -O requiretls=enforce a@x", 64, "yes or no is wanted" },
	{ "smtpsend -O requiretls=on --tls none a@x", 64, "demands TLS" },
	{ "smtpsend -O requiretls=1 --tls none a@x", 64, "demands TLS" },
	{ "smtpsend --relay= a@x", 64, "a URL or a name is wanted" },
	{ "smtpsend --max-size 0 a", 64, "a size is wanted" },
	{ "smtpsend --max-size 9999999999G a", 64, "a size is wanted" },
	{ "smtpsend --max-size M a", 64, "a size is wanted" },
	{ "smtpsend --max-size 1T a", 64, "a size is wanted" },
	{ "smtpsend --timeout 0 a", 64, "a time is wanted" },
	{ "smtpsend --timeout 5y a", 64, "a time is wanted" },
	{ "smtpsend --timeout 99999999999s a", 64, "a time is wanted" },
	{ "smtpsend --max-sessions many a", 64, "a number from 1 to 100" },
	{ "smtpsend --sink bob@x", 64, "ADDR:PORT is wanted" },
	{ "smtpsend --sink localhosts", 64, "ADDR:PORT is wanted" },
	{ "smtpsend --sink localhost:x", 64, "ADDR:PORT is wanted" },
	{ "smtpsend --sink localhost:65536", 64, "ADDR:PORT is wanted" },
	{ "smtpsend --proxy http://h a", 64, "HOST:PORT is wanted" },
	{ "smtpsend --proxy http://h:0 a", 64, "HOST:PORT is wanted" },
	{ "smtpsend --proxy http://:3128 a", 64, "HOST:PORT is wanted" },
	{ "smtpsend --proxy http://a;b:3128 a", 64, "HOST:PORT is wanted" },
	{ "smtpsend --proxy socks5://h:1080 a", 64, "HOST:PORT is wanted" },
	{ "smtpsend --proxy h:1080 a", 64, "HOST:PORT is wanted" },
	{ "smtpsend -I bob@x", 64, "takes no recipients: nothing was sent" },
	{ "smtpsend -bp bob@x", 64, "takes no recipients: nothing was sent" },
	{ "smtpsend -bC bob@x", 64, "takes no recipients: nothing was sent" },
	{ "smtpsend --sink :25 bob@x", 64, "takes no recipients" },
	{ "smtpsend --sink-mbox m --sink-dir d --sink", 64, "exclude" },
	{ "smtpsend --sink-dir d a", 64, "--sink-dir needs --sink" },
	{ "smtpsend --sink-reply RCPT=450 a", 64, "needs --sink" },
	{ "smtpsend -h", 64, "unknown option -h; --help lists all" },
	{ "smtpsend -from a@x b", 64, "unknown option -from; did you mean "
	  "--from, with two dashes?\n" },
	{ "smtpsend -file=m b", 64, "unknown option -file; did you mean "
	  "--file, with two dashes?\n" },
	{ "smtpsend -body x b", 64,
	    "unknown option -body; did you mean" },
	{ "smtpsend -vM x b", 64, "unknown option -M; --header" },
	{ "smtpsend --password=secret b", 64, "option --password; everybody" },
	{ "smtpsend -psecret b", 64, "unknown option -p; a port is --port" },
	{ "smtpsend -J b", 64, "unknown option -J (smtpsend --help lists" },
	{ "smtpsend -d text b", 64, "-d: -d0.1 shows the version" },
	{ "smtpsend -o tls=yes b", 64, "-o 'tls=yes': -oi, -oe MODE" },
	{ "smtpsend -O LogLevel=9 b", 64, "-O 'LogLevel=9': there is no" },
	{ "smtpsend -b ann@x b", 64, "a blind copy goes to all" },
	{ "sendmail --to b", 64, "unknown option --to\n" },
	{ "smtpsend -46 a", 64, "exclude each other" },
	{ "smtpsend --key k a", 64, "--key needs --cert" },
	{ "smtpsend --server smtps://x --tls none a", 64, "--server smtps:// "
	  "is TLS and does not go with --tls none\n" },
	{ "smtpsend --save-cert f --tls none a", 64, "--save-cert keeps what "
	  "TLS shows and does not go with --tls none\n" },
	{ "smtpsend --relay smtps://x --tls none a", 64, "--relay demands TLS "
	  "and does not go with --tls none\n" },
	{ "smtpsend --quit-after tls --tls none a", 64, "--quit-after tls does "
	  "not go with --tls none\n" },
	{ "smtpsend --print-config --explain a", 64, "--explain and "
	  "--print-config exclude each other\n" },
	{ "smtpsend --quit-after rcpt --explain a", 64, "--explain and "
	  "--quit-after exclude each other\n" },
	{ "smtpsend --explain --sink", 64, "--explain and --sink exclude" },
	{ "smtpsend --fill --dkim-check x.org", 64, "--fill and --dkim-check "
	  "exclude each other\n" },
	{ "smtpsend --html-report f --dkim-keygen x.org", 64, "--html-report "
	  "and --dkim-keygen exclude each other\n" },
	{ "smtpsend --stall dot=1 --dkim-check x.org", 64, "--stall and --dk" },
	{ "smtpsend --exit-codes swaks --dkim-check x.org", 64, "--exit-codes "
	  "and --dkim-check exclude each other\n" },
	{ "smtpsend --save-cert f --print a", 64, "--save-cert and --print " },
	{ "smtpsend -bC --print-config", 64, "--print-config and -b exclude" },
	{ "smtpsend -C f --no-config a", 64, "--config and --no-config excl" },
	{ "smtpsend --server h --relay x.org a", 64, "--server and --relay" },
	{ "smtpsend --server h --proxy http://p:1 a", 64, "--server and --pr" },
	{ "smtpsend --at noon a@x", 64, "--at 'noon': a time is wanted" },
	{ "smtpsend --at 2027-02-30 a@x", 64, "a time is wanted: 18:00, +2h" },
	{ "smtpsend --wait=x a@x", 64, "--wait 'x': a time is wanted" },
	{ "smtpsend --wait=0 a@x", 64, "--wait '0': a time is wanted" },
	{ "smtpsend --expire 0 a@x", 64, "--expire '0': a time is wanted" },
	{ "smtpsend --dedupe= a@x", 64, "--dedupe '': a key of at most 127" },
	{ "smtpsend --dedupe a\001b a@x", 64, "a key of at most 127 octets" },
	{ "smtpsend --wait --at +1h a@x", 64, "--wait and --at exclude" },
	{ "smtpsend --queue-on-defer --dedupe k a", 64, "exclude each other" },
	/* who says the dialogue himself */
	{ "smtpsend --talk h --relay smtp://x", 64, "--relay has no meaning "
	  "with --talk: --talk HOST, and /auth for a login\n" },
	{ "smtpsend --script f --server h --relay work", 64, "exclude" },
	{ "smtpsend --script f --relay work a@x", 64, "--relay has no meaning "
	  "with --script: --server HOST, and @ auth for a login\n" },
	{ "smtpsend --talk h --proxy socks5h://x:1", 64, "--proxy has no" },
	{ "smtpsend --talk h -s hi", 64, "--subject has no meaning with "
	  "--talk, where you say the message: /data FILE\n" },
	{ "smtpsend --talk h --body x", 64, "--body has no meaning" },
	{ "smtpsend --talk h --file x", 64, "--file has no meaning" },
	{ "smtpsend --talk h -t", 64, "--read-recipients has no meaning" },
	{ "smtpsend --talk h -f a@b", 64, "--from has no meaning" },
	{ "smtpsend --talk h -N never", 64, "--notify has no meaning" },
	{ "smtpsend --talk h --queue-on-defer", 64, "--queue-on-defer has no" },
	{ "smtpsend --script f --server h --attach x", 64, "--attach has no "
	  "meaning with --script, which says its own message\n" },
	{ "smtpsend --script f --server h -f a@b c@x", 0, "" },
	{ "smtpsend --script f --default-domain b.test c", 0, "" },
	{ "smtpsend --talk h --tap", 64, "--tap needs --script\n" },
	{ "smtpsend --junit f a@x", 64, "--junit needs --script\n" },
	{ "smtpsend --password-command c a@x", 64, "--password-command needs "
	  "--talk or --script; a relay's stands in its section\n" },
	{ "smtpsend -i --require-eom a@x", 64, "--ignore-dots and --require-" },
	{ "smtpsend --at +1h --server h a@x", 64, "--server has no meaning "
	  "with --at, since the queue goes by this machine's configuration\n" },
	{ "smtpsend --wait --tls verify a@x", 64, "--tls has no meaning with" },
	{ "smtpsend --queue-on-defer --explain a@x", 64, "--explain has no m" },
	{ "smtpsend --daemon a@x", 64, "takes no recipients: nothing was" },
	{ "smtpsend --sink --wait", 64, "--wait has no meaning with --sink" },
	{ "smtpsend --queue", 64, "--queue: it needs a value: --queue VERB" },
	{ "sendmail --queue list", 64, "unknown option --queue" },
	{ "sendmail -O RequireEOM=maybe a@x", 64, "RequireEOM: yes or no" },
	{ "smtpsend --relay x.org --port 26 a", 64, "--relay and --port excl" },
	{ "smtpsend --sink --server h", 64, "--sink and --server exclude" },
	{ "smtpsend --sink -t", 64, "--read-recipients has no meaning with "
	  "--sink, which receives mail\n" },
	{ "smtpsend --sink --envid e", 64, "--envid has no meaning with" },
	{ "smtpsend --sink --port 26", 64, "--port has no meaning with" },
	{ "smtpsend --sink --ca x", 64, "--ca has no meaning with --sink" },
	{ "smtpsend --sink --log syslog", 64, "--log has no meaning with" },
	{ "smtpsend --sink --helo x", 64, "--helo has no meaning with" },
	{ "smtpsend --sink --tls verify", 64, "have no meaning with --sink" },
	{ "smtpsend --sink --tls dane-only", 64, "--tls verify, dane and" },
	{ "smtpsend --sink --sink-tls --tls none", 64, "exclude each other" },
	{ "smtpsend --sink --sink-auth joe", 64, "USER:PASSWORD is wanted" },
	{ "smtpsend --sink --sink-auth :x", 64, "USER:PASSWORD is wanted" },
	{ "smtpsend --sink-auth a:b bob@x", 64, "needs --sink" },
	{ "smtpsend --sink-peers 5 bob@x", 64, "needs --sink" },
	{ "smtpsend --source 192.0.2.1 -6 a", 64, "--source does not go with" },
	{ "smtpsend --source 2001:db8::1 -4 a", 64, "--source does not go" },
	{ "smtpsend --server [::1] -4 a", 64, "--server does not go with" },
	{ "smtpsend --server 192.0.2.1:25 -6 a", 64, "--server does not go" },
	{ "smtpsend --tls none -O requiretls=yes a@x", 64,
	    "-O requiretls=yes demands TLS and does not go with --tls" },
	{ "smtpsend -O requiretls=yes --tls=none a@x", 64,
	    "-O requiretls=yes demands TLS and does not go with --tls" },
	{ "smtpsend -N often a", 64, "success, failure and delay" },
	{ "smtpsend -R some a", 64, "full or hdrs" },
	{ "sendmail -bv", 64, "sendmail: no recipients" },
	{ "sendmail -ba a", 64, "no such mode" },
	{ "sendmail -bz", 64, "no such mode" },
	{ "sendmail -be a", 64, "no such mode" },
	{ "sendmail -qGgroup", 64, "I, R or S is wanted" },
	{ "sendmail -qI", 64, "I, R or S is wanted" },
	{ "sendmail -q!", 64, "I, R or S is wanted" },
	{ "sendmail -qx", 64, "a time is wanted" },
	{ "smtpsend --fi\033[2Jle a", 64, "--fi\\x1b[2Jle" },
};

static void
test_errors(void **state)
{
	struct buf says = { 0 };
	struct settings s;
	struct line l;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		split(&l, bad[i].line);
		buf_clear(&says);
		status = options_parse(l.argc, l.argv, &s, &says);
		if (status != bad[i].status ||
		    strstr(buf_str(&says), "canary") ||
		    !strstr(buf_str(&says), bad[i].says))
			fail_msg("%s: %d, %s", bad[i].line, status,
			    buf_str(&says));
		free(l.text);
	}
	buf_free(&says);
}

/* Other people's words, each with the advice of its row. */
static void
test_foreign(void **state)
{
	struct slice rest, word;
	const struct foreign *f;
	struct buf says = { 0 };
	struct settings s;
	char text[80];
	struct line l;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; (f = foreign_at(i)) != NULL; i++) {
		rest = slice_of(f->words);
		for (; slice_cut(&rest, ' ', &word); n++) {
			snprintf(text, sizeof text, "smtpsend %.*s secret a@x",
			    (int)word.n, word.p);
			split(&l, text);
			buf_clear(&says);
			assert_int_equal(options_parse(l.argc, l.argv, &s,
			    &says), 64);
			if (!strstr(buf_str(&says), f->advice) ||
			    !strstr(buf_str(&says), "unknown option -") ||
			    strstr(buf_str(&says), "secret"))
				fail_msg("%s: %s", text, buf_str(&says));
			assert_int_equal(slice_find(buf_slice(&says), '\n'),
			    says.n - 1);
			free(l.text);
		}
	}
	assert_true(n > 100);
	buf_free(&says);
}

/* Letters that mean nothing as smtpsend, and nothing ill as sendmail. */
static void
test_letters_of_theirs(void **state)
{
	const struct option *o;
	struct settings s;
	struct buf says = { 0 };
	char text[80];
	struct line l;

	(void)state;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		assert_int_equal(option_index(o), i);
		if (o->scope != SCOPE_THEIRS || o->letter == 'q' ||
		    option_by_letter(o->letter, true))
			continue;
		for (int ours = 0; ours < 2; ours++) {
			snprintf(text, sizeof text, "%s -%c %s a@x",
			    ours ? "smtpsend" : "sendmail", o->letter,
			    o->arg == ARG_REQUIRED ? "1" : "b@x");
			split(&l, text);
			buf_clear(&says);
			if (options_parse(l.argc, l.argv, &s, &says) !=
			    (ours ? 64 : 0))
				fail_msg("%s: %s", text, buf_str(&says));
			assert_int_equal(ours, says.n > 0);
			free(l.text);
		}
	}
	buf_free(&says);
}

static const struct {
	size_t first; /* recipient */
	const char *words[10];
	const char *want; /* NULL = cannot be said */
} orders[] = {
	{ 1, { "x", "bob@x", "-v" }, "x -v bob@x" },
	{ 2, { "x", "-i", "bob@x", "-vf", "me@x", "ann@x", "--json" },
	    "x -i -vf me@x --json bob@x ann@x" },
	{ 1, { "./a b/x", "o'neil <o@x>, b@x", "--file", "my mail",
	    "--tls=may" },
	    "'./a b/x' --file 'my mail' --tls=may 'o'\\''neil <o@x>, b@x'" },
	{ 1, { "x", "bob@x", "-f", "", "--from=$HOME" },
	    "x -f '' '--from=$HOME' bob@x" },
	{ 1, { "x", "bob@x", "--sink", "--", "-v", "ann@x" },
	    "x --sink -- bob@x -v ann@x" },
	{ 1, { "x", "bob@x", "--sink", ":25", "ann@x" },
	    "x --sink :25 bob@x ann@x" },
	{ 1, { "x", "bob@x", "-d0.1", "ann@x" }, "x -d0.1 bob@x ann@x" },
	{ 3, { "x", "--relay", "smtps://me@x:465", "bob@x", "-v" },
	    "x --relay smtps://me@x:465 -v bob@x" },
	/* never what may be a password */
	{ 3, { "x", "--relay", "smtps://me:canary@x", "bob@x", "-v" }, NULL },
	{ 1, { "x", "bob@x", "--proxy=http://me:canary@x:1" }, NULL },
	{ 1, { "x", "bob@x", "-p", "canary" }, NULL },
	{ 1, { "x", "bob@x", "--password=canary" }, NULL },
	/* nothing that would lie about the terminal, or about us */
	{ 1, { "x", "bo\033b@x", "-v" }, NULL },
	{ 1, { "x", "bo\xff@x", "-v" }, NULL },
	{ 1, { "x", "bob@x", "-f" }, NULL },
	{ 1, { "x", "bob@x", "-v", "--file" }, NULL },
	{ 1, { "x", "bob@x", "-f", "--", "ann@x" }, NULL },
	{ 1, { "x", "bob@x", "-" }, NULL },
	{ 1, { "x", "bob@x", "--si", "1" }, NULL },
	{ 1, { "x", "bob@x", "--rcpt", "ann@x" }, NULL },
};

static void
test_order(void **state)
{
	struct buf got;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		char *const *argv = (char *const *)orders[i].words;

		for (n = 0; argv[n]; n++)
			;
		got = (struct buf){ 0 };
		assert_int_equal(option_order_put(&got, argv, n,
		    orders[i].first), orders[i].want != NULL);
		assert_string_equal(buf_str(&got),
		    orders[i].want ? orders[i].want : "");
		buf_free(&got);
	}
}

static void
test_help_fits_and_is_whole(void **state)
{
	struct buf help = { 0 };
	struct slice rest, line;
	const struct option *o;
	char word[32];

	(void)state;
	help_put(&help);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->name)
			snprintf(word, sizeof word, "--%s", o->name);
		else
			snprintf(word, sizeof word, " -%c", o->letter);
		if (o->scope != SCOPE_THEIRS && !strstr(buf_str(&help), word))
			fail_msg("%s is not in --help", word);
	}
	rest = buf_slice(&help);
	while (slice_cut(&rest, '\n', &line))
		if (line.n > 80)
			fail_msg("wide: %.*s", (int)line.n, line.p);
	buf_free(&help);
}

/* What is not given is what --help says, and what others mean by 0. */
static void
test_defaults(void **state)
{
	const struct option *o;
	struct settings s;
	char after[40], before[40];

	(void)state;
	options_init(&s, "smtpsend");
	assert_int_equal(s.route.max_addresses, PLAN_ADDRESSES_MAX);
	assert_int_equal(s.route.max_sessions, DELIVER_SESSIONS);
	assert_int_equal(s.way.tls.level, TLS_MAY);
	assert_null(s.way.tls.given.text);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (!o->fallback || !o->help || !strstr(o->help, "default"))
			continue;
		if (o->fallback[0] == '\0') /* worked out: "user@host" */
			continue;
		snprintf(after, sizeof after, "(default %s)", o->fallback);
		snprintf(before, sizeof before, "%s (default)", o->fallback);
		if (!strstr(o->help, after) && !strstr(o->help, before))
			fail_msg("--%s: %s", o->name, o->help);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_callers),
		cmocka_unit_test(test_sendmail_letters),
		cmocka_unit_test(test_own_options),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_letters_of_theirs),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_help_fits_and_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
