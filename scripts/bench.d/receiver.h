/* SPDX-License-Identifier: ISC */
/*
 * receiver.h - the bench's DNS server, see dns.c
 */
#ifndef BENCH_RECEIVER_H
#define BENCH_RECEIVER_H

/* Answer all questions that wait at this UDP socket. */
void dns_answer_all(int fd);

#endif
