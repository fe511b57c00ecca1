/* SPDX-License-Identifier: BSD-2-Clause */
/* Names a loop, in the tables and in the blocks of stalls and findings. */
#ifndef LP_SINKS_TEXT_LOOP_NAME_H
#define LP_SINKS_TEXT_LOOP_NAME_H

#include "sinks/sink.h"

/* Bytes of the name of a loop. */
#define LP_LOOP_NAME_BYTES (LP_COMM_BYTES * 4 + 192)

/*
 * Writes "loop 2, gunicorn pid 42 thread 43". The numbers are omitted for a group of loops, which
 * has none. hosts: loops of several hosts are in the run, so that the name of the host is added.
 */
void text_loop_name(char *text, size_t size, const struct lp_loop_info *loop, bool hosts);

/* The loops of a run as far as they were reported. A zeroed one has none. */
struct lp_text_loops {
	size_t count;
	bool hosts; /* they are of several hosts */
	char host[sizeof(((struct lp_loop_info *)0)->host)]; /* that of the first loop */
};

void text_loops_add(struct lp_text_loops *loops, const struct lp_loop_info *loop);

/*
 * Prints the line of a block that names its loop if the run has several. loop: NULL if it is not
 * known; the line then names the process.
 */
void text_loop_name_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_text_loops *loops, const struct lp_loop_info *loop,
			  pid_t pid);

#endif /* LP_SINKS_TEXT_LOOP_NAME_H */
