/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing functions that all parts of the text format share.  Widths are in columns. */
#ifndef LP_SINKS_TEXT_PRINT_H
#define LP_SINKS_TEXT_PRINT_H

#include "sinks/sink.h"

/* Bytes of a place with its mark. */
#define LP_TEXT_PLACE_MAX 160

/*
 * Prints a text in at most width columns.  Of a longer text the end is printed, which identifies a
 * name better than its beginning.  pad: fill the width with spaces.
 */
void text_print_end(FILE *file, const struct lp_terminal *terminal, const char *text, size_t width,
		    bool pad);

/* Prints the time of day of an instant, in the zone of this host: "14:03:07.250". */
void text_print_clock(FILE *file, uint64_t unix_ns);

/* Prints a time with its unit, right-aligned. */
void text_print_time(FILE *file, uint64_t ns, int width);

/* Prints "recvfrom on tcp 10.0.3.7:5432"; of a target that is too wide the beginning is cut. */
void text_print_call(FILE *file, const struct lp_terminal *terminal, const char *syscall,
		     const char *target, size_t width, bool pad);

/*
 * Writes the place of a frame: "shop/db.py:41", with the last `parts` parts of the path.  Native
 * frames have the name of their object file and "[C]", kernel frames "[k]".
 */
void text_frame_place(const struct lp_shown_frame *frame, unsigned int parts, char *place,
		      size_t size);

/* The callback or task that the first line of a stall or finding names. */
struct lp_text_who {
	const char *name;
	const char *task; /* name of the task, "" if not known; NULL: not a task */
	const char *file; /* file of its definition; "" if not known */
	uint32_t line;
	const char *call; /* "in httpx AsyncClient.get": what that line has called; NULL: nothing */
};

/*
 * Prints name, task and place in at most space columns.  Name and place are cut at the beginning,
 * the name of the task at its end.  Returns whether the call was printed, which is left out if it
 * does not fit.
 */
bool text_print_who(FILE *file, const struct lp_terminal *terminal, const struct lp_text_who *who,
		    size_t space);

/*
 * Prints words, wrapped at the width of the terminal, and a line end.  indent: columns before each
 * line; at: columns of the first line that are in use already.
 */
void text_print_wrapped(FILE *file, const struct lp_terminal *terminal, size_t at, size_t indent,
			const char *text);

#endif /* LP_SINKS_TEXT_PRINT_H */
