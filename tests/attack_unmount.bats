#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Unmount": what was judged is what is unmounted, and nothing
# else goes, whatever happens to its names meanwhile.
#
# FUSEFD_RACES=all runs each race over 2,000 unmounts instead of 24; it takes
# minutes, so give FUSEFD_FILE_TIMEOUT, of seconds, as well.
#
# Elsewhere: a filesystem that is stopped or never answered, one that is in use,
# --lazy, and odd names, in unmount.bats.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	attack_as root
}

teardown() {
	[[ -z ${SWAPPER:-} ]] || kill -KILL "$SWAPPER" 2>/dev/null
	[[ -z ${HELD:-} ]] || kill -KILL "$HELD" 2>/dev/null
	[[ -n $BATS_TEST_COMPLETED ]] || rm -f /etc/fuse.conf
	common_teardown
}

as_alice() { "${AS_ALICE[@]}" "$@"; }

# The launcher of the mode at hand; of "--user", which does not go with it, root
# is who remains.
unmounter() {
	UNMOUNT=("${LAUNCH[@]}" --unmount)
	[[ $MODE != user ]] || UNMOUNT=("$LAUNCHER" --unmount)
}

unmount_here() {
	unmounter
	run clean_fds timeout -k 1 20 "${UNMOUNT[@]}" "$@"
}

# keeps REASON ARG...: refuses, whether lazily or not, and changes no mount.
keeps() {
	local option before
	before=$(mounts)
	for option in --verbose --lazy; do
		unmount_here "$option" "${@:2}"
		assert_failure 125
		assert_output --regexp "fusefd-launch: cannot unmount '.*': .*($1)"
		assert_equal "$(mounts)" "$before"
	done
}

# A mount of that uid's, dead; as the kernel would have it made by anyone.
mount_of() { # UID FOLDER [OPTION]...
	mount -i --no-canonicalize -t fuse -o "user_id=$1,group_id=$1,rootmode=40000,fd=9" \
		"${@:3}" "of-$1" "$2" 9<>/dev/fuse
}

# What was mounted for a test, in the order of its making.
take_away() { # FOLDER...
	local i
	for ((i = $#; i > 0; i--)); do
		umount "${!i}" || fail "cannot unmount ${!i}"
	done
}

# ---- Whose it is ----------------------------------------------------------------

# as_uid UID: LAUNCH as that user, whom no database knows.
as_uid() {
	local i
	for i in "${!LAUNCH[@]}"; do
		case ${LAUNCH[i]} in
		--reuid=*) LAUNCH[i]=--reuid=$1 ;;
		--regid=*) LAUNCH[i]=--regid=$1 ;;
		--init-groups) LAUNCH[i]=--clear-groups ;;
		esac
	done
}

refuse_likenesses() {
	local uid
	install -d -o 300 "$WORK/likeness"
	mount_of 300 "$WORK/likeness"
	for uid in 3 30 3001 1300 4294967; do
		attack_as "$MODE"
		as_uid "$uid"
		keeps "it is not yours \(uid $uid\), but uid 300's" "$WORK/likeness"
	done
	attack_as "$MODE"
	as_uid 300
	unmount_here "$WORK/likeness"
	assert_success
	[[ -z $(fuse_mounts) ]]
}

@test "uid 300 against 3, 30, 1300, 3001: refuse; uid 300 itself: works" {
	in_user_modes refuse_likenesses
}

# One's own by its owner's uid, but on what only root can mount on: root has
# bound it there, and the original is gone.
refuse_bound() {
	attack_as "$MODE"
	mount_of "$ALICE" "$ALICE_MNT"
	mkdir -p "$WORK/bound"
	mount --bind "$ALICE_MNT" "$WORK/bound"
	umount --no-canonicalize "$ALICE_MNT"
	keeps 'on what you may not mount on' "$WORK/bound"
	take_away "$WORK/bound"
}

@test "root's bind mount of one's own, the original gone: refuse" {
	in_user_modes refuse_bound
}

