/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime interface.  An adapter answers with data: is this process mine,
 * where are the probes and what role has each, how are its objects read.  It
 * attaches nothing.
 */
#ifndef LP_RUNTIME_RUNTIME_H
#define LP_RUNTIME_RUNTIME_H

#include "base/error.h"
#include "elf/mapped_file.h"
#include "process/process.h"

#include "wire/wire.h"

/* What a probe is for.  What a session does for a role is in session/roles.c. */
enum lp_probe_role {
	LP_PROBE_DISPATCH, /* begins a callback */
	LP_PROBE_RUNNING_LOOP, /* a loop starts or stops running in this thread */
	LP_PROBE_READY, /* --queue: a callback becomes ready */
	/* the same as LP_PROBE_DISPATCH for loops of uvloop; self, or the context, comes first */
	LP_PROBE_DISPATCH_HANDLE,
	LP_PROBE_DISPATCH_TIMER,
	LP_PROBE_DISPATCH_METHOD, /* of a protocol, without a handle */
	/* what gets lost; each is hit only when it happens */
	LP_PROBE_NEVER_AWAITED,
	LP_PROBE_NEVER_RETRIEVED,
	LP_PROBE_DESTROYED_PENDING,
	LP_PROBE_NO_RUNNING_LOOP,
	LP_PROBE_OTHER_LOOP,
	LP_PROBE_LOOP_CLOSE,
	LP_PROBE_UVLOOP_CLOSE,
	/* --find wrong_thread: each timer that is set */
	LP_PROBE_TIMER,
	LP_PROBE_UVLOOP_TIMER,
	LP_PROBE_UVLOOP_THREADSAFE, /* a callback is put into another thread's loop as it should */
	/* --find closed_loop: each exception that Python code makes */
	LP_PROBE_EXCEPTION,
	/* --origins, --lifetimes: each task and coroutine */
	LP_PROBE_TASK_CREATED,
	LP_PROBE_TASK_ENDED,
	LP_PROBE_COROUTINE_CREATED,
	LP_PROBE_ROLES,
};

/* Roles whose probes are to be found: bits, 1 << enum lp_probe_role. */
struct lp_open_roles {
	uint32_t roles;
	uint32_t lost; /* those of roles that are for lost things */
	uint32_t later; /* those of lost that are of no use before struct lp_lifecycle is known */
};

#define LP_PROBE_SITES 8

struct lp_probe {
	enum lp_probe_role role;
	bool emulated; /* the kernel emulates the probed instruction: a cheap hit */
	size_t count;
	struct {
		uint64_t offset; /* in the file */
		uint64_t address; /* in the process; 0: not known yet */
	} places[LP_PROBE_SITES];
	const char *function; /* what is probed, for messages */
	char path[64]; /* opens the probed file, whatever its name is */
	struct lp_file_facts file; /* as it was examined: no other file is to be probed */
};

#define LP_INSTANCE_PROBES 4
#define LP_STACK_DEPTH 128

/* A frame of a stack, innermost first: enough to find its line, see symbolise/. */
struct lp_raw_frame {
	uint64_t code;
	uint64_t instruction; /* bytes into the code, or what the version counts in */
};

/* What a frame shows to a person. */
struct lp_frame {
	enum lp_frame_kind kind;
	bool coroutine; /* its code is a coroutine's */
	char function[160];
	char file[256];
	uint32_t line; /* 0: not known */
};

/* Frames that a finding refers to: where a coroutine is suspended, and three stacks. */
enum lp_finding_part {
	LP_PART_STACK, /* that it was found in */
	LP_PART_PARKED,
	LP_PART_LOOP, /* wrong thread: of the loop's own thread */
	LP_PART_ORIGIN,
	LP_FINDING_PARTS,
};

#define LP_FINDING_PLACES (LP_FINDING_FRAMES + 1 + LP_FINDING_LOOP_FRAMES + LP_ORIGIN_FRAMES)

/* What the memory of a process shows of a finding. */
struct lp_finding_places {
	bool unread; /* the process did not answer, or has ended: nothing below is known */
	/*
	 * "no running event loop": the program is prepared for it.  at: the frame of the stack that
	 * catches it; its depth or more if some code could not be read, which may be possible later.
	 */
	bool expected;
	uint32_t at;
	/* Of each part, how many frames could be described, from the first on; their sum is count. */
	uint32_t known[LP_FINDING_PARTS], count;
	struct lp_frame shown[LP_FINDING_PLACES]; /* one part after the other */
};

/* A runtime found in one process. */
struct lp_instance {
	const struct lp_runtime *runtime;
	pid_t pid;
	char version[16]; /* "3.11.2" */
	char runtime_name[16]; /* "asyncio" */
	struct lp_python python; /* what BPF needs to know */
	void *reader; /* the adapter's own, to read objects from user space */
};

/* A loop that a thread runs now. */
struct lp_running_loop {
	pid_t tid;
	uint64_t thread_state; /* address */
	enum lp_loop_kind kind;
	/*
	 * asyncio: code objects of the loop's class: one that polls, one that runs throughout
	 * where it is not asyncio's; 0: not known, or the latter is asyncio's.
	 */
	uint64_t run_once, run_forever;
	/* uvloop: */
	uint64_t object; /* the Loop */
	uint32_t descriptor; /* that it polls, plus 1; 0: not known */
	struct lp_uvloop uvloop;
};

