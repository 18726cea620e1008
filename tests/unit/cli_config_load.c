/* SPDX-License-Identifier: ISC */
/*
 * cli_config_load.c - files and the command line together: which wins, what is
 * refused, and what --print-config says about it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"
#include "config/own.h"

#define WORDS_MAX 16

/* A home with a configuration in it. */
struct home {
	char dir[64];
	char file[128];
};

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int
set_up(void **state)
{
	struct home *h = mem_alloc(sizeof *h);

	snprintf(h->dir, sizeof h->dir, "/tmp/cli_config.XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->file, sizeof h->file, "%s/smtpsend", h->dir);
	assert_int_equal(mkdir(h->file, 0700), 0);
	snprintf(h->file, sizeof h->file, "%s/smtpsend/smtpsend.conf", h->dir);
	assert_int_equal(setenv("XDG_CONFIG_HOME", h->dir, 1), 0);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	struct home *h = *state;

	unlink(h->file);
	*strrchr(h->file, '/') = '\0';
	rmdir(h->file);
	rmdir(h->dir);
	free(h);
	return 0;
}

struct run {
	char *text;
	char *argv[WORDS_MAX + 1];
	int argc;
	struct config config;
	struct settings settings;
	struct buf says;
	int status;
};

/* The command line's words, by blanks; the first is the program's name. */
static void
run(struct run *r, const char *line)
{
	char *p;

	*r = (struct run){ .text = mem_dup(slice_of(line)) };
	for (p = r->text; p && r->argc < WORDS_MAX; r->argc++) {
		r->argv[r->argc] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = '\0';
	}
	r->status = config_options(&r->config, r->argc, r->argv, &r->settings,
	    &r->says);
}

static void
end(struct run *r)
{
	config_free(&r->config);
	buf_free(&r->says);
	free(r->text);
}

/* What a run came to. */
static void
show(struct buf *b, const struct run *r)
{
	const struct settings *s = &r->settings;
	const struct rules *rules = s->route.rules;

	buf_putf(b, "%s %s:%u %s", s->way.helo ? s->way.helo : "-",
	    s->way.server[0] ? s->way.server : "-", s->way.port,
	    tls_level_name(s->way.tls.level));
	buf_putf(b, " v%u 4%d 6%d r%zu", s->show.verbose, s->route.only_ipv4,
	    s->route.only_ipv6, s->route.nresolvers);
	if (!rules)
		return;
	buf_putf(b, " use=%s", rules->use ? rules->use : "-");
	for (size_t i = 0; i < rules->nrelays; i++)
		buf_putf(b, " %s(%s)", rules->relay[i].name,
		    rules->relay[i].from ? rules->relay[i].from : "");
	buf_putf(b, " d%zu w%zu", rules->ndomains, s->message.senders ?
	    s->message.senders->npatterns : 0);
}

#define PLAIN "helo=f.x\nserver=mx.x:26\ntls=none\nverbose=yes\nipv4=yes\n" \
	      "resolver=192.0.2.1\nresolver=192.0.2.2\n"
#define RELAY "relay=work\nrewrite-from=* a@x.org\n[relay work]\n"	\
	      "url=smtp://m\nfrom=*@x\n[domain d]\ntls=none\n"

static const struct {
	const char *text, *line, *want;
} cases[] = {
	{ PLAIN, "smtpsend a", "f.x mx.x:26 none v1 41 60 r2" },
	{ PLAIN, "sendmail a", "f.x mx.x:26 none v1 41 60 r2" },
	{ PLAIN, "sendmail -C /none a", "f.x mx.x:26 none v1 41 60 r2" },
	{ PLAIN, "smtpsend --helo l.x --tls may -v a",
	    "l.x mx.x:26 may v1 41 60 r2" },
	{ PLAIN, "smtpsend -6 --resolver 192.0.2.3 -vv a",
	    "f.x mx.x:26 none v2 40 61 r1" },
	{ PLAIN, "smtpsend --server h a", "f.x h:0 none v1 41 60 r2" },
	{ PLAIN, "smtpsend --port 27 --server h a",
	    "f.x h:27 none v1 41 60 r2" },
	{ PLAIN, "smtpsend --port 27 a", "f.x mx.x:27 none v1 41 60 r2" },
	{ PLAIN, "smtpsend --no-config a", "- -:0 may v0 40 60 r0" },
	{ PLAIN, "smtpsend --config /dev/null a", "- -:0 may v0 40 60 r0" },
	{ PLAIN, "smtpsend --relay x.org a",
	    "f.x -:26 none v1 41 60 r2 use=x.org x.org() d0 w0" },
	{ RELAY, "smtpsend a",
	    "- -:0 may v0 40 60 r0 use=work work(*@x) d1 w1" },
	{ "tls=none\nproxy=http://p:1", "smtpsend --server h a",
	    "- h:0 none v0 40 60 r0" },
	{ "tls=none", "smtpsend -O requiretls=yes a",
	    "- -:0 none v0 40 60 r0" },
	{ "tls=none", "smtpsend --relay smtp://h a",
	    "- -:0 none v0 40 60 r0 use=smtp://h smtp://h() d0 w0" },
	{ RELAY, "smtpsend --server h a",
	    "- h:0 may v0 40 60 r0 use=- work() d0 w1" },
	{ RELAY, "smtpsend --relay work a",
	    "- -:0 may v0 40 60 r0 use=work work() d0 w1" },
	{ RELAY, "smtpsend --relay y.org --relay work a",
	    "- -:0 may v0 40 60 r0 use=y.org work work() y.org() d0 w1" },
	{ "colour=blue", "smtpsend --help", "- -:0 may v0 40 60 r0" },
	{ "colour=blue", "smtpsend --version", "- -:0 may v0 40 60 r0" },
	{ "colour=blue", "smtpsend --sink", "- -:0 may v0 40 60 r0" },
	{ "colour=blue", "mailq", "- -:0 may v0 40 60 r0" },
	{ "", "smtpsend --relay smtp://h a",
	    "- -:0 may v0 40 60 r0 use=smtp://h smtp://h() d0 w0" },
};

static void
test_who_wins(void **state)
{
	const struct home *h = *state;
	struct buf got;
	struct run r;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		got = (struct buf){ 0 };
		write_file(h->file, cases[i].text, 0644);
		run(&r, cases[i].line);
		assert_string_equal(buf_str(&r.says), "");
		assert_int_equal(r.status, 0);
		show(&got, &r);
		if (strcmp(buf_str(&got), cases[i].want) != 0)
			print_error("%s\n", cases[i].line);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_free(&got);
		end(&r);
	}
}

