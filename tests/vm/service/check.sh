#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs in the guest: starts the service beside a program that stalls, and checks its outputs.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
metrics=/var/lib/loopprof/metrics/loopprof.prom
captures=/var/lib/loopprof/captures
bb=/bin/busybox

verdict() {
	if [ "$1" -eq 0 ]; then echo "PASS $2"; else echo "FAIL $2"; fi
}

# until_true SECONDS COMMAND... - repeats a command until it succeeds.
until_true() {
	left=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		$bb sleep 1
	done
}

systemctl start api.service
until_true 60 test -e /run/api.ready
systemctl start loopprof.service
verdict $? "the service starts"
until_true 200 $bb grep -q 'loopprof_loop_slow_callbacks_total.*unit="api.service".* [1-9]' $metrics
verdict $? "it finds the stalls of another service, by its unit"
$bb grep '^loopprof_loop_slow' $metrics
systemctl is-active --quiet loopprof.service
verdict $? "it is still running"
# the service can write to nothing but its own directories
written=$($bb find / -xdev -type f -newer /run/api.ready -name '*loopprof*' 2>/dev/null |
	$bb grep -v -e '^/var/lib/loopprof/' -e '^/proc/' -e '^/sys/' -e '^/run/')
[ -z "$written" ] || echo "written: $written"
[ -z "$written" ]
verdict $? "it writes only into its own directories"
systemctl stop loopprof.service
[ "$(systemctl show -p Result --value loopprof.service)" = success ] &&
	[ "$(systemctl show -p ExecMainStatus --value loopprof.service)" = 0 ]
verdict $? "it ends in time and without an error"
/usr/sbin/loopprof report $captures >/run/report 2>&1 && $bb grep -q stall /run/report
verdict $? "its captures can be read"
$bb head -n 30 /run/report
$bb grep -v bucket $metrics | $bb grep self
journalctl -u loopprof.service --no-pager 2>/dev/null | $bb tail -n 20
systemctl status loopprof.service --no-pager 2>&1 | $bb tail -n 20
echo END
sync
$bb sleep 1
systemctl poweroff --force --force
