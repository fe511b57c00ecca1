// SPDX-License-Identifier: BSD-2-Clause
/* Quotas of CPU time, in folders as cgroups of both versions have them; steal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "process/cpu_quota.h"
#include "process/steal.h"
#include "cgroup_fixture.h"

static void a_quota_of_version_1_is_read_with_its_period(void **state)
{
	struct lp_throttled throttled = { .path = 0 };
	struct lp_cpu_quota quota;

	(void)state;
	cgroup_put("cpu,cpuacct/pods/one/cpu.cfs_quota_us", "20000\n");
	cgroup_put("cpu,cpuacct/pods/one/cpu.cfs_period_us", "100000\n");
	cgroup_put("cpu,cpuacct/pods/one/cpu.stat",
		   "nr_periods 9\nnr_throttled 3\nthrottled_time 240000000\n");
	cgroup_put("cpu,cpuacct/pods/cpu.cfs_quota_us", "-1\n");
	cgroup_put("cpu,cpuacct/pods/cpu.cfs_period_us", "100000\n");
	assert_true(cpu_quota_read(cgroup_mounts,
				   "5:memory:/other\n4:cpu,cpuacct:/pods/one\n0::/x\n", &throttled,
				   &quota));
	assert_int_equal(quota.quota_us, 20000);
	assert_int_equal(quota.period_us, 100000);
	assert_string_equal(quota.cgroup, "/pods/one");
}

static void of_nested_cgroups_the_one_that_throttles_is_named(void **state)
{
	struct lp_throttled throttled = { .path = 0 };
	struct lp_cpu_quota quota;
	static const char of_process[] = "0::/kube/pod/main\n";

	(void)state;
	cgroup_put("cgroup.controllers", "cpu memory\n");
	cgroup_put("kube/pod/main/cpu.max", "max 100000\n");
	cgroup_put("kube/pod/cpu.max", "150000 100000\n");
	cgroup_put("kube/pod/cpu.stat", "usage_usec 1\nthrottled_usec 5000\n");
	cgroup_put("kube/cpu.max", "400000 100000\n");
	cgroup_put("kube/cpu.stat", "usage_usec 1\nthrottled_usec 90000\n");
	/* the first reading does not know since when: it is the innermost one */
	assert_true(cpu_quota_read(cgroup_mounts, of_process, &throttled, &quota));
	assert_string_equal(quota.cgroup, "/kube/pod");
	assert_int_equal(quota.quota_us, 150000);
	/* from then on it is the one that has been throttled since */
	cgroup_put("kube/cpu.stat", "usage_usec 1\nthrottled_usec 150000\n");
	assert_true(cpu_quota_read(cgroup_mounts, of_process, &throttled, &quota));
	assert_string_equal(quota.cgroup, "/kube");
	assert_int_equal(quota.quota_us, 400000);
	cgroup_put("kube/pod/cpu.stat", "usage_usec 1\nthrottled_usec 65000\n");
	assert_true(cpu_quota_read(cgroup_mounts, of_process, &throttled, &quota));
	assert_string_equal(quota.cgroup, "/kube/pod");
}

static void in_another_cgroup_the_times_of_the_first_one_do_not_count(void **state)
{
	struct lp_throttled throttled = { .path = 0 };
	struct lp_cpu_quota quota;

	(void)state;
	cgroup_put("cgroup.controllers", "cpu memory\n");
	cgroup_put("one/a/cpu.max", "10000 100000\n");
	cgroup_put("one/a/cpu.stat", "throttled_usec 5000\n");
	cgroup_put("two/b/cpu.max", "20000 100000\n");
	cgroup_put("two/b/cpu.stat", "throttled_usec 6000\n");
	cgroup_put("two/cpu.max", "30000 100000\n");
	cgroup_put("two/cpu.stat", "throttled_usec 90000\n");
	assert_true(cpu_quota_read(cgroup_mounts, "0::/one/a\n", &throttled, &quota));
	assert_string_equal(quota.cgroup, "/one/a");
	assert_true(cpu_quota_read(cgroup_mounts, "0::/two/b\n", &throttled, &quota));
	assert_string_equal(quota.cgroup, "/two/b");
}

static void without_a_quota_there_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"0::/\n",
		"4:cpu:/gone\n",
		"0::/../outside\n",
		"no lines of cgroups\n",
		"0::/free\n",
	};
	struct lp_throttled throttled = { .path = 0 };
	struct lp_cpu_quota quota;
	size_t i;

	(void)state;
	cgroup_put("cgroup.controllers", "cpu memory\n");
	cgroup_put("free/cpu.max", "max 100000\n");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(cpu_quota_read(cgroup_mounts, texts[i], &throttled, &quota));
}

static void steal_is_the_eighth_number(void **state)
{
	uint64_t steal_ns = 0;

	(void)state;
	assert_true(steal_parse("cpu  54807 0 11867 23478 642 0 117 189 0 0\n", &steal_ns));
	assert_int_equal(steal_ns, 1890000000);
	assert_false(steal_parse("cpu  54807 0 11867\n", &steal_ns));
	assert_false(steal_parse("", &steal_ns));
}

static void steal_is_that_of_a_window_that_contains_the_stall(void **state)
{
	struct lp_steal steal = {
		.readings = { { 10 * NS_PER_S, 100 }, { 11 * NS_PER_S, 300 } },
		.last = 1,
		.now = { 12 * NS_PER_S, 1000 },
	};
	uint64_t window_ns;

	(void)state;
	assert_int_equal(steal_since(&steal, 11 * NS_PER_S, 12 * NS_PER_S, &window_ns), 700);
	assert_int_equal(window_ns, NS_PER_S);
	assert_int_equal(steal_since(&steal, 10500 * NS_PER_MS, 12 * NS_PER_S, &window_ns), 900);
	assert_int_equal(window_ns, 2 * NS_PER_S);
	/* a stall that was in progress before the first reading, and one that began a little before
	 */
	assert_int_equal(steal_since(&steal, 9 * NS_PER_S, 12 * NS_PER_S, &window_ns), 0);
	assert_int_equal(window_ns, 0);
	assert_int_equal(steal_since(&steal, 9900 * NS_PER_MS, 12 * NS_PER_S, &window_ns), 900);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cgroup_begin, cgroup_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_quota_of_version_1_is_read_with_its_period),
		TEST(of_nested_cgroups_the_one_that_throttles_is_named),
		TEST(in_another_cgroup_the_times_of_the_first_one_do_not_count),
		TEST(without_a_quota_there_is_none),
		TEST(steal_is_the_eighth_number),
		TEST(steal_is_that_of_a_window_that_contains_the_stall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
