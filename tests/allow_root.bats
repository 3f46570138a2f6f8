#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# -o allow_root: the kernel lets everybody in, and it is the session that keeps
# out all but the owner and root. What would make the kernel stop asking, and so
# take the session's check away, must not reach it.

load helpers

setup() {
	common_setup
	requires fuse
	as_mode user
}

as_bob() { timeout 20 "${AS_BOB[@]}" "$@"; }
as_owner() { timeout 20 "${AS_OWNER[@]}" "$@"; }

bob_is_refused() { # COMMAND...
	run as_bob "$@"
	assert_failure
	assert_output --partial 'Permission denied'
}

# Bob finds no way to what FILE holds, nor a list of what there is.
bob_reads_nothing() { # FILE
	bob_is_refused cat "$MNT/$1"
	bob_is_refused dd if="$MNT/$1" iflag=direct status=none
	bob_is_refused python3 -c 'import mmap, os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
print(mmap.mmap(file, 4, prot=mmap.PROT_READ)[:])' "$MNT/$1"
	bob_is_refused ls "$MNT"
}

# serves_all_but_bob FILE TEXT: before anybody else was there, and after the
# kernel has the file in its page cache.
serves_all_but_bob() {
	local who
	bob_reads_nothing "$1"
	for who in as_owner 'timeout 20' as_owner; do
		# shellcheck disable=SC2086 # two words
		run -0 $who cat "$MNT/$1"
		assert_output "$2"
		# shellcheck disable=SC2086
		run -0 $who ls "$MNT"
		assert_line "$1"
		bob_reads_nothing "$1"
	done
}

is_told_nothing_else() { assert_equal "$(cat "$LOG")" "${1-}"; }

@test "a filesystem without OPEN: bob is kept out before and after the others read" {
	local threads
	for threads in 0 3; do
		start_fs -n 3 -o allow_root -- \
			"$FIXTURES/rawfs" --no-open --threads="$threads"
		serves_all_but_bob hello 'hello over a device fd'
		stop_fs
		is_told_nothing_else
	done
}

@test "the same without default_permissions, where bob may not even chdir" {
	start_fs -n 2 -o allow_root,no_default_permissions -- \
		"$FIXTURES/rawfs" --no-open
	serves_all_but_bob hello 'hello over a device fd'
	local again
	for again in {1..2}; do
		run -0 as_owner bash -c 'cd "$1" && test -r hello' bash "$MNT"
		bob_is_refused bash -c 'cd "$1"' bash "$MNT"
		run -1 as_bob test -r "$MNT/hello"
	done
	stop_fs
	is_told_nothing_else
}

@test "the same on libfuse3" {
	start_fs -n 2 -o allow_root -- "$FIXTURES/llfs" --no-open
	timeout 20 bash -c 'echo secret >"$1/data"' bash "$MNT"
	serves_all_but_bob data secret
	stop_fs
	is_told_nothing_else 'llfs: the loop returned 0'
}

@test "many at once, none of whom opens for bob" {
	start_fs -n 4 -o allow_root -- "$FIXTURES/rawfs" --no-open --threads=4
	run -0 as_owner cat "$MNT/hello"
	run -0 as_owner ls "$MNT/many"
	# shellcheck disable=SC2016 # to be expanded by the other shell
	run -0 as_owner bash -c 'for reader in {1..8}; do
			cat "$0"/many/file00* &
		done | sort | uniq -c
		wait' "$MNT"
	assert_output --regexp '^ *80 hello over a device fd$'
	bob_is_refused cat "$MNT/many/file001"
	stop_fs
	is_told_nothing_else
}

@test "a symbolic link that the kernel would keep is read by the owner alone" {
	start_fs -n 2 -o allow_root -- "$FIXTURES/rawfs" --no-open
	run -0 as_owner readlink "$MNT/link"
	assert_output hello
	run -1 as_bob readlink -v "$MNT/link"
	assert_output --partial 'Permission denied'
	stop_fs

	# With allow_other the kernel keeps it, and opens for everybody.
	start_fs -n 2 -o allow_other -- "$FIXTURES/rawfs" --no-open
	run -0 as_bob readlink "$MNT/link"
	run -0 as_bob cat "$MNT/hello"
	run -0 as_owner cat "$MNT/hello"
	stop_fs
	is_told_nothing_else
}

@test "an open file that is handed to bob is his to read" {
	start_fs -n 2 -o allow_root -- "$FIXTURES/rawfs" --no-open
	run -0 as_bob cat <"$MNT/hello"
	assert_output 'hello over a device fd'
	stop_fs
	is_told_nothing_else
}
