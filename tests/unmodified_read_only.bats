#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2034,SC2153 # ROW, RECEIVED and their like are the helpers'
#
# --unmodified: a filesystem that asks for `ro` or `noexec`, as it would where it
# mounts by itself, gets that, from before anybody can meet the mount.
#
# Of the plain build only: filesystems that have no sanitizer load the stand-in.
# Not in make test: it takes filesystems of others.

load helpers
load matrix
load sockets

eval "sockets_$(declare -f setup)"

setup() {
	sockets_setup
	requires setuid
	as_mode user
	# What has a sanitizer cannot load the stand-in; but the launcher may.
	[[ -e $WORK/bin/asker ]] || install -m 0755 -t "$WORK/bin" \
		"$FUSEFD_PLAIN_BUILD"/fixtures/{asker,unported_main}
	ln -sfn "$WORK/build/libexec" "$WORK/bin/setuid/libexec"
	GO=$REPORTS/go
	# It asks for allow_other else.
	BINDFS=(bindfs --no-allow-other -f)
}

attributes() { mount_field "$MNT" options; }

assert_read_only() {
	assert_equal "$(attributes)" ro,nosuid,nodev,relatime
	run timeout 10 "${AS_OWNER[@]}" touch "$MNT/fresh"
	assert_failure
	assert_output --partial 'Read-only file system'
}

assert_writable() {
	assert_equal "$(attributes)" rw,nosuid,nodev,relatime
	as_owner touch "$MNT/fresh"
	as_owner rm "$MNT/fresh"
}

# -S ends with that status; -b has ended long before.
unmount_from() { # -S|-b STATUS
	timeout 10 umount "$MNT"
	[[ $1 == -b ]] || wait_fs "$2"
	assert_nothing_left
	assert_no_process_left
}

# serves_read_only ROW STATUS COMMAND...: in the row's folder, and without a word
# about it.
serves_read_only() {
	local mode launch=("${LAUNCH[@]}")
	as_alice_prepares "$1"
	LAUNCH=(env HOME="$ROW" PATH="$ROW/bin:$PATH:/usr/sbin"
		"${launch[@]}")
	for mode in -S -b; do
		echo "$mode: ${*:3}" # seen where it fails
		start "${LAUNCH[@]}" "$mode" --unmodified "$MNT" -- \
			env --chdir="$ROW" "${@:3}"
		wait_mounted "$MNT"
		assert_read_only
		refute_regex "$(cat "$LOG")" "'ro' is without effect"
		unmount_from "$mode" "$2"
	done
	LAUNCH=("${launch[@]}")
}

@test "libfuse 3, libfuse 2 and copies of them, by mount(2)" {
	serves_read_only sshfs 0 sshfs -f -o ro "host:$WORK/alice/sshfs/source" \
		'{mountpoint}'
	serves_read_only bindfs 0 "${BINDFS[@]}" -o ro source '{mountpoint}'
	serves_read_only bindfs 0 "${BINDFS[@]}" -o rw,ro source '{mountpoint}'
	serves_read_only mergerfs 0 mergerfs -f -o ro one:two '{mountpoint}'
	serves_read_only ntfs-3g 0 ntfs-3g -o no_detach,ro image.ntfs \
		'{mountpoint}'
}

@test "go-fuse and bazil, by the helper" {
	serves_read_only gocryptfs 0 gocryptfs -fg -q -ro -passfile password \
		cipher '{mountpoint}'
	serves_read_only rclone-mount 0 rclone mount --read-only source \
		'{mountpoint}'
}

@test "the launcher's own way to be privileged does not matter" {
	local mode
	for mode in root setuid caps; do
		can "$mode" || [[ $mode == root ]] || continue
		as_mode "$mode"
		[[ $mode != caps ]] ||
			ln -sfn "$WORK/build/libexec" "$WORK/bin/caps/libexec"
		serves_read_only bindfs 0 "${BINDFS[@]}" -o ro source '{mountpoint}'
	done
	rm -f "$WORK/bin/caps/libexec"
}

@test "noexec too, and both; where neither is asked for, neither is given" {
	as_alice_prepares bindfs
	serve_bindfs() { # OPTIONS [LAUNCHER-OPTION...]
		start_fs --unmodified -S "${@:2}" -- \
			"${BINDFS[@]}" -o "$1" "$ROW/source" '{mountpoint}'
	}
	serve_bindfs noexec
	assert_equal "$(attributes)" rw,nosuid,nodev,noexec,relatime
	stop_fs
	serve_bindfs noexec,ro
	assert_equal "$(attributes)" ro,nosuid,nodev,noexec,relatime
	stop_fs
	serve_bindfs rw,exec
	assert_writable
	stop_fs
	# What one of both takes away, the other does not give back.
	serve_bindfs rw,exec -o ro,noexec
	assert_equal "$(attributes)" ro,nosuid,nodev,noexec,relatime
	stop_fs
	serve_bindfs noexec -o ro
	assert_equal "$(attributes)" ro,nosuid,nodev,noexec,relatime
	stop_fs
}

