// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs a fuzz target on mutated inputs, for builds without libFuzzer.
 * usage: TARGET SECONDS SEED, or TARGET FILE: that one input.
 *
 * An input that fails is left beside the target, in crash-TARGET-SEED.
 */
#include "fuzz.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CORPUS 64

struct lp_input {
	size_t size;
	uint8_t data[FUZZ_INPUT_MAX];
};

static struct lp_input corpus[CORPUS], current;
static size_t corpus_size;
static uint64_t state;
static char crash_path[512];

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1d;
}

static size_t below(size_t limit)
{
	return limit ? (next_random() >> 16) % limit : 0;
}

static void overwrite_number(struct lp_input *input)
{
	static const uint64_t numbers[] = { 0,		1,
					    2,		23,
					    24,		25,
					    127,	128,
					    255,	256,
					    1023,	1024,
					    1025,	4095,
					    4096,	0x7fff,
					    0xffff,	0x10000,
					    0x7fffffff, 0x80000000,
					    0xffffffff, UINT64_MAX / 2,
					    UINT64_MAX };
	uint64_t number = numbers[below(sizeof(numbers) / sizeof(numbers[0]))];
	size_t width = (size_t)1 << below(4);

	if (input->size >= width)
		memcpy(input->data + below(input->size / width) * width, &number, width);
}

static void insert(struct lp_input *input, size_t at, const uint8_t *data, size_t size)
{
	if (size > FUZZ_INPUT_MAX - input->size)
		size = FUZZ_INPUT_MAX - input->size;
	memmove(input->data + at + size, input->data + at, input->size - at);
	memcpy(input->data + at, data, size);
	input->size += size;
}

static void cut_out(struct lp_input *input)
{
	size_t at = below(input->size), size = 1 + below(input->size - at);

	if (!input->size)
		return;
	memmove(input->data + at, input->data + at + size, input->size - at - size);
	input->size -= size;
}

/* Records begin at multiples of eight: where something is put has to be likely to be one. */
static void insert_from_corpus(struct lp_input *input)
{
	const struct lp_input *other = &corpus[below(corpus_size)];
	size_t from = below(2) ? 0 : below(other->size) & ~(size_t)7;
	size_t at = below(2) ? input->size : below(input->size + 1) & ~(size_t)7;

	insert(input, at, other->data + from,
	       below(2) ? other->size - from : below(other->size - from + 1));
}

static void mutate(struct lp_input *input)
{
	uint8_t bytes[8];

	switch (below(8)) {
	case 0:
	case 1:
		if (input->size)
			input->data[below(input->size)] ^= (uint8_t)(1 << below(8));
		break;
	case 2:
		if (input->size)
			input->data[below(input->size)] = (uint8_t)next_random();
		break;
	case 3:
	case 4:
		overwrite_number(input);
		break;
	case 5:
		memset(bytes, (int)next_random(), sizeof(bytes));
		insert(input, below(input->size + 1), bytes, 1 + below(sizeof(bytes)));
		break;
	case 6:
		insert_from_corpus(input);
		break;
	default:
		if (below(4))
			cut_out(input);
		else
			input->size = below(input->size + 1);
	}
}

static void keep_crash(int number)
{
	FILE *file = fopen(crash_path, "wb");

	if (file) {
		fwrite(current.data, 1, current.size, file);
		fclose(file);
	}
	signal(number, SIG_DFL);
	raise(number);
}

/* The sanitisers end the process without a signal, but ask this first. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void keep_crash_of_sanitiser(void)
{
	keep_crash(SIGABRT);
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return 2;
	}
	current.size = fread(current.data, 1, sizeof(current.data), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(current.data, current.size);
}

static uint64_t run(time_t seconds)
{
	time_t end = time(NULL) + seconds;
	uint64_t runs = 0;

	for (; corpus_size < CORPUS; corpus_size++) {
		struct lp_input *input = &corpus[corpus_size];

		input->size = fuzz_seed((unsigned int)corpus_size, input->data);
		if (!input->size)
			break;
	}
	while (time(NULL) < end) {
		size_t from = below(corpus_size), mutations = 1 + below(8);

		current = corpus[from];
		/* the inputs as they are come first */
		while (runs >= corpus_size && mutations--)
			mutate(&current);
		if (runs < corpus_size)
			current = corpus[runs];
		LLVMFuzzerTestOneInput(current.data, current.size);
		runs++;
		/* some drift away from where they began; the first half stays */
		if (!below(1000))
			corpus[corpus_size / 2 + below(corpus_size - corpus_size / 2)] = current;
	}
	return runs;
}

int main(int argc, char **argv)
{
	const char *slash;

	if (argc == 2)
		return run_file(argv[1]);
	if (argc != 3) {
		fprintf(stderr, "usage: %s SECONDS SEED | FILE\n", argv[0]);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10) * 2 + 1;
	slash = strrchr(argv[0], '/');
	slash = slash ? slash + 1 : argv[0];
	snprintf(crash_path, sizeof(crash_path), "%.*scrash-%s-%s", (int)(slash - argv[0]), argv[0],
		 slash, argv[2]);
	signal(SIGABRT, keep_crash);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_crash_of_sanitiser);
	printf("%llu inputs\n", (unsigned long long)run((time_t)strtol(argv[1], NULL, 10)));
	return 0;
}
