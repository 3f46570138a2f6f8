#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# Of the plain build only: filesystems that have no sanitizer load the stand-in.
#
# --unmodified: filesystems that know nothing of device fds, and their stand-ins
# for /dev/fuse and fusermount.
#
# Not in make test: it takes filesystems of others.

load helpers
load matrix

setup() {
	[[ $EUID -ne 0 || -e $WORK/stand-ins ]] || add_stand_ins
	common_setup
	requires fuse setuid
}

# Beside the setuid launcher. And no user may open the device.
add_stand_ins() {
	mkdir "$WORK/stand-ins"
	cp -P "$WORK"/build/libexec/* "$WORK/stand-ins"
	ln -sfn ../../stand-ins "$WORK/bin/setuid/libexec"
	mknod -m 0600 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
}

# ---- Filesystems of Debian's ----------------------------------------------------

@test "the matrix: each serves real files to alice, who may not open /dev/fuse" {
	local name rows=0 failed=()
	run ! "${AS_ALICE[@]}" sh -c ': <>/dev/fuse'
	for name in $(matrix_rows); do
		(
			set -eE
			row "$name"
		) >"$BATS_TEST_TMPDIR/$name" 2>&1 &
		wait $! || {
			failed+=("$name")
			tail -qn 12 "$BATS_TEST_TMPDIR/$name" "$LOG" | sed "s/^/$name: /"
			clean_up
		}
		rows=$((rows + 1))
	done
	((rows >= 12)) || [[ -n ${FUSEFD_MATRIX:-} ]]
	assert_equal "failed: ${failed[*]}" 'failed: '
	echo "# result: $rows unmodified filesystems served" >&3
}

@test "no process but the launcher opens the device, and it N times" {
	as_mode user
	as_alice_prepares squashfuse
	start strace -f -o "$ROW/trace" -e trace=open,openat,openat2,execve \
		"${LAUNCH[@]}" -n 3 -S --unmodified "$MNT" -- \
		squashfuse -f "$ROW/image.sqfs" '{mountpoint}'
	wait_mounted "$MNT"
	stop_fs
	# "PID CALL": the launcher's own is the first, and COMMAND is its child.
	run awk '/execve\("[^"]*squashfuse"/ { print "COMMAND", $1 != launcher }
		NR == 1 { launcher = $1 }
		/"\/dev\/fuse"/ { print "device", $1 == launcher }' "$ROW/trace"
	assert_output "$(printf '%s\n' 'device 1' 'device 1' 'device 1' 'COMMAND 1')"
}

@test "libfuse 3 with clone_fd reads from each of the fds, on {mountpoint} and on {}" {
	local program=("$FIXTURES/unported_main" -f -o clone_fd)
	as_mode user
	start_fs --unmodified -S -n 4 -- "${program[@]}" '{mountpoint}'
	reads_from_all_four
	stop_fs
	start_fs --unmodified -n 4 -- "${program[@]}" '{}'
	reads_from_all_four
	stop_fs
}

@test "a filesystem that goes to the background, behind env and a shell" {
	as_mode user
	as_alice_prepares squashfuse
	start_fs --unmodified -S -- env A=b sh -c 'squashfuse "$@" && true' sh \
		"$ROW/image.sqfs" '{mountpoint}'
	assert_equal "$(digest "$MNT")" "$(digest "$ROW/input")"
	stop_fs
}

@test "in the background, with a filesystem in Go, whose mount is attached early" {
	as_mode user
	as_alice_prepares gocryptfs
	launch -b --unmodified "$MNT" -- env --chdir="$ROW" gocryptfs -fg -q \
		-passfile password cipher '{mountpoint}'
	assert_success
	assert_output ''
	as_alice cp -r "$ROW/input/." "$MNT"
	assert_equal "$(digest "$MNT")" "$(digest "$ROW/input")"
	timeout 10 umount "$MNT"
}

@test "no child of the filesystem has a device fd" {
	local child
	as_mode user
	as_alice_prepares sshfs
	LAUNCH=(env PATH="$ROW/bin:$PATH" HOME="$ROW" "${LAUNCH[@]}")
	start_fs --unmodified -S -- sshfs -f "host:$ROW/source" '{mountpoint}'
	child=$(pgrep -u "$ALICE" sftp-server)
	run readlink "/proc/$child/fd"/*
	assert_success
	refute_line /dev/fuse
	stop_fs
}

@test "a signal to the launcher ends the filesystem, and no mount is left" {
	as_mode user
	as_alice_prepares bindfs
	start_fs --unmodified -S -- bindfs -f "$ROW/source" '{mountpoint}'
	kill -TERM "$FS_PID"
	wait_fs 0
	run ! is_mounted "$MNT"
}

@test "FUSE options that the mount does not have: one line says so" {
	as_mode user
	as_alice_prepares squashfuse
	start_fs --unmodified -S -- \
		squashfuse -f -o allow_other "$ROW/image.sqfs" '{mountpoint}'
	stop_fs
	assert_equal "$(cat "$LOG")" "libfusefd-preload: option 'allow_other' is \
without effect: give '-o allow_other' to fusefd-launch"
	start_fs --unmodified -S -o allow_other -- \
		squashfuse -f -o allow_other "$ROW/image.sqfs" '{mountpoint}'
	stop_fs
	assert_equal "$(cat "$LOG")" ''
}

@test "the manual lists every row of the matrix as it is" {
	local page=$BATS_TEST_DIRNAME/../man/fusefd-unmodified.7
	run sed '1,/^\.\\" As tests\/matrix_table/d; /^\.\\" Their end/,$d' "$page"
	assert_output "$(printf '.Bl -tag -width Ds\n%s\n.El' \
		"$("$BATS_TEST_DIRNAME/matrix_table")")"
}

@test "mount.fusefd with unmodified: the filesystem's own command line" {
	as_mode root
	as_alice_prepares bindfs
	ln -sf ../../build/mount.fusefd "$WORK/bin/setuid/mount.fusefd.bindfs"
	run "$WORK/bin/setuid/mount.fusefd.bindfs" "$ROW/source" "$MNT" \
		-o unmodified,fds=2,setuid=alice,allow_other
	assert_success
	assert_equal "$(digest "$MNT")" "$(digest "$ROW/input")"
	umount "$MNT"
}

@test "a filesystem that unmounts by its helper, and waits for that" {
	as_mode user
	as_alice_prepares gocryptfs
	start_fs --unmodified -S -- gocryptfs -fg -q -passfile "$ROW/password" \
		"$ROW/cipher" '{mountpoint}'
	kill -TERM "$FS_PID"
	# Its handler ends with 15, unless main() is quicker, after the unmount.
	wait_fs '15|0'
	run ! is_mounted "$MNT"
}

# ---- The library ------------------------------------------------------------------

# pretend [OPTION...] -- ARG...: under the launcher, whose mount is dead then.
pretend() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	as_mode user
	launch --unmodified "${options[@]}" "$MNT" env --chdir="$REPORTS" \
		"$FIXTURES/pretender" "${@:2}" {}
	timeout 10 umount "$MNT"
	assert_success
}

@test "every spelling of an open of the device is lent the primary" {
	pretend -n 2 -- opens
	assert_output "open: device fd 0
open64: device fd 0, close-on-exec
openat: device fd 0
openat64: device fd 0, close-on-exec
__open_2: device fd 0
__open64_2: device fd 0, close-on-exec
__openat_2: device fd 0
__openat64_2: device fd 0
O_NONBLOCK: device fd 0, nonblocking"
}

@test "clones are lent in turn, and again when they are used up" {
	pretend -n 3 -- clones 7
	run sed 's/clone: device fd \(.\), close-on-exec/\1/' <<<"$output"
	assert_output "$(printf '%s\n' 1 2 0 1 2 0 1)"
	pretend -n 1 -- clones 2
	assert_output $'clone: device fd 0, close-on-exec\nclone: device fd 0, close-on-exec'
}

@test "a mount of our mountpoint, and no other, succeeds and does nothing" {
	as_mode user
	pretend -n 1 -- mounts "$MNT"
	assert_output "libfusefd-preload: option 'allow_other' is without effect: \
give '-o allow_other' to fusefd-launch
libfusefd-preload: cannot mount on '/proc': fusefd-launch has mounted on '$MNT'
mount: 0
umount: 0
umount2: 0
mount of a block device: 0
mount elsewhere: EPERM
umount elsewhere: EPERM"
}

@test "a program that overwrites its environment first is heard by the supervisor" {
	as_mode user
	launch -S --unmodified "$MNT" -- "$FIXTURES/pretender" forgets '{mountpoint}'
	assert_line 'NOTIFY_SOCKET: gone'
	assert_line 'mount: 0'
	refute_output --partial 'without effect'
}

@test "eight threads open, clone and close at once" {
	pretend -n 4 -- threads
	assert_output $'failed: 0\nleaked: 0'
}

@test "children have the fds until the program touches the device, not behind that" {
	pretend -n 4 -- children
	assert_output $'before: 4\nafter: 0'
}

@test "calls that are not ours end as without us: result, errno, mode, effect" {
	local alone library=$WORK/build/libexec/libfusefd-preload.so
	cd "$REPORTS"
	alone=$("${AS_ALICE[@]}" "$FIXTURES/pretender" others)
	run "${AS_ALICE[@]}" LD_PRELOAD="$library" "$FIXTURES/pretender" others
	assert_output "$alone"
	pretend -n 2 -- others
	assert_output "$alone"
	assert_output --partial 'mode of O_TMPFILE: 604'
}

@test "without a handoff, or with one that is none, the library does nothing" {
	local library=$WORK/build/libexec/libfusefd-preload.so fds
	for fds in 0 9 0,1 x '' 99999999999; do
		run "${AS_ALICE[@]}" LD_PRELOAD="$library" FUSEFD_PROTOCOL=1 \
			FUSEFD_FDS="$fds" FUSEFD_MOUNTPOINT=/x \
			"$FIXTURES/pretender" opens
		assert_line --index 0 'open: EACCES'
		assert_line --index 4 '__open_2: EACCES'
	done
}

@test "it exports what it stands in for, and needs libc alone" {
	run nm -D --defined-only --format=just-symbols \
		"$WORK/build/libexec/libfusefd-preload.so"
	assert_output "$(printf '%s\n' __open64_2 __open_2 __openat64_2 __openat_2 \
		ioctl mount open open64 openat openat64 umount umount2)"
	run sh -c "readelf -d '$WORK/build/libexec/libfusefd-preload.so' |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'"
	assert_output libc.so.6
}

# ---- The helper -------------------------------------------------------------------

# asked DIALECT COMMAND...: what it answers to a caller who speaks so.
asked() {
	as_mode user
	launch --unmodified -n 2 "$MNT" env --chdir="$WORK/alice" \
		"$FIXTURES/asker" "$@" {}
	timeout 10 umount "$MNT"
	assert_success
}

@test "libfuse, bazil, jacobsa and go-fuse are sent the primary" {
	local answer=$'bytes: 1\nfd: device\nstatus: 0'
	asked x fusermount3 -o rw,nosuid,subtype=x -- mnt
	assert_output "$answer"
	asked w fusermount -o rw -- mnt
	assert_output "$answer"
	asked dw fusermount3 mnt -o rw
	assert_output "$answer"
	asked dew fusermount3 mnt -o rw
	assert_output "$answer"
	asked x mergerfs-fusermount -o rw -- mnt
	assert_output "$answer"
}

@test "with auto_unmount it stays until its socket is closed, and keeps nothing" {
	local stays
	stays='it stays
it keeps: 3 times /dev/null, 1 sockets, 0 others
status: 0'
	asked s fusermount3 -o rw,auto_unmount -- mnt
	assert_output $'bytes: 1\nfd: device\n'"$stays"
	asked s fusermount -o auto_unmount,rw -- mnt
	assert_output $'bytes: 1\nfd: device\n'"$stays"
	asked us fusermount3 --auto-unmount -- mnt
	assert_output "$stays"
}

@test "the machine's own helper, called by its path, is replaced by ours" {
	asked x /usr/bin/fusermount3 -o rw,allow_other -- mnt
	assert_line "fusermount3: option 'allow_other' is without effect: give \
'-o allow_other' to fusefd-launch"
	assert_line 'fd: device'
	assert_line 'status: 0'
}

@test "unmounts, versions and the help succeed" {
	local words
	for words in '-u mnt' '-u -q -z -- mnt' '-uz mnt' '--unmount --lazy mnt'; do
		# shellcheck disable=SC2086 # words
		asked nu fusermount3 $words
		assert_output 'status: 0'
	done
	asked nu fusermount3 -V
	assert_line --index 0 --regexp '^fusermount3 version: 3\.[0-9.]+ '
	asked nu fusermount --version
	assert_line --index 0 --regexp '^fusermount version: 3\.[0-9.]+ '
	asked nu fusermount3 --help
	assert_line --index 0 --partial 'Usage: fusermount3 '
}

# answers STATUS LINE DIALECT COMMAND...
answers() {
	asked "${@:3}"
	assert_line "$2"
	assert_line "status: $1"
	refute_line 'fd: device'
}

@test "what cannot be given: one line, and status 1" {
	answers 1 "fusermount3: cannot mount on 'mnt': _FUSE_COMMFD names no socket \
to a filesystem" nu fusermount3 mnt
	answers 1 "fusermount3: cannot mount on 'mnt': _FUSE_COMMFD names no socket \
to a filesystem" fu fusermount3 mnt
	answers 1 "fusermount3: unknown option, or without its value: '--bogus'" \
		nu fusermount3 --bogus
	LAUNCH=()
	run "${AS_ALICE[@]}" "$FIXTURES/asker" x "$WORK/build/libexec/fusermount3" /m
	assert_line "fusermount3: cannot mount on '/m': no device fd was inherited"
	assert_line 'status: 1'
}

@test "a mountpoint that is not ours: one line, from go-fuse's helper too" {
	as_mode user
	local dialect line
	line="fusermount3: cannot mount on '/proc': fusefd-launch has mounted on '$MNT'"
	for dialect in x dew; do
		launch --unmodified -n 1 "$MNT" "$FIXTURES/asker" "$dialect" \
			fusermount3 /proc {}
		timeout 10 umount "$MNT"
		assert_line "$line"
		assert_line 'status: 1'
	done
}

# ---- The option ---------------------------------------------------------------------

@test "the device fds begin at 10, and kept ones are passed over" {
	launch --unmodified -n 3 "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	assert_success
	timeout 10 umount "$MNT"
	assert_equal "$(device_fds | xargs)" '10 11 12'
	assert_equal "$(reported_fds)" '0 1 2 10 11 12'
	assert_reported ENV_FUSEFD_FDS 10,11,12
	run clean_fds bash -c 'exec 11</dev/null; exec "$@"' bash "${LAUNCH[@]}" \
		-k 11 --unmodified -n 3 "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	assert_success
	timeout 10 umount "$MNT"
	assert_reported ENV_FUSEFD_FDS 10,12,13
}

@test "as many fds as without {}, since all are lent" {
	launch --unmodified "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	timeout 10 umount "$MNT"
	assert_equal "$(device_fds | wc -l)" "$(($(nproc) < 8 ? $(nproc) : 8))"
}

@test "PATH begins with the helper's folder, LD_PRELOAD ends with the library" {
	local folder=$WORK/build/libexec
	launch --unmodified "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	timeout 10 umount "$MNT"
	assert_reported ENV_PATH "$folder:$PATH"
	assert_reported ENV_LD_PRELOAD "$folder/libfusefd-preload.so"
	LAUNCH=(env -u PATH LD_PRELOAD=libc.so.6 "$LAUNCHER")
	launch --unmodified "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	timeout 10 umount "$MNT"
	assert_reported ENV_PATH "$folder:/usr/local/bin:/usr/bin:/bin"
	assert_reported ENV_LD_PRELOAD "libc.so.6:$folder/libfusefd-preload.so"
}

@test "where COMMAND would wait for itself, or the options contradict: refused" {
	refuses 125 'needs --supervise or --background, or a COMMAND that takes' \
		--unmodified "$MNT" "$FIXTURES/probe" "$REPORT" '{mountpoint}'
	refuses 125 'needs --supervise or --background' \
		--unmodified --literal "$MNT" "$FIXTURES/probe" "$REPORT" {}
	refuses 125 'listen-fds does not go with --unmodified' \
		--unmodified --listen-fds "$MNT" "$FIXTURES/probe" "$REPORT" {}
	refuses 125 "'allow_root' does not go with" \
		--unmodified -S -o allow_root "$MNT" "$FIXTURES/probe" "$REPORT"
}

@test "the stand-ins are found where they are installed, by a link too" {
	local place=$WORK/place
	mkdir -p "$place"/{bin,sbin,libexec}
	cp "$WORK/build/fusefd-launch" "$place/bin"
	ln -s ../bin/fusefd-launch "$place/sbin"
	cp -R "$WORK/stand-ins" "$place/libexec/fusefd"
	LAUNCH=("$place/sbin/fusefd-launch")
	launch --unmodified "$MNT" -- "$FIXTURES/probe" "$REPORT" {}
	assert_success
	timeout 10 umount "$MNT"
	assert_reported ENV_LD_PRELOAD \
		"$place/libexec/fusefd/libfusefd-preload.so"
}

@test "stand-ins that are not there, or in a path that cannot be: refused" {
	mkdir -p "$WORK/alone" "$WORK/with space"
	cp "$WORK/build/fusefd-launch" "$WORK/alone"
	cp -R "$WORK"/build/{fusefd-launch,libexec} "$WORK/with space"
	LAUNCH=("$WORK/alone/fusefd-launch")
	refuses 125 "cannot use '.*/fusefd/libfusefd-preload.so': No such file" \
		--unmodified "$MNT" "$FIXTURES/probe" "$REPORT" {}
	LAUNCH=("$WORK/with space/fusefd-launch")
	refuses 125 'no colon and no space can be part of that path' \
		--unmodified "$MNT" "$FIXTURES/probe" "$REPORT" {}
}
