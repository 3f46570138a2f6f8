#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A real filesystem, served over several device fds: every worker works, nobody
# needs /dev/fuse any more, and it ends when the mount does.

load helpers

setup() {
	common_setup
	requires fuse
	SOURCE=$WORK/source
	[[ -e $SOURCE ]] || make_source
}

# Some hundred files, small and large, in folders.
make_source() {
	local folder file
	for folder in {1..10}; do
		mkdir -p "$SOURCE/$folder"
		for file in {1..20}; do
			head -c $((folder * file * 997)) /dev/urandom \
				>"$SOURCE/$folder/$file"
		done
	done
}

# read_all READERS: every file, by so many readers at once.
read_all() {
	find "$MNT" -type f -print0 | timeout 60 xargs -0 -P "$1" -n 4 cat >/dev/null
}

# "NAME REPLIES" of each worker: what it wrote are replies, one write each.
workers() {
	local task
	for task in "/proc/$FS_PID/task"/*; do
		echo "$(<"$task/comm") $(sed -n 's/^syscw: //p' "$task/io")"
	done | grep '^fusefd/' | sort -V
}

# ---- Workers ------------------------------------------------------------------

@test "1, 2, 4 and 32 fds: as many workers, and each of them answers" {
	local count
	for count in 1 2 4 32; do
		start_fs -n "$count" -- "$PASSTHROUGH" -f "$SOURCE"
		wait_workers "$count"
		read_all 8
		run -0 workers
		assert_equal "${#lines[@]}" "$count"
		assert_line --index 0 --regexp '^fusefd/0 [1-9]'
		refute_line --regexp ' 0$'
		stop_fs
	done
}

@test "253 fds: as many workers, and the files are right" {
	start_fs -n 253 -- "$PASSTHROUGH" -f "$SOURCE"
	wait_workers 253
	read_all 8
	run -0 workers
	assert_equal "${#lines[@]}" 253
	run -0 diff -r "$SOURCE" "$MNT"
	stop_fs
}

@test "what is read by many at once is what is there" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	local reader pids=()
	for reader in {1..4}; do
		timeout 60 diff -r "$SOURCE" "$MNT" >&2 &
		pids+=($!)
	done
	for reader in "${pids[@]}"; do
		wait "$reader"
	done
	stop_fs
}

# ---- The device ------------------------------------------------------------------

@test "nobody opens /dev/fuse after the exec, nor a mount call" {
	local trace=$BATS_TEST_TMPDIR/trace exec_line
	# The leak sanitizer wants to trace its process itself.
	export ASAN_OPTIONS=detect_leaks=0
	LAUNCH=(strace -f -qq -o "$trace"
		-e trace=open,openat,openat2,execve,mount,move_mount,fsopen,umount2
		"$LAUNCHER")
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	read_all 4
	stop_fs
	exec_line=$(grep -n "execve(\"$PASSTHROUGH\"" "$trace" | cut -d : -f 1)
	[[ -n $exec_line ]]
	# Before it, the launcher opened the device four times: strace does see it.
	run grep -c '"/dev/fuse"' <(head -n "$exec_line" "$trace")
	assert_output 4
	run -1 grep -E '/dev/fuse|mount|fsopen' <(tail -n "+$((exec_line + 1))" "$trace")
	# It saw the workers, too: the files are opened by them.
	run grep -E "openat.*\"(\./)?([0-9]+/)?[0-9]+\"" \
		<(tail -n "+$((exec_line + 1))" "$trace")
	assert_success
}

@test "a running filesystem's device fds are all close-on-exec" {
	local fd flags found=0
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	for fd in "/proc/$FS_PID/fd"/*; do
		[[ $(readlink "$fd") == /dev/fuse ]] || continue
		flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$FS_PID/fdinfo/${fd##*/}")
		(((8#$flags & 8#2000000) != 0)) || fail "inheritable: fd ${fd##*/}"
		found=$((found + 1))
	done
	((found >= 4))
	stop_fs
}

# ---- The end ---------------------------------------------------------------------

@test "umount ends the filesystem, with status 0" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	read_all 4
	timeout 10 umount "$MNT"
	wait_fs 0
}

@test "fusermount3 -u does so too, for root and for the owner" {
	as_mode root
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	timeout 10 fusermount3 -u "$MNT"
	wait_fs 0

	[[ -u $(command -v fusermount3) ]] || skip "fusermount3 is not setuid here"
	requires setuid
	as_mode setuid
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	run -1 "${AS_BOB[@]}" timeout 10 fusermount3 -u "$MNT"
	"${AS_ALICE[@]}" timeout 10 fusermount3 -u "$MNT"
	wait_fs 0
}

# Readers that go on until they fail, from within.
start_load() {
	local reader
	LOAD=()
	for reader in {1..4}; do
		clean_fds bash -c 'cd "$0" && while cat */* ; do :; done' "$MNT" \
			>/dev/null 2>&1 &
		LOAD+=($!)
	done
	for reader in "${LOAD[@]}"; do
		until_true 20 is_inside "$reader" || fail "a reader does not read"
	done
}

@test "unmounted under load, the filesystem ends with status 0 after the last user" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	start_load
	run -32 timeout 10 umount "$MNT"
	assert_output --partial busy
	timeout 10 umount -l "$MNT"
	sleep 0.3
	# The readers are inside still, and served still.
	kill -0 "${LOAD[0]}" "$FS_PID"
	kill "${LOAD[@]}"
	wait "${LOAD[@]}" || true
	wait_fs 0
}

@test "unmounted by force under load, the filesystem ends with status 0 at once" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	start_load
	timeout 10 umount -f -l "$MNT"
	wait_fs 0
	wait "${LOAD[@]}" || true
}

@test "SIGTERM ends it, and leaves a mount that can be taken away" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	kill -TERM "$FS_PID"
	until_true 10 has_ended "$FS_PID" || fail "it runs on"
	run -1 timeout 10 stat "$MNT"
	assert_output --partial 'not connected'
	timeout 10 umount "$MNT"
}

@test "SIGKILL in the middle of a load: the readers fail, and do not hang" {
	start_fs -n 4 -- "$PASSTHROUGH" -f "$SOURCE"
	start_load
	kill -KILL "$FS_PID"
	until_true 10 has_ended "${LOAD[0]}" || fail "a reader hangs"
	wait "${LOAD[@]}" || true
	timeout 10 umount "$MNT"
}