# ---- Before it is attached ---------------------------------------------------------

# The launcher's that is without sanitizers.
use_strace() { # OPTION...
	command -v strace >/dev/null || fail "there is no strace"
	LAUNCH=(strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$@"
		"$LAUNCHER_SETUID" -u alice)
}

assert_restricted_first() { # COMMAND...
	start_fs --unmodified -S -n 1 -- "$@"
	assert_read_only
	stop_fs
	run sed -nE 's/^[0-9]+ +(mount_setattr|move_mount)\(.*/\1/p' \
		"$BATS_TEST_TMPDIR/trace"
	assert_output $'mount_setattr\nmove_mount'
}

@test "the mount is made read-only once, and then attached, also where that is early" {
	use_strace -e trace=mount_setattr,move_mount
	as_alice_prepares gocryptfs
	assert_restricted_first gocryptfs -fg -q -ro -passfile "$ROW/password" \
		"$ROW/cipher" '{mountpoint}'
	as_alice_prepares bindfs
	assert_restricted_first "${BINDFS[@]}" -o ro "$ROW/source" '{mountpoint}'
}

# fails_to_restrict REASON
fails_to_restrict() {
	launch -S --unmodified "$MNT" -- "${BINDFS[@]}" -o ro "$ROW/source" \
		'{mountpoint}'
	assert_failure 125
	assert_output "fusefd-launch: cannot mount on '$MNT': COMMAND asks for 'ro': $1
Give '-o ro' to fusefd-launch."
	assert_nothing_left
	assert_no_process_left
}

@test "a kernel that cannot do it: nothing is mounted, but by the launcher's own ro" {
	as_alice_prepares bindfs
	use_strace -e trace=mount_setattr -e inject=mount_setattr:error=ENOSYS
	fails_to_restrict 'that takes Linux 5.12 or later'
	start_fs --unmodified -S -o ro -- "${BINDFS[@]}" -o ro "$ROW/source" \
		'{mountpoint}'
	assert_read_only
	stop_fs
	use_strace -e trace=mount_setattr -e inject=mount_setattr:error=EPERM
	fails_to_restrict 'Operation not permitted'
}

# In the filesystem's place, which is given the supervisor's address.
SAY='use Socket; my $address = $ENV{NOTIFY_SOCKET}; $address =~ s/^@/\0/;
	socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
	for (@ARGV) { send($socket, $_, 0, pack_sockaddr_un($address)) or die; }'

# said ATTRIBUTES MESSAGE...: what the mount has of it when it serves. By {}, so
# that it may be attached before.
said() {
	start_fs -S --unmodified -- perl -e "$SAY
		exec('$WORK/bin/unported_main', '-f', '{}')" "${@:2}"
	assert_equal "$(attributes), of ${*:2}" "$1, of ${*:2}"
	stop_fs
}

@test "what is said: in any order, unknown words passed over, READY=1 beside" {
	local both=ro,nosuid,nodev,noexec,relatime
	local ro=ro,nosuid,nodev,relatime neither=rw,nosuid,nodev,relatime
	said "$ro" FUSEFD_RESTRICT=ro
	said "$both" $'X=1\nFUSEFD_RESTRICT=new,noexec,ro\n'
	said "$both" FUSEFD_RESTRICT=ro FUSEFD_RESTRICT=noexec
	said "$ro" $'FUSEFD_RESTRICT=ro\nREADY=1'
	said "$ro" $'READY=1\nFUSEFD_RESTRICT=ro'
	said "$neither" FUSEFD_RESTRICT= FUSEFD_RESTRICT=rox FUSEFD_RESTRICT=rw \
		XFUSEFD_RESTRICT=ro FUSEFD_RESTRICT=r,o FUSEFD_RESTRICT ro
	said "$neither" READY=1 BARRIER=1
}

say_as() { # PREFIX... -- MESSAGE: to the one whose address is in $REPORT
	local as=()
	while [[ $1 != -- ]]; do
		as+=("$1")
		shift
	done
	run -0 "${as[@]}" NOTIFY_SOCKET="$(cat "$REPORT")" perl -e "$SAY" "${@:2}"
}

@test "another user's word, and one that comes late, do nothing" {
	as_alice_prepares bindfs
	# shellcheck disable=SC2016 # the shell's own
	start "${LAUNCH[@]}" -S --unmodified "$MNT" -- sh -c \
		'echo "$NOTIFY_SOCKET" >"$0"
		until [ -e "$1" ]; do sleep 0.02; done; shift; exec "$@"' \
		"$REPORT" "$GO" "${BINDFS[@]}" "$ROW/source" '{mountpoint}'
	until_true 10 test -s "$REPORT"
	say_as "${AS_BOB[@]}" -- FUSEFD_RESTRICT=ro
	touch "$GO"
	wait_mounted "$MNT"
	assert_writable
	say_as "${AS_ALICE[@]}" -- FUSEFD_RESTRICT=ro
	sleep 0.2
	assert_writable
	stop_fs
}

# ---- Without a supervisor ------------------------------------------------------------

