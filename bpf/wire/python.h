/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Layouts and addresses of CPython, for its programs. Private to one build. */
#ifndef LP_BPF_WIRE_PYTHON_H
#define LP_BPF_WIRE_PYTHON_H

#include "types.h"

#define LP_NO_FIELD 0xffff
#define LP_CHAIN_STEPS 4

/* Flags of a code object: Include/cpython/code.h, the same in 3.8 to 3.15. */
#define LP_CO_GENERATOR 0x20
#define LP_CO_COROUTINE 0x80
#define LP_CO_ITERABLE_COROUTINE 0x100
#define LP_CO_ASYNC_GENERATOR 0x200
/* Code that can await; code that can be suspended, by an `await` or a `yield`. */
#define LP_CO_AWAITS (LP_CO_COROUTINE | LP_CO_ITERABLE_COROUTINE | LP_CO_ASYNC_GENERATOR)
#define LP_CO_SUSPENDS (LP_CO_GENERATOR | LP_CO_AWAITS)

/* Offset of tid in glibc's struct pthread on x86-64 (nptl/descr.h), the same up to 2.41. */
#define LP_PTHREAD_TID 720

/* Bytes of the instructions of the frame that lp_is_init_shim() recognises. */
#define LP_INIT_SHIM_BYTES 8

/* Byte offsets inside CPython's objects, one row a version.  LP_NO_FIELD: it has no such field. */
struct lp_python_offsets {
	__u16 tstate_cframe; /* PyThreadState.cframe: 3.11, 3.12 have the frame behind it */
	__u16 tstate_current_frame; /* PyThreadState, or in the cframe: innermost frame */
	__u16 tstate_context; /* PyThreadState.context */
	__u16 thread_id; /* PyThreadState.thread_id: pthread_self() */
	__u16 native_thread_id; /* PyThreadState.native_thread_id: gettid() */
	__u16 f_executable; /* of a frame: its code object; up to 3.12 f_code */
	__u16 frame_localsplus; /* first local variable of a frame */
	__u16 ctx_prev; /* PyContext */
	__u16 ctx_entered; /* PyContext, an int */
	__u16 co_filename; /* PyCodeObject */
	__u16 co_name;
	__u16 co_qualname;
	__u16 co_firstlineno;
	__u16 task_coro; /* TaskObj; followed by task_name, in every version */
	__u16 cr_code; /* of a coroutine: its code object, since 3.11 in the embedded frame */
	__u16 cr_qualname;
	__u16 cr_head_bytes; /* from the coroutine's beginning to the end of both */
	__u16 func_code; /* PyFunctionObject */
	__u16 func_qualname;
	__u16 string_ascii; /* where the characters begin: behind a PyASCIIObject */
	__u16 string_wide; /* or behind a PyCompactUnicodeObject */
	__u16 ob_digit; /* PyLongObject: first digit */
	__u16 frame_previous; /* f_back up to 3.10 */
	__u16 frame_instr_ptr; /* f_lasti up to 3.10, prev_instr in 3.11 and 3.12 */
	__u16 frame_owner;
	__u16 first_shim; /* owner values from here on are no Python frames */
	__u16 handle_callback; /* asyncio.Handle._callback */
	__u16 co_flags; /* PyCodeObject, an int */
	__u16 init_shim_code; /* PyCodeObject.co_code_adaptive; see lp_is_init_shim(); 3.12+ */
	__u16 reserved[3];
	__u64 tag_mask; /* bits of a _PyStackRef that are no address; 3.14 and later */
};

/*
 * Offsets inside _asyncio's futures and tasks, which begin with the same fields. A flag is a byte
 * and a mask of its bits.
 */
struct lp_task_offsets {
	__u16 fut_loop;
	__u16 fut_exception;
	__u16 fut_state; /* an int: enum lp_future_state */
	__u16 fut_log_tb;
	__u16 task_must_cancel;
	__u16 task_log_destroy_pending;
	__u16 task_fut_waiter;
	__u16 task_num_cancels_requested;
	__u8 fut_log_tb_bits;
	__u8 task_must_cancel_bits;
	__u8 task_log_destroy_pending_bits;
	__u8 reserved[5];
};

