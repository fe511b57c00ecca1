/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Escaping of text for the output formats.  The input is terminated by NUL.  Each byte of it
 * that is not a part of valid UTF-8 becomes U+FFFD, as readers of these formats reject a whole
 * file for one invalid byte.
 */
#ifndef LP_SINKS_ESCAPE_H
#define LP_SINKS_ESCAPE_H

#include <stdio.h>

/* Writes a JSON string with its quotes. */
void escape_json(FILE *out, const char *text);

/* Writes a JSON string for an HTML script element: <, > and & are escaped, too. */
void escape_script(FILE *out, const char *text);

/* Writes a label value of Prometheus or OpenMetrics, without its quotes. */
void escape_label(FILE *out, const char *text);

/*
 * Writes a frame of a folded stack.  A line is a stack, with ';' between its frames: a ';' in the
 * text becomes ':', and each control character a space.
 */
void escape_folded(FILE *out, const char *text);

/*
 * Writes a field of a CSV file (RFC 4180), always in quotes.  A text that begins with = + - @ or
 * a tab or line break is preceded by ', as spreadsheets would evaluate it as a formula.
 */
void escape_csv(FILE *out, const char *text);

/*
 * Writes a part of a tag of an HdrHistogram log.  A comma ends a tag, and there are no quotes:
 * commas, spaces and control characters become '_'.
 */
void escape_tag(FILE *out, const char *text);

#endif /* LP_SINKS_ESCAPE_H */
