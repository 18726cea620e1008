/* SPDX-License-Identifier: ISC */
/* draft.c - see draft.h */
#include "serve/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/file.h"

static int
open_nameless(void)
{
	const char *dir = getenv("TMPDIR");

	return file_open_unseen(dir && dir[0] ? dir : "/tmp");
}

static void
open_hidden(struct draft *d)
{
	struct buf path = { 0 };

	buf_putf(&path, "%s/.%s.tmp", d->dir, d->id);
	d->fd = open(buf_str(&path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (d->fd >= 0)
		d->path = mem_dup(buf_slice(&path));
	else
		d->error = errno;
	buf_free(&path);
}

bool
draft_in_file(struct draft *d)
{
	if (d->fd >= 0 || d->error != 0)
		return d->error == 0;
	if (d->dir)
		open_hidden(d);
	else
		d->fd = open_nameless();
	if (d->fd < 0 && d->error == 0)
		d->error = errno;
	if (d->error == 0 && !file_write(d->fd, buf_slice(&d->text)))
		d->error = errno ? errno : EIO;
	buf_free(&d->text);
	return d->error == 0;
}

void
draft_write(struct draft *d, struct slice data)
{
	if (d->error != 0)
		return;
	if (d->fd < 0 && d->text.n + data.n <= DRAFT_IN_MEMORY)
		buf_put(&d->text, data);
	else if (draft_in_file(d) && !file_write(d->fd, data))
		d->error = errno ? errno : EIO;
}

void
draft_discard(struct draft *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->path && !d->kept)
		unlink(d->path);
	free(d->path);
	buf_free(&d->text);
	d->path = NULL;
	d->fd = -1;
}

const char *
draft_refusal(const struct draft *d)
{
	if (d->error == ENOSPC || d->error == EDQUOT || d->error == EFBIG)
		return "452 4.3.1 Insufficient system storage";
	return "451 4.3.0 Cannot keep the message now";
}
