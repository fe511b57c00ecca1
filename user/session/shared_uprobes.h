/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes on a file, not on a process: every process that runs the file hits them, and BPF
 * recognises the targets by its map of processes. Each probe is attached once for all processes. It
 * stays attached for some seconds after the last of them has ended, as the next one may begin at
 * once and attaching takes the kernel tens of milliseconds.
 */
#ifndef LP_SESSION_SHARED_UPROBES_H
#define LP_SESSION_SHARED_UPROBES_H

#include "attacher.h"

#include <stddef.h>
#include <stdint.h>

struct lp_shared_uprobes;
struct lp_shared_link;

/* The attacher is not owned and has to outlive the result. Returns NULL if out of memory. */
struct lp_shared_uprobes *shared_uprobes_new(struct lp_attacher *attacher);
/* Detaches all probes, also those in use. */
void shared_uprobes_free(struct lp_shared_uprobes *shared);

/*
 * Attaches a program to an offset of a file of the host, unless it is attached there already, and
 * takes a share in the probe. The file of the request must be known; the process is checked to have
 * mapped it in any case. Returns 0 or a negative errno as attacher_attach does, with *first;
 * -EXDEV: the file is not the host's (LP_FILE_OF_HOST).
 */
int shared_uprobes_attach(struct lp_shared_uprobes *shared, const struct lp_attach_request *request,
			  struct lp_shared_link **link, bool *first);

/* Returns a share of the probe. NULL does nothing. */
void shared_uprobes_release(struct lp_shared_link *link, uint64_t now_ns);

/* Detaches the probes that have had no shares for some seconds. */
void shared_uprobes_sweep(struct lp_shared_uprobes *shared, uint64_t now_ns);

/* Returns the number of probes. */
size_t shared_uprobes_count(const struct lp_shared_uprobes *shared);

#endif /* LP_SESSION_SHARED_UPROBES_H */