static const struct {
	const char *text, *line;
	mode_t mode;
	int status;
	const char *says;
} bad[] = {
	{ "tls=x", "smtpsend a", 0644, 78, "smtpsend.conf:1: tls 'x': none, " },
	{ "tls=x", "sendmail a", 0644, 78, "smtpsend.conf:1: tls 'x': none, " },
	{ "tls=x", "smtpsend -bC", 0644, 78, "smtpsend.conf:1: tls 'x': " },
	{ "tls=x", "smtpsend --print-config", 0644, 78, "smtpsend.conf:1: " },
	{ "", "smtpsend -C /none a", 0644, 78, "/none: No such file" },
	{ "", "smtpsend -C / a", 0644, 78, "/: Is a directory" },
	{ "", "smtpsend --relay work a", 0644, 64,
	    "smtpsend: --relay 'work': there is no [relay] of this name\n" },
	{ "", "smtpsend --relay smtp://u:secret@h a", 0644, 64,
	    "smtpsend: --relay: no password may stand" },
	{ "", "smtpsend --relay x.org --server h a", 0644, 64,
	    "smtpsend: --server and --relay exclude each other\n" },
	{ "relay=x.org\nserver=h", "smtpsend a", 0644, 78,
	    "smtpsend.conf:1: relay and server exclude each other\n" },
	/* what clashes without the command line is no fault of it */
	{ "ipv4=yes\nipv6=yes", "smtpsend a", 0644, 78,
	    "smtpsend: the configuration does not fit together: ipv4 and ipv6 "
	    "exclude each other\n" },
	{ "ipv4=yes\nipv6=yes", "sendmail a", 0644, 78,
	    "sendmail: the configuration does not fit together: ipv4 and" },
	{ "ipv4=yes\nipv6=yes", "smtpsend -bC", 0644, 78, "ipv4 and ipv6" },
	{ "key=/k", "mailq -bm a", 0644, 78, "together: key needs cert\n" },
	{ "source=::1", "smtpsend -4 a", 0644, 64,
	    "smtpsend: the address of --source does not go with --ipv4" },
	{ "server=smtps://h\ntls=none", "sendmail a", 0644, 78,
	    "sendmail: the configuration does not fit together: server "
	    "smtps:// is TLS and does not go with tls none\n" },
	{ "tls=none", "smtpsend --quit-after tls a", 0644, 64,
	    "smtpsend: --quit-after tls does not go with --tls none, which is "
	    "that of /" },
	{ "tls=none", "smtpsend --server smtps://h a", 0644, 64,
	    "smtpsend.conf:1\n" },
	{ "relay=x", "smtpsend --server h a", 0644, 78,
	    "smtpsend.conf:1: 'x': there is no [relay]" },
	{ "", "smtpsend --proxy h:1 a", 0644, 64, "--proxy 'h:1': socks5h:" },
	{ "", "smtpsend --default-domain -x a", 0644, 64, "a domain is" },
};

