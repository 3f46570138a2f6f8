#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make install and uninstall, and what can be built on what they install.
#
# Of the plain build only: it builds and installs its own.

load helpers

setup() {
	common_setup
	requires fuse
	TREE=$BATS_TEST_DIRNAME/..
	PLACE=$WORK/place
}

teardown() {
	rm -rf "$PLACE"
	common_teardown
}

make_it() { # TARGET [VARIABLE=VALUE]...
	make --no-print-directory -s -C "$TREE" BUILD="$FUSEFD_PLAIN_BUILD" "$@" 2>&1
}

installed() { (cd "$PLACE" && find . ! -type d | sort); }

@test "install puts everything below DESTDIR and PREFIX, uninstall takes it away" {
	local where=(DESTDIR="$PLACE" PREFIX=/opt/x)
	make_it install "${where[@]}"
	run installed
	refute_line --regexp '^\./(opt/x/)?[^/]*$'
	assert_equal "$(stat -c %a "$PLACE/opt/x/sbin/mount.fusefd")" 755
	for file in bin/fusefd-launch sbin/mount.fusefd include/fusefd.h include/fusefd_fuse3.h \
		lib/libfusefd{,-fuse3}.{a,so,so.0} \
		lib/pkgconfig/libfusefd{,-fuse3}.pc \
		share/man/man8/{fusefd-launch,mount.fusefd}.8 share/man/man7/fusefd.7 \
		share/bash-completion/completions/fusefd-launch \
		share/doc/fusefd/{COPYING,examples/passthrough/main.c}; do
		assert_line "./opt/x/$file"
	done
	# Somebody else's.
	touch "$PLACE/opt/x/lib/libother.so" "$PLACE/opt/x/bin/other"
	make_it uninstall "${where[@]}"
	run installed
	assert_output $'./opt/x/bin/other\n./opt/x/lib/libother.so'
}

@test "mount finds mount.fusefd in SBINDIR, and it finds the launcher" {
	make_it install PREFIX="$PLACE" SBINDIR="$PLACE/helpers"
	assert_not_exists "$PLACE/sbin"
	run -0 "$PLACE/helpers/mount.fusefd" --help
	assert_line --index 0 --partial 'Usage: mount.fusefd SOURCE MOUNTPOINT'
	make_it uninstall PREFIX="$PLACE" SBINDIR="$PLACE/helpers"
	assert_not_exists "$PLACE/helpers/mount.fusefd"
}

@test "mount.fusefd takes the place of a link to the launcher, without its privilege" {
	make_it install PREFIX="$PLACE"
	ln -sfn "$PLACE/bin/fusefd-launch" "$PLACE/sbin/mount.fusefd"
	make_it install PREFIX="$PLACE"
	assert_equal "$(stat -c '%F %a' "$PLACE/sbin/mount.fusefd")" 'regular file 755'
	assert_equal "$(stat -c %a "$PLACE/bin/fusefd-launch")" 4755
	run -1 cmp -s "$PLACE/sbin/mount.fusefd" "$PLACE/bin/fusefd-launch"
}

# check_with HELPER [PREFIX...]: have it check a request, which the launcher does.
check_with() { run clean_fds "${@:2}" "$1" -fv -t fusefd.true none "$WORK/mnt"; }

@test "mount.fusefd finds the launcher in its own folder, in ../bin and where root looks" {
	local helper=$PLACE/alone/mount.fusefd
	make_it install PREFIX="$PLACE"
	check_with "$PLACE/sbin/mount.fusefd"
	assert_success
	assert_line --partial "mount.fusefd: would execute"

	# By a link from elsewhere.
	mkdir "$PLACE/alone"
	ln -s ../sbin/mount.fusefd "$helper"
	check_with "$helper"
	assert_success

	install "$PLACE/sbin/mount.fusefd" "$helper"
	mv "$PLACE/bin" "$PLACE/elsewhere"
	check_with "$helper" unshare --mount bash -c \
		'mount --bind "$0" /usr/local/bin && exec "$@"' "$PLACE/elsewhere"
	assert_success
	ln -s "$PLACE/elsewhere/fusefd-launch" "$PLACE/alone"
	check_with "$helper"
	assert_success
	rm "$PLACE/alone/fusefd-launch"

	! PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		command -v fusefd-launch || skip "there is one installed here"
	check_with "$helper"
	assert_equal "$status" 2
	assert_output --partial "mount.fusefd: cannot find 'fusefd-launch'"
}

@test "a launcher that may not be executed is a failure of the system" {
	make_it install PREFIX="$PLACE"
	chmod 0700 "$PLACE/bin/fusefd-launch"
	check_with "$PLACE/sbin/mount.fusefd" "${AS_ALICE[@]}"
	assert_equal "$status" 2
	assert_output "mount.fusefd: cannot execute '$PLACE/sbin/../bin/fusefd-launch': Permission denied"
}

