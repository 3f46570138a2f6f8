# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A row of the matrix: a filesystem that knows nothing of us, served by
# `fusefd-launch --unmodified`. Each is a file in tests/matrix, named after it:
#
#   library   what it speaks to the kernel with
#   runs      its command line, as the manual prints it
#   prepare   a function that makes what it serves of the folder `input`; in
#             an empty folder otherwise, as the user, with `bin` first in PATH
#   fds=1     how many of four device fds it reads from
#   tree=.    where that is in the mount; may speak of PWD
#   ends=0    its exit status when it is unmounted
#   writable  no where it is not, files where only those that are there are
#   on=mnt    what it is mounted on, where `prepare` makes a file for that
#   empty     yes where it begins with nothing in it
#   server    what it asks, a command that listens at 127.0.0.1:8080
#   quick     yes where `make check` runs it; `make matrix` runs them all

export MATRIX=$BATS_TEST_DIRNAME/matrix
READY=200 # seconds, for those that derive a key

matrix_rows() {
	local row
	for row in "$MATRIX"/*; do
		case ${FUSEFD_MATRIX:-quick} in
		all) ;;
		quick) grep -q '^quick=yes$' "$row" || continue ;;
		*) [[ " $FUSEFD_MATRIX " == *" ${row##*/} "* ]] || continue ;;
		esac
		echo "${row##*/}"
	done
}

read_row() { # NAME
	# shellcheck disable=SC2034 # for whoever calls this
	fds=1 ends=0 tree=. on=mnt writable=yes empty=no
	library='' runs='' server=''
	# shellcheck source=/dev/null
	source "$MATRIX/$1"
	[[ -n $library && -n $runs ]] || fail "no 'library' or no 'runs': $1"
}

as_alice() {
	timeout 60 "${AS_ALICE[@]}" HOME="$ROW" \
		PATH="$ROW/bin:$PATH:/usr/sbin:/sbin" "$@"
}

# Files of no size, of one that no block size divides, and of many requests.
make_input() {
	as_alice bash -eu -c 'mkdir -p bin mnt input/folder/deeper "input/with space"
		: >input/empty
		echo text >input/folder/text
		seq 100000 >"input/with space/numbers"
		head -c 3000001 /dev/urandom >input/folder/deeper/large'
}

# What is in a folder, in one line; ext2 has a lost+found.
digest='cd "$1" && {
	find . -name lost+found -prune -o -printf "%y %p\n" | LC_ALL=C sort
	find . -name lost+found -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
} | sha256sum'
digest() { as_alice bash -c "$digest" bash "$1"; }

# Eight at once, past the page cache where the filesystem lets them.
read_in_parallel() { # FOLDER
	local readers=()
	as_alice find "$1/" -name lost+found -prune -o -type f ! -empty \
		-print0 >files
	for _ in {1..8}; do
		as_alice xargs -0 -n 1 sh -c \
			'dd if="$0" of=/dev/null bs=16k iflag=direct || cat "$0"' \
			<files >/dev/null 2>&1 &
		readers+=($!)
	done
	wait "${readers[@]}"
	seq 8 | as_alice xargs -P 8 -I{} bash -c "$digest" bash "$1" | sort -u
}

# A thread that is to read from a clone comes when there is work for it.
assert_reads_from() { # COUNT
	local count
	for _ in {1..20}; do
		count=$("$FIXTURES/readers" "$ALICE")
		((count != $1)) || return 0
		read_in_parallel "mnt/$tree" >/dev/null
		sleep 0.1 # what is left to do, it does behind our backs
	done
	fail "reads from $count device fds, not from $1"
}

write_and_rename() {
	as_alice bash -eu -c 'head -c 1234567 /dev/urandom >fresh
		cp fresh mnt/fresh
		cmp fresh mnt/fresh
		mkdir mnt/sub
		mv mnt/fresh "mnt/sub/re named"
		echo more >>fresh
		echo more >>"mnt/sub/re named"
		cmp fresh "mnt/sub/re named"
		[[ $(ls mnt/sub) == "re named" ]]
		rm "mnt/sub/re named"
		rmdir mnt/sub
		[[ ! -e mnt/sub ]]'
}

