/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/mount/fuse_conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/die.h"
#include "common/number.h"

#define MOUNT_MAX_DEFAULT 1000
#define FILE_SIZE_MAX	  65536

/* Without the comment and the white space around it. */
static char *strip(char *line)
{
	char *end = line + strcspn(line, "#");

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	while (isspace((unsigned char)*line))
		line++;
	return line;
}

static bool parse_mount_max(struct fuse_conf *conf, char *line)
{
	static const char name[] = "mount_max";
	char *value;

	if (strncmp(line, name, strlen(name)) != 0)
		return false;
	value = line + strlen(name);
	value += strspn(value, " \t");
	if (*value++ != '=')
		return false;
	value += strspn(value, " \t");
	conf->limited = strcmp(value, "-1") != 0;
	return !conf->limited || number_parse(value, INT_MAX, &conf->mount_max);
}

static bool parse_line(struct fuse_conf *conf, char *line)
{
	if (!*line)
		return true;
	if (strcmp(line, "user_allow_other") == 0) {
		conf->user_allow_other = true;
		return true;
	}
	return parse_mount_max(conf, line);
}

size_t fuse_conf_parse(struct fuse_conf *conf, char *text, size_t length)
{
	const bool has_nul = strlen(text) != length;
	size_t number = 0;
	char *line;

	*conf = (struct fuse_conf){
		.limited = true,
		.mount_max = MOUNT_MAX_DEFAULT,
	};
	while ((line = strsep(&text, "\n"))) {
		number++;
		if (!parse_line(conf, strip(line)))
			return number;
	}
	return has_nul ? number : 0;
}

/* Judged on the fd that is read from. */
static void check_file(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		die("cannot inspect '" FUSE_CONF_PATH "': %s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		die("cannot trust '" FUSE_CONF_PATH "': it is not a file");
	if (stat.st_uid != 0)
		die("cannot trust '" FUSE_CONF_PATH "': it is not root's but "
		    "uid %u's\n"
		    "In a user namespace, map root as well.",
		    stat.st_uid);
	if (stat.st_mode & (S_IWGRP | S_IWOTH))
		die("cannot trust '" FUSE_CONF_PATH "': others than root may "
		    "write to it\n"
		    "Its mode should be 0644.");
}

static char *read_all(int fd, size_t *length)
{
	char *text = need_memory(malloc(FILE_SIZE_MAX + 1));
	ssize_t count;

	*length = 0;
	do {
		count = read(fd, text + *length, FILE_SIZE_MAX + 1 - *length);
		if (count < 0)
			die("cannot read '" FUSE_CONF_PATH "': %s",
			    strerror(errno));
		*length += (size_t)count;
	} while (count > 0 && *length <= FILE_SIZE_MAX);
	if (*length > FILE_SIZE_MAX)
		die("cannot trust '" FUSE_CONF_PATH "': it is larger than %d "
		    "bytes",
		    FILE_SIZE_MAX);
	text[*length] = '\0';
	return text;
}

void fuse_conf_read(struct fuse_conf *conf)
{
	char nothing[1] = "";
	struct stat link;
	size_t length, wrong;
	char *text;
	int fd;

	/* O_NONBLOCK: a FIFO in its place must not hold us up. */
	fd = open(FUSE_CONF_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		if (lstat(FUSE_CONF_PATH, &link) == 0)
			die("cannot read '" FUSE_CONF_PATH "': it is a "
			    "symbolic link to nothing");
		fuse_conf_parse(conf, nothing, 0);
		return;
	}
	if (fd < 0)
		die("cannot read '" FUSE_CONF_PATH "': %s", strerror(errno));
	check_file(fd);
	text = read_all(fd, &length);
	close(fd);
	wrong = fuse_conf_parse(conf, text, length);
	free(text);
	if (wrong)
		die("cannot understand line %zu of '" FUSE_CONF_PATH "'\n"
		    "It takes 'user_allow_other' and 'mount_max = NUMBER'.",
		    wrong);
}
