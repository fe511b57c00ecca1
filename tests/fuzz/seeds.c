// SPDX-License-Identifier: BSD-2-Clause
/*
 * Linked to each fuzz target together with libFuzzer: if FUZZ_SEEDS is set in the environment, the
 * target writes its first inputs to that directory and ends.
 */
#include "fuzz.h"

#include <stdbool.h>

#define SEEDS_MAX 64

int LLVMFuzzerInitialize(int *argc, char ***argv);

static bool write_seed(const char *directory, unsigned int number)
{
	static uint8_t data[FUZZ_INPUT_MAX];
	size_t size = fuzz_seed(number, data);
	char path[512];
	FILE *file;

	if (!size)
		return false;
	snprintf(path, sizeof(path), "%s/seed-%u", directory, number);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *directory = getenv("FUZZ_SEEDS");
	unsigned int number = 0;

	(void)argc;
	(void)argv;
	if (!directory)
		return 0;
	while (number < SEEDS_MAX && write_seed(directory, number))
		number++;
	exit(0);
}
