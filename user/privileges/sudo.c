// SPDX-License-Identifier: BSD-2-Clause
#include "sudo.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The highest ID means "no change" to setuid(), chown() and their like. */
#define ID_MOST (UINT32_MAX - 1)

/* Decimal digits without a sign or leading zeros: as sudo writes them. */
static bool parse_id(const char *text, unsigned int *id)
{
	uint64_t value = 0;

	if (!text || !*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > ID_MOST)
			return false;
	}
	*id = (unsigned int)value;
	return true;
}

static int refuse(struct lp_error *error, const char *variable, const char *value, const char *why)
{
	return error_set(
		error, -EINVAL,
		"the environment does not show who called sudo: %s is %s%s%s, %s; call sudo anew, or unset SUDO_UID, SUDO_GID and SUDO_USER to go on as root",
		variable, value ? "'" : "", value ? value : "not set", value ? "'" : "", why);
}

/* The most groups of a user: the kernel's limit. */
#define USER_GROUPS_MAX 65536

/* sudo passes on the group of the shell, which newgrp may have changed to any of the user's. */
static bool has_group(const struct passwd *account, gid_t group)
{
	gid_t *groups = malloc(USER_GROUPS_MAX * sizeof(*groups));
	int count = USER_GROUPS_MAX, i;
	bool found = false;

	if (!groups)
		return false;
	count = getgrouplist(account->pw_name, account->pw_gid, groups, &count);
	for (i = 0; i < count && !found; i++)
		found = groups[i] == group;
	free(groups);
	return found;
}

/* The account has to be that of the user's ID; other names of the same ID are fine. */
static int check_account(const char *name, struct lp_sudo_user *user, struct lp_error *error)
{
	const struct passwd *account;
	char group[16];

	if (name && !*name)
		return refuse(error, "SUDO_USER", name, "no name of a user");
	account = name ? getpwnam(name) : NULL;
	if (account && account->pw_uid != user->user)
		return refuse(error, "SUDO_USER", name, "a user of another ID than SUDO_UID");
	account = getpwuid(user->user);
	if (account && strlen(account->pw_name) < sizeof(user->name))
		snprintf(user->name, sizeof(user->name), "%s", account->pw_name);
	/*
	 * Root may have any group. An ID has no account in a container that sudo has entered
	 * (nsenter, chroot); its group is then one that has no name there either, as a group with
	 * a name has rights, and nothing shows that the user is in it.
	 */
	if (!user->user || (account ? has_group(account, user->group)
				    : user->group != 0 && !getgrgid(user->group)))
		return 1;
	snprintf(group, sizeof(group), "%u", (unsigned int)user->group);
	return refuse(error, "SUDO_GID", group,
		      account ? "a group that the user is not in"
			      : "a group of this host, where no account has the ID of SUDO_UID");
}

int sudo_ids(struct lp_sudo_user *user, struct lp_error *error)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	memset(user, 0, sizeof(*user));
	if (geteuid() || (!uid && !gid && !getenv("SUDO_USER")))
		return 0;
	if (!parse_id(uid, &user->user))
		return refuse(error, "SUDO_UID", uid, "no user ID");
	if (!parse_id(gid, &user->group))
		return refuse(error, "SUDO_GID", gid, "no group ID");
	return 1;
}

int sudo_caller(struct lp_sudo_user *user, struct lp_error *error)
{
	int found = sudo_ids(user, error);

	return found > 0 ? check_account(getenv("SUDO_USER"), user, error) : found;
}
