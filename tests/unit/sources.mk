# SPDX-License-Identifier: BSD-2-Clause
# What each unit test links besides its own file; all take -lcmocka and LDLIBS.

# What names people and what may not be done.
test_messages_SOURCES = user/error.c user/log.c
test_namespaces_SOURCES = user/namespaces.c user/error.c
test_notify_SOURCES = user/notify.c user/log.c
test_rights_SOURCES = user/rights.c user/namespaces.c user/error.c
test_launch_SOURCES = user/discovery/launch.c user/error.c user/sudo.c
test_sudo_SOURCES = user/sudo.c user/error.c
test_text_labels_SOURCES = user/out/text_labels.c user/out/text_print.c user/text.c

file_SOURCES = user/out/file.c user/out/place.c user/out/replace.c user/out/standard.c \
	user/out/stream.c user/out/writing.c

test_append_SOURCES = user/out/append.c $(file_SOURCES) user/error.c user/log.c
test_account_SOURCES = user/source/account.c
test_budget_SOURCES = user/budget/budget.c
test_capture_SOURCES = user/source/capture.c user/source/block.c user/error.c
test_archive_SOURCES = $(test_recording_SOURCES)
test_captures_SOURCES = user/source/captures.c user/source/chain.c $(test_recording_SOURCES)
test_recording_SOURCES = user/source/recording.c user/source/destination.c user/source/archive.c user/source/replay.c \
	user/source/packed.c user/source/block.c user/source/capture.c $(file_SOURCES) \
	user/error.c user/log.c
test_cgroup_SOURCES = user/target/cgroup.c
elf_SOURCES = user/target/elf_file.c user/target/elf_symbols.c user/target/elf_relocations.c \
	user/target/elf_reader.c
