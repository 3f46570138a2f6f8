#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2153 # LAUNCHER, RECEIVED and their like are the helpers'
#
# Device fds over a socket: --send on one side, --receive on the other.

load helpers
load attack
load sockets

# ---- Either side -----------------------------------------------------------

serve_once() { # SENDER'S RECEIVER'S
	receive "$2" -- "$PASSTHROUGH" "$SOURCE" -f
	send "$1" -n 4
	assert_success
	assert_output ''
	assert_serves
	is_absent "$SOCKET"
	timeout 10 umount "$MNT"
	wait_receiver 0
	assert_nothing_left
}

serve_both_ways() {
	chown "$OWNER" "$SOURCE"
	serve_once "listen:$SOCKET" "connect:$SOCKET"
	serve_once "connect:$SOCKET" "listen:$SOCKET"
}

@test "either side listens, and the filesystem serves: in every mode" {
	in_every_mode serve_both_ways
}

@test "the sender's socket is its owner's, 0600, whatever the umask and the directory say" {
	as_mode user
	install -d -o "$ALICE" "$WORK/alice/run"
	setfacl -d -m u::rwx,g::rwx,o::rwx,u:"$BOB":rwx "$WORK/alice/run"
	local mask
	for mask in 000 777; do
		(umask "$mask" && exec timeout 20 "${LAUNCH[@]}" \
			--send="listen:$WORK/alice/run/socket" "$MNT" \
			>"$LOG" 2>&1) &
		FS_PID=$!
		until_true 10 is_socket "$WORK/alice/run/socket"
		run -0 stat -c '%u %a' "$WORK/alice/run/socket"
		assert_output "$ALICE 600"
		run -0 getfacl -cp --omit-header "$WORK/alice/run/socket"
		refute_line --regexp "^user:$BOB:rwx$"
		kill "$FS_PID"
		wait_fs 143
		is_absent "$WORK/alice/run/socket"
	done
}

@test "the receiver's socket is its own, 0600" {
	as_mode user
	receive "listen:$SOCKET" -- true
	until_true 10 is_socket "$SOCKET"
	run -0 stat -c '%u %a' "$SOCKET"
	assert_output "$ALICE 600"
	kill "$RECEIVER_PID"
	wait_receiver 143
	assert_nothing_left
}

@test "a socket with a longer path than an address has room for" {
	local folder=$REPORTS/deep
	for _ in {1..8}; do
		folder+=/twenty-bytes-or-more
	done
	mkdir -p "$folder"
	serve_once "listen:$folder/s" "connect:$folder/s"
	serve_once "connect:$folder/s" "listen:$folder/s"
}

@test "fd:N, of a stream, a SOCK_SEQPACKET and a SOCK_DGRAM" {
	local type
	for type in stream seqpacket dgram; do
		start "$FIXTURES/pair" "$type" 7 \
			"$LAUNCHER" -S --send=fd:7 -n 2 "$MNT" --- \
			"$LAUNCHER" --receive=fd:7 -- "$PASSTHROUGH" "$SOURCE" -f
		wait_mounted "$MNT"
		assert_serves
		timeout 10 umount "$MNT"
		wait_fs 0
		run -0 cat "$LOG"
		assert_output '0 0'
	done
}

@test "fd:0, in whose place COMMAND finds /dev/null" {
	start "$FIXTURES/pair" stream 0 \
		"$LAUNCHER" -S --send=fd:0 -n 2 "$MNT" --- \
		"$LAUNCHER" --receive=fd:0 -- "$FIXTURES/probe" "$REPORT" 3
	wait_fs 0
	assert_reported ENV_FUSEFD_FDS 3,4
	assert_equal "$(reported_fds)" "0 1 2 3 4"
	assert_equal "$(reported FD_0)" "/dev/null cloexec=0 flags=0100002"
}