/* How a frame stores the end of its evaluation stack. */
enum lp_stack_end {
	LP_STACK_END_ADDRESS, /* by an address */
	LP_STACK_END_DEPTH, /* 3.10: by the number of objects on it */
	LP_STACK_END_SLOTS, /* 3.11 to 3.13: by the number of locals and objects together */
};

/*
 * --inner: how a suspended coroutine refers to what it awaits, which is at or near the top of the
 * evaluation stack of its frame.
 */
struct lp_await_offsets {
	__u16 head_bytes; /* from the coroutine's beginning to the end of what is read of it */
	__u16 cr_iframe; /* its frame; up to 3.10 a pointer to it */
	__u16 cr_frame_state; /* a byte, in the coroutine or its frame */
	__u16 frame_valuestack; /* pointer to the stack; LP_NO_FIELD: it follows the locals */
	__u16 frame_stackpointer; /* its end */
	__u8 stack_end; /* enum lp_stack_end */
	__u8 frame_is_object; /* up to 3.10 */
	__u8 state_in_frame; /* 3.10 */
	__u8 frame_suspended; /* the state of a frame that awaits */
	__u16 awaited_slot; /* of the awaited object, from the end of the stack; 1 is the top */
};

#define LP_AWAIT_LINKS 16
#define LP_AWAIT_SCRATCH 256

/* A coroutine: the addresses of its code and of its qualified name. */
struct lp_chain_link {
	__u64 code;
	__u64 name;
};

/* --inner: the coroutines that a task has been awaiting, from its own one inwards. */
struct lp_coroutine_chain {
	__u64 coroutine; /* the task's own, if its first step is running; else 0 */
	__u64 object; /* the next object of the walk */
	__u64 hash; /* of all links */
	__u64 generator_type; /* async_generator; this and the next two are learned */
	__u64 wrapper_type; /* the type found last that wraps an awaitable */
	__u64 other_type; /* the type found last that is nothing of the kind */
	__u32 depth;
	__u32 suspended; /* the task's own coroutine has run before, and awaits something */
	struct lp_chain_link links[LP_AWAIT_LINKS];
	__u8 scratch[LP_AWAIT_SCRATCH];
};

/* fut_state: Modules/_asynciomodule.c, in every version. */
enum lp_future_state {
	LP_FUTURE_PENDING = 0,
	LP_FUTURE_CANCELLED = 1,
	LP_FUTURE_FINISHED = 2,
};

/* The place of an object's attributes, apart from those in slots. */
enum lp_instance_layout {
	LP_INSTANCE_DICT, /* up to 3.10: in a dict, at the type's tp_dictoffset */
	LP_INSTANCE_VALUES, /* 3.11: values in front of the object, or a dict beside them */
	LP_INSTANCE_TAGGED, /* 3.12: one word for either; its lowest bit marks values */
	LP_INSTANCE_INLINE, /* 3.13 and later: values behind the object, or a dict in front */
};

/* Addresses in one process. */
struct lp_python {
	struct lp_python_offsets offsets;
	struct lp_await_offsets awaits;
	/* Address of the PyThreadState of the GIL's holder: start at thread_base, then repeat
	 * thread_steps times: add the offset, read a pointer. */
	__u64 thread_base;
	__u32 thread_offsets[LP_CHAIN_STEPS];
	__u32 thread_steps;
	/* Address of the GIL: the first gil_steps of the same steps, plus gil_offset; its mutex
	 * and condition are within the LP_GIL_BYTES from there on. */
	__u32 gil_steps;
	__u32 gil_offset;
	/* gc.collecting, an int: in the interpreter state, or (3.8) in _PyRuntime */
	__u32 interpreter_head; /* _PyRuntime */
	__u32 collecting_offset;
	__u32 collecting_in_runtime;
	__u32 reserved;
	/* 3.12 and later: a task may begin to run inside its constructor, where no probe is */
	__u32 eager_tasks;
	/* offsets of the list of all threads' states in the interpreter state, and of its links */
	__u16 threads_head;
	__u16 thread_next;
	__u16 instance_layout; /* enum lp_instance_layout */
	__u16 cached_keys; /* PyHeapTypeObject, 3.11 and later: the attributes of instances */
	__u32 reserved2;
	__u64 builtin_type; /* PyCFunction_Type and the like, by exported symbol */
	__u64 function_type;
	__u64 method_type;
	__u64 coroutine_type;
	__u64 generator_type;
	__u64 int_type;
	__u64 string_type;
	__u64 none; /* Py_None */
};

