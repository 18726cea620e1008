/* SPDX-License-Identifier: ISC */
/*
 * relay_words.c - a server's words as curl reads them.
 *
 * curl 7.88 compares the keywords of EHLO in capitals, knows no "AUTH=" (as old
 * servers say) and takes no other reply to STARTTLS than 220, where standards
 * have no case (RFC 5321 2.4) and let the first digit decide.  It hands each
 * line to the debug callback where it lies, and looks at it only afterwards; so
 * the line is put into curl's words there, never longer than it was.  Should a
 * curl hand out copies, then such servers are refused as before: nothing goes
 * out in clear for it.
 */
#include <string.h>

#include "base/ascii.h"
#include "relay/relay_impl.h"

#define CODE 4 /* octets in front of a line's text: "250-" */

/*
 * The mechanisms of an EHLO reply's line, which begins after the code; empty:
 * it is another keyword, or has none.
 */
static struct slice
auth_list(struct slice line)
{
	if (slice_starts_nocase(line, SLICE("AUTH")) && line.n > 4 &&
	    (line.p[4] == ' ' || line.p[4] == '='))
		return slice_trim(slice_from(line, 5));
	return (struct slice){ 0 };
}

/* The next list of mechanisms: old servers have one with '=' besides. */
static struct slice
next_list(struct slice *ehlo)
{
	struct slice line, list = { 0 };

	while (list.n == 0 && ehlo->n > 0 && slice_cut(ehlo, '\n', &line))
		list = auth_list(line);
	return list;
}

struct slice
relay_mechanisms(const struct relay *r)
{
	struct slice rest = buf_slice(&r->ehlo);

	return next_list(&rest);
}

bool
relay_offers(const struct relay *r, struct slice mechanism)
{
	struct slice ehlo = buf_slice(&r->ehlo), list, word;

	while ((list = next_list(&ehlo)).n > 0)
		while (list.n > 0 && slice_cut(&list, ' ', &word))
			if (slice_eq_nocase(word, mechanism))
				return true;
	return false;
}

static void
raise_case(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
}

/* "250-auth=plain login" becomes "250-AUTH PLAIN LOGIN". */
static void
raise_keyword(char *line, size_t n)
{
	struct slice text = slice_trim((struct slice){ line + CODE, n - CODE });

	if (auth_list(text).n > 0) {
		raise_case(line + CODE, n - CODE);
		line[CODE + 4] = ' ';
	} else if (slice_eq_nocase(text, SLICE("STARTTLS"))) {
		raise_case(line + CODE, text.n);
	}
}

void
relay_words(struct relay *r, char *line, size_t n)
{
	if (n < CODE || line[0] != '2')
		return;
	if (r->stage == STAGE_EHLO)
		raise_keyword(line, n);
	else if (r->stage == STAGE_STARTTLS && memcmp(line, "221", 3) != 0)
		memcpy(line, "220", 3);
}
