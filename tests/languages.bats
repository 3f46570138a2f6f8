#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lib/examples/protocol.*: the filesystem's side of the handoff in languages
# that have no libfusefd. They are one program: each test is of all of them.
# Of the plain build only: there is nothing of ours in them.
# Not in make test: it takes compilers for Go and Rust.

load helpers

EXAMPLES=$BATS_TEST_DIRNAME/../lib/examples
PROGRAMS=$WORK/programs

setup() {
	common_setup
	requires fuse
	[[ -e $PROGRAMS ]] || build_programs
	as_mode user
}

build_programs() {
	mkdir "$PROGRAMS"
	install -m 0755 "$EXAMPLES/protocol.py" "$PROGRAMS/python"
	env GOCACHE="$WORK/go/cache" GOPATH="$WORK/go" GO111MODULE=off \
		CGO_ENABLED=0 go build -o "$PROGRAMS/go" "$EXAMPLES/protocol.go"
	rustc --edition 2021 -O -o "$PROGRAMS/rust" "$EXAMPLES/protocol.rs"
	chmod -R u+w "$WORK/go" && rm -r "$WORK/go"
}

# Each is PROGRAM once, and its name is seen where the test fails.
in_each_language() { # COMMAND...
	local language
	for language in python go rust; do
		echo "in $language:"
		PROGRAM=$PROGRAMS/$language
		"$@"
	done
}

as_owner() { timeout 20 "${AS_OWNER[@]}" "$@"; }

# ---- What is served ------------------------------------------------------------

shows_one_file() { # FDS
	start_fs -n "$1" -- "$PROGRAM"
	run -0 as_owner ls -a "$MNT"
	assert_output $'.\n..\nhello'
	run -0 as_owner stat -c '%n %F %a %s %u:%g' "$MNT" "$MNT/hello"
	assert_line --index 0 --regexp " directory 555 [0-9]+ $ALICE:$ALICE$"
	assert_line --index 1 --regexp " regular file 444 13 $ALICE:$ALICE$"
	run -0 as_owner cat "$MNT/hello"
	assert_output 'Hello, world'
	run -0 as_owner dd if="$MNT/hello" bs=1 skip=7 count=3 status=none
	assert_output wor
	run -1 as_owner cat "$MNT/hell"
	assert_output --partial 'No such file or directory'
	stop_fs
}

@test "ls and cat, over one fd and over four" {
	in_each_language shows_one_file 1
	in_each_language shows_one_file 4
}

ends_by_force() {
	start_fs -n 4 -- "$PROGRAM"
	timeout 10 umount -f "$MNT"
	wait_fs 0
}

@test "unmounted by force, it ends with status 0 as well" {
	in_each_language ends_by_force
}

# ---- Workers -------------------------------------------------------------------

# "THREAD FD" of each pair that replied, in a trace of the program. The reply to
# FUSE_INIT, the first, is no worker's.
replies() {
	sed -n "/execve(\"${PROGRAM//\//\\/}\"/,\$p" "$TRACE" |
		sed -nE 's/^([0-9]+) +write\(([3-6]),.*/\1 \2/p' |
		tail -n +2 | sort -u
}

all_have_replied() { (($(replies | cut -d ' ' -f 2 | sort -u | wc -l) == 4)); }

# Eight readers at once, whose words are in $REPORTS/read.
read_by_eight() {
	# shellcheck disable=SC2016 # to be expanded by alice's shell
	as_owner bash -c 'for reader in {1..8}; do
			for again in {1..10}; do cat "$0"; done &
		done
		wait' "$MNT/hello" >"$REPORTS/read"
}

read_until_all_have_replied() {
	local tries
	for tries in {1..20}; do
		read_by_eight
		assert_equal "$(sort "$REPORTS/read" | uniq -c | xargs)" \
			'80 Hello, world'
		! all_have_replied || return 0
	done
	fail "only these replied in $tries rounds: $(replies)"
}