/* Fields that only findings need; all 0 until _asyncio is loaded. */
struct lp_lifecycle {
	struct lp_task_offsets offsets;
	__u64 task_type;
	__u64 future_type;
	__u64 task_finalize; /* tp_finalize of both: subclasses inherit it */
	__u64 future_finalize;
	__u64 runtime_error; /* the type RuntimeError */
	__u64 threadsafe_code; /* of BaseEventLoop.call_soon_threadsafe */
	/* Up to 3.13: the set inside asyncio's WeakSet of all tasks; later there are lists. */
	__u64 all_tasks;
	__u64 interpreter_tasks; /* head of the interpreter's list of tasks */
	__u16 thread_tasks; /* offset of the head of such a list in a thread state */
	__u16 task_node; /* offset of the link in a task */
	__u16 handle_loop; /* asyncio.Handle._loop */
	__u16 exception_args; /* BaseException.args */
	__u16 tuple_items;
	__u8 array_arguments; /* exceptions are created with an array of arguments, not a tuple */
	__u8 created_inside; /* 3.11 and later: a coroutine is created inside its own frame */
	/* number of the parameter by which Task.cancel() gets an array of arguments; 0: none */
	__u8 cancel_arguments;
	__u8 exception_is_type; /* up to 3.11: the next field is the type of an exception */
	__u16 current_exception; /* offset in a thread state */
};

/*
 * Addresses in a process that has loaded uvloop; all 0 otherwise. Offsets are in
 * bpf/python/uvloop.bpf.h: they are the same in all supported versions, which user space has
 * checked.
 */
struct lp_uvloop {
	__u64 handle_type;
	__u64 timer_type;
	__u64 loop_count; /* offset of libuv's count of iterations; 0: this version has none */
};

/* A part of union lp_process_facts. */
struct lp_python_process {
	struct lp_uvloop uvloop;
	/* Code objects of Handle._run and BaseEventLoop._run_once; learned, or set by user space. */
	struct lp_python_code {
		__u64 dispatch;
		__u64 run_once;
	} code;
	struct lp_lifecycle lifecycle;
	/* learned by programs */
	__u64 handle_types[2];
	__u64 loop_type; /* class of the loop that began to run last */
};

/* A part of union lp_loop_facts. */
struct lp_python_loop {
	/*
	 * Code objects of the loop's class: of _run_once, and of run_forever, whose frame alone is
	 * on the stack between two polls, and always if the class does not poll in _run_once (Qt's).
	 */
	__u64 run_once_code;
	__u64 forever_code;
	/*
	 * Offset in a frame of run_once_code of its local variable end_time, the time after the
	 * poll in seconds; 0: not known.
	 */
	__u64 end_time;
	__s64 clock_shift; /* the process's CLOCK_MONOTONIC minus this one, in ns */
	struct lp_uvloop uvloop;
};

/* Types by which callables are identified, most frequent first; learned by programs. */
struct lp_python_types {
	__u64 step_type; /* wrapper of _asyncio for a task's step */
	__u64 wakeup_type; /* wrapper of _asyncio for a task's wakeup, up to 3.9 */
	__u64 partial_type;
	__u64 cython_type; /* cython_function_or_method, which begins as a PyCFunction */
	__u64 wakeup_method; /* PyMethodDef of task_wakeup, 3.10 and later */
};

#define LP_STEP_METHODS 4
#define LP_TASK_CLASSES 4

/* Tasks that are written in Python; learned by programs. */
struct lp_written_tasks {
	__u64 methods[LP_STEP_METHODS]; /* code objects of methods that step a task */
	struct lp_task_class {
		__u64 type;
		__u32 place; /* tp_basicsize, or up to 3.10 tp_dictoffset */
		__u32 index; /* number of the attribute that is the coroutine */
	} classes[LP_TASK_CLASSES];
};

_Static_assert(sizeof(struct lp_python_offsets) == 72, "wire");

_Static_assert(sizeof(struct lp_task_offsets) == 24, "wire");

_Static_assert(sizeof(struct lp_await_offsets) == 16, "wire");

#endif /* LP_BPF_WIRE_PYTHON_H */
