#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
# shellcheck disable=SC2016 # $1 is for the shell that another user runs
#
# The example filesystem, under the launcher and without it: that a tree seen
# through it is the tree itself, for everything that programs do with files.

load helpers

setup() {
	common_setup
	requires fuse
	SOURCE=$WORK/source
	rm -rf "$SOURCE"
	as_mode user
	install -d -o "$OWNER" -g "$OWNER" "$SOURCE"
}

# serve [LAUNCHER-OPTION...] [-- PASSTHROUGH-OPTION...]
serve() {
	local options=()
	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	start_fs "${options[@]}" -- "$PASSTHROUGH" "$SOURCE" -f "${@:2}"
}

# As root and with all of root's rights, by libfuse alone.
serve_without_launcher() { # PASSTHROUGH-OPTION...
	as_mode root
	chown 0:0 "$SOURCE"
	start "$PASSTHROUGH" "$SOURCE" "$MNT" -f "$@"
	wait_mounted "$MNT"
}

as_owner() { timeout 60 "${AS_OWNER[@]}" "$@"; }
as_bob() { timeout 60 "${AS_BOB[@]}" "$@"; }

# What every file and folder below FOLDER is, but for ctime and the inode
# number; each set of hard links is known by its first name.
fingerprint() { # FOLDER
	(
		cd "$1" || exit
		find . ! -type d -printf '%i %p\n' | sort -k 2 |
			awk '{ inode = $1; sub(/^[0-9]+ /, "") }
				!(inode in first) { first[inode] = $0 }
				{ print $0, first[inode] }'
		find . -printf '%y %n %s %m %U %G %T@ %p %l\n' |
			awk '$1 == "d" { $2 = $3 = "" } 1' | sort
		find . -type f -print0 | sort -z | xargs -0r sha256sum
		find . ! -type l -print0 | sort -z |
			xargs -0r getfattr -d -m - -h 2>/dev/null
		find . ! -type l -print0 | sort -z |
			xargs -0r getfacl -pn 2>/dev/null
	)
}

assert_same_tree() { # FOLDER FOLDER
	run diff <(fingerprint "$1") <(fingerprint "$2")
	assert_success
}

# ---- Everything that one can do with files --------------------------------------

# expect_checks FOLDER OPTION...: the same of the folder as of the mount.
expect_checks() {
	local program direct
	for program in fsops fsdata; do
		direct=$(as_owner "$FIXTURES/$program" "${@:2}" "$1")
		run as_owner "$FIXTURES/$program" "${@:2}" "$MNT"
		assert_success
		assert_output "$direct"
		assert_output --regexp '^[1-9][0-9]+ passed, 0 failed$'
	done
}

@test "every operation as on the filesystem underneath: one fd, tmpfs" {
	serve --fds=1
	expect_checks "$SOURCE"
	stop_fs
}

@test "every operation as on the filesystem underneath: four fds, on disk" {
	SOURCE=$BATS_TEST_TMPDIR/source
	chmod 711 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	install -d -o "$OWNER" -g "$OWNER" "$SOURCE"
	serve --fds=4
	expect_checks "$SOURCE"
	stop_fs
}

@test "every operation for many users: root's, with the capabilities for it" {
	as_mode root
	chown 0:0 "$SOURCE"
	chmod 755 "$SOURCE"
	serve --fds=4 --options=allow_other \
		--keep-caps=chown,dac_override,fowner,fsetid,mknod
	expect_checks "$SOURCE" -p
	stop_fs
}

@test "every operation without the launcher" {
	serve_without_launcher -o allow_other
	expect_checks "$SOURCE" -p
	stop_fs
}

@test "statfs is that of the source" {
	serve
	assert_equal "$(stat -f -c '%s %S %b %c %l' "$SOURCE")" \
		"$(as_owner stat -f -c '%s %S %b %c %l' "$MNT")"
	stop_fs
}

# ---- Whole trees --------------------------------------------------------------------

# A bit of everything, by the user that this runs as.
MAKE_TREE='
	set -e
	cd "$1"
	mkdir -p plain/deep/er "odd \"names\"" empty
	for i in $(seq 150); do seq "$i" 400 >"plain/deep/file $i"; done
	head -c 3000000 /dev/urandom >plain/big
	ln plain/big plain/hard-link
	ln "plain/deep/file 1" plain/deep/er/hard-link
	ln -s ../plain/big empty/link
	ln -s /nowhere/at/all plain/dangling
	mkfifo plain/fifo
	printf x >"odd \"names\"/$(printf "tab\tnew\nline\\\\ \303\244")"
	printf y >"odd \"names\"/$(printf "%0255d" 7)"
	truncate -s 50M plain/sparse
	printf end >>plain/sparse
	printf "#!/bin/sh\n" >plain/script
	chmod 4750 plain/script
	chmod 1777 empty
	chmod 0400 "plain/deep/file 2"
	setfattr -n user.text -v "a value" plain/big
	setfattr -n user.binary -v 0x00ff00 plain/deep
	setfacl -m u:bob:rw,g:crew:r plain/big
	setfacl -d -m u:bob:rwx plain/deep
	touch -h -d "1999-12-31 23:59:59.123456789" empty/link plain/script
	touch -d "2001-02-03 04:05:06.7" plain/deep
