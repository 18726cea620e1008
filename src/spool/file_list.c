/* SPDX-License-Identifier: ISC */
/* file_list.c - the ids that are in a folder. */
#include "spool/file_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/ulid.h"

#define ONE (STORE_ID + 1) /* an id and its NUL */

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ONE);
}

static bool
read_ids(DIR *d, struct buf *out)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(d)) != NULL; errno = 0)
		if (ulid_is_valid(slice_of(entry->d_name)))
			buf_put(out, (struct slice){ entry->d_name, ONE });
	return errno == 0;
}

bool
store_list(struct store *s, enum store_place place, struct buf *out,
    struct outcome *why)
{
	static const enum folder folders[] = { [STORE_QUEUE] = IN_QUEUE,
		[STORE_HELD] = IN_HELD, [STORE_BAD] = IN_CORRUPT };
	int folder = file_folder(s, folders[place], why), fd;
	size_t before = out->n;
	DIR *d;
	bool ok;

	if (folder < 0)
		return false;
	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return file_refuse(s, why, "list messages", errno);
	}
	ok = read_ids(d, out) ||
	    file_refuse(s, why, "list messages", errno);
	closedir(d);
	if (ok && out->n > before)
		qsort(out->base + out->off + before, (out->n - before) / ONE,
		    ONE, compare);
	return ok;
}
