/* SPDX-License-Identifier: ISC */
/* cli_config.c - configurations in, settings and rules or errors out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

/* 150 octets */
#define TEN    "0123456789"
#define LONG   TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct run {
	struct config config;
	struct settings settings;
	struct buf says;
	int status;
};

static void
load(struct run *r, const char *text, const char *second)
{
	*r = (struct run){ 0 };
	options_init(&r->settings, "smtpsend");
	r->status = 78;
	if (!config_parse(&r->config, "f", slice_of(text), &r->settings,
	    &r->says))
		return;
	if (second && !config_parse(&r->config, "g", slice_of(second),
	    &r->settings, &r->says))
		return;
	r->status = config_finish(&r->config, &r->settings, &r->says);
}

static void
unload(struct run *r)
{
	config_free(&r->config);
	buf_free(&r->says);
}

static void
show(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_putf(b, " %s=%s", key, value);
}

static void
show_limits(struct buf *b, const struct rate *rate, unsigned lanes)
{
	if (rate->n)
		buf_putf(b, " rate=%u/%u", rate->n, rate->seconds);
	if (lanes)
		buf_putf(b, " lanes=%u", lanes);
}

static void
show_relay(struct buf *b, const struct relay_spec *r)
{
	static const char *const kinds[] = { NULL, "file", "command",
		"credential", "netrc", "token" };

	buf_putf(b, " (%s %s %s:%u", r->name, r->by_srv ? "srv" :
	    r->link == LINK_SMTPS ? "smtps" : "smtp", r->host, r->port);
	show(b, "user", r->user);
	if (kinds[r->secret])
		show(b, kinds[r->secret], r->secret_from);
	show(b, "shell", r->secret_shell ? "yes" : NULL);
	show(b, "auth", auth_method_name(r->auth));
	show(b, "from", r->from);
	show(b, "ca", r->ca);
	show(b, "cert", r->cert);
	show(b, "key", r->key);
	show(b, "name", r->tls_name);
	show(b, "helo", r->helo);
	show(b, "proxy", r->proxy);
	show_limits(b, &r->rate, r->lanes);
	if (r->source.version) {
		buf_puts(b, " source=");
		ip_put(b, &r->source);
	}
	buf_putc(b, ')');
}

static void
show_domain(struct buf *b, const struct domain_rule *d)
{
	buf_putf(b, " <%s", d->pattern);
	show(b, "relay", d->relay);
	show(b, "direct", d->direct ? "yes" : NULL);
	show(b, "server", d->server);
	if (d->link == LINK_SMTPS)
		buf_puts(b, " smtps");
	if (d->port)
		buf_putf(b, " port=%u", d->port);
	show(b, "tls", d->tls_given ? tls_level_name(d->tls) : NULL);
	show_limits(b, &d->rate, d->lanes);
	buf_putc(b, '>');
}

static void
show_senders(struct buf *b, const struct senders *who)
{
	for (size_t i = 0; i < who->npatterns; i++)
		buf_putf(b, " %s->%s", who->pattern[i].key,
		    who->pattern[i].path);
	show(b, "masquerade", who->masquerade);
	if (who->reply_to)
		buf_putf(b, " reply-to=%d", who->reply_to);
}

static void
show_all(struct buf *b, const struct run *r)
{
	const struct settings *s = &r->settings;
	const struct rules *rules = s->route.rules;

	show(b, "from", s->message.from);
	show(b, "server", s->way.server[0] ? s->way.server : NULL);
	if (s->way.port)
		buf_putf(b, " port=%u", s->way.port);
	show(b, "helo", s->way.helo);
	show(b, "domain", s->message.default_domain);
	show(b, "proxy", s->way.proxy);
	if (s->way.tls.given.text) {
		show(b, "tls", tls_level_name(s->way.tls.level));
		buf_puts(b, " why=");
		given_put(b, &s->way.tls.given, "tls");
	}
	show(b, "ipv4", s->route.only_ipv4 ? "yes" : NULL);
	show(b, "ipv6", s->route.only_ipv6 ? "yes" : NULL);
	if (s->show.verbose)
		buf_putf(b, " verbose=%u", s->show.verbose);
	if (s->route.nresolvers)
		buf_putf(b, " resolvers=%zu", s->route.nresolvers);
	if (s->message.senders)
		show_senders(b, s->message.senders);
	if (!rules)
		return;
	show(b, "use", rules->use);
	for (size_t i = 0; i < rules->nrelays; i++)
		show_relay(b, &rules->relay[i]);
	for (size_t i = 0; i < rules->ndomains; i++)
		show_domain(b, &rules->domain[i]);
}

