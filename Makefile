# SPDX-License-Identifier: BSD-2-Clause
# `make help` lists the targets.  Everything that is built stays under build/.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

CLANG ?= clang
CC ?= gcc
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PYTHON ?= python3

LIBRARIES = libbpf libelf zlib
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Werror
override CFLAGS += -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -isystem $(BUILD) -Iuser \
	$(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lZydis -lm -lpthread

# -mcpu=v2: the instruction set of every kernel from 5.10 on, in each program type.
# Programs have unused parameters, as the kernel defines their signatures.
BPF_CFLAGS = -O2 -g -target bpf -mcpu=v2 -D__TARGET_ARCH_x86 $(WARNINGS) \
	-Wno-unused-parameter -Ivmlinux -Ibpf $(shell $(PKG_CONFIG) --cflags libbpf 2>/dev/null)

# Source lines are nearly half of an object; `make BPF_STRIP=:` retains them for the verifier's log.
BPF_STRIP ?= tools/bpf-strip.sh

SOURCES = $(shell find user -name '*.c' | LC_ALL=C sort)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
# Four objects: the programs of findings are loaded when loops are profiled already, those of loops
# written in C when such a loop is found, and that of wakeups when a loop waits for a lock without an
# owner.  In each, the file that defines the maps comes first: libbpf 1.1 keeps the offsets of maps
# that it has read as extern before.
BPF_LATE = bpf/python/lost.bpf.c bpf/python/lifetimes.bpf.c bpf/python/cancels.bpf.c
BPF_C_LOOPS = bpf/python/uvloop_callbacks.bpf.c
BPF_WAKEUPS = bpf/wakeups.bpf.c bpf/python/walk.bpf.c
BPF_MAPS = bpf/poll.bpf.c
BPF_SOURCES = $(BPF_MAPS) \
	$(filter-out $(BPF_MAPS) $(BPF_LATE) $(BPF_C_LOOPS) $(BPF_WAKEUPS),\
		$(wildcard bpf/*.bpf.c bpf/*/*.bpf.c))
BPF_LATE_OBJECTS = $(BPF_LATE:bpf/%.c=$(BUILD)/bpf/%.o)
# The files with the functions that its programs call are linked into it as well.
BPF_C_LOOPS_OBJECTS = $(patsubst bpf/%.c,$(BUILD)/bpf/%.o,\
	$(BPF_C_LOOPS) bpf/slow.bpf.c bpf/python/end_step.bpf.c)
BPF_WAKEUPS_OBJECTS = $(BPF_WAKEUPS:bpf/%.c=$(BUILD)/bpf/%.o)
BPF_OBJECTS = $(BPF_SOURCES:bpf/%.c=$(BUILD)/bpf/%.o)
SKELETON = $(BUILD)/loopprof.skel.h $(BUILD)/lost.skel.h $(BUILD)/c_loops.skel.h \
	$(BUILD)/wakeups.skel.h

UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
SANITIZE = -fsanitize=address,undefined,float-cast-overflow \
	-fno-sanitize-recover=undefined,float-cast-overflow
SHELL_SCRIPTS = $(shell git ls-files '*.sh' .ci/run 2>/dev/null)
C_FILES = $(shell git ls-files 'bpf/*.[ch]' 'user/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' 2>/dev/null)

KERNELS ?= 5.10 6.12
JOBS ?= $(shell nproc)
BENCH_OPTIONS ?=
SOAK_OPTIONS ?=

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all static deb install check check-all check-unit check-packaging check-service check-vm field demo bench lint format man packages-% \
	histogram-edges fuzz-corpora clean help

all: $(BUILD)/loopprof  ## build build/loopprof

# Installs missing packages as root, and names them for others.
packages-%:
	@tools/packages.sh $*

$(BUILD)/loopprof: $(OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(filter $(BUILD)/user/session/%,$(OBJECTS)): $(SKELETON)
$(patsubst %,$(BUILD)/sanitized/tests/unit/test_%.o,bursts roles wakers): $(SKELETON)

# The fixed parts of the HTML page, around the data of a capture; scripts are in this order.
PAGE_SCRIPTS = units data view axis tooltip heat load timeline flame table \
	histogram tables record stall head main
PAGE_SOURCES = user/sinks/html/page/page.html user/sinks/html/page/page.css \
	$(PAGE_SCRIPTS:%=user/sinks/html/page/%.js)

$(BUILD)/html_page.h: tools/html-page.sh $(PAGE_SOURCES)
	@mkdir -p $(@D)
	$< $(PAGE_SOURCES) > $@

$(BUILD)/user/sinks/html/html.o $(BUILD)/sanitized/tests/unit/test_html.o: $(BUILD)/html_page.h

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
	$(BPF_STRIP) $@

$(BUILD)/loopprof.bpf.o: $(BPF_OBJECTS)
	$(BPFTOOL) gen object $@ $^

$(BUILD)/lost.bpf.o: $(BPF_LATE_OBJECTS)
	$(BPFTOOL) gen object $@ $^

$(BUILD)/c_loops.bpf.o: $(BPF_C_LOOPS_OBJECTS)
	$(BPFTOOL) gen object $@ $^

$(BUILD)/wakeups.bpf.o: $(BPF_WAKEUPS_OBJECTS)
	$(BPFTOOL) gen object $@ $^

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	@# what bpftool writes is not ours to lint
	{ echo '/* NOLINTBEGIN */' && $(BPFTOOL) gen skeleton $< name $*_bpf && \
		echo '/* NOLINTEND */'; } > $@

# A program that needs nothing of its host but the kernel.  ld warns of getpwuid and initgroups,
# which load nothing because of static_names.c.
static: packages-build packages-static $(BUILD)/loopprof-static  ## build/loopprof-static, for any distribution with a kernel from 5.10 on

$(BUILD)/libZydis.a: tools/packaging/zydis.sh
	CC=$(CC) tools/packaging/zydis.sh $(BUILD)

$(BUILD)/loopprof-static: $(OBJECTS) tools/packaging/static_names.c $(BUILD)/libZydis.a
	$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $(filter %.o %.c,$^) -L$(BUILD) -lZydis \
		$(shell $(PKG_CONFIG) --static --libs $(LIBRARIES) 2>/dev/null) -lm -lpthread 2>$@.log || { cat $@.log >&2; exit 1; }
	strip --strip-unneeded $@

deb: packages-build packages-deb man  ## build/loopprof_VERSION_amd64.deb
	BUILD=$(BUILD) tools/packaging/deb.sh

install: $(BUILD)/loopprof man  ## install the program and its man page (DESTDIR=, PREFIX=)
	install -D -m 755 $(BUILD)/loopprof $(DESTDIR)$(PREFIX)/sbin/loopprof
	install -D -m 644 $(BUILD)/loopprof.8 $(DESTDIR)$(PREFIX)/share/man/man8/loopprof.8

man: $(BUILD)/loopprof.8  ## build the man page from the option table

$(BUILD)/loopprof.8: $(BUILD)/loopprof
	$< --print-man-page > $@

# ---- tests ------------------------------------------------------------------

# All of the program but main.c, compiled once with sanitisers.  Tests and fuzzers link what they
# use, and may replace a file by definitions of its functions.
LIBRARY_SOURCES = $(filter-out user/main.c,$(SOURCES))

$(BUILD)/sanitized/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

# libFuzzer is a part of clang's runtime, and observes which branches an input takes.
FUZZ_SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-Wno-gnu-variable-sized-type-not-at-end

$(BUILD)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(BUILD)/sanitized/user/sinks/html/html.o $(BUILD)/fuzzed/user/sinks/html/html.o: $(BUILD)/html_page.h
$(filter $(BUILD)/sanitized/user/session/%,$(LIBRARY_SOURCES:%.c=$(BUILD)/sanitized/%.o)) \
	$(filter $(BUILD)/fuzzed/user/session/%,$(LIBRARY_SOURCES:%.c=$(BUILD)/fuzzed/%.o)): $(SKELETON)

$(BUILD)/sanitized/libloopprof.a: $(LIBRARY_SOURCES:%.c=$(BUILD)/sanitized/%.o)
$(BUILD)/fuzzed/libloopprof.a: $(LIBRARY_SOURCES:%.c=$(BUILD)/fuzzed/%.o)
$(BUILD)/sanitized/libloopprof.a $(BUILD)/fuzzed/libloopprof.a:
	rm -f $@
	$(AR) rcs $@ $^

.PRECIOUS: $(BUILD)/sanitized/%.o $(BUILD)/fuzzed/%.o
$(BUILD)/unit/%: $(BUILD)/sanitized/tests/unit/%.o $(BUILD)/sanitized/libloopprof.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka

$(BUILD)/fuzz/%: $(BUILD)/fuzzed/tests/fuzz/%.o $(BUILD)/fuzzed/tests/fuzz/seeds.o \
		$(BUILD)/fuzzed/libloopprof.a
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

check: packages-build packages-test  ## install what is needed, build, run all tests
	$(MAKE) -j$(JOBS) all unit-tests $(BENCH_PROGRAMS)
	tests/run.sh $(BUILD)

# SOAK_OPTIONS="--seconds 300" makes the soak short.
check-all: check  ## and what takes more tools or time: the OpenTelemetry Collector's decoder (Go); all cases of tests/field (PyPI); an hour of fuzzing, one of soak
	tests/run.sh $(BUILD) readers
	FUZZ_SECONDS=$$((3600 / $(words $(FUZZERS)))) tests/run.sh $(BUILD) fuzz
	tests/field/run.py --loopprof $(BUILD)/loopprof --roots $(BUILD)/roots
	tools/soak/soak.py --loopprof $(BUILD)/loopprof $(SOAK_OPTIONS)

# FIELD_OPTIONS="--readme" writes the table of README.md; a word selects cases.
field: packages-build packages-test  ## what is said right, partly and wrong of programs with known mistakes and of servers (PyPI)
	$(MAKE) -j$(JOBS) all
	tests/field/run.py --loopprof $(BUILD)/loopprof --roots $(BUILD)/roots $(FIELD_OPTIONS)

unit-tests: $(UNIT_TESTS) $(FUZZERS)

check-unit: packages-build packages-test  ## only what needs no kernel and no root
	$(MAKE) -j$(JOBS) all unit-tests
	tests/run.sh $(BUILD) unit golden fuzz

check-packaging: packages-build packages-test packages-static packages-deb  ## what is shipped: static program, package, unit, manifests, rules
	$(MAKE) static deb
	tests/packaging/check.py $(BUILD)

check-vm: packages-build packages-vm  ## the same program under Debian's own kernels, in qemu
	$(MAKE) all
	LOOPPROF=$(BUILD)/loopprof tests/vm/check-vm.sh $(KERNELS)

check-service: packages-build packages-vm packages-deb  ## the package and its service under systemd, in qemu
	$(MAKE) deb
	tests/vm/check-service.sh $(BUILD)

# An empty program at the addresses that loopprof probes measures the cost of every uprobe.
$(BUILD)/libloopprof.a: $(filter-out $(BUILD)/user/main.o,$(OBJECTS))
	rm -f $@
	$(AR) rcs $@ $^

BENCH_PROGRAMS = $(BUILD)/bench-empty $(BUILD)/bench-syscalls $(BUILD)/bench-switches \
		 $(BUILD)/bench-hold.so

$(BUILD)/bench-empty.bpf.o: tools/bench/empty.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/bench-empty.skel.h: $(BUILD)/bench-empty.bpf.o
	$(BPFTOOL) gen skeleton $< name bench_empty > $@

$(BUILD)/bench-empty: tools/bench/empty.c $(BUILD)/bench-empty.skel.h $(BUILD)/libloopprof.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(LDLIBS)

$(BUILD)/bench-syscalls: tools/bench/syscall_loop.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BUILD)/bench-switches: tools/bench/switch_loop.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BUILD)/bench-hold.so: tools/bench/hold.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -fPIC -shared -o $@ $<

