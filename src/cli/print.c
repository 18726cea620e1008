/* SPDX-License-Identifier: ISC */
/* print.c - see print.h */
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/outcome.h"
#include "mail/encode.h"
#include "mail/unix_text.h"
#include "net/content.h"

static void
put(struct unix_text *t, struct slice wire)
{
	struct buf out = { 0 };

	unix_text_put(t, wire, &out);
	fwrite(buf_str(&out), 1, out.n, stdout);
	buf_free(&out);
}

static bool
put_body(struct unix_text *t, const struct content *body, struct outcome *why)
{
	struct encoder e = { 0 };
	struct buf wire = { 0 };
	char block[CONTENT_BLOCK];
	struct slice raw;
	bool ok = true;

	for (uint64_t at = 0; ok && at < body->length; at += raw.n) {
		ok = content_read(body, at, block, &raw, why);
		if (!ok)
			break;
		buf_clear(&wire);
		encode(&e, raw, &wire);
		put(t, buf_slice(&wire));
	}
	buf_clear(&wire);
	encode_finish(&e, &wire);
	put(t, buf_slice(&wire));
	buf_free(&wire);
	return ok;
}

int
put_message(const char *program, const struct message *m)
{
	struct unix_text t = { .kind = isatty(STDOUT_FILENO) ? TEXT_TERMINAL
							     : TEXT_PLAIN };
	struct outcome why;
	struct buf rest = { 0 };

	put(&t, buf_slice(&m->head));
	if (!put_body(&t, &m->body, &why)) {
		fprintf(stderr, "%s: %s\n", program, why.text);
		return EX_IOERR;
	}
	unix_text_end(&t, &rest);
	fwrite(buf_str(&rest), 1, rest.n, stdout);
	buf_free(&rest);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	fprintf(stderr, "%s: the message could not be printed: %s\n", program,
	    strerror(errno));
	return EX_IOERR;
}
