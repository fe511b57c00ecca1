// SPDX-License-Identifier: BSD-2-Clause
#include "sampling_clock.h"

#include "base/macros.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct lp_sampling_clock {
	int count;
	struct lp_clock_event {
		struct bpf_link *link; /* owns the descriptor */
		int descriptor;
	} events[];
};

static int attach_cpu(struct lp_sampling_clock *clock, struct bpf_program *program, int cpu,
		      unsigned int frequency)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		/*
		 * A period, not a frequency: the kernel turns the frequency of this clock into a
		 * period, and PERF_EVENT_IOC_PERIOD then expects a period as well
		 * (kernel/events/core.c: perf_swevent_init_hrtimer).
		 */
		.sample_period = NS_PER_S / frequency,
	};
	int event =
		(int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	/* ENODEV: the CPU is offline. One that goes online later has no clock. */
	if (event < 0)
		return errno == ENODEV ? 0 : -errno;
	clock->events[clock->count].descriptor = event;
	clock->events[clock->count].link = bpf_program__attach_perf_event(program, event);
	if (!clock->events[clock->count].link) {
		int err = -errno;

		close(event);
		return err;
	}
	clock->count++;
	return 0;
}

int sampling_clock_start(struct bpf_program *program, unsigned int frequency,
			 struct lp_sampling_clock **result)
{
	int cpus = libbpf_num_possible_cpus(), cpu, err = 0;
	struct lp_sampling_clock *clock;

	*result = NULL;
	if (cpus < 0)
		return cpus;
	clock = calloc(1, sizeof(*clock) + (size_t)cpus * sizeof(clock->events[0]));
	if (!clock)
		return -ENOMEM;
	for (cpu = 0; !err && cpu < cpus; cpu++)
		err = attach_cpu(clock, program, cpu, frequency);
	if (err) {
		sampling_clock_stop(clock);
		return err;
	}
	*result = clock;
	return 0;
}

void sampling_clock_set(struct lp_sampling_clock *clock, unsigned int frequency)
{
	uint64_t period_ns = NS_PER_S / frequency;
	int i;

	for (i = 0; i < clock->count; i++)
		ioctl(clock->events[i].descriptor, PERF_EVENT_IOC_PERIOD, &period_ns);
}

void sampling_clock_stop(struct lp_sampling_clock *clock)
{
	int i;

	if (!clock)
		return;
	for (i = 0; i < clock->count; i++)
		bpf_link__destroy(clock->events[i].link);
	free(clock);
}
