/* SPDX-License-Identifier: ISC */
/* remove_all.h - a test's folder goes, with all that is in it. */
#ifndef SUPPORT_REMOVE_ALL_H
#define SUPPORT_REMOVE_ALL_H

/* 0, or what stopped it, as nftw(3) has it. */
int remove_all(const char *path);

#endif