@test "PRIVILEGE: setuid root by default, or file capabilities, or none" {
	local launcher=$PLACE/bin/fusefd-launch
	make_it install PREFIX="$PLACE"
	assert_equal "$(stat -c '%a %u:%g' "$launcher")" '4755 0:0'
	make_it install PREFIX="$PLACE" PRIVILEGE=none
	assert_equal "$(stat -c %a "$launcher")" 755
	run getcap "$launcher"
	assert_output ''
	make_it install PREFIX="$PLACE" PRIVILEGE=caps
	assert_equal "$(stat -c %a "$launcher")" 755
	run getcap "$launcher"
	assert_output --partial cap_sys_admin
	run make_it install PREFIX="$PLACE" PRIVILEGE=everything
	assert_failure
	assert_output --partial "PRIVILEGE is setuid, caps or none, not 'everything'"
}

@test "an installed launcher works for alice, setuid and by capabilities" {
	local privilege
	requires setuid caps
	for privilege in setuid caps; do
		make_it install PREFIX="$PLACE" PRIVILEGE=$privilege
		as_mode setuid
		LAUNCH=("${AS_ALICE[@]}" "$PLACE/bin/fusefd-launch")
		launch_probe -n 2
		assert_unprivileged
	done
}

@test "the example builds with pkg-config alone, shared and static, and runs" {
	local pc=(env PKG_CONFIG_PATH="$PLACE/lib/pkgconfig" pkg-config)
	local example=$PLACE/share/doc/fusefd/examples/passthrough
	local program=$PLACE/bin/example flags
	make_it install PREFIX="$PLACE"
	assert_equal "$("${pc[@]}" --modversion libfusefd-fuse3)" \
		"$("$PLACE/bin/fusefd-launch" -V | cut -d ' ' -f 2)"

	read -ra flags < <("${pc[@]}" --cflags --libs libfusefd-fuse3 fuse3)
	gcc -D_GNU_SOURCE -o "$program" "$example"/*.c "${flags[@]}" \
		-Wl,--disable-new-dtags,-rpath,"$PLACE/lib"
	run -0 ldd "$program"
	assert_output --partial "$PLACE/lib/libfusefd.so.0"
	assert_output --partial "$PLACE/lib/libfusefd-fuse3.so.0"
	start_fs -n 4 -- "$program" -f "$WORK/bin"
	run -0 cmp "$MNT/setuid/fusefd-launch" "$LAUNCHER_SETUID"
	stop_fs

	rm "$PLACE"/lib/*.so*
	gcc -D_GNU_SOURCE -o "$program" "$example"/*.c "${flags[@]}"
	run -0 ldd "$program"
	refute_output --partial libfusefd
	start_fs -n 4 -- "$program" -f "$WORK/bin"
	stop_fs
}

@test "the libraries export what the headers declare, and nothing else" {
	local library declared
	make_it install PREFIX="$PLACE"
	for library in fusefd:fusefd.h fusefd-fuse3:fusefd_fuse3.h; do
		declared=$(grep -oE '\bfusefd_[a-z0-9_]+\(' "$PLACE/include/${library#*:}" |
			tr -d '(' | sort -u)
		run -0 nm -D --defined-only "$PLACE/lib/lib${library%:*}.so.0"
		while read -r _ kind name; do
			[[ $kind == T ]] || continue
			grep -qx "${name%%@*}" <<<"$declared" ||
				fail "exported, not declared: $name"
		done <<<"$output"
		[[ $output == *' T '* ]]
	done
	# libc and nothing else, as its users are told.
	run -0 readelf -d "$PLACE/lib/libfusefd.so.0"
	run -0 grep -c NEEDED <<<"$output"
	assert_output 1
}

@test "the launcher is position independent, with full RELRO, and no executable stack" {
	run -0 readelf -hldW "$FUSEFD_PLAIN_BUILD/fusefd-launch"
	assert_output --regexp 'Type: +DYN'
	assert_output --partial BIND_NOW
	assert_output --partial GNU_RELRO
	assert_line --regexp 'GNU_STACK .* RW +0x'
}

@test "the headers compile alone, as C and as C++" {
	local header
	for header in fusefd.h fusefd_fuse3.h; do
		echo "#include <$header>" | gcc -I"$TREE/lib/include" -Wall -Wextra \
			-Wstrict-prototypes -Werror -std=c99 -D_GNU_SOURCE -fsyntax-only -x c -
		command -v g++ >/dev/null || continue
		echo "#include <$header>" | g++ -I"$TREE/lib/include" -Wall -Wextra \
			-Werror -fsyntax-only -x c++ -
	done
}
