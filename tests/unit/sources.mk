# SPDX-License-Identifier: BSD-2-Clause
# What each unit test links besides its own file; all take -lcmocka and LDLIBS.

# What names people and what may not be done.
test_messages_SOURCES = user/base/error.c user/base/log.c
test_namespaces_SOURCES = user/privileges/namespaces.c user/base/error.c
test_notify_SOURCES = user/commands/notify.c user/base/log.c
test_rights_SOURCES = user/privileges/rights.c user/privileges/namespaces.c user/base/error.c
test_launch_SOURCES = user/discovery/launch.c user/base/error.c user/privileges/sudo.c
test_sudo_SOURCES = user/privileges/sudo.c user/base/error.c
test_text_labels_SOURCES = user/sinks/text/labels.c user/sinks/text/print.c user/base/text.c

file_SOURCES = user/files/output_file.c user/files/output_place.c user/files/replace.c user/files/standard.c \
	user/files/stream.c user/files/writing.c

test_append_SOURCES = user/files/append_file.c $(file_SOURCES) user/base/error.c user/base/log.c
test_account_SOURCES = user/live/account.c
test_budget_SOURCES = user/session/allowance.c
test_capture_SOURCES = user/capture/reader.c user/capture/block.c user/base/error.c
test_archive_SOURCES = $(test_recording_SOURCES)
test_captures_SOURCES = user/capture/merge.c user/capture/segments.c $(test_recording_SOURCES)
test_recording_SOURCES = user/capture/recorder.c user/capture/destination.c user/capture/directory.c user/capture/checkpoint.c \
	user/capture/packed_record.c user/capture/block.c user/capture/reader.c $(file_SOURCES) \
	user/base/error.c user/base/log.c
test_cgroup_SOURCES = user/process/cgroup.c
elf_SOURCES = user/elf/elf_file.c user/elf/elf_symbols.c user/elf/elf_relocations.c \
	user/elf/elf_reader.c
