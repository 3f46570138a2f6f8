#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The completion for bash, as far as it does not need bash-completion: which
# options it knows, and where it takes MOUNTPOINT to be.
#
# Of the plain build only: it is no program.

load helpers

setup() {
	common_setup
	# shellcheck disable=SC1091
	source "$BATS_TEST_DIRNAME/../fusefd-launch/completion.bash"
	COMP_WORDS=("$FUSEFD_BUILD/fusefd-launch")
}

# mountpoint_is INDEX WORD...: of a command line of these words.
mountpoint_is() {
	COMP_WORDS=("$FUSEFD_BUILD/fusefd-launch" "${@:2}")
	COMP_CWORD=$#
	assert_equal "$(_fusefd_launch_mountpoint)" "$1"
}

@test "of every option that --help shows it knows whether there is a value" {
	local option count=0
	while read -r option; do
		run _fusefd_launch_valued "${option%%=*}"
		case $option in
		*=*) assert_success ;;
		*) assert_failure ;;
		esac
		count=$((count + 1))
	done < <("${COMP_WORDS[0]}" --help | sed '/^  *-/!d' |
		grep -oE '^ +(-., )?--[a-z-]+=?' | sed 's/.*--/--/')
	((count > 20)) || fail "$count options"
	run -0 _fusefd_launch_valued -n
	run -1 _fusefd_launch_valued -v
}

@test "the mountpoint is what no option has for a value" {
	mountpoint_is 1 /mnt
	mountpoint_is 3 -n 4 /mnt
	mountpoint_is 4 --fds = 4 /mnt
	mountpoint_is 4 -S --ready-timeout 5 /mnt
	mountpoint_is 3 --detached -v /mnt
	mountpoint_is 3 -S -- /mnt
	mountpoint_is 6 --send = connect : /run/s /mnt
}
