// SPDX-License-Identifier: BSD-2-Clause
#include "cpu_quota.h"

#include "base/hash.h"
#include "base/macros.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool read_first(const struct lp_cgroup_folder *folder, struct lp_cpu_quota *quota,
		       uint64_t *throttled_us)
{
	uint64_t throttled_ns = 0;

	/* the quota is -1 if there is none */
	if (!cgroup_folder_number(folder, "cpu.cfs_quota_us", &quota->quota_us) ||
	    !cgroup_folder_number(folder, "cpu.cfs_period_us", &quota->period_us))
		return false;
	cgroup_folder_count(folder, "cpu.stat", "throttled_time", &throttled_ns);
	*throttled_us = throttled_ns / NS_PER_US;
	return true;
}

static bool read_second(const struct lp_cgroup_folder *folder, struct lp_cpu_quota *quota,
			uint64_t *throttled_us)
{
	char text[64];

	/* "20000 100000"; "max 100000" if there is no quota */
	if (!cgroup_folder_read(folder, "cpu.max", text, sizeof(text)) ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &quota->quota_us, &quota->period_us) != 2)
		return false;
	*throttled_us = 0;
	cgroup_folder_count(folder, "cpu.stat", "throttled_usec", throttled_us);
	return true;
}

bool cpu_quota_read(const char *mounts, const char *text, struct lp_throttled *throttled,
		    struct lp_cpu_quota *quota)
{
	struct lp_cgroup_folder folder;
	uint64_t most_us = 0, level;
	struct lp_hash path;
	bool found = false, known_before;

	if (!cgroup_folder_find(mounts, text, "cpu", &folder))
		return false;
	path = hash_begin();
	hash_text(&path, folder.path);
	known_before = throttled->path == hash_end(&path);
	throttled->path = hash_end(&path);
	for (level = 0; level < LP_CGROUP_LEVELS; level++) {
		struct lp_cpu_quota own = { .quota_us = 0 };
		uint64_t us, grown_us;
		bool known = folder.version == 1 ? read_first(&folder, &own, &us)
						 : read_second(&folder, &own, &us);

		if (known && own.period_us) {
			/* what was before the first reading has not slowed this process */
			grown_us = known_before ? saturating_sub(us, throttled->us[level]) : 0;
			throttled->us[level] = us;
			if (!found || grown_us > most_us) {
				*quota = own;
				cgroup_folder_copy_name(&folder, quota->cgroup,
							sizeof(quota->cgroup));
				most_us = grown_us;
			}
			found = true;
		}
		if (!cgroup_folder_up(&folder))
			break;
	}
	return found;
}
