/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of targets and the functions that the files of this folder share. Not to be included
 * elsewhere.
 */
#ifndef LP_DISCOVERY_TARGETS_INTERNAL_H
#define LP_DISCOVERY_TARGETS_INTERNAL_H

#include "examined_processes.h"
#include "new_processes.h"
#include "program_cache.h"
#include "runtime/remote/remote.h"
#include "targets.h"
#include "base/macros.h"
#include "base/map.h"

#include <limits.h>

#define LP_OWNER_BUCKETS 256
#define LP_RETRY_FIRST_NS (10 * NS_PER_MS)
#define LP_SCAN_FIRST_NS (100 * NS_PER_MS)
/*
 * A process younger than this is still loading its modules, and is examined after the second time.
 */
#define LP_YOUNG_NS (1000 * NS_PER_MS)
#define LP_YOUNG_STEP_NS (2 * NS_PER_MS)

enum lp_target_state {
	LP_TARGET_WAITING, /* no process of a runtime yet, or one that cannot run a loop */
	LP_TARGET_ATTACHED,
	/* it cannot be profiled; it stays in the table so that this is reported once */
	LP_TARGET_REFUSED,
};

/* Queues of targets; a target may wait in each. */
enum lp_queue {
	LP_QUEUE_EXAMINATIONS,
	LP_QUEUE_SEARCHES, /* for loops */
	LP_QUEUES,
};

/* First in, first out among the targets of one unit; the units of the host take turns. */
struct lp_target_queue {
	struct lp_target *first, *last;
	uint64_t turns; /* number of targets that were removed by their turn */
	uint64_t last_turns[LP_OWNER_BUCKETS]; /* last turn of the units in a bucket */
};

/* Loops that were found in a target and are added in portions. */
struct lp_found_loops {
	struct lp_running_loop *loops; /* owned; NULL: none are left */
	size_t count, next; /* next: number of those that were handled */
	bool followed; /* all poll calls were attached because of them */
	bool waits; /* all poll calls are needed, and the kernel did not attach them yet */
	uint64_t since_ns; /* instant of the search */
	uint64_t due_ns; /* instant of the next portion */
};

/* The search for the loops of a target by a worker. */
struct lp_loop_search {
	unsigned int tries; /* number of searches to begin, as one may miss all loops; 0: none */
	uint64_t until_ns; /* instant after which a search without a result is not repeated */
	uint64_t ticket; /* number of the search under way; 0: none */
	bool scans, polled; /* it was due by scan_ns, or by check_ns */
	bool slow; /* the last one took long */
	bool waited; /* loops that the last one has found waited for poll calls */
};

struct lp_target {
	struct lp_target *next, *previous; /* list of all targets */
	struct lp_process_info process;
	/* of a waiting target: its last examination, in which it could run no loop */
	struct lp_instance instance;
	enum lp_target_state state;
	bool named; /* named by its PID: its state is reported to the user */
	bool incomplete; /* some probes could not be found yet */
	bool verified;
	bool silence_reported;
	bool keyed; /* key is that of its program */
	bool scanned; /* found by a scan of all processes: it may have been running for long */
	bool examining; /* an examination is queued or under way */
	uint64_t ticket; /* number of the examination under way; 0: none */
	/* next targets in the queues; NULL: it is the last one, or not in the queue */
	struct lp_target *next_queued[LP_QUEUES];
	bool queued[LP_QUEUES];
	struct lp_program_key key;
	/* sample mode: instant before which a thread that polls starts no search for loops */
	uint64_t check_ns;
	/* time between two of these searches, which grows while they find nothing */
	uint64_t check_step_ns;
	uint64_t scan_ns; /* sample mode: instant of the next search without a report of a thread */
	/* time between two of these searches, which grows while they find nothing */
	uint64_t scan_step_ns;
	struct lp_loop_search search;
	struct lp_found_loops found;
	uint64_t check_turn; /* last turn of targets_check in which it was checked */
	uint64_t polls_ns; /* instant before which it is not checked whether its loops use epoll */
	unsigned int stale_tries; /* number of examinations in which a file of it was changed */
	bool unattached; /* it was counted as a process that the kernel did not attach to in time */
	uint32_t reap_tries; /* calls of targets_reap for which its end was postponed */
	uint64_t since_ns;
	uint64_t retry_ns; /* instant of the next examination */
	uint64_t retry_step_ns;
};

