#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes an environment with the Python libraries by which tests read outputs, apart from the
# machine's own; an existing one is reused.
# usage: python.sh DIR
set -eu

dir=$1
packages="prometheus_client==0.26.0 opentelemetry-proto==1.45.2 protobuf==7.36.2"
[ "$(cat "$dir/packages" 2>/dev/null)" = "$packages" ] && exit 0
mkdir -p "$(dirname "$dir")"
/usr/bin/python3 -m venv --clear "$dir"
# shellcheck disable=SC2086 # a list of words
"$dir/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 3 --timeout 30 \
	--only-binary :all: $packages
echo "$packages" >"$dir/packages"
