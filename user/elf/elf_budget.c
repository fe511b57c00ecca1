// SPDX-License-Identifier: BSD-2-Clause
/* The limits of bytes and time for one file, its first failure, and reading within them. */
#include "elf_internal.h"

#include "base/clocks.h"

#include <errno.h>
#include <string.h>

/* The budget of one file while it is open: bytes that are read, and time in ns. */
#define BUDGET_BYTES (256ULL << 20)
#define BUDGET_NS 3000000000ULL

void elf_budget_begin(struct lp_elf_state *state)
{
	state->bytes_left = BUDGET_BYTES;
	state->ns_left = BUDGET_NS;
}

/* The first failure is retained. */
void elf_fail(struct lp_elf_state *state, int err, const char *refusal)
{
	if (state->failure)
		return;
	state->failure = err;
	state->refusal = refusal;
}

bool elf_search_begin(struct lp_elf_state *state)
{
	state->begun_ns = clock_now();
	return !state->failure;
}

/* Returns whether the data that were read since begin are valid. */
bool elf_search_end(struct lp_elf_state *state)
{
	uint64_t ns = clock_now() - state->begun_ns;

	state->ns_left -= ns < state->ns_left ? ns : state->ns_left;
	if (!elf_reader_is_current(&state->reader))
		elf_fail(state, -ESTALE, "it was changed while it was read");
	return !state->failure;
}

bool elf_spend(struct lp_elf_state *state, uint64_t bytes)
{
	if (bytes < LP_ELF_READ_BYTES)
		bytes = LP_ELF_READ_BYTES;
	if (bytes > state->bytes_left || clock_now() - state->begun_ns > state->ns_left)
		elf_fail(state, -ETIME, "there is too much in it to search");
	if (state->failure)
		return false;
	state->bytes_left -= bytes;
	return true;
}

/* Bytes inside of the file can be read, unless the file has become shorter. */
bool elf_read_at(struct lp_elf_state *state, uint64_t offset, void *buffer, size_t size)
{
	if (offset > state->reader.bytes || size > state->reader.bytes - offset ||
	    !elf_spend(state, size))
		return false;
	if (elf_reader_read(&state->reader, offset, buffer, size))
		return true;
	if (!elf_reader_is_current(&state->reader))
		elf_fail(state, -ESTALE, "it was changed while it was read");
	elf_fail(state, -EIO, strerror(EIO));
	return false;
}

bool elf_is_within(struct lp_elf_state *state, uint64_t bytes, uint64_t limit, const char *refusal)
{
	if (bytes > limit)
		elf_fail(state, -EFBIG, refusal);
	return !state->failure;
}

int elf_failure(const struct lp_elf *elf)
{
	return elf->state->failure;
}

const char *elf_error(const struct lp_elf *elf, int err)
{
	if (elf && elf->state->failure == err && elf->state->refusal)
		return elf->state->refusal;
	return elf_reader_error(err);
}
