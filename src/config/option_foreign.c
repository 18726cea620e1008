/* SPDX-License-Identifier: ISC */
/* option_foreign.c - see option_foreign.h */
#include "config/option_foreign.h"

#include "base/buf.h"

#define CONF	"see man smtpsend.conf"
#define NOTHING "there is nothing like it in this version"

static const struct foreign table[] = {
	/* who gets it */
	{ "--recipient --recipients --rcpt --rcpt-to --mail-rcpt -to",
	    "--to ADDR is shown in the message, a word at the end need not "
	    "be: smtpsend bob@example.org" },
	{ "-cc -c", "--cc ADDR" },
	{ "-bcc", "--bcc ADDR" },
	{ "--sender --mail-from --envelope-sender --envelope-from "
	  "--return-path --return-address --from-address",
	    "--from ADDR (-f) is the envelope's sender" },

	/* what they get */
	{ "-u", "--subject TEXT (-s); who logs in stands in a [relay] "
	    "section, " CONF },
	{ "--headers --add-header -ah --custom-header --append "
	  "--in-reply-to -M", "--header 'NAME: VALUE' is another line of the "
	    "message's header" },
	{ "--content-type --encoding", "they follow from what --body-file, "
	    "--html-file and --attach give" },
	{ "--data --d --message --text --content -m", "--body TEXT is the "
	    "text; the whole message comes from standard input, or is all of "
	    "--file FILE" },
	{ "--html", "--html-file FILE" },
	{ "--upload-file --message-file --input --draft -T -H",
	    "--file FILE is the whole message, with its header" },
	{ "--attachment --attach-body --attach-name --attach-type "
	  "--attach-fd --content-name --content-filename --alternative "
	  "--mime --form -A", "--attach FILE attaches it, under its own "
	    "name" },
	{ "-a", "--attach FILE attaches a file; a login is that of a "
	    "--relay" },
	{ "-E --skip-empty-attachments --discard-empty-messages",
	    "an empty message is refused anyway" },
	{ "--no-strip-from -nsf", "a 'From ' line at the top is always "
	    "dropped" },
	{ "--no-data-fixup -ndf", "--as-is adds and changes nothing" },
	{ "--set-from-header --set-date-header --set-msgid-header "
	  "--remove-bcc-headers --undisclosed-recipients --auto-from",
	    "From:, Date: and Message-ID: are added where they are missing and "
	    "Bcc: is dropped; --as-is adds nothing" },
	{ "--read-envelope-from", "--from ADDR (-f) is the envelope's "
	    "sender" },
	{ "--aliases", "this version reads no aliases" },

	/* which server */
	{ "--host --hostname --smtp-server --smtp-host --smtphost --mx "
	  "--copy-routing",
	    "--server HOST[:PORT] sends there; --relay NAME is a provider's "
	    "server with a login, " CONF },
	{ "--url", "--server smtp://HOST[:PORT] sends there; --relay "
	    "smtps://HOST is a provider's server" },
	{ "-S", "--server HOST or --relay URL says which server; all else "
	    "may stand in a configuration, " CONF },
	{ "-p", "a port is --port N; a password stands in a file, " CONF },
	{ "--smtp-port --smtp-server-port", "--port N" },
	{ "--protocol --lmtp", "--server smtp://HOST, smtps://HOST or "
	    "lmtp://HOST says the protocol" },
	{ "--ehlo --lhlo --hello --domain --smtp-domain -ehlo",
	    "--helo NAME is our name in EHLO" },
	{ "--maildomain", "--default-domain DOMAIN completes bare names" },
	{ "-h", "--help lists all; --helo NAME is our name in EHLO" },
	{ "--interface --local-interface --bind --bind-address --source-ip "
	  "-li", "--source ADDR" },
	{ "--nameserver --dns --dns-server --dns-servers",
	    "--resolver IP[:PORT]" },
	{ "--socks5 --socks5-hostname --preproxy --proxy-host --proxy-port "
	  "-x",
	    "--proxy socks5h://HOST:PORT reaches relays" },
	{ "--connect-timeout --max-time", "--timeout TIME" },
	{ "--pipeline", "commands go together wherever the server offers "
	    "PIPELINING" },

	/* who we are there */
	{ "--auth --auth-optional --auth-optional-strict --auth-map "
	  "--auth-extra --auth-type --auth-login --smtp-auth --login-options "
	  "-ao -aos -am -ae",
	    "a login belongs to a relay: --relay NAME, and in its section "
	    "user, password-file and auth, " CONF },
	{ "--auth-hide-password --auth-plaintext --protect-prompt -ahp -apt "
	  "-pp", "a password is never shown" },
	{ "--user --username --login --auth-user --smtp-user -au -xu",
	    "who logs in stands in a [relay] section, with the source of the "
	    "password, " CONF },
	{ "--password --pass --passwd --auth-password --smtp-pass -ap -xp",
	    "everybody sees a command line: a password comes from a "
	    "password-file or password-command, " CONF },
	{ "--passwordeval", "password-command = COMMAND in a [relay] "
	    "section, " CONF },
	{ "--netrc --netrc-file", "netrc = FILE in a [relay] section, " CONF },
	{ "--oauth2-bearer", "token-command = COMMAND in a [relay] section, "
	    CONF },
	{ "--account", "--relay NAME is a [relay] section of a "
	    "configuration, " CONF },

	/* TLS */
	{ "--cacert --capath --cafile --ca-file --tls-ca-path "
	  "--tls-trust-file --smtp-ssl-cert-path --x509cafile",
	    "--ca PATH trusts these CAs" },
	{ "--insecure --no-verify --tls-certcheck -k", "--tls encrypt takes "
	    "any certificate, but for a relay's" },
	{ "--ssl --ssl-reqd --starttls --tls-starttls --smtp-ssl "
	  "--require-tls", "--tls encrypt demands STARTTLS; --server "
	    "smtps://HOST is TLS from the first byte" },
	{ "--tls-on-connect --tlsc --smtps --smtp-encryption -tlsc",
	    "--server smtps://HOST is TLS from the first byte" },
	{ "--tls-optional --tls-optional-strict -tlso -tlsos", "--tls may, "
	    "the default, uses TLS "
	    "where it is offered" },
	{ "--no-tls --notls --plaintext", "--tls none" },
	{ "--tls-verify", "--tls verify" },
	{ "--tls-sni --sni --tls-host-override", "--tls-name NAME" },
	{ "--tls-cert --tls-cert-file --x509certfile", "--cert FILE" },
	{ "--tls-key --tls-key-file", "--key FILE" },

	/* what is shown */
	{ "--dump --dump-mail --dump-as-body --dump-as-body-shows-password "
	  "-dab -dabsp --dry-run --pretend -P", "--print shows the message, "
	    "--explain where it would go; both send nothing" },
	{ "-n", "--explain sends nothing; --no-config reads no "
	    "configuration" },
	{ "-q", "silence is the default; --quit-after STEP stops early; "
	    "sendmail -q and --queue flush run the queue" },
	{ "--silent", "silence is the default" },
	{ "--debug --trace --trace-ascii --show-raw-text -raw --verbosity "
	  "--smtp-debug", "-v shows the whole "
	    "dialogue, -vv the message too" },
	{ "--suppress-data", "-v shows the dialogue without the message, which "
	    "-vv adds" },
	{ "--show-time-lapse -stl", "-v shows the time of each line" },
	{ "--hide-receive --hide-send --hide-informational --hide-all "
	  "--no-hints --no-send-hints --no-receive-hints --no-info-hints "
	  "-hr -hs -hi -ha -nth -nsh -nrh -nih", "the form of -v is fixed; "
	    "--json has the same for programs" },
	{ "--tls-get-peer-cert", "--show-cert=pem HOST prints the chain" },
	{ "--tls-protocol -tlsp", "--tls-min and --tls-max say which "
	    "versions" },
	{ "--tls-cipher --tls-priorities", "--ciphers LIST, in OpenSSL's "
	    "names" },
	{ "--tls-fingerprint --tls-crl-file --tls-min-dh-prime-bits "
	  "--pinnedpubkey --crlfile", NOTHING ": --tls LEVEL, --ca, --cert, "
	    "--key and --tls-name say whom TLS trusts" },
	{ "--serverinfo", "-v --quit-after ehlo shows what a server offers" },
	{ "--logfile --log-file --output --output-file -l",
	    "--transcript FILE (-X) appends the dialogue to FILE, --log FILE a "
	    "line for each recipient" },
	{ "--syslog", "--log syslog" },
	{ "--quit", "--quit-after STEP" },
	{ "--drop --drop-after-send -da -das", "--drop-after STEP closes the "
	    "connection without QUIT" },
	{ "--config-file --rcfile", "--config FILE (-C)" },
	{ "--dsn-notify", "--notify LIST (-N)" },
	{ "--dsn-return", "--return full or hdrs (-R)" },

	/* what nobody has but they */
	{ "--xclient-addr --xclient-name --xclient-port --xclient-proto "
	  "--xclient-destaddr --xclient-destport --xclient-helo "
	  "--xclient-login --xclient-reverse-name",
	    "--xclient 'ADDR=IP NAME=HOST' has all attributes" },
	{ "--xclient-delim --xclient-no-verify --xclient-before-starttls "
	  "--xclient-optional --xclient-optional-strict", "--xclient says all "
	    "at once, behind STARTTLS, where it is offered" },
	{ "--proxy-version --proxy-family --proxy-command --proxy-source "
	  "--proxy-source-port --proxy-dest --proxy-dest-port",
	    "--proxy-protocol v1:CLIENT[:PORT][,SERVER[:PORT]], or v2" },
	{ "--prdr --pipe --socket --local-port --lport -lp --support "
	  "--force-getpwuid --trigger-deprecation "
	  "--output-file-stdout --output-file-stderr --logfile-time-format "
	  "--rmqs --configure --noproxy --mail-auth --confirm "
	  "--compose --identity --suppress-cc --smtp-server-option",
	    NOTHING },
};