/* A scan of all processes that is under way. */
struct lp_process_scan {
	pid_t *pids; /* owned; NULL: no scan is under way */
	size_t count, next;
};

struct lp_targets {
	struct lp_targets_config config;
	struct lp_target *first;
	struct lp_map by_pid; /* the same */
	size_t alive;
	size_t attached; /* number of targets that were ever attached */
	size_t profiled; /* number of targets that are attached */
	size_t new_loops; /* number of loops that were added or refused */
	uint64_t failures;
	/* processes that were not added, as the table or the share of their unit was full */
	uint64_t dropped;
	bool polls_reported; /* that poll calls are not attached yet */
	bool share_reported; /* a unit that is over its share was reported */
	bool files_reported; /* that the limit of open files is nearly reached */
	uint64_t files; /* the limit of open files of a run of all processes */
	int descriptor; /* epoll on the pidfds of all targets */
	struct lp_target_queue queues[LP_QUEUES];
	uint64_t check_turn; /* in a turn of targets_check each target is checked once at most */
	uint64_t tickets;
	uint64_t searches; /* number of searches for loops that workers have begun */
	/* the target for which targets_add waits, and the result */
	struct lp_target *awaited;
	int awaited_code;
	bool awaited_dropped; /* the target was dropped before its examination ended */
	struct lp_error *awaited_error;
	/* -a */
	char cgroup[PATH_MAX]; /* normalised */
	struct lp_program_cache *known;
	struct lp_new_processes new_processes;
	/* processes whose program file was run by short ones before: most have ended when due */
	struct lp_new_processes short_processes;
	struct lp_examined_processes examined;
	struct lp_process_scan scan;
	uint64_t rescan_ns; /* instant of the next scan of all processes */
	uint64_t rescanned_ns; /* instant of the last scan */
	uint64_t lost; /* number of lost events at the last scan */
};

/* Functions of target_table.c. target_find returns the target with this PID, or NULL. */
struct lp_target *target_find(const struct lp_targets *targets, pid_t pid);
/* Reports it once if there are too few open files for further processes. */
void target_check_files(struct lp_targets *targets);
/*
 * Opens a process and adds it to the table. Returns NULL, with a sentence, if that is not possible.
 */
struct lp_target *target_new(struct lp_targets *targets, pid_t pid, bool named,
			     struct lp_error *error);
/*
 * Returns the unit whose share of the tables the target uses, or 0 if it has none, as the run does
 * not follow several units.
 */
uint64_t target_owner(const struct lp_targets *targets, const struct lp_target *target);
/* Returns the ns since the process began, which may be before this run. */
uint64_t target_age_ns(const struct lp_target *target);
/* Detaches the probes of a target and releases its instance. It is then a waiting one. */
void target_reset(struct lp_targets *targets, struct lp_target *target);
void target_drop(struct lp_targets *targets, struct lp_target *target);

/*
 * Functions of attach.c. target_attach attaches to an examined target. With wait_for_loops a
 * process that cannot run a loop is not attached. Returns 0, or a negative errno with a sentence:
 * -EAGAIN if it cannot run a loop yet, -ENOENT if it has no interpreter.
 */
int target_attach(struct lp_targets *targets, struct lp_target *target,
		  const struct lp_examined *examined, bool wait_for_loops, struct lp_error *error);
/*
 * Attaches the probes whose module was not loaded before, and verifies the offsets if that was not
 * possible before.
 */
