/* SPDX-License-Identifier: ISC */
/*
 * cli_own.c - whose files are believed: a home and its surroundings, seen by
 * its owner and by root.
 *
 * Without root's rights only what modes decide is tried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/remove_all.h"
#include "config/own.h"
#include "net/file.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define OWNER	 12345
#define STRANGER 12346

static char base[] = "/tmp/cli_own.XXXXXX";

static bool
is_root(void)
{
	return geteuid() == 0;
}

/* name belongs to the owner, or what uid says, and has this mode. */
static void
give(const char *name, uid_t uid, mode_t mode)
{
	if (is_root())
		assert_int_equal(chown(name, uid, uid), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void
make_folder(const char *name, uid_t uid, mode_t mode)
{
	assert_true(mkdir(name, 0700) == 0 || errno == EEXIST);
	give(name, uid, mode);
}

static void
make_file(const char *name)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	give(name, OWNER, 0644);
}

/* All is as it should be. */
static void
make_tree(void)
{
	make_folder(".", 0, 0755);
	make_folder("home", OWNER, 0755);
	make_folder("home/.config", OWNER, 0755);
	make_file("home/.config/f");
	make_folder("sticky", 0, 01777);
	make_folder("sticky/d", OWNER, 0755);
	make_file("sticky/d/f");
	make_file("sticky/f");
	make_folder("other", OWNER, 0755);
	make_file("other/f");
	make_folder("home.old", OWNER, 0755);
	make_file("home.old/f");
}

static void
make_links(void)
{
	assert_int_equal(symlink(".config/f", "home/link"), 0);
	assert_int_equal(symlink("../other/f", "home/out"), 0);
	assert_int_equal(symlink("loop", "home/loop"), 0);
	assert_int_equal(symlink("../../home/.config", "sticky/d/up"), 0);
	assert_int_equal(symlink("sticky/d/up", "home.old/far"), 0);
	if (is_root()) {
		assert_int_equal(symlink("../other/f", "sticky/planted"), 0);
		assert_int_equal(lchown("sticky/planted", STRANGER, STRANGER),
		    0);
		assert_int_equal(symlink("/etc/passwd", "home/lure"), 0);
		assert_int_equal(lchown("home/lure", OWNER, OWNER), 0);
	}
	assert_int_equal(mkfifo("home/fifo", 0600), 0);
	give("home/fifo", OWNER, 0600);
	assert_int_equal(mknod("home/socket", S_IFSOCK | 0600, 0), 0);
	give("home/socket", OWNER, 0600);
}

/* What own_open() does in a process of this user, in a word or more. */
static void
try(uid_t uid, const char *path, int flags, char out[500])
{
	int end[2], status;
	ssize_t n;

	assert_int_equal(pipe(end), 0);
	if (fork() == 0) {
		struct own_refusal why = { 0 };
		int fd;

		if (is_root() && (setgid(uid) != 0 || setuid(uid) != 0))
			_exit(1);
		fd = own_open(path, flags, &why);
		dprintf(end[1], "%s%s", fd >= 0 ? "open" :
		    own_is_absent(&why) ? "absent: " : "error: ",
		    fd >= 0 ? "" : why.text);
		_exit(0);
	}
	close(end[1]);
	n = read(end[0], out, 499);
	close(end[0]);
	assert_true(n >= 0);
	out[n] = '\0';
	assert_true(wait(&status) > 0 && status == 0);
}

static void
check(const char *name, uid_t uid, const char *path, int flags,
    const char *want)
{
	char got[500];

	try(uid, path, flags, got);
	if (!strstr(got, want))
		fail_msg("%s: %s", name, got);
}

static const struct {
	const char *name;
	const char *changed; /* ... has this owner and mode; NULL = nothing */
	uid_t owner;
	mode_t mode;
	const char *path;
	const char *want;
} cases[] = {
	{ "his own", NULL, 0, 0, "home/.config/f", "open" },
	{ "root's", "home/.config/f", 0, 0644, "home/.config/f", "open" },
	{ "a stranger's", "home/.config/f", STRANGER, 0644, "home/.config/f",
	    "absent: it belongs to user 12346, neither to you nor to root" },
	{ "group writes", "home/.config/f", OWNER, 0664, "home/.config/f",
	    "absent: it may be written to by others: its mode is 0664" },
	{ "all write", "home/.config/f", OWNER, 0646, "home/.config/f",
	    "absent: it may be written to by others: its mode is 0646" },
	{ "not readable", "home/.config/f", 0, 0600, "home/.config/f",
	    "absent: Permission denied" },
	{ "a stranger's folder", "home/.config", STRANGER, 0755,
	    "home/.config/f", "home/.config belongs to user 12346, neither" },
	{ "a folder for the group", "home/.config", OWNER, 0775,
	    "home/.config/f", "home/.config may be written to by others" },
	{ "a folder for all", "home/.config", OWNER, 0757, "home/.config/f",
	    "home/.config may be written to by others: its mode is 0757" },
	{ "sticky at home", "home/.config", OWNER, 01777, "home/.config/f",
	    "home/.config may be written to by others: its mode is 1777" },
	{ "a home for all", "home", OWNER, 0777, "home/.config/f",
	    "home may be written to by others: its mode is 0777" },
	{ "a stranger's home", "home", STRANGER, 0755, "home/.config/f",
	    "home belongs to user 12346" },
	{ "above the home", ".", STRANGER, 0777, "home/.config/f", "open" },
	{ "above, not below the home", ".", STRANGER, 0755, "other/f",
	    " belongs to user 12346" },
	{ "beside the home", NULL, 0, 0, "home.old/f", "open" },
	{ "above, beside the home", ".", STRANGER, 0755, "home.old/f",
	    " belongs to user 12346" },
	{ "a closed home", "home", 0, 0700, "home/.config/f",
	    "absent: Permission denied" },
	{ "a link", NULL, 0, 0, "home/link", "open" },
	{ "a link out", NULL, 0, 0, "home/out", "open" },
	{ "a link to a stranger's", "other", STRANGER, 0755, "home/out",
	    "other belongs to user 12346" },
	{ "a link below a sticky folder", NULL, 0, 0, "sticky/d/up/f", "open" },
	{ "a way back by dots", NULL, 0, 0, "home/../home/./.config//f",
	    "open" },
	{ "a link through a stranger's folder", "sticky/d", STRANGER, 0755,
	    "sticky/d/up/f", "sticky/d belongs to user 12346" },
	{ "a loop", NULL, 0, 0, "home/loop", "absent: Too many levels of" },
	{ "in a sticky folder", NULL, 0, 0, "sticky/f", "open" },
	{ "below a sticky folder", NULL, 0, 0, "sticky/d/f", "open" },
	{ "a stranger's in a sticky folder", "sticky/f", STRANGER, 0644,
	    "sticky/f", "absent: it belongs to user 12346" },
	{ "a stranger's sticky folder", "sticky", STRANGER, 01777, "sticky/f",
	    "sticky belongs to user 12346" },
	{ "missing", NULL, 0, 0, "home/none", "absent: No such file" },
	{ "a file as folder", NULL, 0, 0, "home/.config/f/g",
	    "absent: Not a directory" },
	{ "a folder as file", NULL, 0, 0, "home/.config",
	    "absent: not a regular file" },
	{ "FIFO", NULL, 0, 0, "home/fifo", "absent: not a regular file" },
	{ "socket", NULL, 0, 0, "home/socket", "absent: not a regular file" },
	{ "device", NULL, 0, 0, "/dev/null", "absent: not a regular file" },
};

/* Only root can give a file away. */
static bool
can_try(size_t i)
{
	return is_root() || !cases[i].changed || cases[i].owner == OWNER;
}

static void
test_files(void **state)
{
	char home[100], path[200];

	(void)state;
	snprintf(home, sizeof home, "%s/home", base);
	assert_int_equal(setenv("HOME", home, 1), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!can_try(i))
			continue;
		make_tree();
		if (cases[i].changed)
			give(cases[i].changed, cases[i].owner, cases[i].mode);
		snprintf(path, sizeof path, "%s%s%s", cases[i].path[0] == '/' ?
		    "" : base, cases[i].path[0] == '/' ? "" : "/",
		    cases[i].path);
		check(cases[i].name, OWNER, path, 0, cases[i].want);
	}
	make_tree();
	assert_int_equal(setenv("HOME", "/", 1), 0);
	snprintf(path, sizeof path, "%s/sticky/f", base);
	check("a daemon's home", OWNER, path, 0, "open");
	assert_int_equal(unsetenv("HOME"), 0);
	check("no home", OWNER, path, 0, "open");
	give(".", STRANGER, 0755);
	check("no home", OWNER, path, 0, is_root() ? " belongs to" : "open");
	make_tree();
	check("a folder", OWNER, home, O_DIRECTORY, "open");
	check("the top", OWNER, "/", O_DIRECTORY, "open");
	check("relative", OWNER, "other/f", 0, "open");
}