static void
test_refused(void **state)
{
	const struct home *h = *state;
	const char *says;
	struct run r;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		write_file(h->file, bad[i].text, bad[i].mode);
		run(&r, bad[i].line);
		says = buf_str(&r.says);
		if (!strstr(says, bad[i].says))
			fail_msg("%s says %s", bad[i].line, says);
		assert_int_equal(r.status, bad[i].status);
		assert_ptr_equal(strchr(says, '\n'), says + strlen(says) - 1);
		assert_null(strstr(says, "secret"));
		end(&r);
	}
}

/* The user's own file counts only when nobody else can have written it. */
static const struct {
	const char *line;
	mode_t mode;
	const char *helo;
	bool told;
} passed_over[] = {
	{ "smtpsend a", 0644, "f.x", false },
	{ "smtpsend a", 0646, NULL, false },
	{ "smtpsend -v a", 0646, NULL, true },
	{ "smtpsend --explain a", 0664, NULL, true },
	{ "smtpsend --print-config", 0664, NULL, true },
	{ "smtpsend -bC", 0664, NULL, true },
	{ "sendmail a", 0664, NULL, false },
	{ "sendmail -v a", 0664, NULL, true },
};

static void
test_passed_over(void **state)
{
	const struct home *h = *state;
	struct buf want = { 0 };
	const char *helo;
	struct run r;

	buf_putf(&want, "%s: not read: it may be written to by others",
	    h->file);
	for (size_t i = 0; i < sizeof passed_over / sizeof passed_over[0];
	    i++) {
		write_file(h->file, "helo=f.x", passed_over[i].mode);
		run(&r, passed_over[i].line);
		assert_int_equal(r.status, 0);
		helo = passed_over[i].helo;
		if (helo)
			assert_string_equal(r.settings.way.helo, helo);
		else
			assert_null(r.settings.way.helo);
		if (passed_over[i].told != slice_starts(buf_slice(&r.says),
		    buf_slice(&want)))
			fail_msg("%s says %s", passed_over[i].line,
			    buf_str(&r.says));
		end(&r);
	}
	buf_free(&want);
}

