#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Bad input: each a clear line that names the object and the reason; nothing is
# mounted, COMMAND does not run.

load helpers

setup() {
	common_setup
	requires fuse
	RUN=("$FIXTURES/probe" "$REPORT")
}

# ---- Operands -----------------------------------------------------------------

@test "no MOUNTPOINT, no COMMAND" {
	refuses 125 'no MOUNTPOINT'
	refuses 125 'no MOUNTPOINT' -n 2
	refuses 125 'no COMMAND' "$MNT"
	refuses 125 'no COMMAND' "$MNT" --
	refuses 125 'no COMMAND' -n 2 -- "$MNT"
}

@test "a mountpoint that does not exist, or is neither directory nor file" {
	refuses 125 "'$WORK/none'.*exist" "$WORK/none" "${RUN[@]}"
	refuses 125 "'$WORK/mnt/a/b'.*exist" "$WORK/mnt/a/b" "${RUN[@]}"
	refuses 125 'empty name' '' "${RUN[@]}"
	touch "$WORK/plain"
	refuses 125 'Not a directory' "$WORK/plain/x" "${RUN[@]}"
	mkfifo "$WORK/fifo"
	refuses 125 "'$WORK/fifo'.*neither" "$WORK/fifo" "${RUN[@]}"
	refuses 125 "'/dev/null'.*neither" /dev/null "${RUN[@]}"
	refuses 125 'everything' / "${RUN[@]}"
	refuses 125 'too long' "$(printf '/%0200d' {1..25})" "${RUN[@]}"
}

@test "names with control characters come back quoted, on one line" {
	refuses 125 '\\x1b\[31m' "$WORK/"$'\e[31m'x "${RUN[@]}"
	refuses 125 'a\\x0ab' "$WORK/a"$'\n'b "${RUN[@]}"
	refuses 125 '\\x0a' --no$'\n'such "$MNT" "${RUN[@]}"
}

# ---- Options ------------------------------------------------------------------

@test "a number of fds that is none, or out of range" {
	local number
	for number in 0 -1 254 2147483648 18446744073709551617 1x ' 1' '1 ' '' 0x4 +4 Auto; do
		refuses 125 'option --fds' -n "$number" "$MNT" "${RUN[@]}"
		refuses 125 'option --fds' --fds="$number" "$MNT" "${RUN[@]}"
	done
}

@test "an unknown option is named, as is one without its value" {
	refuses 125 "'--no-such'" --no-such "$MNT" "${RUN[@]}"
	refuses 125 "'-x'" -x "$MNT" "${RUN[@]}"
	refuses 125 "'--literal=x'" --literal=x "$MNT" "${RUN[@]}"
	refuses 125 "'-n'.*value" -n
	refuses 125 "'--user'.*value" --user
}

@test "an unknown user or group" {
	refuses 125 "user 'no-such-user'" -u no-such-user "$MNT" "${RUN[@]}"
	refuses 125 "group 'no-such-group'" -u alice:no-such-group "$MNT" "${RUN[@]}"
	refuses 125 "''" -u '' "$MNT" "${RUN[@]}"
	refuses 125 "':crew'" -u :crew "$MNT" "${RUN[@]}"
	refuses 125 "'alice:'" -u alice: "$MNT" "${RUN[@]}"
	refuses 125 "'4294967295'" -u 4294967295:0 "$MNT" "${RUN[@]}"
	refuses 125 "'61234'.*no entry" -u 61234 "$MNT" "${RUN[@]}"
}

@test "an fd to keep that is not open, or none" {
	refuses 125 'fd 77 is not open' -k 77 "$MNT" "${RUN[@]}"
	refuses 125 "'x'" -k x "$MNT" "${RUN[@]}"
	refuses 125 "'-1'" -k -1 "$MNT" "${RUN[@]}"
	refuses 125 "'4294967299'" -k 4294967299 "$MNT" "${RUN[@]}"
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	refuses 125 'fd 3 is kept' --listen-fds -n 2 -k 3 "$MNT" "${RUN[@]}"
}

