/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of recordings share. */
#ifndef LP_TESTS_UNIT_RECORDER_FIXTURE_H
#define LP_TESTS_UNIT_RECORDER_FIXTURE_H

#include "recording_fixture.h"

#include <signal.h>
#include <sys/resource.h>

/* The records of a capture: their number by type, and some of their contents. */
struct lp_counted {
	uint64_t types[64];
	uint64_t replayed;
	uint64_t lost;
	uint32_t segment;
	char comm[32], unit[32];
	char named[64][32]; /* names by the callback's number */
	uint64_t counts[64]; /* runs in the last counters of each callback */
};

static inline void count(struct lp_counted *counted, const struct lp_event *record)
{
	const struct lp_event_callback_stats *stats = (const void *)record;
	const struct lp_event_name *name = (const void *)record;

	assert_in_range(record->type, 1, 63);
	counted->types[record->type]++;
	if (record->type == LP_EVENT_TARGET)
		memcpy(counted->comm, ((const struct lp_event_target *)record)->comm, 32);
	if (record->type == LP_EVENT_LABELS)
		memcpy(counted->unit, ((const struct lp_event_labels *)record)->unit, 32);
	if (record->type == LP_EVENT_NAME)
		memcpy(counted->named[name->callback], name->qualname_data, 32);
	if (record->type == LP_EVENT_CALLBACK_STATS)
		counted->counts[stats->callback] = stats->run.sum_ns / 1000;
}

static inline void read_file(const char *path, struct lp_counted *counted)
{
	struct lp_capture_reader *reader;
	const struct lp_event *record;
	struct lp_error error;
	int err;

	memset(counted, 0, sizeof(*counted));
	if (capture_reader_new(path, &reader, &error))
		fail_msg("%s", error.text);
	counted->segment = capture_header(reader)->segment;
	while ((err = capture_next(reader, &record, &error)) > 0) {
		count(counted, record);
		counted->replayed += capture_is_checkpoint(reader);
	}
	if (err)
		fail_msg("%s", error.text);
	counted->lost = capture_lost(reader);
	capture_reader_free(reader);
}

static inline bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static inline uint64_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

static inline void fill_with_noise(struct lp_recorder *recorder, uint64_t from_ms, uint64_t seconds)
{
	uint64_t ms;

	for (ms = from_ms; ms < from_ms + seconds * 1000; ms += 10) {
		put_noise(recorder, 0, ms);
		tick(recorder, ms);
	}
}

static inline uint64_t size_of_all(void)
{
	struct dirent *entry;
	DIR *stream = opendir(directory);
	uint64_t all = 0;

	while (stream && (entry = readdir(stream)))
		if (!strncmp(entry->d_name, "loopprof-", 9))
			all += size_of(in_directory("%s", entry->d_name));
	closedir(stream);
	return all;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

#endif /* LP_TESTS_UNIT_RECORDER_FIXTURE_H */
