# shellcheck shell=sh
# `loopprof check` on a kernel that supports everything: it succeeds, and prints the kernel's
# version.
loopprof check >/tmp/check.out 2>&1
status=$?
cat /tmp/check.out
if [ $status -ne 0 ]; then
	echo "loopprof check ended with status $status"
	exit 1
fi
if ! grep -qF "$(uname -r)" /tmp/check.out; then
	echo "loopprof check does not name the kernel release $(uname -r)"
	exit 1
fi
# Debian's kernels have fentry: a use of the fallback would mean that fentry failed.
if ! grep -qF "fentry on the poll calls" /tmp/check.out; then
	echo "loopprof check does not offer fentry"
	exit 1
fi