refuse_foreign() {
	mkdir -p "$WORK/foreign" "$WORK/alice/user_id=$ALICE"
	mount_of 0 "$WORK/foreign"
	keeps "not yours \(uid $ALICE\), but uid 0's" "$WORK/foreign"
	take_away "$WORK/foreign"
	mount_of "$BOB" "$WORK/alice/mnt" # in her own folder, even
	keeps "not yours \(uid $ALICE\), but uid $BOB's" "$WORK/alice/mnt"
	take_away "$WORK/alice/mnt"
	# What she can write into the line are words, not the field.
	mount_of "$BOB" "$WORK/alice/user_id=$ALICE"
	keeps "uid $BOB's" "$WORK/alice/user_id=$ALICE"
	take_away "$WORK/alice/user_id=$ALICE"
}

@test "another user's, root's: refuse" {
	in_user_modes refuse_foreign
}

# ---- What it is -------------------------------------------------------------------

refuse_tmpfs() {
	mount -t tmpfs -o "uid=$ALICE" tmpfs "$WORK/alice/mnt"
	keeps "it is not a FUSE mount, but 'tmpfs'" "$WORK/alice/mnt"
	take_away "$WORK/alice/mnt"
	keeps "it is not a FUSE mount, but 'proc'" /proc
	# By a name that looks like ours.
	mount -t tmpfs "fuse.x,user_id=$ALICE" "$WORK/alice/mnt"
	keeps "it is not a FUSE mount, but 'tmpfs'" "$WORK/alice/mnt"
	take_away "$WORK/alice/mnt"
}

@test "a tmpfs, proc: refuse, to root too" {
	in_every_mode refuse_tmpfs
}

# Three views of alice's mount, which root may look into: hers, all of it
# elsewhere, a part of it.
bind_views() {
	mkdir -p "$WORK/tree/part" "$WORK/whole" "$WORK/part"
	chown -R "$OWNER" "$WORK/tree"
	echo user_allow_other >/etc/fuse.conf
	start_fs -n 1 -o allow_other -- "$PASSTHROUGH" -f "$WORK/tree"
	rm /etc/fuse.conf
	mount --bind "$MNT" "$WORK/whole"
	mount --bind "$MNT/part" "$WORK/part"
}

refuse_binds() {
	bind_views
	keeps "it is a bind mount, of yours on '$MNT'" "$WORK/whole"
	keeps "it is a bind mount, of a part of yours" "$WORK/part"
	unmount_here "$MNT"
	assert_success
	keeps "it is a bind mount, of a part of yours" "$WORK/part"
	take_away "$WORK/whole" "$WORK/part"
	wait_fs 0
}

@test "a bind mount of one's own, whole and in part: refuse" {
	in_user_modes refuse_binds
}

unmount_binds() {
	bind_views
	unmount_here "$WORK/part" "$WORK/whole" "$MNT"
	assert_success
	assert_mounts_unchanged
	wait_fs 0
}

@test "a bind mount of a FUSE mount, by root: works" {
	in_modes 'root user' unmount_binds
}

keep_by_suffix() {
	mount_of "$OWNER" "$WORK/alice/mnt"
	keeps 'it does not exist' "$WORK/alice/mnt (deleted)"
	mkdir "$WORK/alice/mnt (deleted)"
	keeps 'nothing is mounted there' "$WORK/alice/mnt (deleted)"
	rmdir "$WORK/alice/mnt (deleted)"
	take_away "$WORK/alice/mnt"
}

@test "a path ending in (deleted), beside what is mounted: refuse" {
	in_every_mode keep_by_suffix
}

keep_covered() {
	mount_of "$OWNER" "$WORK/alice/mnt"
	mount --no-canonicalize -t tmpfs tmpfs "$WORK/alice/mnt"
	keeps "not a FUSE mount, but 'tmpfs'" "$WORK/alice/mnt"
	take_away "$WORK/alice/mnt" "$WORK/alice/mnt"
	mount_of "$OWNER" "$WORK/alice/mnt"
	mount_of "$BOB" "$WORK/alice/mnt"
	[[ $MODE == @(root|user) ]] || keeps "uid $BOB's" "$WORK/alice/mnt"
	take_away "$WORK/alice/mnt" "$WORK/alice/mnt"
}

@test "one's own, below root's or another's: refuse" {
	in_every_mode keep_covered
}