/* Few descriptors are no fault of the file, and the file no fault of ours. */
static void
test_shortage(void **state)
{
	const struct home *h = *state;
	const char *says;
	struct rlimit all, none;
	struct run r;

	write_file(h->file, "helo=f.x", 0644);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){ 0, all.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	run(&r, "smtpsend a");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	says = buf_str(&r.says);
	assert_int_equal(r.status, 71);
	assert_non_null(strstr(says, "smtpsend.conf: Too many open files\n"));
	end(&r);
}

/* "~/" in a file is the home of who runs us; it is printed as it was. */
static void
test_home(void **state)
{
	const struct home *h = *state;
	struct buf home = { 0 }, want = { 0 }, got = { 0 };
	const struct settings *s;
	struct run r;

	assert_int_equal(setenv("HOME", "/h", 1), 0);
	assert_true(own_home(&home));
	write_file(h->file, "ca=~/c\ntranscript=~/t\nname=~/n\nrelay=work\n"
	    "[relay work]\nurl=x.org\npassword-file = ~/p\ncert=~/e\n", 0644);
	run(&r, "smtpsend --file ~/f a");
	assert_string_equal(buf_str(&r.says), "");
	s = &r.settings;
	buf_putf(&got, "%s %s %s %s", s->way.tls.ca, s->show.transcript.text,
	    s->route.rules->relay[0].secret_from,
	    s->route.rules->relay[0].cert);
	buf_putf(&want, "%s/c %s/t %s/p %s/e", buf_str(&home), buf_str(&home),
	    buf_str(&home), buf_str(&home));
	assert_string_equal(buf_str(&got), buf_str(&want));
	assert_string_equal(s->message.full_name, "~/n");
	assert_string_equal(s->message.file, "~/f");
	buf_clear(&got);
	config_put(&r.config, &got);
	assert_non_null(strstr(buf_str(&got), "\nca = ~/c\n"));
	assert_non_null(strstr(buf_str(&got), "\npassword-file = ~/p\n"));
	buf_free(&home);
	buf_free(&want);
	buf_free(&got);
	end(&r);
}

static void
test_print(void **state)
{
	static const char *const wants[] = {
		"[defaults]\n",
		"# command line\nfrom = b@x\n",
		"# default: not set\n#name =\n",
		"/smtpsend.conf:1\nhelo = f.x\n",
		("# command line\nresolver = 192.0.2.8\n# command line\n"
		 "resolver = 192.0.2.9\n"),
		"# default\ntls = may\n",
		"# command line\nverbose = yes\n",
		"/smtpsend.conf:3\nrewrite-from = * a@x.org\n",
		"/smtpsend.conf:4\nmasquerade = x.org\n",
		"/smtpsend.conf:5\nreply-to-original = no\n",
		"\n[relay work]\n# /",
		"/smtpsend.conf:7\nurl = smtp://m\n",
		"/smtpsend.conf:8\npassword-command = a\\b\n",
	};
	const struct home *h = *state;
	struct buf got = { 0 };
	struct run r;

	write_file(h->file, "helo=f.x\nresolver=192.0.2.1\n"
	    "rewrite-from=* a@x.org\nmasquerade=x.org\n"
	    "reply-to-original=no\n[relay work]\nurl=smtp://m\n"
	    "password-command=a\\b\n", 0644);
	run(&r, "smtpsend -r b@x --resolver 192.0.2.8 --resolver 192.0.2.9 -vv "
	    "--print-config");
	assert_int_equal(r.status, 0);
	config_put(&r.config, &got);
	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++)
		if (!strstr(buf_str(&got), wants[i]))
			fail_msg("no %s in %s", wants[i], buf_str(&got));
	assert_null(strstr(buf_str(&got), "192.0.2.1\n"));
	buf_free(&got);
	end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_wins, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_passed_over, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_shortage, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_home, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_print, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
