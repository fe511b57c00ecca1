/* SPDX-License-Identifier: BSD-2-Clause */
/* The common part of the look-ups of elf_file.h: an open file's budget, walks over its tables. */
#ifndef LP_ELF_ELF_INTERNAL_H
#define LP_ELF_ELF_INTERNAL_H

#include "elf_file.h"

#define LP_ELF_NAME_BYTES 256
#define LP_ELF_PIECE_BYTES (64U << 10)
/* A short read costs as much as one of this many bytes. */
#define LP_ELF_READ_BYTES 512

/* Bytes whose relocations are read at once and retained; a table of methods is shorter. */
#define LP_ELF_NEAR_BYTES 4096
#define LP_ELF_NEAR_ENTRIES (LP_ELF_NEAR_BYTES / 8)
#define LP_ELF_NEAR_SETS 4

enum lp_elf_slot_kind {
	LP_ELF_SLOT_PLAIN = 0, /* no relocation applies to the slot */
	LP_ELF_SLOT_RELATIVE,
	LP_ELF_SLOT_OTHER,
};

struct lp_elf_near {
	uint64_t begin;
	uint64_t used; /* the turn that needed it last; 0: never */
	struct {
		uint64_t value;
		enum lp_elf_slot_kind kind;
	} slots[LP_ELF_NEAR_ENTRIES]; /* eight bytes each, from `begin` on */
};

struct lp_elf_state {
	struct lp_elf_reader reader;
	uint64_t bytes_left;
	uint64_t ns_left;
	uint64_t begun_ns;
	int failure;
	const char *refusal;
	uint64_t turn;
	struct lp_elf_near near[LP_ELF_NEAR_SETS];
	/* Bytes of a table or of a searched piece, used for one at a time. */
	uint8_t buffer[LP_ELF_PIECE_BYTES + 2 * LP_ELF_MARGIN] __attribute__((aligned(8)));
};

struct lp_elf {
	struct lp_elf_state *state;
};

/* Grants a file its bytes and time. */
void elf_budget_begin(struct lp_elf_state *state);

/* Begins and ends a look-up; both return whether its results can be valid. */
bool elf_search_begin(struct lp_elf_state *state);
bool elf_search_end(struct lp_elf_state *state);

/* The first failure is the one that is reported. */
void elf_fail(struct lp_elf_state *state, int err, const char *refusal);
bool elf_is_within(struct lp_elf_state *state, uint64_t bytes, uint64_t limit, const char *refusal);

/* Takes bytes from the budget. Returns false if they, or the time, are used up. */
bool elf_spend(struct lp_elf_state *state, uint64_t bytes);

/* As elf_reader_read and elf_reader_bytes, within the budget. */
bool elf_read_at(struct lp_elf_state *state, uint64_t offset, void *buffer, size_t size);
size_t elf_bytes_at(struct lp_elf_state *state, uint64_t address, void *buffer, size_t size);

/* The next table of a kind, or NULL; *from: 0 at first. */
const struct lp_elf_table *elf_next_table(const struct lp_elf_state *state,
					  enum lp_elf_table_kind kind, size_t *from);

struct lp_elf_walk {
	struct lp_elf_state *state;
	uint64_t offset; /* offset of the first byte that is not read yet */
	uint64_t left;
	size_t entry_bytes;
	size_t at, have; /* in bytes of the buffer */
};

/* Returns false, and fails, for a table that is over the limits. */
bool elf_walk_begin(struct lp_elf_walk *walk, struct lp_elf_state *state,
		    const struct lp_elf_table *table, size_t entry_bytes);
/* Returns the next entry, which is in the state's buffer until the next read, or NULL. */
const void *elf_walk_next(struct lp_elf_walk *walk);

/* Returns whether a symbol of this kind says that a function begins at the address. */
bool elf_has_function_symbol(struct lp_elf_state *state, enum lp_elf_table_kind kind,
			     uint64_t address);

#endif /* LP_ELF_ELF_INTERNAL_H */
