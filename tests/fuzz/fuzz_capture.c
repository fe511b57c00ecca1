// SPDX-License-Identifier: BSD-2-Clause
/* Input: a capture file. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/records.h"
#include "source/capture.h"

static void take(void *context, const struct lp_event *record)
{
	uint8_t *copy = malloc(record->size);

	FUZZ_CHECK((uintptr_t)record % 8 == 0);
	FUZZ_CHECK(record->size >= sizeof(*record));
	/* all of it is there */
	if (copy)
		memcpy(copy, record, record->size);
	free(copy);
	*(size_t *)context += record->size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lp_error error = { .code = 0 };
	struct lp_capture_reader *reader;
	int file = memfd_create("capture", MFD_CLOEXEC), err;
	size_t bytes = 0;
	char path[64];

	FUZZ_CHECK(file >= 0);
	FUZZ_CHECK(write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	err = capture_reader_new(path, &reader, &error);
	FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENOTSUP);
	if (!err) {
		err = capture_read(reader, take, &bytes, &error);
		FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENODATA);
		FUZZ_CHECK(bytes <= size);
		capture_reader_free(reader);
	}
	FUZZ_CHECK(error.code == err && (!err || error.text[0]));
	close(file);
	return 0;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	struct lp_capture_header header = { .magic = LP_CAPTURE_MAGIC,
					    .major = LP_CAPTURE_MAJOR,
					    .header_bytes = sizeof(header),
					    .tool = "loopprof",
					    .mode = "trace",
					    .host = "box" };
	struct lp_event_name name = record_name("f", "f.py");
	struct lp_event_slow slow = record_slow();
	size_t at = sizeof(header);

	if (number >= 2)
		return 0;
	memcpy(data, &header, sizeof(header));
	if (number) {
		memcpy(data + at, &name, sizeof(name));
		at += sizeof(name);
		memcpy(data + at, &slow, sizeof(slow));
		at += sizeof(slow);
		name.event.size -= 3; /* padded */
		memcpy(data + at, &name, sizeof(name));
		at += sizeof(name);
	}
	return at;
}
