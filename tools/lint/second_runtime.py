#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that a runtime is added to bpf/ without a change of the programs for all runtimes: adds a
made-up one to a copy of bpf/, as "To add a runtime" in user/README.md describes, and compiles them.

usage: second_runtime.py COMPILER FLAGS
"""
import concurrent.futures
import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import lint

FOLDER = """
#include "loop/common.bpf.h"

int lp_reel_end_step(__u32 slot);
int lp_reel_walk(__u32 slot, __u64 thread_state, __u32 most);
int lp_reel_observe(__u32 slot, __u64 now, __u32 certain);
int lp_reel_polls_itself(__u32 slot);
int lp_reel_poll_begins(__u32 slot);
__u64 lp_reel_iteration_begun(__u32 slot, __u64 now, __u32 on_cpu);

static __always_inline void lp_reel_copy_task_name(const struct lp_loop *loop, __u32 slot,
						   struct lp_event_slow *event)
{
	event->name_is_string = loop->layout.reel.named;
}
static __always_inline void lp_reel_find_lock(struct lp_loop *loop)
{
	loop->gil = 0;
}
static __always_inline bool lp_reel_callback_active(const struct lp_loop *loop)
{
	return loop->context;
}
static __always_inline __u64 lp_reel_loop_frame(const struct lp_loop *loop)
{
	return lp_read_u64(loop->thread_state);
}
static __always_inline bool lp_reel_object_runs(__u64 object)
{
	return lp_read_u64(object);
}
static __always_inline __u32 lp_reel_object_descriptor(__u64 object)
{
	return lp_read_u64(object + 8);
}
static __always_inline __u64 lp_reel_lock_holder(const struct lp_loop *loop)
{
	return 0;
}
static __always_inline __u64 lp_reel_holder_identity(const struct lp_loop *loop, __u64 thread_state)
{
	return thread_state;
}
static __always_inline __u32 lp_reel_holder_thread(const struct lp_loop *loop, __u64 thread_state)
{
	return 0;
}
static __always_inline __u64 lp_reel_current_state(const struct lp_loop *loop)
{
	return loop->thread_state;
}
"""
# the lines that a runtime adds to files that exist, each before another line or text
ADDED = {
    "wire/runtime.h": [
        ("/* The runtimes,", "struct lp_reel {\n\t__u32 named;\n};\n\n"),
        ("\tLP_RUNTIMES,", "\tLP_RUNTIME_REEL,\n"),
        ("\t\tstruct lp_python python;", "\t\tstruct lp_reel reel;\n"),
    ],
    "runtime.bpf.h": [
        ('#include "python/runtime.bpf.h"', '#include "reel/runtime.bpf.h"\n'),
        ("row(PYTHON, ", "row(REEL, lp_reel, __VA_ARGS__) "),
    ],
}


def add_runtime(bpf):
    os.mkdir(f"{bpf}/reel")
    with open(f"{bpf}/reel/runtime.bpf.h", "w", encoding="utf-8") as header:
        header.write(FOLDER)
    for path, lines in ADDED.items():
        text = lint.read(f"{bpf}/{path}")
        for before, line in lines:
            if text.count(before) != 1:
                sys.exit(f"second_runtime.py: bpf/{path} has not one {before!r}")
            text = text.replace(before, line + before)
        with open(f"{bpf}/{path}", "w", encoding="utf-8") as source:
            source.write(text)


def compile_program(compiler, path, bpf):
    """What is wrong with the program, or an empty text."""
    built = f"{path}.o"
    done = subprocess.run([*compiler, f"-I{bpf}", "-c", path, "-o", built], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        return f"with a second runtime {path} does not compile:\n{done.stderr}"
    with open(path, encoding="utf-8") as source, open(built, "rb") as program:
        if "lp_walk(" in source.read() and b"lp_reel_walk" not in program.read():
            return f"with a second runtime {path} walks stacks of the first one only"
    return ""


def main():
    lint.enter_root()
    compiler = [word for word in shlex.split(sys.argv[1]) if word != "-Ibpf"]
    with tempfile.TemporaryDirectory() as top:
        bpf = shutil.copytree("bpf", f"{top}/bpf")
        add_runtime(bpf)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = [text for text in pool.map(lambda path: compile_program(compiler, path, bpf),
                                               sorted(glob.glob(f"{bpf}/*.bpf.c"))) if text]
    lint.end(found)


if __name__ == "__main__":
    main()
