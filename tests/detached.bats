#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --detached and the keeper's protocol, as fusefd(7) has them for those who write
# a supervisor of their own: the states and their answers, asked by hand; and
# lib/examples/supervisor.py, which is complete.

load helpers
load supervise

SUPERVISOR=$WORK/supervisor
ASK=$WORK/ask

setup() {
	common_setup
	setup_supervise
	requires fuse
	[[ -e $SUPERVISOR ]] || add_programs
	as_mode user
}

add_programs() {
	install -m 0755 "$BATS_TEST_DIRNAME/../lib/examples/supervisor.py" \
		"$SUPERVISOR"
	install -m 0755 /dev/stdin "$ASK" <<'PROGRAM'
#!/usr/bin/python3
# ask REQUEST...: of the keeper, one after the other, and print each answer.
# attach, restrict:FLAGS, unmount:FLAGS, leave, copy; ACT:FLAGS by numbers;
# raw:TEXT, which is no request; run:COMMAND; closed, if the keeper has gone.
import array, errno, os, socket, struct, subprocess, sys

ACTS = {"attach": 1, "restrict": 2, "unmount": 3, "leave": 4, "copy": 5}
keeper = socket.socket(fileno=int(os.environ.pop("FUSEFD_KEEPER_FD")))
keeper.settimeout(10)

for word in sys.argv[1:]:
    name, _, value = word.partition(":")
    if name == "run":
        subprocess.run(["sh", "-c", value], stdin=subprocess.DEVNULL)
        continue
    if name == "closed":
        print(word, keeper.recv(1) == b"", flush=True)
        continue
    if name == "raw":
        keeper.send(os.fsencode(value))
    else:
        act = ACTS[name] if name in ACTS else int(name)
        keeper.send(struct.pack("=II", act, int(value or 0)))
    answer, control, _, _ = keeper.recvmsg(64, socket.CMSG_SPACE(4))
    error, zero, mount, unique = struct.unpack("=iIQQ", answer)
    assert zero == 0 and mount
    print(word, errno.errorcode.get(error, "0"), *["fd"] * len(control),
          flush=True)
PROGRAM
}

# asks REQUEST...: the answers, one a line.
asks() {
	launch --detached -n 1 "$MNT" -- "$ASK" "$@"
	assert_success
	assert_mounts_unchanged
}

# ---- The states -------------------------------------------------------------------

@test "a mount that is detached: it can be made less, copied, and given up" {
	asks copy restrict:1 restrict:2 restrict:3 restrict:0 unmount closed
	assert_output 'copy 0 fd
restrict:1 0
restrict:2 0
restrict:3 0
restrict:0 0
unmount 0
closed True'
	asks leave closed
	assert_output 'leave 0
closed True'
	asks # the socket ends without a word
	assert_output ''
}

@test "a mount that is attached: no second attach, nor a restriction" {
	asks attach attach restrict:1 copy unmount:1 closed
	assert_output 'attach 0
attach EPERM
restrict:1 EPERM
copy EBADF
unmount:1 0
closed True'
}

@test "RESTRICT and ATTACH are seen in the mount" {
	launch --detached -n 1 "$MNT" -- "$ASK" restrict:3 attach \
		"run:grep '$MNT' /proc/self/mountinfo" unmount
	assert_success
	assert_line --regexp " $MNT ro,nosuid,nodev,noexec,relatime "
}

# In a user namespace of alice's own, where she may mount, a detached mount could
# be attached; without nosuid and nodev, what her filesystem says is a disk would
# be one.
@test "COPY: nobody gets a mount that can be attached, copied or changed" {
	requires userns
	install -m 0755 /dev/stdin "$WORK/take" <<'PROGRAM'
#!/usr/bin/python3
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
keeper = socket.socket(fileno=int(os.environ["FUSEFD_KEEPER_FD"]))
keeper.send(struct.pack("=II", 5, 0))
_, control, _, _ = keeper.recvmsg(64, socket.CMSG_SPACE(4))
fd, uid, gid = struct.unpack("i", control[0][2])[0], os.getuid(), os.getgid()
target, path = os.fsencode(sys.argv[1]), b"/proc/self/fd/%d" % fd
assert libc.unshare(0x10000000 | 0x20000) == 0
for name, text in ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), \
        ("gid_map", f"{gid} {gid} 1"):
    open("/proc/self/" + name, "w").write(text)
