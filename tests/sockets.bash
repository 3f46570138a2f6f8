# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the tests of --send and --receive share, on top of helpers.bash: two
# sides, of which one is in the background, and a socket between them.

setup() {
	common_setup
	requires fuse
	SOCKET=$REPORTS/socket
	SOURCE=$WORK/alice/source
	rm -rf "$SOURCE" "$SOCKET" "$REPORTS/go"
	install -d -o "$ALICE" -g "$ALICE" "$SOURCE"
	echo "over a socket" >"$SOURCE/file"
	RECEIVER=("$LAUNCHER")
	RECEIVED=$BATS_TEST_TMPDIR/received
	RECEIVER_PID=
}

teardown() {
	[[ -z $BATS_TEST_COMPLETED && -s $RECEIVED ]] &&
		sed 's/^/received: /' "$RECEIVED"
	common_teardown
}

# receive ADDRESS [OPTION...] -- COMMAND...: in the background, as the owner,
# without privilege.
receive() {
	clean_fds "${AS_OWNER[@]}" "${RECEIVER[@]}" --receive="$1" "${@:2}" \
		</dev/null >"$RECEIVED" 2>&1 &
	RECEIVER_PID=$!
}

# The same by a program of another make.
receive_by() { # COMMAND...
	clean_fds "$@" </dev/null >"$RECEIVED" 2>&1 &
	RECEIVER_PID=$!
}

# The receiver ends, soon, with that status.
wait_receiver() { # STATUS
	local status=0
	until_true 10 has_ended "$RECEIVER_PID" || fail "the receiver runs on"
	wait "$RECEIVER_PID" || status=$?
	RECEIVER_PID=
	assert_equal "receiver's status $status" "receiver's status $1"
}

# send ADDRESS [OPTION...]: to its end.
send() { launch --send="$1" "${@:2}" "$MNT"; }

# In the background, as a service.
send_and_stay() { # ADDRESS [OPTION...]
	start "${LAUNCH[@]}" -S --send="$1" "${@:2}" "$MNT"
}

as_owner() { timeout 10 "${AS_OWNER[@]}" "$@"; }

assert_serves() {
	run -0 as_owner cat "$MNT/file"
	assert_output "over a socket"
}

is_socket() { [[ -S $1 ]]; }
is_absent() { [[ ! -e $1 && ! -L $1 ]]; }

assert_nothing_left() {
	assert_mounts_unchanged
	is_absent "$SOCKET" || fail "the socket's file is still there"
}

said() { grep -q -e "$1" "$LOG"; }
