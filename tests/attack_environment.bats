#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Environment": what the caller puts into it acts on nobody
# but COMMAND.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack
load attack_input

setup() {
	common_setup
	requires fuse
	# All that the hostile variables name lies here.
	EVIL=$WORK/alice/evil
	install -d -o "$ALICE" "$EVIL"
	TRACE=$BATS_TEST_TMPDIR/trace
}

# ---- No file that a variable names is opened -------------------------------------

# As strace's options. The first are the dynamic loader's, who obeys root, as
# root wants it; a setuid program's loader does not obey. (LD_PROFILE is not
# here: glibc 2.36 looks for /var/profile/libc.so.6.profile then, where nobody
# but root can put anything.)
hostile_variables() { # MODE LOCALE
	HOSTILE=()
	[[ $1 == root || $1 == user ]] || HOSTILE=(
		-E "LD_PRELOAD=$EVIL/preload.so" -E "LD_LIBRARY_PATH=$EVIL"
		-E "LD_AUDIT=$EVIL/audit.so" -E LD_DEBUG=all
		-E "LD_DEBUG_OUTPUT=$EVIL/debug" -E "LD_PROFILE_OUTPUT=$EVIL"
		-E LD_BIND_NOT=1 -E LD_SHOW_AUXV=1
		-E LD_ORIGIN_PATH="$EVIL" -E LD_ASSUME_KERNEL=2.4.1
		-E LD_VERBOSE=1 -E LD_WARN=1 -E LD_USE_LOAD_BIAS=1)
	HOSTILE+=(
		-E GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.nns=9
		-E "GCONV_PATH=$EVIL" -E "GETCONF_DIR=$EVIL"
		-E "LOCPATH=$EVIL" -E "LANG=$2" -E "LC_ALL=$2"
		-E "LANGUAGE=$2" -E "NLSPATH=$EVIL/%N"
		-E "OUTPUT_CHARSET=EVIL//" -E "CHARSET=EVIL"
		-E MALLOC_CHECK_=3 -E MALLOC_PERTURB_=165 -E MALLOC_ARENA_MAX=1
		-E "MALLOC_TRACE=$EVIL/malloc" -E "TZDIR=$EVIL" -E "TZ=:$EVIL/tz"
		-E "TMPDIR=$EVIL" -E "HOME=$EVIL" -E "XDG_CONFIG_HOME=$EVIL"
		-E "HOSTALIASES=$EVIL/hosts" -E "RESOLV_HOST_CONF=$EVIL/resolv"
		-E "RES_OPTIONS=debug" -E "LOCALDOMAIN=$EVIL"
		-E IFS=/ -E PATH=.:"$EVIL" -E "ENV=$EVIL/rc" -E "BASH_ENV=$EVIL/rc"
		-E "SHELL=$EVIL/sh" -E "SHELLOPTS=xtrace" -E "PS4=\$($EVIL/sh)"
		-E "BASH_FUNC_probe%%=() { $EVIL/sh; }" -E "CDPATH=$EVIL"
		-E "FUSE_KERN_DEVICE=$EVIL/fuse" -E "FUSE_THREAD_STACK=1"
		-E "FUSE_CONF=$EVIL/fuse.conf" -E "LIBMOUNT_FSTAB=$EVIL/fstab"
		-E "LIBMOUNT_DEBUG=all" -E "CAPNG=$EVIL" -E POSIXLY_CORRECT=1
		-E "FUSEFD_PRELOAD=$EVIL/preload.so" -E "NOTIFY_SOCKET=$EVIL/notify"
		-E "_STDBUF_O=0" -E "_FUSE_COMMFD=0")
}

opens_as_in_a_clean_environment() {
	local HOSTILE locale

	trace "$TRACE" -e trace=%file -- "$MNT" -- "$FIXTURES/probe" "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	traced_strings "$TRACE" >"$TRACE.clean"
	for locale in xx "../../../../../../../../..$EVIL/xx"; do
		hostile_variables "$MODE" "$locale"
		trace "$TRACE" "${HOSTILE[@]}" -e trace=%file -- "$MNT" -- "$FIXTURES/probe" "$REPORT"
		assert_success
		timeout 10 umount "$MNT"
		traced_strings "$TRACE" >"$TRACE.hostile"
		# What shows that this looked at something at all.
		assert_file_contains "$TRACE.hostile" '^"/dev/fuse"$'
		run -1 grep -F "$EVIL" "$TRACE.hostile"
		diff "$TRACE.clean" "$TRACE.hostile"
		assert_powerless
	done
}

