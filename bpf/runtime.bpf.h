/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs for all runtimes need of the runtime of a loop: its frames, its lock, its polls
 * and the names of its tasks. Each function is defined in the folder of the runtime. A second
 * runtime with its own programs for callbacks would turn them into choices by loop->kind.
 */
#ifndef LP_BPF_RUNTIME_BPF_H
#define LP_BPF_RUNTIME_BPF_H

#include "loop/common.bpf.h"
#include "python/runtime.bpf.h"

/* Walks the stack of a thread into stall->walked, from the innermost frame out to the loop's own. */
int lp_walk(__u32 slot, __u64 thread_state);

/*
 * Sample mode: begins the callback that the last walk of the current thread shows, if that is
 * another than before. Returns 0 if the loop is not running any more. certain: the thread is in a
 * system call, so that its stack is consistent.
 */
int lp_observe(__u32 slot, __u64 now, __u32 certain);

/* Sample mode: returns whether the loop itself polls, and not a callback. */
int lp_polls_itself(__u32 slot);

#endif /* LP_BPF_RUNTIME_BPF_H */
