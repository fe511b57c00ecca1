// SPDX-License-Identifier: BSD-2-Clause
/*
 * Functions are found without symbols: Cython stores the table of a class's C methods (cdef)
 * in a capsule in the class's dict, for modules with derived classes.
 */
#include "uvloop.h"

#include "process/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODULE "uvloop.loop"
#define METHOD_TABLE "__pyx_vtable__"
#define CAPSULE_POINTER 16
#define DESCRIPTOR_METHOD 40 /* PyMethodDescrObject.d_method, 3.8 to 3.15 */
/* Loop.uvloop, a uv_loop_t *; uv_loop_t.backend_fd, an int, in the ABI of all libuv 1.x */
#define LOOP_UV 24
#define UV_BACKEND 64

/*
 * Sizes of Handle and TimerHandle, whose fields bpf/python/ reads. They are the same in 0.14 to
 * 0.23; versions before 0.17 are not refused, but not tested either.
 */
#define HANDLE_BYTES 120
#define TIMER_BYTES 96
#define TIMER_BYTES_15 88 /* up to 0.15, which has no _when at the end */
/*
 * uv__loop_internal_fields_t: loop_metrics.metrics.loop_count, which each iteration increments
 * since libuv 1.45, of which uvloop 0.18 is the first.
 */
#define UV_LOOP_COUNT 8
#define LOOP_COUNT_SINCE 18
#define LOOP_READY 96 /* Loop._ready, a deque; 0.17 and later */

/* Fields of Handle. */
#define HANDLE_LOOP 24
#define HANDLE_CONTEXT 32
#define HANDLE_NAME 48
#define HANDLE_CALLBACK_TYPE 56
#define HANDLE_FUNCTION 64
#define HANDLE_ARGUMENT 72
/* callback_type: the argument is a callable, or the self of a C method without further arguments */
#define HANDLE_CALLABLE 1
#define HANDLE_METHOD 2

/* collections.deque (Modules/_collectionsmodule.c), the same in 3.8 to 3.15 */
#define DEQUE_LEFT_BLOCK 24
#define DEQUE_LEFT_INDEX 40
#define DEQUE_ITEMS 8
#define DEQUE_BLOCK_ITEMS 64
/* The most contexts that a thread has entered within each other. */
#define CONTEXTS_MAX 8

uint64_t cpython_uvloop_type(const struct lp_cpython *python)
{
	return cpython_module_attribute(python, MODULE, "Loop");
}

static uint64_t basic_size(const struct lp_cpython *python, uint64_t type)
{
	return memory_u64(python->pid, type + CPYTHON_TYPE_BASIC_SIZE);
}

/* Returns whether the version that is loaded, "0.22.1", is at least 0.least. */
static bool is_version(const struct lp_cpython *python, unsigned int least)
{
	uint64_t version = cpython_module_attribute(python, "uvloop._version", "__version__");
	unsigned int first, second;
	char text[32];

	return version && !cpython_string(python, version, text, sizeof(text)) &&
	       sscanf(text, "%u.%u", &first, &second) == 2 && (first || second >= least);
}

int cpython_find_uvloop(const struct lp_cpython *python, struct lp_uvloop *uvloop)
{
	uint64_t bytes;

	memset(uvloop, 0, sizeof(*uvloop));
	uvloop->handle_type = cpython_module_attribute(python, MODULE, "Handle");
	uvloop->timer_type = cpython_module_attribute(python, MODULE, "TimerHandle");
	if (!uvloop->handle_type || !uvloop->timer_type)
		return -ENODEV;
	bytes = basic_size(python, uvloop->timer_type);
	uvloop->loop_count = is_version(python, LOOP_COUNT_SINCE) ? UV_LOOP_COUNT : 0;
	if (basic_size(python, uvloop->handle_type) == HANDLE_BYTES &&
	    (bytes == TIMER_BYTES || bytes == TIMER_BYTES_15))
		return 0;
	memset(uvloop, 0, sizeof(*uvloop));
	return -ENOTSUP;
}

uint64_t cpython_uvloop_method(const struct lp_cpython *python, const char *class, size_t index)
{
	uint64_t type = cpython_module_attribute(python, MODULE, class), capsule, table;

	if (!type)
		return 0;
	capsule = cpython_dict_get(python, memory_u64(python->pid, type + CPYTHON_TYPE_DICT),
				   METHOD_TABLE);
	table = capsule ? memory_u64(python->pid, capsule + CAPSULE_POINTER) : 0;
	return table ? memory_u64(python->pid, table + index * 8) : 0;
}