# Lazily, all that lies in it would go as well.
keep_inner() {
	mkdir -p "$WORK/tree/part"
	chown -R "$OWNER" "$WORK/tree"
	echo user_allow_other >/etc/fuse.conf
	start_fs -n 1 -o allow_other -- "$PASSTHROUGH" -f "$WORK/tree"
	mount -t tmpfs tmpfs "$MNT/part"
	keeps "the mount inside, on '$MNT/part', is not yours" "$MNT"
	take_away "$MNT/part"
	mount_of "$BOB" "$MNT/part"
	keeps "the mount inside, on '$MNT/part', is not yours" "$MNT"
	take_away "$MNT/part"
	mount_of "$ALICE" "$MNT/part"
	unmount_here --lazy "$MNT"
	assert_success
	assert_mounts_unchanged
	wait_fs 0
	rm /etc/fuse.conf
}

@test "with root's or another's mount inside: refuse" {
	in_user_modes keep_inner
}

# ---- Twice at once ----------------------------------------------------------------

unmount_twice() { # OPTION...
	local round first second statuses
	unmounter
	for round in {1..10}; do
		mount_of "$OWNER" "$WORK/alice/mnt"
		clean_fds "${UNMOUNT[@]}" "$@" "$WORK/alice/mnt" >"$LOG.1" 2>&1 &
		first=$!
		clean_fds "${UNMOUNT[@]}" "$@" "$WORK/alice/mnt" >"$LOG.2" 2>&1 &
		second=$!
		statuses=
		wait "$first" || statuses+=$?
		wait "$second" || statuses+=$?
		[[ $statuses == 125 ]] || fail "$MODE: $statuses: $(cat "$LOG".*)"
		[[ -z $(fuse_mounts) ]] || fail "$MODE: still mounted"
		cat "$LOG".* | assert_one_reason
	done
}

assert_one_reason() {
	local said
	said=$(grep -c "^fusefd-launch: cannot unmount '$WORK/alice/mnt': ")
	[[ $said == 1 ]] || fail "said $said times, why"
}

@test "twice at once: one works, one fails cleanly" {
	in_every_mode unmount_twice
	in_every_mode unmount_twice --lazy
}

# ---- Races ------------------------------------------------------------------------

start_swapper() { # A B [COMMAND...]
	clean_fds "${@:3}" "${AS_ALICE[@]}" "$FIXTURES/swapper" "$1" "$2" >"$LOG" 2>&1 &
	SWAPPER=$!
	until_true 10 grep -qx swapper "/proc/$SWAPPER/comm"
}

stop_swapper() {
	local status=0
	kill -TERM "$SWAPPER"
	wait "$SWAPPER" || status=$?
	SWAPPER=
	[[ $status -eq 0 ]] || fail "the swapper failed: $(cat "$LOG")"
	# Else there was no race.
	(($(cat "$LOG") > 100)) || fail "swapped $(cat "$LOG") times only"
}

# Each lies on a directory that is held, whatever it is called by now.
hold_mountpoints() { exec {HERS}<"$1" {THEIRS}<"$2"; } # HERS THEIRS
let_go_of_mountpoints() { exec {HERS}<&- {THEIRS}<&-; }

is_mount_of() { # UID
	[[ $(</proc/self/mountinfo) == *" of-$1 "* ]]
}

# race TARGET [OPTION]...: again and again, hers is mounted, and TARGET
# unmounted until that is gone; and each time bob's stays.
race() {
	local rounds=0 wanted=24 refused=0 log=$BATS_TEST_TMPDIR/race
	[[ ${FUSEFD_RACES:-} != all ]] || wanted=2000
	# In full where alice gains most, and in part for what else there is.
	[[ $MODE == setuid ]] || wanted=$((wanted / 4))
	unmounter
	# Until bob's was met, too: else there was no race.
	while ((rounds++ < wanted || (refused == 0 && rounds < 500))); do
		mount_of "$ALICE" "/proc/self/fd/$HERS"
		until (clean_fds timeout 20 "${UNMOUNT[@]}" "${@:2}" "$1" >"$log" 2>&1); do
			grep -qE 'not yours|nothing is mounted|meanwhile|symbolic link' "$log" ||
				fail "$MODE: $(cat "$log")"
			refused=$((refused + 1))
		done
		is_mount_of "$BOB" || fail "$MODE: bob's is gone: $(cat "$log")"
		! is_mount_of "$ALICE" || fail "$MODE: hers is not: $(cat "$log")"
	done
	((refused > 0)) || fail "$MODE: bob's was never met"
}

