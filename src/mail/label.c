/* SPDX-License-Identifier: ISC */
/* label.c - see label.h */
#include "mail/label.h"

#include "mail/header.h"

static bool
has(const struct message *m, const char *name)
{
	return header_has(buf_slice(&m->head), name);
}

bool
label_is_missing(const struct message *m)
{
	return !has(m, "Content-Type") && !has(m, "Content-Transfer-Encoding");
}

/* Add a field unless there is one. */
static void
add(struct message *m, const char *name, const char *value)
{
	if (has(m, name))
		return;
	buf_cut(&m->head, m->head.n - 2); /* before the empty line */
	buf_putf(&m->head, "%s: %s\r\n\r\n", name, value);
}

void
label_put(struct message *m, const struct scan *body)
{
	m->is_binary = label_is_missing(m) && scan_is_binary(body);
	if (!body->eight_bit && !m->is_binary)
		return;
	add(m, "MIME-Version", "1.0");
	if (m->is_binary)
		add(m, "Content-Type", "application/octet-stream");
	else
		add(m, "Content-Type", body->not_utf8 ?
		    "text/plain; charset=unknown-8bit" :
		    "text/plain; charset=utf-8");
	add(m, "Content-Transfer-Encoding", m->is_binary ? "binary" : "8bit");
}
