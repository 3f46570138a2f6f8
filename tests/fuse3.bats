#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libfusefd-fuse3: libfuse3's sessions on several device fds. Answers from other
# threads, notifications, interrupts, all the ways to an end, and fuse_main().
# The fixtures' heads say what they do.

load helpers

setup() {
	common_setup
	requires fuse
}

# ---- Answers from other threads ---------------------------------------------------

# Two times the 64 KiB of poolfs's file 0: file N begins N * 256 bytes later.
make_pattern() {
	[[ ! -e $WORK/pattern ]] || return 0
	LC_ALL=C awk 'BEGIN {
		for (i = 0; i < 2 * 65536; i++)
			printf "%c", int(i / 256) % 256
	}' >"$WORK/pattern"
}

# In pieces of 64 bytes, each of which is a request: 1025 and some more.
read_and_compare() { # FILE...
	local file
	for file; do
		timeout 20 dd if="$MNT/$file" bs=64 status=none |
			cmp - <(tail -c "+$((file * 256 + 1))" "$WORK/pattern" |
				head -c 65536) || return
	done
}

# The files 0 to FILES - 1, and again from 0 after 63, by CLIENTS at once.
read_pool() { # CLIENTS FILES
	local client clients=()
	make_pattern
	for ((client = 0; client < $1; client++)); do
		mapfile -t files < <(seq "$client" "$1" $(($2 - 1)) |
			awk '{ print $1 % 64 }')
		read_and_compare "${files[@]}" >&2 &
		clients+=($!)
	done
	for client in "${clients[@]}"; do
		wait "$client" || return
	done
}

