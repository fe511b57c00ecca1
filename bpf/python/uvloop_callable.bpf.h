/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Identifies what a callback of uvloop's runs. */
#ifndef LP_BPF_PYTHON_UVLOOP_CALLABLE_BPF_H
#define LP_BPF_PYTHON_UVLOOP_CALLABLE_BPF_H

#include "loop/common.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"

#include "uvloop.bpf.h"

/*
 * The slot of a C method, by the name that its handle has for it; without a handle the callback is
 * an unknown call. Fills loop->callable.
 */
static __always_inline __u32 lp_uv_identify_method(struct lp_loop *loop, __u32 slot, __u64 handle,
						   __u64 function)
{
	__builtin_memset(&loop->callable, 0, sizeof(loop->callable));
	loop->callable.kind = LP_CALLBACK_BUILTIN;
	loop->callable.identity = function;
	if (handle)
		loop->callable.check =
			lp_read_u64(handle + __builtin_offsetof(struct lp_uv_handle_object, name));
	return lp_callback_slot(loop, slot, &loop->callable);
}

/* The slot of what a handle runs; fills loop->callable. */
static __always_inline __u32 lp_uv_identify(struct lp_loop *loop, __u32 slot, __u64 address,
					    const struct lp_uv_handle_object *handle, bool walked)
{
	if (handle->callback_type == LP_UV_CALLABLE)
		return lp_identify_callback(loop, slot, handle->argument, walked);
	return lp_uv_identify_method(loop, slot, address, handle->function);
}

/* The slot of a callback of which only the code of its outermost frame is known. */
static __always_inline __u32 lp_uv_identify_code(struct lp_loop *loop, __u32 slot, __u64 code)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u32 flags = 0;

	__builtin_memset(&loop->callable, 0, sizeof(loop->callable));
	bpf_probe_read_user(&flags, sizeof(flags), (void *)(code + offsets->co_flags));
	loop->callable.kind = flags & (LP_CO_COROUTINE | LP_CO_ITERABLE_COROUTINE)
				      ? LP_CALLBACK_TASK
				      : LP_CALLBACK_FUNCTION;
	loop->callable.identity = code;
	if (offsets->co_qualname != LP_NO_FIELD)
		loop->callable.check = lp_read_u64(code + offsets->co_qualname);
	return lp_callback_slot(loop, slot, &loop->callable);
}

#define LP_UV_REGISTERS 6

static __always_inline __u64 lp_uv_find_method(const struct lp_loop *loop, const __u64 *registers)
{
	const struct lp_python *python = &loop->layout.python;
	__u64 type;
	int i;

	for (i = 0; i < LP_UV_REGISTERS; i++) {
		type = registers[i] > 4096 ? lp_read_u64(registers[i] + LP_OBJECT_TYPE) : 0;
		if (type &&
		    (type == python->method_type || type == python->function_type ||
		     type == python->builtin_type || type == loop->types.python.cython_type ||
		     type == loop->types.python.partial_type))
			return registers[i];
	}
	return 0;
}

#endif /* LP_BPF_PYTHON_UVLOOP_CALLABLE_BPF_H */
