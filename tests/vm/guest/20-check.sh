# shellcheck shell=sh
# `loopprof check` on a kernel that supports everything: it succeeds, and says
# which kernel it looked at.
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
# Debian's kernels have fentry: the fallback here would hide that it no longer works.
if ! grep -qF "fentry on the poll calls" /tmp/check.out; then
	echo "loopprof check does not offer fentry"
	exit 1
fi