/* A callback that was found running: its identity, as BPF reads it at its beginning. */
struct lp_running_callback {
	uint64_t code; /* 0: none is known */
	uint64_t check; /* see struct lp_callback_value */
	uint64_t task; /* address; 0: it steps none, or that is not known */
	struct lp_event_name name; /* all but its head and the slot */
};

struct lp_task_list;

/* The most bytes that pack() of any adapter needs. */
#define LP_PACKED_BYTES 1024

struct lp_runtime {
	const char *name;
	/*
	 * Is this process mine?  Returns 0 and fills the instance; -ENOENT if it
	 * is not; any other negative errno, with a sentence, if it is but cannot
	 * be profiled.
	 */
	int (*detect)(const struct lp_process_info *process, struct lp_instance *instance,
		      struct lp_error *error);
	/*
	 * Could a process that runs this program file become mine by itself, without
	 * loading what the file does not name?
	 */
	bool (*may_be_program)(const char *path);
	void (*release)(struct lp_instance *instance);
	/*
	 * The reader as bytes without pointers, for another process of this program: caches that
	 * only make it faster are left out.  Returns their number, or a negative errno.
	 */
	ssize_t (*pack)(const struct lp_instance *instance, void *bytes, size_t capacity);
	/* Makes a reader of such bytes.  Returns 0 or a negative errno. */
	int (*unpack)(struct lp_instance *instance, const void *bytes, size_t count);
	/*
	 * Finds a role's probe.  -EAGAIN: not now, the process has not got so far; -ENODEV:
	 * it has not loaded that kind of loop, and may never do so.
	 */
	int (*find_probe)(const struct lp_instance *instance, enum lp_probe_role role,
			  struct lp_probe *probe, struct lp_error *error);
	/* What loops of uvloop are known by.  -ENODEV as above. */
	int (*find_uvloop)(const struct lp_instance *instance, struct lp_uvloop *uvloop);
	/* What lost coroutines and tasks are known by.  -EAGAIN as above. */
	int (*find_lifecycle)(const struct lp_instance *instance, struct lp_lifecycle *lifecycle);
	/* Does what the offsets say hold in the live process?  -EAGAIN: cannot be told yet. */
	int (*verify)(const struct lp_instance *instance, struct lp_error *error);
	/* Has the process loaded what it needs to run a loop? */
	bool (*may_run_loop)(const struct lp_instance *instance);
	/* The loops that run now.  Returns how many, or a negative errno. */
	int (*find_loops)(const struct lp_instance *instance, struct lp_running_loop *loops,
			  size_t capacity);
	/*
	 * Was the process forked by a callback of a loop that runs in its parent, and does the
	 * thread that was forked run none?
	 */
	bool (*has_copied_loop)(const struct lp_instance *instance);
	/*
	 * Reads all that a finding refers to at once: the process may be about to end.  Places of
	 * one that is expected are not described.
	 */
	void (*describe_finding)(const struct lp_instance *instance,
				 const struct lp_event_raw_finding *finding,
				 struct lp_finding_places *places);
	/* A thread's stack, innermost first.  Returns its depth or a negative errno. */
	int (*read_stack)(const struct lp_instance *instance, uint64_t thread_state,
			  struct lp_raw_frame *frames, size_t capacity, bool *cut);
	/*
	 * Of a stack in a loop without Python frames of its own: how many frames are those of
	 * a callback?  0: it runs none, or that cannot be told.
	 */
	int (*callback_frames)(const struct lp_instance *instance,
			       const struct lp_raw_frame *frames, int depth);
	/*
	 * The callback that a thread runs, whose outermost frame is of that code (0: none is
	 * known).  It gets a name in any case.
	 */
	void (*running_callback)(const struct lp_instance *instance, uint64_t thread_state,
				 uint64_t code, struct lp_running_callback *found);
	/* What a frame shows: its function, file and line.  Returns 0 or a negative errno. */
	int (*describe)(const struct lp_instance *instance, const struct lp_raw_frame *frame,
			struct lp_frame *shown);
	/* The same of many with few reads. Returns how many, from the first on, could be. */
	size_t (*describe_stack)(const struct lp_instance *instance,
				 const struct lp_raw_frame *frames, size_t count,
				 struct lp_frame *shown);
	/* Is this the frame that dispatches callbacks? What is outside of it is the loop. */
	bool (*is_dispatch)(const struct lp_frame *frame);
	/*
	 * Code objects of the loop itself: the one that dispatches callbacks and the
	 * one that polls.  0 what is not there yet.  Returns 0 or a negative errno.
	 */
	int (*loop_code)(const struct lp_instance *instance, uint64_t *dispatch,
			 uint64_t *run_once);
	/* A thread by its thread state: its id (0: not known) and its name in Python, or the
	 * kernel's. */
	void (*describe_thread)(const struct lp_instance *instance, uint64_t thread_state,
				pid_t *tid, char *name, size_t size);
	/* The name of a task by its address; "" if it cannot be read. */
	void (*task_name)(const struct lp_instance *instance, uint64_t task, char *name,
			  size_t size);
	/*
	 * All tasks of all loops that have not ended, and ended ones whose exception
	 * nobody has asked for; see task.h.  Races the target: what was torn is marked
	 * partial.  Returns 0 (the list is to be freed with task_list_free) or a negative
	 * errno with a sentence.  NULL: the runtime has no tasks.
	 */
	int (*read_tasks)(const struct lp_instance *instance, struct lp_task_list *list,
			  struct lp_error *error);
};

#endif /* LP_RUNTIME_RUNTIME_H */