race_of_ancestors() { # [OPTION]...
	install -d -o "$ALICE" "$WORK/alice"/{one,two}{,/mnt}
	hold_mountpoints "$WORK/alice"/{one,two}/mnt
	mount_of "$BOB" "/proc/self/fd/$THEIRS"
	start_swapper "$WORK/alice/one" "$WORK/alice/two"
	race "$WORK/alice/one/mnt" "$@"
	stop_swapper
	take_away "$WORK/alice/two/mnt"
	let_go_of_mountpoints
	rm -r "$WORK/alice"/{one,two}
}

@test "an ancestor renamed after the check: the foreign mount stays" {
	in_user_modes race_of_ancestors
	in_user_modes race_of_ancestors --lazy
}

race_of_links() { # [OPTION]...
	install -d -o "$ALICE" "$WORK/alice/one"{,/mnt} "$WORK/roots/mnt"
	ln -s "$WORK/roots" "$WORK/alice/two"
	hold_mountpoints "$WORK/alice/one/mnt" "$WORK/roots/mnt"
	mount_of "$BOB" "/proc/self/fd/$THEIRS"
	start_swapper "$WORK/alice/one" "$WORK/alice/two"
	race "$WORK/alice/one/mnt" "$@"
	stop_swapper
	take_away "$WORK/roots/mnt"
	let_go_of_mountpoints
	rm -r "$WORK/alice"/{one,two}
}

@test "an ancestor made a symlink after the check: the foreign mount stays" {
	in_user_modes race_of_links
	in_user_modes race_of_links --lazy
}

# The kernel lets nobody rename what is mounted on, but in a mount namespace
# where nothing is mounted there: alice can make one, and has a folder that bob
# mounts in as well. Lazily, it is by an fd of the mount that it goes. (Otherwise
# it is by its name; SECURITY.md says why that gains her nothing.)
race_of_names() {
	mkdir -m 0777 "$WORK/open" "$WORK/open"/{one,two}
	hold_mountpoints "$WORK/open"/{one,two}
	start_swapper "$WORK/open/one" "$WORK/open/two" \
		unshare --mount --propagation private
	mount_of "$BOB" "/proc/self/fd/$THEIRS"
	race "$WORK/open/one" --lazy
	stop_swapper
	take_away "$WORK/open/two"
	let_go_of_mountpoints
	rm -r "$WORK/open"
}

@test "it exchanged itself, from a mount namespace, with --lazy: the foreign mount stays" {
	in_user_modes race_of_names
}

# What she needs for that is enough to take bob's mount away without us.
@test "who can exchange a mountpoint of another can also take his mount away" {
	requires userns
	mkdir -m 0777 "$WORK/open" "$WORK/open/two"
	mkfifo "$BATS_TEST_TMPDIR/go"
	"${AS_ALICE[@]}" unshare --user --map-root-user --mount \
		sh -c 'read -r _ && exec rmdir "$0"' "$WORK/open/two" <>"$BATS_TEST_TMPDIR/go" &
	HELD=$!
	until_true 10 grep -qx sh "/proc/$HELD/comm"
	mount_of "$BOB" "$WORK/open/two"
	run -1 as_alice rmdir "$WORK/open/two"
	echo >"$BATS_TEST_TMPDIR/go"
	wait "$HELD"
	HELD=
	assert_mounts_unchanged
	rmdir "$WORK/open"
}

# ---- Namespaces -----------------------------------------------------------------------

