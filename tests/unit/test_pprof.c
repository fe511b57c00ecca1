// SPDX-License-Identifier: BSD-2-Clause
/* Properties of a profile that the output of go's pprof does not show. */
#include "export_fixture.h"
#include "protobuf_fixture.h"

#include <zlib.h>

static size_t unpack(const char *packed, size_t size, uint8_t *bytes, size_t capacity)
{
	z_stream stream = { .next_in = (Bytef *)packed, .avail_in = (uInt)size };
	size_t used;

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_out = bytes;
	stream.avail_out = (uInt)capacity;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	used = capacity - stream.avail_out;
	inflateEnd(&stream);
	return used;
}

/* Reads the texts of the string table, and counts the samples. */
static size_t read_profile(const uint8_t *at, const uint8_t *end, char texts[64][256],
			   size_t *samples)
{
	size_t count = 0;

	*samples = 0;
	while (at < end) {
		uint64_t key = take_number(&at), value = take_number(&at);

		if (key >> 3 == 6) {
			assert_true(count < 64);
			snprintf(texts[count++], 256, "%.*s", (int)value, (const char *)at);
		}
		*samples += key >> 3 == 2;
		if ((key & 7) == 2)
			at += value;
	}
	assert_ptr_equal(at, end);
	return count;
}

static void the_first_string_is_empty_and_labels_have_theirs(void **state)
{
	const struct lp_callback_info callback = { LP_MODEL_TASK, "\"; DROP <b>", "/x.py", 1 };
	struct lp_sink *sink = export_open(&pprof_format);
	struct lp_slow_callback slow = export_slow();
	static char texts[64][256];
	static uint8_t bytes[65536];
	size_t size, count, samples, i, found = 0;
	char *packed;

	(void)state;
	slow.callback = &callback;
	sink->observer.slow(sink, &slow);
	packed = export_end(sink, NULL, &size);
	count = read_profile(bytes, bytes + unpack(packed, size, bytes, sizeof(bytes)), texts,
			     &samples);
	assert_string_equal(texts[0], "");
	for (i = 0; i < count; i++)
		found += !strcmp(texts[i], "gunicorn 42/43") || !strcmp(texts[i], "recvfrom") ||
			 !strcmp(texts[i], "tcp 10.0.3.7:5432") ||
			 !strcmp(texts[i], "\"; DROP <b>");
	assert_int_equal(found, 4);
	assert_int_equal(samples, 2);
	free(packed);
}

static void without_stalls_it_is_a_profile_all_the_same(void **state)
{
	static char texts[64][256];
	static uint8_t bytes[65536];
	size_t size, samples;
	char *packed = export_end(export_open(&pprof_format), NULL, &size);

	(void)state;
	assert_true(read_profile(bytes, bytes + unpack(packed, size, bytes, sizeof(bytes)), texts,
				 &samples) > 4);
	assert_int_equal(samples, 0);
	/* the header has no time, so that equal profiles are equal files */
	assert_memory_equal(packed + 4, "\0\0\0\0", 4);
	free(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_string_is_empty_and_labels_have_theirs),
		cmocka_unit_test(without_stalls_it_is_a_profile_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
