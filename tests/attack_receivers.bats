#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2153 # LAUNCHER, RECEIVED and their like are the helpers'
#
# Attacks by the filesystem behind a receiver, which has the receiver's ids and
# its NOTIFY_SOCKET, and whose TMPDIR may be its own: on when the mount goes, and
# on when the receiver ends.

load helpers
load supervise
load sockets

eval "sockets_$(declare -f setup)"

setup() {
	sockets_setup
	setup_supervise
	add_say
}

# say MESSAGE [COUNT]: to NOTIFY_SOCKET, ten times a second.
add_say() {
	SAY=$BATS_TEST_TMPDIR/say
	chmod 0755 "$BATS_TEST_TMPDIR"
	install -m 0755 /dev/stdin "$SAY" <<-'END'
		#!/usr/bin/perl
		use Socket;
		my ($message, $count) = (@ARGV, 1);
		my $address = $ENV{NOTIFY_SOCKET} =~ s/^@/\0/r;
		socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
		for (1..$count) {
			send($socket, $message, 0, pack_sockaddr_un($address)) or exit;
			select(undef, undef, undef, 0.1) if $count > 1;
		}
	END
}

# ---- STOPPING=1 ------------------------------------------------------------------

@test "STOPPING=1 again and again: the mount goes as after the first" {
	receive "listen:$SOCKET" -- "$MOODY" init ready "until:$GO" \
		"run:$SAY STOPPING=1 600 &" serve
	send_and_stay "connect:$SOCKET"
	wait_mounted "$MNT"
	touch "$GO"
	wait_fs 0
	assert_equal "$(cat "$LOG")" \
		"fusefd-launch: the filesystem on '$MNT' has ended"
	wait_receiver 0
	assert_nothing_left
}

