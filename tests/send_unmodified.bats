#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2034,SC2153 # ROW, RECEIVED and their like are the helpers'
#
# --receive with --unmodified: device fds that come over a socket, and a
# filesystem that knows nothing of them. It runs as alice, under a seccomp filter
# that refuses to mount and to clone, where nobody may open the device.
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
	[[ -e $WORK/fuse ]] || add_container
	as_mode user
	# What has a sanitizer cannot load the stand-in; but the launcher may.
	FIXTURES=$WORK/bin
	FOLDERS=$WORK/alice/tmp # the receiver's, for its own
	rm -rf "$FOLDERS"
	install -d -o "$ALICE" "$FOLDERS"
	RECEIVER=(TMPDIR="$FOLDERS" "$FIXTURES/confine" "$LAUNCHER")
}

add_container() {
	install -m 0755 -t "$WORK/bin" "$FUSEFD_PLAIN_BUILD"/fixtures/{confine,probe,readers,unported_main}
	mknod -m 0600 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

assert_all_gone() {
	assert_nothing_left
	assert_equal "$(ls -A "$FOLDERS")" ''
}

# serve [RECEIVER-OPTION...] -- COMMAND...: four device fds, and a sender that
# stays.
serve() {
	receive "listen:$SOCKET" --unmodified "$@"
	send_and_stay "connect:$SOCKET" -n 4
	wait_mounted "$MNT"
}

# ---- Filesystems of Debian's ------------------------------------------------------

# As matrix.bash wants it: FS_PID is who ends as the filesystem does.
serve_row() {
	MNT=$ROW/mnt
	start "${IN_NETWORK[@]}" bash -c "exec \"\$@\" -- $runs" bash \
		"${AS_ALICE[@]}" HOME="$ROW" PATH="$ROW/bin:$PATH" \
		"${RECEIVER[@]}" --receive="listen:$SOCKET" --unmodified
	clean_fds "${LAUNCH[@]}" -S --send="connect:$SOCKET" -n 4 \
		--ready-timeout="$READY" "$MNT" </dev/null >"$RECEIVED" 2>&1 &
	SENDER_PID=$!
	until_true "$READY" eval "is_mounted '$MNT' || has_ended $SENDER_PID"
	is_mounted "$MNT" || fail "not mounted: $(cat "$LOG" "$RECEIVED")"
}

received_row() { # NAME
	row "$1"
	wait "$SENDER_PID"
	assert_equal "sender: $(cat "$RECEIVED")" 'sender: '
	assert_all_gone
}

# Or all that FUSEFD_MATRIX says, but for two whose mountpoint is no empty folder:
# loggedfs serves what it covers, and qemu mounts on a file.
@test "of libfuse 3, libfuse 2, go-fuse and bazil: real files, served from elsewhere" {
	local name names=(sshfs squashfuse_ll fuse-zip gocryptfs rclone-mount) failed=()
	run ! "${AS_ALICE[@]}" sh -c ': <>/dev/fuse'
	[[ -z ${FUSEFD_MATRIX:-} ]] ||
		mapfile -t names < <(matrix_rows | grep -vxE 'loggedfs|qemu-storage-daemon')
	for name in "${names[@]}"; do
		(
			set -eE
			received_row "$name"
		) >"$BATS_TEST_TMPDIR/$name" 2>&1 &
		wait $! || {
			failed+=("$name")
			tail -qn 12 "$BATS_TEST_TMPDIR/$name" "$LOG" "$RECEIVED" |
				sed "s/^/$name: /"
			clean_up
			rm -rf "${FOLDERS:?}"/* "$SOCKET"
		}
	done
	assert_equal "failed: ${failed[*]}" 'failed: '
}

@test "libfuse 3 with clone_fd reads from each of the fds, on {mountpoint} and on {}" {
	local mountpoint
	for mountpoint in '{mountpoint}' '{}'; do
		serve -- "$FIXTURES/unported_main" -f -o clone_fd "$mountpoint"
		reads_from_all_four
		timeout 10 umount "$MNT"
		wait_fs 0
		wait_receiver 0
		assert_all_gone
	done
}

# Its root has neither the mountpoint nor a device, and its uid 0 is alice.
@test "a container that lacks the mountpoint, as its root, with a filesystem in Go" {
	requires userns
	as_alice_prepares gocryptfs
	# shellcheck disable=SC2016 # the shell's own
	RECEIVER=(TMPDIR="$FOLDERS" unshare --user --map-root-user --mount --pid
		--fork --kill-child --mount-proc sh -ec 'mount -t tmpfs hidden "$0"
		touch "$0/null"
		mount --bind /dev/null "$0/null"
		mount -t tmpfs dev /dev
		touch /dev/null
		mount --bind "$0/null" /dev/null
		[ ! -e /dev/fuse ]
		exec "$@"' "$MNT" "$FIXTURES/confine" "$LAUNCHER")
	MNT=$MNT/hidden
	install -d -o "$ALICE" "$MNT"
	serve -- gocryptfs -fg -q -passfile "$ROW/password" "$ROW/cipher" \
		'{mountpoint}'
	as_owner cp -r "$ROW/input/." "$MNT"
	assert_equal "$(digest "$MNT")" "$(digest "$ROW/input")"
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
	assert_all_gone
	rmdir "$MNT"
}

# ---- How it ends --------------------------------------------------------------------

@test "SIGKILL of the filesystem: the mount goes, and both say how" {
	as_alice_prepares squashfuse_ll
	serve -- squashfuse_ll -f "$ROW/image.sqfs" '{mountpoint}'
	assert_equal "$(digest "$MNT")" "$(digest "$ROW/input")"
	kill -KILL "$(pgrep -P "$RECEIVER_PID")"
	wait_receiver 137
	wait_fs 137
	assert_equal "$(cat "$LOG")" \
		"fusefd-launch: the filesystem on '$MNT' has ended"
	assert_equal "$(cat "$RECEIVED")" \
		"fusefd-launch: 'squashfuse_ll' was ended by signal 9 (Killed)"
	assert_all_gone
}

@test "a filesystem that ends by itself, its helper's unmount before: with its own status" {
	# shellcheck disable=SC2016 # the shell's own
	serve -- sh -c '"$@"; fusermount3 -u "$FUSEFD_MOUNTPOINT"; exit 9' sh \
		"$FIXTURES/unported_main" -f '{mountpoint}'
	kill -TERM "$(pgrep -P "$(pgrep -P "$RECEIVER_PID")")"
	wait_receiver 9
	wait_fs 9
	assert_all_gone
}

serve_gocryptfs() { # [RECEIVER-OPTION...]
	as_alice_prepares gocryptfs
	serve "$@" -- gocryptfs -fg -q -passfile "$ROW/password" "$ROW/cipher" \
		'{mountpoint}'
}

@test "a filesystem that unmounts by its helper, and waits for that: the sender does it" {
	serve_gocryptfs --stop-timeout=0
	kill -TERM "$RECEIVER_PID"
	wait_receiver 15
	wait_fs 0
	assert_equal "$(cat "$LOG")" \
		"fusefd-launch: the filesystem on '$MNT' has ended"
	assert_all_gone
}

@test "where no sender has stayed to do it, it waits for the stop timeout" {
	as_alice_prepares gocryptfs
	receive "listen:$SOCKET" --unmodified --stop-timeout=1 -- gocryptfs -fg -q \
		-passfile "$ROW/password" "$ROW/cipher" '{mountpoint}'
	send "connect:$SOCKET" -n 4
	assert_success
	assert as_owner ls "$MNT"
	kill -TERM "$RECEIVER_PID"
	wait_receiver 137
	timeout 10 umount "$MNT"
	assert_all_gone
}

@test "an unmount that the filesystem asks for before it serves means nothing" {
	# shellcheck disable=SC2016 # the shell's own
	serve -- sh -c 'fusermount3 -u -z "$FUSEFD_MOUNTPOINT" && exec "$@"' sh \
		"$FIXTURES/unported_main" -f '{mountpoint}'
	sleep 1 # longer than a sender waits for such a filesystem's end
	run -0 as_owner cat "$MNT/hello"
	assert_output "hello from uid $ALICE"
	timeout 10 umount "$MNT"
	wait_fs 0
	wait_receiver 0
	assert_all_gone
}

# ---- What COMMAND finds ----------------------------------------------------------------

# probe_received RECEIVER-OPTION... -- ARG...: and sends with OPTIONS.
OPTIONS=(-n 3)
probe_received() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	: >"$REPORT"
	receive "listen:$SOCKET" --unmodified "${options[@]}" -- \
		"$FIXTURES/probe" "$REPORT" 3 "${@:2}"
	send "connect:$SOCKET" "${OPTIONS[@]}"
	wait_receiver 3
}

@test "the device fds begin at 10, and kept ones are passed over" {
	RECEIVER=(TMPDIR="$FOLDERS" bash -c 'exec "$@" 5<"$0" 11<"$0"' /dev/zero
		"$LAUNCHER")
	probe_received -k 5 -k 11 --
	assert_reported ENV_FUSEFD_FDS 10,12,13
	assert_equal "$(reported_fds)" '0 1 2 5 10 11 12 13'
	assert_equal "$(device_fds | xargs)" '10 12 13'
	OPTIONS=(-n 253)
	probe_received -- {}
	assert_equal "$(device_fds | xargs)" "$(seq 10 262 | xargs)"
	assert_reported ARGV_3 /dev/fd/10
	assert_all_gone
}

@test "{mountpoint} and FUSEFD_MOUNTPOINT are an empty folder, but not where it takes {}" {
	probe_received -- '{mountpoint}'
	assert_equal "$(reported ARGV_3)" "$(reported ENV_FUSEFD_MOUNTPOINT)"
	[[ $(reported ARGV_3) == "$FOLDERS"/fusefd-?????? ]] ||
		fail "not in TMPDIR: $(reported ARGV_3)"
	assert_all_gone
	probe_received -- '{mountpoint}' '{}'
	assert_reported ARGV_3 "$MNT"
	assert_reported ENV_FUSEFD_MOUNTPOINT "$MNT"
	ln -s tmp "$WORK/alice/link"
	RECEIVER=(TMPDIR="$WORK/alice/link" "$LAUNCHER")
	probe_received --literal -- '{}'
	[[ $(reported ENV_FUSEFD_MOUNTPOINT) == "$FOLDERS"/fusefd-?????? ]] ||
		fail "not where the link leads: $(reported ENV_FUSEFD_MOUNTPOINT)"
	rm "$WORK/alice/link"
	assert_all_gone
}

@test "PATH, LD_PRELOAD, and who supervises" {
	local folder=$WORK/build/libexec
	probe_received --
	assert_reported ENV_PATH "$folder:/usr/local/bin:/usr/bin:/bin"
	assert_reported ENV_LD_PRELOAD "$folder/libfusefd-preload.so"
	assert_reported ENV_FUSEFD_SUPERVISED elsewhere
}

@test "a sender of another make: the same" {
	OPTIONS=(-n 2 --payload=x)
	probe_received --
	[[ $(reported ENV_FUSEFD_MOUNTPOINT) == "$FOLDERS"/fusefd-?????? ]] ||
		fail "no folder: $(reported ENV_FUSEFD_MOUNTPOINT)"
	assert_reported ENV_FUSEFD_FDS 10,11
	assert_all_gone
}

@test "a receiver that is setuid: COMMAND loads the stand-in, without any privilege" {
	RECEIVER=("$LAUNCHER_SETUID")
	probe_received -- '{mountpoint}'
	assert_unprivileged
	assert_reported Uid "$ALICE $ALICE $ALICE $ALICE"
	assert_reported ENV_LD_PRELOAD \
		"$WORK/build/libexec/libfusefd-preload.so"
	[[ $(reported ARGV_3) == /tmp/fusefd-?????? ]] ||
		fail "the user's TMPDIR reached it: $(reported ARGV_3)"
	is_absent "$(reported ARGV_3)"
}

# ---- Refused ------------------------------------------------------------------------------

# refuses_start STATUS REASON COMMAND...: what the receiver dies of, the sender
# hears; and nothing is left.
refuses_start() {
	: >"$REPORT"
	receive "listen:$SOCKET" --unmodified -- "${@:3}"
	send "connect:$SOCKET" "${OPTIONS[@]}"
	assert_failure 125
	assert_output --partial "cannot hand over '$MNT': the receiver refused: "
	wait_receiver "$1"
	assert_equal "$(grep -c "^fusefd-launch: .*$2" "$RECEIVED")" 1
	assert_equal "$(cat "$REPORT")" ''
	assert_all_gone
}

@test "a launcher that was copied without its stand-ins" {
	mkdir -p "$WORK/alone/libexec"
	cp "$WORK/build/fusefd-launch" "$WORK/alone"
	cp "$WORK/build/libexec/fusefd-receive" "$WORK/alone/libexec"
	RECEIVER[2]=$WORK/alone/fusefd-launch
	refuses_start 125 "option --unmodified: cannot use '$WORK/alone/libexec/fusefd/libfusefd-preload.so': No such file" \
		"$FIXTURES/probe" "$REPORT" '{mountpoint}'
	assert_equal "$(wc -l <"$RECEIVED")" 2
	assert_output --partial 'No such file'
}

@test "no folder can be made: a line, and what to do; none is needed for {}" {
	RECEIVER[0]=TMPDIR=/proc
	refuses_start 125 "cannot make a folder for {mountpoint} in '/proc': No such file" \
		"$FIXTURES/probe" "$REPORT" '{mountpoint}'
	assert_equal "$(sed 1d "$RECEIVED")" \
		"Set TMPDIR to one that can be written to, such as '/dev/shm'."
	probe_received -- '{}'
}

@test "what COMMAND cannot be executed leaves no folder" {
	install -m 0755 /dev/null "$REPORTS/broken"
	echo '#!/no/such/interpreter' >"$REPORTS/broken"
	refuses_start 127 'cannot find the command' no-such-command
	refuses_start 126 'its interpreter does not exist' "$REPORTS/broken" \
		'{mountpoint}'
}

@test "allow_root of the sender, which COMMAND would not keep" {
	OPTIONS=(-n 2 -o allow_root)
	refuses_start 125 "'allow_root' does not go with --unmodified" \
		"$FIXTURES/probe" "$REPORT" '{mountpoint}'
}

@test "another mountpoint than {mountpoint}: one line from each stand-in" {
	local line="cannot mount on '/proc': fusefd-launch has mounted on "
	line+="'$FOLDERS/fusefd-......'$"
	receive "listen:$SOCKET" --unmodified -- \
		"$FIXTURES/unported_main" -f /proc
	send "connect:$SOCKET"
	assert_failure 125
	until_true 10 has_ended "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
	run -0 cat "$RECEIVED"
	assert_line --regexp "^libfusefd-preload: $line"
	assert_line --regexp "^fusermount3: $line"
	assert_all_gone
}

@test "options that do not go together" {
	as_mode root
	refuses 125 'unmodified does not go with --send: COMMAND, and what is about it, is the receiver' \
		--send="listen:$SOCKET" --unmodified "$MNT"
	refuses 125 'listen-fds does not go with --unmodified' \
		--receive="listen:$SOCKET" --unmodified --listen-fds true
	refuses 125 'exclude each other' \
		--receive="listen:$SOCKET" --unmodified -S true
	refuses 125 'no COMMAND given' --receive="listen:$SOCKET" --unmodified
	is_absent "$SOCKET"
}
