/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime interface.  An adapter recognises processes of its runtime, finds the
 * places of their probes with the role of each, and reads their objects.  It only returns
 * data: session/ attaches the probes.
 */
#ifndef LP_RUNTIME_RUNTIME_H
#define LP_RUNTIME_RUNTIME_H

#include "base/error.h"
#include "elf/mapped_file.h"
#include "model/code_names.h"
#include "process/process.h"

#include "wire/wire.h"

/* Sets of roles whose probes are wanted and not found yet: bits, 1 << enum lp_probe_role. */
struct lp_open_roles {
	uint32_t roles;
	uint32_t lost; /* the subset of roles that serves findings, not loops */
	uint32_t later; /* the subset of lost that needs LP_FACT_FINDINGS first */
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
	const char *function; /* the name of the probed function, for messages */
	char path[64]; /* a path below /proc that opens the probed file, whatever its name is */
	struct lp_file_facts file; /* of the examined file: a file with others is not probed */
};

#define LP_INSTANCE_PROBES 4
#define LP_STACK_DEPTH 128

/* A frame as text. */
struct lp_frame {
	enum lp_frame_kind kind;
	bool coroutine; /* its code is a coroutine's */
	bool generated; /* a library has compiled its code from a string */
	bool dispatches; /* it dispatches callbacks: frames further out are the loop's own */
	bool runs_loop; /* it runs a loop until that ends */
	bool of_loop; /* its code is of the library that runs loops and tasks */
	bool warns; /* its code is of the library that prints warnings */
	char function[160];
	char file[256];
	uint32_t line; /* 0: not known */
};

/* The frames that a finding refers to: three stacks, and the place where a coroutine waits. */
enum lp_finding_part {
	LP_PART_STACK, /* the stack of the thread that hit the probe */
	LP_PART_PARKED, /* one frame: where the coroutine is suspended */
	LP_PART_LOOP, /* wrong_thread: the stack of the loop's own thread */
	LP_PART_ORIGIN, /* --origins: the stack that created the task or coroutine */
	LP_FINDING_PARTS,
};

#define LP_FINDING_PLACES (LP_FINDING_FRAMES + 1 + LP_FINDING_LOOP_FRAMES + LP_ORIGIN_FRAMES)

/* The frames of a finding as text, read from the memory of its process. */
struct lp_finding_places {
	bool unread; /* the process did not answer, or has ended: nothing below is known */
	/*
	 * Set for "no running event loop" if a handler of the program expects the exception.
	 * at is then the number of the stack's frame that catches it.
	 */
	bool expected;
	uint32_t at;
	/* The number of described frames of each part, from its first one on; count is their sum. */
	uint32_t known[LP_FINDING_PARTS], count;
	struct lp_frame shown[LP_FINDING_PLACES]; /* the parts in the order of the enum */
};

/* A runtime found in one process. */
struct lp_instance {
	const struct lp_runtime *runtime;
	pid_t pid;
	char version[16]; /* "3.11.2" */
	char runtime_name[16]; /* for reports: that of its first kind of loops */
	char product[16]; /* in messages, before the version: "CPython" */
	struct lp_layout layout; /* for BPF */
	void *reader; /* the adapter's data for reading objects; release() frees it */
};

/* A loop that a thread is running. */
struct lp_running_loop {
	pid_t tid;
	uint64_t thread_state; /* address */
	enum lp_loop_kind kind;
	/* address of the loop object, which shows that a thread runs another loop; 0: not known */
	uint64_t object;
	uint32_t descriptor; /* the descriptor that it polls, plus 1; 0: not known */
	/*
	 * of a loop without a frame of its own: address of the innermost frame of its thread, which
	 * is that of the loop's caller while the loop polls; 0: not known
	 */
	uint64_t frame;
	/* it may poll by any call: its class replaces the library's poll */
	bool own_poll;
	union lp_loop_facts facts; /* for BPF */
};

/* What the stack of a loop's thread shows of the loop. */
enum lp_stack_shows {
	LP_SHOWS_NOTHING, /* the stack is inconsistent, or the loop's own frames are unknown */
	LP_SHOWS_LOOP,
	LP_SHOWS_CALLBACK,
};

/* The frames of the callback that a loop's thread runs, innermost first. */
struct lp_loop_stack {
	enum lp_stack_shows shows;
	bool waits_for_lock; /* the thread sleeps until it gets the runtime's own lock */
	uint32_t flags; /* LP_STACK_TO_LOOP, LP_STACK_CUT */
	uint32_t depth;
	struct lp_raw_frame frames[LP_STACK_FRAMES];
};

