/* SPDX-License-Identifier: ISC */
/* script_impl.h - what the pure files of scripts share. */
#ifndef DESK_SCRIPT_IMPL_H
#define DESK_SCRIPT_IMPL_H

#include "desk/script.h"

/* Where the codes of an expectation end, at a blank or hyphen. */
size_t script_codes_end(struct slice want);

bool script_is_name(struct slice s);

#endif
