/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes on a file, not on a process: whoever runs the file passes them, and BPF tells by
 * the map of processes whom they are for.  Each is attached once, however many processes
 * there are, and stays for a while when the last of them has ended: the next one may begin
 * at once, and an attachment takes the kernel tens of milliseconds.
 */
#ifndef LP_SESSION_SHARED_UPROBES_H
#define LP_SESSION_SHARED_UPROBES_H

#include "link_closer.h"

#include "elf/mapped_file.h"

#include <bpf/libbpf.h>
#include <stddef.h>
#include <stdint.h>

struct lp_shared_uprobes;
struct lp_shared_link;

/* The closer, which is not owned, ends links.  NULL if out of memory. */
struct lp_shared_uprobes *shared_uprobes_new(struct lp_link_closer *link_closer);
/* Ends all links, also those in use. */
void shared_uprobes_free(struct lp_shared_uprobes *shared);

/*
 * Attaches a program to a place of a file that is the host's, unless it is there already,
 * and takes a share in it.  Returns 0 or a negative errno; -EPERM: the file is not the
 * host's (LP_FILE_OF_HOST).
 */
int shared_uprobes_attach(struct lp_shared_uprobes *shared, struct bpf_program *program,
			  const struct lp_mapped_file *file, uint64_t offset,
			  struct lp_shared_link **link);

/* Gives a share back; NULL is none. */
void shared_uprobes_release(struct lp_shared_link *link, uint64_t now_ns);

/* Ends the links that nobody has had a share in for a while. */
void shared_uprobes_sweep(struct lp_shared_uprobes *shared, uint64_t now_ns);

/* How many links there are. */
size_t shared_uprobes_count(const struct lp_shared_uprobes *shared);

#endif /* LP_SESSION_SHARED_UPROBES_H */