#define WORK "[relay work]\nurl=smtps://m.example\n"

static const struct {
	const char *text, *second, *want;
} good[] = {
	{ "", NULL, "" },
	{ "# nothing\n; here\n\n  \n", NULL, "" },
	{ "tls = verify", NULL, " tls=verify why=f:1" },
	{ "\xef\xbb\xbf[defaults]\r\ntls : none ; in clear\r\n", NULL,
	    " tls=none why=f:2" },
	{ "\nfrom = a b\n  helo = x.example", NULL,
	    " from=a b helo=x.example" },
	{ "from =;x", NULL, " from=;x" },
	{ "from = a;b\t; c", NULL, " from=a;b" },
	{ "from = a=b:c", NULL, " from=a=b:c" },
	{ "from = " LONG LONG LONG, NULL, " from=" LONG LONG LONG },
	{ "#" LONG LONG "\nport=26", NULL, " port=26" },
	{ "ipv4 = yes\nverbose = TRUE", NULL, " ipv4=yes verbose=1" },
	{ "resolver=192.0.2.1\nresolver=192.0.2.2", NULL, " resolvers=2" },
	{ "resolver=192.0.2.1\nipv4=yes\nverbose=yes\nserver=a:26\ntls=may",
	    "resolver=192.0.2.3\nipv6=yes\nverbose=no\nserver=b\ntls=none",
	    " server=b tls=none why=g:5 ipv6=yes resolvers=1" },
	{ "ipv4 = yes", "ipv4 = no", "" },
	{ "default-domain=x.org\nproxy=socks5h://127.0.0.1:1080", NULL,
	    " domain=x.org proxy=socks5h://127.0.0.1:1080" },
	{ "relay = example.org", NULL,
	    " use=example.org (example.org srv example.org:0)" },
	{ "relay = smtp://joe@M.example:25/ smtps://[::1]", NULL,
	    " use=smtp://joe@M.example:25/ smtps://[::1]"
	    " (smtp://joe@M.example:25/ smtp m.example:25 user=joe)"
	    " (smtps://[::1] smtps ::1:465)" },
	{ "relay = work\nhelo=h.example\nca=/c\n" WORK "user = joe\n"
	    "password-command = pass show 'a\\n' x\nshell = yes\n"
	    "auth = cram-md5\nfrom = *@a.example b@c.example\n"
	    "tls-name=t.example\nsource=192.0.2.9\nproxy=http://p:3128", NULL,
	    " helo=h.example use=work (work smtps m.example:465 user=joe"
	    " command=pass show 'a\\n' x shell=yes auth=CRAM-MD5"
	    " from=*@a.example b@c.example ca=/c name=t.example"
	    " helo=h.example proxy=http://p:3128 source=192.0.2.9)" },
	{ "[relay a]\nurl=smtp://joe%40x.org@m\ncert=/c\nkey=/k\nnetrc=/n\n"
	    "[relay b]\nurl=smtp://bob@x.org@m\npassword-credential=p", NULL,
	    " (a smtp m:587 user=joe@x.org netrc=/n cert=/c key=/k)"
	    " (b smtp m:587 user=bob@x.org credential=p)" },
	{ "[relay a]\nkey=/k\ncert=/c\nurl=x.org", NULL,
	    " (a srv x.org:0 cert=/c key=/k)" },
	{ "key=/k\ncert=/c\n" WORK, NULL,
	    " (work smtps m.example:465 cert=/c key=/k)" },
	{ "[domain c.org]\nport=26\nserver=h\n[domain d.org]\nserver=i:27\n"
	    "port=27\n", NULL, " <c.org server=h port=26> <d.org server=i"
	    " port=27>" },
	{ "[relay a]\nurl=x.org\npassword-file=/p\n[relay b]\nurl=y.org\n"
	    "token-command=t", NULL,
	    " (a srv x.org:0 file=/p) (b srv y.org:0 token=t)" },
	{ WORK "[domain *.example]\nrelay = work\n[domain a.org]\n"
	    "direct=yes\ntls=verify\n[domain b.org]\nserver=smtps://h\n"
	    "[domain c.org]\nserver=h\nport=26\n[domain d.org]", NULL,
	    " (work smtps m.example:465) <*.example relay=work>"
	    " <a.org direct=yes tls=verify> <b.org server=h smtps>"
	    " <c.org server=h port=26> <d.org>" },
	{ WORK "from=a@b\n[relay x]\nurl=x.org\n[domain d]\ntls=none",
	    "[relay y]\nurl=y.org\n[relay work]\nurl=z.org\n[domain e]",
	    " (y srv y.org:0) (work srv z.org:0) (x srv x.org:0)"
	    " <e> <d tls=none>" },
	{ "[domain a.org]\nrate=30/min\nlanes=3\n[relay b]\nurl=b.org\n"
	    "lanes=1\nrate = 1000 / h", NULL,
	    " (b srv b.org:0 rate=1000/3600 lanes=1)"
	    " <a.org rate=30/60 lanes=3>" },
	{ "rewrite-from=* a@x.org\nrewrite-from=b@c   <d@x.org>", NULL,
	    " *->a@x.org b@c->d@x.org" },
	{ "rewrite-from=* a@x.org\n", "rewrite-from=b@c d@x.org",
	    " b@c->d@x.org" },
	{ "masquerade=!A.example.org   Example.ORG  b.test\n"
	    "reply-to-original=yes", NULL,
	    " masquerade=!a.example.org example.org b.test reply-to=1" },
	{ "masquerade=a.test\nreply-to-original = no", "masquerade=b.test",
	    " masquerade=b.test reply-to=2" },
	{ "reply-to-original = yes", NULL, "" },
};

