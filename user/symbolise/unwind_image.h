/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What unwinding and naming need of a program's file.  It is read piece by piece and
 * never mapped: whoever can write to the file could truncate it, and end us by SIGBUS.
 */
#ifndef LP_UNWIND_IMAGE_H
#define LP_UNWIND_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_IMAGE_SEGMENTS 16

struct lp_image_segment {
	uint64_t address;
	uint64_t offset; /* in the file */
	uint64_t bytes;
	bool executable;
};

struct lp_image_symbols {
	uint64_t offset; /* of the table in the file */
	uint64_t count;
	uint64_t strings; /* where its names begin in the file */
	uint64_t strings_bytes;
};

struct lp_image {
	int descriptor; /* -1: it lies in memory */
	const uint8_t *memory;
	uint64_t bytes;
	size_t segment_count;
	struct lp_image_segment segments[LP_IMAGE_SEGMENTS];
	struct lp_image_symbols symbols[2]; /* the full table, then the dynamic one */
	/* .eh_frame_hdr: a table of addresses of functions, sorted, relative to itself */
	uint64_t header;
	uint32_t functions;
};

/* Takes the descriptor of an x86-64 ELF file. Returns 0, or closes it and returns -ENOEXEC. */
int image_open(struct lp_image *image, int descriptor, uint64_t bytes);
/* The same of one that lies in our own memory, as the vDSO does. */
int image_open_memory(struct lp_image *image, const void *memory, uint64_t bytes);
void image_close(struct lp_image *image);

/* Copies initialised bytes at an address. Returns how many there were, at most size. */
size_t image_read(const struct lp_image *image, uint64_t address, void *buffer, size_t size);

/* The address of executed bytes at an offset of the file. Returns 0 or -ENOENT. */
int image_address(const struct lp_image *image, uint64_t offset, uint64_t *address);

/*
 * The name of the function that holds an address; of several for the same place, the
 * one that people know.  Adds to work how many symbols were looked at.  Returns 0, or
 * -ENOENT and "".
 */
int image_symbol(const struct lp_image *image, uint64_t address, char *name, size_t size,
		 size_t *work);

#endif /* LP_UNWIND_IMAGE_H */
