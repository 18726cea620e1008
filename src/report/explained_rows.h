/* SPDX-License-Identifier: ISC */
/*
 * explained_rows.h - the table of explained.c, all of whose sentences are in
 * one file.  Each table ends with a row without a sentence.
 */
#ifndef REPORT_EXPLAINED_ROWS_H
#define REPORT_EXPLAINED_ROWS_H

/*
 * Words in a reply, without case; both must be there (second may be NULL).
 * What is special stands before what is general.
 */
struct explained_text {
	const char *first, *second;
	const char *sentence;
};

/* An enhanced code, whatever its class. */
struct explained_detail {
	unsigned short subject, detail;
	const char *sentence;
};

struct explained_code {
	unsigned code;
	const char *sentence;
};

extern const struct explained_text explained_texts[];
extern const struct explained_detail explained_details[];
extern const char *const explained_subjects[]; /* 0 to 7 */
extern const struct explained_code explained_codes[];

#endif
