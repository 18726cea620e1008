/* SPDX-License-Identifier: ISC */
/* receive_web.c - see receive_web.h */
#include "cli/receive_web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/door.h"
#include "net/sockaddr.h"
#include "web/web.h"

/* Where it is, for a person and for a test; and who can read it. */
static void
announce(const struct settings *s, const struct endpoint *at)
{
	struct buf name = { 0 };

	endpoint_put(&name, at);
	fprintf(stderr, "pages on http://%s/\n", buf_str(&name));
	if (!ip_is_loopback(&at->ip))
		fprintf(stderr, "%s: warning: other machines can read, and "
		    "delete, what is shown on %s\n", s->program,
		    buf_str(&name));
	fflush(stderr);
	buf_free(&name);
}

static int
listen_there(struct receive_web *w, const struct settings *s, int *fd)
{
	struct buf name = { 0 };
	int error;

	w->at = s->sink.web;
	*fd = serve_open(&w->at);
	error = errno;
	endpoint_put(&name, &w->at);
	if (*fd < 0)
		fprintf(stderr, "%s: cannot listen on %s: %s\n", s->program,
		    buf_str(&name), strerror(error));
	buf_free(&name);
	return *fd < 0 ? EX_OSERR : EX_OK;
}

int
receive_web_open(struct receive_web *w, const struct settings *s,
    const char *name)
{
	static const struct door door = WEB_DOOR;
	struct web_config config = { .fd = -1, .name = name };
	struct outcome why;
	int status = EX_OK;

	w->module = door_open(&door, &why);
	if (w->module)
		status = listen_there(w, s, &config.fd);
	if (status != EX_OK)
		return status;
	config.at = w->at;
	w->web = w->module ? w->module->open(&config, &why) : NULL;
	if (w->web) {
		announce(s, &w->at);
		return EX_OK;
	}
	fprintf(stderr, "%s: %s\n", s->program, why.text);
	if (config.fd >= 0)
		close(config.fd);
	return outcome_exit(&why);
}

void
receive_web_close(struct receive_web *w)
{
	if (w->web)
		w->module->free(w->web);
	w->web = NULL;
}

void
receive_web_hear(struct receive_web *w, const struct event *e)
{
	if (w->web)
		w->module->hear(w->web, e);
}

void
receive_web_wait(struct receive_web *w, struct wait *wait, int64_t now)
{
	if (w->web)
		w->module->wait(w->web, wait, now);
}

void
receive_web_step(struct receive_web *w, const struct wait *wait, int64_t now)
{
	if (w->web)
		w->module->step(w->web, wait, now);
}

bool
receive_web_show(struct receive_web *w, const struct sink_kept *kept)
{
	const struct server_message *m = kept->mail->message;
	struct slice *to = mem_alloc((m->nrcpts + 1) * sizeof *to);
	struct web_mail mail = {
		.id = kept->draft->id,
		.from = buf_slice(&m->from),
		.to = to,
		.tls = kept->mail->tls,
		.login = kept->mail->login,
		.file = kept->draft->path,
		.lane = kept->mail->lane,
		.fd = kept->fd,
		.at = kept->draft->text_at,
	};
	bool shown;

	for (size_t i = 0; i < m->nrcpts; i++)
		if (!m->rcpt[i].reply || m->rcpt[i].reply[0] == '2')
			to[mail.nto++] = buf_slice(&m->rcpt[i].to);
	shown = w->module->show(w->web, &mail);
	free(to);
	return shown;
}
