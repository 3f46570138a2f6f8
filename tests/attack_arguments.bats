#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Arguments": whatever they are, they are understood as the
# manual says, or refused by name.

load helpers
load attack
load attack_input

setup() {
	common_setup
	requires fuse
	STRANGE=$FIXTURES/strange_exec
}

# ---- argv ------------------------------------------------------------------------

refuses_no_arguments() {
	before_launcher "$STRANGE" "$1"
	# LAUNCH ends in options of the launcher's in one mode.
	[[ $MODE == user ]] && LAUNCH=("${LAUNCH[@]::3}")
	refuses 125 'no MOUNTPOINT given|no arguments at all'
	assert_tidy
}

@test "argv NULL or empty: refused" {
	local kind
	for kind in --no-arguments --null-arguments; do
		in_every_mode refuses_no_arguments "$kind"
		# Linux 5.18 and later put an empty name there, so that the
		# launcher's own check is for older ones.
		run -0 clean_fds "$STRANGE" "$kind" "$STRANGE"
		assert_output --regexp '^argc=(1 argv\[0\]=|0 argv\[0\]=NULL)$'
	done
}

launches_by_name() { # NAME
	# shellcheck disable=SC2016
	before_launcher bash -c 'exec -a "$0" "$@"' "$1"
	launch_probe -n 2
	assert_output ''
	assert_reported ENV_FUSEFD_FDS 3,4
	assert_powerless
	refuses_options "unknown option '--no-such'" --no-such
	refute_output --partial '%s'
}

@test "argv[0] of 100 KB or with %s: of no effect" {
	local name
	for name in "$(printf '%0100000d' 0)" '%s%n%s%n' '' -- $'\e[31m\n' ../../x/; do
		in_every_mode launches_by_name "$name"
	done
}

# ---- MOUNTPOINT --------------------------------------------------------------------
# By root, as words: badinput.bats, "a mountpoint that does not exist, …".

refuses_mountpoints() {
	MNT=''
	refuses_options "the MOUNTPOINT given is an empty name"
	MNT=$(printf '/%0200d' {1..25})
	refuses_options "cannot mount on '.*\.\.\..*': File name too long"
	MNT=/$(printf '%0256d' 0)
	refuses_options "cannot mount on '/0*': File name too long"
	MNT=$(printf '%0120000d' 0)
	refuses_options "cannot mount on '0*\.\.\.0*': File name too long"
	MNT=-x
	refuses_options "unknown option '-x'"
	MNT=--
	refuses_options "cannot mount on '--': it does not exist" --
	MNT=-
	refuses_options "cannot mount on '-': it does not exist"
}

@test "mountpoint empty, over PATH_MAX, beginning with -: refused" {
	in_every_mode refuses_mountpoints
}

mounts_behind_the_end_of_options() {
	local name folder
	folder=$(dirname "$MNT")
	for name in -x -- --help -n; do
		install -d -o "$OWNER" -- "$folder/$name"
		before_launcher env --chdir="$folder"
		launch -- "$name" "$FIXTURES/probe" "$REPORT" -- --help
		assert_success
		timeout 10 umount "$folder/$name"
		rmdir -- "$folder/$name"
		assert_reported ENV_FUSEFD_MOUNTPOINT "$folder/$name"
		assert_reported ARGV_2 --
		attack_as "$MODE"
	done
}

@test "mountpoint beginning with -, behind --: it is one" {
	in_every_mode mounts_behind_the_end_of_options
}

# ---- Counts ------------------------------------------------------------------------
# As words by root in badinput.bats, "a number of fds that is none, …", and in
# unit/test_number.

refuses_counts() {
	local count
	for count in 0 -1 2147483648 1x ' 1' '' 254 4294967297 auto1 $'1\n' \
		"$(printf '%0100000d' 1)"; do
		refuses_options 'option --fds: .* is not a number from 1 to 253' -n "$count"
	done
	for count in -1 2147483648 1x ' 0' '' 4294967296; do
		refuses_options 'option --keep-fd: .* is not the number' -k "$count"
	done
	refuses_options 'option --keep-fd: fd 2147483647 is not open' -k 2147483647
	for count in -1 1x 4294967296 ''; do
		refuses_options "mount option 'max_read'" -o "max_read=$count"
	done
}

