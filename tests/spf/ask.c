/* SPDX-License-Identifier: ISC */
/*
 * ask.c - the SPF machine, with whoever reads and writes it as DNS.
 *
 *	ask IP HELO SENDER
 *
 * A question is a line "? NAME TYPE"; its answer a line "STATUS", with records
 * behind blanks: found, none, nxdomain or soft; TXT in hexadecimal, MX as
 * 10/HOST, PTR as HOST, addresses as they are written.  The end is "= RESULT",
 * then lines with the term that decided and the explanation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf.h"
#include "base/buf.h"
#include "base/codec.h"

static void
add_txt(struct dns_answer *a, const char *hex)
{
	struct buf text = { 0 };

	for (; hex[0] && hex[1]; hex += 2)
		buf_putc(&text, (char)(hex_value(hex[0]) << 4 |
		    hex_value(hex[1])));
	dns_answer_add_txt(a, buf_slice(&text));
	buf_free(&text);
}

static void
add(struct dns_answer *a, const char *word)
{
	const char *slash = strchr(word, '/');
	struct ip ip;

	if (a->type == DNS_TXT)
		add_txt(a, word);
	else if (a->type == DNS_MX)
		dns_answer_add_mx(a, slash ? slash + 1 : "",
		    (uint16_t)atoi(word));
	else if (a->type == DNS_PTR)
		dns_answer_add_mx(a, word, 0);
	else if (ip_parse(slice_of(word), &ip))
		dns_answer_add_ip(a, &ip);
}

static void
read_answer(struct dns_answer *a, enum dns_type type)
{
	static char line[1 << 20];
	char *word = fgets(line, sizeof line, stdin) ?
	    strtok(line, " \n") : NULL;

	*a = (struct dns_answer){ .type = type, .status = DNS_SOFT };
	if (word && strcmp(word, "found") == 0)
		a->status = DNS_FOUND;
	if (word && strcmp(word, "none") == 0)
		a->status = DNS_NODATA;
	if (word && strcmp(word, "nxdomain") == 0)
		a->status = DNS_NXDOMAIN;
	while (word && (word = strtok(NULL, " \n")))
		add(a, word);
	if (a->status != DNS_FOUND)
		dns_answer_say(a, "as it was told");
}

int
main(int argc, char **argv)
{
	struct spf_call call = { .receiver = "receiver.test", .now = 1 };
	struct dns_answer a;
	struct spf *s;
	const char *at;

	if (argc != 4 || !ip_parse(slice_of(argv[1]), &call.ip))
		return 64;
	call.helo = argv[2];
	call.sender = argv[3][0] ? argv[3] : argv[2];
	at = strrchr(call.sender, '@');
	call.domain = at ? at + 1 : call.sender;
	s = spf_new(&call);
	while (spf_questions(s) > 0)
		for (size_t i = 0; i < spf_questions(s); i++) {
			const struct dns_question *q = spf_question(s, i);

			if (spf_is_answered(s, i))
				continue;
			printf("? %s %s\n", q->name, dns_type_name(q->type));
			fflush(stdout);
			read_answer(&a, q->type);
			spf_answer(s, i, &a);
			dns_answer_free(&a);
		}
	printf("= %s\n%s\n%s\n", spf_result_name(spf_result(s)), spf_why(s),
	    spf_explanation(s));
	spf_free(s);
	return 0;
}
