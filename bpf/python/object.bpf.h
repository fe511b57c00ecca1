/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Reads CPython objects of the current process. None of this memory is trusted: every read may
 * fail, and every size is limited to the buffer.
 */
#ifndef LP_BPF_PYTHON_OBJECT_BPF_H
#define LP_BPF_PYTHON_OBJECT_BPF_H

#include "loop/common.bpf.h"

/* Fields that have the same offset from CPython 3.8 to 3.15. */
#define LP_OBJECT_TYPE 8
#define LP_TYPE_NAME 24
#define LP_TYPE_BASIC_SIZE 32
#define LP_TYPE_DICT_OFFSET 288
#define LP_STRING_LENGTH 16
#define LP_STRING_STATE 32
#define LP_METHODDEF_NAME 0
#define LP_BUILTIN_METHOD 16 /* PyCFunctionObject.m_ml */
#define LP_BUILTIN_SELF 24

/* The PyThreadState of the GIL's holder; it is the current thread's wherever that holds the GIL. */
static __always_inline __u64 lp_thread_state(const struct lp_python *python)
{
	__u64 address = python->thread_base;
	__u32 i;

	for (i = 0; i < LP_CHAIN_STEPS; i++) {
		if (i >= python->thread_steps)
			break;
		address = lp_read_u64(address + python->thread_offsets[i]);
	}
	return address;
}

/* The innermost Python frame. */
static __always_inline __u64 lp_top_frame(const struct lp_python_offsets *offsets,
					  __u64 thread_state)
{
	if (offsets->tstate_cframe != LP_NO_FIELD)
		thread_state = lp_read_u64(thread_state + offsets->tstate_cframe);
	return lp_read_u64(thread_state + offsets->tstate_current_frame);
}

/*
 * Returns whether a thread runs no Python code at all, as while the interpreter is finalised. A
 * frame that cannot be read is no proof of that.
 */
static __always_inline bool lp_is_frameless(const struct lp_python_offsets *offsets,
					    __u64 thread_state)
{
	__u64 frame = 1;

	if (offsets->tstate_cframe != LP_NO_FIELD)
		thread_state = lp_read_u64(thread_state + offsets->tstate_cframe);
	return thread_state &&
	       !bpf_probe_read_user(&frame, sizeof(frame),
				    (void *)(thread_state + offsets->tstate_current_frame)) &&
	       !frame;
}

/*
 * Copies the characters of a str. If the text does not fit, its beginning is copied, or with
 * keep_end its end: the end of a path says more than its beginning.
 */
static __always_inline void lp_read_text(const struct lp_python_offsets *offsets, __u64 string,
					 struct lp_text *text, __u8 *data, __u32 capacity,
					 bool keep_end)
{
	__u64 length = lp_read_u64(string + LP_STRING_LENGTH);
	__u32 state = 0, width, wanted;
	__u64 from, bytes;

	text->bytes = 0;
	text->width = 1;
	text->flags = LP_TEXT_UNREADABLE;
	if (!string ||
	    bpf_probe_read_user(&state, sizeof(state), (void *)(string + LP_STRING_STATE)))
		return;
	/* PyASCIIObject.state: interned 2 bits, kind 3, compact 1, ascii 1 (3.8 to 3.15) */
	width = (state >> 2) & 7;
	if (width != 1 && width != 2 && width != 4)
		return;
	from = string + (state & 0x40 ? offsets->string_ascii : offsets->string_wide);
	bytes = length * width;
	text->flags = state & 0x40 ? LP_TEXT_ASCII : 0;
	wanted = bytes > capacity ? capacity : bytes;
	if (bytes > capacity) {
		text->flags |= LP_TEXT_CUT;
		if (keep_end)
			from += bytes - capacity;
	}
	/* Lets the verifier of 5.10 know the bound at the call. */
	asm volatile("" : "+r"(wanted));
	if (wanted > capacity)
		wanted = capacity;
	if (bpf_probe_read_user(data, wanted, (void *)from)) {
		text->flags |= LP_TEXT_UNREADABLE;
		return;
	}
	text->width = width;
	text->bytes = wanted;
}

/* The same for a C string. */
static __always_inline void lp_read_c_text(__u64 string, struct lp_text *text, __u8 *data,
					   __u32 capacity)
{
	long length = bpf_probe_read_user_str(data, capacity, (void *)string);

	text->width = 1;
	text->bytes = length > 0 ? length - 1 : 0;
	text->flags = length > 0 ? LP_TEXT_ASCII : LP_TEXT_UNREADABLE;
}

/*
 * Returns whether this code object is Handle._run of asyncio/events.py. Its name and the end of
 * its file name are compared; its qualified name exists only from 3.11 on.
 */
static __always_inline bool lp_is_handle_run(const struct lp_python_offsets *offsets, __u64 code)
{
	__u64 name = lp_read_u64(code + offsets->co_name);
	__u64 file = lp_read_u64(code + offsets->co_filename);
	__u64 length;
	char text[9];

	if (lp_read_u64(name + LP_STRING_LENGTH) != 4 ||
	    bpf_probe_read_user(text, 4, (void *)(name + offsets->string_ascii)))
		return false;
	if (text[0] != '_' || text[1] != 'r' || text[2] != 'u' || text[3] != 'n')
		return false;
	length = lp_read_u64(file + LP_STRING_LENGTH);
	if (length < sizeof(text) ||
	    bpf_probe_read_user(text, sizeof(text),
				(void *)(file + offsets->string_ascii + length - sizeof(text))))
		return false;
	return text[0] == 'e' && text[1] == 'v' && text[2] == 'e' && text[3] == 'n' &&
	       text[4] == 't' && text[5] == 's' && text[6] == '.' && text[7] == 'p' &&
	       text[8] == 'y';
}

/*
 * Returns whether a frame is the interpreter's own one between the frame that calls a class and the
 * frame of its __init__ (_Py_InitCleanup in Python/specialize.c; 3.12 and later). Tracebacks do not
 * have it. Its owner is the thread, as with other frames: it is recognised by its instruction,
 * which is one of the four of its code object, and by that code object, which has the first line 0
 * and the same string as its name and as its file.
 */
static __always_inline bool lp_is_init_shim(const struct lp_python_offsets *offsets, __u64 code,
					    __u64 instruction)
{
	if (offsets->init_shim_code == LP_NO_FIELD ||
	    instruction - (code + offsets->init_shim_code) >= LP_INIT_SHIM_BYTES)
		return false;
	return !(__u32)lp_read_u64(code + offsets->co_firstlineno) &&
	       lp_read_u64(code + offsets->co_filename) == lp_read_u64(code + offsets->co_name);
}

/*
 * Returns whether the context that the running callback entered is still entered. ctx_entered goes
 * to 0 when Context.run ends. A 1 alone proves nothing, as the object may have been freed and
 * created again for another thread: then the chain of contexts that this thread has entered
 * decides.
 */
static __always_inline bool lp_context_active(const struct lp_loop *loop)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u64 context;
	__u32 entered = 1;
	int i;

	/* Not known, of a callback that was running when the loop was discovered. */
	if (!loop->context)
		return false;
	bpf_probe_read_user(&entered, sizeof(entered),
			    (void *)(loop->context + offsets->ctx_entered));
	if (!entered)
		return false;
	context = lp_read_u64(loop->thread_state + offsets->tstate_context);
	for (i = 0; i < 8; i++) {
		if (context == loop->context)
			return true;
		if (!context)
			return false;
		context = lp_read_u64(context + offsets->ctx_prev);
	}
	return false;
}

#endif /* LP_BPF_PYTHON_OBJECT_BPF_H */
