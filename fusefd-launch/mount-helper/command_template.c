/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount-helper/command_template.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

static noreturn void die_unfinished(const char *template, const char *reason)
{
	die("mount option 'command': %s %s", quoted(template), reason);
}

/* The word at *rest, in place: what is taken away makes room for its NUL. */
static char *next_word(char **rest, const char *template)
{
	char *const word = *rest;
	char *from = word, *to = word;
	bool within_quotes = false;

	for (; *from && (within_quotes || !is_blank(*from)); from++) {
		if (*from == '\'') {
			within_quotes = !within_quotes;
			continue;
		}
		if (*from == '\\' && !within_quotes && !*++from)
			die_unfinished(template, "ends with a backslash");
		*to++ = *from;
	}
	if (within_quotes)
		die_unfinished(template,
			       "has a single quote that is not closed");
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

char **command_template_split(const char *template)
{
	/* A word and a blank take two bytes. */
	const size_t words_max = strlen(template) / 2 + 2;
	char **words = need_memory(calloc(words_max, sizeof(*words)));
	char *rest = need_memory(strdup(template));
	size_t count = 0;

	for (;;) {
		while (is_blank(*rest))
			rest++;
		if (!*rest)
			break;
		words[count++] = next_word(&rest, template);
	}
	if (!count)
		die("mount option 'command' is empty");
	return words;
}
