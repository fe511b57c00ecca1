/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPython's objects, read from another process.  They may change or be freed while they are
 * read: every size and every walk is bounded.
 */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_OBJECT_H
#define LP_RUNTIME_CPYTHON_OBJECTS_OBJECT_H

#include "key_hints.h"
#include "process/mappings.h"
#include "runtime/cpython/layout/versions.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Offsets in bytes that are the same in 3.8 to 3.15. */
#define CPYTHON_OBJECT_TYPE 8
#define CPYTHON_TYPE_NAME 24
#define CPYTHON_TYPE_BASIC_SIZE 32
#define CPYTHON_TYPE_FLAGS 168
#define CPYTHON_TYPE_FLAG_READY (1UL << 12)
#define CPYTHON_TYPE_METHODS 232
#define CPYTHON_TYPE_DICT 264 /* heap types only: since 3.12 builtin types have it elsewhere */
#define CPYTHON_TYPE_DICT_OFFSET 288
#define CPYTHON_TYPE_MRO 344
#define CPYTHON_MODULE_DICT 16
#define CPYTHON_BUILTIN_METHOD 16
#define CPYTHON_METHOD_SIZE 32 /* PyMethodDef: name, function, flags, doc */
#define CPYTHON_METHOD_FUNCTION 8 /* PyMethodDef.ml_meth */
#define CPYTHON_BOUND_FUNCTION 16 /* PyMethodObject.im_func */
#define CPYTHON_CELL_CONTENT 16 /* PyCellObject.ob_ref */
#define CPYTHON_TUPLE_LENGTH 16
#define CPYTHON_LIST_LENGTH 16
#define CPYTHON_LIST_ITEMS 24 /* a pointer to them */
#define CPYTHON_BYTES_LENGTH 16
#define CPYTHON_BYTES_DATA 32

/* The offset of the values in PyDictValues: since 3.13 they follow a word of flags. */
#define CPYTHON_VALUES(python) ((python)->row.type.instance_layout == LP_INSTANCE_INLINE ? 8 : 0)

struct lp_code_cache;

/* A Python process, and the caches for reading it. */
struct lp_thread_cache;

struct lp_cpython {
	pid_t pid;
	pid_t inner_pid; /* the PID in the process's own namespace, as getpid() returns it */
	int minor; /* minor version, for messages only: what differs between versions is in the row */
	uint32_t hex_version;
	struct lp_cpython_row row;
	uint64_t runtime; /* address of _PyRuntime */
	/* addresses of exported types; 0: not exported */
	uint64_t code_type;
	uint64_t function_type;
	uint64_t string_type;
	uint64_t int_type;
	uint64_t runtime_error; /* address of the pointer PyExc_RuntimeError */
	struct lp_code_cache *codes; /* owned, or NULL */
	struct lp_key_hints *hints; /* owned, or NULL */
	struct lp_thread_cache *threads; /* owned, or NULL */
	uint64_t file_start; /* address of the first byte that is mapped of the interpreter's file */
	uint64_t bias; /* address minus ELF virtual address in that file */
};

/* Decodes a str into UTF-8; cut to size. Returns 0 or a negative errno. */
int cpython_string(const struct lp_cpython *python, uint64_t string, char *text, size_t size);

/* Returns whether an object is a str equal to an ASCII text of at most 128 characters. */
bool cpython_string_equals(const struct lp_cpython *python, uint64_t string, const char *text);

/* Reads the first items of a tuple, at most capacity.  Returns its length or a negative errno. */
ssize_t cpython_tuple(const struct lp_cpython *python, uint64_t tuple, uint64_t *items,
		      size_t capacity);

/* Reads the tp_name of an object's type.  Returns 0 or a negative errno. */
int cpython_type_name(const struct lp_cpython *python, uint64_t object, char *name, size_t size);

/* Reads the first argument of an exception that is a str.  Returns 0 or a negative errno. */
int cpython_exception_message(const struct lp_cpython *python, uint64_t exception, char *text,
			      size_t size);

/* isinstance(), and issubclass(), by the method resolution order. */
bool cpython_is_instance(const struct lp_cpython *python, uint64_t object, uint64_t type);
bool cpython_is_subclass(const struct lp_cpython *python, uint64_t type, uint64_t base);

/* Reads an int from 0 to 2^63 - 1.  Returns 0, or -EINVAL if the object is none. */
int cpython_int(const struct lp_cpython *python, uint64_t object, uint64_t *value);

/* Returns whether an int or a bool is greater than 0.  The object's type is not checked. */
bool cpython_is_positive(const struct lp_cpython *python, uint64_t object);

/* Reads all pairs of a dict.  Returns their number, in *pairs, to be freed, or a negative errno. */
ssize_t cpython_dict_pairs(const struct lp_cpython *python, uint64_t dict, struct lp_pair **pairs);

/*
 * As cpython_dict_pairs, for a PyDictKeysObject that many objects share.  values: address of the
 * values; 0: they are with the keys.
 */
ssize_t cpython_keys_pairs(const struct lp_cpython *python, uint64_t keys, uint64_t values,
			   struct lp_pair **pairs);

/* Returns the value of a str key, or 0. */
uint64_t cpython_pairs_get(const struct lp_cpython *python, const struct lp_pair *pairs,
			   ssize_t count, const char *key);
uint64_t cpython_dict_get(const struct lp_cpython *python, uint64_t dict, const char *key);

/* Returns sys.modules[module].__dict__[name] of the main interpreter, or 0. */
uint64_t cpython_module_attribute(const struct lp_cpython *python, const char *module,
				  const char *name);

/* Returns the C function of a method in a type's method table, or 0. */
uint64_t cpython_type_method(const struct lp_cpython *python, uint64_t type, const char *name);
/* The same; flags: those of the method (METH_NOARGS and others), unchanged if it returns 0. */
uint64_t cpython_type_method_flags(const struct lp_cpython *python, uint64_t type, const char *name,
				   uint32_t *flags);

/* Returns the address of the main interpreter's state, or 0 before it is created. */
uint64_t cpython_interpreter(const struct lp_cpython *python);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_OBJECT_H */
