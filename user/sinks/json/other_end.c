// SPDX-License-Identifier: BSD-2-Clause
/* Who is at the other end of what a thread is blocked on. */
#include "fields.h"

#include "wire/syscalls.h"

/* Writes "descriptor" and "resource". */
static void write_descriptor(struct lp_json_writer *json, const struct lp_other_end_file *file)
{
	if (file->descriptor < 0)
		json_null(json, "descriptor");
	else
		json_number(json, "descriptor", (uint64_t)file->descriptor);
	json_text_or_null(json, "resource", file->name);
}

static void write_process(struct lp_json_writer *json, const struct lp_other_end_process *process)
{
	char state[2] = { process->state, '\0' };

	json_object(json, NULL);
	json_signed(json, "pid", process->pid);
	json_text(json, "comm", process->comm);
	json_text_or_null(json, "state", state);
	json_text_or_null(json, "syscall",
			  process->syscall < 0 ? NULL : syscall_name(process->syscall));
	write_descriptor(json, &process->file);
	json_bool(json, "waits_for_this", process->waits_for_us);
	json_end(json);
}

void json_other_end(struct lp_json_writer *json, const struct lp_other_end *end)
{
	static const char *const kinds[LP_OTHER_END_KINDS] = {
		[LP_OTHER_END_NONE] = NULL,	  [LP_OTHER_END_PIPE] = "pipe",
		[LP_OTHER_END_SOCKET] = "socket", [LP_OTHER_END_LOCK] = "file_lock",
		[LP_OTHER_END_SQLITE] = "sqlite", [LP_OTHER_END_CHILD] = "child",
	};
	size_t i;

	json_text_or_null(json, "syscall", end->syscall < 0 ? NULL : syscall_name(end->syscall));
	json_text_or_null(json, "kind", end->kind < LP_OTHER_END_KINDS ? kinds[end->kind] : NULL);
	write_descriptor(json, &end->file);
	json_array(json, "processes");
	for (i = 0; i < end->count && i < LP_OTHER_END_PROCESSES; i++)
		write_process(json, &end->processes[i]);
	json_end(json);
	json_number(json, "process_count", end->count);
	json_bool(json, "itself", end->itself);
}
