/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that the calls of one segment of a loop asked name servers for. */
#ifndef LP_MODEL_DNS_NAMES_H
#define LP_MODEL_DNS_NAMES_H

#include "wire/wire.h"

struct lp_dns_names;

/* Returns NULL if out of memory. */
struct lp_dns_names *dns_names_new(void);
void dns_names_free(struct lp_dns_names *names);

/* Adds a name, sanitised. Names of more calls than a breakdown has are left out. */
void dns_names_add(struct lp_dns_names *names, const struct lp_event_dns_name *event);

/*
 * Copies the names of a call: "a.example, b.example"; "" if none is known.  Those that do not fit
 * are left out.  names may be NULL.
 */
void dns_names_of(const struct lp_dns_names *names, const struct lp_block *block,
		  char text[LP_DNS_NAME_BYTES]);

#endif /* LP_MODEL_DNS_NAMES_H */
