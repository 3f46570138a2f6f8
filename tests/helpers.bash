# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the bats files share. tests/run starts each of them in mount and pid
# namespaces of its own and names the folders; here a world is set up in them:
# a tmpfs that honours setuid bits, users that no machine has, launchers with
# each kind of privilege. After every test nothing may be left, neither a mount
# nor a process: teardown fails the test otherwise.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

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
	install -m 4755 "$plain" "$LAUNCHER_SETUID"
	install -m 0755 "$plain" "$LAUNCHER_CAPS"
	setcap cap_sys_admin,cap_setpcap,cap_dac_override=ep \
		"$LAUNCHER_CAPS" || rm "$LAUNCHER_CAPS"
}

setup() { common_setup; }

common_setup() {
	LOG=$BATS_TEST_TMPDIR/log
	REPORT=$REPORTS/$BATS_TEST_NUMBER
	FS_PID=
	[[ $EUID -eq 0 ]] || return 0
	cd "$WORK" || return
	install -m 0666 /dev/null "$REPORT"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	processes >"$BATS_TEST_TMPDIR/processes"
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

	for pid in $(new_processes); do
		kill -KILL "$pid" 2>/dev/null
	done
	while before=$(fuse_mounts) && [[ -n $before ]]; do
		while read -r folder; do
			umount --no-canonicalize --lazy "$(printf %b "$folder")"
		done <<<"$before" 2>/dev/null
		[[ $(fuse_mounts) != "$before" ]] || break
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

mounts() { cat /proc/self/mountinfo; }

fuse_mounts() {
	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^fuse/) print $5 }' \
		/proc/self/mountinfo
}

# As the kernel writes a path there.
escaped() {
	local path=${1//\\/\\134}
	path=${path// /\\040} path=${path//$'\t'/\\011}
	printf '%s\n' "${path//$'\n'/\\012}"
}

# Never by stat(2): it would ask the filesystem, which may hang.
is_mounted() { fuse_mounts | grep -qxF -e "$(escaped "$1")"; }

# The field of the topmost mount on FOLDER: type, source, options, super.
mount_field() { # FOLDER FIELD
	FOLDER=$(escaped "$1") awk -v field="$2" '$5 == ENVIRON["FOLDER"] {
		for (i = 7; $i != "-"; i++);
		value["options"] = $6; value["type"] = $(i + 1)
		value["source"] = $(i + 2); value["super"] = $(i + 3)
	} END { print value[field] }' /proc/self/mountinfo
}

# "PID NAME" of all that live, zombies not.
processes() {
	local stat line
	for stat in /proc/[0-9]*/stat; do
		{ read -r line <"$stat"; } 2>/dev/null || continue
		[[ $line =~ ^([0-9]+)\ \((.*)\)\ ([A-Z]) ]] || continue
		[[ ${BASH_REMATCH[3]} == [ZX] ]] && continue
		echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
	done
}

# Those that were started since setup, but for this function's own.
new_processes() {
	local pid name
	processes >"$BATS_TEST_TMPDIR/processes.now"
	while read -r pid name; do
		grep -q "^$pid " "$BATS_TEST_TMPDIR/processes" ||
			[[ $pid == "$BASHPID" || ! -e /proc/$pid ]] || echo "$pid"
	done <"$BATS_TEST_TMPDIR/processes.now"
}

assert_mounts_unchanged() {
	mounts | diff "$BATS_TEST_TMPDIR/mounts" - ||
		fail "the mounts are not what they were before"
}

assert_no_process_left() {
	local left tries
	for tries in {1..200}; do
		left=$(new_processes)
		[[ -n $left ]] || return 0
		sleep 0.05
	done
	fail "left running: $(grep -wE "${left//$'\n'/|}" \
		"$BATS_TEST_TMPDIR/processes.now" | tr '\n' ' ')"
}

# until_true SECONDS COMMAND...
until_true() {
	local tries=$(($1 * 50))
	shift
	until "$@"; do
		((tries-- > 0)) || return 1
		sleep 0.02
	done
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
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

# The numbers of the fds that COMMAND found open, and of the device fds.
reported_fds() { sed -n 's/^FD_\([0-9]*\)=.*/\1/p' "$REPORT" | sort -n | xargs; }
device_fds() { sed -n 's/^FD_\([0-9]*\)=\/dev\/fuse .*/\1/p' "$REPORT" | sort -n; }

reported() { sed -n "s/^$1=//p" "$REPORT"; }

assert_reported() { # KEY VALUE
	assert_equal "$1=$(reported "$1")" "$1=$2"
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
	[[ $(cat "/proc/$FS_PID/task"/*/comm 2>/dev/null | grep -c '^fusefd/') -eq $1 ]]
}

# Its current directory is the mount. PID
is_inside() { [[ $(readlink "/proc/$1/cwd") == "$MNT" ]]; }

has_ended() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

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