static void
test_good(void **state)
{
	struct buf got;
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		got = (struct buf){ 0 };
		load(&r, good[i].text, good[i].second);
		if (r.status != 0)
			print_error("%s\n", good[i].text);
		assert_string_equal(buf_str(&r.says), "");
		show_all(&got, &r);
		assert_string_equal(buf_str(&got), good[i].want);
		buf_free(&got);
		unload(&r);
	}
}

/* The path of a socket with the slash before it: one octet too many. */
#define LONG_PATH TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "abcdefg"

static const struct {
	const char *text, *says;
} bad[] = {
	{ "tls", "f:1: KEY = VALUE or [SECTION] is wanted" },
	{ "\n\ntls = often", "f:3: tls 'often': none, may, encrypt, verify, "
	    "dane, dane-only or secure" },
	{ "tsl = may", "f:1: 'tsl': there is no such key; did you mean tls?" },
	{ "[relay a]\npasswordfile=/x", "f:2: 'passwordfile': a [relay] "
	    "section has no such key; did you mean password-file?" },
	{ "[domain a]\nrely=x", "f:2: 'rely': a [domain] section has no such "
	    "key; did you mean relay?" },
	{ "colour = x", "f:1: 'colour': there is no such key\n" },
	{ "file = x", "f:1: 'file': there is no such key" },
	{ "sink = yes", "f:1: 'sink': there is no such key" },
	{ "help = yes", "f:1: 'help': there is no such key" },
	{ "ca =", "f:1: 'ca': a value is wanted" },
	{ "tls = may\ntls = may", "f:2: 'tls': this key is there already" },
	{ "json = maybe", "f:1: 'maybe': yes or no is wanted" },
	{ "from = \x1b[1m", "f:1: 'from': a control character" },
	{ "from = \xff", "f:1: 'from': a control character" },
	{ "fr\x1bom = x", "f:1: 'fr\\x1bom': there is no such key" },
	{ "= x", "f:1: KEY = VALUE or [SECTION] is wanted" },
	{ "tls ; = may", "f:1: KEY = VALUE or [SECTION] is wanted" },
	{ "tls = ; may", "f:1: 'tls': a value is wanted" },
	{ "\n[relay\nurl=x.org", "f:2: [SECTION] is wanted" },
	{ "[relay x] y\nurl=x.org", "f:1: [SECTION] is wanted" },
	{ "[rely x]", "f:1: there is no such section" },
	{ "[relay]", "f:1: there is no such section" },
	{ "[relay a b]", "f:1: there is no such section" },
	{ "[relay a\x7f]", "f:1: a section's name has a character" },
	{ "\n[relay a]\nuser=x", "f:2: 'a': this relay has no url" },
	{ "[relay a]\nurl=x.org\n[relay a]", "f:3: 'a': this section is th" },
	{ "[relay a]\nurl=x.org\nfrom=*@a.org, b.org", "f:3: '*@a.org, b.org'"
	  ": blanks are wanted between its words, no commas" },
	{ "[queue]\nallow-recipients=a.org,b.org", "f:2: 'a.org,b.org': blanks "
	  "are wanted between" },
	{ "[local]\nlocal-domains=a.org, b.org", "f:2: 'a.org, b.org': blanks "
	  "are wanted between" },
	{ "[relay a]\nurl=x.org\nport=25", "f:3: 'port': a [relay] section" },
	{ "[domain a]\nurl=x.org", "f:2: 'url': a [domain] section has no" },
	{ "[relay a]\nurl=smtp://u:secret@h", "f:2: 'url': no password may" },
	{ "server=smtp://u:secret@h", "f:1: server: [smtp://|smtps://" },
	{ "[domain d]\nserver=smtp://u:secret@h", "f:2: server: [smtp://" },
	{ "relay=smtp://u:secret@h", "f:1: relay: no password may" },
	{ "[relay a]\nurl=lmtp://h", "f:2: 'lmtp://h': smtp:// or" },
	{ "[relay a]\nurl=h.org:587", "f:2: 'h.org:587': it needs smtp" },
	{ "[relay a]\nurl=192.0.2.1", "f:2: '192.0.2.1': it needs smt" },
	{ "[relay a]\nurl=smtp://%0@h", "f:2: 'url': a user name is wanted" },
	{ "[relay a]\nurl=smtp://%00@h", "f:2: 'url': a user name is wanted" },
	{ "[relay a]\nurl=smtp://h:0", "f:2: 'smtp://h:0': smtp://HOST" },
	{ "[relay a]\nurl=smtp://u@h\nuser=v", "f:3: 'user': the url has" },
	{ "[relay a]\nuser=v\nurl=smtp://u@h", "f:3: 'url': there is a user" },
	{ "[relay a]\npassword=x", "f:2: 'password': no password may stand" },
	{ "[relay a]\npassword-file=/x\nnetrc=/y", "f:3: 'netrc': there is" },
	{ "[relay a]\npassword-file=x", "f:2: 'x': a path that begins with /" },
	{ "[relay a]\npassword-file=~joe/x", "f:2: '~joe/x': a path that" },
	{ "password = x", "f:1: 'password': no password may stand here" },
	{ "[domain a]\npassword=x", "f:2: 'password': a [domain] section" },
	{ "[domain a]\nfrom=x", "f:2: 'from': a [domain] section has no" },
	{ "[domain a]\nuser=x", "f:2: 'user': a [domain] section has no" },
	{ "[relay a]\ndirect=yes", "f:2: 'direct': a [relay] section has" },
	{ "[relay a]\nrewrite-from=* a@x", "f:2: 'rewrite-from': a [relay]" },
	{ "[relay a]\nserver=x", "f:2: 'server': a [relay] section has no" },
	{ "url = x.org", "f:1: 'url': there is no such key" },
	{ "direct = yes", "f:1: 'direct': there is no such key" },
	{ "server=h:25\nport=26", "f:2: port '26': --server says 25" },
	{ "[domain a]\nserver=h:25\nport=26", "f:3: port '26': --server says" },
	{ "[domain a]\nport=26\nserver=h:25", "f:3: server 'h:25': --port" },
	{ "[relay a]\nauth=NTLM", "f:2: 'NTLM': PLAIN, LOGIN, CRAM-MD5" },
	{ "[relay a]\nshell=sh", "f:2: 'sh': yes or no" },
	{ "[relay a]\nproxy=socks4://h:1", "f:2: proxy 'socks4://h:1': soc" },
	{ "[relay a]\nproxy=http://u:secret@h:1",
	    "f:2: proxy: socks5h" },
	{ "[relay a]\nurl=x.org\nkey=/k", "f:1: 'a': it has a key, but no" },
	{ "\nrelay = work", "f:2: 'work': there is no [relay] of this name" },
	{ "relay = a.org b.org c.org d.org e.org f.org g.org h.org i.org",
	    "f:1: 'a.org b.org c.org d.org e.org f.org g.org h.org i.org'" },
	{ "\n[domain x]\nrelay=y", "f:3: 'y': there is no [relay]" },
	{ "[domain x]\nrelay=a.org\ndirect=yes", "f:1: 'x': relay excludes" },
	{ "[domain x]\nserver=a.org\ndirect=yes", "f:1: 'x': direct excl" },
	{ "[domain x]\ntls=x", "f:2: tls 'x': none, may" },
	{ "relay=a.org\nserver=b.org", "f:1: relay and server excl" },
	{ "[domain x]\nrate=30", "f:2: '30': a rate is wanted" },
	{ "[domain x]\nrate=0/s", "f:2: '0/s': a rate is wanted" },
	{ "[domain x]\nrate=1/y", "f:2: '1/y': a rate is wanted" },
	{ "[domain x]\nlanes=0", "f:2: '0': a number from 1 to 1000" },
	{ "lanes=2", "f:1: 'lanes': there is no such key" },
	{ "path=/x", "f:1: 'path': there is no such key" },
	{ "[queue x]", "f:1: there is no such section" },
	{ "[local x]", "f:1: there is no such section" },
	{ "[local]\npath=/x", "f:2: 'path': a [local] section has no such" },
	{ "[local]\nmailbox=/x", "f:2: '/x': mbox:/FOLDER, mbox:~/FILE, " },
	{ "[local]\nmailbox=maildir:x", "f:2: 'maildir:x': mbox:/FOLDER" },
	{ "[local]\nmailbox=mbox:~/", "f:2: 'mbox:~/': mbox:/FOLDER" },
	{ "[local]\nmailbox=lmtp:", "f:2: 'lmtp:': lmtp:unix:/SOCKET or " },
	{ "[local]\nmailbox=lmtp:/run/x", "f:2: 'lmtp:/run/x': lmtp:unix:" },
	{ "[local]\nmailbox=lmtp:unix:run/x",
	    "f:2: 'lmtp:unix:run/x': lmtp:unix:/SOCKET is wanted" },
	{ "[local]\nmailbox=lmtp:unix:/", "f:2: 'lmtp:unix:/': lmtp:unix:/" },
	{ "[local]\nmailbox=lmtp:unix:/" LONG_PATH,
	    "f:2: 'lmtp:unix:/" TEN TEN TEN TEN TEN TEN TEN TEN "012345678': "
	    "the path of a socket has at most" },
	{ "[local]\nmailbox=lmtp:a\nmailbox-command=x",
	    "f:3: 'x': mailbox-command does not go with mailbox = lmtp" },
	{ "[local]\nmailbox-command=x\nmailbox=lmtp:a",
	    "f:3: 'lmtp:a': mailbox-command does not go with" },
	{ "[local]\nmailbox=lmtp:a:0", "f:2: 'lmtp:a:0': lmtp:unix:/SOCKET" },
	{ "[local]\nmailbox=lmtp:a:70000", "f:2: 'lmtp:a:70000': lmtp:" },
	{ "[local]\nmailbox=lmtp:a b", "f:2: 'lmtp:a b': lmtp:unix:" },
	{ "[local]\nmailbox=lmtp:::1", "f:2: 'lmtp:::1': lmtp:unix:" },
	{ "[local]\nmailbox=lmtp:2001:db8::1:24", "f:2: 'lmtp:2001:db8::1" },
	{ "[local]\nmailbox=lmtp:[1.2.3.4]", "f:2: 'lmtp:[1.2.3.4]': lmtp:" },
	{ "[local]\nmailbox=lmtp:[a]:24", "f:2: 'lmtp:[a]:24': lmtp:unix:" },
	{ "[local]\ndelimiter=ab", "f:2: 'ab': one of + - = _ . or none" },
	{ "[local]\ndeliver=perhaps", "f:2: 'perhaps': yes or no is wanted" },
	{ "[local]\nlocal-users-to=@", "f:2: '@': an address is wanted" },
	{ "[local]\naliases=x", "f:2: 'x': a path that begins with /" },
	{ "[local]\ncommand-timeout=0", "f:2: '0': a time is wanted" },
	{ "[queue]\ntls=may", "f:2: 'tls': a [queue] section has no such" },
	{ "[queue]\nlife-time=1d", "f:2: 'life-time': a [queue] section has "
	    "no such key; did you mean lifetime?\n" },
	{ "[queue]\npath=x", "f:2: 'x': a path that begins with /" },
	{ "[queue]\npath=~/x", "f:2: '~/x': a path that begins with /" },
	{ "[queue]\npath=/a\npath=/b", "f:3: 'path': this key is there" },
	{ "[queue]\npath=/a\n[defaults]\n[queue]\npath=/b",
	    "f:5: 'path': this key is there" },
	{ "[queue]\nlifetime=5x", "f:2: '5x': a time of at least a minute" },
	{ "[queue]\nlifetime=59s", "f:2: '59s': a time of at least a minute" },
	{ "[queue]\nidle=-1", "f:2: '-1': a time is wanted" },
	{ "[queue]\nwarn-after=0", "f:2: '0': a time is wanted, as 4h, or " },
	{ "[queue]\nretry=1m,2m", "f:2: '1m,2m': times are wanted" },
	{ "[queue]\nretry=1m 0", "f:2: '1m 0': times are wanted" },
	{ "[queue]\nretry=" TEN TEN TEN TEN, "f:2: '" TEN TEN TEN TEN "': at" },
	{ "[queue]\nretry=1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8", "f:2: '1 2 3 4 "
	    "5 6 7 8 9 1 2 3 4 5 6 7 8': at most 16 times" },
	{ "[queue]\nmax-lanes=0", "f:2: '0': a number from 1 to 10000" },
	{ "[queue]\nrecorders=65", "f:2: '65': a number from 0 to 64" },
	{ "[queue]\nreserve=5%", "f:2: '5%': a size is wanted" },
	{ "[queue]\nrate=1", "f:2: '1': a rate is wanted" },
	{ "[queue]\npostmaster=root", "f:2: 'root': an address is wanted" },
	{ "[queue]\nbcc-all=<>", "f:2: '<>': the null sender" },
	{ "[queue]\nreceived=1", "f:2: '1': yes or no" },
	{ "[queue]\nuser-queue=1", "f:2: '1': yes or no" },
	{ "masquerade = !a.test", "f:1: '!a.test': a domain without !" },
	{ "masquerade = a..test", "f:1: 'a..test': domains are wanted" },
	{ "masquerade = [127.0.0.1]", "f:1: '[127.0.0.1]': domains" },
	{ "masquerade = ! a.test", "f:1: '! a.test': domains are" },
	{ "reply-to-original = x", "f:1: 'x': yes or no is wanted" },
	{ "from-map = x", "f:1: 'x': a path that begins" },
	{ "from-map = /nowhere/x", "f:1: '/nowhere/x': the map cannot be "
	    "read: No such" },
	{ "rewrite-from = x", "f:1: 'x': PATTERN ADDRESS is wanted" },
	{ "rewrite-from = * bob", "f:1: '* bob': PATTERN ADDRESS is wanted" },
};

