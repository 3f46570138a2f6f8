# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the bats files share. tests/run starts each of them in mount and pid
# namespaces of its own and names the folders; here a world is set up in them:
# a tmpfs that honours setuid bits, users that no machine has, launchers with
# each kind of privilege. After every test nothing may be left, neither a mount
# nor a process: teardown fails the test otherwise.

bats_require_minimum_version 1.5.0

# Each of their load.bash would start a dirname(1) for every file, in every test.
load_libraries() { # NAME...
	local name file
	for name in "$@"; do
		for file in "${BATS_LIB_PATH:-/usr/lib/bats}/$name/src"/*.bash; do
			# shellcheck source=/dev/null
			source "$file"
		done
	done
}
load_libraries bats-support bats-assert bats-file

: "${FUSEFD_SCRATCH:?run this by tests/run}" "${FUSEFD_BUILD:?}" \
	"${FUSEFD_FIRST_ID:?}"

WORK=$FUSEFD_SCRATCH                # all that follows is in here
ALICE_MNT=$WORK/alice/mnt           # alice's empty folder
LAUNCHER=$WORK/build/fusefd-launch  # as root would run it
LAUNCHER_SETUID=$WORK/bin/setuid/fusefd-launch
LAUNCHER_CAPS=$WORK/bin/caps/fusefd-launch
PASSTHROUGH=$WORK/build/examples/passthrough
FIXTURES=$WORK/build/fixtures
REPORTS=$WORK/reports               # anybody may write here
NEVER=$WORK/never                   # a fifo that nobody writes to

# Their own in each bats file: limits count a user's processes on all of the
# machine.
ALICE=$((FUSEFD_FIRST_ID + 1))
BOB=$((FUSEFD_FIRST_ID + 2))
CREW=$((FUSEFD_FIRST_ID + 3)) # alice's other group

# Prefixes that run a command as somebody with a login's environment.
as_user() { # NAME: prints nothing, sets AS
	AS=(setpriv --reuid="$1" --regid="$1" --init-groups
		env -i HOME="$WORK/$1" USER="$1" LOGNAME="$1" SHELL=/bin/sh
		PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
		ASAN_OPTIONS="${ASAN_OPTIONS:-}")
}
as_user alice
AS_ALICE=("${AS[@]}")
as_user bob
AS_BOB=("${AS[@]}")

# Behind a shell that leaks five fds into it.
AS_OPENED=(bash -c 'exec "$@" 3</dev/zero 4</dev/zero 5</dev/zero 7</dev/zero 9</dev/zero' bash)

# ---- The world ---------------------------------------------------------------

setup_file() {
	[[ $EUID -eq 0 ]] && mount -t tmpfs -o mode=0755 fusefd-test "$WORK" ||
		return 0
	mkdir -m 0755 "$WORK"/{mnt,build,bin,bin/setuid,bin/caps}
	mkdir -m 1777 "$REPORTS"
	mkfifo "$NEVER"
	mount --bind "$FUSEFD_BUILD" "$WORK/build"
	add_users
	add_launchers
}

# On a copy of /etc, for this mount namespace only.
add_users() {
	local entry name id

	cp -a /etc "$WORK/etc"
	rm -f "$WORK/etc/fuse.conf"
	# fusermount3 looks there; a minimal system has none.
	ln -sf /proc/self/mounts "$WORK/etc/mtab"
	for entry in alice:$ALICE bob:$BOB; do
		name=${entry%:*} id=${entry#*:}
		echo "$name:x:$id:$id::$WORK/$name:/bin/sh" >>"$WORK/etc/passwd"
		echo "$name:x:$id:" >>"$WORK/etc/group"
		install -d -o "$id" -g "$id" "$WORK/$name" "$WORK/$name/mnt"
	done
	echo "crew:x:$CREW:alice" >>"$WORK/etc/group"
	mount --bind "$WORK/etc" /etc
}

# DAC_OVERRIDE is for a /dev/fuse that only root may open.
add_launchers() {
	local plain=$FUSEFD_PLAIN_BUILD/fusefd-launch

	# What it executes is looked for beside it.
	ln -s "$WORK/build/libexec" "$WORK/bin/setuid/libexec"
	ln -s "$WORK/build/libexec" "$WORK/bin/caps/libexec"
	install -m 0755 "$FUSEFD_PLAIN_BUILD/mount.fusefd" "$WORK/bin/setuid"
	install -m 0755 "$FUSEFD_PLAIN_BUILD/mount.fusefd" "$WORK/bin/caps"
	install -m 4755 "$plain" "$LAUNCHER_SETUID"
	install -m 0755 "$plain" "$LAUNCHER_CAPS"
	setcap cap_sys_admin,cap_setpcap,cap_dac_override=ep \
		"$LAUNCHER_CAPS" || rm "$LAUNCHER_CAPS"
}

setup() { common_setup; }

# bats notes the line before each command, by a trap, which takes half of the
# time of all. It does so from here on for the test itself, whose line is what it
# prints of a failure, and no more within the functions that the test calls.
common_setup() {
	set +o functrace
	declare -ft "$BATS_TEST_NAME" # bats 1.10 calls it after setup
	LOG=$BATS_TEST_TMPDIR/log
	REPORT=$REPORTS/$BATS_TEST_NUMBER
	FS_PID=
	[[ $EUID -eq 0 ]] || return 0
	cd "$WORK" || return
	umask 0
	: >"$REPORT"
	umask 022
	mounts >"$BATS_TEST_TMPDIR/mounts"
	look_at_processes
	PROCESSES_BEFORE=" ${!PROCESSES[*]} "
}

teardown() { common_teardown; }

common_teardown() {
	local failed=0

	[[ $EUID -eq 0 ]] || return 0
	[[ -z $BATS_TEST_COMPLETED && -s $LOG ]] && sed 's/^/log: /' "$LOG"
	assert_no_process_left || failed=1
	assert_mounts_unchanged || failed=1
	clean_up
	return "$failed"
}

# After a test that failed halfway: the next one starts afresh. A mount inside
# a dead one cannot be reached, and goes with it.
clean_up() {
	local pid folder before

	look_for_new_processes
	for pid in "${NEW_PROCESSES[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	look_at_fuse_mounts
	while ((${#FUSE_MOUNTS[@]} > 0)); do
		before=${FUSE_MOUNTS[*]}
		for folder in "${FUSE_MOUNTS[@]}"; do
			umount --no-canonicalize --lazy "$(printf %b "$folder")"
		done 2>/dev/null
		look_at_fuse_mounts
		[[ ${FUSE_MOUNTS[*]} != "$before" ]] || break
	done
	return 0
}

# ---- What a machine must be able to do ------------------------------------------

can() { # FACILITY
	[[ $EUID -eq 0 ]] || return
	case $1 in
	fuse) [[ $(stat -c %t:%T /dev/fuse) == a:e5 ]] && (: <>/dev/fuse) &&
		mountpoint -q "$WORK" ;;
	setuid) grep -q '^NoNewPrivs:[[:space:]]*0' /proc/self/status ;;
	caps) [[ -x $LAUNCHER_CAPS ]] ;;
	userns) "${AS_ALICE[@]}" unshare --user --map-root-user --mount true ;;
	*) type -P "$1" >/dev/null ;; # a program, which make test does without
	esac 2>/dev/null
}

# requires FACILITY...: skip the test where one is missing; fail it where
# FUSEFD_REQUIRE (a list with commas) says that it must not be.
requires() {
	local facility

	for facility in "$@"; do
		can "$facility" && continue
		if [[ ,${FUSEFD_REQUIRE:-}, == *,$facility,* ]]; then
			fail "FUSEFD_REQUIRE wants $facility, and it is not there"
		fi
		skip "this machine lacks: $facility"
	done
}

# ---- Looking at mounts and processes ----------------------------------------------
#
# Most of this is asked for again and again, in every test: it starts no process.

mounts() {
	local table
	mapfile table </proc/self/mountinfo
	printf '%s' "${table[@]}"
}

# Sets FUSE_MOUNTS, the folders as the kernel writes them.
look_at_fuse_mounts() {
	local table line
	FUSE_MOUNTS=()
	mapfile -t table </proc/self/mountinfo
	for line in "${table[@]}"; do
		[[ $line == *' - fuse'* ]] || continue
		line=${line#* * * * } # the first four fields
		FUSE_MOUNTS+=("${line%% *}")
	done
}

fuse_mounts() {
	look_at_fuse_mounts
	((${#FUSE_MOUNTS[@]} == 0)) || printf '%s\n' "${FUSE_MOUNTS[@]}"
}

# As the kernel writes a path there.
escaped() {
	escape "$1"
	printf '%s\n' "$ESCAPED"
}

escape() { # PATH: sets ESCAPED
	ESCAPED=${1//\\/\\134}
	ESCAPED=${ESCAPED// /\\040} ESCAPED=${ESCAPED//$'\t'/\\011}
	ESCAPED=${ESCAPED//$'\n'/\\012}
}

# Never by stat(2): it would ask the filesystem, which may hang.
is_mounted() {
	local folder
	escape "$1"
	look_at_fuse_mounts
	for folder in "${FUSE_MOUNTS[@]}"; do
		[[ $folder != "$ESCAPED" ]] || return 0
	done
	return 1
}

# The field of the topmost mount on FOLDER: type, source, options, super.
mount_field() { # FOLDER FIELD
	local table line fields value=
	escape "$1"
	mapfile -t table </proc/self/mountinfo
	for line in "${table[@]}"; do
		read -ra fields <<<"${line%% - *}"
		[[ ${fields[4]} == "$ESCAPED" ]] || continue
		value=${fields[5]}
		read -ra fields <<<"${line#* - }"
		case $2 in
		type) value=${fields[0]} ;;
		source) value=${fields[1]} ;;
		super) value=${fields[2]} ;;
		esac
	done
	printf '%s\n' "$value"
}

# All that live, zombies not: sets PROCESSES[PID], their names.
look_at_processes() {
	local file line
	PROCESSES=()
	for file in /proc/[0-9]*/stat; do
		{ read -r line <"$file"; } 2>/dev/null || continue
		[[ $line =~ ^([0-9]+)\ \((.*)\)\ [^ZX] ]] || continue
		PROCESSES[BASH_REMATCH[1]]=${BASH_REMATCH[2]}
	done
}

