/* SPDX-License-Identifier: ISC */
/*
 * dmarc.c - fuzz DMARC records: whatever stands there, what is read of it is
 * within bounds and lies in the text, and a record with a policy is still one
 * when an unknown tag follows.
 */
#include <stdint.h>
#include <stdlib.h>

#include "auth/dmarc.h"
#include "base/ascii.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_uris(struct slice text, const struct dmarc_uris *uris)
{
	if (uris->n > DMARC_URIS)
		abort();
	for (size_t i = 0; i < uris->n; i++) {
		struct slice uri = uris->uri[i].uri;

		if (uri.p < text.p || uri.p + uri.n > text.p + text.n ||
		    !ascii_is_uri(uri) || slice_find(uri, '!') != uri.n)
			abort();
	}
}

/* The same, with an unknown tag at the end. */
static void
check_more(struct slice text, const struct dmarc_record *r)
{
	struct dmarc_record more;
	struct buf longer = { 0 };

	buf_put(&longer, text);
	buf_puts(&longer, ";unknown=1");
	if (dmarc_record_parse(buf_slice(&longer), &more) ||
	    more.p != r->p || more.sp != r->sp || more.pct != r->pct ||
	    more.rua.n != r->rua.n || more.fo != r->fo)
		abort();
	buf_free(&longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct dmarc_record r;
	const char *wrong = dmarc_record_parse(text, &r);

	if ((!wrong && !dmarc_is_record(text)) || r.pct > 100 || r.fo == 0 ||
	    r.fo > 15 || r.p > DMARC_REJECT || r.sp > DMARC_REJECT)
		abort();
	check_uris(text, &r.rua);
	check_uris(text, &r.ruf);
	if (!wrong && size + 20 < DMARC_TEXT_MAX)
		check_more(text, &r);
	return 0;
}
