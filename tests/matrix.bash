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
#   writable  no where it is not
#   empty     yes where it begins with nothing in it
#   quick     yes where `make check` runs it; `make matrix` runs them all

MATRIX=$BATS_TEST_DIRNAME/matrix

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
	fds=1 ends=0 tree=. writable=yes empty=no library='' runs=''
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

serve_row() {
	start bash -c "exec \"\$@\" -- $runs" bash "${AS_ALICE[@]}" HOME="$ROW" \
		PATH="$ROW/bin:$PATH" "$LAUNCHER_SETUID" --supervise \
		--unmodified --fds=4 mnt
	MNT=$ROW/mnt AS_OWNER=("${AS_ALICE[@]}")
	until_true 30 eval "is_mounted '$MNT' || has_ended $FS_PID"
	is_mounted "$MNT" || fail "not mounted: $(cat "$LOG")"
}

# row NAME: all of it, in the place of a shell of its own.
row() {
	local fds ends tree writable empty library runs expected

	read_row "$1"
	as_alice_prepares "$1"
	cd "$ROW" || return
	eval "tree=$tree"
	expected=$(digest input)

	serve_row
	[[ $empty == no ]] || as_alice cp -r input/. mnt
	assert_equal "$(digest "mnt/$tree")" "$expected"
	assert_equal "$(read_in_parallel "mnt/$tree")" "$expected"
	assert_reads_from "$fds"
	if [[ $writable == no ]]; then
		run ! as_alice touch mnt/fresh
	else
		write_and_rename
	fi
	assert_equal "$(digest "mnt/$tree")" "$expected"
	as_alice "$LAUNCHER_SETUID" --unmount mnt
	wait_fs "$ends"
}
