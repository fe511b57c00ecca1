/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a comparison as text and as JSON lines. */
#ifndef LP_COMPARE_TEXT_H
#define LP_COMPARE_TEXT_H

#include "compare.h"

#include "sinks/sink.h"

void comparison_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_comparison *comparison);

/* Writes the JSON lines diff_header, diff_callback, diff_cause and diff_footer. */
void comparison_json(FILE *file, const struct lp_comparison *comparison);
void comparison_json_end(FILE *file, const char *const *failed, size_t count);

#endif /* LP_COMPARE_TEXT_H */
