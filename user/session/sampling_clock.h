/* SPDX-License-Identifier: BSD-2-Clause */
/* A clock event on each CPU, which runs a BPF program. */
#ifndef LP_SESSION_SAMPLING_CLOCK_H
#define LP_SESSION_SAMPLING_CLOCK_H

#include <bpf/libbpf.h>

struct lp_sampling_clock;

/*
 * Starts the clock on all CPUs that are online. frequency is in Hz. Returns 0, or a negative errno
 * with nothing attached. Free with sampling_clock_stop.
 */
int sampling_clock_start(struct bpf_program *program, unsigned int frequency,
			 struct lp_sampling_clock **clock);
/* Changes the frequency, in Hz. */
void sampling_clock_set(struct lp_sampling_clock *clock, unsigned int frequency);
void sampling_clock_stop(struct lp_sampling_clock *clock);

#endif /* LP_SESSION_SAMPLING_CLOCK_H */
