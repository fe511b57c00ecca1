/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of --by, apart from the options, which the model does not include. */
#ifndef LP_MODEL_GROUP_BY_H
#define LP_MODEL_GROUP_BY_H

/* The label by which loops are merged. */
enum lp_by {
	LP_BY_LOOP, /* no merging */
	LP_BY_NAME, /* name of the thread that runs the loop */
	LP_BY_CONTAINER, /* container, pod or unit */
	LP_BY_HOST,
};

#endif /* LP_MODEL_GROUP_BY_H */
