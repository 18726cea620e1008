/* SPDX-License-Identifier: ISC */
/*
 * xclient.h - the attributes of XCLIENT (Postfix XCLIENT_README): as whom a
 * server is to take us.
 */
#ifndef BASE_XCLIENT_H
#define BASE_XCLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The bit of this attribute's name, without case; 0 for none. */
unsigned xclient_bit(struct slice name);

/* Append the names of these bits: "ADDR, NAME". */
void xclient_put_names(struct buf *out, unsigned bits);

/*
 * Read "ADDR=192.0.2.1 NAME=a.example", words of a person, and append what
 * stands behind XCLIENT for them: values as xtext, IPV6: before such an
 * address.  *bits gets the attributes.  False with what is wrong in *wrong, a
 * static text, and *bits and out are of no use.
 */
bool xclient_parse(struct slice words, struct buf *out, unsigned *bits,
    const char **wrong);

#endif
