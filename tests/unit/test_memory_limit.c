// SPDX-License-Identifier: BSD-2-Clause
/* Limits of memory, in folders as cgroups of both versions have them, and of the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "process/memory_limit.h"
#include "cgroup_fixture.h"

#define MIB (1ULL << 20)

static void a_limit_of_version_1_is_read_with_its_use(void **state)
{
	struct lp_memory_limit limit;

	(void)state;
	cgroup_put("memory/pods/one/memory.usage_in_bytes", "208666624\n");
	cgroup_put("memory/pods/one/memory.limit_in_bytes", "209715200\n");
	cgroup_put("memory/pods/memory.usage_in_bytes", "208666624\n");
	cgroup_put("memory/pods/memory.limit_in_bytes", "9223372036854771712\n");
	assert_true(memory_limit_read(cgroup_mounts, "5:cpu:/other\n4:memory:/pods/one\n0::/x\n",
				      &limit));
	assert_int_equal(limit.used_bytes, 199 * MIB);
	assert_int_equal(limit.limit_bytes, 200 * MIB);
	assert_int_equal(limit.kind, LP_MEMORY_LIMIT_IN_BYTES);
	assert_string_equal(limit.cgroup, "/pods/one");
}

static void of_nested_cgroups_the_fullest_is_named(void **state)
{
	struct lp_memory_limit limit;

	(void)state;
	cgroup_put("cgroup.controllers", "cpu memory\n");
	cgroup_put("kube/pod/main/memory.current", "104857600\n");
	cgroup_put("kube/pod/main/memory.max", "1073741824\n");
	cgroup_put("kube/pod/main/memory.high", "max\n");
	cgroup_put("kube/pod/memory.current", "208666624\n");
	cgroup_put("kube/pod/memory.max", "209715200\n");
	cgroup_put("kube/pod/memory.high", "max\n");
	cgroup_put("kube/memory.current", "409715200\n");
	cgroup_put("kube/memory.max", "max\n");
	assert_true(memory_limit_read(cgroup_mounts, "0::/kube/pod/main\n", &limit));
	assert_string_equal(limit.cgroup, "/kube/pod");
	assert_int_equal(limit.kind, LP_MEMORY_LIMIT_MAX);
	assert_int_equal(limit.used_bytes, 199 * MIB);
}

static void a_cgroup_above_its_high_is_limited_by_that(void **state)
{
	struct lp_memory_limit limit;

	(void)state;
	cgroup_put("cgroup.controllers", "memory\n");
	cgroup_put("api/memory.current", "110100480\n");
	cgroup_put("api/memory.high", "104857600\n");
	cgroup_put("api/memory.max", "209715200\n");
	assert_true(memory_limit_read(cgroup_mounts, "0::/api\n", &limit));
	assert_int_equal(limit.kind, LP_MEMORY_LIMIT_HIGH);
	assert_int_equal(limit.limit_bytes, 100 * MIB);
	assert_int_equal(limit.used_bytes, 105 * MIB);
}

static void without_a_limit_there_is_none(void **state)
{
	static const char *const texts[] = {
		"", "0::/\n", "4:memory:/gone\n", "0::/../outside\n", "0::/free\n", "0::/broken\n",
	};
	struct lp_memory_limit limit;
	size_t i;

	(void)state;
	cgroup_put("cgroup.controllers", "memory\n");
	cgroup_put("free/memory.current", "1000\n");
	cgroup_put("free/memory.max", "max\n");
	cgroup_put("broken/memory.current", "much\n");
	cgroup_put("broken/memory.max", "2000\n");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(memory_limit_read(cgroup_mounts, texts[i], &limit));
}

static void of_the_host_all_but_what_is_available_is_used(void **state)
{
	struct lp_memory_limit limit;

	(void)state;
	assert_true(memory_limit_parse_host("MemTotal:        1024 kB\nMemFree:    16 kB\n"
					    "MemAvailable:     24 kB\n",
					    &limit));
	assert_int_equal(limit.limit_bytes, MIB);
	assert_int_equal(limit.used_bytes, 1000 * 1024);
	assert_int_equal(limit.kind, LP_MEMORY_LIMIT_HOST);
	assert_string_equal(limit.cgroup, "");
	assert_false(memory_limit_parse_host("MemTotal:  1024 kB\n", &limit));
	assert_false(memory_limit_parse_host("", &limit));
	assert_true(memory_limit_read_host(&limit));
	assert_in_range(limit.used_bytes, 1, limit.limit_bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cgroup_begin, cgroup_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_limit_of_version_1_is_read_with_its_use),
		TEST(of_nested_cgroups_the_fullest_is_named),
		TEST(a_cgroup_above_its_high_is_limited_by_that),
		TEST(without_a_limit_there_is_none),
		TEST(of_the_host_all_but_what_is_available_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
