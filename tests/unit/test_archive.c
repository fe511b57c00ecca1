// SPDX-License-Identifier: BSD-2-Clause
/* Names in a directory of captures that other files have. */
#include "recorder_fixture.h"

/* What an attacker creates under the name of the next capture. */
enum planted { A_LINK, A_FILE, A_FIFO, A_DIRECTORY, PLANTED };

static void plant(const char *path, enum planted what)
{
	FILE *file;

	switch (what) {
	case A_LINK:
		assert_int_equal(symlink("/dev/null", path), 0);
		break;
	case A_FIFO:
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	case A_DIRECTORY:
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	default:
		file = fopen(path, "w");
		assert_non_null(file);
		fclose(file);
	}
}

/* Occupies the segment's names for the run's first seconds, one name per second. */
static void plant_segment(unsigned int segment, unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < seconds; i++)
		plant(in_directory("loopprof-box-20231114T2213%02u"
				   "Z-%u.lpc",
				   20 + i, segment),
		      (enum planted)(i % PLANTED));
}

/* Counts the segment's captures, planted files excluded (those are empty); name: the last one. */
static size_t find_segment(unsigned int segment, char *name, size_t size)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	char suffix[32];
	size_t count = 0;

	snprintf(suffix, sizeof(suffix), "Z-%u.lpc", segment);
	while (stream && (entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		struct stat status;

		if (length < strlen(suffix) ||
		    strcmp(entry->d_name + length - strlen(suffix), suffix) != 0 ||
		    lstat(in_directory("%s", entry->d_name), &status) || !S_ISREG(status.st_mode) ||
		    !status.st_size)
			continue;
		snprintf(name, size, "%s", entry->d_name);
		count++;
	}
	if (stream)
		closedir(stream);
	return count;
}

static void names_that_are_taken_stop_no_recording(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recording;
	char name[256];

	(void)state;
	/* occupies more seconds than the recorder tries, for the first capture and the second */
	plant_segment(0, 40);
	plant_segment(1, 40);
	config.rotate_bytes = 20000;
	recording = recorder_start(&config);
	fill_with_noise(recording, 0, 3);
	recorder_end(recording);
	assert_int_equal(find_segment(0, name, sizeof(name)), 1);
	assert_int_equal(strncmp(name, "loopprof-box-", 13), 0);
	assert_int_equal(find_segment(1, name, sizeof(name)), 1);
}

static void a_capture_of_another_name_is_retained_and_removed_as_others_are(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recording;
	char name[256];

	(void)state;
	plant_segment(0, 40);
	recorder_end(recorder_start(&config));
	assert_int_equal(find_segment(0, name, sizeof(name)), 1);
	config.header.start_unix_ns += 3600 * SECOND;
	config.rotate_bytes = 20000;
	config.retain_bytes = 1;
	recording = recorder_start(&config);
	fill_with_noise(recording, 0, 3);
	recorder_end(recording);
	assert_int_not_equal(access(in_directory("%s", name), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_that_are_taken_stop_no_recording,
						make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(
			a_capture_of_another_name_is_retained_and_removed_as_others_are,
			make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
