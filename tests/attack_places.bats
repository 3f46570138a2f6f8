#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Places that look like one's own, and rights that go between the judgement and
# the attach; and what is mounted on a mount while it is to be taken away.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

DETACHED=$WORK/detached

setup() {
	common_setup
	requires fuse
	RUN=("$FIXTURES/probe" "$REPORT")
	[[ -e $DETACHED ]] || add_detached
}

teardown() {
	[[ -z ${HELD:-} ]] || kill -KILL "$HELD" 2>/dev/null
	[[ -z ${SERVER:-} ]] || kill -KILL "$SERVER" 2>/dev/null
	common_teardown
}

as_alice() { "${AS_ALICE[@]}" "$@"; }

# ---- A tree that is in no namespace ------------------------------------------------------

# detached HOW FOLDER COMMAND...: COMMAND in FOLDER as a user namespace of one's
# own sees it: a "detached" copy of its mount, a "copied" one in a mount
# namespace, or a "tmpfs" of its own there. It has it as fd 9, too.
add_detached() {
	install -m 0755 /dev/stdin "$DETACHED" <<'PROGRAM'
#!/usr/bin/python3
import ctypes, os, socket, sys

how, folder, *command = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
ours, theirs = socket.socketpair()

def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def write(name, text):
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)

def enter():
    ids = os.getuid(), os.getgid()
    call(libc.unshare(0x10000000 | 0x20000))
    write("setgroups", "deny")
    write("uid_map", f"0 {ids[0]} 1")
    write("gid_map", f"0 {ids[1]} 1")

def tree():
    path = os.fsencode(folder)
    if how == "detached":
        return call(libc.syscall(428, -100, path, 1 | 0x8000 | os.O_CLOEXEC))
    if how == "tmpfs":
        call(libc.mount(b"x", path, b"tmpfs", 0, None))
        os.makedirs(f"{folder}/sub")
    return os.open(folder, os.O_PATH)

if os.fork() == 0:
    ours.close()
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    enter()
    socket.send_fds(theirs, [b"x"], [tree()])
    # As long as it is wanted.
    theirs.recv(1)
    os._exit(0)
theirs.close()
fd = socket.recv_fds(ours, 1, 1)[1][0]
os.fchdir(fd)
os.dup2(fd, 9)
os.execvp(command[0], command)
PROGRAM
}

refuse_detached() {
	local how place before
	before=$(mounts)
	rm -rf "$WORK/alice/tree"
	as_alice mkdir -p "$WORK/alice/tree/sub/deep"
	as_alice touch "$WORK/alice/tree/file"
	for how in detached copied tmpfs; do
		for place in . sub ./sub/. sub/deep sub/../sub file /proc/self/fd/9/sub; do
			[[ $how != tmpfs || $place != @(sub/deep|file) ]] || continue
			attack_as "${MODE?}"
			before_launcher "$DETACHED" "$how" "$WORK/alice/tree"
			: >"$REPORT"
			refuses 125 "cannot mount on '.*'" -k 9 -n 1 "$place" "${RUN[@]}"
			refuses 125 "cannot mount on '.*'" -k 9 -S -n 1 "$place" "${RUN[@]}"
			launch --unmount "$place"
			assert_failure 125
			assert_equal "$(mounts)" "$before"
		done
	done
	# The same place by its name.
	attack_as "$MODE"
	before_launcher "$DETACHED" detached "$WORK/alice/tree"
	launch -n 1 "$WORK/alice/tree/sub" "${RUN[@]}"
	assert_success
	umount "$WORK/alice/tree/sub"
}

@test "a tree of one's own user namespace, detached or not, as cwd and by fd: refuse" {
	requires userns setuid
	in_user_modes refuse_detached
}

# ---- Links in a FUSE filesystem ------------------------------------------------------------

# alice's filesystem says what she likes of whose a link is.
serve_links() {
	mkdir -p "$WORK/links/folder" "$WORK/roots"
	ln -sfn "$WORK/roots" "$WORK/links/link"
	ln -sfn folder "$WORK/links/inner"
	ln -sfn ../../roots "$WORK/links/folder/up"
	chmod 0777 "$WORK/links/folder"
	ln -sfn "$WORK/alice/served/link" "$WORK/to-served"
	install -d -o "$ALICE" "$WORK/alice/served"
	clean_fds "$LAUNCHER" -u alice -o allow_other -n 1 "$WORK/alice/served" -- \
		"$PASSTHROUGH" -f "$WORK/links" >"$LOG" 2>&1 &
	SERVER=$!
	until_true 10 is_mounted "$WORK/alice/served" || fail "$(cat "$LOG")"
	until_true 10 test -e "$WORK/alice/served/folder"
	assert_equal "$(stat -c %u "$WORK/alice/served/link")" 0
}