'

# rsync takes times within one second for the same, unless the window is -1.
sync_tree() { # FOLDER FOLDER [OPTION...]
	as_owner rsync -aHAXS --checksum --modify-window=-1 "${@:3}" "$1/" "$2/"
}

@test "rsync of all that a tree can have, into the mount and out of it" {
	as_owner mkdir "$WORK/alice/made" "$WORK/alice/copy"
	as_owner sh -c "$MAKE_TREE" sh "$WORK/alice/made"
	serve --fds=4
	sync_tree "$WORK/alice/made" "$MNT"
	assert_same_tree "$WORK/alice/made" "$SOURCE"
	sync_tree "$MNT" "$WORK/alice/copy"
	assert_same_tree "$WORK/alice/made" "$WORK/alice/copy"
	assert_equal "$(stat -c %b "$SOURCE/plain/sparse")" \
		"$(stat -c %b "$WORK/alice/made/plain/sparse")"

	# Nothing is left to do, by rsync's own account.
	run sync_tree "$WORK/alice/made" "$MNT" --itemize-changes --delete
	assert_success
	assert_output ''
	as_owner rm -rf "$MNT/plain" "$WORK/alice/made" "$WORK/alice/copy"
	assert_not_exists "$SOURCE/plain"
	stop_fs
}

