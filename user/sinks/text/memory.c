// SPDX-License-Identifier: BSD-2-Clause
#include "memory.h"

#include "base/macros.h"
#include "base/text.h"
#include "print.h"

#include <string.h>

#define INDENT "    "
#define CGROUP INDENT INDENT "cgroup "
/* A part of a sum is printed from so many ns on. */
#define SUM_LEAST_NS NS_PER_MS

static void print_limit(FILE *file, const struct lp_terminal *terminal,
			const struct lp_memory_shortage *memory)
{
	char words[LP_MEMORY_WORDS_MAX];

	memory_shortage_usage(memory, words);
	if (!*words)
		return;
	if (memory->cgroup[0]) {
		fputs(CGROUP, file);
		text_print_end(file, terminal, memory->cgroup,
			       saturating_sub(terminal->columns,
					      strlen(CGROUP) + strlen(words) + 1),
			       false);
		fprintf(file, " %s\n", words);
	} else {
		fprintf(file, INDENT INDENT "%s\n", words);
	}
}

/* Prints the parts, each with the words that follow its time, and the limit if there were any. */
static void print_parts(FILE *file, const struct lp_terminal *terminal,
			const struct lp_memory_shortage *memory, uint64_t least_ns,
			const char *after)
{
	char words[LP_MEMORY_WORDS_MAX], time[32];
	bool any = false;
	int part;

	for (part = 0; part < LP_MEMORY_PARTS; part++) {
		uint64_t ns = memory_shortage_ns(memory, (enum lp_memory_part)part);

		if (!ns || ns < least_ns)
			continue;
		any = true;
		memory_shortage_words(memory, (enum lp_memory_part)part, words);
		text_duration(time, sizeof(time), ns);
		fprintf(file, INDENT "%s for %s%s\n", words, time, after);
	}
	if (any)
		print_limit(file, terminal, memory);
}

void text_memory_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_memory_shortage *memory, uint64_t least_ns)
{
	print_parts(file, terminal, memory, least_ns, " of it");
}

void text_memory_print_sum(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_memory_shortage *memory)
{
	if (memory->reclaim_ns < SUM_LEAST_NS && memory->memory_high_ns < SUM_LEAST_NS &&
	    memory->refault_ns < SUM_LEAST_NS)
		return;
	fputs("memory was short\n", file);
	print_parts(file, terminal, memory, SUM_LEAST_NS, "");
	fputc('\n', file);
}
