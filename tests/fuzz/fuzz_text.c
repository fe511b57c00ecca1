// SPDX-License-Identifier: BSD-2-Clause
/* Input: width, space for the result, characters. */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define HEAD_BYTES 2

/*
 * The length of the character if it is well-formed (by the table of the Unicode standard) and safe
 * to show, else 0.
 */
static size_t safe_character(const uint8_t *at)
{
	size_t length = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4, i;

	if (at[0] < 0x20 || at[0] == 0x7f || (at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4)
		return 0;
	for (i = 1; i < length; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	if ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	if (length == 3 && at[0] == 0xe2 &&
	    ((at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
	     (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9)))
		return 0;
	return length;
}

static bool is_safe(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at) {
		size_t length = safe_character(at);

		if (!length)
			return false;
		at += length;
	}
	return true;
}

static void check_code_points(const uint8_t *data, size_t size, unsigned int width, size_t capacity)
{
	char *text = malloc(capacity ? capacity : 1), *copy;
	size_t length;

	if (!text)
		return;
	length = text_from_code_points(data, size, width, text, capacity);
	if (capacity) {
		FUZZ_CHECK(length < capacity && strlen(text) == length);
		copy = strdup(text);
		text_sanitise(text);
		FUZZ_CHECK(is_safe(text));
		FUZZ_CHECK(text_columns(text) == text_columns(copy));
		free(copy);
	}
	free(text);
}

static void check_bytes(const uint8_t *data, size_t size, size_t capacity)
{
	char *text = malloc(size + 1), *copy = malloc(capacity ? capacity : 1), duration[16];
	uint64_t ns = 0;

	if (text && copy) {
		memcpy(text, data, size);
		text[size] = '\0';
		memcpy(&ns, data, size < 8 ? size : 8);
		text_duration(duration, sizeof(duration), ns);
		FUZZ_CHECK(strlen(duration) < sizeof(duration) - 1);
		FUZZ_CHECK(text_path_end(text, 2) >= text);
		FUZZ_CHECK(text_path_end(text, 2) <= text + strlen(text));
		text_copy(copy, capacity, text);
		FUZZ_CHECK(!capacity || (strlen(copy) < capacity && is_safe(copy)));
		text_sanitise(text);
		FUZZ_CHECK(is_safe(text));
		FUZZ_CHECK(text_columns(text) <= strlen(text));
	}
	free(copy);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	if (size < HEAD_BYTES)
		return 0;
	exact = malloc(size - HEAD_BYTES + 1);
	if (!exact)
		return 0;
	memcpy(exact, data + HEAD_BYTES, size - HEAD_BYTES);
	check_code_points(exact, size - HEAD_BYTES, data[0] % 6, data[1]);
	check_bytes(exact, size - HEAD_BYTES, data[1]);
	free(exact);
	return 0;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	static const char *const texts[] = {
		"\x01\x40plain/path/file.py",
		"\x01\x09\x1b[31m\xc2\x9b\x7f\xe2\x80\xae\xef\xbb\xbf\xd8\x9c",
		"\x02\x20\xfb\x4e\xd9\x52\x3d\xd8\x0d\xdc",
		"\x04\xff\xf0\x9f\x90\x8d\xed\xa0\x80\xc0\x80\xe4\xbb\xbb\xf4\x90\x80\x80",
	};

	return fuzz_text_seed(texts, sizeof(texts) / sizeof(texts[0]), number, data);
}