# Its folder of its own, with `input` and what the row makes of it.
as_alice_prepares() { # NAME
	ROW=$WORK/alice/$1
	rm -rf "$ROW"
	install -d -o "$ALICE" -g "$ALICE" "$ROW"
	install -m 644 "$MATRIX/$1" "$ROW/row"
	(
		cd "$ROW" || exit
		make_input
		as_alice bash -eu -c '. ./row; prepare'
	) >"$BATS_TEST_TMPDIR/prepared" 2>&1 ||
		fail "cannot be prepared: $(tail -n 5 "$BATS_TEST_TMPDIR/prepared")"
}

# As the user, in a network of its own, where the filesystem joins it: no port
# is taken, and nothing is asked that is not here.
start_server() {
	IN_NETWORK=()
	[[ -n $server ]] || return 0
	clean_fds unshare --net bash -c "ip link set lo up &&
		exec \"\$@\" $server" bash "${AS_ALICE[@]}" HOME="$ROW" \
		>"$BATS_TEST_TMPDIR/server" 2>&1 &
	SERVER=$!
	until_true 60 eval "is_listening $SERVER || has_ended $SERVER"
	is_listening "$SERVER" || fail "the server does not listen: $(
		cat "$BATS_TEST_TMPDIR/server")"
	IN_NETWORK=(nsenter --net="/proc/$SERVER/ns/net")
}

# On port 8080, and not in our network, in which it still is when it starts.
is_listening() { # PID
	[[ ! /proc/$1/ns/net -ef /proc/self/ns/net ]] &&
		grep -q ':1F90 .* 0A ' "/proc/$1/net/tcp"
} 2>/dev/null

stop_server() {
	[[ -n $server ]] || return 0
	kill "$SERVER"
	wait "$SERVER" || true
}

serve_row() {
	start "${IN_NETWORK[@]}" bash -c "exec \"\$@\" -- $runs" bash \
		"${AS_ALICE[@]}" HOME="$ROW" \
		PATH="$ROW/bin:$PATH" "$LAUNCHER_SETUID" --supervise \
		--unmodified --fds=4 --ready-timeout="$READY" "$on"
	MNT=$ROW/$on AS_OWNER=("${AS_ALICE[@]}")
	until_true "$READY" eval "is_mounted '$MNT' || has_ended $FS_PID"
	is_mounted "$MNT" || fail "not mounted: $(cat "$LOG")"
}

# row NAME: all of it, in the place of a shell of its own.
row() {
	local fds ends tree on writable empty library runs server expected

	read_row "$1"
	as_alice_prepares "$1"
	cd "$ROW" || return
	eval "tree=$tree"
	expected=$(digest input)

	start_server
	serve_row
	[[ $empty == no ]] || as_alice cp -r input/. mnt
	assert_equal "$(digest "mnt/$tree")" "$expected"
	assert_equal "$(read_in_parallel "mnt/$tree")" "$expected"
	assert_reads_from "$fds"
	if [[ $writable == yes ]]; then
		write_and_rename
	else
		run ! as_alice touch "$on/fresh"
	fi
	assert_equal "$(digest "mnt/$tree")" "$expected"
	as_alice "$LAUNCHER_SETUID" --unmount "$on"
	wait_fs "$ends"
	stop_server
}

# A thread for a clone is started when all others are busy.
reads_from_all_four() {
	local tries
	for tries in {1..20}; do
		seq 8 | timeout 20 "${AS_OWNER[@]}" xargs -P 8 -I{} cat "$MNT/busy" \
			>/dev/null
		[[ $("$FIXTURES/readers" "$ALICE") != 4 ]] || return 0
	done
	fail "reads from $("$FIXTURES/readers" "$ALICE") of 4 after $tries rounds"
}