# This project's own library, as much of it as depends on libc alone.
BUILD_LIBRARY='
CFLAGS = -std=gnu11 -D_GNU_SOURCE -Iclone/include -pthread
sources := $(filter-out clone/fuse3%, $(wildcard clone/*.c))
libtest.a: $(sources:.c=.o) ; ar rcs $@ $^
'

@test "a git repository, and a build, inside the mount" {
	requires git
	serve --fds=4
	as_owner mkdir "$MNT/origin"
	tar -C "$BATS_TEST_DIRNAME/../lib" -c . |
		as_owner tar -C "$MNT/origin" -x --no-same-owner
	echo "$BUILD_LIBRARY" | as_owner tee "$MNT/Makefile" >/dev/null
	as_owner sh -ec '
		cd "$1/origin"
		git init -q
		git add .
		git -c user.name=a -c user.email=a@b commit -qm all
		git gc -q
		git clone -q "$1/origin" "$1/clone"
		git -C "$1/clone" fsck --strict
		test -z "$(git -C "$1/clone" status --porcelain)"
		diff -r --exclude=.git "$1/origin" "$1/clone"
		make -s -j2 -C "$1"
		make -q -C "$1"' sh "$MNT"
	run ar t "$SOURCE/libtest.a"
	assert_output --partial .o
	assert_equal "$(sha256sum <"$SOURCE/libtest.a")" \
		"$(as_owner cat "$MNT/libtest.a" | sha256sum)"
	stop_fs
}

# fio_jobs FOLDER ENGINE OPTION...
fio_jobs() {
	run as_owner fio --directory="$1" --name="$2" --ioengine="$2" \
		--numjobs=4 --size=6m --rw=randrw --verify=crc32c \
		--verify_fatal=1 --fallocate=none --output-format=terse "${@:3}"
	assert_success
}

@test "fio finds what it wrote: random offsets, several jobs" {
	requires fio
	serve --fds=4
	fio_jobs "$MNT" mmap --bsrange=4k-64k --fsync=64
	fio_jobs "$MNT" psync --bsrange=512-64k --bs_unaligned --fsync=64
	# What reached the source is what fio wrote.
	fio_jobs "$SOURCE" psync --bsrange=512-64k --bs_unaligned --verify_only
	stop_fs
}

@test "several readers at once get every byte right" {
	as_owner sh -c "$MAKE_TREE" sh "$SOURCE"
	serve --fds=4
	(cd "$SOURCE" && find . -type f ! -name sparse -print0 |
		xargs -0 sha256sum) >"$REPORT"
	for reader in 1 2 3 4; do
		as_owner sh -c 'cd "$1" && sha256sum --quiet -c' sh "$MNT" \
			<"$REPORT" &
		readers+=($!)
	done
	for reader in "${readers[@]}"; do
		wait "$reader"
	done
	stop_fs
}

@test "a tree of 5000 files is copied and removed, with readdirplus" {
	as_owner mkdir "$SOURCE/many"
	(cd "$SOURCE/many" && seq 5000 | as_owner xargs touch)
	serve --fds=4 -- -o timeout=30
	run as_owner ls -l "$MNT/many"
	assert_equal "${#lines[@]}" 5001
	run diff <(ls -in "$SOURCE/many") <(as_owner ls -in "$MNT/many")
	assert_success
	as_owner rm -r "$MNT/many"
	run ls -A "$SOURCE"
	assert_output ''
	stop_fs
}

# ---- Permissions --------------------------------------------------------------------

@test "modes and ACLs hold for other users of the mount" {
	serve --options=allow_other
	chmod 755 "$SOURCE"
	as_owner sh -c 'cd "$1" && umask 022 && echo mine >private &&
		chmod 600 private && cp private shared && cp private public &&
		chmod 644 public && setfacl -m u:bob:r shared' sh "$MNT"
	run as_bob cat "$MNT/private"
	assert_failure
	assert_output --partial 'Permission denied'
	run as_bob cat "$MNT/public" "$MNT/shared"
	assert_success
	assert_output $'mine\nmine'
	run as_bob sh -c 'echo no >>"$1/shared" || touch "$1/new"' sh "$MNT"
	assert_failure
	stop_fs
}

@test "a default ACL takes the place of the umask" {
	serve
	as_owner sh -c 'umask 077; mkdir "$1/acl" "$1/plain"
		setfacl -d -m u::rwx,g::rwx,o::rx "$1/acl"
		touch "$1/acl/file" "$1/plain/file"
		mkdir "$1/acl/folder" "$1/plain/folder"' sh "$MNT"
	assert_equal "$(stat -c %a "$SOURCE"/{acl,plain}/{file,folder} | xargs)" \
		"664 775 600 700"
	stop_fs
}

@test "what another user creates is that user's, where we may give it" {
	serve_without_launcher -o allow_other
	chmod 1777 "$SOURCE"
	as_bob sh -c 'cd "$1" && umask 022 && echo text >file && mkdir folder &&
		ln -s file link && mkfifo fifo && cp file suid &&
		chmod 4755 suid && echo more >>suid' sh "$MNT"
	assert_equal "$(stat -c %u "$SOURCE"/{file,folder,link,fifo,suid} | uniq)" \
		"$BOB"
	# Root wrote underneath, but it was bob who wrote.
	assert_equal "$(stat -c %a "$SOURCE/suid")" 755
	stop_fs
}

# ---- A source that others change ------------------------------------------------------

@test "changes in the source show at once" {
	serve
	echo one >"$SOURCE/file"
	assert_equal "$(as_owner cat "$MNT/file")" one
	echo three >"$SOURCE/file"
	assert_equal "$(as_owner cat "$MNT/file")" three
	assert_equal "$(as_owner stat -c %s "$MNT/file")" 6
	rm "$SOURCE/file"
	run as_owner cat "$MNT/file"
	assert_failure
	mkdir "$SOURCE/file"
	run as_owner rmdir "$MNT/file"
	assert_success
	stop_fs
}

@test "O_APPEND finds the true end of a file that others write to" {
	serve
	as_owner sh -c 'exec >>"$1/log"; echo a; echo b >>"$2/log"; echo c' sh \
		"$MNT" "$SOURCE"
	assert_equal "$(as_owner cat "$MNT/log" | xargs)" 'a b c'
	stop_fs
}

@test "a file that appears while it is being created is opened, if one may" {
	serve --options=allow_other -- -o negative_timeout=60
	chmod 777 "$SOURCE"
	run as_bob cat "$MNT/file" "$MNT/secret"
	assert_failure
	echo there >"$SOURCE/file"
	echo there >"$SOURCE/secret"
	chmod 666 "$SOURCE/file"
	chmod 600 "$SOURCE/secret"
	chown "$OWNER" "$SOURCE/secret"
	as_bob sh -c 'echo more >>"$1/file"' sh "$MNT"
	assert_equal "$(xargs <"$SOURCE/file")" 'there more'
	run as_bob sh -c 'echo more >>"$1/secret"' sh "$MNT"
	assert_failure
	assert_output --partial 'Permission denied'
	assert_equal "$(<"$SOURCE/secret")" there
	stop_fs
}

@test "a symbolic link that takes a folder's place leads nowhere" {
	as_owner mkdir "$SOURCE/folder"
	as_owner touch "$SOURCE/folder/file"
	as_owner mkdir "$WORK/alice/outside"
	echo secret | as_owner tee "$WORK/alice/outside/file" >/dev/null
	serve -- -o timeout=60
	as_owner stat "$MNT/folder/file" >/dev/null
	mv "$SOURCE/folder" "$SOURCE/old"
	ln -s ../alice/outside "$SOURCE/folder"
	run as_owner cat "$MNT/folder/file"
	assert_failure
	refute_output --partial secret
	run as_owner touch "$MNT/folder/new"
	assert_failure
	assert_not_exists "$WORK/alice/outside/new"
	stop_fs
}

@test "the source may be renamed while it is served" {
	serve
	mv "$SOURCE" "$SOURCE.moved"
	as_owner touch "$MNT/file"
	assert_exists "$SOURCE.moved/file"
	stop_fs
	rm -r "$SOURCE.moved"
}

@test "what is mounted below the source is not shown, be it this very mount" {
	serve --fds=1
	mkdir "$SOURCE/inside" "$SOURCE/self"
	mount -t tmpfs none "$SOURCE/inside"
	mount --bind "$MNT" "$SOURCE/self"
	for folder in inside self; do
		run as_owner ls "$MNT/$folder"
		assert_failure
		assert_output --partial 'Invalid cross-device link'
	done
	umount "$SOURCE/inside" "$SOURCE/self"
	as_owner rmdir "$MNT/inside"
	stop_fs
}

# ---- Starting it -----------------------------------------------------------------------

@test "mounted over the source itself, without the launcher" {
	echo text >"$SOURCE/file"
	as_mode root
	MNT=$SOURCE
	start "$PASSTHROUGH" "$SOURCE" "$MNT" -f
	wait_mounted "$MNT"
	assert_equal "$(timeout 10 cat "$MNT/file")" text
	stop_fs
}

@test "mounted over the source by the launcher: its fd says which folder" {
	echo text >"$SOURCE/file"
	as_mode root
	MNT=$SOURCE
	# The launcher has mounted before the filesystem starts.
	run timeout 10 "${LAUNCH[@]}" "$MNT" -- "$PASSTHROUGH" "$MNT" -f
	assert_failure 1
	assert_output "passthrough: cannot show '$MNT': the mount hides it;\
 open it before, and pass /dev/fd/N"
	umount "$MNT"
	start bash -c 'exec "$@" 9<"$0"' "$SOURCE" "${LAUNCH[@]}" --keep-fd=9 \
		"$MNT" -- "$PASSTHROUGH" /dev/fd/9 -f
	wait_mounted "$MNT"
	assert_equal "$(timeout 10 cat "$MNT/file")" text
	stop_fs
}

@test "more open files than the soft limit allows" {
	ulimit -S -n 64
	serve
	ulimit -S -n 1024
	as_owner bash -ec 'cd "$1"
		for i in {1..200}; do exec {fd}>"file $i"; done
		echo last >&"$fd"' bash "$MNT"
	assert_equal "$(<"$SOURCE/file 200")" last
	stop_fs
}

@test "a write beyond the filesystem's own file size limit is an error" {
	ulimit -S -f 8
	serve
	ulimit -S -f unlimited
	run as_owner dd if=/dev/zero of="$MNT/file" bs=4096 count=4
	assert_failure
	assert_output --partial 'File too large'
	as_owner stat "$MNT" >/dev/null
	stop_fs
}

@test "the mount is named after its source, without the launcher" {
	SOURCE=$WORK/'a, b'
	mkdir "$SOURCE"
	serve_without_launcher
	assert_equal "$(mount_field "$MNT" source)" "$WORK/a,\\040b"
	assert_equal "$(mount_field "$MNT" type)" fuse.passthrough
	stop_fs
}

@test "what is wrong with the command line is said in one line" {
	run -2 "$PASSTHROUGH"
	assert_output 'passthrough: no source directory given (see passthrough --help)'
	run -1 "$PASSTHROUGH" "$WORK/nowhere" "$MNT"
	assert_output "passthrough: cannot show '$WORK/nowhere': No such file or directory"
	run -1 "$PASSTHROUGH" /etc/passwd "$MNT"
	assert_output "passthrough: cannot show '/etc/passwd': Not a directory"
	chmod 700 "$SOURCE"
	chown 0:0 "$SOURCE"
	run -1 as_owner "$PASSTHROUGH" "$SOURCE" "$MNT"
	assert_output "passthrough: cannot show '$SOURCE': Permission denied"
	run -3 "$PASSTHROUGH" "$SOURCE" "$MNT" -o nonsense
	assert_output --partial nonsense
	run -0 "$PASSTHROUGH" --help
	assert_line --index 0 "usage: $PASSTHROUGH SOURCE [MOUNTPOINT] [options]"
	assert_line --partial 'timeout=SECONDS'
	run -0 "$PASSTHROUGH" --version
}