@test "LD_*, GLIBC_TUNABLES, GCONV_PATH, LOCPATH, MALLOC_*, IFS, PATH=., BASH_ENV, LANG with ../: no effect, and no file that they name is opened" {
	local HOSTILE
	in_every_mode opens_as_in_a_clean_environment
	# It would be seen: a program that knows nothing of attacks opens them.
	hostile_variables setuid xx
	run -0 strace -f -o "$TRACE" "${HOSTILE[@]}" -e trace=%file -u alice \
		/usr/bin/env -u POSIXLY_CORRECT PATH=/bin bash -c ls
	run -0 grep -F "$EVIL/preload.so" "$TRACE"
	run -0 grep -F "$EVIL/rc" "$TRACE"
	run -0 grep -F "$EVIL/xx" "$TRACE"
}

the_loader_ends_it() {
	before_launcher env LD_TRACE_LOADED_OBJECTS=1
	launch "$MNT" -- "$FIXTURES/probe" "$REPORT"
	assert_failure 5
	assert_output ''
	assert_mounts_unchanged
}

@test "LD_TRACE_LOADED_OBJECTS, by a user: the loader itself refuses, without a word" {
	in_user_modes the_loader_ends_it
}

ends_as_ever() {
	local tunable=glibc.malloc.mxfast=glibc.malloc.mxfast=A value
	# CVE-2023-4911: the first overran a buffer of the loader's, before main().
	for value in "$tunable" "$tunable:$tunable" "$(printf 'A%.0s' {1..2000})" \
		: = :::: glibc.malloc.check=; do
		attack_as "$MODE"
		before_launcher env "GLIBC_TUNABLES=$value" \
			"Z=$(printf 'A%.0s' {1..8000})"
		launch_probe
		assert_powerless
	done
}

@test "GLIBC_TUNABLES that is malformed: no effect" {
	in_user_modes ends_as_ever
}

reads_no_user_database() {
	trace "$TRACE" -E NSS_HOSTS=x -e trace=%file -- "$MNT" -- "$FIXTURES/probe" "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	run -1 grep -E '"/etc/(passwd|group|nsswitch)|libnss|nscd|/sss|userdb' \
		<(traced_strings "$TRACE")
}

@test "a user's launch asks no user database, so that nothing leads it astray" {
	in_user_modes reads_no_user_database
	# By root, --user does.
	attack_as user
	trace "$TRACE" -e trace=%file -- "$MNT" -- "$FIXTURES/probe" "$REPORT"
	timeout 10 umount "$MNT"
	run -0 grep passwd <(traced_strings "$TRACE")
}

# ---- Preset variables of ours -------------------------------------------------------
# "Preset FUSEFD_*, _FUSE_COMMFD": by root in handoff.bats.

ignores_preset_variables() {
	with_environment FUSEFD_FDS=0,1 FUSEFD_PROTOCOL=9 FUSEFD_BROKER_FD=7 \
		FUSEFD_STATE_FD=8 FUSEFD_PAYLOAD_FD=9 FUSEFD_OWNER=0 FUSEFD_ACL=all \
		FUSEFD_MOUNTPOINT=/ FUSEFD_FDS=0 FUSEFD_ FUSEFD_FDS _FUSE_COMMFD=1 \
		_FUSE_COMMFD2=1 LISTEN_FDS=1 LISTEN_PID=1 LISTEN_PIDFDID=1 \
		LISTEN_FDNAMES=x FUSE_KERN_DEVICE=/dev/zero PATH=/bin
	launch_probe -n 2
	assert_equal "$(grep -E '^ENV_(BAD=)?_?(FUSEFD|FUSE_C|LISTEN)' "$REPORT" | sort)" \
		"ENV_FUSEFD_ACL=owner
ENV_FUSEFD_FDS=3,4
ENV_FUSEFD_MOUNTPOINT=$MNT
ENV_FUSEFD_OWNER=$OWNER
ENV_FUSEFD_PROTOCOL=1"
	assert_equal "$(device_fds | xargs)" '3 4'
	assert_powerless
}

@test "Preset FUSEFD_*, _FUSE_COMMFD, FUSE_KERN_DEVICE: ignored" {
	in_every_mode ignores_preset_variables
}

# ---- Size and form --------------------------------------------------------------------
# "entries without =": which pass and which do not, in unit/test_environment.

stands_a_large_environment() {
	local long entries
	long=$(printf '%080000d' 0)
	mapfile -t entries < <(seq -f "LONG_%.0f=$long" 10
		seq -f 'SHORT_%.0f=0000000000000000000000000000000000000000' 5000)
	with_environment "${entries[@]}"
	[[ $(stat -c %s "$REPORTS/environment") -gt 900000 ]]
	launch_probe -n 1
	if [[ $MODE == user ]]; then
		refute [ "$(grep -cE '^ENV_(LONG|SHORT)_' "$REPORT")" -gt 0 ]
	else
		assert_equal "$(grep '^ENV_LONG_' "$REPORT" | cut -d = -f 2 | uniq -c)" "     10 $long"
		assert_equal "$(grep -c '^ENV_SHORT_' "$REPORT")" 5000
	fi
	assert_reported ENV_FUSEFD_FDS 3
	assert_powerless
}

@test "1 MB of it: safe" {
	in_every_mode stands_a_large_environment
}