# Those that were started since setup, but for this shell's own: sets
# NEW_PROCESSES, their pids.
look_for_new_processes() {
	local pid
	NEW_PROCESSES=()
	look_at_processes
	for pid in "${!PROCESSES[@]}"; do
		[[ $PROCESSES_BEFORE == *" $pid "* || $pid == "$BASHPID" ]] ||
			NEW_PROCESSES+=("$pid")
	done
}

new_processes() {
	look_for_new_processes
	((${#NEW_PROCESSES[@]} == 0)) || printf '%s\n' "${NEW_PROCESSES[@]}"
}

assert_mounts_unchanged() {
	local before now
	mapfile before <"$BATS_TEST_TMPDIR/mounts"
	mapfile now </proc/self/mountinfo
	[[ ${before[*]} != "${now[*]}" ]] || return 0
	diff "$BATS_TEST_TMPDIR/mounts" <(mounts)
	fail "the mounts are not what they were before"
}

assert_no_process_left() {
	local pid tries left=
	for tries in {1..200}; do
		look_for_new_processes
		((${#NEW_PROCESSES[@]} > 0)) || return 0
		pause 0.05
	done
	for pid in "${NEW_PROCESSES[@]}"; do
		left+=" $pid ${PROCESSES[pid]}"
	done
	fail "left running:$left"
}

# until_true SECONDS COMMAND...
until_true() {
	local tries=$(($1 * 50))
	shift
	until "$@"; do
		((tries-- > 0)) || return 1
		pause 0.02
	done
}

# sleep(1) without a process of its own.
pause() { read -rt "$1" _ <>"$NEVER" || return 0; } # SECONDS

# What waits may not spin, whatever was done to it.
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # PID
assert_asleep() { # PID
	local before
	before=$(cpu_ticks "$1")
	pause 0.5
	(($(cpu_ticks "$1") - before < 5)) || fail "$1 spins"
}

# ---- Running things --------------------------------------------------------------------

# In place of this shell, and with nothing open but 0, 1 and 2: bats leaks fds
# into what it runs. Only behind `run`, `&` or within ( ).
clean_fds() {
	local fd
	for fd in /proc/"$BASHPID"/fd/*; do
		fd=${fd##*/}
		((fd > 2 && fd != 255)) && eval "exec $fd>&-"
	done
	exec "$@"
}

# launch ARG...: run fusefd-launch to its end. LAUNCH says which one, and as
# whom; see as_mode.
launch() { run clean_fds timeout -k 1 20 "${LAUNCH[@]}" "$@"; }

# How the launcher is given its privilege: root, root with --user, setuid,
# file capabilities. Sets LAUNCH, and for whom it mounts: OWNER, AS_OWNER, MNT.
as_mode() { # root|user|setuid|caps
	OWNER=$ALICE AS_OWNER=("${AS_ALICE[@]}") MNT=$ALICE_MNT
	case $1 in
	root) LAUNCH=("$LAUNCHER") OWNER=0 AS_OWNER=() MNT=$WORK/mnt ;;
	user) LAUNCH=("$LAUNCHER" -u alice) ;;
	setuid) LAUNCH=("${AS_ALICE[@]}" "$LAUNCHER_SETUID") ;;
	caps) LAUNCH=("${AS_ALICE[@]}" "$LAUNCHER_CAPS") ;;
	*) fail "no such mode: $1" ;;
	esac
}
as_mode root