# What came with the namespace is not that of its root to take away.
@test "unshare -Urm: one's own from outside is held by the kernel; one from inside goes" {
	requires userns
	mknod -m 0666 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
	mount_of "$ALICE" "$ALICE_MNT"
	mkdir -p "$WORK/alice/inner"
	chown "$ALICE" "$WORK/alice/inner"
	LAUNCH=("${AS_ALICE[@]}" unshare -Urm "$LAUNCHER")
	keeps 'it came into this user namespace from outside' "$ALICE_MNT"
	LAUNCH=("${AS_ALICE[@]}" unshare -Ur "$LAUNCHER")
	keeps 'this mount namespace belongs to another user namespace' "$ALICE_MNT"
	# shellcheck disable=SC2016 # it is the inner shell's
	run clean_fds "${AS_ALICE[@]}" unshare -Urm sh -c '
		"$0" -n 1 "$1" /bin/true && "$0" --unmount "$1" &&
		! grep -q " $1 " /proc/self/mountinfo' "$LAUNCHER" "$WORK/alice/inner"
	assert_success
	assert_output ''
	take_away "$ALICE_MNT" /dev/fuse
	rm "$WORK/fuse"
}

unprivileged() {
	mount_of "$ALICE" "$ALICE_MNT"
	LAUNCH=("${AS_ALICE[@]}" "$LAUNCHER")
	unmount_here "$ALICE_MNT"
	assert_failure 125
	assert_output --partial 'not privileged'
	is_mount_of "$ALICE"
	take_away "$ALICE_MNT"
}

@test "a launcher without privilege: refuse" {
	unprivileged
}

# ---- Faults ------------------------------------------------------------------------------

# fault INJECTION [OPTION]...: whatever fails, either it is unmounted, or it says
# why not, and then the next attempt works; and bob's stays.
fault() {
	local status=0 output
	mount_of "$ALICE" "$ALICE_MNT"
	output=$(trace -e "trace=${1%%:*}" -e "inject=$1" -o /dev/null "${@:2}" 2>&1) ||
		status=$?
	is_mount_of "$BOB" || fail "$1: bob's is gone"
	if is_mount_of "$ALICE"; then
		((status != 0)) || fail "$1: it is there, and all is well"
		[[ $1 == *KILL* || $output == fusefd-launch:* ]] || fail "$1: $status: $output"
		"${LAUNCH[@]}" --unmount "$ALICE_MNT" || fail "$1: cannot be unmounted"
	fi
	! is_mount_of "$ALICE" || fail "$1: it is still there"
}

trace() { # STRACE-OPTION... [OPTION]
	local options=()
	while [[ ${1:-} == -[eo] ]]; do
		options+=("$1" "$2")
		shift 2
	done
	env -i PATH=/usr/bin:/bin LC_ALL=C timeout -k 1 20 strace -f -qq -u alice \
		"${options[@]}" "${LAUNCH[-1]}" --unmount "$@" "$ALICE_MNT"
}

# "NAME NUMBER" of each system call from main() on.
list_calls() { # [OPTION]
	mount_of "$ALICE" "$ALICE_MNT"
	trace -o "$LOG.calls" "$@"
	awk '{ sub(/^[0-9]+ +/, "") } /^[a-z]/ {
		name = substr($0, 1, index($0, "(") - 1)
		number[name]++
		if (/PR_SET_DUMPABLE/) main = 1
		# syscall_: this strace has no name for it, and cannot fail it.
		if (main && name !~ /^(exit|syscall_)/) print name, number[name] }' "$LOG.calls"
}

fail_each_call() { # [OPTION]
	local calls name number errors=(EINTR ENOMEM EPERM EMFILE EIO) turn=0
	mapfile -t calls < <(list_calls "$@")
	((${#calls[@]} > 30)) || fail "only ${#calls[@]} calls"
	for call in "${calls[@]}"; do
		read -r name number <<<"$call"
		# Some have many alike; and the kernel's brk(2) never returns an
		# error, so that the C library takes one for an address.
		((number > 4)) || [[ $name == brk ]] && continue
		fault "$name:signal=KILL:when=$number" "$@"
		fault "$name:error=${errors[turn++ % 5]}:when=$number" "$@"
	done
}

@test "each system call fails, or is the last: unmounted or not, and the next attempt works" {
	requires setuid
	command -v strace >/dev/null || fail "there is no strace"
	attack_as setuid
	mkdir -p "$WORK/foreign"
	mount_of "$BOB" "$WORK/foreign"
	fail_each_call
	fail_each_call --lazy
	take_away "$WORK/foreign"
}
