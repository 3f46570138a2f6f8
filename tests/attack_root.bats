#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Root": whatever sets and securebits the launcher was
# started with, all five sets are empty in COMMAND, or it does not run.
#
# Elsewhere: a root with everything, in modes.bats.
#
# Of the plain build only: a sanitizer makes calls of its own.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	RUN=("$FIXTURES/probe" "$REPORT")
}

EMPTY=0000000000000000

# Where the bounding set cannot be emptied it is inert, under no_new_privs.
assert_empty() {
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_reported "$set" "$EMPTY"
	done
	assert_reported NoNewPrivs 1
	[[ $MODE == alone ]] || assert_reported CapBnd "$EMPTY"
}

# with_sets SETPRIV-OPTION...: these, on the launcher itself.
with_sets() {
	: >"$REPORT"
	before_launcher setpriv "$@"
	launch_probe -n 2
	assert_empty
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
}

# The caller of a user mode: alice with sets that only root could have given.
alice_with() { # SETPRIV-OPTION...
	local at
	for at in "${!LAUNCH[@]}"; do
		[[ ${LAUNCH[at]} == setpriv ]] && break
	done
	LAUNCH=("${LAUNCH[@]:0:at+1}" "$@" "${LAUNCH[@]:at+1}")
}

with_sets_of_alice() {
	: >"$REPORT"
	alice_with "$@"
	launch_probe -n 2
	assert_empty
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
}

# ---- Sets ---------------------------------------------------------------------------

SOME=+chown,+dac_override,+setuid,+net_admin,+sys_admin
# All that this root has: in a container it is not "+all".
ALL=+$(setpriv --dump | sed -n 's/^Capability bounding set: //p' | sed 's/,/,+/g')

@test "with inheritable capabilities: all five sets empty in COMMAND" {
	in_modes "root user" with_sets --inh-caps "$SOME"
	in_modes "root user" with_sets --inh-caps "$ALL"
	in_modes "${USER_MODES[*]}" with_sets_of_alice --inh-caps "$SOME"
	in_modes "${USER_MODES[*]}" with_sets_of_alice --inh-caps "$ALL"
}

@test "with ambient capabilities: all five sets empty in COMMAND" {
	in_modes "root user" with_sets --inh-caps "$SOME" --ambient-caps "$SOME"
	in_modes "root user" with_sets --inh-caps "$ALL" --ambient-caps "$ALL"
	in_modes "${USER_MODES[*]}" with_sets_of_alice --inh-caps "$SOME" --ambient-caps "$SOME"
	in_modes "${USER_MODES[*]}" with_sets_of_alice --inh-caps "$ALL" --ambient-caps "$ALL"
}

# --keep-caps keeps what it names, of these too.
@test "with ambient and inheritable capabilities, and --keep-caps: just those" {
	local mode set
	for mode in root user; do
		attack_as "$mode"
		: >"$REPORT"
		before_launcher setpriv --inh-caps "$ALL" --ambient-caps "$ALL"
		launch_probe -n 2 -c chown
		for set in CapInh CapPrm CapEff CapAmb CapBnd; do
			assert_reported "$set" 0000000000000001
		done
	done
}

# A program without any bit of its own, to which its caller's ambient set gives
# all that it takes. It is a user all the same.
@test "a user with ambient capabilities, by a launcher without any: policy holds, all five sets empty" {
	as_mode setuid
	MODE=ambient
	LAUNCH=("${AS_ALICE[@]}" "$WORK/build/fusefd-launch")
	alice_with --inh-caps +sys_admin,+setpcap,+dac_override,+net_raw \
		--ambient-caps +sys_admin,+setpcap,+dac_override,+net_raw
	launch_probe -n 2
	assert_empty
	: >"$REPORT"
	refuses 125 'may not write' "$WORK/mnt" "${RUN[@]}"
	refuses 125 'for root' -u bob "$MNT" "${RUN[@]}"
	refuses 125 'for root' -c net_raw "$MNT" "${RUN[@]}"
	refuses 125 'suid' -o suid "$MNT" "${RUN[@]}"
	refuses 125 'allow_other' -o allow_other "$MNT" "${RUN[@]}"
}

# ---- Less than all --------------------------------------------------------------------

# Root as in a container: what is missing is told, and nothing is half done.
@test "a bounding set without setpcap: all sets that act are empty in COMMAND, or refuse" {
	attack_as root
	MODE=alone
	with_sets --bounding-set -setpcap
	attack_as user
	before_launcher setpriv --bounding-set -setpcap
	: >"$REPORT"
	refuses_for_want_of SETPCAP "cannot take uid $ALICE and keep CAP_SYS_ADMIN"
	in_modes setuid refuse_without_setpcap
	# A file may not give what the bounding set lacks: no exec at all.
	in_modes caps not_executed --bounding-set -setpcap
}

refuse_without_setpcap() {
	alice_with --bounding-set -setpcap
	refuses_for_want_of SETPCAP "cannot take uid $ALICE and keep CAP_SYS_ADMIN"
}

