/* SPDX-License-Identifier: BSD-2-Clause */
/* What every part of the text format prints with. Widths are in columns. */
#ifndef LP_SINKS_TEXT_PRINT_H
#define LP_SINKS_TEXT_PRINT_H

#include "sinks/sink.h"

/* Room for a place with its mark. */
#define LP_TEXT_PLACE_MAX 160

/*
 * Prints a text in at most so many columns: the end of a long name tells more
 * than its beginning.  pad: fill up with spaces.
 */
void text_print_end(FILE *file, const struct lp_terminal *terminal, const char *text, size_t width,
		    bool pad);

/* Right-aligned. */
void text_print_time(FILE *file, uint64_t ns, int width);

/* "recvfrom on tcp 10.0.3.7:5432": where that is too long, what it is on loses its beginning. */
void text_print_call(FILE *file, const struct lp_terminal *terminal, const char *syscall,
		     const char *target, size_t width, bool pad);

/*
 * "shop/db.py:41", with so many parts of the path.  Native frames have their object
 * file and "[C]", those of the kernel "[k]".
 */
void text_frame_place(const struct lp_shown_frame *frame, unsigned int parts, char *place,
		      size_t size);

/* Whom a block is about. */
struct lp_text_who {
	const char *name;
	const char *task; /* its name, "" if that is not known; NULL: not a task */
	const char *file; /* where it is defined; "" if that is not known */
	uint32_t line;
};

/* Name, task and place, cut so that they fit: of the name and the place, the end is kept. */
void text_print_who(FILE *file, const struct lp_terminal *terminal, const struct lp_text_who *who,
		    size_t space);

/*
 * Words, broken into lines that are indented so far and end before the page does; at
 * is how much of the first one is taken already.  Ends the last line.
 */
void text_print_wrapped(FILE *file, const struct lp_terminal *terminal, size_t at, size_t indent,
			const char *text);

#endif /* LP_SINKS_TEXT_PRINT_H */