/* A callback that was running before its probe: the identity that BPF would have read. */
struct lp_running_callback {
	uint64_t code; /* 0: none is known */
	uint64_t check; /* see struct lp_callback_value */
	uint64_t task; /* address of the task that it steps; 0: none, or not known */
	struct lp_event_name name; /* without its head and the slot */
};

struct lp_eager_address {
	uint64_t task, coroutine;
};

/* A task that runs inside of the callback that has created it. */
struct lp_eager_task {
	struct lp_eager_address at;
	struct lp_running_callback callback; /* the identity of its later steps */
	uint32_t line; /* of the definition of its coroutine; 0: there is no such task */
	char name[LP_STACK_FUNCTION_BYTES];
	char file[LP_STACK_FILE_BYTES];
	char task_name[LP_STACK_FUNCTION_BYTES];
};

struct lp_task_list;

/* Parts of union lp_process_facts, each of which is known at another time. */
enum lp_fact {
	LP_FACT_KINDS, /* how loops of a kind that is loaded later are recognised */
	LP_FACT_LOOPS, /* how the frames of a loop itself are recognised */
	LP_FACT_FINDINGS, /* what the programs for findings need */
	LP_FACTS,
};

struct lp_fact_part {
	size_t offset, bytes;
};

/* The most bytes that pack() of any adapter needs. */
#define LP_PACKED_BYTES 1024

/*
 * The operations of an adapter. Only those that say so may be NULL; the ones of a group are NULL
 * together.
 */
struct lp_runtime {
	const char *name;
	/* its library and packages by their names, for captures as well; NULL: none are known */
	const struct lp_code_names *code_names;

	/* ---- detection ---- */

	/* a part of the path of the library that a process maps before it runs loops; NULL: none */
	const char *loop_library;
	/*
	 * Returns whether a process that runs this program file can be one of this runtime:
	 * the file is an interpreter, or names one as a library that it needs.
	 */
	bool (*may_be_program)(const char *path);
	/*
	 * Returns whether this is a C function by which the interpreter runs code, so that the
	 * stack goes on with the frames of that code.  NULL: the runtime has no interpreter.
	 */
	bool (*is_interpreter)(const char *function);
	/*
	 * Recognises a process of this runtime.  Returns 0 and fills the instance, which
	 * release() frees; -ENOENT if it is none; any other negative errno, with a sentence,
	 * if it is one but cannot be profiled.
	 */
	int (*detect)(const struct lp_process_info *process, struct lp_instance *instance,
		      struct lp_error *error);
	/*
	 * Checks the offsets in the live process, which may load what they are checked by long
	 * after it was detected: -EAGAIN.
	 */
	int (*verify)(const struct lp_instance *instance, struct lp_error *error);
	void (*release)(struct lp_instance *instance);
	/*
	 * Writes the reader as bytes without pointers, for another process of this program.
	 * Its caches are left out.  Returns the number of bytes, or a negative errno.
	 */
	ssize_t (*pack)(const struct lp_instance *instance, void *bytes, size_t capacity);
	/* Creates a reader from the bytes of pack().  Returns 0 or a negative errno. */
	int (*unpack)(struct lp_instance *instance, const void *bytes, size_t count);

	/* ---- probes, and what their programs need ---- */

	/*
	 * Finds a role's probe.  Returns 0; -EAGAIN if the process has not loaded yet what the
	 * probe is in; -ENODEV if it has not loaded that kind of loop, and may never do so;
	 * -ESTALE, with a sentence, if a file was changed meanwhile, so that a later call may find
	 * it; or another negative errno, with a sentence.
	 */
	int (*find_probe)(const struct lp_instance *instance, enum lp_probe_role role,
			  struct lp_probe *probe, struct lp_error *error);
	/*
	 * Fills in a part of the facts and leaves the others as they are.  -EAGAIN and -ENODEV as
	 * for find_probe.
	 */
	int (*find_fact)(const struct lp_instance *instance, enum lp_fact fact,
			 union lp_process_facts *facts);
	struct lp_fact_part facts[LP_FACTS]; /* the parts that find_fact fills in */

	/* ---- loops ---- */

	/* Returns whether the process has loaded what it needs to run a loop. */
	bool (*may_run_loop)(const struct lp_instance *instance);
	/*
	 * Returns the name of the library whose loop of another kind, which is not profiled, a
	 * thread runs; NULL: none was found, or loops of this runtime run in it. The function may
	 * be NULL.
	 */
	const char *(*other_loops)(const struct lp_instance *instance);
	/*
	 * Finds the loops that threads are running.  Returns their number, or a negative errno:
	 * -ESTALE if there are none but copies of loops of the process that forked this one.
	 */
	int (*find_loops)(const struct lp_instance *instance, struct lp_running_loop *loops,
			  size_t capacity);