@test "counts 0, -1, 2^31, 1x, ' 1': refused" {
	in_every_mode refuses_counts
}

# ---- Options -------------------------------------------------------------------------
# Which are known, and what each does: unit/test_options, launch.bats.

takes_the_last() {
	local many
	launch_probe -n 3 -n 2 --fds=1
	assert_equal "$(device_fds)" 3
	mapfile -t many < <(yes -- -k0 | head -n 5000)
	launch_probe "${many[@]}" -vvvvvvv -v --literal --literal -n1
	assert_equal "$(reported_fds)" '0 1 2 3'
	launch -o ro -o noexec,noatime -o rw,relatime -o suid,dev,nodev,nosuid \
		-n 1 "$MNT" true
	assert_success
	run mount_field "$MNT" options
	timeout 10 umount "$MNT"
	assert_output rw,nosuid,nodev,noexec,relatime
}

@test "repeated options: the last holds, lists add up" {
	in_every_mode takes_the_last
	attack_as root
	LAUNCH+=(-u bob -u alice)
	OWNER=$ALICE MNT=$ALICE_MNT
	launch_probe
	assert_powerless
}

refuses_unknown_options() {
	refuses_options "unknown option '--no-such'" --no-such
	refuses_options "unknown option '--no-such=%s%n'" --no-such=%s%n
	refuses_options "unknown option '-vx'" -vx
	refuses_options "unknown option '-.x08'" $'-\b'
	refuses_options "option '--keep' could be several" --keep
	refuses_options "option '--keep=1' could be several" --keep=1
	refuses_options "option '--literal=' takes no value" --literal=
	refuses_options "option '--=' could be several" --=
	refuses_options "unknown option '--n.x0ao'" $'--n\no'
	refuses_options "unknown option '--0*\.\.\.0*'" "--$(printf '%0100000d' 0)"
	refuses_options "unknown option '-W'" -W fds
	refuses 125 "option '-n' needs a value" -n
	refuses 125 "option '--keep-caps' needs a value" --keep-caps
}

@test "unknown options: refused" {
	in_every_mode refuses_unknown_options
}

refuses_contradictions() {
	refuses_options "'allow_other' and 'allow_root' exclude" -o allow_other -o allow_root
	refuses_options "'default_permissions' and 'no_default_permissions' exclude" \
		-o default_permissions,no_default_permissions
	refuses_options "'blksize' goes with 'fuseblk' only" -o blksize=512
	launch --listen-fds -k 3 -n 1 "$MNT" "$FIXTURES/probe" "$REPORT"
	assert_failure 125
	assert_output --regexp '^fusefd-launch: option --keep-fd: fd 3 is not open$'
}

@test "contradictory options: refused" {
	in_every_mode refuses_contradictions
}

# ---- Names --------------------------------------------------------------------------

