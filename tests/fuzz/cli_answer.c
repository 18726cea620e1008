/* SPDX-License-Identifier: ISC */
/*
 * cli_answer.c - what a token command printed is no token, or visible ASCII;
 * strings of JSON are UTF-8 when they are decoded.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/json.h"
#include "config/secret_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* At the very end of its memory. */
static char *
copy_of(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	must(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

static void
check_json(char *text, size_t n)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	json_begin(&j, text, n);
	while ((got = json_next(&j, &m)) == JSON_MEMBER) {
		must(utf8_is_valid(m.key));
		must(m.value.text.n <= n && utf8_is_valid(m.value.text));
	}
	must(json_next(&j, &m) == got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size);
	struct token t;

	if (token_parse(text, size, 1000000000, &t)) {
		must(t.text.n > 0 && t.text.n <= size);
		for (size_t i = 0; i < t.text.n; i++)
			must(t.text.p[i] > ' ' && t.text.p[i] <= '~');
	}
	free(text);
	text = copy_of(data, size);
	check_json(text, size);
	free(text);
	return 0;
}
