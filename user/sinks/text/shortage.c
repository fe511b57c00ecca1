// SPDX-License-Identifier: BSD-2-Clause
#include "shortage.h"

#include "base/macros.h"
#include "base/text.h"
#include "print.h"

#include <inttypes.h>
#include <string.h>

#define INDENT "        "
#define FURTHER INDENT "    "
#define NEIGHBOURS_SHOWN 2
/* The part of the wait, in one of so many, from which on other threads are mentioned. */
#define OTHERS_PART 5

static void print_throttled(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_shortage *shortage)
{
	char time[32], line[96];

	text_duration(time, sizeof(time), shortage->throttled_ns);
	if (!shortage->period_us) {
		fprintf(file, INDENT "throttled for %s of it: a cgroup's quota was used up\n",
			time);
		return;
	}
	snprintf(line, sizeof(line),
		 INDENT "throttled for %s of it: quota %" PRIu64 " %% of a CPU, cgroup ", time,
		 shortage->quota_us * 100 / shortage->period_us);
	fputs(line, file);
	text_print_end(file, terminal, shortage->quota_cgroup,
		       saturating_sub(terminal->columns, strlen(line)), false);
	fputc('\n', file);
}

/* Writes "cc1 (pid 4711) for 74 ms". */
static void neighbour_text(const struct lp_cpu_neighbour *neighbour, char *text, size_t size)
{
	char time[32];

	text_duration(time, sizeof(time), neighbour->duration_ns);
	if (neighbour->own)
		snprintf(text, size, "%s, a thread of the same process, for %s", neighbour->name,
			 time);
	else
		snprintf(text, size, "%s (pid %d) for %s", neighbour->name, neighbour->pid, time);
}

/*
 * Writes ", and others" if threads that are not named had the CPU for much of the wait; and for how
 * long, if the threads that are named had it for less than half of the wait.
 */
static void others_text(uint64_t rest_ns, uint64_t waited_ns, char *text, size_t size)
{
	char time[32];

	text_duration(time, sizeof(time), rest_ns);
	if (rest_ns > waited_ns / 2)
		snprintf(text, size, ", and others for %s", time);
	else
		text_copy(text, size, rest_ns > waited_ns / OTHERS_PART ? ", and others" : "");
}

/*
 * Prints the thread that had the CPU for longest, and others that had it for least_ns or longer. Of
 * a wait after a wakeup, only the first and the last of several that had the CPU are known.
 */
static void print_neighbours(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_shortage *shortage, uint64_t waited_ns,
			     uint64_t least_ns)
{
	static const char first[] = INDENT "the CPU ran ";
	char text[sizeof(shortage->neighbours[0].name) + 96], others[64];
	uint64_t rest_ns = waited_ns;
	size_t at = 0, i;

	for (i = 0; i < shortage->neighbour_count && i < NEIGHBOURS_SHOWN; i++) {
		const struct lp_cpu_neighbour *neighbour = &shortage->neighbours[i];

		if (i && neighbour->duration_ns < least_ns)
			break;
		neighbour_text(neighbour, text, sizeof(text));
		fprintf(file, "%s%s", i ? ",\n" FURTHER : first, text);
		at = strlen(i ? FURTHER : first) + text_columns(text);
		rest_ns = saturating_sub(rest_ns, neighbour->duration_ns);
	}
	others_text(rest_ns, waited_ns, others, sizeof(others));
	if (at + strlen(others) > terminal->columns)
		fprintf(file, ",\n" FURTHER "%s\n", others + strlen(", "));
	else
		fprintf(file, "%s\n", others);
}

void text_shortage_print(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_breakdown *breakdown, uint64_t least_ns)
{
	const struct lp_shortage *shortage = &breakdown->shortage;
	bool throttled = shortage->throttled_ns && shortage->throttled_ns >= least_ns;
	uint64_t longest_ns = shortage->neighbour_count ? shortage->neighbours[0].duration_ns : 0;

	if (throttled)
		print_throttled(file, terminal, shortage);
	if (longest_ns && (!throttled || longest_ns >= least_ns))
		print_neighbours(file, terminal, shortage,
				 saturating_sub(breakdown->time.run_queue_ns,
						shortage->throttled_ns),
				 least_ns);
	else if (!throttled)
		fputs(shortage->waits_counted ? INDENT "no other thread was observed on the CPU\n"
					      : INDENT
			      "who had the CPU is not known, as for all short waits\n",
		      file);
}

void text_steal_print(FILE *file, const struct lp_shortage *shortage)
{
	char time[32];

	if (!shortage->steal_ns || !shortage->steal_window_ns || !shortage->steal_cpus)
		return;
	text_duration(time, sizeof(time), shortage->steal_window_ns);
	fprintf(file, "    the hypervisor had %.0f %% of all CPU time in the same %s (steal)\n",
		(double)shortage->steal_ns * 100 / (double)shortage->steal_window_ns /
			shortage->steal_cpus,
		time);
}