# Every place of the command line that a message may repeat.
quotes_names() {
	local evil=$'a\e]0;x\a\n\r\t\x7f\xc2\x9b31m\'\\%s%n' name
	before_launcher env PATH=/usr/bin:/bin
	name="'a\\\\x1b\]0;x\\\\x07\\\\x0a\\\\x0d\\\\x09\\\\x7f\\\\xc2\\\\x9b31m\\\\x27\\\\x5c%s%n'"
	refuses 125 "cannot mount on $name" "$evil" "$FIXTURES/probe" "$REPORT"
	assert_tidy
	refuses 127 "cannot find the command $name" "$MNT" "$evil"
	assert_tidy
	refuses 127 "cannot execute './a" "$MNT" "./$evil"
	assert_tidy
	refuses_options "option --fds: $name" -n "$evil"
	refuses_options "option --keep-fd: $name" -k "$evil"
	refuses_options "mount option 'a" -o "$evil"
	refuses_options "mount option 'subtype': 'a" -o "subtype=$evil"
	refuses_options "mount option 'max_read': 'a" -o "max_read=$evil"
	refuses_options "unknown option '--a" "--$evil"
	refuses_options "option --keep-caps: no capability is named $name" -c "$evil"
	case $MODE in
	root) refuses_options "unknown user $name" -u "$evil" ;;
	user) refuses_options "unknown group $name" -u "alice:$evil" ;;
	*) refuses_options '--user is for root' -u "$evil" ;;
	esac
	rm -f "$WORK/alice/$evil"
	printf '#!/no/such\n' >"$WORK/alice/$evil"
	chmod 755 "$WORK/alice/$evil"
	refuses 126 "cannot execute .*alice/${name:1}: its interpreter" \
		"$MNT" "$WORK/alice/$evil"
	assert_tidy
	launch --dry-run -v "$MNT" "$FIXTURES/probe" "$evil" "$REPORT"
	assert_success
	! LC_ALL=C grep '[^[:print:]]' <<<"$output"
}

@test "names with ESC or newline come back quoted" {
	in_every_mode quotes_names
}

# ---- Mount options --------------------------------------------------------------------
# As words by root in badinput.bats, "mount options that are unknown, malformed
# or not the caller's", and in unit/test_mount_options.

# super_of OPTIONS: what the kernel was told. Sets SUPER and SOURCE.
super_of() {
	launch -n 1 -o "$1" "$MNT" true
	assert_success
	SUPER=$(mount_field "$MNT" super)
	SOURCE=$(mount_field "$MNT" source)
	timeout 10 umount "$MNT"
}

takes_commas_for_data() {
	super_of 'fsname=x\,allow_other'
	assert_equal "$SOURCE" x,allow_other
	[[ $SUPER != *allow_other* ]]
	super_of 'fsname=x\,user_id=0\,fd=99\,suid,noexec'
	assert_equal "$SOURCE" x,user_id=0,fd=99,suid
	[[ $SUPER == *,user_id=$OWNER,* && $SUPER != *user_id=*user_id=* ]]
	if [[ $MODE == root || $MODE == user ]]; then
		super_of 'fsname=x,allow_other'
		assert_equal "$SOURCE" x
		[[ $SUPER == *allow_other* ]]
	else
		refuses_options "'allow_other' is not allowed to users" \
			-o fsname=x,allow_other
	fi
	refuses_options "unknown mount option 'ro,allow_other'" -o 'ro\,allow_other'
	refuses_options "mount option 'subtype'" -o 'subtype=x\,allow_other'
	refuses_options "mount option 'max_read'" -o 'max_read=4096\,allow_other'
	refuses_options "unknown mount option 'fsname.x5c'" -o 'fsname\=x,ro'
	super_of "fsname=x\\"
	assert_equal "$SOURCE" 'x\134'
	super_of 'fsname=\\,noexec'
	assert_equal "$SOURCE" '\134'
	super_of 'fsname==,ro'
	assert_equal "$SOURCE" =
}

@test "fsname=x,allow_other and fsname=x\\,allow_other: a comma is data or an error, never an option" {
	in_every_mode takes_commas_for_data
}

refuses_subtypes() {
	local subtype
	for subtype in a/b 'a b' 'a#b' $'a\nb' 'a\,b' 'a\\b' ../x $'\xc3\xa4' '%s;' "a'b" 'a:b'; do
		refuses_options "mount option 'subtype': " -o "subtype=$subtype"
	done
	refuses_options "mount option 'subtype' needs a value" -o subtype=
	refuses_options 'longer than 255 bytes' -o "subtype=$(printf '%0256d' 0)"
}

@test "subtype= outside [A-Za-z0-9_.-]: refuse" {
	in_every_mode refuses_subtypes
}

