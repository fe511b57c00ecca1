/* SPDX-License-Identifier: BSD-2-Clause */
/* Time for which the hypervisor ran something else on the CPUs of this host. */
#ifndef LP_PROCESS_STEAL_H
#define LP_PROCESS_STEAL_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds for which readings are kept. */
#define LP_STEAL_READINGS 64

struct lp_steal_reading {
	uint64_t time_ns; /* 0: none */
	uint64_t steal_ns; /* since the host's boot, of all CPUs */
};

/* The last readings of /proc/stat; begins with zeros. */
struct lp_steal {
	struct lp_steal_reading readings[LP_STEAL_READINGS];
	uint32_t last; /* index of the last one */
	struct lp_steal_reading now; /* read for the last window */
};

/* Parses the first line of /proc/stat; false if it has no steal. */
bool steal_parse(const char *text, uint64_t *steal_ns);

/* Reads the host's counter, if the last reading is old; to be called every second or more often. */
void steal_turn(struct lp_steal *steal, uint64_t now_ns);

/*
 * Returns the steal of the shortest window from begin_ns or before up to now, and the window's
 * length; 0: none, or the readings do not go back that far.
 */
uint64_t steal_since(struct lp_steal *steal, uint64_t begin_ns, uint64_t now_ns,
		     uint64_t *window_ns);

#endif /* LP_PROCESS_STEAL_H */