# "NAME READS" of each worker: what it reads are requests, one read each.
requests_of_workers() {
	local task
	for task in "/proc/$FS_PID/task"/*; do
		echo "$(<"$task/comm") $(sed -n 's/^syscr: //p' "$task/io")"
	done | grep '^fusefd/'
}

# Its last words are its only ones.
assert_pool_answered() { # AT LEAST
	local answers
	run -0 cat "$LOG"
	assert_output --regexp '^poolfs: [0-9]+ answers, 0 failed$'
	answers=${output//[^0-9 ]/}
	read -r answers _ <<<"$answers"
	((answers >= $1)) || fail "only $answers answers"
}

@test "100,000 requests on four fds, answered by other threads" {
	start_fs -n 4 -- "$FIXTURES/poolfs"
	wait_workers 4
	read_pool 4 100
	run -0 requests_of_workers
	assert_equal "${#lines[@]}" 4
	refute_line --regexp ' [0-9]{1,3}$' # a fair share each
	stop_fs
	assert_pool_answered 100000
}

@test "1, 2 and 32 fds, answered by other threads" {
	local fds
	for fds in 1 2 32; do
		start_fs -n "$fds" -- "$FIXTURES/poolfs"
		wait_workers "$fds"
		read_pool 8 8
		run -0 requests_of_workers
		assert_equal "${#lines[@]}" "$fds"
		refute_line --regexp ' 0$'
		stop_fs
		assert_pool_answered 8000
	done
}

# ---- Splice -------------------------------------------------------------------------

# bytes_written: by the filesystem, but for what it spliced.
bytes_written() { sed -n 's/^wchar: //p' "/proc/$FS_PID/io"; }

# read_large NAME READERS FILE: in blocks of 128 KiB, since libfuse copies small
# ones; it is the same as FILE.
read_large() {
	seq "$2" | timeout 60 xargs -P "$2" -I {} \
		sh -c 'dd if="$1" bs=128k status=none | cmp - "$2"' sh "$MNT/$1" "$3"
}

@test "answers are spliced: by their worker, by other threads, by other workers" {
	local file=$WORK/source name size=$((4 << 20))
	head -c "$size" /dev/urandom >"$file"
	for name in own other; do
		start_fs -n 4 -- "$FIXTURES/splicer" "$file"
		read_large "$name" 8 "$file"
		(($(bytes_written) < size)) || fail "$name: copied, not spliced"
		stop_fs
	done
	# Each read is answered when the next comes, so there are two.
	start_fs -n 4 -- "$FIXTURES/splicer" "$file"
	read_large others 2 "$file"
	(($(bytes_written) < size)) || fail "others: copied, not spliced"
	stop_fs
	rm "$file"
}

@test "a thread that splices leaves no fds behind" {
	local file=$WORK/source before
	head -c 1000000 /dev/urandom >"$file"
	start_fs -n 2 -- "$FIXTURES/splicer" "$file"
	read_large own 4 "$file"
	read_large other 4 "$file"
	# Its threads take theirs along when they end.
	until_true 10 eval '(($(find "/proc/$FS_PID/task" -maxdepth 1 -mindepth 1 | wc -l) == 3))'
	before=$(find "/proc/$FS_PID/fd" | wc -l)
	for _ in {1..5}; do
		read_large own 4 "$file"
		read_large other 4 "$file"
	done
	until_true 10 eval '(($(find "/proc/$FS_PID/fd" | wc -l) <= before))'
	stop_fs
	rm "$file"
}

# ---- Notifications, interrupts, poll ------------------------------------------------

start_llfs() { # FDS
	start_fs -n "$1" -- "$FIXTURES/llfs"
}

# assert_told COMMAND ANSWER: llfs runs the command in a thread of its own.
assert_told() {
	run -0 timeout 20 sh -c 'printf %s "$2" >"$1" && cat "$1"' sh \
		"$MNT/control" "$1"
	assert_output "$2"
}

assert_data() { # TEXT: as clients see it
	run -0 timeout 20 cat "$MNT/data"
	assert_output "$1"
}

@test "notifications change what the kernel has cached of a file" {
	start_llfs 4
	timeout 20 sh -c 'printf before >"$1"' sh "$MNT/data"
	assert_data before
	assert_told 'set behind' 'set 0'
	assert_data before
	assert_told inval_inode 'inval_inode 0'
	assert_data behind
	assert_told 'store stored' 'store 0'
	assert_data stored
	assert_told show 'show 0 behind'
	assert_told retrieve 'retrieve 0 stored'
	stop_fs
}

@test "notifications change what the kernel has cached of a name" {
	start_llfs 4
	timeout 20 stat "$MNT/data"
	assert_told lookups 'lookups 0 1'
	timeout 20 stat "$MNT/data"
	assert_told lookups 'lookups 0 1'
	assert_told inval_entry 'inval_entry 0'
	timeout 20 stat "$MNT/data"
	assert_told lookups 'lookups 0 2'
	assert_told delete 'delete 0'
	run -1 timeout 20 stat "$MNT/data"
	assert_output --partial 'No such file'
	stop_fs
}

@test "a client that polls is woken" {
	local client
	start_llfs 4
	timeout 30 "$FIXTURES/client" poll "$MNT/poll" >"$REPORT" &
	client=$!
	until_true 20 grep -qx 'not yet' "$REPORT"
	assert_told poll 'poll 0'
	wait "$client"
	run -0 tail -n 1 "$REPORT"
	assert_output readable
	stop_fs
}

@test "a request is interrupted that waits outside of its worker, on one fd too" {
	local fds
	for fds in 1 4; do
		start_llfs "$fds"
		timeout 30 "$FIXTURES/client" interrupt "$MNT/sleep" 300
		stop_fs
	done
}

@test "a request is interrupted that waits in its worker" {
	start_llfs 4
	timeout 30 "$FIXTURES/client" interrupt "$MNT/block" 300
	assert_told show 'show 0'
	stop_fs
}

# ---- The end of a session ------------------------------------------------------------

# The session has ended, the mount has not.
assert_ended() { # STATUS RESULT
	wait_fs "$1"
	run -0 cat "$LOG"
	assert_output "llfs: the loop returned $2"
	# Not the root, which llfs lets the kernel cache.
	run -1 timeout 20 stat "$MNT/none"
	assert_output --partial 'not connected'
	timeout 10 umount "$MNT"
}

@test "fuse_session_exit ends a session from within a handler" {
	local fds
	for fds in 1 4; do
		start_llfs "$fds"
		# The read is answered; who would answer the close is gone.
		run timeout 20 cat "$MNT/leave"
		((status <= 1)) || fail "it hung: $output"
		assert_ended 0 0
	done
}

@test "fuse_session_exit ends a session from another thread" {
	local fds
	for fds in 1 4; do
		start_llfs "$fds"
		timeout 20 sh -c 'printf leave >"$1"' sh "$MNT/control"
		assert_ended 0 0
	done
}

@test "SIGHUP, SIGINT and SIGTERM end a session, and a request that waits fails" {
	local signal client
	# What is started in the background ignores SIGINT otherwise.
	LAUNCH=(env --default-signal=INT "$LAUNCHER")
	for signal in HUP INT TERM; do
		start_llfs 4
		timeout 10 cat "$MNT/sleep" 2>"$REPORT" &
		client=$!
		sleep 0.2
		kill -s "$signal" "$FS_PID"
		assert_ended 1 "$(kill -l "$signal")"
		wait "$client" || assert_equal $? 1
		assert_file_not_empty "$REPORT"
	done
}

# ---- The end of a mount ----------------------------------------------------------------

# Clients who read FILE until they cannot.
start_clients() { # FILE
	local client
	CLIENTS=()
	for client in {1..4}; do
		clean_fds bash -c 'while cat "$0"; do :; done' "$MNT/$1" \
			>/dev/null 2>&1 &
		CLIENTS+=($!)
	done
	sleep 0.2
	for client in "${CLIENTS[@]}"; do
		kill -0 "$client" || fail "a client does not read"
	done
}

# under_load COMMAND...: while clients read, COMMAND ends the mount of each kind
# of filesystem. Those must end, with status 0.
under_load() {
	local name file options client
	while read -r name file options; do
		# shellcheck disable=SC2086 # none, or one
		start_fs -n 4 -- "$FIXTURES/$name" $options
		start_clients "$file"
		"$@"
		wait_fs 0
		for client in "${CLIENTS[@]}"; do
			until_true 10 has_ended "$client" || fail "a client hangs"
			wait "$client" || true
		done
		! is_mounted "$MNT" || timeout 10 umount "$MNT"
		# poolfs may have had answers ready for what was aborted.
		run grep -vE '^(poolfs: [0-9]+ answers, [0-9]+ failed|llfs: the loop returned 0)$' "$LOG"
		assert_output ''
	done <<-'END'
		poolfs 1
		llfs data
		hello_main hello -f
	END
}

@test "a session ends with its mount, under load: umount -l" {
	under_load timeout 10 umount -l "$MNT"
}

@test "a session ends with its mount, under load: fusermount3 -u" {
	under_load timeout 10 fusermount3 -u -z "$MNT"
}

# Aborts the connection; the mount may be found busy, and stay.
unmount_by_force() { timeout 10 umount -f "$MNT" || true; }

@test "a session ends with its connection, under load: umount -f" {
	under_load unmount_by_force
}

abort_connection() {
	local connections=$WORK/connections number
	number=$(awk -v folder="$MNT" '$5 == folder {
		sub(/.*:/, "", $3); print $3 }' /proc/self/mountinfo)
	mkdir -p "$connections"
	mount -t fusectl none "$connections"
	echo 1 >"$connections/$number/abort"
	umount "$connections"
}

@test "a session ends with its connection, under load: aborted by fusectl" {
	under_load abort_connection
}

# ---- fuse_main ---------------------------------------------------------------------------

HELLO=$FIXTURES/hello_main

assert_hello() {
	run -0 timeout 20 cat "$MNT/hello"
	assert_output 'hello from uid 0'
}

@test "fuse_main in the foreground: serves and says nothing" {
	start_fs -n 4 -- "$HELLO" -f -o ro,allow_root,max_threads=1
	assert_hello
	stop_fs
	assert_equal "$(cat "$LOG")" ''
}

@test "fuse_main in the background: the launch ends when it serves" {
	launch -n 4 "$MNT" -- "$HELLO"
	assert_success
	assert_output ''
	assert_hello
	run -0 new_processes
	assert_equal "${#lines[@]}" 1
	timeout 10 umount "$MNT"
	# teardown sees whether it has ended.
}

@test "fuse_main looks at no mountpoint: it would wait for itself" {
	start_fs -n 2 -- "$HELLO" -f "$MNT/"
	assert_hello
	stop_fs
}

# How many reads of /busy there were at once, at most, of six.
most_at_once() {
	local reader readers=()
	for reader in {1..6}; do
		timeout 20 cat "$MNT/busy" >>"$REPORT" &
		readers+=($!)
	done
	wait "${readers[@]}"
	sort -n "$REPORT" | tail -n 1
	: >"$REPORT"
}

@test "fuse_main -s: one request at a time; otherwise as many as there are fds" {
	start_fs -n 4 -- "$HELLO" -f
	run -0 most_at_once
	((output > 1 && output <= 4)) || fail "$output requests at once"
	stop_fs
	start_fs -n 4 -- "$HELLO" -f -s
	run -0 most_at_once
	assert_output 1
	stop_fs
}

@test "fuse_main without a handoff: mounts by itself" {
	start "$HELLO" -f "$MNT"
	wait_mounted "$MNT"
	assert_hello
	stop_fs
	run -2 timeout 10 "$HELLO"
	assert_output --partial 'no mountpoint specified'
}

# run_hello STATUS ARGUMENT...: launched with them it serves nothing.
run_hello() {
	launch -n 2 "$MNT" -- "$HELLO" "${@:2}"
	assert_equal "$status" "$1"
	timeout 10 umount "$MNT"
}

@test "fuse_main: -h and -V show what libfuse shows, and faults are told" {
	run_hello 0 -h
	assert_output --partial 'FUSE options:'
	run_hello 0 -V
	assert_output --partial 'FUSE library version'
	run_hello 1 one two
	assert_output --partial "unexpected argument 'two'"
	run_hello 3 -o nonsense
	assert_output --partial 'nonsense'
}

# refuses_handoff PROTOCOL FDS REASON
refuses_handoff() {
	run -3 clean_fds timeout 10 env FUSEFD_PROTOCOL="$1" FUSEFD_FDS="$2" \
		FUSEFD_MOUNTPOINT="$MNT" FUSEFD_ACL=owner FUSEFD_OWNER=0 \
		"$HELLO" "$MNT"
	assert_output "fuse: cannot serve the device fds in FUSEFD_FDS: $3;$(
		) start this program by fusefd-launch(8)"
	assert_mounts_unchanged
}

@test "fuse_main with a bad handoff: says why, and does not mount by itself" {
	refuses_handoff 1 77 'one of them is not open'
	refuses_handoff 1 0 'one of them is not a FUSE device'
	refuses_handoff 2 3 'the variables are malformed, or of another protocol'
}