/* sudo that keeps HOME, su without -: the home is not root's. */
static void
test_root(void **state)
{
	char home[100], path[200];

	(void)state;
	if (!is_root())
		skip();
	make_tree();
	snprintf(home, sizeof home, "%s/home", base);
	snprintf(path, sizeof path, "%s/.config/f", home);
	assert_int_equal(setenv("HOME", home, 1), 0);
	check("his home", 0, path, 0, "home belongs to user 12345");
	give("home", 0, 0755);
	check("his folder", 0, path, 0, "home/.config belongs to user 12345");
	give("home/.config", 0, 0755);
	check("his file", 0, path, 0, "absent: it belongs to user 12345");
	give("home/.config/f", 0, 0644);
	check("root's", 0, path, 0, "open");
}

/* A link is its maker's word: it may not choose among the files of others. */
static void
test_links_of_strangers(void **state)
{
	char path[200];

	(void)state;
	if (!is_root())
		skip();
	make_tree();
	assert_int_equal(unsetenv("HOME"), 0);
	snprintf(path, sizeof path, "%s/sticky/planted", base);
	check("planted", OWNER, path, 0,
	    "sticky/planted belongs to user 12346");
	check("planted", STRANGER, path, 0, "other belongs to user 12345");
	snprintf(path, sizeof path, "%s/home/lure", base);
	check("a lure", 0, path, 0, "home belongs to user 12345");
	check("a lure", STRANGER, path, 0, "home belongs to user 12345");
	check("his own link", OWNER, path, 0, "open");
	give("home", 0, 0755);
	check("a lure", 0, path, 0, "home/lure belongs to user 12345");
}

