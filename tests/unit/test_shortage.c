// SPDX-License-Identifier: BSD-2-Clause
/* What a loop was short of, from records to the text of a stall. */
#include "model_fixture.h"

#include "model/lost_time.h"
#include "model/shortage.h"
#include "sinks/text/shortage.h"

static struct lp_event_cpu_waits waits_of(uint64_t throttled_ns)
{
	return (struct lp_event_cpu_waits){
		.event = { .pid = PID },
		.segment_ns = START_NS,
		.waits = { .throttled_ns = throttled_ns,
			   .throttled = 1,
			   .neighbours = { { .total_ns = 30 * MS, .pid = 9, .comm = { 0x316363 } },
					   { .total_ns = 50 * MS, .pid = PID, .comm = { 0x77 } } } },
	};
}

static struct lp_shortage_events quota_and_steal(uint64_t steal_ns)
{
	return (struct lp_shortage_events){
		.quota = { .quota_us = 20000, .period_us = 100000, .cgroup = "/api" },
		.steal = { .event = { .time_ns = START_NS + 300 * MS },
			   .window_ns = 1000 * MS,
			   .steal_ns = steal_ns,
			   .cpus = 2 },
	};
}

static void parts_do_not_exceed_the_wait(void **state)
{
	const struct lp_shortage_events events = quota_and_steal(0);
	const struct lp_event_cpu_waits waits = waits_of(140 * MS);
	struct lp_shortage shortage;

	(void)state;
	shortage_fill(&events, &waits, START_NS, 160 * MS, &shortage);
	assert_int_equal(shortage.throttled_ns, 140 * MS);
	assert_string_equal(shortage.quota_cgroup, "/api");
	assert_int_equal(shortage.neighbour_count, 2);
	assert_string_equal(shortage.neighbours[0].name, "cc1");
	assert_int_equal(shortage.neighbours[0].duration_ns, 20 * MS);
	assert_int_equal(shortage.neighbours[1].duration_ns, 0);
	assert_true(shortage.neighbours[1].own);
	shortage_fill(&events, &waits, START_NS, 100 * MS, &shortage);
	assert_int_equal(shortage.throttled_ns, 100 * MS);
}

static void steal_counts_if_it_was_measured_during_the_stall(void **state)
{
	struct lp_shortage_events events = quota_and_steal(340 * MS);
	struct lp_shortage shortage;

	(void)state;
	shortage_fill(&events, NULL, START_NS, 0, &shortage);
	assert_int_equal(shortage.steal_ns, 340 * MS);
	assert_int_equal(shortage.steal_window_ns, 1000 * MS);
	/* before the stall; below one per cent; more than there was time */
	shortage_fill(&events, NULL, START_NS + 301 * MS, 0, &shortage);
	assert_int_equal(shortage.steal_ns, 0);
	events = quota_and_steal(19 * MS);
	shortage_fill(&events, NULL, START_NS, 0, &shortage);
	assert_int_equal(shortage.steal_ns, 0);
	events = quota_and_steal(2001 * MS);
	shortage_fill(&events, NULL, START_NS, 0, &shortage);
	assert_int_equal(shortage.steal_ns, 0);
}

/* While a stall goes on, its times are reported again, and its steal only if it is large. */
static void steal_of_an_earlier_report_does_not_count(void **state)
{
	struct lp_event_segment_times times = record_account();
	struct lp_event_steal steal = { .event = record_head(LP_EVENT_STEAL, sizeof(steal)),
					.window_ns = 1000 * MS,
					.steal_ns = 340 * MS,
					.cpus = 2 };

	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	times.account.segment_ns = START_NS + 10 * MS;
	feed(&steal, 0, 200 * MS);
	feed(&times, 0, 199 * MS);
	feed_progress(0, 1, 10 * MS, 200 * MS);
	assert_int_equal(last_breakdown()->breakdown.shortage.steal_ns, 340 * MS);
	feed(&times, 0, 400 * MS);
	feed_progress(0, 1, 10 * MS, 401 * MS);
	assert_int_equal(last_breakdown()->breakdown.shortage.steal_ns, 0);
}

static void earlier_waits_are_subtracted_by_name(void **state)
{
	struct lp_cpu_waits now = waits_of(140 * MS).waits;
	const struct lp_cpu_waits before = waits_of(100 * MS).waits;

	(void)state;
	now.neighbours[0].total_ns = 70 * MS;
	shortage_subtract(&now, &before);
	assert_int_equal(now.throttled_ns, 40 * MS);
	assert_int_equal(now.neighbours[0].total_ns, 40 * MS);
	assert_int_equal(now.neighbours[1].total_ns, 0);
}

static const char *printed(const struct lp_breakdown *breakdown)
{
	static char text[1024];
	const struct lp_terminal terminal = { .columns = 80 };
	FILE *file;

	memset(text, 0, sizeof(text));
	file = fmemopen(text, sizeof(text), "w");
	assert_non_null(file);
	text_shortage_print(file, &terminal, breakdown, 3 * MS);
	text_steal_print(file, &breakdown->shortage);
	fclose(file);
	return text;
}

