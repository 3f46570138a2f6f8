# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of fusefd-launch for bash, with bash-completion's functions: the
# options that --help lists, users for -u, a directory to mount on, and then
# COMMAND as if it stood there alone.

# Options that take a value, as --help writes them: -n, --fds=N|auto
_fusefd_launch_valued() { # WORD
	"${COMP_WORDS[0]}" --help 2>/dev/null |
		sed -n 's/^ *\(-[^ ]\), \(--[^= ]*\)=.*/\1\n\2/p
			s/^ *\(--[^= ]*\)=.*/\1/p' |
		grep -qxFe "$1"
}

# The index of MOUNTPOINT in COMP_WORDS, or of the word at hand where it is
# still among the options. bash breaks --fds=4 into three words.
_fusefd_launch_mountpoint() {
	local i=1

	while ((i < COMP_CWORD)); do
		case ${COMP_WORDS[i]} in
		--)
			((i++))
			break
			;;
		-*)
			if [[ ${COMP_WORDS[i + 1]} == "=" ]]; then
				((i += 3))
				# listen:PATH is of three words, too.
				while [[ ${COMP_WORDS[i]-} == ":" ]]; do
					((i += 2))
				done
			elif _fusefd_launch_valued "${COMP_WORDS[i]}"; then
				((i += 2))
			else
				((i++))
			fi
			;;
		*) break ;;
		esac
	done
	echo "$i"
}

# What --unmount can be for, a line each.
_fusefd_launch_fuse_mounts() {
	local folder

	awk '{ for (i = 7; $i != "-"; i++); type = $(i + 1) }
		type ~ /^fuse(blk)?(\.|$)/ { print $5 }' /proc/self/mountinfo |
		while read -r folder; do
			printf '%b\n' "$folder"
		done
}

# A mountpoint by its whole path, or a directory as it is named from here.
_fusefd_launch_unmount() { # CUR
	local IFS=$'\n'

	if [[ $1 == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W $'--lazy\n--verbose' -- "$1")
		return
	fi
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -W "$(_fusefd_launch_fuse_mounts)" -- "$1")
	((${#COMPREPLY[@]})) || _filedir -d
}

_fusefd_launch() {
	# shellcheck disable=SC2034 # _init_completion sets them all
	local cur prev words cword split
	local mountpoint command

	_init_completion -s || return

	mountpoint=$(_fusefd_launch_mountpoint)
	if [[ " ${COMP_WORDS[*]:1:mountpoint-1} " == *" --unmount "* ]]; then
		_fusefd_launch_unmount "$cur"
		return
	fi
	# A receiver has no mountpoint: COMMAND stands there.
	if [[ " ${COMP_WORDS[*]:1:mountpoint-1} " == *" --receive "* &&
		$mountpoint -le $COMP_CWORD && $cur != -* ]]; then
		_command_offset "$mountpoint"
		return
	fi
	if ((mountpoint < COMP_CWORD)); then
		command=$((mountpoint + 1))
		[[ ${COMP_WORDS[command]} == -- && $command -lt $COMP_CWORD ]] &&
			((command++))
		_command_offset "$command"
		return
	fi

	case $prev in
	-u | --user) _allowed_users ;;
	--send | --receive)
		mapfile -t COMPREPLY < <(compgen -W 'listen: connect: fd:' \
			-- "$cur")
		compopt -o nospace
		;;
	-n | --fds) mapfile -t COMPREPLY < <(compgen -W auto -- "$cur") ;;
	*)
		if [[ $split == true ]] || _fusefd_launch_valued "$prev"; then
			return
		elif [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W \
				"$(_parse_help "${COMP_WORDS[0]}")" -- "$cur")
			[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		else
			_filedir -d
		fi
		;;
	esac
} && complete -F _fusefd_launch fusefd-launch
