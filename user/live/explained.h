/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of stalls, with the records that explain them in front. */
#ifndef LP_LIVE_EXPLAINED_H
#define LP_LIVE_EXPLAINED_H

#include "wire/record.h"

/* A lp_record_taker, whose context is a struct lp_live: emits the record after what explains it. */
void explained_take(void *context, const struct lp_event *record);

#endif /* LP_LIVE_EXPLAINED_H */
