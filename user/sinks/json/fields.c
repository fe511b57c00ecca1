// SPDX-License-Identifier: BSD-2-Clause
#include "fields.h"

#include "model/names.h"

uint32_t json_loop_id(const struct lp_loop_info *loop)
{
	return loop ? loop->id : 0;
}

void json_line(struct lp_json_writer *json, const char *type)
{
	json_object(json, NULL);
	json_text(json, "type", type);
}

void json_loop_line(struct lp_json_writer *json, const char *type, const struct lp_loop_info *loop)
{
	json_line(json, type);
	json_number(json, "loop_id", json_loop_id(loop));
}

void json_program(struct lp_json_writer *json, const struct lp_loop_info *loop)
{
	json_text(json, "comm", loop->comm);
	json_text(json, "runtime", loop->runtime);
	json_text(json, "runtime_version", loop->version);
	json_text(json, "exe", loop->exe);
	json_text_or_null(json, "container", loop->container);
	json_text_or_null(json, "unit", loop->unit);
	json_text_or_null(json, "pod", loop->pod);
	json_text_or_null(json, "host", loop->host);
}

void json_place(struct lp_json_writer *json, const struct lp_callback_info *callback)
{
	json_text(json, "name", callback->name);
	json_text(json, "file", callback->file);
	json_number(json, "line", callback->line);
}

void json_exception(struct lp_json_writer *json, const char *type, const char *message)
{
	json_object(json, "exception");
	json_text(json, "type", type);
	json_text(json, "message", message);
	json_end(json);
}

void json_frame(struct lp_json_writer *json, const char *name, const struct lp_shown_frame *frame)
{
	if (!frame) {
		json_null(json, name);
		return;
	}
	json_object(json, name);
	json_text(json, "function", frame->function);
	json_text(json, "file", frame->file);
	json_number(json, "line", frame->line);
	json_text(json, "kind", frame_kind_name(frame->kind));
	json_end(json);
}

void json_stack(struct lp_json_writer *json, const char *name, const struct lp_stack *stack)
{
	char flag[48];
	uint32_t i;

	json_array(json, name);
	for (i = 0; i < stack->depth; i++)
		json_frame(json, NULL, stack->frames[i]);
	json_end(json);
	if (stack->cut) {
		snprintf(flag, sizeof(flag), "%s_cut", name);
		json_bool(json, flag, true);
	}
	if (stack->unreadable) {
		snprintf(flag, sizeof(flag), "%s_unreadable", name);
		json_bool(json, flag, true);
	}
}

void json_memory(struct lp_json_writer *json, const struct lp_memory_shortage *memory)
{
	if (!memory_shortage_is_known(memory))
		return;
	json_object(json, "memory");
	json_number(json, "reclaim_ns", memory->reclaim_ns);
	json_number(json, "fault_ns", memory->fault_ns);
	json_number(json, "memory_high_ns", memory->memory_high_ns);
	json_number(json, "refault_ns", memory->refault_ns);
	if (memory->limit_bytes) {
		json_object(json, "limit");
		json_text(json, "kind", memory_limit_name(memory->kind));
		json_text_or_null(json, "cgroup", memory->cgroup);
		json_number(json, "used_bytes", memory->used_bytes);
		json_number(json, "limit_bytes", memory->limit_bytes);
		json_end(json);
	} else {
		json_null(json, "limit");
	}
	json_end(json);
}
