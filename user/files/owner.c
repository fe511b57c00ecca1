// SPDX-License-Identifier: BSD-2-Clause
#include "owner.h"

#include "base/log.h"
#include "output_place.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void owner_give_to_caller(int descriptor)
{
	uid_t user;
	gid_t group;

	if (!place_caller(&user, &group))
		return;
	/*
	 * a file system may have no owners (vfat) or not trust root (NFS): the file is written all
	 * the same
	 */
	if (fchown(descriptor, user, group))
		log_detail("cannot give the output file to user %u: %s", user, strerror(errno));
}