@test "1, 2, 32 and 253 fds: numbered from 3, inheritable, of one connection" {
	local count numbers connections
	for count in 1 2 32 253; do
		receive "listen:$SOCKET" -- "$FIXTURES/probe" "$REPORT" 3
		send "connect:$SOCKET" -n "$count"
		assert_failure 125
		assert_output --partial 'probe" exited with status 3'
		wait_receiver 3
		numbers=$(seq 3 $((count + 2)))
		assert_equal "$(device_fds)" "$numbers"
		assert_equal "$(reported_fds)" "$(xargs <<<"0 1 2 $numbers")"
		assert_reported ENV_FUSEFD_FDS "$(paste -sd , <<<"$numbers")"
		connections=$(sed -n 's/^CONNECTION_[0-9]*=//p' "$REPORT")
		[[ -z $connections ]] ||
			assert_equal "$(sort -u <<<"$connections" | wc -l)" 1
	done
}

# ---- What COMMAND finds ---------------------------------------------------------

# probe_received RECEIVER-OPTION...: and sends as LAUNCH, OPTIONS.
OPTIONS=(-n 3)
probe_received() {
	: >"$REPORT"
	receive "listen:$SOCKET" "$@" -- "$FIXTURES/probe" "$REPORT" 3 \
		'{}' '{fd}' '{fds}' '{mountpoint}' '{x}'
	send "connect:$SOCKET" "${OPTIONS[@]}"
	assert_failure 125
	wait_receiver 3
}

# A user has no right to empty the bounding set, which is of no use without
# another privilege.
assert_powerless() {
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_reported "$set" 0000000000000000
	done
	assert_reported NoNewPrivs 1
}

assert_like_a_launch() {
	assert_powerless
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
	assert_reported ENV_FUSEFD_PROTOCOL 1
	assert_reported ENV_FUSEFD_MOUNTPOINT "$MNT"
	assert_reported ENV_FUSEFD_OWNER "$OWNER"
	assert_reported ENV_FUSEFD_ACL owner
	assert_reported ENV_FUSEFD_PAYLOAD_FD ''
	assert_reported ARGV_7 '{x}'
}

@test "COMMAND's environment, arguments and privileges are those of a launch" {
	local mode
	for mode in root user; do
		as_mode "$mode"
		probe_received
		assert_like_a_launch
		assert_reported ARGV_3 /dev/fd/3
		assert_reported ARGV_4 3
		assert_reported ARGV_5 3
		assert_reported ARGV_6 "$MNT"
	done
}

@test "FUSEFD_ACL is the sender's" {
	local -A acl=([allow_other]=all [allow_root]=owner_and_root)
	local option
	for option in "${!acl[@]}"; do
		OPTIONS=(-n 2 -o "$option")
		probe_received --literal
		assert_reported ENV_FUSEFD_ACL "${acl[$option]}"
	done
}

@test "allow_root does not go with {}, and the sender hears it" {
	receive "listen:$SOCKET" -- "$FIXTURES/probe" "$REPORT" 0 {}
	send "connect:$SOCKET" -o allow_root
	assert_failure 125
	assert_output --partial "the receiver refused: 'the sender"
	wait_receiver 125
	assert_equal "$(cat "$REPORT")" ''
}

@test "a COMMAND that takes one fd has only the primary" {
	probe_received
	assert_equal "$(reported_fds)" "0 1 2 3"
	probe_received --literal
	assert_equal "$(reported_fds)" "0 1 2 3 4 5"
	assert_reported ARGV_3 '{}'
}

@test "a kept fd keeps its number, and the device fds go around it" {
	local file=$WORK/kept
	touch "$file"
	RECEIVER=(bash -c 'exec "$@" 4<"$0" 9<"$0"' "$file" "$LAUNCHER")
	probe_received --literal -k 4 -k 9
	assert_reported ENV_FUSEFD_FDS 3,5,6
	assert_equal "$(reported_fds)" "0 1 2 3 4 5 6 9"
}

@test "--listen-fds" {
	probe_received --literal --listen-fds
	assert_reported ENV_LISTEN_FDS 3
	assert_reported ENV_LISTEN_FDNAMES fusefd-primary:fusefd-clone:fusefd-clone
	assert_reported ENV_LISTEN_PID "$(reported Pid)"
}

@test "the receiver's own FUSEFD_ variables do not reach COMMAND" {
	RECEIVER=(env FUSEFD_FDS=9 FUSEFD_PAYLOAD_FD=9 FUSEFD_X=1 LISTEN_FDS=1
		"$LAUNCHER")
	probe_received --literal
	assert_reported ENV_FUSEFD_FDS 3,4,5
	assert_reported ENV_FUSEFD_PAYLOAD_FD ''
	assert_reported ENV_FUSEFD_X ''
	assert_reported ENV_LISTEN_FDS ''
}