static const struct {
	enum own_base base;
	const char *variable, *value;
	const char *want; /* below the home when it does not begin with / */
} folders[] = {
	{ OWN_CONFIG, "XDG_CONFIG_HOME", NULL, ".config" },
	{ OWN_CONFIG, "XDG_CONFIG_HOME", "/x/y", "/x/y" },
	{ OWN_CONFIG, "XDG_CONFIG_HOME", "x/y", ".config" },
	{ OWN_CONFIG, "XDG_CONFIG_HOME", "", ".config" },
	{ OWN_STATE, "XDG_STATE_HOME", NULL, ".local/state" },
	{ OWN_STATE, "XDG_STATE_HOME", "/s", "/s" },
	{ OWN_CACHE, "XDG_CACHE_HOME", NULL, ".cache" },
	{ OWN_RUNTIME, "XDG_RUNTIME_DIR", NULL, NULL },
	{ OWN_RUNTIME, "XDG_RUNTIME_DIR", "/run/user/1", "/run/user/1" },
};

static void
test_folders(void **state)
{
	const char *home = is_root() ? "/root" : "/h";

	(void)state;
	assert_int_equal(setenv("HOME", "/h", 1), 0);
	for (size_t i = 0; i < COUNT(folders); i++) {
		struct buf got = { 0 }, want = { 0 };

		if (folders[i].value)
			setenv(folders[i].variable, folders[i].value, 1);
		else
			unsetenv(folders[i].variable);
		assert_int_equal(own_folder(folders[i].base, &got),
		    folders[i].want != NULL);
		if (folders[i].want && folders[i].want[0] != '/')
			buf_putf(&want, "%s/", home);
		buf_puts(&want, folders[i].want ? folders[i].want : "");
		assert_string_equal(buf_str(&got), buf_str(&want));
		buf_free(&got);
		buf_free(&want);
	}
}

static void
test_errors(void **state)
{
	static const int absent[] = { 0, EACCES, ENOENT, ENOTDIR, ELOOP,
		ENAMETOOLONG };
	static const int shortage[] = { EMFILE, ENFILE, ENOMEM, EIO };

	(void)state;
	for (size_t i = 0; i < COUNT(absent); i++) {
		struct own_refusal why = { .error = absent[i] };

		assert_true(own_is_absent(&why));
		assert_false(file_is_shortage(absent[i]));
	}
	for (size_t i = 0; i < COUNT(shortage); i++) {
		struct own_refusal why = { .error = shortage[i] };

		assert_false(own_is_absent(&why));
		assert_true(file_is_shortage(shortage[i]));
	}
}

static void
test_shortage(void **state)
{
	struct rlimit all, none;
	struct own_refusal why;
	char path[200];

	(void)state;
	make_tree();
	snprintf(path, sizeof path, "%s/sticky/f", base);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){ 0, all.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(own_open(path, 0, &why), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	assert_int_equal(why.error, EMFILE);
	assert_string_equal(why.text, "Too many open files");
}

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(base) || chdir(base) != 0)
		return -1;
	make_tree();
	make_links();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	make_tree();
	if (chdir("/") != 0)
		return -1;
	return remove_all(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_links_of_strangers),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_shortage),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
