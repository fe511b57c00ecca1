// SPDX-License-Identifier: BSD-2-Clause
/*
 * Measures on loopprof itself what a hit of a probe and of a hook costs on this machine: CPUs,
 * kernels and mitigations differ by a factor of ten and more. Of many short rounds the quickest one
 * counts, as nothing else ran in it.
 */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"

#include <bpf/libbpf.h>
#include <link.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ROUNDS 20
#define CALLS 50
/*
 * The costs in ns where they cannot be measured: values of the virtual machine on which this was
 * written.
 */
#define HIT_NS 1500
#define STEPPED_NS 12000

/*
 * Functions to probe: one begins with an instruction that the kernel emulates, one with an
 * instruction that it executes in single step (arch/x86/kernel/uprobes.c).
 */
void lp_calibrate_emulated(void);
void lp_calibrate_stepped(void);

__asm__(".pushsection .text\n"
	".balign 16\n"
	".globl lp_calibrate_emulated\n"
	".hidden lp_calibrate_emulated\n"
	".type lp_calibrate_emulated, @function\n"
	"lp_calibrate_emulated:\n"
	"	push %rbp\n"
	"	pop %rbp\n"
	"	ret\n"
	".size lp_calibrate_emulated, . - lp_calibrate_emulated\n"
	".balign 16\n"
	".globl lp_calibrate_stepped\n"
	".hidden lp_calibrate_stepped\n"
	".type lp_calibrate_stepped, @function\n"
	"lp_calibrate_stepped:\n"
	"	mov %rdi, %rax\n"
	"	ret\n"
	".size lp_calibrate_stepped, . - lp_calibrate_stepped\n"
	".popsection\n");

/* Returns the ns of one call, as an average over the quickest round. */
static double time_calls(void (*call)(void))
{
	uint64_t least = UINT64_MAX;
	size_t round, i;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t begun = clock_now(), took;

		for (i = 0; i < CALLS; i++)
			call();
		took = clock_now() - begun;
		if (took < least)
			least = took;
	}
	return (double)least / CALLS;
}

struct calibrated_place {
	uintptr_t address;
	uint64_t offset; /* in the file of this program */
};

static int find_place(struct dl_phdr_info *info, size_t size, void *context)
{
	struct calibrated_place *place = context;
	size_t i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_LOAD && place->address >= begin &&
		    place->address - begin < header->p_filesz)
			place->offset = place->address - begin + header->p_offset;
	}
	return place->offset != 0;
}

/* Returns the ns that a hit costs, or other if that cannot be measured. */
static double time_hit(struct lp_session *session, void (*call)(void), double other)
{
	struct calibrated_place place = { .address = (uintptr_t)call };
	double without = time_calls(call), with;
	struct lp_attach_request request = {
		.program = bpf_program__fd(session->skeleton->progs.lp_nothing),
		.pid = getpid(),
		.path = "/proc/self/exe", /* of the process that attaches: the same program */
	};
	bool first;
	int probe;

	if (!dl_iterate_phdr(find_place, &place))
		return other;
	request.offset = place.offset;
	probe = attacher_attach(session->attacher, &request, &first);
	if (probe < 0) {
		log_detail("what a probe costs cannot be measured (%s): taken for %.0f ns",
			   strerror(-probe), other);
		return other;
	}
	with = time_calls(call);
	attacher_detach(session->attacher, probe);
	return with > without ? with - without : other;
}

double session_hit_ns(struct lp_session *session, bool stepped)
{
	struct lp_overhead *costs = &session->costs;

	if (!stepped && costs->hit_ns <= 0) {
		costs->hit_ns = time_hit(session, lp_calibrate_emulated, HIT_NS);
		log_detail("here a hit of a probe costs %.0f ns", costs->hit_ns);
	}
	if (stepped && costs->stepped_ns <= 0) {
		costs->stepped_ns = time_hit(session, lp_calibrate_stepped, STEPPED_NS);
		log_detail("here a hit of a probe costs %.0f ns in single step", costs->stepped_ns);
	}
	return stepped ? costs->stepped_ns : costs->hit_ns;
}

void session_calibrate(struct lp_session *session)
{
	if (!session->config.sampling)
		session_hit_ns(session, false);
}

static int poll_descriptor;

static void poll_once(void)
{
	struct epoll_event event;

	epoll_wait(poll_descriptor, &event, 1, 0);
}

double session_time_poll(void)
{
	double took = 0;

	poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
	if (poll_descriptor >= 0) {
		took = time_calls(poll_once);
		close(poll_descriptor);
	}
	return took;
}
