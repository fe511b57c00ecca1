#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Removes from BPF objects, in place, what only a reader of the verifier's log needs: the source
# lines of instructions, and the names of jump targets.  bpftool links what is left, without the
# texts of the lines.  Types, functions and relocations of fields (CO-RE) stay.
# usage: bpf-strip.sh OBJECT...
set -eu

# Offset and size of line_info_len in struct btf_ext_header, which begins .BTF.ext.
FIELD=20
FIELD_BYTES=4

for object in "$@"; do
	llvm-objcopy --wildcard --strip-unneeded-symbol='LBB*' "$object"
	section=$(readelf -SW "$object" | sed -n 's/^ *\[ *[0-9]*\] \.BTF\.ext  *PROGBITS  *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
	[ -n "$section" ] || { echo "bpf-strip.sh: $object has no .BTF.ext" >&2; exit 1; }
	dd if=/dev/zero of="$object" bs=1 seek=$((0x$section + FIELD)) count=$FIELD_BYTES \
		conv=notrunc status=none
done
