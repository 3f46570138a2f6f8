#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2153 # LAUNCHER, RECEIVED and their like are the helpers'
#
# Receivers that are hostile or broken: --send leaves nothing of a mount that
# nobody serves, and waits for nobody longer than it was told to.

load helpers
load sockets

OPTIONS=()

# answered KIND PATTERN: the hand-off fails, soon, and nothing is left, whatever
# becomes of the receiver.
PATIENCE=15
answered() {
	echo "answered by $1:"
	receive_by "$FIXTURES/sidecar" "$1" "$SOCKET"
	send "listen:$SOCKET" -n 4 --ready-timeout="$PATIENCE" "${OPTIONS[@]}"
	assert_equal "exit status $status" "exit status 125"
	assert_line --index 0 --regexp \
		"^fusefd-launch: cannot hand over '$MNT': ($2)"
	((${#lines[@]} <= 2)) || fail "more than two lines: $output"
	! LC_ALL=C grep -q '[^[:print:]]' <<<"$output" ||
		fail "unprintable: $(cat -v <<<"$output")"
	assert_nothing_left
	kill -KILL "$RECEIVER_PID" 2>/dev/null || true
	until_true 10 has_ended "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
	assert_no_process_left
}

@test "a receiver that closes early" {
	local untaken='the receiver closed the connection without taking it'
	answered early "$untaken"
	answered unread "$untaken"
	answered take 'the receiver has ended before it was ready'
	answered die 'the receiver has ended before it was ready'
}

@test "a receiver that stalls: nothing is attached" {
	local kind
	PATIENCE=2
	for kind in stall hold deaf; do
		answered "$kind" 'the receiver is not ready after 2 seconds'
	done
}

@test "where fusectl is mounted, the receiver cannot even hold up a probe" {
	mount -t fusectl fusectl /sys/fs/fuse/connections
	receive_by "$FIXTURES/sidecar" deaf "$SOCKET"
	send "listen:$SOCKET" -n 4 --ready-timeout=2
	assert_failure 125
	run pgrep -x fusefd-probe
	assert_output ''
	kill -KILL "$RECEIVER_PID"
	wait_receiver 137
	umount /sys/fs/fuse/connections
}

@test "a receiver that talks nonsense" {
	answered garbage 'the receiver has ended before it was ready'
	answered fds 'the receiver closed the connection without taking it'
	PATIENCE=2
	answered flood 'the receiver is not ready after 2 seconds'
}

@test "a receiver that refuses, in whatever words" {
	answered refuse "the receiver refused: 'no \"way\".x1b.31m'"
	answered number "the receiver refused: 'Permission denied'"
}

@test "a receiver that says READY=1 and has taken nothing" {
	answered liar 'the receiver '
}

@test "the same with -S and -b, and as a user" {
	local mode
	OPTIONS=(-S)
	for mode in root user; do
		as_mode "$mode"
		PATIENCE=15
		answered take 'the receiver has ended before it was ready'
		answered liar 'the receiver '
		PATIENCE=2
		answered hold 'the receiver is not ready after 2 seconds'
	done
	OPTIONS=(-b)
	answered hold 'the receiver is not ready after 2 seconds'
	PATIENCE=15
	answered take 'the receiver has ended before it was ready'
}

@test "a full socket buffer: the sender ends in time" {
	start "$FIXTURES/pair" full 7 \
		"$LAUNCHER" --send=fd:7 --ready-timeout=1 -n 4 "$MNT" --- \
		sleep 8
	wait_fs 0
	run -0 cat "$LOG"
	assert_line --partial 'the receiver does not take the message after 1 seconds'
	assert_line '125 0'
	assert_nothing_left
}

@test "a receiver that is killed between ready and attach leaves no live mount" {
	local i
	for i in {1..10}; do
		receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
		start "${LAUNCH[@]}" -S --send="connect:$SOCKET" -n 2 "$MNT"
		sleep "0.0$i"
		kill -KILL "$(pgrep -P "$RECEIVER_PID")" "$RECEIVER_PID" \
			2>/dev/null || kill -KILL "$RECEIVER_PID"
		wait "$RECEIVER_PID" || true
		rm -f "$SOCKET" # where it was still listening
		until_true 5 has_ended "$FS_PID" || kill "$FS_PID"
		wait "$FS_PID" || true
		FS_PID=
		assert_nothing_left
	done
}
