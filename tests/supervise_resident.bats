#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Supervised launches, the process that stays: what it holds, where COMMAND's
# words go, and who is told that it is ready.

load helpers
load supervise
load attack

setup() {
	common_setup
	requires fuse
	setup_supervise
}

# ---- What it holds -------------------------------------------------------------------

# That of /proc/SUPERVISOR/status.
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$SUPERVISOR/status"; }

serve_in_background() { # OPTION... -- COMMAND...
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	launch -b "${options[@]}" "$MNT" "$@"
	assert_success
	find_supervisor
}

holds_nothing() { # OPTION...
	local set
	serve_in_background "$@" -- "$MOODY" serve
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_equal "$set $(field "$set")" "$set 0000000000000000"
	done
	assert_equal "$(field NoNewPrivs)" 1
	assert_equal "$(field Uid | xargs)" "$OWNER $OWNER $OWNER $OWNER"
	assert_equal "$(field Threads)" 1
	assert_equal "$(readlink "/proc/$SUPERVISOR/cwd")" /
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "the supervisor: no capability, and no way to one" {
	in_modes 'root user setuid caps' holds_nothing
	as_mode user
	holds_nothing --keep-caps=chown,dac_override
}

@test "--keep-caps: COMMAND has them, the supervisor has not" {
	as_mode user
	launch -S -c chown "$MNT" "$FIXTURES/probe" "$REPORT" 7
	assert_failure 7
	assert_reported CapEff 0000000000000001
	assert_reported CapPrm 0000000000000001
	assert_nothing_left
}

# What an fd leads to, without numbers that differ from time to time.
supervisors_fds() {
	local fd
	for fd in "/proc/$SUPERVISOR/fd"/*; do
		readlink "$fd"
	done | sed 's/:\[.*\]/:/' | sort
}

@test "the supervisor's fds: no device fd, no mount, none of COMMAND's" {
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	serve_in_background -n 4 -k 7 -- "$MOODY" serve
	run -0 supervisors_fds
	assert_output "$(printf '%s\n' /dev/null /dev/null /dev/null \
		"/proc/$SUPERVISOR/mountinfo" \
		"/proc/$SUPERVISOR/task/$SUPERVISOR/children" anon_inode: \
		anon_inode: pipe: socket: socket: | sort)"
	timeout 10 umount "$MNT"
}

@test "the supervisor: less than 1 MiB of memory of its own" {
	LAUNCHER=$FUSEFD_PLAIN_BUILD/fusefd-launch
	as_mode root
	serve_in_background -- "$MOODY" serve
	run -0 awk '/^Private_/ { sum += $2 } END { print sum }' \
		"/proc/$SUPERVISOR/smaps_rollup"
	((output > 0 && output < 1024)) || fail "$output KiB"
	timeout 10 umount "$MNT"
}

@test "-b leaves the terminal and its session, which ends here" {
	run clean_fds timeout 20 script -qec "$LAUNCHER -b '$MNT' '$MOODY' serve" /dev/null
	assert_success
	find_supervisor
	assert_equal "$(ps -o sid= -o tty= "$SUPERVISOR" | xargs)" "$SUPERVISOR ?"
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
}

# ---- Mount events ------------------------------------------------------------------------

# Whatever else is mounted on the machine, and however often, costs a look at its
# own mount a second; and nothing is parsed.
@test "mounts of others: the supervisor looks once a second, at its own" {
	local tracer
	command -v strace >/dev/null || fail 'there is no strace'
	start "${LAUNCH[@]}" -S -n 1 "$MNT" "$MOODY" serve
	wait_mounted "$MNT"
	sleep 1.2 # its own attach was an event, too
	mkdir "$WORK/other"
	clean_fds strace -o "$REPORT" -p "$FS_PID" 2>"$LOG.strace" &
	tracer=$!
	until_true 10 test -s "$LOG.strace"
	for _ in {1..50}; do
		mount -t tmpfs none "$WORK/other"
		umount "$WORK/other"
	done
	rmdir "$WORK/other"
	kill -INT "$tracer"
	wait "$tracer" || true
	run -0 cat "$REPORT"
	refute_output --partial 'mountinfo'
	run -0 grep -cE '^(syscall_0x1c9|statmount)' "$REPORT"
	((output > 0 && output < 12)) || fail "$output looks"
	stop_fs
}

@test "the mount goes amid many: it is seen a second later at the latest" {
	serve_moody -- ignore:TERM serve "touch:$REPORTS/a.there" sleep:300 exit:0
	mkdir "$WORK/other"
	mount -t tmpfs none "$WORK/other"
	umount "$WORK/other"
	timeout 10 umount "$MNT"
	wait_fs 0
	rmdir "$WORK/other"
	assert_nothing_left
}

# ---- COMMAND's fds ----------------------------------------------------------------------

@test "--fds, --keep-fd and --listen-fds, as without a supervisor" {
	local mode
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	for mode in -S -b; do
		: >"$REPORT"
		launch "$mode" -n 3 -k 7 --listen-fds "$MNT" "$FIXTURES/probe" "$REPORT" 7
		assert_failure 7
		assert_equal "$(reported_fds)" "0 1 2 3 4 5 7"
		assert_equal "$(device_fds | xargs)" "3 4 5"
		assert_reported ENV_LISTEN_FDS 3
		assert_reported ENV_LISTEN_PID "$(reported Pid)"
		assert_reported ENV_FUSEFD_FDS 3,4,5
		assert_unprivileged
		assert_nothing_left
	done
}

# A writer's end that the supervisor kept would keep the reader waiting.
@test "who waits for the end of a kept fd waits for COMMAND only" {
	# shellcheck disable=SC2016
	run timeout 20 bash -c '{ "$@" 7>&1 >/dev/null 2>&1 & } | cat' bash \
		env MNT="$MNT" bash -c 'exec "$@"' bash \
		"${LAUNCH[@]}" -S -n 1 -k 7 --stop-timeout=1 --ready-timeout=5 "$MNT" \
		"$MOODY" close sleep:60000
	assert_success
	until_true 10 eval '! find_supervisor'
}

# ---- COMMAND's words ---------------------------------------------------------------------

@test "-b in \$( ): returns with what was said until it was ready" {
	local output
	output=$(clean_fds timeout -k 1 20 "${LAUNCH[@]}" -b -n 1 "$MNT" "$MOODY" \
		'say:one' init 'say:two' serve 2>&1)
	assert_equal "$output" $'one\ntwo'
	timeout 10 umount "$MNT"
	output=$(clean_fds timeout -k 1 20 "${LAUNCH[@]}" -b -n 1 "$MNT" "$MOODY" \
		daemonize 'say:three' init serve 2>&1)
	assert_equal "$output" three
	timeout 10 umount "$MNT"
}

# A /dev of this mount namespace alone, whose log is ours.
with_log() { # COMMAND...
	local receiver
	mkdir "$WORK/dev"
	cp -a /dev/{null,zero,full,random,urandom,fuse,fd,stdin,stdout,stderr} "$WORK/dev"
	receive "$WORK/dev/log" "$REPORT"
	receiver=$!
	chmod 0666 "$WORK/dev/log"
	mount --bind "$WORK/dev" /dev
	"$@"
	umount /dev
	kill "$receiver"
	rm -r "${WORK:?}/dev"
}

# receive ADDRESS FILE: each message that comes to that Unix socket becomes a
# line of the file, with what the mountpoint was at that moment.
receive() {
	# shellcheck disable=SC2016
	MNT=$MNT clean_fds perl -MSocket -e '
		my ($address, $file) = @ARGV;
		$address =~ s/^@/\0/;
		socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
		bind($socket, pack_sockaddr_un($address)) or die $!;
		open(my $ready, ">", "$file.ready");
		while (defined(recv($socket, my $message, 65536, 0))) {
			open(my $mounts, "<", "/proc/self/mountinfo");
			my $mounted = grep { / \Q$ENV{MNT}\E .* - fuse/ } <$mounts>;
			open(my $to, ">>", $file);
			$message =~ s/\n/|/g;
			print $to ($mounted ? "mounted" : "not mounted") . ": $message\n";
		}' "$1" "$2" &
	until_true 10 test -e "$2.ready"
	rm "$2.ready"
}

logs() {
	launch -b -n 1 "$MNT" -- "$MOODY" say:before init "until:$GO" say:behind \
		'say:and more' raise:KILL
	assert_success
	assert_output before
	touch "$GO"
	until_true 10 grep -q 'ended by signal' "$REPORT" || fail "$(cat "$REPORT")"
	until_true 10 eval '! find_supervisor'
}

@test "-b: what is said later goes to the system log" {
	with_log logs
	run -0 sed 's/.*moody\[[0-9]*\]: //' "$REPORT"
	assert_output "behind
and more
'$MOODY' was ended by signal 9 (Killed)"
}

@test "COMMAND that writes without end does not keep the supervisor from its work" {
	launch -b -n 1 "$MNT" -- "$MOODY" init flood serve
	assert_success
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
	assert_nothing_left
	start "${LAUNCH[@]}" -b -n 1 --ready-timeout=1 --stop-timeout=1 "$MNT" \
		"$MOODY" flood sleep:60000
	wait_fs 125
	run -0 tail -n 2 "$LOG"
	assert_line --partial 'it was not ready'
	assert_nothing_left
	rm "$LOG"
}

# ---- Who is told ---------------------------------------------------------------------------

tells() { # ADDRESS MODE
	local receiver
	: >"$REPORT"
	receive "$1" "$REPORT"
	receiver=$!
	start env NOTIFY_SOCKET="$1" "${LAUNCH[@]}" "$2" -n 1 "$MNT" "$MOODY" \
		"touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there"
	assert_equal "$(cat "$REPORT")" ''
	touch "$GO"
	until_true 10 test -s "$REPORT"
	timeout 10 umount "$MNT"
	wait_fs 0
	assert_equal "$(cat "$REPORT")" 'mounted: READY=1'
	kill "$receiver"
	wait "$receiver" || true
	rm -f "$GO" "$REPORTS"/*.there "$1"
}

@test "NOTIFY_SOCKET of the caller: READY=1 when it is mounted, and not before" {
	tells "$REPORTS/notify" -S
	tells "$REPORTS/notify" -b
	tells @fusefd-test-$$ -S
	tells @fusefd-test-$$ -b
}

@test "NOTIFY_SOCKET of COMMAND: the supervisor's, not the caller's" {
	LAUNCH=(env NOTIFY_SOCKET=/run/nobody "${LAUNCH[@]}")
	launch -S "$MNT" "$FIXTURES/probe" "$REPORT" 7
	assert_failure 7
	[[ $(reported ENV_NOTIFY_SOCKET) == @* ]] || fail "$(reported ENV_NOTIFY_SOCKET)"
	assert_equal "$(grep -c '^ENV_NOTIFY_SOCKET' "$REPORT")" 1
}