@test "a capability to keep that is none" {
	local list
	for list in no_such '' chown,,fowner 'chown,' CAP_NO_SUCH 0; do
		refuses 125 'keep-caps' -c "$list" "$MNT" "${RUN[@]}"
	done
}

@test "mount options that are unknown, malformed or not the caller's" {
	local option
	for option in no_such NO_SUCH ALLOW_OTHER user_id=0 group_id=0 fd=99 \
		rootmode=40000 source=x allow_other= ro=1 max_read max_read= \
		max_read=x max_read=1k fsname= subtype=a/b 'subtype=a b' blksize=512 \
		rw,,ro ',' x-systemd.automount; do
		refuses 125 'mount option' -o "$option" "$MNT" "${RUN[@]}"
	done
	refuses 125 exclude -o allow_other,allow_root "$MNT" "${RUN[@]}"
	refuses 125 longer -o "fsname=$(printf '%05000d' 0)" "$MNT" "${RUN[@]}"
	refuses 125 "'allow_other'.*value" -o 'allow_other=1' "$MNT" "${RUN[@]}"
}

@test "an option in the middle of a list is named, not the list" {
	refuses 125 "mount option 'what'" -o ro,what,noexec "$MNT" "${RUN[@]}"
}

# ---- COMMAND ------------------------------------------------------------------

@test "COMMAND is not found: 127" {
	refuses 127 "'no-such-command'" "$MNT" no-such-command
	refuses 127 "'$WORK/no-such-command'" "$MNT" "$WORK/no-such-command"
	refuses 127 "'$FIXTURES/probe/x'" "$MNT" "$FIXTURES/probe/x"
	refuses 127 'empty name' "$MNT" ''
}

@test "COMMAND cannot be executed: 126" {
	local file=$WORK/file
	install -m 0644 "$FIXTURES/probe" "$file"
	refuses 126 "'$file'" "$MNT" "$file" "$REPORT"
	refuses 126 "'$WORK/alice'" "$MNT" "$WORK/alice"
	# Found out only by the exec itself: the mount is there by then.
	echo 'echo no interpreter' >"$file" && chmod 755 "$file"
	refuses 126 "'$file'" "$MNT" "$file"
	echo '#!/no/such/interpreter' >"$file"
	refuses 126 "interpreter" "$MNT" "$file"
	: >"$file"
	refuses 126 "'$file'" "$MNT" "$file"
}

@test "COMMAND is being written, or its arguments are too long: 126" {
	local file=$WORK/busy
	cp "$FIXTURES/probe" "$file"
	exec 5>>"$file"
	refuses 126 "busy" "$MNT" "$file" "$REPORT"
	exec 5>&-
	# As given they are short enough; as replaced they are not.
	refuses 126 "'$FIXTURES/probe'.*too long" "$MNT" "${RUN[@]}" 0 \
		"$(printf '{mountpoint}%.0s' {1..8000})"
}

@test "COMMAND is for root only, and --user another: 126" {
	install -m 0700 "$FIXTURES/probe" "$WORK/roots-command"
	as_mode user
	refuses 126 "'$WORK/roots-command'" "$MNT" "$WORK/roots-command" "$REPORT"
	install -d -m 0700 "$WORK/roots-folder"
	cp "$FIXTURES/probe" "$WORK/roots-folder/"
	refuses 126 "roots-folder/probe'" "$MNT" "$WORK/roots-folder/probe" "$REPORT"
}

@test "a failed exec leaves no mount in any mode" {
	local file=$WORK/bad-interpreter mode
	printf '#!/no/such/interpreter\n' >"$file" && chmod 755 "$file"
	for mode in root user setuid caps; do
		[[ $mode == root || $mode == user ]] || requires "$mode"
		as_mode "$mode"
		refuses 126 "$file" "$MNT" "$file"
	done
}
