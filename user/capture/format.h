/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structures of a capture, a file of records; README.md describes them and what each version
 * of the format added.  All numbers are little endian, as the program runs on x86-64 only.
 */
#ifndef LP_CAPTURE_FORMAT_H
#define LP_CAPTURE_FORMAT_H

#include "wire/wire.h"
#include <stddef.h>

#define LP_CAPTURE_MAGIC "LOOPPROF"
#define LP_CAPTURE_MAJOR 1
#define LP_CAPTURE_MINOR 3

#define LP_CAPTURE_ID_BYTES 16

struct lp_capture_header {
	char magic[8];
	__u16 major; /* a reader refuses other major versions */
	__u16 minor; /* a higher minor version may have records that a reader skips */
	__u32 header_bytes;
	__u64 threshold_ns;
	__u64 start_ns; /* start of the run, CLOCK_MONOTONIC */
	__u64 start_unix_ns; /* the same instant, CLOCK_REALTIME */
	__u32 queue;
	__u32 reserved;
	char tool[32];
	char mode[16];
	char host[80];
	/* from 1.3 on; zeros where an older version wrote it */
	__u8 run_id[LP_CAPTURE_ID_BYTES]; /* random: files of one run have the same */
	__u8 boot_id[LP_CAPTURE_ID_BYTES]; /* of the host, zeros: not known */
	__u64 segment_ns; /* when this file was begun, CLOCK_MONOTONIC */
	__u64 segment_unix_ns; /* the same instant, computed from the run's two clocks */
	__u32 segment; /* number of this file in the run, from 0 on */
	__u32 flags; /* LP_CAPTURE_... */
	__u64 reserved2;
};

#define LP_CAPTURE_INNER 1 /* tasks are counted by their innermost coroutine of the program */

#define LP_CAPTURE_HEADER_1_0 176

_Static_assert(offsetof(struct lp_capture_header, run_id) == LP_CAPTURE_HEADER_1_0, "wire");
_Static_assert(sizeof(struct lp_capture_header) == 240, "wire");

/*
 * The block's records repeat state that the run had when the file was begun, or when writing
 * resumed after records were lost.  LP_EVENT_BASELINE is the last of them.
 */
#define LP_BLOCK_CHECKPOINT 1

/* Compressed records.  A block is written once a second, and whenever it is full. */
struct lp_capture_block {
	struct lp_event event; /* LP_EVENT_BLOCK; reserved has the flags LP_BLOCK_... */
	__u64 lost; /* records that could not be written since the previous block */
	__u32 raw_bytes; /* size of all records after unpacking, each padded to 8 bytes */
	__u32 reserved;
	__u8 data[]; /* zlib stream with its checksum, up to event.size */
};

_Static_assert(sizeof(struct lp_capture_block) == 40, "wire");

/* The limit of a record's size: a damaged or forged size must not make a reader allocate much. */
#define LP_CAPTURE_RECORD_MAX (1 << 20)
#define LP_CAPTURE_RAW_MAX (1 << 20)

#endif /* LP_CAPTURE_FORMAT_H */
