/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of a run: built from decoded events, live or from a capture; reports to an observer
 * what is new.
 */
#ifndef LP_MODEL_MODEL_H
#define LP_MODEL_MODEL_H

#include "report.h"

struct lp_model;

int model_new(const struct lp_observer *observer, void *context, struct lp_model **model);
void model_free(struct lp_model *model);

#endif /* LP_MODEL_MODEL_H */
