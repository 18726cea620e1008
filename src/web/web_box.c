/* SPDX-License-Identifier: ISC */
/* web_box.c - see web_box.h */
#include "web/web_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/header.h"
#include "mail/parts.h"
#include "net/clock.h"
#include "net/file.h"

#define BLOCK 65536

bool
box_init(struct box *b)
{
	const char *dir = getenv("TMPDIR");

	b->fd = file_open_unseen(dir && dir[0] ? dir : "/tmp");
	return b->fd >= 0;
}

static void
free_mail(struct box_mail *m)
{
	free(m->id);
	free(m->tls);
	free(m->login);
	free(m->file);
	buf_free(&m->from);
	buf_free(&m->to);
	buf_free(&m->subject);
	buf_free(&m->dialogue);
	free(m);
}

size_t
box_clear(struct box *b)
{
	size_t n = b->mails.n;
	struct box_mail *m;

	while ((m = list_take(&b->mails)) != NULL)
		free_mail(m);
	if (ftruncate(b->fd, 0) == 0)
		b->end = 0;
	return n;
}

void
box_free(struct box *b)
{
	if (b->fd < 0)
		return;
	box_clear(b);
	for (size_t i = 0; i < BOX_LANES; i++)
		buf_free(&b->lane[i].said);
	close(b->fd);
}

/* A file system that cannot make a hole keeps it until all are deleted. */
static void
forget_oldest(struct box *b)
{
	struct box_mail *m = list_take(&b->mails);

	fallocate(b->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, m->at,
	    (off_t)m->size);
	free_mail(m);
}

const struct box_mail *
box_find(const struct box *b, uint64_t number)
{
	const struct box_mail *m = number ? box_after(b, number - 1) : NULL;

	return m && m->number == number ? m : NULL;
}

const struct box_mail *
box_after(const struct box *b, uint64_t number)
{
	const struct box_mail *m = list_first(&b->mails);

	while (m && m->number <= number)
		m = list_after(&m->node);
	return m;
}

ssize_t
box_read(const struct box *b, const struct box_mail *m, off_t at, char *to,
    size_t n)
{
	size_t left = at < (off_t)m->size ? m->size - (size_t)at : 0;

	return pread(b->fd, to, n < left ? n : left, m->at + at);
}

/* ---- dialogues ---- */

static void
put_line(struct buf *out, const struct event *e, struct slice line)
{
	if (out->n + line.n > BOX_DIALOGUE_MAX)
		return;
	buf_puts(out, e->kind == EVENT_SENT ? "S: " :
		e->kind == EVENT_RECEIVED   ? "C: " :
					      "   ");
	buf_put(out, line);
	buf_putc(out, '\n');
}

static struct box_lane *
lane_of(struct box *b, unsigned lane)
{
	struct box_lane *l = &b->lane[lane % BOX_LANES];

	if (l->lane != lane) {
		buf_clear(&l->said);
		l->lane = lane;
		l->hello = 0;
		l->number = 0;
	}
	return l;
}

/* What led to the message before is not this one's. */
static void
begin_mail(struct box_lane *l)
{
	if (l->hello == 0)
		l->hello = l->said.n;
	buf_cut(&l->said, l->hello);
	l->number = 0;
}

/* What is said after a message is kept, its answer first, is its own too. */
void
box_hear(struct box *b, const struct event *e)
{
	struct slice line = event_get(e, e->kind == EVENT_NOTE ? "text" :
	    "line");
	struct box_lane *l = lane_of(b, e->lane);
	struct box_mail *m;

	if (e->kind != EVENT_SENT && e->kind != EVENT_RECEIVED &&
	    e->kind != EVENT_NOTE)
		return;
	if (e->kind == EVENT_RECEIVED &&
	    slice_starts_nocase(line, SLICE("MAIL ")))
		begin_mail(l);
	put_line(&l->said, e, line);
	m = b->mails.last ? b->mails.last->owner : NULL;
	while (l->number && m && m->number > l->number)
		m = m->node.prev ? m->node.prev->owner : NULL;
	if (l->number && m && m->number == l->number)
		put_line(&m->dialogue, e, line);
}

/* ---- one more ---- */

static bool
copy_text(struct box *b, const struct web_mail *mail, size_t *size)
{
	char *block = mem_alloc(BLOCK);
	ssize_t n;
	bool good = lseek(b->fd, b->end, SEEK_SET) >= 0;

	*size = 0;
	while (good && (n = pread(mail->fd, block, BLOCK,
		    mail->at + (off_t)*size)) != 0) {
		good = n > 0 &&
		    file_write(b->fd, (struct slice){ block, (size_t)n });
		*size += n > 0 ? (size_t)n : 0;
	}
	free(block);
	return good;
}

static void
read_subject(const struct box *b, struct box_mail *m)
{
	struct parts *p = mem_alloc(sizeof *p);
	char *block = mem_alloc(BLOCK);
	struct header_field f;
	ssize_t n = box_read(b, m, 0, block, BLOCK);

	p->wanted = PARTS_NOTHING;
	parts_feed(p, (struct slice){ block, n > 0 ? (size_t)n : 0 }, true);
	m->subject.max = 2000;
	if (header_find(buf_slice(&p->head), "Subject", &f))
		parts_put_value(&m->subject, f.value);
	parts_free(p);
	free(p);
	free(block);
}

static char *
dup_or_null(struct slice s)
{
	return s.n > 0 ? mem_dup(s) : NULL;
}

static struct box_mail *
make_mail(struct box *b, const struct web_mail *mail, size_t size)
{
	struct box_mail *m = mem_alloc(sizeof *m);

	m->number = ++b->last;
	m->id = mem_dup(slice_of(mail->id));
	m->tls = dup_or_null(slice_of(mail->tls));
	m->login = dup_or_null(mail->login);
	m->file = dup_or_null(slice_of(mail->file));
	m->received = clock_wall().seconds;
	m->lane = mail->lane;
	m->at = b->end;
	m->size = size;
	buf_put(&m->from, mail->from);
	for (size_t i = 0; i < mail->nto; i++) {
		buf_put(&m->to, mail->to[i]);
		buf_putc(&m->to, '\n');
	}
	return m;
}

bool
box_add(struct box *b, const struct web_mail *mail)
{
	struct box_lane *l = lane_of(b, mail->lane);
	struct box_mail *m;
	size_t size;

	if (!copy_text(b, mail, &size)) {
		int error = errno;

		if (ftruncate(b->fd, b->end) != 0)
			errno = error;
		errno = error;
		return false;
	}
	if (b->mails.n == WEB_MESSAGES_MAX)
		forget_oldest(b);
	m = make_mail(b, mail, size);
	b->end += (off_t)size;
	read_subject(b, m);
	buf_put(&m->dialogue, buf_slice(&l->said));
	l->number = m->number;
	list_append(&b->mails, &m->node, m);
	return true;
}
