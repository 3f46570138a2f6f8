# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the files on systemd share: the example units as `make install` puts them
# down, and a machine such as they speak of: programs where they name them, the
# user 'files', folders, an image, a host to log in to. All of that is put over
# the machine's own folders, in this mount namespace only.

UNITS=/usr/local/share/doc/fusefd/examples/systemd
SERVICE_UNITS=(fusefd-files.service fusefd-squashfs@.service)
FILES=$((FUSEFD_FIRST_ID + 4)) # the user 'files'
AS_FILES=(setpriv --reuid=files --regid=files --init-groups)

# Once in a bats file, after common_setup; the mounts are to stay.
place_machine() {
	[[ ! -e $WORK/root ]] || return 0
	make --no-print-directory -s -C "$BATS_TEST_DIRNAME/.." install \
		BUILD="$FUSEFD_PLAIN_BUILD" DESTDIR="$WORK/root" >/dev/null
	place_programs
	place_folders
	echo "files:x:$FILES:$FILES::/:/bin/sh" >>/etc/passwd
	echo "files:x:$FILES:" >>/etc/group
	# Everybody may open it, as udev has it.
	mknod -m 0666 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

# Of ssh, sshfs wants no more than the far end of its protocol.
place_programs() {
	local sbin
	sbin=$(realpath /sbin)

	install "$FUSEFD_PLAIN_BUILD/examples/passthrough" "$WORK/root/usr/local/bin"
	printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' \
		>"$WORK/root/usr/local/bin/ssh"
	chmod 755 "$WORK/root/usr/local/bin/ssh"
	mount --bind "$WORK/root/usr/local" /usr/local
	cp -a "$sbin" "$WORK/sbin"
	ln -sf /usr/local/sbin/mount.fusefd "$WORK/sbin/mount.fusefd"
	mount --bind "$WORK/sbin" "$sbin"
}

place_folders() {
	mkdir -p "$WORK"/{srv/files,srv/docs,far/remote}
	install -d -o "$FILES" -g "$FILES" "$WORK/srv/shared"
	echo served >"$WORK/srv/files/file"
	mksquashfs "$WORK/srv/files" "$WORK/srv/docs.squashfs" -quiet -no-progress \
		>/dev/null
	mount --bind "$WORK/srv" /srv
	mount --bind "$WORK/far" /mnt
}

# What systemd reads: no unit has a line that goes on in the next one. %f is the
# template's mountpoint.
unit_values() { # UNIT KEY
	sed -n "s|^$2=||p" "$UNITS/$1" | sed 's|%f|/srv/docs|g'
}

mountpoint_of() { # UNIT
	case $1 in
	fusefd-files.service) echo /srv/shared ;;
	fusefd-squashfs@*) echo /srv/docs ;;
	mnt-remote.*) echo /mnt/remote ;;
	esac
}

# assert_serves UNIT [PREFIX...]: a user who may look at its mount sees the file
# in there.
assert_serves() {
	local as=("${AS_FILES[@]}")
	[[ $1 == fusefd-files.service ]] || as=("${AS_BOB[@]}")
	run -0 timeout 10 "${@:2}" "${as[@]}" cat "$(mountpoint_of "$1")/file"
	assert_output served
}

# The first of its children that is no keeper; and its keeper.
child_of() { # PID
	local child children
	read -ra children <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		is_keeper "$child" || { echo "$child"; return; }
	done
}
keeper_of() { # PID
	local child children
	read -ra children <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		! is_keeper "$child" || echo "$child"
	done
}
is_keeper() { [[ $(cat "/proc/$1/comm") == fusefd-keeper ]]; }