attributes = struct.pack("=QQQQ", 0, 2 | 4, 0, 0)   # nosuid, nodev
for name, result in (
        ("move_mount", libc.syscall(429, fd, b"", -100, target, 4)),
        ("open_tree", libc.syscall(428, fd, b"", 0x1000 | 1)),
        ("open_tree, recursive", libc.syscall(428, fd, b"", 0x1000 | 0x8000 | 1)),
        ("bind", libc.mount(path, target, None, 4096, None)),
        ("move", libc.mount(path, target, None, 8192, None)),
        ("remount", libc.mount(None, path, None, 32 | 4096, None)),
        ("mount_setattr", libc.syscall(442, fd, b"", 0x1000, attributes, 32))):
    print(name, os.strerror(ctypes.get_errno()) if result < 0 else "done")
PROGRAM
	install -d -o alice "$WORK/alice/target"
	launch --detached -n 1 "$MNT" -- "$WORK/take" "$WORK/alice/target"
	assert_success
	assert_equal "${#lines[@]}" 7
	refute_output --partial "done"
}

@test "the end of the socket unmounts, and LEAVE does not" {
	launch --detached -n 1 "$MNT" -- "$ASK" attach
	assert_success
	until_true 10 assert_mounts_unchanged >/dev/null
	assert_no_process_left

	launch --detached -n 1 "$MNT" -- "$ASK" attach leave closed
	assert_success
	assert_no_process_left
	is_mounted "$MNT"
	timeout 10 umount "$MNT"
}

@test "what is no request changes nothing" {
	asks 0 6 4294967295 raw:x raw:12345678901234567 attach:1 copy:1 \
		leave:1 unmount:2 restrict:4 attach unmount:3 leave:1 unmount
	assert_output '0 EINVAL
6 EINVAL
4294967295 EINVAL
raw:x EINVAL
raw:12345678901234567 EINVAL
attach:1 EINVAL
copy:1 EINVAL
leave:1 EINVAL
unmount:2 EINVAL
restrict:4 EINVAL
attach 0
unmount:3 EINVAL
leave:1 EINVAL
unmount 0'
}

@test "ATTACH: the mountpoint was removed, changed, or mounted on meanwhile" {
	local folder=$WORK/alice/folder
	install -d -o alice -g alice "$folder"
	MNT=$folder
	requires setuid
	as_user alice
	LAUNCH=("${AS[@]}" "$LAUNCHER_SETUID")
	launch --detached -n 1 "$folder" -- "$ASK" "run:chmod 700 $folder" \
		attach closed
	assert_output 'attach ESTALE
closed True'
	chmod 755 "$folder"
	launch --detached -n 1 "$folder" -- "$ASK" "run:rmdir $folder" \
		attach closed
	assert_output --regexp $'^attach E(NOENT|STALE)\nclosed True$'
	assert_mounts_unchanged
}