static void
test_bad(void **state)
{
	const char *says;
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		load(&r, bad[i].text, NULL);
		says = buf_str(&r.says);
		if (strncmp(says, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("%s\nsays %s", bad[i].text, says);
		assert_int_equal(r.status, 78);
		assert_ptr_equal(strchr(says, '\n'), says + strlen(says) - 1);
		assert_null(strstr(says, "secret"));
		unload(&r);
	}
}

static void
show_steps(struct buf *b, const char *name, const struct steps *s)
{
	buf_putf(b, " %s=", name);
	for (size_t i = 0; i < s->n; i++)
		buf_putf(b, i ? ",%u" : "%u", s->v[i]);
}

/* Each key, in the table's order. */
static void
show_queue(struct buf *b, const struct queue_settings *q)
{
	show(b, "path", q->path);
	show(b, "run", q->run);
	buf_putf(b, " life=%u/%u/%u/%u", q->lifetime, q->bounce_lifetime,
	    q->warn_after, q->held_lifetime);
	show_steps(b, "retry", &q->retry);
	show_steps(b, "host", &q->host_retry);
	buf_putf(b, " grey=%u lanes=%u/%u/%u/%u mails=%u idle=%u",
	    q->greylist_retry, q->max_lanes, q->site_lanes,
	    q->site_lanes_start, q->address_lanes, q->mails_per_lane, q->idle);
	show_limits(b, &q->rate, q->recorders);
	buf_putf(b, " reserve=%llu max=%llu",
	    (unsigned long long)q->reserve, (unsigned long long)q->max_size);
	show(b, "postmaster", q->postmaster);
	buf_putf(b, " bounce=%llu/%u %d%d uid=%u/%llu/%u",
	    (unsigned long long)q->bounce_size, q->bounces_per_minute,
	    q->received, q->restrict_from,
	    q->uid_messages, (unsigned long long)q->uid_size,
	    q->uid_connections);
	show(b, "all", q->send_all_to);
	show(b, "bcc", q->bcc_all);
	show(b, "allow", q->allow_recipients);
	show(b, "metrics", q->metrics_file);
}

static const struct {
	const char *text, *want;
} queues[] = {
	{ "", " path=/var/spool/smtpsend run=/run/smtpsend"
	    " life=432000/172800/14400/1209600 retry=60,180,600,1800,3600"
	    " host=60,120,300,900,1800,3600 grey=310 lanes=100/10/2/10"
	    " mails=100 idle=5 lanes=16 reserve=67108864 max=0"
	    " bounce=51200/20 10 uid=5000/1073741824/20" },
	{ "[queue]\npath=/q\nrun=/r\nlifetime=1d\nbounce-lifetime=1h\n"
	    "warn-after=never\nheld-lifetime=1w\nretry=5 6\nhost-retry=7\n"
	    "greylist-retry=8\nmax-lanes=9\nsite-lanes=10\n"
	    "site-lanes-start=11\naddress-lanes=12\nmails-per-lane=13\n"
	    "idle=0\nrate=14/day\nrecorders=0\nreserve=15\nmax-size=16k\n"
	    "postmaster=p@x.org\nbounce-size=17\n"
	    "bounces-per-minute=0\nreceived=no\n"
	    "restrict-from=yes\nuid-messages=18\nuid-size=19\n"
	    "uid-connections=20\nsend-all-to=<a@x.org>\nbcc-all=b@x.org\n"
	    "allow-recipients=*@x.org y.org\nmetrics-file=/m",
	    " path=/q run=/r life=86400/3600/0/604800 retry=5,6 host=7 grey=8"
	    " lanes=9/10/11/12 mails=13 idle=0 rate=14/86400 reserve=15"
	    " max=16384 postmaster=p@x.org bounce=17/0 01 uid=18/19/20"
	    " all=a@x.org bcc=b@x.org allow=*@x.org y.org metrics=/m" },
};

static void
test_queue(void **state)
{
	struct buf got;
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
		got = (struct buf){ 0 };
		load(&r, queues[i].text, NULL);
		assert_string_equal(buf_str(&r.says), "");
		show_queue(&got, &r.settings.queue);
		assert_string_equal(buf_str(&got), queues[i].want);
		buf_free(&got);
		unload(&r);
	}
}