# The default is COMMAND's name, which may be anything.
takes_any_command() {
	local name
	for name in 'a,allow_other' 'a b#\c' $'new\nline' "$(printf '%0255d' 0)" fuse.x; do
		cp "$FIXTURES/probe" "$WORK/bin/$name"
		launch -n 1 "$MNT" "$WORK/bin/$name" "$REPORT"
		rm "$WORK/bin/$name"
		assert_success
		SUPER=$(mount_field "$MNT" super)
		name=$(mount_field "$MNT" type)
		timeout 10 umount "$MNT"
		[[ $SUPER == *,user_id=$OWNER,* && $SUPER != *allow_other* ]]
		[[ $name =~ ^fuse(\.[A-Za-z0-9_.-]+)?$ ]]
	done
}

@test "COMMAND's own name in the place of subtype= and fsname=: never an option" {
	in_every_mode takes_any_command
}

refuses_mount_options() {
	local option
	refuses_options "mount option 'allow_other' takes no value" -o allow_other=
	refuses_options "unknown mount option 'ALLOW_OTHER'" -o ALLOW_OTHER
	refuses_options 'empty mount option' -o ,,,
	refuses_options 'empty mount option' -o ''
	refuses_options 'empty mount option' -o ro,
	refuses_options "unknown mount option '.x00*5c'|unknown mount option ''" -o =
	refuses_options 'longer than 4096 bytes' \
		-o "$(printf 'noexec,%.0s' {1..600})noexec"
	refuses_options 'longer than 4096 bytes' \
		-o "$(printf 'noexec,%.0s' {1..300})ro" -o "$(printf 'noexec,%.0s' {1..300})ro"
	refuses_options 'longer than 255 bytes' -o "fsname=$(printf '%0256d' 0)"
	for option in user_id=0 fd=99 rootmode= rootmode=40000 group_id=0 source=x fd; do
		refuses_options "mount option '${option%%=*}' is not yours to set" -o "$option"
	done
	for option in user_id\\=0 ' ro' $'ro\n' allow_other\\ x-y uid=0 loop bind remount \
		private move rbind shared; do
		refuses_options 'unknown mount option ' -o "$option"
	done
}

@test "allow_other=, ALLOW_OTHER, ',,,', options over 4 KB, user_id=0, fd=99, rootmode=: refuse" {
	in_every_mode refuses_mount_options
}

refuses_labels() {
	local label
	for label in context fscontext defcontext rootcontext; do
		refuses_options "mount option '$label' is for root only" \
			-o "$label=system_u:object_r:tmp_t:s0"
		refuses_options "mount option '$label' needs a value" -o "$label="
	done
	refuses_options "'fuseblk' is for root only" -o fuseblk,fsname=/dev/null
}

@test "context= by a user: refuse" {
	in_user_modes refuses_labels
	# Root's reach a kernel that has no SELinux: its own word, and nothing left.
	attack_as root
	[[ -d /sys/fs/selinux ]] || refuses_options \
		"the kernel refuses mount option 'context': Invalid argument" -o context=x
}

# ---- Odd names that are right ----------------------------------------------------------

# The newline is not at the end, where $( ) would take it.
ODD_NAME=$'a\nb c#d\\e\\040 - fuse f g,user_id=0'

mounts_and_unmounts_odd_names() {
	local folder
	folder=$(dirname "$MNT")/$ODD_NAME
	install -d -o "$OWNER" "$folder"
	launch -n 1 -o "fsname=${ODD_NAME//,/\\,}" "$folder" "$FIXTURES/probe" "$REPORT"
	assert_success
	assert_reported ENV_FUSEFD_MOUNTPOINT "$(dirname "$MNT")/a\\x0ab c#d\\x5ce\\x5c040 - fuse f g,user_id=0"
	run tail -n 1 /proc/self/mountinfo
	assert_output --partial ' - fuse.probe a\012b\040c\043d\134e\134040\040-\040fuse\040f\040g,user_id=0 '
	[[ $output == *,user_id=$OWNER,* ]]
	timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$folder"
	rmdir "$folder"
	assert_mounts_unchanged
}

@test "fsname or directory with newline, space, #, backslash: mount and unmount work" {
	in_every_mode mounts_and_unmounts_odd_names
}