# ---- trying and measuring ---------------------------------------------------

demo: packages-build packages-demo  ## profile a bundled program whose stalls are known
	$(MAKE) all
	tools/demo/demo.sh

bench: packages-build packages-bench  ## measure what it costs, as ratios from one run
	$(MAKE) all $(BENCH_PROGRAMS)
	tests/e2e/roots.sh $(BUILD)/roots
	tools/bench/peers.sh $(BUILD)/peers $(BUILD)/roots
	tools/bench/bench.py --loopprof $(BUILD)/loopprof --empty $(BUILD)/bench-empty \
		--syscalls $(BUILD)/bench-syscalls --switches $(BUILD)/bench-switches \
		--hold $(BUILD)/bench-hold.so --roots $(BUILD)/roots --peers $(BUILD)/peers $(BENCH_OPTIONS)

# ---- the source itself ------------------------------------------------------

lint: packages-build packages-lint  ## clang-format, the direction of includes and calls, names, pages, clang-tidy, cppcheck, shellcheck
	$(MAKE) $(SKELETON) $(BUILD)/html_page.h
	clang-format --dry-run --Werror $(C_FILES)
	tools/lint/includes.py --headers "$(CC) $(CFLAGS)" "$(CLANG) $(BPF_CFLAGS)"
	$(MAKE) $(OBJECTS)
	tools/lint/calls.py $(OBJECTS)
	tools/lint/runtimes.py
	tools/lint/names.py
	tools/lint/pages.py
	tools/lint/field.py
	tools/lint/second_runtime.py "$(CLANG) $(BPF_CFLAGS)"
	printf '%s\n' $(SOURCES) | xargs -P "$$(nproc)" -n 6 sh -c \
		'clang-tidy --quiet "$$@" -- $(filter-out -W%,$(CFLAGS))' clang-tidy
	! grep -nE '\bminor *([<>]|[!=]=|\?)' $$(git ls-files 'user/runtime/cpython/*.[ch]' | grep -v /versions.c)
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
		--suppressions-list=tools/cppcheck.txt -D__x86_64__ -Iuser user
	shellcheck -x $(SHELL_SCRIPTS)

format:  ## bring the C files into shape
	clang-format -i $(C_FILES)

histogram-edges:  ## write the generated bucket edges anew
	$(PYTHON) tools/histogram-edges.py > bpf/wire/histogram_edges.inc

fuzz-corpora: $(FUZZERS)  ## pack what the fuzzers found into tests/fuzz/corpus
	tools/fuzz-corpora.sh $(BUILD)

clean:  ## remove what was built (not the cached roots and kernels)
	rm -rf $(BUILD)/*.deb $(BUILD)/*.a $(BUILD)/user $(BUILD)/bpf $(BUILD)/sanitized $(BUILD)/fuzzed $(BUILD)/unit $(BUILD)/fuzz $(BUILD)/loopprof* $(BUILD)/lost.* $(BUILD)/c_loops.* $(BUILD)/wakeups.* $(BUILD)/bench-* \
		$(BUILD)/html_page.h

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

-include $(OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(BPF_LATE_OBJECTS:.o=.d) $(BPF_C_LOOPS_OBJECTS:.o=.d) \
	$(shell find $(BUILD)/sanitized $(BUILD)/fuzzed -name '*.d' 2>/dev/null)
