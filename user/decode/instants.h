/* SPDX-License-Identifier: BSD-2-Clause */
/* The times in a record: which of them cannot be, whoever wrote them. */
#ifndef LP_INSTANTS_H
#define LP_INSTANTS_H

#include "../wire.h"

/*
 * Two clock readings that belong together are made one after the other, and what a
 * thread waited is measured by others than how long it took: so far may they differ.
 */
#define LP_INSTANT_SLACK_NS 50000000ULL

/*
 * Can what the record says have happened?  No instant lies before the boot or in
 * the far future, nothing ends before it begins, no part is longer than its whole,
 * and parts together are not, either.  The record has the size that its type needs.
 * Returns 0 or -ERANGE: such a record says nothing and is to be dropped whole.
 */
int instants_check(const struct lp_event *record);

#endif /* LP_INSTANTS_H */
