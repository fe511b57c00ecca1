/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The events of findings: coroutines, tasks and callbacks that get lost. Captures carry them:
 * append only.
 */
#ifndef LP_BPF_WIRE_FINDINGS_H
#define LP_BPF_WIRE_FINDINGS_H

#include "added_events.h"
#include "events.h"

#define LP_ORIGIN_FRAMES 6

/* --origins: the frames that created a task or coroutine, innermost first. */
struct lp_origin {
	__u64 type; /* type of the object: an object of another type may be at its address by now */
	struct lp_raw_frame frames[LP_ORIGIN_FRAMES];
};

#define LP_CANCEL_FRAMES 24
#define LP_MESSAGE_BYTES 192

/* --cancels: the call of Task.cancel() by which a task that has not ended was cancelled last. */
struct lp_cancel {
	__u64 time_ns;
	__u64 coroutine; /* of the task, and below its name: another may be at its address by now */
	__u64 name;
	struct lp_raw_frame parked; /* where its coroutine was suspended; code 0: not known */
	/* where another task waited for this one, whose cancellation was passed on; code 0: none */
	struct lp_raw_frame passed_on;
	struct lp_text message; /* of cancel(); no bytes: none */
	__u8 message_data[LP_MESSAGE_BYTES];
	__u32 depth;
	__u32 cut;
	struct lp_raw_frame frames[LP_CANCEL_FRAMES]; /* of the caller, innermost first */
};

/* --cancels: the last call in a thread that was not made inside of another one. */
struct lp_outer_cancel {
	__u64 time_ns;
	__u64 stack_level; /* the thread's stack pointer */
	__u64 frame; /* the innermost Python frame, and its instruction */
	__u64 instruction;
	struct lp_raw_frame parked; /* as in struct lp_cancel */
};

enum lp_finding_kind {
	LP_FINDING_NEVER_AWAITED = 0, /* a coroutine */
	LP_FINDING_NEVER_RETRIEVED = 1, /* the exception of a task or future */
	LP_FINDING_DESTROYED_PENDING = 2, /* a task */
	LP_FINDING_PENDING_AT_CLOSE = 3, /* a task whose loop is closed */
	LP_FINDING_CLOSED_LOOP = 4, /* "Event loop is closed" was raised */
	LP_FINDING_NO_RUNNING_LOOP = 5, /* "no running event loop" and its like */
	LP_FINDING_WRONG_THREAD = 6, /* a callback was put into another thread's loop */
	LP_FINDING_OTHER_LOOP = 7, /* something was awaited or set across loops */
	LP_FINDING_CANCELLED = 8, /* a task ended as it was cancelled; no mistake, so by option */
	LP_FINDING_KINDS,
};

#define LP_FINDING_FRAMES 64
#define LP_FINDING_LOOP_FRAMES 16
#define LP_TYPE_NAME_BYTES 64

#define LP_FINDING_NAME_IS_INT 1 /* the task's name is a number */
#define LP_FINDING_NAME_IS_STRING 2 /* the task's name is a str */
#define LP_FINDING_CUT 4 /* the stack was deeper */
#define LP_FINDING_TIMER 16 /* wrong thread: a timer, for which a delay is normal */
#define LP_FINDING_NAME_IS_PLACE 32 /* the name is that of the function on top of the stack */
#define LP_FINDING_UNREADABLE 64 /* a part of a stack could not be read, as its process ended */
#define LP_FINDING_MORE 8 /* more tasks than those reported were pending at close */

/*
 * A finding as BPF sends it. Live sources turn it into LP_EVENT_FINDING while the process, in
 * which its addresses are valid, is running.
 */