/*
 * Methods of a class are method descriptors up to Cython 0.29, and since Cython 3 functions of
 * its own type, which begin as PyCFunctionObject does.
 */
uint64_t cpython_uvloop_loop_method(const struct lp_cpython *python, const char *name)
{
	uint64_t type = cpython_uvloop_type(python), method, definition;
	char class[64];

	method = type ? cpython_dict_get(python, memory_u64(python->pid, type + CPYTHON_TYPE_DICT),
					 name)
		      : 0;
	if (!method || cpython_type_name(python, method, class, sizeof(class)))
		return 0;
	if (strcmp(class, "method_descriptor") != 0 && !strstr(class, "cython_function_or_method"))
		return 0;
	definition = memory_u64(python->pid, method + (class[0] == 'm' ? DESCRIPTOR_METHOD
								       : CPYTHON_BUILTIN_METHOD));
	return definition ? memory_u64(python->pid, definition + CPYTHON_METHOD_FUNCTION) : 0;
}

/* Returns whether a descriptor of the process is that of an epoll. */
static bool is_epoll(pid_t pid, uint32_t descriptor)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%u", pid, descriptor);
	return readlink(path, text, sizeof(text) - 1) > 0 && strstr(text, "eventpoll");
}

uint32_t cpython_uvloop_descriptor(const struct lp_cpython *python, uint64_t loop)
{
	uint64_t uv = memory_u64(python->pid, loop + LOOP_UV);
	uint32_t descriptor;

	if (!uv)
		return 0;
	descriptor = memory_u32(python->pid, uv + UV_BACKEND);
	return is_epoll(python->pid, descriptor) ? descriptor + 1 : 0;
}

/* Reads the Handle that was taken from the ready queue last: popleft leaves it in place. */
static bool read_last_handle(const struct lp_cpython *python, uint64_t loop, uint8_t *handle)
{
	uint64_t queue = memory_u64(python->pid, loop + LOOP_READY), block, index, address;

	block = queue ? memory_u64(python->pid, queue + DEQUE_LEFT_BLOCK) : 0;
	index = queue ? memory_u64(python->pid, queue + DEQUE_LEFT_INDEX) : 0;
	if (!block || !index || index > DEQUE_BLOCK_ITEMS)
		return false;
	address = memory_u64(python->pid, block + DEQUE_ITEMS + (index - 1) * 8);
	return address && !memory_read(python->pid, address, handle, HANDLE_BYTES);
}

static bool has_entered(const struct lp_cpython *python, uint64_t thread_state, uint64_t wanted)
{
	uint64_t context = memory_u64(python->pid, thread_state + python->row.thread.context);
	int i;

	for (i = 0; i < CONTEXTS_MAX && context && context != wanted; i++)
		context = memory_u64(python->pid, context + python->row.context.ctx_prev);
	return context && context == wanted;
}

static uint64_t handle_field(const uint8_t *handle, size_t offset)
{
	uint64_t value;

	memcpy(&value, handle + offset, sizeof(value));
	return value;
}

/* The counterpart of lp_uv_observe in bpf/python/observe.bpf.c. */
bool cpython_uvloop_running(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop,
			    struct lp_uvloop_running *running)
{
	uint64_t argument, context;
	uint8_t handle[HANDLE_BYTES];
	struct lp_uvloop types;
	uint32_t kind;

	memset(running, 0, sizeof(*running));
	if (cpython_find_uvloop(python, &types) || !read_last_handle(python, loop, handle))
		return false;
	context = handle_field(handle, HANDLE_CONTEXT);
	if (handle_field(handle, CPYTHON_OBJECT_TYPE) != types.handle_type ||
	    handle_field(handle, HANDLE_LOOP) != loop || !context ||
	    !has_entered(python, thread_state, context))
		return false;
	kind = (uint32_t)handle_field(handle, HANDLE_CALLBACK_TYPE);
	argument = handle_field(handle, HANDLE_ARGUMENT);
	if (kind == HANDLE_CALLABLE) {
		running->callable = argument;
		return argument != 0;
	}
	/* the loop's own method that runs the ready queue */
	if (kind == HANDLE_METHOD && argument == loop)
		return false;
	running->function = handle_field(handle, HANDLE_FUNCTION);
	running->name = handle_field(handle, HANDLE_NAME);
	return running->function != 0;
}
