/* SPDX-License-Identifier: ISC */
/*
 * talk.h - a plain SMTP client for the stand-ins: one recipient, one server.
 *
 * What became of him is told to the caller before QUIT, as QUEUE.md wants it,
 * or with late after it, as it must not be.
 */
#ifndef QUEUE_TALK_H
#define QUEUE_TALK_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct talk {
	const char *from, *to;
	bool late;
	void (*send)(FILE *s, void *owner);	/* the text, dots are rare */
	void (*decided)(void *owner, char state); /* D or F */
	void *owner;
};

static bool
talk_ask(FILE *s, const char *line, int *code)
{
	char reply[1000];

	if (line != NULL && (fputs(line, s) < 0 || fflush(s) != 0))
		return false;
	do
		if (fgets(reply, sizeof reply, s) == NULL)
			return false;
	while (reply[3] == '-');
	*code = atoi(reply);
	return true;
}

static FILE *
talk_dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(25),
		.sin_addr.s_addr = htonl(0xc0000201) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r+");
}

/* The code of the last reply; 0: the connection broke. */
static int
talk_dialogue(FILE *s, const struct talk *t)
{
	char line[5000];
	int code = 0;

	snprintf(line, sizeof line, "MAIL FROM:<%s>\r\n", t->from);
	if (!talk_ask(s, NULL, &code) || !talk_ask(s, "EHLO x\r\n", &code) ||
	    !talk_ask(s, line, &code))
		return 0;
	snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", t->to);
	if (!talk_ask(s, line, &code))
		return 0;
	if (code != 250)
		return code;
	if (!talk_ask(s, "DATA\r\n", &code))
		return 0;
	t->send(s, t->owner);
	return talk_ask(s, ".\r\n", &code) ? code : 0;
}

static void
talk_run(const struct talk *t)
{
	FILE *s = talk_dial();
	int quit;

	if (s == NULL)
		return;
	int code = talk_dialogue(s, t);
	if (t->late)
		talk_ask(s, "QUIT\r\n", &quit);
	if (code / 100 == 2 || code / 100 == 5)
		t->decided(t->owner, code / 100 == 2 ? 'D' : 'F');
	if (!t->late && code != 0)
		talk_ask(s, "QUIT\r\n", &quit);
	fclose(s);
}

#endif
