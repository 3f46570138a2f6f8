/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	text->bytes =
		need_memory(realloc(text->bytes, text->length + length + 1));
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *bytes)
{
	text_add_bytes(text, bytes, strlen(bytes));
}

char *text_join(const char *first, const char *second)
{
	struct text text = {0};

	text_add(&text, first);
	text_add(&text, second);
	return text.bytes;
}

char *text_join_numbers(const int *numbers, size_t count)
{
	struct text text = {0};
	char number[16];

	for (size_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), i ? ",%d" : "%d", numbers[i]);
		text_add(&text, number);
	}
	return text.bytes;
}