# launch_probe OPTION...: the probe as COMMAND, which reports to $REPORT and
# ends, so that its mount is dead; which is then taken away.
launch_probe() {
	launch "$@" "$MNT" -- "$FIXTURES/probe" "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
}

# refuses STATUS PATTERN ARG...: with these, the launcher fails. Its first line
# is in its own name and matches PATTERN; a second may say what to do. Nothing
# is mounted, and the probe has not run.
refuses() {
	launch "${@:3}"
	assert_equal "exit status $status, of: ${*:3}" "exit status $1, of: ${*:3}"
	assert_line --index 0 --regexp "^fusefd-launch: .*($2)"
	((${#lines[@]} <= 2)) || fail "more than two lines: $output"
	assert_equal "$(<"$REPORT")" ''
	assert_mounts_unchanged
}

# The numbers of the fds that COMMAND found open, and of the device fds.
reported_fds() { sed -n 's/^FD_\([0-9]*\)=.*/\1/p' "$REPORT" | sort -n | xargs; }
device_fds() { sed -n 's/^FD_\([0-9]*\)=\/dev\/fuse .*/\1/p' "$REPORT" | sort -n; }

reported() {
	look_up_report "$1"
	((${#REPORTED[@]} == 0)) || printf '%s\n' "${REPORTED[@]}"
}

# Sets REPORTED, all that was reported by that name.
look_up_report() { # KEY
	local line
	REPORTED=()
	mapfile -t line <"$REPORT"
	for line in "${line[@]}"; do
		[[ $line != "$1="* ]] || REPORTED+=("${line#*=}")
	done
}

assert_reported() { # KEY VALUE
	look_up_report "$1"
	assert_equal "$1=${REPORTED[*]}" "$1=$2"
}

# No capability in any set, and no way to one.
assert_unprivileged() {
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		assert_reported "$set" 0000000000000000
	done
	assert_reported NoNewPrivs 1
}

# start COMMAND...: in the background, as a filesystem; its output is in $LOG.
start() {
	clean_fds "$@" </dev/null >"$LOG" 2>&1 &
	FS_PID=$!
}

# start_fs [OPTION...] -- COMMAND [ARG]...: launched on $MNT, and waited for
# until it is there.
start_fs() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	start "${LAUNCH[@]}" "${options[@]}" "$MNT" "$@"
	wait_mounted "$MNT"
}

wait_mounted() { # FOLDER
	until_true 10 is_mounted "$1" ||
		fail "not mounted: $1: $(cat "$LOG")"
	timeout 10 "${AS_OWNER[@]}" stat "$1" >/dev/null ||
		fail "does not answer: $1: $(cat "$LOG")"
}

# wait_workers COUNT: of libfusefd's session. They start one after the other, and
# the first serve while the last do not yet.
wait_workers() {
	until_true 20 has_workers "$1" || fail "there are not $1 workers"
}

has_workers() {
	local file name count=0
	for file in "/proc/$FS_PID/task"/*/comm; do
		{ read -r name <"$file"; } 2>/dev/null || continue
		[[ $name != fusefd/* ]] || ((++count))
	done
	((count == $1))
}

# Its current directory is the mount. PID
is_inside() { [[ $(readlink "/proc/$1/cwd") == "$MNT" ]]; }

has_ended() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ $line == *') '[ZX]' '* ]]
}

# wait_fs STATUS: the filesystem ends by itself, soon, with that status; or with
# one of several, "15|0".
wait_fs() {
	local status=0
	until_true 10 has_ended "$FS_PID" || fail "the filesystem runs on"
	wait "$FS_PID" || status=$?
	FS_PID=
	[[ $status =~ ^($1)$ ]] || fail "exit status $status, not $1"
}

# Unmount, after which the filesystem must end by itself and be content.
stop_fs() {
	timeout 10 umount "$MNT"
	wait_fs 0
}
