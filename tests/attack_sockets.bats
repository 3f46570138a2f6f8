#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2153 # LAUNCHER, RECEIVED and their like are the helpers'
#
# A socket that is in the wrong hands: --receive takes nothing but device fds of
# one mount, with every other fd closed, and neither side goes where it should
# not. For hostile receivers see attack_answers.bats.

load helpers
load attack
load sockets

# ---- What a receiver is sent -----------------------------------------------------

# A mount whose last device fd is closed answers at once, and not before.
assert_dead() { # MOUNTPOINT
	run timeout 10 stat "$1"
	assert_output --partial 'Transport endpoint is not connected'
	timeout 10 umount "$1"
}

# sent KIND PATTERN: refused, COMMAND not run, every fd closed. Sets what the
# driver heard, ANSWER, and ended with.
sent() {
	echo "sent $1:"
	: >"$REPORT"
	receive "listen:$SOCKET" "${OPTIONS[@]}" -- "$FIXTURES/probe" "$REPORT"
	OTHER_MOUNTPOINT=$WORK/alice/mnt \
		run timeout 20 "$FIXTURES/driver" "$1" "$SOCKET" "$MNT"
	DRIVER_STATUS=$status ANSWER=$output
	wait_receiver 125
	assert_equal "$(cat "$REPORT")" ''
	grep -qE "^fusefd-launch: cannot take the handoff from 'listen:.*': ($2)" \
		"$RECEIVED" || fail "said: $(cat "$RECEIVED")"
	(($(wc -l <"$RECEIVED") <= 2)) || fail "more than two lines"
	! is_mounted "$MNT" || assert_dead "$MNT"
	! is_mounted "$WORK/alice/mnt" || assert_dead "$WORK/alice/mnt"
	assert_nothing_left
}
OPTIONS=()

sent_and_told() { # KIND PATTERN
	sent "$@"
	run -0 cat <<<"$ANSWER"
	assert_line --index 0 'FUSEFD_PROTOCOL=1'
	assert_line --index 1 --regexp '^ERRNO=[1-9]'
	assert_line --index 2 --regexp "^STATUS=.*($2)"
}

@test "instead of a device fd a file, pipe, terminal, socket, other device: refused" {
	local kind
	for kind in file pipe terminal socket null; do
		sent_and_told "$kind" 'one of the fds is not a FUSE device'
	done
	sent foreign-null 'one of the fds is not a FUSE device'
	assert_equal "$ANSWER" ''
}

@test "a device fd by O_PATH: refused" {
	sent_and_told path 'a device fd is not open for reading and writing'
}

@test "a device fd on no connection, or on another: refused" {
	local apart='the fds are not all on one mounted connection'
	sent_and_told unmounted "$apart"
	# Shown from Linux 6.18 on.
	launch_probe -n 1
	[[ -z $(reported CONNECTION_3) ]] || sent_and_told other "$apart"
}

@test "the same device fd twice: refused" {
	sent_and_told twice 'the message is malformed'
}

@test "0 fds: refused; 253: taken; 254: not even sent" {
	sent_and_told none 'the message is malformed'
	sent too-many 'the connection was closed before a handoff came'
	assert_equal "driver's status $DRIVER_STATUS" "driver's status 4"
	receive "listen:$SOCKET" -- "$FIXTURES/probe" "$REPORT"
	run -0 timeout 20 "$FIXTURES/driver" most "$SOCKET" "$MNT"
	wait_receiver 0
	assert_equal "$(device_fds | wc -l)" 253
	assert_dead "$MNT"
}

@test "a payload that is cut, too long, with more behind it, of another version: refused" {
	local kind
	sent long 'the message is malformed'
	for kind in extra unended cut version listed preload relative; do
		sent_and_told "$kind" 'the message is malformed'
	done
}

# What is refused is a file whose close waits for an answer that nobody gives.
serve_without_flush() {
	clean_fds "$LAUNCHER" -S "$WORK/alice/mnt" -- "$FIXTURES/rawfs" --no-flush \
		</dev/null >/dev/null 2>&1 &
	SERVER_PID=$!
	wait_mounted "$WORK/alice/mnt"
}

