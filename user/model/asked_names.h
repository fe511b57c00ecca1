/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that the calls of one segment of a loop asked name servers for. */
#ifndef LP_MODEL_ASKED_NAMES_H
#define LP_MODEL_ASKED_NAMES_H

#include "wire/wire.h"

struct lp_asked_names;

/* Returns NULL if out of memory. */
struct lp_asked_names *asked_names_new(void);
void asked_names_free(struct lp_asked_names *names);

/* Adds a name, sanitised. Names of more calls than a breakdown has are left out. */
void asked_names_add(struct lp_asked_names *names, const struct lp_event_asked_name *event);

/*
 * Copies the names of a call: "a.example, b.example"; "" if none is known.  Those that do not fit
 * are left out.  names may be NULL.
 */
void asked_names_of(const struct lp_asked_names *names, const struct lp_block *block,
		    char text[LP_ASKED_NAME_BYTES]);

#endif /* LP_MODEL_ASKED_NAMES_H */
