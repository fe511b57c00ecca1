// SPDX-License-Identifier: BSD-2-Clause
/* `loopprof --explain`: prints the explanation of each kind of finding. */
#include "commands.h"
#include "sinks/terminal.h"
#include "sinks/text/explain.h"

int command_explain(const struct lp_options *options)
{
	const struct lp_terminal terminal = terminal_of_stdout();
	int kind;

	(void)options;
	for (kind = 0; kind < LP_FINDING_KINDS; kind++) {
		if (kind)
			putchar('\n');
		text_explain_print(stdout, &terminal, (enum lp_finding_kind)kind);
	}
	/* a failure is reported when the program exits */
	return 0;
}