static void a_person_reads_the_quota_the_neighbours_and_the_hypervisor(void **state)
{
	struct lp_breakdown breakdown = {
		.time = { .known = true, .run_queue_ns = 240 * MS },
		.shortage = { .throttled_ns = 140 * MS,
			      .quota_cgroup = "/system.slice/api.service",
			      .quota_us = 20000,
			      .period_us = 100000,
			      .neighbour_count = 2,
			      .neighbours = { { "stress-ng", 4711, false, 60 * MS },
					      { "worker-1", PID, true, 12 * MS } },
			      .steal_ns = 680 * MS,
			      .steal_window_ns = 1000 * MS,
			      .steal_cpus = 2 },
	};

	(void)state;
	assert_string_equal(
		printed(&breakdown),
		"        throttled for 140 ms of it: quota 20 % of a CPU, cgroup ..ce/api.service\n"
		"        the CPU ran stress-ng (pid 4711) for 60.0 ms,\n"
		"            worker-1, a thread of the same process, for 12.0 ms, and others\n"
		"    the hypervisor had 34 % of all CPU time in the same 1.00 s (steal)\n");
	breakdown.shortage = (struct lp_shortage){ .throttled_ns = 140 * MS };
	assert_string_equal(printed(&breakdown),
			    "        throttled for 140 ms of it: a cgroup's quota was used up\n");
	breakdown.shortage = (struct lp_shortage){ .throttled_ns = 0 };
	assert_string_equal(printed(&breakdown),
			    "        who had the CPU is not known, as for all short waits\n");
}

static void a_wait_without_a_known_neighbour_has_its_line_too(void **state)
{
	struct lp_breakdown breakdown = {
		.time = { .known = true, .run_queue_ns = 240 * MS },
		.shortage = { .waits_counted = true,
			      .neighbour_count = 1,
			      .neighbours = { { "stress-ng", 4711, false, 2 * MS } } },
	};

	(void)state;
	/* each of many neighbours has had the CPU for less than what is printed of others */
	assert_string_equal(
		printed(&breakdown),
		"        the CPU ran stress-ng (pid 4711) for 2.00 ms, and others for 238 ms\n");
	breakdown.shortage.neighbour_count = 0;
	assert_string_equal(printed(&breakdown),
			    "        no other thread was observed on the CPU\n");
}

static const struct lp_event_cpu_quota no_quota;

/* Waits of 10000 ns more, for all of which threads of another name had the CPU. */
static void wait_for(struct lp_lost_time *causes, struct lp_run_queue_waits *waits,
		     unsigned int name)
{
	waits->count += 10;
	waits->total_ns += 10000;
	waits->why.neighbours[1] = (struct lp_neighbour){
		.total_ns = 10000, .count = 10, .pid = 9, .comm = { 0x3030303030303030 + name }
	};
	lost_time_set_run_queue(causes, waits);
}

static void names_of_threads_that_had_the_cpu_leave_room_for_causes(void **state)
{
	static const struct lp_shown_frame frame = { .function = "f", .file = "f.py" };
	struct lp_cause key = { .kind = LP_CAUSE_BLOCKED, .syscall = "read", .frame = &frame };
	struct lp_run_queue_waits waits = { .quota = &no_quota, .pid = PID };
	struct lp_lost_time *causes = lost_time_new();
	uint64_t waited = 0;
	struct lp_cause *list;
	size_t i, count;

	(void)state;
	for (i = 0; i < 5000; i++)
		wait_for(causes, &waits, (unsigned int)i);
	lost_time_add(causes, &key, 1, 1ull << 40);
	count = lost_time_list(causes, false, &list);
	assert_in_range(count, 10, 40);
	assert_ptr_equal(list[0].frame, &frame);
	for (i = 1; i < count; i++)
		waited += list[i].total_ns;
	assert_int_equal(waited, waits.total_ns);
	free(list);
	lost_time_free(causes);
}

static void a_name_that_bpf_forgets_adds_nothing_to_the_interval(void **state)
{
	struct lp_run_queue_waits waits = { .quota = &no_quota, .pid = PID };
	struct lp_lost_time *causes = lost_time_new();
	uint64_t waited = 0;
	struct lp_cause *list;
	size_t i, count;

	(void)state;
	/* more names than are retained */
	for (i = 0; i < 100; i++) {
		wait_for(causes, &waits, (unsigned int)i);
		lost_time_begin_interval(causes);
	}
	wait_for(causes, &waits, 1000);
	count = lost_time_list(causes, true, &list);
	for (i = 0; i < count; i++)
		waited += list[i].total_ns;
	assert_int_equal(waited, 10000);
	free(list);
	lost_time_free(causes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_do_not_exceed_the_wait),
		cmocka_unit_test(steal_counts_if_it_was_measured_during_the_stall),
		cmocka_unit_test_setup_teardown(steal_of_an_earlier_report_does_not_count,
						begin_model, free_model),
		cmocka_unit_test(earlier_waits_are_subtracted_by_name),
		cmocka_unit_test(names_of_threads_that_had_the_cpu_leave_room_for_causes),
		cmocka_unit_test(a_name_that_bpf_forgets_adds_nothing_to_the_interval),
		cmocka_unit_test(a_person_reads_the_quota_the_neighbours_and_the_hypervisor),
		cmocka_unit_test(a_wait_without_a_known_neighbour_has_its_line_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
