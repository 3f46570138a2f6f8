# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the attacks by what a caller passes (environment, arguments, policy,
# COMMAND) share, on top of attack.bash.

# refuses, of a launch with these OPTIONs that would otherwise work.
refuses_options() { # PATTERN OPTION...
	: >"$REPORT"
	refuses 125 "$1" "${@:2}" "$MNT" -- "$FIXTURES/probe" "$REPORT"
	assert_tidy
}

# What was said, in one line and at most one of advice, can be printed.
assert_tidy() {
	((${#lines[@]} <= 2)) || fail "more than two lines: $output"
	! LC_ALL=C grep -q '[^[:print:]]' <<<"$output" ||
		fail "unprintable: $(cat -v <<<"$output")"
}

# What COMMAND has in this mode: the owner's ids, and no privilege.
assert_powerless() {
	local set
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
	assert_reported Gid "$OWNER $OWNER $OWNER $OWNER"
	assert_reported NoNewPrivs 1
	# Without cap_setpcap the bounding set stays full.
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_reported "$set" 0000000000000000
	done
	[[ $MODE == alone ]] || assert_reported CapBnd 0000000000000000
}

# with_environment ENTRY...: LAUNCH with just these, as they are, be they
# malformed. A sanitizer's own is added.
with_environment() {
	printf '%s\0' "$@" "ASAN_OPTIONS=${ASAN_OPTIONS:-}" >"$REPORTS/environment"
	before_launcher "$FIXTURES/strange_exec" "$REPORTS/environment"
}

# trace FILE [STRACE_OPTION]... -- ARG...: a launch under strace, with nothing
# in its environment but what -E names. Root traces, and strace becomes the
# user, so that setuid bits and file capabilities have their effect.
trace() {
	local file=$1 options=() launcher=("${LAUNCH[@]}")
	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	if [[ $MODE != root && $MODE != user ]]; then
		options+=(-u alice)
		launcher=("${LAUNCH[@]:${#AS_ALICE[@]}}")
	fi
	# A leak checker cannot work where somebody else traces.
	run clean_fds env -i PATH=/usr/bin:/bin timeout -k 1 20 \
		strace -f -qq -s 4096 -o "$file" -E ASAN_OPTIONS=detect_leaks=0 \
		"${options[@]}" "${launcher[@]}" "$@"
}

# Every string in such a file, up to the exec of COMMAND: all paths, for one.
traced_strings() { # FILE
	awk '/ execve\(/ && started++ { exit } { print }' "$1" |
		grep -o '"[^"]*"' | sed 's|/proc/[0-9]*/|/proc/PID/|' | sort -u
}