struct lp_event_raw_finding {
	struct lp_event event; /* loop: LP_NO_LOOP where it is not known */
	__u32 kind; /* enum lp_finding_kind */
	__u32 tid; /* thread in which it happened */
	__u32 flags; /* LP_FINDING_CUT and others above */
	__u32 first_line; /* first line of the code of the coroutine or callback; 0: none */
	__u64 object; /* the coroutine, future or handle concerned */
	__u64 task; /* 0: none */
	struct lp_raw_frame parked; /* where its coroutine is suspended; code 0: not known */
	struct lp_origin origin; /* --origins: what created it; code 0: not known */
	struct lp_text qualname;
	struct lp_text filename;
	struct lp_text message; /* of the exception */
	struct lp_text task_name; /* valid with LP_FINDING_NAME_IS_STRING */
	__u64 task_number; /* valid with LP_FINDING_NAME_IS_INT */
	__u8 exception_type[LP_TYPE_NAME_BYTES]; /* "" if there is none */
	__u8 qualname_data[LP_QUALNAME_BYTES];
	__u8 filename_data[LP_FILENAME_BYTES];
	__u8 message_data[LP_MESSAGE_BYTES];
	__u8 task_name_data[LP_NAME_BYTES];
	__u32 depth; /* depth of the stack in which it happened, innermost first */
	__u32 loop_depth; /* wrong thread: depth of the stack of the loop's own thread */
	struct lp_raw_frame frames[LP_FINDING_FRAMES];
	struct lp_raw_frame loop_frames[LP_FINDING_LOOP_FRAMES];
};

/* A finding that BPF is building. */
struct lp_finding_work {
	struct lp_event_raw_finding event;
	__u64 frame; /* the frame at which a walk is */
	__u64 callers_self; /* first local variable of the second frame */
	__u64 loop_object; /* the loop that is closed */
	__u32 reported; /* number of its tasks that were reported */
	__u32 inside; /* --cancels: the call is made inside of another one */
	struct lp_cancel cancel; /* the call that is to be stored */
	__u8 scratch[LP_SCRATCH_BYTES];
};

/* This many innermost frames identify the code that asks for a loop. */
#define LP_ASKING_FRAMES 3

/* The key of a stack that handles "no running event loop". */
static inline __attribute__((always_inline)) __u64 lp_asking_hash(const struct lp_raw_frame *frames,
								  __u32 depth)
{
	__u64 hash = LP_HASH_BASIS;
	__u32 i;

	for (i = 0; i < LP_ASKING_FRAMES && i < depth; i++) {
		hash = (hash ^ frames[i].code) * LP_HASH_PRIME;
		hash = (hash ^ frames[i].instruction) * LP_HASH_PRIME;
	}
	return hash;
}

/*
 * The delay that an earlier finding lacks. Of a handle that another thread put into the loop's
 * queue: the time until it began to run. Of a task that was cancelled: the time from the call of
 * cancel() to the end of the task.
 */
struct lp_event_noticed {
	struct lp_event event;
	__u64 handle; /* object of the finding */
	__u64 late_ns; /* that delay */
};

#define LP_FINDING_MESSAGE_BYTES 256
#define LP_FINDING_TYPE_BYTES 96
#define LP_NO_FRAME (~0U)

/*
 * A finding. Text is UTF-8 and terminated; frames are numbers of LP_EVENT_FRAME: first the stack
 * in which it happened, then, for a wrong thread, that of the loop's own thread, both innermost
 * first.
 */
struct lp_event_finding {
	struct lp_event event; /* loop: LP_NO_LOOP where it is not known */
	__u32 kind; /* enum lp_finding_kind */
	__u32 tid;
	__u32 flags; /* LP_FINDING_CUT, LP_FINDING_MORE, LP_FINDING_TIMER, LP_FINDING_UNREADABLE */
	__u32 line; /* first line of the code concerned; 0: not known */
	__u64 object;
	__u64 task;
	__u32 created; /* frame that created it, LP_NO_FRAME: not known */
	__u32 parked; /* frame where its coroutine is suspended, LP_NO_FRAME: not known */
	/* name of the coroutine or callback; "" if there is none */
	char name[LP_STACK_FUNCTION_BYTES];
	char file[LP_STACK_FILE_BYTES];
	char task_name[LP_STACK_FUNCTION_BYTES]; /* "" if there is no task */
	char exception_type[LP_FINDING_TYPE_BYTES]; /* "" if there is none */
	char exception_message[LP_FINDING_MESSAGE_BYTES];
	__u32 depth;
	__u32 loop_depth;
	__u32 frames[];
};

_Static_assert(sizeof(struct lp_event_noticed) == 40, "wire");
_Static_assert(sizeof(struct lp_event_finding) == 1000, "wire");

#endif /* LP_BPF_WIRE_FINDINGS_H */
