/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPython's objects, read from outside.  They may change or vanish under the
 * reader: every size is bounded and nothing is followed without an end.
 */
#ifndef LP_CPYTHON_OBJECT_H
#define LP_CPYTHON_OBJECT_H

#include "cpython_rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The same in 3.8 to 3.14. */
#define CPYTHON_OBJECT_TYPE 8
#define CPYTHON_TYPE_NAME 24
#define CPYTHON_TYPE_BASIC_SIZE 32
#define CPYTHON_TYPE_METHODS 232
#define CPYTHON_MODULE_DICT 16
#define CPYTHON_BUILTIN_METHOD 16
#define CPYTHON_METHOD_SIZE 32 /* PyMethodDef: name, function, flags, doc */

/* One Python process and how to read it. */
struct lp_cpython {
	pid_t pid;
	int minor;
	uint32_t hex_version;
	struct lp_cpython_row row;
	uint64_t runtime; /* address of _PyRuntime */
	uint64_t context_type; /* address of PyContext_Type */
	char file[64]; /* opens the file that holds the interpreter */
	uint64_t bias; /* address minus ELF virtual address in that file */
};

/* Decodes a str into UTF-8; cut to size. Returns 0 or a negative errno. */
int cpython_string(const struct lp_cpython *python, uint64_t string, char *text, size_t size);

/* The value for a str key, or 0. */
uint64_t cpython_dict_get(const struct lp_cpython *python, uint64_t dict, const char *key);

/* sys.modules[module].__dict__[name] of the main interpreter, or 0. */
uint64_t cpython_module_attribute(const struct lp_cpython *python, const char *module,
				  const char *name);

/* The C function of a method in a type's method table, or 0. */
uint64_t cpython_type_method(const struct lp_cpython *python, uint64_t type, const char *name);

/* The main interpreter's state, or 0 before it is made. */
uint64_t cpython_interpreter(const struct lp_cpython *python);

#endif /* LP_CPYTHON_OBJECT_H */
