// SPDX-License-Identifier: BSD-2-Clause
/* Input: a capture file. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/records.h"
#include "capture/block.h"
#include "capture/reader.h"
#include "capture/segments.h"

/* Copies the record, so that a sanitiser reports one that is not all in memory. */
static void take(void *context, const struct lp_event *record)
{
	uint8_t *copy = malloc(record->size);

	FUZZ_CHECK(record->size >= sizeof(*record));
	if (copy)
		memcpy(copy, record, record->size);
	free(copy);
	(*(size_t *)context)++;
}

static int read_all(struct lp_capture_reader *reader, size_t size, struct lp_error *error)
{
	struct lp_capture_segments *chain = capture_segments_new(size & 1);
	const struct lp_event *record;
	size_t handed = 0, bytes = 0;
	int err;

	FUZZ_CHECK(chain != NULL);
	while ((err = capture_next(reader, &record, error)) > 0) {
		FUZZ_CHECK((uintptr_t)record % 8 == 0);
		FUZZ_CHECK(record->size <= LP_CAPTURE_RAW_MAX);
		bytes += record->size;
		capture_segments_take(chain, record, capture_is_checkpoint(reader), take, &handed);
	}
	/* zlib expands a byte to 1032 bytes at most, and a block holds a megabyte at most */
	FUZZ_CHECK(bytes <= 1032 * size);
	capture_segments_free(chain);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lp_error error = { .code = 0 };
	struct lp_capture_reader *reader;
	int file = memfd_create("capture", MFD_CLOEXEC), err;
	char path[64];

	FUZZ_CHECK(file >= 0);
	FUZZ_CHECK(write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	err = capture_reader_new(path, &reader, &error);
	FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENOTSUP);
	if (!err) {
		err = read_all(reader, size, &error);
		FUZZ_CHECK(err == 0 || err == -EBADMSG || err == -ENODATA);
		capture_reader_free(reader);
	}
	FUZZ_CHECK(error.code == err && (!err || error.text[0]));
	close(file);
	return 0;
}

static size_t put(uint8_t *data, size_t at, const void *bytes, size_t size)
{
	memcpy(data + at, bytes, size);
	return at + size;
}

/* Two blocks of a checkpoint, each followed by a block with a new record. */
static size_t put_blocks(uint8_t *data, size_t at)
{
	struct lp_event_loop loop = { .event = record_head(LP_EVENT_LOOP, sizeof(loop)) };
	struct lp_event_name name = record_name("f", "f.py");
	struct lp_event_slow slow = record_slow();
	struct lp_event baseline = record_head(LP_EVENT_BASELINE, sizeof(baseline));
	struct lp_block_packer *packer = block_packer_new();
	const void *block;
	size_t size;
	int i;

	FUZZ_CHECK(packer != NULL);
	for (i = 0; i < 2; i++) {
		block_packer_add(packer, &loop.event);
		block_packer_add(packer, &name.event);
		block_packer_add(packer, &baseline);
		block = block_packer_finish(packer, LP_BLOCK_CHECKPOINT, (uint64_t)i, &size);
		at = put(data, at, block, size);
		block_packer_add(packer, &slow.event);
		block = block_packer_finish(packer, 0, 0, &size);
		at = put(data, at, block, size);
		loop.event.loop = 3;
	}
	block_packer_free(packer);
	return at;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	struct lp_capture_header header = { .magic = LP_CAPTURE_MAGIC,
					    .major = LP_CAPTURE_MAJOR,
					    .header_bytes = LP_CAPTURE_HEADER_1_0,
					    .tool = "loopprof",
					    .mode = "trace",
					    .host = "box" };
	struct lp_event_name name = record_name("f", "f.py");
	struct lp_event_slow slow = record_slow();
	size_t at;

	if (number >= 3)
		return 0;
	if (number == 2)
		header.header_bytes = sizeof(header);
	at = put(data, 0, &header, header.header_bytes);
	if (number == 1) {
		at = put(data, at, &name, sizeof(name));
		at = put(data, at, &slow, sizeof(slow));
		name.event.size -= 3; /* a size that needs padding */
		at = put(data, at, &name, sizeof(name));
	}
	return number == 2 ? put_blocks(data, at) : at;
}