const struct foreign *
foreign_at(size_t i)
{
	return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

static bool
has_word(const char *words, struct slice word)
{
	struct slice rest = slice_of(words), one;

	while (slice_cut(&rest, ' ', &one))
		if (slice_eq(one, word))
			return true;
	return false;
}

static const char *
find(struct slice word)
{
	for (size_t i = 0; foreign_at(i); i++)
		if (has_word(table[i].words, word))
			return table[i].advice;
	return NULL;
}

/* Families of words, by how they begin. */
static struct slice
family(struct slice word)
{
	if (slice_starts(word, SLICE("--h-")) ||
	    slice_starts(word, SLICE("--header-")))
		return SLICE("--headers"); /* --h-Subject, --header-X-Test */
	return word;
}

/* Whoever takes -to takes --to, and vice versa; a letter is a letter. */
const char *
foreign_advice(struct slice word)
{
	bool two = slice_starts(word, SLICE("--"));
	struct slice name = slice_from(word, two ? 2 : 1);
	struct buf other = { 0 };
	const char *advice = find(family(word));

	if (!advice && name.n > 1) {
		buf_puts(&other, two ? "-" : "--");
		buf_put(&other, name);
		advice = find(family(buf_slice(&other)));
	}
	buf_free(&other);
	return advice;
}
