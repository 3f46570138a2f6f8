# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the attack_*.bats files share, on top of helpers.bash: every way to be
# privileged, and launches that stand still at a given point for as long as an
# attacker likes.

# Those of helpers.bash, and a launcher with cap_sys_admin but without
# cap_setpcap in its file, which can lock nothing and works differently.
USER_MODES=(setuid caps alone)
ALL_MODES=(root user "${USER_MODES[@]}")

LAUNCHER_ALONE=$WORK/bin/caps/alone

# attack_as MODE: as_mode, of the fifth too.
MODE=root
attack_as() {
	MODE=$1
	[[ $1 == alone ]] || { as_mode "$1"; return; }
	as_mode caps
	LAUNCH=("${AS_ALICE[@]}" "$LAUNCHER_ALONE")
	[[ -e $LAUNCHER_ALONE ]] && return
	install -m 0755 "$FUSEFD_PLAIN_BUILD/fusefd-launch" "$LAUNCHER_ALONE"
	setcap cap_sys_admin,cap_dac_override=ep "$LAUNCHER_ALONE"
}

# What a mode takes of the machine.
facility_of() { # MODE
	case $1 in
	setuid) echo setuid ;;
	caps | alone) echo caps ;;
	*) echo fuse ;;
	esac
}

# in_modes "MODE..." COMMAND [ARG...]: in each that this machine has.
in_modes() {
	local mode facility
	for mode in $1; do
		facility=$(facility_of "$mode")
		can "$facility" || [[ ,${FUSEFD_REQUIRE:-}, == *,$facility,* ]] ||
			continue
		echo "in mode $mode:" # seen where it fails
		attack_as "$mode"
		"${@:2}"
	done
}
in_every_mode() { in_modes "${ALL_MODES[*]}" "$@"; }
in_user_modes() {
	requires setuid
	in_modes "${USER_MODES[*]}" "$@"
}

# Root's modes with the launcher and the probe that have no sanitizers in them:
# those take fds and memory of their own, fail in their own way, and look for
# leaks by ptrace(2), which goes wrong under strace.
use_plain_build() {
	LAUNCHER=$WORK/bin/fusefd-launch FIXTURES=$WORK/bin
	install -m 0755 "$FUSEFD_PLAIN_BUILD"/{fusefd-launch,fixtures/probe} "$WORK/bin"
	[[ -e $WORK/bin/libexec ]] || cp -R "$FUSEFD_PLAIN_BUILD/libexec" "$WORK/bin"
}

# LAUNCH with words put before the launcher itself, after it has become a user:
# before_launcher COMMAND ARG...
before_launcher() {
	local at
	for at in "${!LAUNCH[@]}"; do
		[[ ${LAUNCH[at]} == "$WORK"/*/* ]] && break
	done
	LAUNCH=("${LAUNCH[@]:0:at}" "$@" "${LAUNCH[@]:at}")
}

# What a probe said on stdout, "fd:1", instead of in a file.
report_is_output() { printf '%s\n' "$output" >"$REPORT"; }

# ---- Launches that stand still --------------------------------------------------

# hold_at narrowed|attach ARG...: a launch whose next message finds no room in
# the pipe that its stderr is: once it has become the user's, or with its mount
# made, just before the attach. Sets HELD, its pid. There is room for what
# --verbose says before that: of the device fds, and of the states of privilege.
hold_at() {
	local room=60
	[[ $1 == narrowed ]] || room=500
	mkfifo "$BATS_TEST_TMPDIR/full"
	exec {FULL}<>"$BATS_TEST_TMPDIR/full"
	rm "$BATS_TEST_TMPDIR/full"
	head -c $((65536 - room)) /dev/zero >&"$FULL"
	clean_fds "${LAUNCH[@]}" -v "${@:2}" </dev/null >/dev/null 2>&"$FULL" &
	HELD=$!
	until_true 10 is_held "$HELD" || fail "the launch does not stand still"
}

# A COMMAND by a name that is too long for the room left at "attach".
long_named() { # FILE
	local slashes
	printf -v slashes '%500s' ''
	echo "${1%/*}${slashes// //}/${1##*/}"
}

# Asleep, and no moment later awake again: nothing else in a launch waits.
is_held() { # PID
	is_asleep_launcher "$1" && sleep 0.03 && is_asleep_launcher "$1"
}

is_asleep_launcher() { # PID
	[[ $(readlink "/proc/$1/exe") == @(*/fusefd-launch|"$LAUNCHER_ALONE") ]] &&
		grep -q '^State:.S' "/proc/$1/status"
}

# Makes room; the launch goes on and ends. Sets status and output.
release() {
	status=0
	dd bs=65536 count=1 <&"$FULL" >/dev/null 2>&1
	wait "$HELD" || status=$?
	echo end >&"$FULL"
	output=$(dd bs=65536 count=1 <&"$FULL" 2>/dev/null | sed '/^end$/d')
	exec {FULL}>&-
	HELD=
}
