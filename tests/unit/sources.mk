# SPDX-License-Identifier: BSD-2-Clause
# What each unit test links besides its own file; all take -lcmocka and LDLIBS.

test_capture_SOURCES = user/source/capture.c user/out/file.c user/error.c user/log.c
test_decode_SOURCES = user/decode/decode.c user/text.c
test_decode_names_SOURCES = user/decode/decode.c user/text.c
test_escape_SOURCES = user/out/escape.c
test_histogram_SOURCES = user/model/histogram.c
test_instruction_SOURCES = user/target/instruction.c
test_json_SOURCES = user/out/json.c user/model/histogram.c user/out/file.c user/out/escape.c \
	user/error.c user/log.c
test_lines_SOURCES = user/runtime/cpython_lines.c
test_model_SOURCES = user/model/model.c user/model/stalls.c user/model/histogram.c \
	user/decode/decode.c user/text.c
test_model_stalls_SOURCES = $(test_model_SOURCES)
test_options_SOURCES = user/options.c user/option_table.c
test_output_file_SOURCES = user/out/file.c user/error.c user/log.c
test_process_SOURCES = user/target/process.c user/error.c
test_prometheus_SOURCES = user/out/prometheus.c user/out/series.c user/out/file.c \
	user/out/escape.c user/error.c user/log.c
test_rows_SOURCES = user/runtime/cpython_rows.c
test_text_SOURCES = user/text.c


# The fuzz targets of tests/fuzz link tests/fuzz/driver.c as well.
fuzz_capture_SOURCES = user/source/capture.c user/out/file.c user/error.c user/log.c
fuzz_decode_SOURCES = $(test_model_SOURCES)
fuzz_lines_SOURCES = user/runtime/cpython_lines.c
fuzz_text_SOURCES = user/text.c
