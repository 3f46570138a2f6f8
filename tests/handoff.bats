#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Protocol 1: the device fds and the variables, as COMMAND finds them, and as
# the library takes them.

load helpers

setup() {
	common_setup
	requires fuse
}

# The names of the FUSEFD_ variables that COMMAND found, sorted.
variables() { sed -n 's/^ENV_\(FUSEFD_[^=]*\)=.*/\1/p' "$REPORT" | sort | xargs; }

# ---- The fds ------------------------------------------------------------------

@test "1, 2, 4, 32 and 253 fds: numbered from 3, inheritable, of one connection" {
	local count numbers connections
	for count in 1 2 4 32 253; do
		launch_probe -n "$count"
		numbers=$(seq 3 $((count + 2)))
		assert_equal "$(device_fds)" "$numbers"
		assert_equal "$(reported_fds)" "$(xargs <<<"0 1 2 $numbers")"
		assert_reported ENV_FUSEFD_FDS "$(paste -sd , <<<"$numbers")"
		run grep -c '^FD_[0-9]*=/dev/fuse cloexec=0 flags=0100002$' "$REPORT"
		assert_output "$count"
		connections=$(sed -n 's/^CONNECTION_[0-9]*=//p' "$REPORT")
		# Shown from Linux 6.18 on.
		[[ -z $connections ]] ||
			assert_equal "$(sort <<<"$connections" | uniq -c | xargs)" \
				"$count $(head -n 1 <<<"$connections")"
	done
}

# ---- The variables --------------------------------------------------------------

@test "the environment of protocol 1, and no variable more" {
	launch_probe -n 4
	assert_equal "$(variables)" "FUSEFD_ACL FUSEFD_FDS FUSEFD_MOUNTPOINT FUSEFD_OWNER FUSEFD_PROTOCOL"
	assert_reported ENV_FUSEFD_PROTOCOL 1
	assert_reported ENV_FUSEFD_FDS 3,4,5,6
	assert_reported ENV_FUSEFD_MOUNTPOINT "$MNT"
	assert_reported ENV_FUSEFD_ACL owner
	assert_reported ENV_FUSEFD_OWNER 0
}

@test "FUSEFD_OWNER is the uid in the mount's user_id" {
	as_mode user
	launch -n 1 "$MNT" "$FIXTURES/probe" "$REPORT"
	run mount_field "$MNT" super
	timeout 10 umount "$MNT"
	assert_output --partial "user_id=$ALICE,group_id=$ALICE"
	assert_reported ENV_FUSEFD_OWNER "$ALICE"
}

@test "FUSEFD_ACL follows allow_other and allow_root" {
	launch_probe -o allow_other
	assert_reported ENV_FUSEFD_ACL all
	launch_probe -o allow_root
	assert_reported ENV_FUSEFD_ACL owner_and_root
}

@test "FUSEFD_MOUNTPOINT is absolute and without links, whatever was given" {
	ln -s mnt "$WORK/link"
	LAUNCH=(env --chdir="$WORK" "$LAUNCHER")
	for MNT in mnt ./alice/../mnt link "$WORK//mnt/"; do
		launch -n 1 "$MNT" "$FIXTURES/probe" "$REPORT"
		assert_success
		timeout 10 umount "$WORK/mnt"
		assert_reported ENV_FUSEFD_MOUNTPOINT "$WORK/mnt"
	done
}

@test "nothing of the caller's own FUSEFD_ variables reaches COMMAND" {
	LAUNCH=(env FUSEFD_FDS=0,1 FUSEFD_PROTOCOL=9 FUSEFD_BROKER_FD=7 FUSEFD_X=1
		FUSEFD_=2 _FUSE_COMMFD=5 "$LAUNCHER")
	launch_probe -n 2
	assert_equal "$(variables)" "FUSEFD_ACL FUSEFD_FDS FUSEFD_MOUNTPOINT FUSEFD_OWNER FUSEFD_PROTOCOL"
	assert_reported ENV_FUSEFD_FDS 3,4
	assert_reported ENV_FUSEFD_PROTOCOL 1
	run -1 grep ENV__FUSE_COMMFD "$REPORT"
}

@test "NOTIFY_SOCKET of the caller stays untouched" {
	LAUNCH=(env NOTIFY_SOCKET=/some/where "$LAUNCHER")
	launch_probe
	assert_reported ENV_NOTIFY_SOCKET /some/where
}

# ---- The library ------------------------------------------------------------------

@test "the library takes what the launcher gave, and leaves no variable" {
	launch -n 3 -o allow_root "$MNT" "$FIXTURES/take"
	timeout 10 umount "$MNT"
	assert_success
	assert_line RESULT=0
	assert_line COUNT=3
	assert_line FD_0=3
	assert_line FD_1=4
	assert_line FD_2=5
	assert_line MOUNTPOINT="$MNT"
	assert_line OWNER=0
	assert_line ACL=1
	refute_line --partial LEFT=
}

@test "a child of the filesystem holds no device fd and finds no variable" {
	launch -n 4 "$MNT" "$FIXTURES/take" "$FIXTURES/probe" "$REPORT"
	timeout 10 umount "$MNT"
	assert_success
	assert_equal "$(reported_fds)" "0 1 2"
	assert_equal "$(variables)" ""
	# The same child, not started through the library, does hold them.
	launch -n 4 "$MNT" sh -c '"$@"; exit' sh "$FIXTURES/probe" "$REPORT"
	timeout 10 umount "$MNT"
	assert_equal "$(reported_fds)" "0 1 2 3 4 5 6"
}

@test "no handoff, a malformed one, fds that are none: each its own error" {
	local good=(FUSEFD_PROTOCOL=1 FUSEFD_MOUNTPOINT=/x FUSEFD_ACL=owner FUSEFD_OWNER=0)

	taken ENOENT
	taken EPROTO FUSEFD_FDS=3
	taken EPROTO "${good[@]}"
	taken EPROTO "${good[@]}" FUSEFD_FDS=3 FUSEFD_PROTOCOL=2
	taken EPROTO "${good[@]}" FUSEFD_FDS=3x
	taken EPROTO "${good[@]}" FUSEFD_FDS=3,
	taken EPROTO "${good[@]}" FUSEFD_FDS=
	taken EBADF "${good[@]}" FUSEFD_FDS=77
	taken ENOTTY "${good[@]}" FUSEFD_FDS=3
	taken EXDEV "${good[@]}" FUSEFD_FDS=4
}

@test "a device fd named twice is refused; another order is not" {
	# The launcher's own fds, under variables that the caller changed.
	launch -n 2 "$MNT" env FUSEFD_FDS=3,3 "$FIXTURES/take"
	timeout 10 umount "$MNT"
	assert_line --index 0 RESULT=EPROTO
	launch -n 2 "$MNT" env FUSEFD_FDS=4,3 "$FIXTURES/take"
	timeout 10 umount "$MNT"
	assert_line --index 0 RESULT=0
}

# taken ERROR VARIABLE...: what the library says of this handoff. Fd 3 is no
# device, fd 4 is one that was never mounted.
taken() {
	run clean_fds env "${@:2}" bash -c 'exec "$0" 3</dev/null 4<>/dev/fuse' \
		"$FIXTURES/take"
	assert_success
	assert_line --index 0 "RESULT=$1"
	refute_line --partial LEFT=
}
