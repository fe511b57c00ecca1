// SPDX-License-Identifier: BSD-2-Clause
#include "task_name.h"

#include "process/memory.h"
#include "runtime/cpython/objects/object.h"

#include <stdio.h>
#include <string.h>

void cpython_task_name(const struct lp_instance *instance, uint64_t task, char *name, size_t size)
{
	const struct lp_cpython *python = instance->reader;
	uint64_t object = memory_u64(python->pid, task + python->row.task.task_coro + 8);
	uint64_t number;

	name[0] = '\0';
	if (!object)
		return;
	/* 3.12 and later store the number of a task without a name as an int */
	if (!cpython_int(python, object, &number))
		snprintf(name, size, "Task-%llu", (unsigned long long)number);
	else
		cpython_string(python, object, name, size);
}

/* As lp_read_task_name in bpf/python/. */
void cpython_copy_task_name(const struct lp_instance *instance, uint64_t task,
			    struct lp_event_slow *event)
{
	const struct lp_python *python = &instance->layout.python;
	const struct lp_python_offsets *offsets = &python->offsets;
	uint64_t object = memory_u64(instance->pid, task + offsets->task_coro + 8);
	size_t bytes = LP_NAME_BYTES;
	uint64_t type;

	if (!object)
		return;
	while (bytes >= 32 && memory_read(instance->pid, object, event->task_name, bytes))
		bytes /= 2;
	if (bytes < 32)
		return;
	memcpy(&type, event->task_name + 8, sizeof(type));
	event->name_is_int = type == python->int_type;
	event->name_is_string = type == python->string_type;
	event->string_ascii = offsets->string_ascii;
	event->string_wide = offsets->string_wide;
	event->int_digit = offsets->ob_digit;
}
