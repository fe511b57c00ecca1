/* SPDX-License-Identifier: BSD-2-Clause */
/* The user who called sudo, by the variables that it sets for its command. */
#ifndef LP_PRIVILEGES_SUDO_H
#define LP_PRIVILEGES_SUDO_H

#include "base/error.h"

#include <sys/types.h>

struct lp_sudo_user {
	uid_t user;
	gid_t group;
	char name[64]; /* its login name, for its other groups; "" where there is no such account */
};

/*
 * Returns 1 with the caller's IDs, and no name, where sudo was called; 0 where it was not, or
 * where this program is not root; or -EINVAL with a sentence where the variables are damaged.
 * The caller is unknown then, so that no program may be started as root in its place.
 */
int sudo_ids(struct lp_sudo_user *user, struct lp_error *error);

/* The same, checked against the accounts of this host, with the name. */
int sudo_caller(struct lp_sudo_user *user, struct lp_error *error);

#endif /* LP_PRIVILEGES_SUDO_H */
