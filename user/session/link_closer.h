/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detaches in the background: the kernel waits for every CPU to leave an uprobe,
 * a tenth of a second or more each, while events of other targets come in.
 */
#ifndef LP_SESSION_LINK_CLOSER_H
#define LP_SESSION_LINK_CLOSER_H

#include <stdint.h>

struct bpf_link;
struct lp_link_closer;

/* Returns NULL if out of memory.  Without it, or without threads, link_closer_take destroys at
 * once. */
struct lp_link_closer *link_closer_new(void);

/* Takes over a link, which may be NULL, and destroys it soon. */
void link_closer_take(struct lp_link_closer *link_closer, struct bpf_link *link);

/* How long it took of late from taking a link to its removal from the kernel; 0: not known. */
uint64_t link_closer_delay_ns(struct lp_link_closer *link_closer);

/*
 * Waits until all that was taken is destroyed if it is little.  Of more the program's own
 * descriptors are closed, and a process that outlives it by some seconds waits for the kernel.
 */
void link_closer_free(struct lp_link_closer *link_closer);

#endif /* LP_SESSION_LINK_CLOSER_H */