# asks_between REQUEST...: in the background. At each "wait" it says that it is
# there, and goes on when `between COMMAND...` has been run.
asks_between() {
	local meet="run:touch $REPORTS/1.there; until [ -e $GO ]; do sleep 0.02; done
		rm -f $GO"
	start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$ASK" "${@/#wait/$meet}"
}

between() {
	until_true 10 test -e "$REPORTS/1.there"
	rm "$REPORTS/1.there"
	"$@"
	"${AS_OWNER[@]}" touch "$GO"
}

answered() {
	wait_fs 0
	assert_equal "$(cat "$LOG")" "$1"
}

mount_there() { mount -t tmpfs fusefd-test-other "$MNT"; }

@test "ATTACH where somebody else has mounted meanwhile" {
	asks_between wait attach closed
	between mount_there
	answered 'attach EBUSY
closed True'
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	umount "$MNT"
}

@test "UNMOUNT of what somebody has mounted on, moved, or unmounted" {
	local other=$WORK/elsewhere
	mkdir "$other"
	asks_between attach wait unmount unmount:1 wait unmount
	between mount_there
	between umount "$MNT"
	answered 'attach 0
unmount EBUSY
unmount:1 EBUSY
unmount 0'

	asks_between attach wait unmount closed
	between timeout 10 umount --lazy "$MNT"
	answered 'attach 0
unmount 0
closed True'

	asks_between attach wait unmount leave closed
	between mount --move "$MNT" "$other"
	answered 'attach 0
unmount EINVAL
leave 0
closed True'
	timeout 10 umount "$other"
}

# ---- The example --------------------------------------------------------------------

@test "supervisor.py: serves, and ends when the mount does, in every mode" {
	local mode
	for mode in root user setuid caps; do
		[[ $mode != setuid && $mode != caps ]] || can "$mode" || continue
		as_mode "$mode"
		start_fs --detached -n 4 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
		run -0 "${AS_OWNER[@]}" timeout 10 ls "$MNT"
		assert_line alice
		stop_fs
		assert_equal "$(cat "$LOG")" ''
	done
}

@test "supervisor.py: COMMAND gets the device fds, and nothing of the keeper's" {
	launch --detached -n 3 "$MNT" -- "$SUPERVISOR" "$FIXTURES/probe" "$REPORT"
	assert_success
	assert_equal "$(device_fds | xargs)" '3 4 5'
	assert_equal "$(reported_fds)" '0 1 2 3 4 5'
	run grep -a KEEPER "$REPORT"
	assert_failure
	assert_unprivileged
	assert_mounts_unchanged
}

@test "supervisor.py: nothing is mounted before COMMAND is ready" {
	start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$SUPERVISOR" \
		"$MOODY" init touch:"$REPORTS/1.there" wait:"$GO" ready serve
	until_true 10 test -e "$REPORTS/1.there"
	sleep 0.3
	run is_mounted "$MNT"
	assert_failure
	install -m 0666 /dev/null "$GO"
	wait_mounted "$MNT"
	stop_fs
}

@test "supervisor.py: exits as COMMAND did, ready or not, and leaves no mount" {
	local step
	for step in exit:0 exit:7 'init exit:7' 'init ready serve:1 exit:7'; do
		# shellcheck disable=SC2086 # several words
		start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$SUPERVISOR" \
			"$MOODY" $step
		[[ $step != *serve* ]] || { until_true 10 is_mounted "$MNT" &&
			timeout 10 "${AS_OWNER[@]}" stat "$MNT" >/dev/null || true; }
		wait_fs "${step##*exit:}"
		assert_mounts_unchanged
	done
	start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$SUPERVISOR" \
		"$MOODY" init ready raise:KILL
	wait_fs 137
	start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$SUPERVISOR" \
		"$MOODY" init ready serve
	wait_mounted "$MNT"
	kill -TERM "$FS_PID"
	wait_fs 143
}

@test "supervisor.py: a READY=1 of another user is not believed" {
	local address
	start "${LAUNCH[@]}" --detached -n 1 "$MNT" -- "$SUPERVISOR" \
		"$MOODY" init touch:"$REPORTS/1.there" wait:"$GO" exit:3
	until_true 10 test -e "$REPORTS/1.there"
	address=$(tr '\0' '\n' <"/proc/$(pgrep -P "$FS_PID" moody)/environ" |
		sed -n 's/^NOTIFY_SOCKET=@//p')
	[[ -n $address ]]
	"${AS_BOB[@]}" python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", "\0" + sys.argv[1])' "$address"
	sleep 0.3
	run is_mounted "$MNT"
	assert_failure
	install -m 0666 /dev/null "$GO"
	wait_fs 3
}

@test "the keeper is not the user's to signal, stop or limit" {
	local keeper signal
	start_fs --detached -n 2 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
	keeper=$(pgrep -P "$FS_PID" fusefd-keeper)
	for signal in 0 TERM STOP KILL; do
		run -1 "${AS_OWNER[@]}" bash -c 'kill -s "$0" "$1"' "$signal" "$keeper"
		assert_output --partial 'not permitted'
	done
	run -1 "${AS_OWNER[@]}" prlimit --pid "$keeper" --nofile=1:1
	run -1 "${AS_OWNER[@]}" renice -n 19 -p "$keeper"
	stop_fs
}

# Holds an O_PATH fd of the root, for which the filesystem is not asked.
start_user() {
	clean_fds "${AS_OWNER[@]}" python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_PATH)
open(sys.argv[2], "w")
time.sleep(60)' "$MNT" "$REPORTS/2.there" >&2 &
	USER_PID=$!
	until_true 10 test -e "$REPORTS/2.there"
}