stands_odd_entries() {
	with_environment A=1 A=2 "PATH=$FIXTURES" PATH=/nowhere without '' = ==x =x \
		$'B=\e[31m\nC=1' '%s%n%s=%s%n' $'\xff\xfe=\xff' HOME LD_PRELOAD=/x \
		LD_PRELOAD=/y LD_PRELOAD "$(printf '%0100000d' 0)"
	[[ $MODE == root || $MODE == user ]] &&
		with_environment_less LD_PRELOAD
	# Found by the first PATH, as getenv(3) has it.
	launch -n 1 "$MNT" -- probe "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	assert_powerless
	if [[ $MODE == user ]]; then
		# None of them is among those that another user's COMMAND gets.
		run grep -cE '^ENV_(A|B|C|BAD|_|%s)' "$REPORT"
		assert_output 0
		return
	fi
	assert_equal "$(reported ENV_A | xargs)" '1 2'
	run -0 grep -x ENV_BAD=without "$REPORT"
	run -0 grep -x ENV_BAD= "$REPORT"
	run -0 grep -x 'ENV_=x' "$REPORT"
	run -0 grep -x 'ENV_%s%n%s=%s%n' "$REPORT"
	run -0 grep -x "ENV_BAD=$(printf '%0100000d' 0)" "$REPORT"
	assert_reported ENV_B '\x1b[31m\x0aC=1'
	assert_reported ENV_C ''
	assert_powerless
}

# The loader obeys root.
with_environment_less() { # NAME
	sed -zi "/^$1/d" "$REPORTS/environment"
}

@test "duplicates, entries without =: safe" {
	in_every_mode stands_odd_entries
}

stands_no_environment() {
	with_environment
	: >"$REPORTS/environment"
	# PATH is a default one.
	launch "$MNT" -- true
	assert_success
	timeout 10 umount "$MNT"
	launch_probe
	assert_equal "$(grep -c '^ENV_FUSEFD_' "$REPORT")" 5
	assert_powerless
}

@test "none of it at all: safe" {
	in_every_mode stands_no_environment
}

# ---- PATH ------------------------------------------------------------------------------

# Whether root has such a file is nothing that a user learns.
sees_nothing_of_roots() {
	local of_what_is of_what_is_not
	before_launcher env "PATH=$WORK/roots"
	launch "$MNT" -- probe "$REPORT"
	of_what_is="$status $output"
	launch "$MNT" -- prob_ "$REPORT"
	of_what_is_not="$status $output"
	assert_output --regexp '^fusefd-launch: cannot '
	assert_tidy
	assert_equal "${of_what_is//probe/prob_}" "$of_what_is_not"
}

@test "PATH through a directory that only root may search: nothing is learned" {
	install -d -m 0700 "$WORK/roots"
	install "$FIXTURES/probe" "$WORK/roots/probe"
	in_user_modes sees_nothing_of_roots
}

stands_odd_path() {
	local -A paths=(
		[long]=$(printf '%s' :{1..20000}) [format]='%s%n:::'
		[control]=$'\e[31m:\n' [name]=$(printf '%05000d' 0))
	local key
	for key in "${!paths[@]}"; do
		with_environment "PATH=${paths[$key]}"
		refuses 127 no-such-command "$MNT" no-such-command
		assert_tidy
		attack_as "$MODE"
	done
}

@test "PATH of 100 KB, of names too long, with control characters: COMMAND is not found" {
	in_every_mode stands_odd_path
}

# ---- --user -------------------------------------------------------------------------------
# "HOME, XDG_RUNTIME_DIR, DBUS_*, SSH_AUTH_SOCK of root do not reach the user's
# process": modes.bats, "--user: COMMAND has that user's ids, groups and home, …";
# the whole list of names in unit/test_environment.

@test "With --user: duplicates of root's do not reach the user's process either" {
	attack_as user
	with_environment HOME=/root HOME=/root USER=root LOGNAME=root SHELL=/bin/x \
		XDG_RUNTIME_DIR=/run/user/0 XDG_RUNTIME_DIR=/run/user/0 TMPDIR=/root/tmp \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/root/bus SSH_AUTH_SOCK=/root/agent \
		SSH_AUTH_SOCK= USER=root HOME=/root/last KRB5CCNAME=/root/tickets PATH=/bin
	launch_probe -n 1
	run -1 grep -E '/root|/run/user/0|=root$' "$REPORT"
	assert_reported ENV_HOME "$WORK/alice"
	assert_reported ENV_USER alice
	assert_reported ENV_LOGNAME alice
	assert_reported ENV_SHELL /bin/sh
	# They are root's to pass on where no other user is named.
	attack_as root
	with_environment HOME=/root SSH_AUTH_SOCK=/root/agent
	launch_probe -n 1
	assert_reported ENV_HOME /root
	assert_reported ENV_SSH_AUTH_SOCK /root/agent
}
