/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a run: it is built from decoded events of a live run or of captures, and reports
 * stalls, findings and summaries to one observer.
 */
#ifndef LP_MODEL_MODEL_H
#define LP_MODEL_MODEL_H

#include "report.h"

struct lp_model;

/* The observer is not copied and outlives the model.  Returns 0 or -ENOMEM. */
int model_new(const struct lp_observer *observer, void *context, struct lp_model **model);
void model_free(struct lp_model *model);

#endif /* LP_MODEL_MODEL_H */
