# shellcheck shell=sh
# shellcheck disable=SC2034 # for who is sourced
MODE=trace
# shellcheck source=/dev/null
. /tests/profile_mode