test_code_SOURCES = user/elf/code_search.c $(elf_SOURCES)
test_elf_file_SOURCES = $(test_code_SOURCES)
test_compare_SOURCES = $(wildcard user/compare/*.c) user/wire/histogram.c user/sinks/text/print.c \
	user/sinks/text/stack.c user/sinks/json/fields.c user/sinks/escape.c user/base/text.c
test_decode_SOURCES = user/wire/decode.c user/wire/instants.c user/base/text.c
test_decode_findings_SOURCES = user/wire/decode.c user/wire/instants.c user/base/text.c
test_decode_names_SOURCES = user/wire/decode.c user/wire/instants.c user/base/text.c
test_decode_stalls_SOURCES = user/wire/decode.c user/wire/instants.c user/base/text.c
test_defined_SOURCES = user/runtime/cpython/defined.c user/elf/pointers.c $(elf_SOURCES)
test_definer_SOURCES = user/runtime/cpython/definer.c user/elf/function.c user/elf/probe_place.c \
	user/elf/mapped_file.c user/process/mappings.c user/process/memory.c user/base/error.c \
	$(elf_SOURCES)
test_mapped_file_SOURCES = user/elf/mapped_file.c
test_escape_SOURCES = user/sinks/escape.c
export_SOURCES = user/sinks/profiles/stall_sink.c user/sinks/profiles/once_per_stall.c user/sinks/profiles/stall_parts.c \
	user/sinks/profiles/document.c $(file_SOURCES) user/sinks/escape.c user/base/intern.c \
	user/sinks/profiles/stack_weights.c user/wire/histogram.c user/base/error.c user/base/log.c
test_csv_SOURCES = user/sinks/tables/csv.c $(export_SOURCES)
test_folded_SOURCES = user/sinks/profiles/folded.c $(export_SOURCES)
test_hdr_SOURCES = user/sinks/tables/hdr_histogram.c user/wire/histogram.c
test_histogram_SOURCES = user/wire/histogram.c
test_holdings_SOURCES = user/session/holdings.c
test_html_SOURCES = user/sinks/profiles/once_per_stall.c user/sinks/profiles/stall_parts.c user/sinks/html/html.c user/sinks/html/data.c user/sinks/html/history.c \
	user/sinks/html/kept.c user/sinks/html/loops.c user/sinks/html/tables.c user/base/blobs.c \
	user/sinks/escape.c $(file_SOURCES) user/wire/finding_kinds.c user/wire/histogram.c user/base/text.c \
	user/base/error.c user/base/log.c
test_instruction_SOURCES = user/elf/probe_place.c
test_hlog_SOURCES = user/sinks/tables/hdr_log.c user/sinks/tables/hdr_histogram.c $(export_SOURCES)
test_intern_SOURCES = user/base/intern.c
test_json_SOURCES = user/sinks/json/json.c user/sinks/json/fields.c user/sinks/json/stall.c \
	user/sinks/json/summary.c user/sinks/json/findings.c user/wire/finding_kinds.c user/wire/histogram.c \
	$(file_SOURCES) user/sinks/escape.c user/base/error.c user/base/log.c
test_json_findings_SOURCES = $(test_json_SOURCES)
test_json_stall_SOURCES = $(test_json_SOURCES)
test_kernel_SOURCES = user/symbolise/kernel.c user/base/text.c
test_known_SOURCES = user/discovery/program_cache.c user/discovery/new_processes.c
test_handlers_SOURCES = user/runtime/cpython/layout/handlers.c user/runtime/cpython/layout/versions.c
test_lines_SOURCES = user/runtime/cpython/layout/line_table.c user/runtime/cpython/layout/versions.c
test_decode_times_SOURCES = $(test_model_SOURCES)
test_mappings_SOURCES = user/process/mappings.c
test_model_SOURCES = user/model/model.c user/model/loops.c user/model/sources.c user/model/processes.c \
	user/model/callbacks.c user/model/ended_loops.c user/model/summary.c user/model/pending_stalls.c \
	user/model/stall_breakdown.c user/model/lost_time.c user/model/stacks.c user/wire/histogram.c \
	user/model/findings.c user/model/limited.c user/model/lifetimes.c user/model/own_frames.c user/wire/decode.c user/wire/instants.c \
	user/wire/resource_text.c user/wire/syscalls.c user/base/text.c
test_model_causes_SOURCES = $(test_model_SOURCES)
test_model_findings_SOURCES = $(test_model_SOURCES)
test_model_fold_SOURCES = $(test_model_SOURCES)
test_model_group_SOURCES = $(test_model_SOURCES) user/model/group.c
test_model_iterations_SOURCES = $(test_model_SOURCES)
test_model_lifetimes_SOURCES = $(test_model_SOURCES)
test_model_reasons_SOURCES = $(test_model_SOURCES)
test_model_sources_SOURCES = $(test_model_SOURCES)
test_model_stacks_SOURCES = $(test_model_SOURCES)
test_model_stalls_SOURCES = $(test_model_SOURCES)
test_native_SOURCES = user/symbolise/native.c user/elf/cold_part.c \
	user/elf/mapped_files.c user/process/mappings.c user/base/text.c $(test_unwind_SOURCES)
test_options_SOURCES = user/options/options.c user/options/values.c user/options/table.c user/wire/finding_kinds.c \
	user/process/cgroup.c user/base/log.c
test_otlp_SOURCES = user/sinks/metrics/otlp_lines.c user/sinks/metrics/metrics.c user/sinks/escape.c user/wire/finding_kinds.c \
	user/sinks/metrics/export_failures.c $(test_series_SOURCES)
test_output_file_SOURCES = $(file_SOURCES) user/base/error.c user/base/log.c
test_parts_SOURCES = user/sinks/profiles/stall_parts.c user/sinks/profiles/once_per_stall.c
test_places_SOURCES = user/symbolise/frame_numbers.c
test_pprof_SOURCES = user/sinks/profiles/pprof.c user/sinks/profiles/protobuf.c $(export_SOURCES)
test_process_SOURCES = user/process/process.c user/process/cgroup.c user/base/error.c
test_progress_SOURCES = user/live/ongoing_stalls.c user/process/memory.c user/wire/decode.c user/wire/instants.c \
	user/base/text.c
test_prometheus_SOURCES = user/sinks/metrics/prometheus.c user/sinks/metrics/metrics.c user/sinks/metrics/series.c user/sinks/metrics/label_sets.c \
	user/sinks/metrics/exemplar.c user/sinks/metrics/export_failures.c user/model/own_frames.c user/base/text.c $(file_SOURCES) \
	user/sinks/escape.c user/wire/finding_kinds.c user/wire/histogram.c user/base/error.c user/base/log.c
test_prometheus_findings_SOURCES = $(test_prometheus_SOURCES)
test_protobuf_SOURCES = user/sinks/profiles/protobuf.c
test_ring_SOURCES = user/live/ring.c
test_share_SOURCES = user/live/share.c
test_resource_SOURCES = user/wire/resource_text.c user/base/text.c
test_roles_SOURCES = user/session/roles.c
test_rows_SOURCES = user/runtime/cpython/layout/versions.c user/runtime/cpython/layout/debug_offsets.c
test_speedscope_SOURCES = user/sinks/profiles/speedscope.c user/sinks/json/fields.c $(export_SOURCES)
test_symbolise_findings_SOURCES = user/symbolise/findings.c user/symbolise/symbolise.c \
	user/symbolise/frame_numbers.c user/symbolise/kernel.c $(test_native_SOURCES)
test_series_SOURCES = user/sinks/metrics/series.c user/sinks/metrics/label_sets.c user/sinks/metrics/exemplar.c \
	user/model/own_frames.c user/wire/histogram.c
test_supervise_SOURCES = user/tasks/supervise.c user/process/standing.c $(file_SOURCES) \
	user/base/error.c user/base/log.c
test_syscalls_SOURCES = user/wire/syscalls.c
test_tasks_graph_SOURCES = user/tasks/graph.c user/tasks/deadlock.c user/tasks/csr_graph.c \
	user/tasks/snapshot.c user/tasks/frames.c user/runtime/task_list.c user/wire/loop_kinds.c user/base/text.c \
	user/process/process.c user/process/cgroup.c user/base/error.c
test_tasks_diff_SOURCES = $(test_tasks_graph_SOURCES) user/tasks/diff.c
test_tasks_json_SOURCES = $(test_tasks_diff_SOURCES) user/tasks/json.c user/sinks/json/fields.c \
	user/sinks/escape.c
test_tasks_pause_SOURCES = user/process/pause.c user/base/error.c
test_tasks_text_SOURCES = $(test_tasks_diff_SOURCES) user/tasks/text.c user/sinks/terminal.c user/tasks/text_change.c \
	user/tasks/tree.c user/tasks/text_task.c user/tasks/alike.c user/tasks/wrap.c \
	user/sinks/text/print.c user/sinks/text/stack.c $(file_SOURCES) user/wire/finding_kinds.c \
	user/base/error.c user/base/log.c
test_tasks_arena_SOURCES = user/runtime/task_list.c user/process/memory.c user/base/text.c
test_text_SOURCES = user/base/text.c
test_threads_SOURCES = user/runtime/cpython/objects/threads.c user/runtime/cpython/waits/address_map.c
test_trace_SOURCES = user/sinks/profiles/perfetto.c user/sinks/profiles/perfetto_packet.c user/sinks/profiles/protobuf.c \
	user/wire/finding_kinds.c $(export_SOURCES)
test_unwind_SOURCES = user/elf/unwind.c user/elf/dwarf_expression.c \
	user/elf/image.c user/elf/eh_frame.c user/elf/elf_reader.c
test_text_sink_SOURCES = user/sinks/text/text.c user/sinks/terminal.c user/sinks/text/lost_time.c user/sinks/text/labels.c user/sinks/text/print.c \
	user/sinks/text/breakdown.c user/sinks/text/stack.c user/sinks/text/stall.c \
	user/sinks/text/summary.c user/sinks/text/findings.c user/sinks/text/explain.c \
	user/sinks/text/lifetimes.c user/wire/finding_kinds.c user/model/own_frames.c user/wire/histogram.c \
	$(file_SOURCES) user/base/text.c user/base/error.c user/base/log.c
test_text_findings_SOURCES = $(test_text_sink_SOURCES)
test_text_summary_SOURCES = $(test_text_sink_SOURCES)
test_remote_SOURCES = $(filter user/runtime/cpython/% user/elf/% user/process/%,$(SOURCES)) user/runtime/remote/remote.c \
	user/runtime/remote/adapter.c user/runtime/remote/examine.c user/runtime/runtime.c \
	user/runtime/task_list.c user/wire/loop_kinds.c user/privileges/sandbox.c user/privileges/rights.c user/privileges/namespaces.c \
	user/base/text.c user/base/error.c user/base/log.c
test_writing_SOURCES = user/files/writing.c
test_worker_SOURCES = user/process/worker.c user/process/spawner.c user/process/standing.c \
	user/privileges/sandbox.c user/base/log.c
test_sandbox_SOURCES = user/privileges/sandbox.c user/base/log.c
test_waits_SOURCES = $(wildcard user/runtime/cpython/waits/*.c) user/runtime/cpython/objects/await_chain.c \
	user/runtime/cpython/objects/instance.c user/runtime/cpython/objects/object.c user/runtime/cpython/objects/key_hints.c user/runtime/cpython/layout/versions.c \
	user/runtime/task_list.c user/process/memory.c user/base/text.c


# The fuzz targets of tests/fuzz link tests/fuzz/seeds.c as well.
fuzz_capture_SOURCES = user/capture/segments.c $(test_capture_SOURCES)
fuzz_decode_SOURCES = $(test_model_SOURCES)
fuzz_elf_SOURCES = $(test_code_SOURCES) user/elf/probe_place.c
fuzz_eh_frame_SOURCES = user/elf/cold_part.c $(test_unwind_SOURCES)
fuzz_names_SOURCES = user/process/cgroup.c user/process/mappings.c
fuzz_lines_SOURCES = user/runtime/cpython/layout/line_table.c user/runtime/cpython/layout/versions.c
fuzz_text_SOURCES = user/base/text.c
# all that reads a CPython, but for the reading of memory itself
fuzz_objects_SOURCES = $(filter user/runtime/cpython/%,$(SOURCES)) $(filter-out user/process/memory.c,$(filter user/process/% user/elf/%,$(SOURCES))) \
	user/runtime/task_list.c user/wire/loop_kinds.c user/privileges/sandbox.c user/base/log.c user/privileges/rights.c user/privileges/namespaces.c
# all that reads a capture and writes from it
fuzz_report_SOURCES = user/commands/report.c user/commands/read_captures.c user/commands/open_sinks.c user/wire/finding_kinds.c user/wire/syscalls.c \
	user/wire/loop_kinds.c $(filter user/sinks/% user/files/% user/model/%,$(SOURCES)) user/wire/decode.c user/wire/instants.c user/wire/resource_text.c user/base/intern.c user/base/blobs.c \
	$(addprefix user/capture/,reader.c merge.c segments.c block.c)
