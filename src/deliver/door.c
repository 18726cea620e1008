/* SPDX-License-Identifier: ISC */
/* door.c - see door.h */
#include "deliver/door.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#define PACKAGE "libcurl4"

/* The program's own folder, with its slash; empty when it is not known. */
static void
put_own_folder(struct buf *out)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	const char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	if (slash)
		buf_put(out,
		    (struct slice){ path, (size_t)(slash - path) + 1 });
}

static bool
is_there(struct buf *path, const char *folder)
{
	buf_puts(path, folder);
	buf_puts(path, RELAY_MODULE_FILE);
	return access(buf_str(path), F_OK) == 0;
}

/* Not installed; installed where the program is; where it was configured. */
static void
find(struct buf *path)
{
	size_t n;

	put_own_folder(path);
	n = path->n;
	if (n > 0 && is_there(path, ""))
		return;
	buf_cut(path, n);
	if (n > 0 && is_there(path, "../lib/smtpsend/"))
		return;
	buf_clear(path);
	is_there(path, LIBDIR "/smtpsend/");
}

static const struct relay_module *
refuse(struct outcome *why, const char *reason)
{
	outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "cannot open the relay module (libcurl is in the package %s): %s",
	    PACKAGE, reason);
	return NULL;
}

const struct relay_module *
door_open(struct outcome *why)
{
	const struct relay_module *module;
	struct buf path = { 0 };
	void *library;

	find(&path);
	library = dlopen(buf_str(&path), RTLD_NOW | RTLD_LOCAL);
	buf_free(&path);
	if (!library)
		return refuse(why, dlerror()); /* which names the file */
	module = dlsym(library, "relay_module");
	if (!module || module->version != RELAY_MODULE_VERSION)
		return refuse(why, RELAY_MODULE_FILE " is of another version");
	return module;
}