@test "a receiver that is setuid, or has file capabilities, runs COMMAND without" {
	requires setuid caps
	local launcher
	as_mode user
	for launcher in "$LAUNCHER_SETUID" "$LAUNCHER_CAPS"; do
		RECEIVER=("$launcher")
		probe_received
		assert_reported Uid "$ALICE $ALICE $ALICE $ALICE"
		assert_reported Groups "$ALICE $CREW"
		assert_unprivileged
		assert_reported SETUID_0 'Operation not permitted'
	done
}

@test "a receiver that is setuid makes its socket and looks for others as the user" {
	requires setuid
	as_mode user
	RECEIVER=("$LAUNCHER_SETUID")
	receive "listen:$SOCKET" -- true
	until_true 10 is_socket "$SOCKET"
	run -0 stat -c %u "$SOCKET"
	assert_output "$ALICE"
	kill "$RECEIVER_PID"
	wait_receiver 143
	install -d -m 0700 "$WORK/roots"
	receive "listen:$WORK/roots/socket" -- true
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_output --partial 'Permission denied'
	receive "connect:$WORK/roots/socket" -- true
	wait_receiver 125
	run -0 cat "$RECEIVED"
	assert_output --partial 'Permission denied'
	rmdir "$WORK/roots"
}

# ---- Ready ------------------------------------------------------------------------

@test "nothing is mounted before the filesystem serves" {
	# shellcheck disable=SC2016 # the shell's own
	receive "listen:$SOCKET" -- sh -c \
		'until [ -e "$0" ]; do sleep 0.05; done; exec "$@"' \
		"$REPORTS/go" "$PASSTHROUGH" "$SOURCE" -f
	start "${LAUNCH[@]}" --verbose --send="connect:$SOCKET" "$MNT"
	until_true 10 said 'sent .* device fds'
	sleep 0.2
	assert_mounts_unchanged
	assert kill -0 "$FS_PID"
	touch "$REPORTS/go"
	wait_fs 0
	assert_serves
	timeout 10 umount "$MNT"
	wait_receiver 0
}

@test "a filesystem without the library is ready when it answers" {
	receive "listen:$SOCKET" -- env -u FUSEFD_FDS -u FUSEFD_PROTOCOL \
		-u NOTIFY_SOCKET "$PASSTHROUGH" "$SOURCE" -f {}
	send "connect:$SOCKET"
	assert_success
	assert_serves
	timeout 10 umount "$MNT"
	wait_receiver 0
}

@test "the caller's NOTIFY_SOCKET hears READY=1 on both sides" {
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	start env NOTIFY_SOCKET="$REPORTS/none" "${LAUNCH[@]}" -S \
		--send="connect:$SOCKET" "$MNT"
	wait_mounted "$MNT"
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
}

# ---- Refused ------------------------------------------------------------------------

# refuses_start STATUS TEXT COMMAND...: what the receiver ends with, and what
# the sender hears.
refuses_start() {
	receive "listen:$SOCKET" -- "${@:3}"
	send "connect:$SOCKET"
	assert_failure 125
	assert_output --partial "cannot hand over '$MNT': the receiver refused: "
	assert_output --partial "$2"
	wait_receiver "$1"
	assert_nothing_left
}

@test "COMMAND not found, not executable, ended: the sender hears why" {
	local script=$BATS_TEST_TMPDIR/script
	chmod 755 "$BATS_TEST_TMPDIR"
	refuses_start 127 'cannot find the command "no-such-command"' no-such-command
	refuses_start 126 'cannot execute "/etc/passwd"' /etc/passwd
	echo 'no interpreter' >"$script"
	chmod 755 "$script"
	refuses_start 126 'Exec format error' "$script"
	refuses_start 3 'exited with status 3' sh -c 'exit 3'
	refuses_start 0 'exited with status 0' true
	# shellcheck disable=SC2016 # the shell's own
	refuses_start 137 'was ended by signal 9' sh -c 'kill -KILL $$'
}