/* What --print-config shows says the same again. */
static void
test_queue_printed(void **state)
{
	struct buf text = { 0 }, again = { 0 };
	struct run r, s;

	(void)state;
	load(&r, queues[1].text, NULL);
	config_put(&r.config, &text);
	load(&s, buf_str(&text), NULL);
	assert_string_equal(buf_str(&s.says), "");
	show_queue(&again, &s.settings.queue);
	assert_string_equal(buf_str(&again), queues[1].want);
	unload(&r);
	unload(&s);
	buf_free(&text);
	buf_free(&again);
}

/* Of a file that cannot be used, where the queue is is known all the same. */
static void
test_salvage(void **state)
{
	struct run r = { .config.salvage = true };

	(void)state;
	options_init(&r.settings, "sendmail");
	config_parse(&r.config, "f", SLICE("tsl = may\nserver = h\n[rely\n"
	    "[queue]\nlifetime = 1d\npath = /q\nwhat\n run=x\nrun = /r\n"
	    "[domain x]\npath = /no\n"), &r.settings, &r.says);
	assert_string_equal(r.settings.queue.path, "/q");
	assert_string_equal(r.settings.queue.run, "/r");
	assert_int_equal(r.settings.queue.lifetime, 432000);
	assert_string_equal(r.settings.way.server, "");
	unload(&r);
}

/* A user's own file has none: no user says what happens to others' mail. */
static void
test_own_has_no_queue(void **state)
{
	struct run r = { .config.is_own = true };

	(void)state;
	options_init(&r.settings, "smtpsend");
	assert_false(config_parse(&r.config, "f", SLICE("\n[queue]\npath=/x"),
	    &r.settings, &r.says));
	assert_string_equal(buf_str(&r.says), "f:2: 'queue': this is for the "
	    "whole machine: the section belongs into "
	    "/etc/smtpsend/smtpsend.conf\n");
	unload(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_queue_printed),
		cmocka_unit_test(test_salvage),
		cmocka_unit_test(test_own_has_no_queue),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
