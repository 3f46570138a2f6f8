/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/mount_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "common/die.h"
#include "common/number.h"

const char *const security_label_keys[LABELS] = {
	[LABEL_CONTEXT] = "context",
	[LABEL_FS] = "fscontext",
	[LABEL_DEF] = "defcontext",
	[LABEL_ROOT] = "rootcontext",
};

/* An option without a value: it clears and sets attributes of the mount, and
 * sets one member to on. */
struct flag {
	const char *name;
	uint64_t clear;
	uint64_t set;
	size_t member; /* 0, attributes, where there is none */
	bool on;
};

#define MEMBER(name) offsetof(struct mount_options, name)

static const struct flag flags[] = {
	{"ro", 0, MOUNT_ATTR_RDONLY, MEMBER(read_only), true},
	{"rw", MOUNT_ATTR_RDONLY, 0, MEMBER(read_only), false},
	{"exec", MOUNT_ATTR_NOEXEC, 0, 0, false},
	{"noexec", 0, MOUNT_ATTR_NOEXEC, 0, false},
	{"suid", MOUNT_ATTR_NOSUID, 0, MEMBER(suid), true},
	{"nosuid", 0, MOUNT_ATTR_NOSUID, MEMBER(suid), false},
	{"dev", MOUNT_ATTR_NODEV, 0, MEMBER(dev), true},
	{"nodev", 0, MOUNT_ATTR_NODEV, MEMBER(dev), false},
	{"sync", 0, 0, MEMBER(synchronous), true},
	{"async", 0, 0, MEMBER(synchronous), false},
	{"dirsync", 0, 0, MEMBER(dirsync), true},
	{"atime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME, 0, false},
	{"noatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, 0, false},
	{"relatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME, 0, false},
	{"strictatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME, 0, false},
	{"diratime", MOUNT_ATTR_NODIRATIME, 0, 0, false},
	{"nodiratime", 0, MOUNT_ATTR_NODIRATIME, 0, false},
	{"allow_other", 0, 0, MEMBER(allow_other), true},
	{"allow_root", 0, 0, MEMBER(allow_root), true},
	{"default_permissions", 0, 0, MEMBER(default_permissions), true},
	{"no_default_permissions", 0, 0, MEMBER(no_default_permissions), true},
	{"fuseblk", 0, 0, MEMBER(fuseblk), true},
};

/* An option with a value. */
struct setting {
	const char *name;
	size_t member;
	bool number;
};

static const struct setting settings[] = {
	{"fsname", MEMBER(fsname), false},
	{"subtype", MEMBER(subtype), false},
	{"max_read", MEMBER(max_read), true},
	{"blksize", MEMBER(blksize), true},
	{"context", MEMBER(labels[LABEL_CONTEXT]), false},
	{"fscontext", MEMBER(labels[LABEL_FS]), false},
	{"defcontext", MEMBER(labels[LABEL_DEF]), false},
	{"rootcontext", MEMBER(labels[LABEL_ROOT]), false},
};

/* The kernel's own keys, whose values nobody but the launcher decides. */
static const char *const ours[] = {"fd", "rootmode", "user_id", "group_id",
				   "source"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void mount_options_init(struct mount_options *options)
{
	*options = (struct mount_options){
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
}

static bool apply_flag(struct mount_options *options, const char *name)
{
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (strcmp(name, flags[i].name) != 0)
			continue;
		options->attributes &= ~flags[i].clear;
		options->attributes |= flags[i].set;
		if (flags[i].member)
			*(bool *)((char *)options + flags[i].member) =
				flags[i].on;
		return true;
	}
	return false;
}

static bool apply_setting(struct mount_options *options, const char *name,
			  const char *value)
{
	unsigned long number;

	for (size_t i = 0; i < COUNT(settings); i++) {
		if (strcmp(name, settings[i].name) != 0)
			continue;
		if (!value || !*value)
			die("mount option %s needs a value: %s=VALUE",
			    quoted(name), settings[i].name);
		if (strlen(value) > MOUNT_OPTION_VALUE_MAX)
			die("mount option %s: its value is longer than %d "
			    "bytes",
			    quoted(name), MOUNT_OPTION_VALUE_MAX);
		if (settings[i].number &&
		    !number_parse(value, UINT32_MAX, &number))
			die("mount option %s: %s is not a number of bytes",
			    quoted(name), quoted(value));
		*(const char **)((char *)options + settings[i].member) = value;
		return true;
	}
	return false;
}

static void apply(struct mount_options *options, char *option)
{
	char *value = strchr(option, '=');

	if (!*option)
		die("empty mount option in the list of -o\n"
		    "Take away the comma that is one too many.");
	if (!value && apply_flag(options, option))
		return;
	if (value)
		*value++ = '\0';
	if (apply_setting(options, option, value))
		return;
	for (size_t i = 0; i < COUNT(ours); i++)
		if (strcmp(option, ours[i]) == 0)
			die("mount option %s is not yours to set: "
			    "fusefd-launch does",
			    quoted(option));
	if (value && apply_flag(options, option))
		die("mount option %s takes no value", quoted(option));
	die("unknown mount option %s\n"
	    "Options of the filesystem itself go behind COMMAND.",
	    quoted(option));
}

/* The next option of *rest, unescaped in place: a backslash before a comma or
 * a backslash makes it an ordinary character. */
static char *next_option(char **rest)
{
	char *const option = *rest;
	char *from = option, *to = option;

	while (*from && *from != ',') {
		if (from[0] == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return option;
}

void mount_options_parse(struct mount_options *options, const char *list)
{
	char *rest = need_memory(strdup(list));

	options->length += strlen(list);
	if (options->length > MOUNT_OPTIONS_MAX)
		die("the list of mount options is longer than %d bytes",
		    MOUNT_OPTIONS_MAX);
	while (rest)
		apply(options, next_option(&rest));
}

static bool has_name(const char *option, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(option, name, length) == 0 &&
	       (option[length] == '\0' || option[length] == '=');
}

bool mount_options_knows(const char *option)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (has_name(option, flags[i].name))
			return true;
	for (size_t i = 0; i < COUNT(settings); i++)
		if (has_name(option, settings[i].name))
			return true;
	for (size_t i = 0; i < COUNT(ours); i++)
		if (has_name(option, ours[i]))
			return true;
	return false;
}

bool mount_options_is_subtype(const char *text)
{
	return *text && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "abcdefghijklmnopqrstuvwxyz"
					  "0123456789_.-")] == '\0';
}

void mount_options_finish(struct mount_options *options)
{
	if (options->allow_other && options->allow_root)
		die("mount options 'allow_other' and 'allow_root' exclude "
		    "each other");
	if (options->default_permissions && options->no_default_permissions)
		die("mount options 'default_permissions' and "
		    "'no_default_permissions' exclude each other");
	if (options->subtype && !mount_options_is_subtype(options->subtype))
		die("mount option 'subtype': %s has characters other than "
		    "letters, digits, '_', '.' and '-'",
		    quoted(options->subtype));
	if (options->blksize && !options->fuseblk)
		die("mount option 'blksize' goes with 'fuseblk' only");
	/* A filesystem that meant to ask for it itself would otherwise let
	 * everybody read everything. */
	if ((options->allow_other || options->allow_root) &&
	    !options->no_default_permissions)
		options->default_permissions = true;
}