@test "no receiver: the sender ends in time, with nothing left" {
	local address
	for address in listen connect; do
		send "$address:$SOCKET" --ready-timeout=1
		assert_failure 125
		assert_output --partial "cannot hand over '$MNT': "
		assert_output --partial 'after 1 seconds'
		assert_nothing_left
	done
}

@test "no sender: the receiver ends in time, with nothing left" {
	local address
	for address in listen connect; do
		receive "$address:$SOCKET" --ready-timeout=1 -- true
		wait_receiver 125
		run -0 cat "$RECEIVED"
		assert_output --partial 'after 1 seconds'
		assert_nothing_left
	done
}

@test "a filesystem that is not ready in time: nothing is mounted, and it ends" {
	receive "listen:$SOCKET" -- sleep 1000
	send "connect:$SOCKET" --ready-timeout=1
	assert_failure 125
	assert_output --partial 'the receiver is not ready after 1 seconds'
	assert_nothing_left
	kill "$RECEIVER_PID"
	wait_receiver 143
}

@test "a signal before it is ready: 128+N, and nothing left" {
	local signal
	for signal in TERM INT HUP; do
		start "${LAUNCH[@]}" --send="listen:$SOCKET" "$MNT"
		until_true 10 is_socket "$SOCKET"
		kill -"$signal" "$FS_PID"
		wait_fs $((128 + $(kill -l "$signal")))
		assert_nothing_left
	done
}

@test "SIGKILL of the sender before it is ready: nothing is mounted, and COMMAND ends" {
	receive "listen:$SOCKET" -- sh -c 'sleep 2; exec "$@"' sh \
		"$PASSTHROUGH" "$SOURCE" -f
	start "${LAUNCH[@]}" --verbose --send="connect:$SOCKET" "$MNT"
	until_true 10 said 'sent .* device fds'
	kill -KILL "$FS_PID"
	wait_fs 137
	assert_mounts_unchanged
	until_true 15 has_ended "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
}

# ---- Supervised -------------------------------------------------------------------

stay_with() { # COMMAND...
	receive "listen:$SOCKET" -- "$@"
	send_and_stay "connect:$SOCKET" -n 2
	wait_mounted "$MNT"
	assert_serves
}

@test "-S: the receiver ends, and the mount is gone; its status is told" {
	stay_with "$PASSTHROUGH" "$SOURCE" -f
	kill -KILL "$(pgrep -P "$RECEIVER_PID")"
	wait_receiver 137
	wait_fs 137
	run -0 cat "$LOG"
	assert_output --partial "the filesystem on '$MNT' has ended"
	assert_nothing_left
}

@test "-S: the receiver is killed together with its filesystem" {
	stay_with "$PASSTHROUGH" "$SOURCE" -f
	kill -KILL "$RECEIVER_PID" "$(pgrep -P "$RECEIVER_PID")"
	wait_receiver 137
	wait_fs 0
	assert_nothing_left
}

@test "-S: the receiver alone is killed, and the filesystem goes on" {
	local filesystem
	stay_with "$PASSTHROUGH" "$SOURCE" -f
	filesystem=$(pgrep -P "$RECEIVER_PID")
	kill -KILL "$RECEIVER_PID"
	wait_receiver 137
	sleep 0.5
	assert_serves
	kill -KILL "$filesystem"
	until_true 15 has_ended "$FS_PID" # asked every ten seconds
	wait_fs 0
	assert_nothing_left
}

@test "-S: an unmount by somebody else ends both" {
	stay_with "$PASSTHROUGH" "$SOURCE" -f
	timeout 10 umount "$MNT"
	wait_fs 0
	wait_receiver 0
	assert_equal "$(cat "$LOG")" ''
}

@test "-S: the mount is not busy with its sender" {
	stay_with "$PASSTHROUGH" "$SOURCE" -f
	kill -KILL "$RECEIVER_PID" # so that the sender asks after it
	wait_receiver 137
	sleep 0.5
	timeout 10 umount "$MNT"
	wait_fs 0
}

@test "-S: SIGTERM, SIGINT, SIGHUP unmount, and the filesystem ends by that" {
	local signal
	for signal in TERM INT HUP; do
		stay_with "$PASSTHROUGH" "$SOURCE" -f
		kill -"$signal" "$FS_PID"
		wait_fs 0
		wait_receiver 0
		assert_nothing_left
	done
}