# sent_unflushed KIND PROGRAM...: the receiver's end. Its mount is dead, although
# the message's last fds are device fds.
sent_unflushed() {
	OTHER_MOUNTPOINT=$WORK/alice/mnt clean_fds "$FIXTURES/driver" "$1" \
		"$SOCKET" "$MNT" </dev/null >"$BATS_TEST_TMPDIR/answer" 2>&1 &
	DRIVER_PID=$!
}

# The driver has closed all but the file, and heard the receiver's end. Whoever
# closes the file is still at it, and ends with the file's filesystem.
assert_unflushed_refused() { # NAME: of the receiver's process
	pgrep -x "$1" || fail 'nobody waits: the file is none of that kind'
	until_true 10 grep -q '^STATUS=one of the fds is not a FUSE device' \
		"$BATS_TEST_TMPDIR/answer" || fail "$(cat "$BATS_TEST_TMPDIR/answer")"
	assert_dead "$MNT"
	pkill -P "$SERVER_PID" -x rawfs
	until_true 10 has_ended "$SERVER_PID"
	wait "$SERVER_PID" || true
	until_true 10 has_ended "$DRIVER_PID"
	wait "$DRIVER_PID" || true
	assert_nothing_left
}

@test "a file whose close waits for ever: refused, and the receiver ends" {
	serve_without_flush
	receive "listen:$SOCKET" -- "$FIXTURES/probe" "$REPORT"
	sent_unflushed unflushed
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_output --partial 'one of the fds is not a FUSE device'
	assert_equal "$(cat "$REPORT")" ''
	assert_unflushed_refused fusefd-receive
}

@test "the same, and the library's receiver ends" {
	serve_without_flush
	sent_unflushed unflushed-listens
	receive_by "$FIXTURES/socketfs" "$SOCKET"
	wait_receiver 1
	assert_unflushed_refused socketfs
}

@test "more fds than the receiver may open: refused, and all are closed" {
	local limit
	for limit in 9 16 40 200; do
		RECEIVER=(prlimit --nofile="$limit" "$LAUNCHER")
		sent_and_told most 'it has more fds than the receiver may open'
	done
}

@test "as many fds as the receiver may open, and no more: they fit or are closed" {
	local limit
	for limit in 8 9 10 11 12 13 14 15; do
		RECEIVER=(prlimit --nofile="$limit" "$LAUNCHER")
		: >"$REPORT"
		receive "listen:$SOCKET" -- "$FIXTURES/probe" "$REPORT"
		run timeout 20 "$FIXTURES/driver" good "$SOCKET" "$MNT"
		until_true 10 has_ended "$RECEIVER_PID"
		wait "$RECEIVER_PID" || grep -q '^fusefd-launch: ' "$RECEIVED"
		assert_dead "$MNT"
		rm -f "$SOCKET"
	done
	assert_equal "$(device_fds | wc -l)" 2
}

@test "a sender that connects and sends nothing: the receiver ends in time" {
	receive "listen:$SOCKET" --ready-timeout=3 -- "$FIXTURES/probe" "$REPORT"
	start "$FIXTURES/driver" silent "$SOCKET" "$MNT"
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_output --partial 'nothing was sent after 3 seconds'
	kill "$FS_PID"
	wait_fs 143
	assert_dead "$MNT"
}

@test "names with control characters come back quoted, and reach COMMAND whole" {
	receive "listen:$SOCKET" --verbose -- "$FIXTURES/probe" "$REPORT"
	run -0 timeout 20 "$FIXTURES/driver" escape "$SOCKET" "$MNT"
	wait_receiver 0
	assert_dead "$MNT"
	assert_reported ENV_FUSEFD_MOUNTPOINT '/\x1b[31m\x0afusefd-launch: /x'
	! LC_ALL=C grep -q '[^[:print:]]' "$RECEIVED" ||
		fail "unprintable: $(cat -v "$RECEIVED")"
	run grep -c '^fusefd-launch: /x' "$RECEIVED"
	assert_output 0
}

