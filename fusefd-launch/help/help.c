/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "help/help.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "launch/option_table.h"

/* The descriptions of the options begin here. */
#define COLUMN 24

const char help_version[] = "fusefd-launch " VERSION "\n";

static const char begin[] =
	"Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND [ARG]...\n"
	"       fusefd-launch --send=ADDRESS [OPTION]... MOUNTPOINT\n"
	"       fusefd-launch --receive=ADDRESS [OPTION]... [--] COMMAND "
	"[ARG]...\n"
	"       fusefd-launch --unmount [--lazy] MOUNTPOINT...\n"
	"Mount a FUSE filesystem, drop every privilege, and run COMMAND to "
	"serve it.\n"
	"\n";

static const char end[] =
	"\n"
	"In COMMAND's arguments, {} becomes /dev/fd/N of the primary device "
	"fd, {fd} its\n"
	"number, {fds} all numbers, {mountpoint} the absolute mountpoint.\n"
	"\n"
	"ADDRESS is listen:PATH, connect:PATH or fd:N, of a Unix socket.\n"
	"\n"
	"Exit status: that of COMMAND; 125 where fusefd-launch failed, 126 "
	"where COMMAND\n"
	"cannot be executed, 127 where it is not found. See "
	"fusefd-launch(8).\n";

static const char *find_text(int number)
{
	const struct help_row *row = help_rows;

	while (row->number && row->number != number)
		row++;
	return row->text;
}

static void add_spaces(struct text *help, size_t count)
{
	while (count--)
		text_add(help, " ");
}

/* As far as it is written in front of what the option does; if it does not fit
 * there, it is a line of its own. */
static void add_name(struct text *help, const struct option_row *row)
{
	const char letter[] = {'-', (char)row->number, ',', ' ', '\0'};
	const size_t from = help->length;
	size_t length;

	add_spaces(help, 2);
	text_add(help, row->number <= UCHAR_MAX ? letter : "    ");
	text_add(help, "--");
	text_add(help, row->name);
	if (row->value) {
		text_add(help, "=");
		text_add(help, row->value);
	}
	length = help->length - from;
	if (length >= COLUMN) {
		text_add(help, "\n");
		length = 0;
	}
	add_spaces(help, COLUMN - length);
}

static void add_row(struct text *help, const struct option_row *row)
{
	const char *text = find_text(row->number);

	if (!text)
		return;
	add_name(help, row);
	for (; *text; text++) {
		text_add_bytes(help, text, 1);
		if (*text == '\n')
			add_spaces(help, COLUMN);
	}
	text_add(help, "\n");
}

char *help_text(void)
{
	struct text help = {0};

	text_add(&help, begin);
	for (const struct option_row *row = option_table; row->name; row++)
		add_row(&help, row);
	text_add(&help, end);
	return help.bytes;
}
