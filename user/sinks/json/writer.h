/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writer of JSON to a stream.  It puts the commas, and closes what was opened last, so that
 * what comes out is well-formed however the calls are put together.  A name is that of a field
 * of an object; it is NULL for an element of an array and for the outermost value.  Errors are
 * those of the stream.
 */
#ifndef LP_SINKS_JSON_WRITER_H
#define LP_SINKS_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How deep values may be nested; what is nested deeper is not written. */
#define LP_JSON_DEPTH_MAX 32

struct lp_json_writer {
	FILE *out;
	uint32_t depth; /* of the open objects and arrays */
	uint32_t arrays; /* a bit for each: it is an array, not an object */
	uint32_t filled; /* a bit for each: it has a value already */
};

static inline struct lp_json_writer json_writer(FILE *out)
{
	return (struct lp_json_writer){ .out = out };
}

void json_object(struct lp_json_writer *writer, const char *name);
void json_array(struct lp_json_writer *writer, const char *name);
/* Closes the object or array that was opened last; without one, nothing happens. */
void json_end(struct lp_json_writer *writer);

void json_null(struct lp_json_writer *writer, const char *name);
void json_bool(struct lp_json_writer *writer, const char *name, bool value);
void json_number(struct lp_json_writer *writer, const char *name, uint64_t value);
void json_signed(struct lp_json_writer *writer, const char *name, int64_t value);
/* In millionths, with six digits behind the point, whatever the locale. */
void json_millionths(struct lp_json_writer *writer, const char *name, uint64_t value);
/* NULL is "". */
void json_text(struct lp_json_writer *writer, const char *name, const char *text);
/* null if the text is empty or NULL */
void json_text_or_null(struct lp_json_writer *writer, const char *name, const char *text);
/* An address, as a text: no reader of numbers holds 64 bits for sure.  "0x7f0000000040" */
void json_address(struct lp_json_writer *writer, const char *name, uint64_t address);

#endif /* LP_SINKS_JSON_WRITER_H */
