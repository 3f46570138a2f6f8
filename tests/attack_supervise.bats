#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Attacks on what stays: a supervisor, which has the user's ids and no privilege,
# so that the user may send it signals, set its limits, talk to its socket, and be
# it; and its keeper, which may mount and unmount.
#
# Of the plain build only: a sanitizer needs more memory and fds than the limits
# here leave.

load helpers
load supervise
load attack

setup() {
	common_setup
	requires fuse
	setup_supervise
}

teardown() {
	rm -f /etc/fuse.conf
	common_teardown
}

# A supervisor whose filesystem starts when $GO is there: what is done to it
# until then comes before the attach. FS_PID is the supervisor.
hold_start() { # OPTION...
	rm -f "$GO" "$REPORTS"/*.there
	supervise "$@" -- "touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there" || fail "$(cat "$LOG")"
}

# ---- Inspection ------------------------------------------------------------------------

inspect_keeper() {
	serve_moody -- serve
	find_keeper
	run -0 "${AS_ALICE[@]}" timeout 10 "$FIXTURES/inspector" "$KEEPER" 0
	refute_output --partial granted
	assert_line --regexp '^PTRACE_ATTACH='
	assert_line --regexp '^mem=Permission denied'
	stop_fs
}

@test "ptrace, pidfd_getfd, /proc/PID/mem on the keeper: refused" {
	requires setuid
	in_modes 'user setuid caps alone' inspect_keeper
}

@test "COMMAND has no privilege, whoever supervises" {
	in_every_mode finds_itself_powerless -S
	in_every_mode finds_itself_powerless -b
}

finds_itself_powerless() { # MODE
	: >"$REPORT"
	launch "$1" -n 2 "$MNT" "$FIXTURES/probe" "$REPORT" 7
	assert_failure 7
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
	assert_reported CapPrm 0000000000000000
	assert_reported CapEff 0000000000000000
	assert_reported CapInh 0000000000000000
	assert_reported CapAmb 0000000000000000
	assert_reported NoNewPrivs 1
	assert_equal "$(reported_fds)" "0 1 2 3 4"
	assert_nothing_left
}

# ---- Limits -----------------------------------------------------------------------------

# A user sets the limits of every process with the user's ids. What is attached
# and then found at fault must go, without an fd more.
starves_at_fault() { # RLIMIT
	install -d -o "$ALICE" "$WORK/alice/other"
	hold_start
	(clean_fds "${LAUNCH[@]}" "$WORK/alice/other" true)
	"${AS_ALICE[@]}" prlimit --pid "$FS_PID" "$1"
	touch "$GO"
	until_true 10 has_ended "$FS_PID" || fail 'it runs on'
	! is_mounted "$MNT" || fail "$MODE, $1: two mounts where mount_max is 1"
	wait_fs 125
	timeout 10 umount "$WORK/alice/other"
	assert_nothing_left
}

@test "RLIMIT_NOFILE of the supervisor set to 0: no way round mount_max" {
	echo 'mount_max = 1' >/etc/fuse.conf
	in_user_modes starves_at_fault --nofile=0:0
	in_user_modes starves_at_fault --as=1:1
}

# It cannot read its list of children then, and waits for them all the same.
starves_serving() {
	serve_moody -- "until:$GO" exit:3
	"${AS_OWNER[@]}" prlimit --pid "$FS_PID" --nofile=0:0
	touch "$GO"
	wait_fs 3
	# The mount is the user's own, and dead.
	! is_mounted "$MNT" || timeout 10 umount "$MNT"
	rm "$GO"
	assert_nothing_left
}

@test "RLIMIT_NOFILE of the supervisor set to 0: it ends when COMMAND does" {
	in_user_modes starves_serving
}

starves_and_is_told() {
	serve_moody -- serve
	"${AS_OWNER[@]}" prlimit --pid "$FS_PID" --nofile=1:1
	assert_asleep "$FS_PID"
	"${AS_OWNER[@]}" kill -TERM "$FS_PID"
	wait_fs 143
	assert_nothing_left
	serve_moody -- ignore:TERM serve sleep:60000
	"${AS_OWNER[@]}" prlimit --pid "$FS_PID" --nofile=1:1
	timeout 10 umount "$MNT"
	wait_fs 137
	assert_nothing_left
}

@test "RLIMIT_NOFILE of the supervisor set to 1: it does not spin, and ends COMMAND" {
	STOP=1
	in_user_modes starves_and_is_told
}

# With any number of fds it works, or refuses and leaves nothing.
start_with_few_fds() {
	local fds worked=0
	for fds in {4..24}; do
		run clean_fds timeout -k 1 20 prlimit --nofile="$fds:$fds" \
			"${LAUNCH[@]}" -b -n 2 --stop-timeout=1 "$MNT" "$MOODY" serve
		((status < 128)) || fail "$MODE, $fds fds: status $status: $output"
		if ((status == 0)); then
			worked=1
			is_mounted "$MNT" || fail "$MODE, $fds fds: not mounted"
			timeout 10 umount "$MNT"
		fi
		assert_mounts_unchanged
	done
	((worked)) || fail "$MODE: never worked"
	assert_nothing_left
}

@test "RLIMIT_NOFILE 4 to 24 at the start: works or refuses, and leaves nothing" {
	use_plain_build
	install -m 0755 "$FUSEFD_PLAIN_BUILD/fixtures/moody" "$WORK/bin"
	MOODY=$WORK/bin/moody
	in_modes 'user setuid alone' start_with_few_fds
}

# ---- READY=1 from others -----------------------------------------------------------------

# The abstract address that COMMAND was given is no secret.
address_of_supervisor() {
	tr '\0' '\n' <"/proc/$(first_child)/environ" | sed -n 's/^NOTIFY_SOCKET=//p'
}
first_child() { children_of "$FS_PID" | xargs -n 1 | sort -n | head -n 1; }

# say COUNT MESSAGE, without waiting: on stdout how many were taken.
SAY='use Socket; my ($address, $count, $message) = @ARGV; $address =~ s/^@/\0/;
	socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die; my $taken = 0;
	defined(send($socket, $message, 0x40, pack_sockaddr_un($address))) and $taken++
		for 1..$count; print "$taken\n";'

foreign_ready() {
	local address
	hold_start
	address=$(address_of_supervisor)
	run -0 "${AS_BOB[@]}" perl -e "$SAY" "$address" 3 READY=1
	[[ $output != 0 ]] || fail 'it did not come to the supervisor at all'
	run -0 "${AS_OWNER[@]}" perl -e "$SAY" "$address" 1 $'READY=10\nXREADY=1\nREADY=0\nSTATUS=READY=1'
	run -0 "${AS_OWNER[@]}" perl -e "$SAY" "$address" 1 ''
	sleep 0.2
	! is_mounted "$MNT" || fail "$MODE: bob's READY=1 counts"
	assert_equal "$(look)" empty
	# The owner's own word does.
	run -0 "${AS_OWNER[@]}" perl -e "$SAY" "$address" 1 $'STATUS=x\nREADY=1\n'
	until_true 10 is_mounted "$MNT"
	touch "$GO"
	assert_equal "$(look)" ready
	stop_fs
}

@test "READY=1 of another user: ignored" {
	in_modes 'user setuid caps' foreign_ready
}

flooded() {
	local address flood
	hold_start --ready-timeout=20
	address=$(address_of_supervisor)
	"${AS_BOB[@]}" timeout 20 perl -e "$SAY" "$address" 100000000 READY=1 >/dev/null &
	flood=$!
	sleep 0.2
	touch "$GO"
	wait_mounted "$MNT"
	stop_fs
	kill "$flood" || true
	wait "$flood" || true
	assert_nothing_left
}

@test "a flood of messages from another user: the filesystem gets ready, and ends" {
	in_modes 'user setuid' flooded
}

# ---- Signals ------------------------------------------------------------------------------

# A user may send any to a process of the user's.
end_by_signal() { # SIGNAL
	hold_start
	"${AS_OWNER[@]}" kill "-$1" "$FS_PID"
	until_true 10 has_ended "$FS_PID" || fail "$MODE: SIG$1 does not end it"
	wait "$FS_PID" || true
	touch "$GO" # whoever is left serves nobody
	assert_nothing_left
}

@test "the supervisor is ended before the attach, by any signal: nothing is left" {
	local signal
	for signal in TERM KILL SEGV ABRT ALRM; do
		in_user_modes end_by_signal "$signal"
	done
}

stopped_before_attach() {
	hold_start
	"${AS_OWNER[@]}" kill -STOP "$FS_PID"
	touch "$GO"
	sleep 0.2
	! is_mounted "$MNT" || fail "mounted by a process that is stopped"
	mount -t tmpfs none "$MNT"
	"${AS_OWNER[@]}" kill -CONT "$FS_PID"
	wait_fs 125
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "the supervisor is stopped, and something else mounted meanwhile: refused" {
	in_user_modes stopped_before_attach
}

# ---- Whose mount it unmounts -----------------------------------------------------------------

# At the end the supervisor unmounts by id: another mount in the place of its
# own is not its to take.
another_in_its_place() {
	serve_moody -- ignore:TERM serve "wait:$GO" exit:0
	timeout 10 umount "$MNT"
	mount -t tmpfs none "$MNT"
	touch "$GO"
	wait_fs 0
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	timeout 10 umount "$MNT"
	rm "$GO"
	assert_nothing_left
}

@test "another mount in the place of its own is left alone" {
	in_every_mode another_in_its_place
}

# The folder of the mount is renamed, and another has its name.
renamed_while_serving() {
	install -d -o "$OWNER" "$WORK/alice/a/mnt"
	MNT=$WORK/alice/a/mnt
	serve_moody -- serve
	mv "$WORK/alice/a" "$WORK/alice/b"
	install -d "$WORK/alice/a/mnt"
	mount -t tmpfs none "$WORK/alice/a/mnt"
	kill -KILL "$(first_child)"
	wait_fs 137
	! is_mounted "$WORK/alice/b/mnt" || fail 'its own mount is left'
	assert_equal "$(mount_field "$WORK/alice/a/mnt" type)" tmpfs
	umount "$WORK/alice/a/mnt"
	rm -r "$WORK/alice/a" "$WORK/alice/b"
	assert_nothing_left
}

@test "the mountpoint is renamed, and another mount has its name: the own one goes" {
	in_modes 'user setuid alone' renamed_while_serving
}

# ---- COMMAND against its supervisor ------------------------------------------------------------

fork_storm() {
	supervise --ready-timeout=2 -- zombies:200 init ignore:TERM holder:600 \
		holder:600 helper:600 ignore:HUP raise:STOP
	wait_fs 125
	assert_nothing_left
}

@test "COMMAND with stopped, deaf and orphaned processes: all are ended" {
	STOP=1
	in_modes 'user setuid' fork_storm
}