# ---- Who is at the other end ------------------------------------------------------------

# let_everybody_in: as if the socket's file had another mode.
let_everybody_in() {
	until_true 10 is_socket "$SOCKET"
	chmod 0666 "$SOCKET"
}

@test "a sender takes no connection of another uid, and waits for a better one" {
	as_mode user
	start "${LAUNCH[@]}" -S --send="listen:$SOCKET" -n 2 "$MNT"
	let_everybody_in
	run timeout 20 "${AS_BOB[@]}" "$LAUNCHER" --receive="connect:$SOCKET" \
		-- "$FIXTURES/probe" "$REPORT"
	assert_failure 125
	assert_equal "$(cat "$REPORT")" ''
	receive "connect:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	wait_mounted "$MNT"
	assert_serves
	said "refused a connection to '$SOCKET' by uid $BOB"
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
}

@test "a receiver takes no connection of another uid, and waits for a better one" {
	as_mode user
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	let_everybody_in
	run timeout 20 "${AS_BOB[@]}" "$FIXTURES/sidecar" take "$SOCKET"
	start "${LAUNCH[@]}" -S --send="connect:$SOCKET" -n 2 "$MNT"
	wait_mounted "$MNT"
	assert_serves
	grep -q "refused a connection to '$SOCKET' by uid $BOB" "$RECEIVED"
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
}

@test "a receiver connects to nobody but root and its own user" {
	as_mode user
	start "${AS_BOB[@]}" "$LAUNCHER" --receive="listen:$SOCKET" -- true
	let_everybody_in
	receive "connect:$SOCKET" -- "$FIXTURES/probe" "$REPORT"
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_output --partial "uid $BOB listens there, who is neither root nor you"
	assert_equal "$(cat "$REPORT")" ''
	kill "$FS_PID"
	wait_fs 143
}

@test "nobody, in the initial user namespace, is not taken for root outside of one" {
	as_mode user
	start "${LAUNCH[@]}" --send="listen:$SOCKET" -n 2 "$MNT"
	let_everybody_in
	run timeout 20 setpriv --reuid=65534 --clear-groups \
		"$FIXTURES/sidecar" take "$SOCKET"
	until_true 10 said "refused a connection to '$SOCKET' by uid 65534"
	kill "$FS_PID"
	wait_fs 143
	assert_nothing_left
}

# ---- Where the socket is ------------------------------------------------------------------

# What is there is refused by both sides, and stays as it is.
assert_refuses_to_listen() { # PATTERN
	local before
	before=$(stat -c '%i %f %Y' "$SOCKET" 2>/dev/null)
	refuses 125 "cannot listen at '$SOCKET': $1" --send="listen:$SOCKET" "$MNT"
	refuses 125 "cannot listen at '$SOCKET': $1" --receive="listen:$SOCKET" true
	assert_equal "$(stat -c '%i %f %Y' "$SOCKET" 2>/dev/null)" "$before"
}

@test "listen: a file, a directory, a symbolic link, a stale socket: refused" {
	echo mine >"$SOCKET"
	assert_refuses_to_listen 'there is something else'
	rm "$SOCKET"
	mkdir "$SOCKET"
	assert_refuses_to_listen 'there is something else'
	rmdir "$SOCKET"
	ln -s "$WORK/alice/elsewhere" "$SOCKET"
	assert_refuses_to_listen 'there is something else'
	is_absent "$WORK/alice/elsewhere"
	rm "$SOCKET"
	start "$LAUNCHER" --receive="listen:$SOCKET" -- true
	until_true 10 is_socket "$SOCKET"
	kill -KILL "$FS_PID"
	wait_fs 137
	assert_refuses_to_listen 'there is a socket already'
	assert_output --partial 'Remove it, where nobody listens there any more.'
	rm "$SOCKET"
}

