/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fuzz target offers: libFuzzer's entry point, and inputs to begin with for seeds.c. */
#ifndef LP_FUZZ_H
#define LP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fills in the input of that number and returns its size, or 0 if there is no such input. */
size_t fuzz_seed(unsigned int number, uint8_t *data);

/* Makes an input of a text, for fuzz_seed(): inputs that are texts are a table of them. */
static inline size_t fuzz_text_seed(const char *const *texts, size_t count, unsigned int number,
				    uint8_t *data)
{
	size_t size;

	if (number >= count)
		return 0;
	size = strlen(texts[number]);
	memcpy(data, texts[number], size);
	return size;
}

/* Checks a condition that must hold for every input. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif /* LP_FUZZ_H */
