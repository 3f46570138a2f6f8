/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/mount_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "launch/mount/mount_options.h"

/* What concerns mount(8), systemd or whoever reads fstab, and flags of the
 * kernel's that change nothing here. mount(8) keeps most of them to itself, but
 * not all versions do, and others call a helper, too. An '=' at the end stands
 * for any value. */
static const char *const of_others[] = {
	"defaults",  "auto",	   "noauto",	   "user",     "user=",
	"nouser",    "users",	   "nousers",	   "owner",    "noowner",
	"group",     "nogroup",	   "_netdev",	   "nofail",   "comment=",
	"uhelper=",  "helper=",	   "loud",	   "silent",   "mand",
	"nomand",    "lazytime",   "nolazytime",   "iversion", "noiversion",
	"symfollow", "norelatime", "nostrictatime"};

/* What would change something, and is not there. */
static const char *const lacking[] = {"restart", "passthrough", "nosymfollow"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The value of NAME=VALUE, or NULL. */
static const char *value_of(const char *option, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(option, name, length) == 0 && option[length] == '='
		       ? option + length + 1
		       : NULL;
}

static bool is(const char *option, const char *name)
{
	return strcmp(option, name) == 0 || value_of(option, name);
}

static bool concerns_others(const char *option)
{
	if (starts_with(option, "x-") || starts_with(option, "X-"))
		return true;
	for (size_t i = 0; i < COUNT(of_others); i++) {
		const char *name = of_others[i];

		if (name[strlen(name) - 1] == '=' ? starts_with(option, name)
						  : strcmp(option, name) == 0)
			return true;
	}
	return false;
}

static bool is_lacking(const char *option)
{
	for (size_t i = 0; i < COUNT(lacking); i++)
		if (is(option, lacking[i]))
			return true;
	return false;
}

static bool take_value(const char **place, const char *option, const char *name)
{
	const char *value = value_of(option, name);

	if (!value && strcmp(option, name) == 0)
		die("mount option '%s' needs a value: %s=VALUE", name, name);
	if (value)
		*place = value;
	return value;
}

static bool take_flag(const char **place, const char *option, const char *name)
{
	const bool given = strcmp(option, name) == 0;

	if (given)
		*place = "";
	return given;
}

static bool is_for_launcher(struct mount_list *list, const char *option)
{
	for (const struct option_row *row = option_table; row->name; row++)
		if (row->fstab &&
		    (row->value ? take_value : take_flag)(
			    &list->launch[row->number], option, row->fstab))
			return true;
	return take_value(&list->command, option, "command");
}

static void sort(struct mount_list *list, const char *option, bool sloppy)
{
	if (!*option || concerns_others(option))
		return;
	if (strcmp(option, "remount") == 0) {
		list->remount = true;
	} else if (is_lacking(option)) {
		if (!sloppy)
			die("mount option %s: this version has no such option",
			    quoted(option));
		say("mount option %s is left out: this version has no such "
		    "option",
		    quoted(option));
	} else if (is_for_launcher(list, option)) {
		return;
	} else if (mount_options_knows(option)) {
		list->has_fsname |= is(option, "fsname");
		mount_list_add(&list->mount, option);
	} else {
		mount_list_add(&list->filesystem, option);
	}
}

/* The next option of *rest, in place, without its quotes and backslashes. */
static char *next_option(char **rest)
{
	char *const option = *rest;
	char *from = option, *to = option;
	bool within_quotes = false;

	for (; *from && (within_quotes || *from != ','); from++) {
		if (*from == '"') {
			within_quotes = !within_quotes;
			continue;
		}
		if (from[0] == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	if (within_quotes)
		die("the list of -o has a double quote that is not closed");
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return option;
}

void mount_list_read(struct mount_list *list, const char *text, bool sloppy)
{
	char *rest = need_memory(strdup(text));

	*list = (struct mount_list){0};
	while (rest)
		sort(list, next_option(&rest), sloppy);
}

void mount_list_add(struct text *list, const char *option)
{
	if (list->length)
		text_add(list, ",");
	for (; *option; option++) {
		if (*option == ',' || *option == '\\')
			text_add(list, "\\");
		text_add_bytes(list, option, 1);
	}
}
