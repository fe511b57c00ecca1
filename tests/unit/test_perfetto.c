// SPDX-License-Identifier: BSD-2-Clause
/* The contents of packets, field by field; tests/e2e checks that Perfetto reads them. */
#include "export_fixture.h"
#include "protobuf_fixture.h"

#define EVENTS_MAX 64

struct event {
	uint64_t time, clock, type, track;
};

static struct event events[EVENTS_MAX];
static size_t event_count;
static uint64_t primary_clock;

typedef void (*field_reader)(struct event *event, uint64_t field, uint64_t value,
			     const uint8_t *bytes);

static void read_fields(const uint8_t *at, const uint8_t *end, struct event *event,
			field_reader read)
{
	while (at < end) {
		uint64_t key = take_number(&at), value = 0;

		if ((key & 7) == 1) {
			at += 8;
			continue;
		}
		value = take_number(&at);
		read(event, key >> 3, value, at);
		if ((key & 7) == 2)
			at += value;
	}
	assert_ptr_equal(at, end);
}

static void read_event(struct event *event, uint64_t field, uint64_t value, const uint8_t *bytes)
{
	(void)bytes;
	if (field == 9)
		event->type = value;
	if (field == 11)
		event->track = value;
}

static void read_clocks(struct event *event, uint64_t field, uint64_t value, const uint8_t *bytes)
{
	(void)event;
	(void)bytes;
	if (field == 2)
		primary_clock = value;
}

static void read_packet(struct event *event, uint64_t field, uint64_t value, const uint8_t *bytes)
{
	if (field == 8)
		event->time = value;
	if (field == 58)
		event->clock = value;
	if (field == 11)
		read_fields(bytes, bytes + value, event, read_event);
	if (field == 6)
		read_fields(bytes, bytes + value, event, read_clocks);
}

static void read_file(struct event *event, uint64_t field, uint64_t value, const uint8_t *bytes)
{
	struct event read = { .time = 0 };

	(void)event;
	assert_int_equal(field, 1);
	read_fields(bytes, bytes + value, &read, read_packet);
	if (!read.type)
		return;
	assert_true(event_count < EVENTS_MAX);
	events[event_count++] = read;
}

static void read_trace(struct lp_sink *sink)
{
	size_t size;
	char *text = export_end(sink, NULL, &size);

	event_count = 0;
	read_fields((const uint8_t *)text, (const uint8_t *)text + size, NULL, read_file);
	free(text);
}

static void parts_are_one_after_the_other_in_their_stall(void **state)
{
	static const struct event wanted[] = {
		{ 2000000000, 3, 1, 9 }, { 2000000000, 3, 1, 9 }, { 2300000000, 3, 2, 9 },
		{ 2300000000, 3, 1, 9 }, { 2312000000, 3, 2, 9 }, { 2312000000, 3, 2, 9 },
	};
	struct lp_sink *sink = export_open(&trace_format);
	struct lp_slow_callback slow = export_slow();

	(void)state;
	sink->observer.slow(sink, &slow);
	read_trace(sink);
	assert_int_equal(primary_clock, 3);
	assert_int_equal(event_count, 6);
	assert_memory_equal(events, wanted, sizeof(wanted));
}

/* Its slow callbacks are on the track above, and their time is not in the parts. */
static void an_iteration_lasts_until_its_end(void **state)
{
	struct lp_sink *sink = export_open(&trace_format);
	struct lp_slow_iteration iteration = {
		.loop = &export_loop,
		.start_ns = 2000 * MS,
		.duration_ns = 180 * MS,
		.slow_ns = 1000 * MS,
		.breakdown = { .time = { .known = true, .blocked_ns = 180 * MS } },
	};

	(void)state;
	sink->observer.slow_iteration(sink, &iteration);
	read_trace(sink);
	assert_int_equal(event_count, 4);
	assert_int_equal(events[0].time, 2000 * MS);
	assert_int_equal(events[2].time, 2180 * MS);
	assert_int_equal(events[3].time, 3180 * MS);
}

/* A damaged capture may have stalls that overlap, but slices of a track must nest. */
static void stalls_that_overlap_are_moved_apart(void **state)
{
	struct lp_sink *sink = export_open(&trace_format);
	struct lp_slow_callback slow = export_slow();
	uint64_t before = 0;
	size_t i, depth = 0;

	(void)state;
	sink->observer.slow(sink, &slow);
	slow.start_ns += 100 * MS;
	sink->observer.slow(sink, &slow);
	slow.start_ns = 1000000000;
	sink->observer.slow(sink, &slow);
	read_trace(sink);
	assert_int_equal(event_count, 18);
	for (i = 0; i < event_count; i++) {
		assert_true(events[i].time >= before);
		before = events[i].time;
		depth += events[i].type == 1 ? 1 : -1;
		assert_true(depth <= 2);
	}
	assert_int_equal(depth, 0);
}

static void several_hosts_share_the_clock_of_the_world(void **state)
{
	struct lp_run run = export_run;
	struct lp_sink *sink = export_open(&trace_format);
	struct lp_slow_callback slow = export_slow();

	(void)state;
	run.sources = 2;
	sink->observer.run(sink, &run);
	sink->observer.slow(sink, &slow);
	read_trace(sink);
	assert_int_equal(primary_clock, 1);
	assert_int_equal(events[0].time, 1700000001000000000);
	assert_int_equal(events[0].clock, 1);
}

static void utilisation_is_counted_from_where_an_interval_begins(void **state)
{
	struct lp_loop_summary loop = { .loop = &export_loop, .busy_ns = 1, .idle_ns = 3 };
	const struct lp_summary interval = {
		.since_ns = 1000000000, .now_ns = 2000000000, .loop_count = 1, .loops = &loop
	};
	struct lp_sink *sink = export_open(&trace_format);

	(void)state;
	sink->observer.interval(sink, &interval, &interval);
	read_trace(sink);
	assert_int_equal(event_count, 1);
	assert_int_equal(events[0].type, 4);
	assert_int_equal(events[0].time, 1000000000);
	assert_int_equal(events[0].track, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_one_after_the_other_in_their_stall),
		cmocka_unit_test(an_iteration_lasts_until_its_end),
		cmocka_unit_test(stalls_that_overlap_are_moved_apart),
		cmocka_unit_test(several_hosts_share_the_clock_of_the_world),
		cmocka_unit_test(utilisation_is_counted_from_where_an_interval_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
