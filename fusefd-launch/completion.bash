# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of fusefd-launch for bash, with bash-completion's functions: the
# options that --help lists, users for -u, a directory to mount on, and then
# COMMAND as if it stood there alone.

# Options that take a value, as --help writes them: -n, --fds=N|auto
_fusefd_launch_valued() { # WORD
	"${COMP_WORDS[0]}" --help 2>/dev/null |
		sed -n 's/^ *\(-[^ ]*\), \(--[^=]*\)=.*/\1\n\2/p' |
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

_fusefd_launch() {
	# shellcheck disable=SC2034 # _init_completion sets them all
	local cur prev words cword split
	local mountpoint command

	_init_completion -s || return

	mountpoint=$(_fusefd_launch_mountpoint)
	if ((mountpoint < COMP_CWORD)); then
		command=$((mountpoint + 1))
		[[ ${COMP_WORDS[command]} == -- && $command -lt $COMP_CWORD ]] &&
			((command++))
		_command_offset "$command"
		return
	fi

	case $prev in
	-u | --user) _allowed_users ;;
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
