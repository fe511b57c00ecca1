/* SPDX-License-Identifier: BSD-2-Clause */
/* --by: an option that the model understands, which knows nothing of options. */
#ifndef LP_MODEL_GROUP_BY_H
#define LP_MODEL_GROUP_BY_H

/* What loops are merged by. */
enum lp_by {
	LP_BY_LOOP, /* each for itself */
	LP_BY_NAME, /* of the thread that runs it */
	LP_BY_CONTAINER, /* container, pod or unit */
	LP_BY_HOST,
};

#endif /* LP_MODEL_GROUP_BY_H */
