/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of a program's file that unwinding and symbol names need. */
#ifndef LP_ELF_IMAGE_H
#define LP_ELF_IMAGE_H

#include "elf_reader.h"

struct lp_image {
	struct lp_elf_reader elf;
};

/* Opens a file as elf_reader_open does. */
int image_open(struct lp_image *image, const char *path);
/* Opens an ELF file in this process's memory, such as the vDSO. */
int image_open_memory(struct lp_image *image, const void *memory, uint64_t bytes);
void image_close(struct lp_image *image);

/* Copies initialised bytes at an address. Returns their number, at most size. */
size_t image_read(const struct lp_image *image, uint64_t address, void *buffer, size_t size);

/* The address of executed bytes at an offset of the file. Returns 0 or -ENOENT. */
int image_address(const struct lp_image *image, uint64_t offset, uint64_t *address);

/*
 * Copies the name of the function that contains an address; of several names, the usual one. Adds
 * the number of symbols that were examined to work. Returns 0, or -ENOENT and "".
 */
int image_symbol(const struct lp_image *image, uint64_t address, char *name, size_t size,
		 size_t *work);

#endif /* LP_ELF_IMAGE_H */