	/* ---- the stack of a loop's thread ---- */

	/*
	 * Reads the stack of a loop's thread, up to the loop's own frames.  wait: the system call
	 * that it is in; asleep: whether it is in one.
	 */
	void (*loop_stack)(const struct lp_instance *instance, const struct lp_running_loop *loop,
			   const struct lp_wait *wait, bool asleep, struct lp_loop_stack *stack);
	/*
	 * Identifies the callback that a thread runs.  code: that of its outermost frame; 0: not
	 * known.  The callback gets a name in any case.
	 */
	void (*running_callback)(const struct lp_instance *instance, uint64_t thread_state,
				 uint64_t code, struct lp_running_callback *found);

	/* ---- names and lines of what programs have sent ---- */

	/*
	 * Finds the function, file and line of each frame, with few reads for all of them.
	 * Returns how many frames, from the first on, succeeded.
	 */
	size_t (*describe)(const struct lp_instance *instance, const struct lp_raw_frame *frames,
			   size_t count, struct lp_frame *shown);
	/*
	 * Finds a thread's id (0: not known) and its name: that of Python, or else the kernel's.
	 * inner: its id in its own PID namespace, or 0.  If it has ended, its state may be that of
	 * another thread by now: it gets the name that was read before, or none.
	 */
	void (*describe_thread)(const struct lp_instance *instance, uint64_t thread_state,
				pid_t inner, pid_t *tid, char *name, size_t size);
	/*
	 * Describes all frames that a finding refers to in one go, as the process may be about
	 * to end.  Frames of an expected finding are not described.  NULL: no program of the
	 * runtime sends findings.
	 */
	void (*describe_finding)(const struct lp_instance *instance,
				 const struct lp_event_raw_finding *finding,
				 struct lp_finding_places *places);

	/*
	 * Finds the thread or the task that holds what a loop's thread, which is in a call to
	 * futex(), waits for: a lock, the result of a job, or the end of a thread.  Fills in stack,
	 * thread_state, thread, depth, frames, and in flags LP_STACK_CUT, LP_STACK_OWN_LOOP,
	 * LP_STACK_OF_TASK, LP_STACK_RESULT, LP_STACK_LOCK and LP_STACK_END.  Returns whether one
	 * is known.  It takes many reads.  NULL: it is not known of any.
	 */
	bool (*lock_holder)(const struct lp_instance *instance, pid_t tid,
			    struct lp_event_raw_stack *holder);

	/*
	 * Adds up the garbage collections that began and ended between two instants, which the
	 * runtime has recorded itself: count, total_ns, generation and partial of the record.
	 * Returns whether there were any.  NULL: it records none.
	 */
	bool (*garbage_collections)(const struct lp_instance *instance, uint64_t since_ns,
				    uint64_t until_ns, struct lp_event_collections *found);

	/* ---- tasks; NULL: the runtime has none, and its programs set no lp_loop.task ---- */

	/* Reads the name of the task at an address as text; "" if it cannot be read. */
	void (*task_name)(const struct lp_instance *instance, uint64_t task, char *name,
			  size_t size);
	/*
	 * Copies the name object of the task at an address into a record that has no text, as
	 * programs do, without a reader.  An event without a name is left as it is.
	 */
	void (*copy_task_name)(const struct lp_instance *instance, uint64_t task,
			       struct lp_event_slow *event);
	/*
	 * Finds the task that a thread runs inside of the callback of its loop, task being the one
	 * that the callback steps, or 0.  known: one that was found before, of which the name is
	 * read again, as it may be set after its first step; NULL: none.  The function may be
	 * NULL: the runtime has no such tasks.
	 */
	void (*eager_task)(const struct lp_instance *instance, uint64_t thread_state, uint64_t task,
			   const struct lp_eager_address *known, struct lp_eager_task *found);
	/*
	 * Reads all tasks of all loops that have not ended, and ended ones whose exception was
	 * never retrieved; see task_list.h.  The target runs on meanwhile: what was changed while
	 * it was read is marked partial.  Returns 0 (the list is to be freed with task_list_free)
	 * or a negative errno with a sentence.
	 */
	int (*read_tasks)(const struct lp_instance *instance, struct lp_task_list *list,
			  struct lp_error *error);
};

#endif /* LP_RUNTIME_RUNTIME_H */
