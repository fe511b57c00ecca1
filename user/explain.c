// SPDX-License-Identifier: BSD-2-Clause
/* loopprof --explain: what each finding means. */
#include "commands.h"
#include "out/look.h"
#include "out/text_explain.h"

#include <stdio.h>

int command_explain(const struct lp_options *options)
{
	const struct lp_look look = look_of_stdout();
	int kind;

	(void)options;
	for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
		if (kind)
			putchar('\n');
		text_explain_print(stdout, &look, (enum lp_finding_kind)kind);
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("loopprof: stdout");
		return 1;
	}
	return 0;
}