@test "a symlink in the user's FUSE that says it is root's, for root with --user: refuse" {
	local way mode
	serve_links
	attack_as user
	for way in alice/served/link alice/served/link/. alice/served/inner \
		alice/served/inner/up alice/served/folder/up alice/served/folder/../link \
		to-served to-served/. alice/../alice/served/link/../roots; do
		for mode in --verbose --supervise; do
			run clean_fds timeout 20 "${LAUNCH[@]}" "$mode" -n 1 "$WORK/$way" "${RUN[@]}"
			assert_failure 125
			assert_output --partial "symbolic link in a FUSE filesystem"
		done
	done
	assert_equal "$(cat "$REPORT")" ''
	assert_equal "$(fuse_mounts)" "$WORK/alice/served"
	# A folder there is as good as any.
	MNT=$WORK/alice/served/folder
	launch_probe -n 1
	timeout 10 umount "$WORK/alice/served"
	wait "$SERVER"
	SERVER=
	rm "$WORK/to-served"
}

# ---- Rights that go ---------------------------------------------------------------------------

# A folder of bob's that alice may write to, until CHANGE.
change_in_the_window() { # RIGHT CHANGE
	rm -rf "$WORK/shared"
	install -d -o "$BOB" -g "$BOB" -m 0755 "$WORK/shared"
	"$1"
	: >"$REPORT"
	attack_as "$MODE"
	hold_at attach -n 1 "$WORK/shared" "$(long_named "$FIXTURES/probe")" "$REPORT"
	"$2"
	release
	assert_equal "$status: $output" "125: $output"
	assert_regex "$output" "'$WORK/shared': its owner or its mode was changed meanwhile"
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

# acl UID: an ACL by which that user may write; the mode stays.
acl() {
	python3 - "$WORK/shared" "$1" <<'PROGRAM'
import os, struct, sys
def entry(tag, permission, name=0xffffffff):
    return struct.pack("<HHI", tag, permission, name)
os.setxattr(sys.argv[1], "system.posix_acl_access", struct.pack("<I", 2) +
    entry(1, 7) + entry(2, 7, int(sys.argv[2])) + entry(4, 5) + entry(16, 7) + entry(32, 5))
PROGRAM
}
by_acl() { acl "$ALICE"; }
to_bobs_acl() { acl "$BOB"; }
by_group() { chgrp "$CREW" "$WORK/shared" && chmod g+w "$WORK/shared"; }
to_bobs_group() { chgrp "$BOB" "$WORK/shared"; }
to_nobody() { chmod g-w "$WORK/shared"; }
by_all() { chmod 0777 "$WORK/shared"; }
to_sticky() { chmod +t "$WORK/shared"; }
to_root() { chown 0:0 "$WORK/shared"; }

changes_in_the_window() {
	change_in_the_window by_group to_bobs_group
	change_in_the_window by_group to_nobody
	change_in_the_window by_acl to_bobs_acl
	change_in_the_window by_all to_sticky
	change_in_the_window by_all to_root
}

@test "the right to the mountpoint goes by a group, an ACL, a mode, an owner: refuse" {
	requires setuid
	in_user_modes changes_in_the_window
	rm -r "$WORK/shared"
}

# ---- While an exec fails ------------------------------------------------------------------------

are_stopped() { ! grep -h '^State:' "/proc/$1/task"/*/status | grep -qv 'T (stopped)'; } # PID

# Her filesystem has COMMAND, and does not answer its exec.
hang_exec() {
	MNT=$WORK/alice/one
	rm -rf "$MNT"
	install -d -o "$ALICE" "$MNT" "$WORK/alice/programs" "$WORK/alice/source"
	install -m 0755 "$FIXTURES/probe" "$WORK/alice/source/probe"
	clean_fds "${AS_ALICE[@]}" "$LAUNCHER_SETUID" -n 1 "$WORK/alice/programs" -- \
		"$PASSTHROUGH" -f "$WORK/alice/source" >"$LOG" 2>&1 &
	SERVER=$!
	until_true 10 is_mounted "$WORK/alice/programs" || fail "$(cat "$LOG")"
	as_alice test -e "$WORK/alice/programs/probe"
	hold_at attach -n 1 "$MNT" "$(long_named "$WORK/alice/programs/probe")" "$REPORT"
	kill -STOP "$SERVER"
	until_true 10 are_stopped "$SERVER" || fail "it does not stop"
	dd bs=65536 count=1 <&"$FULL" >/dev/null 2>&1
	until_true 10 is_mounted "$MNT" || fail "not mounted"
}

# It never will.
fail_exec() {
	status=0
	kill -KILL "$SERVER"
	wait "$SERVER" || true
	SERVER=
	wait "$HELD" || status=$?
	HELD=
	exec {FULL}>&-
	timeout 10 umount --lazy --no-canonicalize "$WORK/alice/programs"
	[[ $status -ge 125 ]] || fail "exit status $status"
	assert_equal "$(cat "$REPORT")" ''
}

fails_alone() {
	hang_exec
	fail_exec
	assert_mounts_unchanged
}

fails_covered() {
	hang_exec
	mount -t tmpfs of-root "$MNT"
	fail_exec
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	umount "$MNT"
	# Ours was left, rather than root's taken; it is hers to take away.
	! is_mounted "$MNT" || as_alice "$LAUNCHER_SETUID" --unmount "$MNT"
	assert_mounts_unchanged
}

fails_replaced() {
	hang_exec
	umount --lazy "$MNT"
	mount -t tmpfs of-root "$MNT"
	fail_exec
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	umount "$MNT"
	assert_mounts_unchanged
}

fails_moved() {
	hang_exec
	mkdir -p "$WORK/moved"
	mount --move "$MNT" "$WORK/moved"
	mount -t tmpfs of-root "$MNT"
	fail_exec
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	umount "$MNT"
	! is_mounted "$WORK/moved" || umount "$WORK/moved"
	assert_mounts_unchanged
}

fails_while() {
	fails_alone
	fails_covered
	fails_replaced
	fails_moved
}

@test "an exec hangs in a FUSE of the user's, root mounts meanwhile, and the exec fails: root's stays" {
	requires setuid
	in_modes "setuid caps alone" fails_while
}

# ---- Behind the attach ------------------------------------------------------------------------------

# A launch that stands still in move_mount(2), before or after it is made, for
# three seconds: strace is root's.
stand_still() { # delay_enter|delay_exit
	install -d -o "$ALICE" "$WORK/alice/one"
	MNT=$WORK/alice/one
	clean_fds timeout 30 strace -f -qq -u alice -o /dev/null -e trace=move_mount \
		-e "inject=move_mount:$1=3000000:when=1" "$LAUNCHER_SETUID" -n 1 \
		"$MNT" -- "$FIXTURES/probe" "$REPORT" </dev/null >"$LOG" 2>&1 &
	STRACE=$!
	until_true 10 find_shielded || fail "it is not shielded: $(cat "$LOG")"
}

# Sets HELD, the launcher's pid: the real uid is root's, the effective alice's.
find_shielded() {
	local pid
	for pid in $(new_processes); do
		[[ $(readlink "/proc/$pid/exe") == "$LAUNCHER_SETUID" ]] || continue
		HELD=$pid
		! grep -q "^Uid:.0.$ALICE.0.$ALICE" "/proc/$pid/status" || return 0
	done
	return 1
}

# But for SIGCONT, which anybody in the session may send.
cannot_touch() { # PID
	local signal
	for signal in KILL STOP TERM INT; do
		run -1 as_alice bash -c 'kill -s "$0" "$1"' "$signal" "$1"
		assert_output --partial 'not permitted'
	done
	run -1 as_alice prlimit --pid "$1" --cpu=0:0
	run -1 as_alice renice -n 19 -p "$1"
	run -1 as_alice chrt --idle --pid 0 "$1"
	run -1 as_alice taskset -p 1 "$1"
}

@test "root mounts right before the attach, and its user cannot end the launcher: ours goes" {
	requires setuid
	local status=0
	stand_still delay_enter
	mount -t tmpfs of-root "$MNT"
	cannot_touch "$HELD"
	wait "$STRACE" || status=$?
	HELD=
	assert_equal "$status" 125
	run -0 cat "$LOG"
	assert_output --partial 'something else was mounted there meanwhile'
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	assert_equal "$(fuse_mounts)" ''
	umount "$MNT"
}

@test "right behind the attach, its user cannot end, stop or slow the launcher" {
	requires setuid
	stand_still delay_exit
	until_true 10 is_mounted "$MNT" || fail "$(cat "$LOG")"
	cannot_touch "$HELD"
	wait "$STRACE"
	HELD=
	assert_reported Uid "$ALICE $ALICE $ALICE $ALICE"
	umount "$MNT"
}