@test "-b: returns when the receiver is ready, and the rest is as with -S" {
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	send "connect:$SOCKET" -b
	assert_success
	assert_serves
	kill "$RECEIVER_PID"
	until_true 10 has_ended "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
	until_true 10 assert_mounts_unchanged
}

@test "-b: what the receiver refuses, the caller hears" {
	receive "listen:$SOCKET" -- false
	send "connect:$SOCKET" -b
	assert_failure 125
	assert_output --partial 'exited with status 1'
	wait_receiver 1
	assert_nothing_left
}

@test "without -S the mount outlives the sender, and its end means nothing" {
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	send "connect:$SOCKET"
	assert_success
	sleep 0.3
	assert_serves
	timeout 10 umount "$MNT"
	wait_receiver 0
}

# ---- A filesystem that receives for itself --------------------------------------------

@test "fusefd_from_socket: ready, unmounted by either side, killed" {
	local how
	for how in sender umount killed; do
		receive_by "$FIXTURES/socketfs" "$SOCKET"
		send_and_stay "listen:$SOCKET" -n 4
		wait_mounted "$MNT"
		sleep 0.7 # its end is closed, and it serves
		run -0 stat -c %a "$MNT"
		assert_output 755
		case $how in
		sender) kill "$FS_PID" ;;
		umount) timeout 10 umount "$MNT" ;;
		killed) kill -KILL "$RECEIVER_PID" ;;
		esac
		until_true 15 has_ended "$FS_PID" # asked every ten seconds
		wait_fs 0
		[[ $how == killed ]] && wait_receiver 137 || wait_receiver 0
		assert_nothing_left
	done
}

# ---- The receiver as a parent -------------------------------------------------------

@test "signals reach COMMAND, and orphans are buried and ended" {
	# shellcheck disable=SC2016 # the shell's own
	receive "listen:$SOCKET" -- sh -c 'trap "exit 9" USR1
		(sleep 1000 & sleep 1000 &) ; echo started
		while :; do sleep 0.1; done'
	start "${LAUNCH[@]}" --send="connect:$SOCKET" "$MNT"
	until_true 10 grep -q started "$RECEIVED"
	kill -USR1 "$RECEIVER_PID"
	wait_receiver 9
	wait_fs 125
}

@test "the first process of a pid namespace: SIGTERM ends it, waiting or serving" {
	local inside
	for address in listen connect; do
		receive_by unshare --pid --fork --kill-child \
			"$LAUNCHER" --receive="$address:$SOCKET" -- true
		sleep 0.3
		inside=$(pgrep -P "$RECEIVER_PID")
		kill -TERM "$inside"
		wait_receiver 143
		is_absent "$SOCKET"
	done
	receive_by unshare --pid --fork --kill-child --mount-proc \
		"$LAUNCHER" --receive="listen:$SOCKET" -- \
		"$PASSTHROUGH" "$SOURCE" -f
	send_and_stay "connect:$SOCKET"
	wait_mounted "$MNT"
	kill -TERM "$(pgrep -P "$RECEIVER_PID")"
	until_true 10 has_ended "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
	until_true 10 has_ended "$FS_PID"
	wait "$FS_PID" || true
	FS_PID=
	assert_nothing_left
}

# ---- By hand ---------------------------------------------------------------------------

@test "the sender by hand, behind --detached" {
	receive "listen:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	start "${LAUNCH[@]}" --detached -n 2 "$MNT" -- \
		"$WORK/build/libexec/fusefd-send" --supervise \
		--send="connect:$SOCKET"
	wait_mounted "$MNT"
	assert_serves
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
	assert_nothing_left
}

@test "the sender without a launcher: a line, and what to do" {
	run -125 "$WORK/build/libexec/fusefd-send" --send="connect:$SOCKET"
	assert_line --index 0 --partial 'there is no handoff: FUSEFD_FDS is not set'
	assert_line --index 1 'Start this program by fusefd-launch.'
}

# ---- In a container -------------------------------------------------------------------

