/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that defines a probe's function.  An address from the process's memory only selects
 * the file: the tables in the file must confirm that the function at the address is the right one.
 */
#ifndef LP_RUNTIME_CPYTHON_DEFINER_H
#define LP_RUNTIME_CPYTHON_DEFINER_H

#include "runtime/cpython/objects/object.h"
#include "runtime/runtime.h"
#include "elf/elf_file.h"
#include "elf/mapped_file.h"

struct lp_definer {
	const struct lp_cpython *python;
	struct lp_probe *probe; /* the probe that is filled */
	struct lp_mapped_file file;
	struct lp_elf *elf;
	uint64_t bias; /* address in the process minus the one in the file */
	bool loading; /* the code may not be mapped yet: memory that is no code is not compared */
};

/*
 * Opens the file whose code is mapped at an address of the process.  It must be the
 * interpreter, or the module of that name (what follows PyInit_).  Returns 0 or a negative
 * errno with a sentence; definer_close must be called in either case.
 */
int definer_open(const struct lp_cpython *python, uint64_t address, const char *module,
		 struct lp_probe *probe, struct lp_definer *definer, struct lp_error *error);

/* Opens the file of the interpreter, which the process may not have mapped completely yet. */
int definer_open_interpreter(const struct lp_cpython *python, struct lp_probe *probe,
			     struct lp_definer *definer, struct lp_error *error);
void definer_close(struct lp_definer *definer);

/*
 * Fills the error with the reason why a function is not probed.  Returns -EBADMSG, or -ESTALE if
 * the file was changed while it was read.
 */
int definer_refuse(const struct lp_definer *definer, const char *reason, struct lp_error *error);

/*
 * Adds a place to the probe, if the process has the same bytes there as the file; places over
 * LP_PROBE_SITES are ignored.  Returns 0 or a negative errno with a sentence.
 */
int definer_add(const struct lp_definer *definer, uint64_t address, struct lp_error *error);

/* As definer_add, for a function: adds the first instruction that is cheap to probe. */
int definer_add_entry(const struct lp_definer *definer, uint64_t function, struct lp_error *error);

/* As definer_add, for an instruction inside a function. */
int definer_add_inside(const struct lp_definer *definer, uint64_t address, struct lp_error *error);

/* Checks that the file was not changed since it was opened.  To be called after the last place. */
int definer_finish(const struct lp_definer *definer, struct lp_error *error);

#endif /* LP_RUNTIME_CPYTHON_DEFINER_H */
