/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests of what may end the process: a call is made in a child, and what
 * the child said and how it ended is compared.
 *
 *     assert_dies(125, "not a number", parse("x"));
 *
 * Of every death it is also asserted that the message is one that the launcher
 * may give: one write, our prefix, a line or two, and nothing in it that could
 * steer a terminal.
 */
#ifndef FUSEFD_TESTS_DIES_H
#define FUSEFD_TESTS_DIES_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Neither the launcher nor a sanitizer ends so. */
#define SURVIVED 77

/* What every message begins with. */
static const char *expected_prefix = "fusefd-launch: ";

/* assert_true(), of one row of a table, which the failure then names. */
#define assert_row(row, condition)                                             \
	do {                                                                   \
		if (!(condition))                                              \
			fail_of(__FILE__, __LINE__, "of '%s': %s", row,        \
				#condition);                                   \
	} while (0)

#define assert_dies(status, text, call)                                        \
	do {                                                                   \
		const struct child child_ = child_start(STDERR_FILENO);        \
		if (child_.pid == 0) {                                         \
			call;                                                  \
			_exit(SURVIVED);                                       \
		}                                                              \
		const struct ending ending_ = child_end(&child_);              \
		ending_assert(&ending_, status, text, #call, __FILE__,         \
			      __LINE__);                                       \
		ending_assert_grammar(&ending_, #call, __FILE__, __LINE__);    \
	} while (0)

/* The same of what goes to stdout, in whatever form. */
#define assert_exits(status, text, call)                                       \
	do {                                                                   \
		const struct child child_ = child_start(STDOUT_FILENO);        \
		if (child_.pid == 0) {                                         \
			call;                                                  \
			_exit(SURVIVED);                                       \
		}                                                              \
		const struct ending ending_ = child_end(&child_);              \
		ending_assert(&ending_, status, text, #call, __FILE__,         \
			      __LINE__);                                       \
	} while (0)

struct child {
	pid_t pid;  /* 0 in the child */
	int socket; /* what it says */
};

struct ending {
	int status; /* 128 and the number of the signal, where one ended it */
	int writes;
	size_t length;
	char said[16384];
};

/* SOCK_SEQPACKET: one read gives what one write gave. */
static inline struct child child_start(int stream)
{
	struct child child;
	int ends[2];

	assert_return_code(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
		errno);
	/* Lest the child's exit() writes it a second time. */
	fflush(NULL);
	child.pid = fork();
	assert_return_code(child.pid, errno);
	if (child.pid == 0 && dup2(ends[1], stream) < 0)
		_exit(SURVIVED);
	close(ends[1]);
	child.socket = ends[0];
	return child;
}

static inline struct ending child_end(const struct child *child)
{
	struct ending ending = {0};
	ssize_t length;
	int status;

	while (ending.length < sizeof(ending.said) - 1 &&
	       (length = read(child->socket, ending.said + ending.length,
			      sizeof(ending.said) - 1 - ending.length)) > 0) {
		ending.length += (size_t)length;
		ending.writes++;
	}
	close(child->socket);
	assert_return_code(waitpid(child->pid, &status, 0), errno);
	ending.status = WIFEXITED(status) ? WEXITSTATUS(status)
					  : 128 + WTERMSIG(status);
	return ending;
}

/* Not print_error(), which would say it before the name of the test. */
__attribute__((format(printf, 3, 4))) static inline void
fail_of(const char *file, int line, const char *format, ...)
{
	static char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	_assert_true(false, text, file, line);
}

static inline void ending_assert(const struct ending *ending, int status,
				 const char *text, const char *call,
				 const char *file, int line)
{
	if (ending->status == status && strstr(ending->said, text))
		return;
	fail_of(file, line,
		"%s\nis to end with %d, saying: %s\nbut %s %d, saying: %.800s",
		call, status, text,
		ending->status == SURVIVED ? "survives," : "ends with",
		ending->status, ending->said);
}

static inline bool is_plain(const struct ending *ending)
{
	for (size_t i = 0; i < ending->length; i++) {
		const char byte = ending->said[i];

		if ((byte < ' ' || byte > '~') && byte != '\n')
			return false;
	}
	return true;
}

static inline int count_lines(const struct ending *ending)
{
	int lines = 0;

	for (size_t i = 0; i < ending->length; i++)
		lines += ending->said[i] == '\n';
	return lines;
}

static inline void ending_assert_grammar(const struct ending *ending,
					 const char *call, const char *file,
					 int line)
{
	const char *prefix = expected_prefix;
	const char *wrong = NULL;

	if (ending->writes != 1)
		wrong = "is not written at once";
	else if (strncmp(ending->said, prefix, strlen(prefix)) != 0)
		wrong = "does not begin with our name";
	else if (ending->said[ending->length - 1] != '\n')
		wrong = "does not end with a newline";
	else if (count_lines(ending) > 2)
		wrong = "has more than two lines";
	else if (!is_plain(ending))
		wrong = "has control characters";
	if (wrong)
		fail_of(file, line, "%s\nsays: %.800s\nwhich %s", call,
			ending->said, wrong);
}

/* The launcher keeps to its end what it needs to its end, and frees nothing.
 * The leak sanitizer asks its user by this name (sanitizer/lsan_interface.h),
 * which is therefore not ours to choose. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#endif
