/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that defines a probe's function.  An address that was read from the process's
 * memory only selects the file to look into: the file's own tables have to confirm it.
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
	bool loading; /* the code may not be mapped yet: then only the file is checked */
};

/*
 * Opens the file whose code is mapped at an address of the process.  It must be the
 * interpreter, or the module of that name (what follows PyInit_).  Returns 0 or a negative
 * errno with a sentence; to be closed with definer_close in any case.
 */
int definer_open(const struct lp_cpython *python, uint64_t address, const char *module,
		 struct lp_probe *probe, struct lp_definer *definer, struct lp_error *error);

/* The same for the interpreter, before the process has mapped all of it. */
int definer_open_interpreter(const struct lp_cpython *python, struct lp_probe *probe,
			     struct lp_definer *definer, struct lp_error *error);
void definer_close(struct lp_definer *definer);

/* The process's memory and its files disagree: fills the error, returns -EBADMSG. */
int definer_refuse(const struct lp_definer *definer, const char *reason, struct lp_error *error);

/* Adds a place in the file, if the process has the same bytes there. */
int definer_add(const struct lp_definer *definer, uint64_t address, struct lp_error *error);

/* The same for a function that begins there: its first instruction that is cheap to probe. */
int definer_add_entry(const struct lp_definer *definer, uint64_t function, struct lp_error *error);

/* The same for an instruction inside a function. */
int definer_add_inside(const struct lp_definer *definer, uint64_t address, struct lp_error *error);

/* To be called when all places are added: is the file unchanged since it was opened? */
int definer_finish(const struct lp_definer *definer, struct lp_error *error);

#endif /* LP_RUNTIME_CPYTHON_DEFINER_H */
