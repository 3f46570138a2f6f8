/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/mount_helper.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"
#include "launch/command/command.h"
#include "launch/mount/mount_options.h"
#include "launch/option_table.h"
#include "mount-helper/command_template.h"
#include "mount-helper/mount_list.h"
#include "mount-helper/mount_request.h"

/* ---- setuid= -------------------------------------------------------------- */

static bool names_uid(const char *user, uid_t uid)
{
	const struct passwd *entry;
	unsigned long number;

	if (number_parse(user, UINT32_MAX, &number))
		return number == uid;
	entry = getpwnam(user);
	return entry && entry->pw_uid == uid;
}

/* A user's filesystem runs as that user anyway: fstab may say so. */
static void judge_setuid(struct mount_list *list)
{
	const char *user = list->launch['u'];
	const uid_t uid = getuid();

	if (!user || uid == 0)
		return;
	if (!names_uid(user, uid))
		die("mount option 'setuid': %s is not you (uid %u)\n"
		    "Only root mounts for others, or with another group.",
		    quoted(user), uid);
	list->launch['u'] = NULL;
}

/* ---- In fusefd-launch's words --------------------------------------------- */

static void add(struct command_line *line, const char *argument)
{
	const size_t room = (size_t)line->count + 2;

	line->arguments = need_memory(
		reallocarray(line->arguments, room, sizeof(char *)));
	line->arguments[line->count++] = need_memory(strdup(argument));
	line->arguments[line->count] = NULL;
}

static void add_with_value(struct command_line *line, const char *name,
			   const char *value)
{
	struct text text = {0};

	text_add(&text, name);
	text_add(&text, value);
	add(line, text.bytes);
}

/* In fstab commas stand between options, and so not in a value. */
static void add_launch_option(struct command_line *line,
			      const struct option_row *row, const char *value)
{
	struct text text = {0};
	size_t begin;

	text_add(&text, "--");
	text_add(&text, row->name);
	if (row->value)
		text_add(&text, "=");
	begin = text.length;
	text_add(&text, value);
	for (char *byte = text.bytes + begin; *byte; byte++)
		if (*byte == row->fstab_comma)
			*byte = ',';
	add(line, text.bytes);
}

static void add_launch_options(struct command_line *line,
			       const struct mount_list *list)
{
	for (const struct option_row *row = option_table; row->name; row++)
		if (list->launch[row->number])
			add_launch_option(line, row, list->launch[row->number]);
}

/* How the mount is listed: 'mount -a' and umount(8) look for fstab's source. */
static void add_names(struct command_line *line,
		      const struct mount_request *request,
		      const struct mount_list *list)
{
	const char *subtype =
		request->type ? command_base_name(request->type) : "";
	struct text names = {0}, fsname = {0};

	if (mount_options_is_subtype(subtype)) {
		text_add(&names, "subtype=");
		text_add(&names, subtype);
	}
	if (!list->has_fsname && *request->source) {
		if (strlen(request->source) > MOUNT_OPTION_VALUE_MAX)
			die("the source %s is longer than the %d bytes that "
			    "the table of mounts takes\n"
			    "Give it a short name there, with fsname=NAME.",
			    quoted(request->source), MOUNT_OPTION_VALUE_MAX);
		text_add(&fsname, "fsname=");
		text_add(&fsname, request->source);
		mount_list_add(&names, fsname.bytes);
	}
	if (names.length)
		add_with_value(line, "--options=", names.bytes);
}

/* COMMAND's arguments; what is not there leaves no word. */
static void add_words(struct command_line *line, char *const *words,
		      bool has_source, bool has_options)
{
	for (; *words; words++) {
		const char *word = *words, *next = words[1];

		if (!has_options && next && strcmp(word, "-o") == 0 &&
		    strcmp(next, "{options}") == 0)
			continue;
		if (!has_options && strcmp(word, "{options}") == 0)
			continue;
		if (!has_source && strcmp(word, "{source}") == 0)
			continue;
		add(line, word);
	}
}

static bool takes_options(char *const *words)
{
	while (*++words)
		if (strstr(*words, "{options}"))
			return true;
	return false;
}

/* Options that nobody takes are unknown ones. */
static void judge_options(struct mount_list *list, char *const *words,
			  bool sloppy)
{
	if (!list->filesystem.length || takes_options(words))
		return;
	if (!sloppy)
		die("the mount options %s are for the filesystem, and its "
		    "'command' has no {options} for them",
		    quoted(list->filesystem.bytes));
	list->filesystem.length = 0;
}

/* What it is must not depend on the directory that mount(8) was called in. */
static void judge_program(const char *name)
{
	if (!*name || *name == '-' || (*name != '/' && strchr(name, '/')))
		die("%s is neither the name of a program nor an absolute path",
		    quoted(name));
}

static char **choose_words(const struct mount_request *request,
			   const struct mount_list *list)
{
	static char *usual[] = {NULL, "{source}",  NULL,
				"-o", "{options}", NULL};

	if (list->command)
		return command_template_split(list->command);
	usual[0] = need_memory(strdup(request->type));
	usual[2] = list->launch[OPTION_UNMODIFIED] ? "{mountpoint}" : "{}";
	return usual;
}

/* ---- All of it ------------------------------------------------------------ */

static noreturn void die_of_remount(const char *mountpoint)
{
	const char *name = quoted(mountpoint);

	die_means(MOUNT_FAILED);
	die("cannot remount %s: a filesystem has its options from its start\n"
	    "Unmount it and mount it again; or, for what is the mount's own, "
	    "as root: mount -i -o remount,bind,ro %s",
	    name, name);
}

void mount_helper_translate(struct command_line *line, int argc, char **argv)
{
	struct mount_request request;
	struct mount_list list;
	const char *source;
	char **words;

	*line = (struct command_line){0};
	mount_request_read(&request, argc, argv);
	mount_list_read(&list, request.options.bytes, request.sloppy);
	if (list.remount)
		die_of_remount(request.mountpoint);
	judge_setuid(&list);
	source = mount_request_find_source(&request, list.command);
	words = choose_words(&request, &list);
	judge_program(words[0]);
	judge_options(&list, words, request.sloppy);

	add(line, argv[0]);
	add(line, "--background");
	add_with_value(line, "--source=", source ? source : "");
	add_with_value(line, "--filesystem-options=",
		       list.filesystem.length ? list.filesystem.bytes : "");
	add_launch_options(line, &list);
	add_names(line, &request, &list);
	if (list.mount.length)
		add_with_value(line, "--options=", list.mount.bytes);
	if (request.verbose)
		add(line, "--verbose");
	if (request.fake)
		add(line, "--dry-run");
	add(line, "--");
	add(line, request.mountpoint);
	add(line, "--");
	add(line, words[0]);
	add_words(line, words + 1, source, list.filesystem.length);
}

/* ---- The environment ------------------------------------------------------ */

static void set_variable(const char *name, const char *value)
{
	/* A name may stand there twice. */
	if (unsetenv(name) || setenv(name, value, 1))
		need_memory(NULL);
}

void mount_helper_set_environment(void)
{
	const struct passwd *root;

	set_variable("PATH", ROOT_PATH);
	if (getenv("HOME"))
		return;
	root = getpwuid(0);
	set_variable("HOME", root ? root->pw_dir : "/");
}