refuses_for_want_of() { # CAPABILITY WHAT
	refuses 125 "$2.*: CAP_$1 is missing" "$MNT" "${RUN[@]}"
	assert_line --index 1 --partial 'container'
}

not_executed() {
	: >"$REPORT"
	alice_with "$@"
	launch -n 1 "$MNT" "${RUN[@]}"
	assert_failure
	assert_output --partial 'Operation not permitted'
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

@test "a bounding set without setuid or setgid, --user: refuse" {
	attack_as user
	before_launcher setpriv --bounding-set -setuid
	refuses_for_want_of SETUID "cannot take uid $ALICE"
	attack_as user
	before_launcher setpriv --bounding-set -setgid
	refuses_for_want_of SETGID "cannot take the groups of user 'alice'"
}

# A setuid bit has brought the user's own ids along, and root has its own.
@test "a bounding set without setuid and setgid, with no id to take: all five sets empty in COMMAND" {
	in_modes root with_sets --bounding-set -setuid,-setgid
	in_modes setuid with_sets_of_alice --bounding-set -setuid,-setgid
}

# Where the reason is another one, no capability is blamed.
@test "--user with a uid that the user namespace does not map: refuse, for that reason" {
	requires userns
	LAUNCH=(unshare --user --map-root-user --mount "$LAUNCHER" -u "$ALICE:$ALICE")
	MNT=$WORK/mnt
	refuses 125 'it is not mapped in this user namespace' "$MNT" "${RUN[@]}"
}

@test "a bounding set without sys_admin: refuse" {
	local mode
	for mode in root user; do
		attack_as "$mode"
		before_launcher setpriv --bounding-set -sys_admin
		refuses 125 'not privileged' "$MNT" "${RUN[@]}"
	done
	in_modes setuid refuse_without_sys_admin
	in_modes "caps alone" not_executed --bounding-set -sys_admin
}

refuse_without_sys_admin() {
	alice_with --bounding-set -sys_admin
	refuses 125 'not privileged' "$MNT" "${RUN[@]}"
}

# ---- Securebits -----------------------------------------------------------------------

# with_securebits BITS: on root, which an exec then gives nothing but by its
# ambient set.
securebits_set() {
	before_launcher setpriv --securebits "$1" --inh-caps "$ALL" --ambient-caps "$ALL"
}

# Those that agree with ours, locked or not.
@test "locked securebits that are ours too: all five sets empty in COMMAND" {
	local bits
	for bits in +noroot +noroot,+noroot_locked +no_setuid_fixup,+no_setuid_fixup_locked \
		+noroot,+noroot_locked,+no_setuid_fixup,+no_setuid_fixup_locked; do
		in_modes "root user" with_securebits "$bits"
	done
}

with_securebits() {
	: >"$REPORT"
	securebits_set "$1"
	launch_probe -n 2
	assert_empty
	# NOROOT and NO_SETUID_FIXUP, locked.
	(($(reported SECUREBITS) & 0xf == 0xf)) || fail "securebits: $(reported SECUREBITS)"
}

# Those that stand against ours: nobody may set ours any more.
@test "locked securebits that are not ours: refuse" {
	local bits
	for bits in +noroot_locked +no_setuid_fixup_locked +keep_caps_locked \
		+noroot_locked,+no_setuid_fixup_locked; do
		in_modes "root user" refuse_securebits "$bits"
	done
}

refuse_securebits() {
	: >"$REPORT"
	securebits_set "$1"
	refuses 125 'cannot lock the securebits: Operation not permitted' "$MNT" "${RUN[@]}"
}

# Securebits survive the exec of a setuid program; alice has them of root.
refuse_securebits_of_alice() {
	: >"$REPORT"
	alice_with --securebits "$1"
	refuses 125 'cannot lock the securebits|cannot|not privileged' "$MNT" "${RUN[@]}"
}

@test "locked securebits that are not ours, setuid: refuse" {
	requires setuid
	local bits
	for bits in +noroot_locked +no_setuid_fixup_locked; do
		in_modes "setuid caps" refuse_securebits_of_alice "$bits"
	done
	# With NOROOT a setuid bit gives an uid, and no capability.
	in_modes setuid refuse_securebits_of_alice +noroot,+noroot_locked
}

# A root that has let go of its effective set, or is root in one place only.
@test "a root without an effective set, or with a real uid of alice's: refuse, or the user's" {
	LAUNCH=(setpriv --inh-caps -all --securebits +noroot "$LAUNCHER")
	refuses 125 'not privileged' "$WORK/mnt" "${RUN[@]}"
	LAUNCH=(setpriv --ruid "$ALICE" --keep-groups "$LAUNCHER")
	refuses 125 'may not write' "$WORK/mnt" "${RUN[@]}"
	LAUNCH=(setpriv --euid "$ALICE" --keep-groups "$LAUNCHER")
	refuses 125 'not privileged|may not' "$WORK/mnt" "${RUN[@]}"
}