void target_complete(struct lp_targets *targets, struct lp_target *target,
		     const struct lp_examined *examined);
/* Counts a process that the kernel does not finish attaching to, once. It is tried again later. */
void target_count_unattached(struct lp_targets *targets, struct lp_target *target);
/* Sets the instant of the next examination; the time until it grows with each call. */
void target_put_off(struct lp_target *target);

/* Functions of target_queues.c. target_enqueue does nothing if the target is in the queue. */
void target_enqueue(struct lp_targets *targets, struct lp_target *target, enum lp_queue number);
/* Removes a target from a queue, if it is in it. */
void target_unqueue(struct lp_targets *targets, struct lp_target *target, enum lp_queue number);
/*
 * Removes the next target from a queue: the first one of the unit that was served least recently.
 * may: whether a target may be next; NULL: all may. NULL: there is none.
 */
struct lp_target *targets_dequeue(struct lp_targets *targets, enum lp_queue number,
				  bool (*may)(const struct lp_target *target));
/* Queues an examination of a target. */
void target_queue_examination(struct lp_targets *targets, struct lp_target *target);
/*
 * Cancels the examination of a target that is dropped or runs another program: the result is
 * ignored.
 */
void target_cancel_examination(struct lp_targets *targets, struct lp_target *target);

/*
 * Waits until the queue is empty or the awaited target is examined, for ns at most (examining.c).
 */
void targets_wait_examined(struct lp_targets *targets, uint64_t ns);

/*
 * Functions of running_loops.c. target_add_loops finds the loops that run in a target already and
 * adds them, before BPF notices their next dispatch. It waits for the search, which is repeated up
 * to tries times if it finds none. Returns the number of loops that were found, or a negative
 * errno. The loops that there was no time for remain in found, and target_add_more adds the next
 * portion of them when it is due. kinds gets the kinds of loops as bits, 1 << kind.
 */
int target_add_loops(struct lp_targets *targets, struct lp_target *target, int tries,
		     unsigned int *kinds);
void target_add_more(struct lp_targets *targets, struct lp_target *target);
/*
 * target_search_loops queues a search for the loops of an attached target by a worker, which is
 * repeated up to tries times. targets_begin_searches begins those for which workers are free.
 */
void target_search_loops(struct lp_targets *targets, struct lp_target *target, unsigned int tries);
void targets_begin_searches(struct lp_targets *targets);
/* Adds the loops that workers have found.  Returns whether there were results. */
bool targets_take_loops(struct lp_targets *targets);
/* Cancels the search, and drops the loops that were found and not added yet. */
void target_forget_loops(struct lp_targets *targets, struct lp_target *target);
/* Returns whether a loop was found, which is not added. */
bool target_runs_loops(const struct lp_target *target);
/* Attaches all poll calls if loops that run in the target already need them. */
void target_follow_polls(struct lp_targets *targets, const struct lp_target *target);

/*
 * Functions of scan.c. targets_consider adds a process that -a or -s has found, and queues its
 * examination. key, of its program, may be NULL. A process that cannot be added is ignored.
 */
void targets_consider(struct lp_targets *targets, pid_t pid, const struct lp_program_key *key);
/*
 * Inspects the new processes that are due, and from time to time all processes. Returns the instant
 * of the next call.
 */
uint64_t targets_find_more(struct lp_targets *targets, uint64_t now_ns);
/*
 * Adds the descendants that a process has already (children.c). Returns the number of targets that
 * were added.
 */
size_t targets_consider_descendants(struct lp_targets *targets, pid_t root);
/*
 * Records in the cache of program files, if there is one, how the program of a target turned out.
 */
void targets_learn(struct lp_targets *targets, const struct lp_target *target,
		   enum lp_process_outcome outcome);

#endif /* LP_DISCOVERY_TARGETS_INTERNAL_H */
