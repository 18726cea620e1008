/* SPDX-License-Identifier: ISC */
/* filetype.c - see filetype.h */
#include "mail/filetype.h"

/* A line of a list. */
struct glob {
	uint64_t weight;
	struct slice type, pattern;
};

/* Comments are none; flags behind the pattern do not matter here. */
static bool
read_line(struct slice line, struct glob *g)
{
	struct slice weight;

	return slice_cut(&line, ':', &weight) &&
	    slice_to_uint(weight, 1000, &g->weight) &&
	    slice_cut(&line, ':', &g->type) &&
	    slice_cut(&line, ':', &g->pattern) && g->pattern.n > 0;
}

static bool
matches(struct slice pattern, struct slice name)
{
	if (pattern.p[0] != '*')
		return slice_eq_nocase(pattern, name);
	pattern = slice_from(pattern, 1);
	return pattern.n > 0 && pattern.n < name.n &&
	    slice_find(pattern, '*') == pattern.n &&
	    slice_find(pattern, '[') == pattern.n &&
	    slice_eq_nocase(pattern, slice_from(name, name.n - pattern.n));
}

static bool
is_better(const struct glob *a, const struct glob *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return a->pattern.n > b->pattern.n;
}

struct slice
filetype_in(struct slice globs, struct slice name)
{
	struct glob best = { 0 }, one;
	struct slice line;

	while (slice_cut(&globs, '\n', &line))
		if (read_line(line, &one) && matches(one.pattern, name) &&
		    is_better(&one, &best))
			best = one;
	return best.type;
}

/* What people send most, for machines without the list. */
static const char known[] =
    "50:application/gzip:*.gz\n"
    "50:application/json:*.json\n"
    "50:application/msword:*.doc\n"
    "50:application/pdf:*.pdf\n"
    "50:application/vnd.ms-excel:*.xls\n"
    "50:application/vnd.oasis.opendocument.spreadsheet:*.ods\n"
    "50:application/vnd.oasis.opendocument.text:*.odt\n"
    "50:application/vnd.openxmlformats-officedocument.presentationml."
    "presentation:*.pptx\n"
    "50:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet:"
    "*.xlsx\n"
    "50:application/vnd.openxmlformats-officedocument.wordprocessingml."
    "document:*.docx\n"
    "50:application/x-tar:*.tar\n"
    "50:application/xml:*.xml\n"
    "50:application/zip:*.zip\n"
    "50:audio/mpeg:*.mp3\n"
    "50:image/gif:*.gif\n"
    "50:image/jpeg:*.jpeg\n"
    "50:image/jpeg:*.jpg\n"
    "50:image/png:*.png\n"
    "50:image/svg+xml:*.svg\n"
    "50:image/webp:*.webp\n"
    "50:message/rfc822:*.eml\n"
    "50:text/calendar:*.ics\n"
    "50:text/css:*.css\n"
    "50:text/csv:*.csv\n"
    "50:text/html:*.htm\n"
    "50:text/html:*.html\n"
    "50:text/markdown:*.md\n"
    "50:text/plain:*.log\n"
    "50:text/plain:*.txt\n"
    "50:text/vcard:*.vcf\n"
    "50:text/x-diff:*.diff\n"
    "50:text/x-diff:*.patch\n"
    "50:video/mp4:*.mp4\n";

struct slice
filetype_known(struct slice name)
{
	return filetype_in(SLICE(known), name);
}
