/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text into the quoted strings of the formats.  Input is UTF-8 of any quality,
 * ended by NUL; each byte that is not a part of valid UTF-8 becomes U+FFFD, as
 * readers of these formats reject a whole file for one bad byte.
 */
#ifndef LP_SINKS_ESCAPE_H
#define LP_SINKS_ESCAPE_H

#include <stdio.h>

/* Writes a JSON string with its quotes. */
void escape_json(FILE *out, const char *text);

/* The same for JSON within an HTML script element: no <, > or & is left. */
void escape_script(FILE *out, const char *text);

/* Writes the inside of a label value of Prometheus and OpenMetrics, without its quotes. */
void escape_label(FILE *out, const char *text);

/*
 * Writes a frame of a folded stack, where ';' divides frames and a line is a stack:
 * ';' becomes ':', what would end the line or hide in it a blank.
 */
void escape_folded(FILE *out, const char *text);

/*
 * Writes a field of a CSV file (RFC 4180), always in quotes.  A spreadsheet takes
 * what begins with = + - @ for a formula: such a text gets a ' before it.
 */
void escape_csv(FILE *out, const char *text);

/*
 * Writes a part of a tag of HdrHistogram's log, where a comma ends it and nothing is
 * quoted: commas and blanks become '_'.
 */
void escape_tag(FILE *out, const char *text);

#endif /* LP_SINKS_ESCAPE_H */
