/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the names of files and functions say about the code of a runtime: which is its library,
 * which an installed package, and what its functions are for.  Captures are read without an
 * adapter's process, so that names are all that is known.  The adapters own the rows
 * (struct lp_runtime); they are handed down when the program starts, and those of several runtimes
 * add up.
 */
#ifndef LP_MODEL_CODE_NAMES_H
#define LP_MODEL_CODE_NAMES_H

#include "wire/wire.h"
#include <stdbool.h>
#include <stddef.h>

/* Words of a call that asks a name server; they have priority over those of its callers. */
#define LP_WORDS_LOOK_UP "DNS look-up"

/* A function, and words for a call of it that blocks. */
struct lp_call_row {
	enum lp_frame_kind kind;
	const char *file; /* end of the path of a file of the runtime's library; NULL: any */
	const char *function; /* last part of the qualified name, or a C symbol */
	const char *words;
};

/* No member is NULL, unless it says so; NULL ends a list. */
struct lp_code_names {
	/* Returns whether a file outside of installed packages is of the library. */
	bool (*is_library)(const char *file);
	/* Returns the part of a path below the directory of installed packages; NULL: none. */
	const char *(*below_packages)(const char *file);
	/*
	 * Returns whether the file name of code is no path, but a name that a library or the
	 * program gave to code that it compiled from a string: no source file has its lines.
	 */
	bool (*is_generated)(const char *file);
	/* Writes the name of the package of such a part: "httpx", "google.cloud". */
	void (*package)(const char *below, char *name, size_t size);
	/* Writes the name of the module in a file: "sqlalchemy.orm", "httpx._client". */
	void (*module)(const char *file, char *name, size_t size);
	/* directories of the library whose names packages have too, with the slash */
	const char *const *library_directories;
	const char *const *common_files; /* names of files that many directories have */
	/* packages that call a program's handlers; a program that is installed is none of them */
	const char *const *frameworks;
	const char *const *loop_files; /* ends of the paths of the files whose frames are a loop's */
	const char *importer; /* begins the path of each file that imports modules; may be NULL */
	const char *module_function; /* the function that the code of a module is; may be NULL */
	/* words for a sleep by select() without descriptors, or until an instant; NULL: none */
	const char *sleep;
	const char *lock; /* words for a lock of threads whose holder was found; NULL: none */
	const struct lp_call_row *calls; /* a row without a function ends them */
};

/* Adds the names of a runtime, which live as long as the program.  Adding them again is no error. */
void code_names_add(const struct lp_code_names *names);

/* The names that were added, by number; NULL: there are no more. */
const struct lp_code_names *code_names_at(size_t number);

#endif /* LP_MODEL_CODE_NAMES_H */