@test "STOPPING=1 again and again, where no sender has stayed: killed when it is time" {
	receive "listen:$SOCKET" --stop-timeout=1 -- "$MOODY" ignore:TERM \
		"run:$SAY STOPPING=1 600 &" serve
	send "connect:$SOCKET"
	assert_success
	kill -TERM "$RECEIVER_PID"
	wait_receiver 137
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# It answers nobody for so long that the sender hears of it before.
@test "STOPPING=1 between READY=1 and the attach: it counts" {
	receive "listen:$SOCKET" -- "$MOODY" ready "run:$SAY STOPPING=1" \
		sleep:200 serve
	send_and_stay "connect:$SOCKET"
	wait_fs 0
	assert_equal "$(cat "$LOG")" \
		"fusefd-launch: the filesystem on '$MNT' has ended"
	wait_receiver 0
	assert_nothing_left
}

# ---- The sender's probe --------------------------------------------------------------

find_probe() {
	PROBE=$(pgrep -P "$FS_PID" -x fusefd-probe)
}

has_another_probe() { # PID
	find_probe && [[ $PROBE != "$1" ]]
}

@test "the probe is killed before it is ready: another one asks" {
	local before
	receive "listen:$SOCKET" -- "$MOODY" "wait:$GO" serve
	send_and_stay "connect:$SOCKET"
	until_true 10 find_probe || fail "there is no probe: $(cat "$LOG")"
	before=$PROBE
	kill -KILL "$before"
	until_true 10 has_another_probe "$before" ||
		fail "nobody asks again: $(cat "$LOG")"
	touch "$GO"
	wait_mounted "$MNT"
	stop_fs
	wait_receiver 0
	assert_nothing_left
}

# All its threads: a request that one of them still reads, no signal takes back.
is_stopped() { # PID
	! grep -h '^State:' "/proc/$1/task"/*/status | grep -qv '^State:.T'
}

# The receiver's end, which makes the sender ask, finds the filesystem asleep.
@test "the probe of a mount that is served is killed: the mount stays" {
	local filesystem
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	send_and_stay "connect:$SOCKET"
	wait_mounted "$MNT"
	filesystem=$(pgrep -P "$RECEIVER_PID")
	kill -STOP "$filesystem"
	until_true 10 is_stopped "$filesystem"
	kill -KILL "$RECEIVER_PID"
	wait_receiver 137
	until_true 10 find_probe || fail "there is no probe: $(cat "$LOG")"
	kill -KILL "$PROBE"
	until_true 10 eval '! find_probe'
	kill -CONT "$filesystem"
	sleep 0.5
	kill -0 "$FS_PID" || fail "$(cat "$LOG")"
	assert_serves
	stop_fs
	assert_nothing_left
}

# ---- TMPDIR ------------------------------------------------------------------------------

unmodified_in() { # FOLDER COMMAND...
	RECEIVER=(env TMPDIR="$1" "${RECEIVER[@]}")
	receive "listen:$SOCKET" --unmodified -- "${@:2}"
}

# Whoever owns TMPDIR could put a link in the place of what was made there.
@test "no link is followed in a TMPDIR once the folder is made" {
	local trace=$BATS_TEST_TMPDIR/trace
	command -v strace >/dev/null || fail "there is no strace"
	chown root "$SOURCE"
	ln -s source "$WORK/alice/link"
	RECEIVER=(strace -f -qq -o "$trace" -e trace=/mkdir,/readlink
		"$FUSEFD_PLAIN_BUILD/fusefd-launch")
	unmodified_in "$WORK/alice/link" true
	send "connect:$SOCKET"
	wait_receiver 0
	rm "$WORK/alice/link"
	run -0 grep -E '/(source|link)/fusefd-' "$trace"
	assert_equal "${#lines[@]}" 1
	assert_output --regexp "mkdir.*\"$SOURCE/fusefd-"
	assert_equal "$(ls -A "$SOURCE")" file
}

serve_tmpdir() {
	install -d "$WORK/tmpdir"
	clean_fds "$LAUNCHER" -S "$WORK/tmpdir" -- "$PASSTHROUGH" -f "$SOURCE" \
		</dev/null >/dev/null 2>&1 &
	TMPDIR_PID=$!
	wait_mounted "$WORK/tmpdir"
}

@test "a TMPDIR that hangs: the sender hears of the end all the same" {
	local filesystem
	chown root "$SOURCE"
	# What has a sanitizer cannot load the stand-in; but the launcher may.
	install -m 0755 "$FUSEFD_PLAIN_BUILD/fixtures/moody" "$WORK/bin"
	serve_tmpdir
	filesystem=$(children_of "$TMPDIR_PID")
	unmodified_in "$WORK/tmpdir" sh -c '"$@"; exit 4' sh \
		"$WORK/bin/moody" "until:$GO"
	send_and_stay "connect:$SOCKET"
	until_true 10 is_mounted "$MNT" || fail "$(cat "$LOG" "$RECEIVED")"
	kill -STOP "$filesystem"
	until_true 10 is_stopped "$filesystem"
	touch "$GO"
	until_true 10 has_ended "$FS_PID" || fail 'the sender waits'
	kill -CONT "$filesystem"
	wait_fs 4
	wait_receiver 4
	timeout 10 umount "$WORK/tmpdir"
	wait "$TMPDIR_PID"
	assert_equal "$(ls -A "$SOURCE")" file
	assert_nothing_left
}

# ---- Limits ---------------------------------------------------------------------------------

@test "no fd for a sender's connection: the receiver says so, and does not spin" {
	RECEIVER=(prlimit --nofile=7:7 "$FUSEFD_PLAIN_BUILD/fusefd-launch")
	receive "listen:$SOCKET" --ready-timeout=60 -- true
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_line --index 0 --partial ': Too many open files'
	assert_line --index 1 --partial "'ulimit -n'"
	assert_nothing_left
}

starve() { # PID
	"${AS_OWNER[@]}" prlimit --pid "$1" --nofile=1:1
}

assert_waits() { # PID
	"${AS_OWNER[@]}" kill -USR1 "$1"
	assert_asleep "$1"
}

@test "RLIMIT_NOFILE of a receiver set to 1: it waits, and buries COMMAND" {
	receive "listen:$SOCKET" -- "$MOODY" ignore:USR1 "until:$GO" exit:3
	send_and_stay "connect:$SOCKET"
	wait_mounted "$MNT"
	starve "$RECEIVER_PID"
	assert_waits "$RECEIVER_PID"
	touch "$GO"
	wait_receiver 3
	wait_fs 3
	assert_nothing_left
}

@test "the same, with what COMMAND leaves behind: it is killed when it is time" {
	receive "listen:$SOCKET" --stop-timeout=1 -- sh -c \
		'trap "" TERM USR1; sleep 60 & "$@"; exit 4' sh "$MOODY" \
		ignore:USR1 "until:$GO"
	send_and_stay "connect:$SOCKET"
	wait_mounted "$MNT"
	starve "$RECEIVER_PID"
	assert_waits "$RECEIVER_PID"
	touch "$GO"
	wait_receiver 4
	wait_fs 4
	assert_nothing_left
}

@test "RLIMIT_NOFILE of a receiver set to 1 while it listens: it ends by a signal" {
	receive "listen:$SOCKET" -- true
	until_true 10 is_socket "$SOCKET"
	starve "$RECEIVER_PID"
	assert_waits "$RECEIVER_PID"
	"${AS_OWNER[@]}" kill -TERM "$RECEIVER_PID"
	wait_receiver 143
	assert_nothing_left
}
