// SPDX-License-Identifier: BSD-2-Clause
/* The time that is lost because memory is short, from records to the text. */
#include "model_fixture.h"

#include "model/memory_shortage.h"
#include "sinks/text/memory.h"

static struct lp_event_memory_limit limit_of(enum lp_memory_limit_kind kind, const char *cgroup)
{
	struct lp_event_memory_limit limit = {
		.event = { .size = sizeof(limit) },
		.used_bytes = 199ULL << 20,
		.limit_bytes = 200ULL << 20,
		.kind = kind,
	};

	snprintf(limit.cgroup, sizeof(limit.cgroup), "%s", cgroup);
	return limit;
}

static void parts_do_not_exceed_the_stall(void **state)
{
	const struct lp_event_memory_limit limit = limit_of(LP_MEMORY_LIMIT_MAX, "/api");
	const struct lp_memory_waits waits = { .cgroup_ns = 80 * MS,
					       .host_ns = 40 * MS,
					       .fault_ns = 110 * MS,
					       .memory_high_ns = 5 * MS };
	struct lp_memory_shortage shortage;

	(void)state;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_int_equal(shortage.reclaim_ns, 120 * MS);
	assert_int_equal(shortage.fault_ns, 110 * MS);
	assert_int_equal(shortage.memory_high_ns, 5 * MS);
	assert_string_equal(shortage.cgroup, "/api");
	memory_shortage_fill(&limit, &waits, 100 * MS, &shortage);
	assert_int_equal(shortage.reclaim_ns, 100 * MS);
	assert_int_equal(shortage.fault_ns, 100 * MS);
}

static void without_lost_time_there_is_no_limit(void **state)
{
	const struct lp_event_memory_limit limit = limit_of(LP_MEMORY_LIMIT_MAX, "/api");
	const struct lp_memory_waits none = { .cgroup_ns = 0 };
	struct lp_memory_shortage shortage;

	(void)state;
	memory_shortage_fill(&limit, &none, 200 * MS, &shortage);
	assert_false(memory_shortage_is_known(&shortage));
	assert_int_equal(shortage.limit_bytes, 0);
}

static const char *printed(const struct lp_memory_shortage *shortage, bool sum)
{
	static char text[1024];
	const struct lp_terminal terminal = { .columns = 80 };
	FILE *file;

	memset(text, 0, sizeof(text));
	file = fmemopen(text, sizeof(text), "w");
	assert_non_null(file);
	if (sum)
		text_memory_print_sum(file, &terminal, shortage);
	else
		text_memory_print(file, &terminal, shortage, 3 * MS);
	fclose(file);
	return text;
}

static void a_person_reads_who_reclaims_and_the_limit(void **state)
{
	const struct lp_event_memory_limit limit =
		limit_of(LP_MEMORY_LIMIT_MAX, "/system.slice/api.service");
	struct lp_memory_waits waits = { .cgroup_ns = 120 * MS, .fault_ns = 119 * MS };
	struct lp_memory_shortage shortage;

	(void)state;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_string_equal(
		printed(&shortage, false),
		"    page faults reclaimed memory for 120 ms of it\n"
		"        cgroup /system.slice/api.service uses 199 of 200 MiB (memory.max)\n");
	waits.fault_ns = 60 * MS;
	waits.memory_high_ns = 7 * MS;
	waits.refault_ns = 2 * MS;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_string_equal(
		printed(&shortage, false),
		"    page faults and system calls reclaimed memory for 120 ms of it\n"
		"    the kernel throttled it above memory.high for 7.00 ms of it\n"
		"        cgroup /system.slice/api.service uses 199 of 200 MiB (memory.max)\n");
	waits.fault_ns = 0;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_non_null(strstr(printed(&shortage, false), "    system calls reclaimed memory for"));
}

static void a_person_reads_how_much_the_host_has(void **state)
{
	struct lp_event_memory_limit limit = limit_of(LP_MEMORY_LIMIT_HOST, "");
	const struct lp_memory_waits waits = { .host_ns = 120 * MS, .refault_ns = 30 * MS };
	struct lp_memory_shortage shortage;

	(void)state;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_string_equal(printed(&shortage, true),
			    "memory was short\n"
			    "    system calls reclaimed memory for 120 ms\n"
			    "    it waited for reclaimed pages to be read again for 30.0 ms\n"
			    "        the host has 1 of 200 MiB available\n\n");
	/* the limit is not known */
	limit.event.size = 0;
	memory_shortage_fill(&limit, &waits, 200 * MS, &shortage);
	assert_null(strstr(printed(&shortage, true), "has"));
	shortage = (struct lp_memory_shortage){ .refault_ns = MS / 2 };
	assert_string_equal(printed(&shortage, true), "");
}

static void sums_have_the_limit_that_is_known(void **state)
{
	struct lp_memory_shortage sum = { .reclaim_ns = 5, .fault_ns = 1 };
	const struct lp_memory_shortage other = {
		.reclaim_ns = 7, .memory_high_ns = 2, .limit_bytes = 9, .cgroup = "/b"
	};
	struct lp_memory_waits waits = { .cgroup_ns = 9, .refault_ns = 3 };
	const struct lp_memory_waits before = { .cgroup_ns = 4, .refault_ns = 5 };

	(void)state;
	memory_shortage_add(&sum, &other);
	assert_int_equal(sum.reclaim_ns, 12);
	assert_int_equal(sum.memory_high_ns, 2);
	assert_string_equal(sum.cgroup, "/b");
	memory_waits_subtract(&waits, &before);
	assert_int_equal(waits.cgroup_ns, 5);
	assert_int_equal(waits.refault_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_do_not_exceed_the_stall),
		cmocka_unit_test(without_lost_time_there_is_no_limit),
		cmocka_unit_test(a_person_reads_who_reclaims_and_the_limit),
		cmocka_unit_test(a_person_reads_how_much_the_host_has),
		cmocka_unit_test(sums_have_the_limit_that_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
