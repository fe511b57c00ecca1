/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destroys links in a thread: for each uprobe the kernel waits until every CPU has left it, which
 * takes a tenth of a second or more, while events of other targets arrive.
 */
#ifndef LP_SESSION_LINK_CLOSER_H
#define LP_SESSION_LINK_CLOSER_H

#include <stdint.h>

struct bpf_link;
struct lp_link_closer;

/*
 * Returns NULL if out of memory. link_closer_take destroys a link at once if it is called with NULL
 * or if the thread cannot be created.
 */
struct lp_link_closer *link_closer_new(void);

/* Takes over a link, which may be NULL. The thread destroys it later. */
void link_closer_take(struct lp_link_closer *link_closer, struct bpf_link *link);

/*
 * Returns the ns from taking a link to its removal from the kernel, a moving average; 0 if none is
 * known.
 */
uint64_t link_closer_delay_ns(struct lp_link_closer *link_closer);

/*
 * Frees the closer. It waits until the links are destroyed if they are few. Otherwise it closes its
 * descriptors of them and leaves the removal of the probes to a forked process, which runs for some
 * more seconds. NULL does nothing.
 */
void link_closer_free(struct lp_link_closer *link_closer);

#endif /* LP_SESSION_LINK_CLOSER_H */