test_code_SOURCES = user/target/code.c $(elf_SOURCES)
test_elf_file_SOURCES = $(test_code_SOURCES)
test_compare_SOURCES = $(wildcard user/compare/*.c) user/model/histogram.c user/out/text_print.c \
	user/out/text_stack.c user/out/json_parts.c user/out/escape.c user/text.c
test_decode_SOURCES = user/decode/decode.c user/decode/instants.c user/text.c
test_decode_findings_SOURCES = user/decode/decode.c user/decode/instants.c user/text.c
test_decode_names_SOURCES = user/decode/decode.c user/decode/instants.c user/text.c
test_decode_stalls_SOURCES = user/decode/decode.c user/decode/instants.c user/text.c
test_defined_SOURCES = user/cpython/defined.c user/target/pointers.c $(elf_SOURCES)
test_definer_SOURCES = user/cpython/definer.c user/target/function.c user/target/instruction.c \
	user/target/mapped_file.c user/target/mappings.c user/target/memory.c user/error.c \
	$(elf_SOURCES)
test_mapped_file_SOURCES = user/target/mapped_file.c
test_escape_SOURCES = user/out/escape.c
export_SOURCES = user/out/stall_sink.c user/out/stalls_told.c user/out/parts.c \
	user/out/document.c $(file_SOURCES) user/out/escape.c user/out/intern.c \
	user/out/weights.c user/model/histogram.c user/error.c user/log.c
test_csv_SOURCES = user/out/csv.c $(export_SOURCES)
test_folded_SOURCES = user/out/folded.c $(export_SOURCES)
test_hdr_SOURCES = user/out/hdr.c user/model/histogram.c
test_histogram_SOURCES = user/model/histogram.c
test_holdings_SOURCES = user/session/holdings.c
test_html_SOURCES = user/out/stalls_told.c user/out/parts.c user/out/html.c user/out/html_data.c user/out/html_history.c \
	user/out/html_kept.c user/out/html_loops.c user/out/html_tables.c user/out/blobs.c \
	user/out/escape.c $(file_SOURCES) user/findings.c user/model/histogram.c user/text.c \
	user/error.c user/log.c
test_instruction_SOURCES = user/target/instruction.c
test_hlog_SOURCES = user/out/hlog.c user/out/hdr.c $(export_SOURCES)
test_intern_SOURCES = user/out/intern.c
test_json_SOURCES = user/out/json.c user/out/json_parts.c user/out/json_stall.c \
	user/out/json_summary.c user/out/json_findings.c user/findings.c user/model/histogram.c \
	$(file_SOURCES) user/out/escape.c user/error.c user/log.c
test_json_findings_SOURCES = $(test_json_SOURCES)
test_json_stall_SOURCES = $(test_json_SOURCES)
test_kernel_SOURCES = user/symbolise/kernel.c user/text.c
test_known_SOURCES = user/discovery/known.c user/discovery/arrivals.c
test_handlers_SOURCES = user/cpython/handlers.c user/cpython/rows.c
test_lines_SOURCES = user/cpython/lines.c user/cpython/rows.c
test_decode_times_SOURCES = $(test_model_SOURCES)
test_mappings_SOURCES = user/target/mappings.c
test_model_SOURCES = user/model/model.c user/model/loops.c user/model/sources.c user/model/labels.c \
	user/model/callbacks.c user/model/fold.c user/model/summary.c user/model/stalls.c \
	user/model/reasons.c user/model/causes.c user/model/stacks.c user/model/histogram.c \
	user/model/findings.c user/model/limited.c user/model/lifetimes.c user/model/own.c user/decode/decode.c user/decode/instants.c \
	user/decode/resource.c user/syscalls.c user/text.c
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
test_native_SOURCES = user/symbolise/native.c user/symbolise/unwind_part.c \
	user/symbolise/unwind_programs.c user/target/mappings.c user/text.c $(test_unwind_SOURCES)
test_options_SOURCES = user/options.c user/option_values.c user/option_table.c user/findings.c \
	user/target/cgroup.c user/log.c
test_otlp_SOURCES = user/out/otlp_lines.c user/out/metrics.c user/out/escape.c user/findings.c \
	user/out/export_failures.c $(test_series_SOURCES)
test_output_file_SOURCES = $(file_SOURCES) user/error.c user/log.c
test_parts_SOURCES = user/out/parts.c user/out/stalls_told.c
test_places_SOURCES = user/symbolise/places.c
test_pprof_SOURCES = user/out/pprof.c user/out/protobuf.c $(export_SOURCES)
test_process_SOURCES = user/target/process.c user/target/cgroup.c user/error.c
test_progress_SOURCES = user/source/progress.c user/target/memory.c user/decode/decode.c user/decode/instants.c \
	user/text.c
test_prometheus_SOURCES = user/out/prometheus.c user/out/metrics.c user/out/series.c user/out/series_sets.c \
	user/out/exemplar.c user/out/export_failures.c user/model/own.c user/text.c $(file_SOURCES) \
	user/out/escape.c user/findings.c user/model/histogram.c user/error.c user/log.c
test_prometheus_findings_SOURCES = $(test_prometheus_SOURCES)
test_protobuf_SOURCES = user/out/protobuf.c
test_ring_SOURCES = user/source/ring.c
test_share_SOURCES = user/source/share.c
test_resource_SOURCES = user/decode/resource.c user/text.c
test_roles_SOURCES = user/session/roles.c
test_rows_SOURCES = user/cpython/rows.c user/cpython/debug.c
test_speedscope_SOURCES = user/out/speedscope.c user/out/json_parts.c $(export_SOURCES)
test_symbolise_findings_SOURCES = user/symbolise/findings.c user/symbolise/symbolise.c \
	user/symbolise/places.c user/symbolise/kernel.c $(test_native_SOURCES)
test_series_SOURCES = user/out/series.c user/out/series_sets.c user/out/exemplar.c \
	user/model/own.c user/model/histogram.c
test_supervise_SOURCES = user/tasks/supervise.c user/target/standing.c $(file_SOURCES) \
	user/error.c user/log.c
test_syscalls_SOURCES = user/syscalls.c
test_tasks_graph_SOURCES = user/tasks/graph.c user/tasks/deadlock.c user/tasks/links.c \
	user/tasks/view.c user/tasks/frames.c user/runtime/task.c user/runtime/kind.c user/text.c \
	user/target/process.c user/target/cgroup.c user/error.c
test_tasks_diff_SOURCES = $(test_tasks_graph_SOURCES) user/tasks/diff.c
test_tasks_json_SOURCES = $(test_tasks_diff_SOURCES) user/tasks/json.c user/out/json_parts.c \
	user/out/escape.c
test_tasks_pause_SOURCES = user/target/pause.c user/error.c
test_tasks_text_SOURCES = $(test_tasks_diff_SOURCES) user/tasks/text.c user/out/look.c user/tasks/text_change.c \
	user/tasks/tree.c user/tasks/line.c user/tasks/fold.c user/tasks/wrap.c \
	user/out/text_print.c user/out/text_stack.c $(file_SOURCES) user/findings.c \
	user/error.c user/log.c
test_tasks_arena_SOURCES = user/runtime/task.c user/target/memory.c user/text.c
test_text_SOURCES = user/text.c
test_threads_SOURCES = user/cpython/threads.c user/cpython/wait_map.c
test_trace_SOURCES = user/out/trace.c user/out/trace_packet.c user/out/protobuf.c \
	user/findings.c $(export_SOURCES)
test_unwind_SOURCES = user/symbolise/unwind.c user/symbolise/unwind_expression.c \
	user/symbolise/unwind_image.c user/symbolise/unwind_table.c user/target/elf_reader.c
test_text_sink_SOURCES = user/out/text.c user/out/look.c user/out/text_causes.c user/out/text_labels.c user/out/text_print.c \
	user/out/text_reasons.c user/out/text_stack.c user/out/text_stall.c \
	user/out/text_summary.c user/out/text_findings.c user/out/text_explain.c \
	user/out/text_lives.c user/findings.c user/model/own.c user/model/histogram.c \
	$(file_SOURCES) user/text.c user/error.c user/log.c
test_text_findings_SOURCES = $(test_text_sink_SOURCES)
test_text_summary_SOURCES = $(test_text_sink_SOURCES)
test_remote_SOURCES = $(wildcard user/cpython/*.c user/target/*.c) user/runtime/remote.c \
	user/runtime/remote_runtime.c user/runtime/examine.c user/runtime/runtime.c \
	user/runtime/task.c user/runtime/kind.c user/sandbox.c user/rights.c user/namespaces.c \
	user/text.c user/error.c user/log.c
test_writing_SOURCES = user/out/writing.c
test_worker_SOURCES = user/target/worker.c user/target/spawner.c user/target/standing.c \
	user/sandbox.c user/log.c
test_sandbox_SOURCES = user/sandbox.c user/log.c
test_waits_SOURCES = $(wildcard user/cpython/wait*.c) user/cpython/chain.c \
	user/cpython/instance.c user/cpython/object.c user/cpython/hints.c user/cpython/rows.c \
	user/runtime/task.c user/target/memory.c user/text.c


# The fuzz targets of tests/fuzz link tests/fuzz/seeds.c as well.
fuzz_capture_SOURCES = user/source/chain.c $(test_capture_SOURCES)
fuzz_decode_SOURCES = $(test_model_SOURCES)
fuzz_elf_SOURCES = $(test_code_SOURCES) user/target/instruction.c
fuzz_eh_frame_SOURCES = user/symbolise/unwind_part.c $(test_unwind_SOURCES)
fuzz_names_SOURCES = user/target/cgroup.c user/target/mappings.c
fuzz_lines_SOURCES = user/cpython/lines.c user/cpython/rows.c
fuzz_text_SOURCES = user/text.c
# all that reads a CPython, but for the reading of memory itself
fuzz_objects_SOURCES = $(wildcard user/cpython/*.c) $(filter-out user/target/memory.c,$(wildcard user/target/*.c)) \
	user/runtime/task.c user/runtime/kind.c user/sandbox.c user/log.c user/rights.c user/namespaces.c
# all that reads a capture and writes from it
fuzz_report_SOURCES = user/report.c user/input.c user/output.c user/findings.c user/syscalls.c \
	user/runtime/kind.c $(wildcard user/out/*.c user/model/*.c user/decode/*.c) \
	$(addprefix user/source/,capture.c captures.c chain.c block.c)