@test "UNMOUNT of what is in use: EBUSY, and lazily 0" {
	asks_between attach wait unmount unmount:1 closed
	between start_user
	answered 'attach 0
unmount EBUSY
unmount:1 0
closed True'
	kill "$USER_PID"
	wait "$USER_PID" || true
}

# ---- SIGKILL of the supervisor ---------------------------------------------------------

killed_leaves_nothing() {
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	FS_PID=
	assert_no_process_left
	assert_mounts_unchanged
}

@test "killed at any moment of its start, it leaves no mount and no process" {
	local delay
	for delay in 0.0{0..9..3} 0.{12..30..6}; do
		start "${LAUNCH[@]}" --detached -n 2 "$MNT" -- "$SUPERVISOR" \
			"$PASSTHROUGH" -f "$WORK"
		sleep "$delay"
		killed_leaves_nothing
	done
}

@test "killed while it waits for a COMMAND that serves, and never says that it is ready" {
	start "${LAUNCH[@]}" --detached -n 2 "$MNT" -- "$SUPERVISOR" \
		"$MOODY" init touch:"$REPORTS/1.there" serve
	until_true 10 test -e "$REPORTS/1.there"
	killed_leaves_nothing
}

@test "killed while it serves, idle or with readers inside" {
	local reader
	start_fs --detached -n 2 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
	killed_leaves_nothing

	start_fs --detached -n 2 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
	clean_fds "${AS_OWNER[@]}" bash -c 'cd "$0" && exec sleep 60' "$MNT" &
	reader=$!
	until_true 10 is_inside "$reader"
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	FS_PID=
	# Nobody finds it any more; who is in it is served to the last.
	until_true 10 assert_mounts_unchanged >/dev/null
	run -0 "${AS_OWNER[@]}" timeout 10 ls "/proc/$reader/cwd/"
	assert_line alice
	kill "$reader"
	wait "$reader" || true
}

@test "killed when COMMAND has been killed, and before it has seen that" {
	local command
	start_fs --detached -n 2 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
	command=$(pgrep -P "$FS_PID" passthrough)
	kill -STOP "$FS_PID"
	kill -KILL "$command"
	until_true 10 has_ended "$command"
	killed_leaves_nothing
}

@test "the keeper is killed: the supervisor ends COMMAND, and says why" {
	start_fs --detached -n 2 -- "$SUPERVISOR" "$PASSTHROUGH" -f "$WORK"
	kill -KILL "$(pgrep -P "$FS_PID" fusefd-keeper)"
	wait_fs 125
	assert_equal "$(cat "$LOG")" 'supervisor: the keeper says: Broken pipe'
	timeout 10 umount "$MNT"
}
