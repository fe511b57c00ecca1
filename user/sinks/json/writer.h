/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writer of JSON to a stream.  It writes the commas and the closing brackets, so that the
 * output is well-formed for any order of calls.  name is the name of a field of an object; NULL
 * for an element of an array and for the outermost value.  Errors are left to the stream:
 * ferror().  The stream is not locked.
 */
#ifndef LP_SINKS_JSON_WRITER_H
#define LP_SINKS_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The greatest depth of nesting; values nested deeper are not written. */
#define LP_JSON_DEPTH_MAX 32

struct lp_json_writer {
	FILE *out;
	uint32_t depth; /* number of open objects and arrays */
	uint32_t arrays; /* a bit for each open value: set for an array, clear for an object */
	uint32_t filled; /* a bit for each open value: set once it contains a value */
	bool script; /* the output is in an HTML script element: <, > and & are escaped, too */
	bool newline; /* the next value begins on a new line */
};

static inline struct lp_json_writer json_writer(FILE *out)
{
	return (struct lp_json_writer){ .out = out };
}

/* Begins the next value on a new line if it is in the same object or array. */
static inline void json_newline(struct lp_json_writer *writer)
{
	writer->newline = true;
}

void json_object(struct lp_json_writer *writer, const char *name);
void json_array(struct lp_json_writer *writer, const char *name);
/* Closes the innermost open object or array; does nothing if none is open. */
void json_end(struct lp_json_writer *writer);

void json_null(struct lp_json_writer *writer, const char *name);
void json_bool(struct lp_json_writer *writer, const char *name, bool value);
void json_number(struct lp_json_writer *writer, const char *name, uint64_t value);
void json_signed(struct lp_json_writer *writer, const char *name, int64_t value);
/* Writes a number as a string, as protobuf's JSON does: JSON numbers may lose bits of 64. */
void json_quoted_number(struct lp_json_writer *writer, const char *name, uint64_t value);
/* Writes a number that is formatted already. */
void json_formatted(struct lp_json_writer *writer, const char *name, const char *number);
/* Writes value / 1000000 with six decimals, and a point in any locale. */
void json_millionths(struct lp_json_writer *writer, const char *name, uint64_t value);
/* Writes a string; text NULL is written as "". */
void json_text(struct lp_json_writer *writer, const char *name, const char *text);
/* Writes a string, or null if text is empty or NULL. */
void json_text_or_null(struct lp_json_writer *writer, const char *name, const char *text);
/* Writes an address as a string, "0x7f0000000040". */
void json_address(struct lp_json_writer *writer, const char *name, uint64_t address);
/* Writes an address, or null for 0. */
void json_address_or_null(struct lp_json_writer *writer, const char *name, uint64_t address);

#endif /* LP_SINKS_JSON_WRITER_H */
