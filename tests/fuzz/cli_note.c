/* SPDX-License-Identifier: ISC */
/*
 * cli_note.c - by no note is anything cut off but what has its sum.
 *
 * The first octet says how many lines are the note, the rest is the mailbox.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "local/mbox_note.h"
#include "net/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct slice note, int fd, struct slice file)
{
	struct buf sum = { 0 };
	struct slice tail;
	uint64_t at;
	bool found = false;

	if (mbox_note_tells(note, fd, &at)) {
		assert(at < file.n);
		tail = slice_from(file, (size_t)at);
		buf_putf(&sum, "%u\n", crc32c_by_table(0, tail));
		for (size_t i = 0; i < note.n; i++)
			found = found || slice_starts(slice_from(note, i),
			    buf_slice(&sum));
		assert(found);
	}
	buf_free(&sum);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line;
	struct buf note = { 0 };
	int fd = memfd_create("mbox", MFD_CLOEXEC);
	struct stat st;
	unsigned lines = size > 0 ? data[0] % 8 : 0;

	assert(fd >= 0 && fstat(fd, &st) == 0);
	rest = slice_from(rest, 1);
	buf_putf(&note, "append %ju ", (uintmax_t)st.st_ino);
	while (lines-- > 0 && slice_cut(&rest, '\n', &line)) {
		buf_put(&note, line);
		buf_putc(&note, '\n');
	}
	assert(file_write(fd, rest));
	check(buf_slice(&note), fd, rest);
	check(slice_first(buf_slice(&note), note.n / 2), fd, rest);
	buf_free(&note);
	close(fd);
	return 0;
}