# asked OPTIONS [LAUNCHER-OPTION...]: of the helper, by one whose mount is there.
asked() {
	launch --unmodified -n 1 "${@:2}" "$MNT" "$WORK/bin/asker" x \
		fusermount3 -o "$1" -- "$MNT" {}
	timeout 10 umount "$MNT"
	assert_line 'status: 0'
}

@test "where it is attached already: one line each, but for what the mount has" {
	asked ro,noexec
	assert_line "fusermount3: option 'ro' is without effect: give '-o ro' to \
fusefd-launch"
	assert_line "fusermount3: option 'noexec' is without effect: give \
'-o noexec' to fusefd-launch"
	asked ro,noexec -o ro
	refute_output --partial "'ro' is without effect"
	assert_output --partial "'noexec' is without effect"
	asked ro,noexec -o ro,noexec
	refute_output --partial 'without effect'
	asked rw,nosuid,nodev
	refute_output --partial 'without effect'
}

@test "libfuse 2 on {} by exec: the same from the library" {
	as_alice_prepares bindfs
	start_fs --unmodified -- "${BINDFS[@]}" -o ro "$ROW/source" {}
	stop_fs
	assert_equal "$(cat "$LOG")" "libfusefd-preload: option 'ro' is without \
effect: give '-o ro' to fusefd-launch"
	start_fs --unmodified -o ro -- "${BINDFS[@]}" -o ro "$ROW/source" {}
	assert_read_only
	stop_fs
	assert_equal "$(cat "$LOG")" ''
}

@test "a supervisor that cannot be reached: one line" {
	as_alice_prepares bindfs
	start_fs -S --unmodified -- env NOTIFY_SOCKET=@nobody \
		"${BINDFS[@]}" -o ro "$ROW/source" '{mountpoint}'
	stop_fs
	assert_equal "$(cat "$LOG")" "libfusefd-preload: option 'ro' is without \
effect: give '-o ro' to fusefd-launch"
}

# ---- Over a socket --------------------------------------------------------------------

# serve_elsewhere COMMAND...: four device fds, and a sender that stays.
serve_elsewhere() {
	receive "listen:$SOCKET" --unmodified -- "$@"
	send_and_stay "connect:$SOCKET" -n 4
}

@test "a receiver passes it on, and the sender's mount is read-only" {
	as_alice_prepares bindfs
	serve_elsewhere "${BINDFS[@]}" -o ro "$ROW/source" '{mountpoint}'
	wait_mounted "$MNT"
	assert_read_only
	stop_fs
	wait_receiver 0
	assert_equal "$(cat "$LOG" "$RECEIVED")" ''
	as_alice_prepares gocryptfs
	serve_elsewhere gocryptfs -fg -q -ro -passfile "$ROW/password" \
		"$ROW/cipher" '{mountpoint}'
	wait_mounted "$MNT"
	assert_read_only
	stop_fs
	wait_receiver 0
	refute_regex "$(cat "$RECEIVED")" 'without effect'
	assert_nothing_left
}

# A filesystem that is read-only, and starts when $GO is there.
serve_on_go() {
	as_alice_prepares bindfs
	# shellcheck disable=SC2016 # the shell's own
	serve_elsewhere sh -c 'until [ -e "$0" ]; do sleep 0.02; done; exec "$@"' \
		"$GO" "${BINDFS[@]}" -o ro "$ROW/source" '{mountpoint}'
	until_true 10 has_probe
	until_true 10 pgrep -P "$RECEIVER_PID" -x sh
}

has_probe() {
	PROBE=$(pgrep -x -P "$FS_PID" fusefd-probe)
}

# It finds the receiver's words and the end of its probe at once.
@test "a sender that is late learns of it before it attaches" {
	serve_on_go
	kill -STOP "$FS_PID"
	touch "$GO"
	until_true 10 has_ended "$PROBE"
	kill -CONT "$FS_PID"
	wait_mounted "$MNT"
	assert_read_only
	stop_fs
	wait_receiver 0
}

@test "a receiver that is late is waited for by the filesystem" {
	serve_on_go
	kill -STOP "$RECEIVER_PID"
	touch "$GO"
	until_true 10 pgrep -P "$RECEIVER_PID" -x bindfs
	sleep 0.5
	! is_mounted "$MNT" || fail "served before the sender could know"
	kill -CONT "$RECEIVER_PID"
	wait_mounted "$MNT"
	assert_read_only
	stop_fs
	wait_receiver 0
}

@test "a sender of another make: the receiver says that it knows nothing of it" {
	as_alice_prepares bindfs
	receive "listen:$SOCKET" --unmodified -- \
		"${BINDFS[@]}" -o ro "$ROW/source" '{mountpoint}'
	send_and_stay "connect:$SOCKET" -n 1 --payload=x
	wait_mounted "$MNT"
	assert_writable
	timeout 10 umount "$MNT"
	wait_fs 0
	wait_receiver 0
	assert_equal "$(cat "$RECEIVED")" "fusefd-launch: option 'ro' of 'bindfs' is \
without effect: the sender knows nothing of it"
}