works_on_all_fds() {
	TRACE=$BATS_TEST_TMPDIR/trace
	LAUNCH=(strace -f -qq -o "$TRACE" -e trace=write,execve "$LAUNCHER" -u alice)
	start_fs -n 4 -- "$PROGRAM"
	read_until_all_have_replied
	stop_fs
	run -0 replies
	assert_equal "$(cut -d ' ' -f 2 <<<"$output" | sort | uniq -c | xargs)" \
		'1 3 1 4 1 5 1 6'
	assert_equal "$(cut -d ' ' -f 1 <<<"$output" | sort | uniq -d)" ''
}

@test "four fds, eight readers: each fd has a thread, which replies on that fd alone" {
	in_each_language works_on_all_fds
}

holds_close_on_exec() {
	local fd flags found=0
	start_fs -n 4 -- "$PROGRAM"
	for fd in "/proc/$FS_PID/fd"/*; do
		[[ $(readlink "$fd") == /dev/fuse ]] || continue
		flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$FS_PID/fdinfo/${fd##*/}")
		(((8#$flags & 8#2000000) != 0)) || fail "inheritable: fd ${fd##*/}"
		found=$((found + 1))
	done
	assert_equal "$found" 4
	stop_fs
}

@test "the device fds are close-on-exec, and no others are opened" {
	in_each_language holds_close_on_exec
}

# ---- READY=1 -------------------------------------------------------------------

has_news() { grep -qs '^READY=1' "$LOG"; }

tells_manager() {
	rm -f "$WORK/notify" "$LOG"
	start "$FIXTURES/notified" "$WORK/notify" "$MNT" \
		"${LAUNCH[@]}" -n 2 "$MNT" "$PROGRAM"
	until_true 20 has_news || fail "it does not say that it is ready"
	assert_equal "$(cat "$LOG")" 'READY=1 from main, mounted'
	stop_fs
}

@test "READY=1 to the NOTIFY_SOCKET of the caller" {
	in_each_language tells_manager
}

# A datagram socket of an abstract name, and what comes to it.
LISTEN='import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.bind("\0" + sys.argv[1])
    print("listening", flush=True)
    print(manager.recv(100).decode(), flush=True)'

tells_abstractly() {
	local name=fusefd-languages-$FUSEFD_FIRST_ID listener
	: >"$REPORT"
	clean_fds timeout 60 /usr/bin/python3 -c "$LISTEN" "$name" >"$REPORT" &
	listener=$!
	until_true 20 grep -q listening "$REPORT"
	LAUNCH=(env NOTIFY_SOCKET="@$name" "$LAUNCHER" -u alice)
	start_fs -n 2 -- "$PROGRAM"
	wait "$listener"
	assert_equal "$(tail -n 1 "$REPORT")" READY=1
	stop_fs
}

@test "READY=1 to an abstract address, such as a supervisor's" {
	in_each_language tells_abstractly
}

works_supervised() {
	start_fs -S -n 4 -- "$PROGRAM"
	run -0 as_owner cat "$MNT/hello"
	assert_output 'Hello, world'
	stop_fs

	launch -b -n 4 "$MNT" "$PROGRAM"
	assert_success
	run -0 as_owner cat "$MNT/hello"
	assert_output 'Hello, world'
	timeout 10 umount "$MNT"
	assert_no_process_left
}

@test "under a supervisor, in the foreground and in the background" {
	in_each_language works_supervised
}

serves_deafly() {
	LAUNCH=(env NOTIFY_SOCKET="$1" "$LAUNCHER" -u alice)
	start_fs -n 1 -- "$PROGRAM"
	run -0 as_owner cat "$MNT/hello"
	stop_fs
	assert_equal "$(cat "$LOG")" ''
}

@test "a NOTIFY_SOCKET that nobody listens at is no reason not to serve" {
	local address
	for address in @fusefd-nobody "/$(printf '%0200d' 0)" ''; do
		in_each_language serves_deafly "$address"
	done
}

# ---- Who may come in -----------------------------------------------------------

# Bob is refused at the root and at the file, by names that root has looked up
# before; what is open he can read on, as from any file that he is handed.
keeps_bob_out() {
	local path
	start_fs -n 2 -o allow_root -- "$PROGRAM"
	run -0 timeout 10 cat "$MNT/hello"
	assert_output 'Hello, world'
	run -0 as_owner cat "$MNT/hello"
	assert_output 'Hello, world'
	for path in "$MNT" "$MNT/hello"; do
		run -1 "${AS_BOB[@]}" timeout 10 stat "$path"
		assert_output --partial 'Permission denied'
	done
	run -2 "${AS_BOB[@]}" timeout 10 ls "$MNT"
	assert_output --partial 'Permission denied'
	# shellcheck disable=SC2016 # to be expanded by bob's shell
	run -0 "${AS_BOB[@]}" timeout 10 bash -c 'read -r line && echo "$line"' \
		<"$MNT/hello"
	assert_output 'Hello, world'
	stop_fs
}

lets_bob_in() {
	start_fs -n 2 -o allow_other -- "$PROGRAM"
	run -0 "${AS_BOB[@]}" timeout 10 cat "$MNT/hello"
	assert_output 'Hello, world'
	stop_fs
}

@test "owner_and_root: the owner and root, and nobody else; all: everybody" {
	in_each_language keeps_bob_out
	in_each_language lets_bob_in
}

# ---- Handoffs that are none ------------------------------------------------------

GOOD=(FUSEFD_PROTOCOL=1 FUSEFD_FDS=4 FUSEFD_MOUNTPOINT=/x FUSEFD_ACL=owner
	FUSEFD_OWNER=0 FUSEFD_UNKNOWN=)

# says WORDS [VARIABLE...]: a handoff of these is refused, with these words.
# OPENER is what the program is started behind.
says() {
	run -1 clean_fds env "${@:2}" timeout 10 "${OPENER[@]}" "$PROGRAM"
	assert_equal "of ${*:2}: $output" "of ${*:2}: protocol: $1"
}

# 3 to 7: no device at all, one that is on no connection, and ways to have it
# open that are not enough.
OPEN_AND_EXEC='import os, sys
for fd, path, flags in (
        (3, "/dev/null", os.O_RDWR), (4, "/dev/fuse", os.O_RDWR),
        (5, "/dev/fuse", os.O_PATH), (6, "/dev/fuse", os.O_RDONLY),
        (7, "/dev/fuse", os.O_WRONLY)):
    os.dup2(os.open(path, flags), fd + 100)
os.closerange(3, 100)
for fd in range(3, 8):
    os.dup2(fd + 100, fd)
os.closerange(100, 110)
os.execv(sys.argv[1], sys.argv[1:])'

# refuses_variable NAME VALUE...: each of them, and none.
refuses_variable() {
	local value rest=()
	for value in "${GOOD[@]}"; do
		[[ $value == "$1="* ]] || rest+=("$value")
	done
	says "$1 is not as protocol 1 has it" "${rest[@]}"
	for value in "${@:2}"; do
		says "$1 is not as protocol 1 has it" "${rest[@]}" "$1=$value"
	done
}

refuses_variables() {
	OPENER=()
	says 'no handoff: start this by fusefd-launch'
	says 'no handoff: start this by fusefd-launch' "${GOOD[@]:2}"
	refuses_variable FUSEFD_PROTOCOL '' 2 01 ' 1' 1x
	refuses_variable FUSEFD_FDS '' , 4, ,4 4,,5 4x +4 ' 4' '4 ' 04 -4 4.0 \
		4,5,4 2147483648 4294967300 99999999999 $'4\n' \
		"$(seq -s , 254)" "$(printf '9%.0s' {1..5000})"
	refuses_variable FUSEFD_MOUNTPOINT '' x ./x
	refuses_variable FUSEFD_ACL '' Owner owner_and all, $'all\n'
	refuses_variable FUSEFD_OWNER '' alice -1 +0 00 4294967295 4294967296 $'0\n'
}

@test "no handoff, a malformed one, one of another protocol: refused in one line" {
	in_each_language refuses_variables
}

refuses_fds() {
	OPENER=(/usr/bin/python3 -c "$OPEN_AND_EXEC")
	says 'fd 77 is not open' "${GOOD[@]}" FUSEFD_FDS=77
	says 'fd 2147483647 is not open' "${GOOD[@]}" FUSEFD_FDS=2147483647
	says 'fd 1000 is not open' "${GOOD[@]}" FUSEFD_FDS="$(seq -s , 1000 1252)"
	says 'fd 77 is not open' "${GOOD[@]}" FUSEFD_FDS=77 \
		FUSEFD_MOUNTPOINT=$'/\xff'
	says 'fd 3 is not a FUSE device' "${GOOD[@]}" FUSEFD_FDS=3
	says 'fd 5 is not open for reading and writing' "${GOOD[@]}" FUSEFD_FDS=5
	says 'fd 6 is not open for reading and writing' "${GOOD[@]}" FUSEFD_FDS=6
	says 'fd 7 is not open for reading and writing' "${GOOD[@]}" FUSEFD_FDS=7
	says 'fd 4 is on no connection' "${GOOD[@]}" FUSEFD_FDS=4
}

@test "an fd that is not open, no FUSE device, not for both, on no connection: refused" {
	in_each_language refuses_fds
}

# leaves_dead WORDS COMMAND...: launched with four good fds, it is refused, and
# the mount is one that nobody serves.
leaves_dead() {
	launch -n 4 "$MNT" "${@:2}"
	assert_failure 1
	assert_output "protocol: $1"
	run -1 as_owner stat "$MNT"
	assert_output --partial 'not connected'
	timeout 10 umount "$MNT"
}

refuses_good_with_bad() {
	leaves_dead 'fd 77 is not open' env FUSEFD_FDS=3,4,77 "$PROGRAM"
	leaves_dead 'fd 0 is not a FUSE device' env FUSEFD_FDS=3,4,0 "$PROGRAM"
	leaves_dead 'FUSEFD_FDS is not as protocol 1 has it' \
		env FUSEFD_FDS=3,4,3 "$PROGRAM"
	leaves_dead 'FUSEFD_PROTOCOL is not as protocol 1 has it' \
		env FUSEFD_PROTOCOL=2 "$PROGRAM"
}

@test "good fds with a bad one among them: refused, and nothing is served" {
	in_each_language refuses_good_with_bad
}

# The second launcher keeps the first one's device fd, and puts its own after it.
refuses_two_connections() {
	run -1 clean_fds timeout 20 "$LAUNCHER" -n 1 \
		-c sys_admin,setpcap,dac_override "$WORK/mnt" -- \
		"$LAUNCHER" -k 3 -n 1 "$ALICE_MNT" -- env FUSEFD_FDS=3,4 "$PROGRAM"
	timeout 10 umount "$WORK/mnt" "$ALICE_MNT"
	assert_output 'protocol: fd 4 is on another connection than fd 3'
}

@test "fds of two connections: refused" {
	# Shown from Linux 6.16 on, and taken on trust before.
	launch -n 1 "$MNT" grep -q fuse_connection /proc/self/fdinfo/3
	timeout 10 umount "$MNT"
	((status == 0)) || skip "this kernel does not show connections"
	in_each_language refuses_two_connections
}

# ---- The manual ------------------------------------------------------------------

# What fusefd(7) quotes in the displays of a subsection, each ended by a form
# feed.
quotes() { # LANGUAGE [WHAT]
	awk -v title=".Ss A ${2-filesystem} in $1" '
		/^\.S[sh] / { within = $0 == title }
		within && /^\.Ed/ { printf "\f"; shown = 0 }
		within && shown
		within && /^\.Bd -literal$/ { shown = 1 }' \
		"$BATS_TEST_DIRNAME/../man/fusefd.7" |
		sed 's/^\\&//; s/\\-/-/g; s/\\e/\\/g'
}

@test "what the manual quotes is what the programs say: one in full, of two the handoff" {
	local language file quote count=0
	assert_equal "$(quotes Python)" "$(cat "$EXAMPLES/protocol.py")"$'\n\f'
	assert_equal "$(quotes Python supervisor)" \
		"$(cat "$EXAMPLES/supervisor.py")"$'\n\f'
	for language in Go:go Rust:rs; do
		file=$(expand -t 4 "$EXAMPLES/protocol.${language#*:}")
		while read -r -d $'\f' quote; do
			[[ $file == *$'\n\n'"$quote"* ]] || fail "not in the program: $quote"
			count=$((count + 1))
		done < <(quotes "${language%:*}")
	done
	assert_equal "$count" 4
}
