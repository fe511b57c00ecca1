// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench-hold.so: a callback of a loop in C, whose clock readings are as close to the callback's
 * beginning and end as a program's own can be.
 */
#include <stdint.h>
#include <time.h>

void hold(int64_t duration_ns, int computes, int64_t *times);

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Sleeps or computes; times receives the CLOCK_MONOTONIC in ns at the beginning and at the end. */
void hold(int64_t duration_ns, int computes, int64_t *times)
{
	struct timespec left = { duration_ns / 1000000000, duration_ns % 1000000000 };

	times[0] = now_ns();
	if (!computes)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &left, NULL);
	while (computes && now_ns() - times[0] < duration_ns)
		;
	times[1] = now_ns();
}
