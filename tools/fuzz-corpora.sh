#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Packs a minimal set of inputs into tests/fuzz/corpus: of those that the fuzz targets found in a
# build directory, as few as reach all branches.
# usage: fuzz-corpora.sh BUILD
set -euo pipefail

build=$1
merged=$(mktemp -d)
trap 'rm -rf "$merged"' EXIT

mkdir -p tests/fuzz/corpus
for corpus in "$build"/fuzz/corpus/fuzz_*; do
	name=$(basename "$corpus")
	mkdir "$merged/$name"
	"$build/fuzz/$name" -merge=1 -max_len=4096 "$merged/$name" "$corpus" >"$merged/$name.log" 2>&1
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$merged/$name" -cf - . |
		gzip -9n >"tests/fuzz/corpus/$name.tar.gz"
	echo "$name: $(find "$merged/$name" -type f | wc -l) inputs"
done
