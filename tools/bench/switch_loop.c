// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench-switches: two processes without a loop that hand each other the CPU, as the host's other
 * processes do.  Each line on stdin is a number of rounds; in a round each process writes to the
 * other's pipe.  The answer is the CPU time of both in nanoseconds and their number of context
 * switches.  The caller has to restrict them to one CPU.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

static void echo(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
		;
}

static void play(uint64_t rounds, int to, int from)
{
	char byte = 0;

	while (rounds-- > 0)
		if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
			exit(1);
}

int main(void)
{
	uint64_t rounds, spent, switched;
	int ping[2], pong[2];
	clockid_t partner_clock;
	pid_t partner;

	if (pipe(ping) || pipe(pong))
		return 1;
	partner = fork();
	if (partner < 0)
		return 1;
	if (partner == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ping[1]);
		close(pong[0]);
		echo(ping[0], pong[1]);
		return 0;
	}
	close(ping[0]);
	close(pong[1]);
	if (clock_getcpuclockid(partner, &partner_clock))
		return 1;
	while (scanf("%" SCNu64, &rounds) == 1) {
		spent = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(partner_clock);
		switched = switches();
		play(rounds, ping[1], pong[0]);
		spent = clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(partner_clock) - spent;
		/* the partner is switched away as often as this process */
		switched = 2 * (switches() - switched);
		printf("%" PRIu64 " %" PRIu64 "\n", spent, switched);
		fflush(stdout);
	}
	return 0;
}