@test "connect: a symbolic link, a file, a directory, a socket of another type: refused" {
	local folder=$WORK/alice/sockets
	install -d "$folder"
	refuses_to_connect() { # PATTERN
		refuses 125 "cannot connect to '$SOCKET'.*$1" --send="connect:$SOCKET" "$MNT"
		refuses 125 "cannot connect to '$SOCKET'.*$1" --receive="connect:$SOCKET" true
	}
	start "$LAUNCHER" --receive="listen:$folder/socket" -- true
	until_true 10 is_socket "$folder/socket"
	ln -s "$folder/socket" "$SOCKET"
	refuses_to_connect 'it is a symbolic link'
	rm "$SOCKET"
	kill "$FS_PID"
	wait_fs 143
	echo >"$SOCKET"
	refuses_to_connect 'it is not a socket'
	rm "$SOCKET"
	mkdir "$SOCKET"
	refuses_to_connect 'it is not a socket'
	rmdir "$SOCKET"
}

@test "a socket's file that somebody has replaced is not removed" {
	start "${LAUNCH[@]}" --send="listen:$SOCKET" "$MNT"
	until_true 10 is_socket "$SOCKET"
	mv "$SOCKET" "$SOCKET.moved"
	echo other >"$SOCKET"
	kill "$FS_PID"
	wait_fs 143
	assert_equal "$(cat "$SOCKET")" other
	rm "$SOCKET" "$SOCKET.moved"
}

@test "a user's launcher goes to no socket that the user cannot go to" {
	requires setuid
	local mode
	install -d -m 0700 "$WORK/roots"
	start "$LAUNCHER" --receive="listen:$WORK/roots/socket" -- true
	until_true 10 is_socket "$WORK/roots/socket"
	in_user_modes refuses 125 'Permission denied' \
		--send="connect:$WORK/roots/socket" "$ALICE_MNT"
	in_user_modes refuses 125 'Permission denied' \
		--send="listen:$WORK/roots/other" "$ALICE_MNT"
	is_absent "$WORK/roots/other"
	kill "$FS_PID"
	wait_fs 143
	rmdir "$WORK/roots"
}

# ---- Limits ---------------------------------------------------------------------------

starve() { # PID
	"${AS_OWNER[@]}" prlimit --pid "$1" --nofile=1:1
}

@test "RLIMIT_NOFILE of a sender set to 1: it does not spin, and unmounts" {
	local mode
	for mode in root user; do
		as_mode "$mode"
		receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
		send_and_stay "connect:$SOCKET" -n 2
		wait_mounted "$MNT"
		starve "$FS_PID"
		assert_asleep "$FS_PID"
		"${AS_OWNER[@]}" kill -TERM "$FS_PID"
		wait_fs 0
		wait_receiver 0
		assert_nothing_left
	done
}

@test "RLIMIT_NOFILE of a sender set to 1 while it waits for the receiver: it ends" {
	receive_by "$FIXTURES/sidecar" hold "$SOCKET"
	start "$LAUNCHER" --send="listen:$SOCKET" -n 2 "$MNT"
	until_true 10 eval '! is_socket "$SOCKET" && pgrep -x fusefd-probe'
	starve "$FS_PID"
	assert_asleep "$FS_PID"
	kill -TERM "$FS_PID"
	wait_fs 143
	kill -KILL "$RECEIVER_PID"
	wait_receiver 137
	assert_nothing_left
}

# ---- What stays open ----------------------------------------------------------------------

@test "neither side keeps a device fd, or anything else of the hand-off" {
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	start "${LAUNCH[@]}" -S --send="connect:$SOCKET" -n 4 "$MNT"
	wait_mounted "$MNT"
	local pid
	for pid in "$FS_PID" "$RECEIVER_PID"; do
		run ls -l "/proc/$pid/fd"
		assert_success
		refute_output --partial /dev/fuse
	done
	run grep -h '^Cap\|^NoNew' "/proc/$RECEIVER_PID/status"
	refute_line --regexp '^Cap.*:.*[1-9a-f]'
	assert_line --regexp 'NoNewPrivs:.1'
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
}