# A root with the programs named, what they are linked with, and nothing else
# but what the C library loads by itself where a thread is cancelled. Those that
# the launcher executes are where it looks for them.
make_root() { # FOLDER PROGRAM...
	local program library folder
	library=$(ldconfig -p | sed -n '/libgcc_s.so.1/{s/.*=> //p;q}')
	install -D -m 0755 "$library" "$1$library"
	mkdir -p "$1"/{proc,run,data,dev}
	touch "$1/dev/null"
	for program in "${@:2}"; do
		folder=bin
		[[ $program != */libexec/* ]] || folder=libexec/fusefd
		install -D -m 0755 "$program" "$1/$folder/${program##*/}"
		while read -r library; do
			install -D -m 0755 "$library" "$1$library"
		done < <(ldd "$program" | grep -o '/[^ )]*')
	done
}

@test "a receiver with namespaces of its own, another root and a seccomp filter" {
	local root=$WORK/container
	requires userns
	use_plain_build
	make_root "$root" "$LAUNCHER" "$FUSEFD_PLAIN_BUILD/fixtures/confine" \
		"$FUSEFD_PLAIN_BUILD/libexec/fusefd-receive" \
		"$FUSEFD_PLAIN_BUILD/examples/passthrough"
	head -c 20M /dev/urandom >"$root/data/big"
	mkdir "$root/data/folder"
	seq 10000 >"$root/data/folder/small"
	chmod -R a+rX "$root"
	chown "$ALICE" "$root/run"

	# /dev/null by a mount, as container runtimes do it; no /dev/fuse.
	# shellcheck disable=SC2016 # the shell's own
	clean_fds "${AS_ALICE[@]}" unshare --user --map-root-user --mount --pid \
		--fork --net --kill-child sh -c 'cd "$0" &&
		mount -t proc proc proc && mount --bind /dev/null dev/null &&
		exec unshare --user --map-user=1234 --map-group=1234 \
			--root="$0" "$@"' "$root" \
		/bin/confine /bin/fusefd-launch --receive=listen:/run/socket -- \
		/bin/passthrough -f /data </dev/null >"$RECEIVED" 2>&1 &
	RECEIVER_PID=$!
	as_mode user
	send_and_stay "connect:$root/run/socket" -n 4
	wait_mounted "$MNT"
	run -0 as_owner diff -r "$MNT" "$root/data"
	assert_equal "$(grep -c . <<<"$output")" 0
	kill "$FS_PID"
	wait_fs 0
	wait_receiver 0
	rm -rf "$root"
}

@test "the filter of that container refuses what it says" {
	run -0 "$FIXTURES/confine" --try
	assert_equal "${#lines[@]}" 10
	refute_line --regexp -v ': Operation not permitted$'
}

# ---- Asked for wrongly ------------------------------------------------------------------

@test "options that make no sense here are refused" {
	refuses 125 'there is no COMMAND to give' --send="listen:$SOCKET" "$MNT" -- true
	refuses 125 'no MOUNTPOINT given' --send="listen:$SOCKET"
	refuses 125 'no COMMAND given' --receive="listen:$SOCKET"
	refuses 125 'is not listen:PATH' --send=here "$MNT"
	refuses 125 '--keep-fd does not go with --send' --send="listen:$SOCKET" -k 0 "$MNT"
	refuses 125 '--literal does not go with --send' --send="listen:$SOCKET" --literal "$MNT"
	refuses 125 '--payload needs --send' --payload=x "$MNT" true
	refuses 125 '--fds does not go with --receive' --receive="listen:$SOCKET" -n 2 true
	refuses 125 '--user does not go with --receive' --receive="listen:$SOCKET" -u alice true
	refuses 125 '--send does not go with --receive' --receive="listen:$SOCKET" --send="listen:$SOCKET" true
	refuses 125 'exclude each other' --receive="listen:$SOCKET" -S true
	refuses 125 'fd 77: it is not open' --send=fd:77 "$MNT"
	refuses 125 'fd 0: it is not a connected Unix socket' --send=fd:0 "$MNT"
	refuses 125 'fd 0: it is not a connected Unix socket' --receive=fd:0 true
	is_absent "$SOCKET"
}

@test "--dry-run says where it would send" {
	launch --dry-run --send="listen:$SOCKET" -n 2 "$MNT"
	assert_success
	assert_output --partial "would send them to 'listen:$SOCKET'"
	assert_nothing_left
}
