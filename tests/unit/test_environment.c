/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch/command/environment.h"

#include <stdlib.h>
#include <unistd.h>

#include "dies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct owner caller_itself = {.uid = 300, .gid = 300};
static const struct owner somebody = {
	.uid = 300,
	.gid = 300,
	.name = "alice",
	.home = "/home/alice",
	.shell = "/bin/ash",
};

static char **build(char *const *callers, const struct owner *owner)
{
	struct environment environment;

	environment_build(&environment, callers, owner, 0);
	assert_null(environment.variables[environment.count]);
	return environment.variables;
}

/* One variable, as COMMAND would get it, or NULL. */
static const char *pass(const char *variable, const struct owner *owner)
{
	char *callers[] = {(char *)variable, NULL};
	char **built = build(callers, owner);

	return built[0] && strcmp(built[0], variable) == 0 ? built[0] : NULL;
}

static void assert_same(char *const *one, char *const *other)
{
	size_t i;

	for (i = 0; one[i] && other[i]; i++)
		assert_string_equal(one[i], other[i]);
	assert_ptr_equal(one[i], other[i]);
}

static void the_environment_is_taken(void **state)
{
	char *variables[] = {"A=1", "B=2", NULL};
	char **const before = environ;
	char **taken;
	const char *left;

	(void)state;
	environ = variables;
	taken = environment_take();
	left = getenv("A");
	environ = before;
	assert_ptr_equal(taken, variables);
	assert_null(left);
}

static void no_environment_at_all_is_taken(void **state)
{
	char **const before = environ;
	char **taken;

	(void)state;
	environ = NULL;
	taken = environment_take();
	environ = before;
	assert_non_null(taken);
	assert_null(taken[0]);
}

static void variables_are_found(void **state)
{
	char *variables[] = {"PATHX=0",	 "PATH",   "XPATH=0", "=PATH", "path=0",
			     "PATH=a=b", "PATH=c", "EMPTY=",  NULL};
	char *nothing[] = {NULL};

	(void)state;
	assert_string_equal(environment_get(variables, "PATH"), "a=b");
	assert_string_equal(environment_get(variables, "EMPTY"), "");
	assert_null(environment_get(variables, "PAT"));
	assert_null(environment_get(variables, "EMPTYX"));
	assert_null(environment_get(nothing, "PATH"));
}

static void a_callers_own_environment_passes_in_order(void **state)
{
	char *callers[] = {
		"PATH=/bin",
		"HOME=/root",
		"USER=root",
		"XDG_RUNTIME_DIR=/run/user/300",
		"DBUS_SESSION=x",
		"SSH_AUTH_SOCK=x",
		"LD_PRELOAD=x",
		"A=1",
		"A=2",
		"without",
		"",
		"=",
		"=x",
		"NOTIFY_SOCKET=@x",
		"%s%n=%s%n",
		"B=\033[m\nC=1",
		NULL,
	};

	(void)state;
	assert_same(build(callers, &caller_itself), callers);
}

static void what_speaks_of_closed_fds_does_not_pass(void **state)
{
	static const char *const variables[] = {
		"FUSEFD_PROTOCOL=1", "FUSEFD_FDS=3,4", "FUSEFD_X=",
		"FUSEFD_=",	     "FUSEFD_FDS",     "LISTEN_FDS=1",
		"LISTEN_PID=1",	     "LISTEN_PID=",    "LISTEN_FDNAMES=a:b",
		"_FUSE_COMMFD=3",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++) {
		assert_row(variables[i], !pass(variables[i], &caller_itself));
		assert_row(variables[i], !pass(variables[i], &somebody));
	}
}

static void names_that_only_begin_so_pass(void **state)
{
	static const char *const variables[] = {
		"FUSEFD=1",	 "fusefd_fds=3", "XFUSEFD_FDS=3",
		"LISTEN_FDSX=1", "LISTEN=1",	 "XLISTEN_FDS=1",
		"FUSE_COMMFD=3", "A=FUSEFD_FDS", "NOTIFY_SOCKET=@x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		assert_row(variables[i], pass(variables[i], &caller_itself));
}

/* Whatever it is called: it is not on the list. */
static void of_root_nothing_reaches_another_user(void **state)
{
	static const char *const variables[] = {
		"HOME=/root",
		"USER=root",
		"LOGNAME=root",
		"SHELL=/bin/bash",
		"MAIL=/var/mail/root",
		"XDG_RUNTIME_DIR=/run/user/0",
		"XDG_CONFIG_HOME=/root/.config",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus",
		"SSH_AUTH_SOCK=/tmp/agent",
		"SSH_AGENT_PID=1",
		"GPG_AGENT_INFO=x",
		"KRB5CCNAME=/tmp/krb5cc_0",
		"GNUPGHOME=/root/.gnupg",
		"XAUTHORITY=/root/.Xauthority",
		"ICEAUTHORITY=/root/.ICEauthority",
		"OLDPWD=/root",
		"PWD=/root",
		"AWS_SECRET_ACCESS_KEY=x",
		"VAULT_TOKEN=x",
		"PGPASSWORD=x",
		"GITHUB_TOKEN=x",
		"SUDO_USER=bob",
		"DISPLAY=:0",
		"TMPDIR=/root/tmp",
		"LD_PRELOAD=/root/x.so",
		"LD_LIBRARY_PATH=/root/lib",
		"CREDENTIALS_DIRECTORY=/run/credentials/x",
		"MAINPID=1",
		"WATCHDOG_PID=1",
		/* Names that only begin or end like those on the list. */
		"LANGX=1",
		"LANGUAGES=1",
		"LC=1",
		"XLC_ALL=C",
		"TZX=1",
		"PATHX=1",
		"XPATH=1",
		"TERMINFO=/root/x",
		"TERMCAP=x",
		"COLORTERMS=1",
		"NOTIFY_SOCKETS=@x",
		"INVOCATION_IDS=1",
		"JOURNAL_STREAMS=1",
		"lang=C",
		/* And what is no variable. */
		"LANG",
		"PATH",
		"TERM",
		"",
		"=",
		"=PATH=/bin",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++) {
		assert_row(variables[i], !pass(variables[i], &somebody));
		assert_row(variables[i], pass(variables[i], &caller_itself));
	}
}

static void how_to_speak_and_whom_to_tell_reaches_another_user(void **state)
{
	static const char *const variables[] = {
		"LANG=C",	    "LANG=",	       "LANGUAGE=de:en",
		"LC_ALL=C.UTF-8",   "LC_MESSAGES=C",   "TZ=Europe/Vienna",
		"PATH=/bin",	    "TERM=xterm",      "COLORTERM=truecolor",
		"NOTIFY_SOCKET=@x", "INVOCATION_ID=0", "JOURNAL_STREAM=8:1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		assert_row(variables[i], pass(variables[i], &somebody));
}

static void another_user_gets_variables_of_its_own(void **state)
{
	char *callers[] = {"A=1",	"HOME=/root", "USER=root", "LANG=C",
			   "HOME=/x",	"LOGNAME=x",  "SHELL=/x",  "B=2",
			   "PATH=/bin", NULL};
	char *expected[] = {"LANG=C",	  "PATH=/bin",	   "HOME=/home/alice",
			    "USER=alice", "LOGNAME=alice", "SHELL=/bin/ash",
			    NULL};
	char *nothing[] = {NULL};

	(void)state;
	assert_same(build(callers, &somebody), expected);
	assert_same(build(nothing, &somebody), expected + 2);
}

static void there_is_room_for_more(void **state)
{
	char *callers[] = {"A=1", NULL};
	char *expected[] = {"A=1", "N=3", "S=%s", NULL};
	struct environment environment;

	(void)state;
	environment_build(&environment, callers, &caller_itself, 2);
	environment_add(&environment, "N=%d", 3);
	environment_add(&environment, "S=%s", "%s");
	assert_int_equal(environment.count, 3);
	assert_same(environment.variables, expected);
}

static void another_user_takes_none_of_that_room(void **state)
{
	char *callers[] = {"TZ=1", NULL};
	struct environment environment;

	(void)state;
	environment_build(&environment, callers, &somebody, 2);
	environment_add(&environment, "N=%d", 3);
	environment_add(&environment, "M=%d", 4);
	assert_int_equal(environment.count, 1 + 4 + 2);
	assert_string_equal(environment.variables[6], "M=4");
	assert_null(environment.variables[7]);
}

static void a_large_environment_passes(void **state)
{
	static char *callers[20001], variable[100000] = "LONG=";
	char **built;

	(void)state;
	memset(variable + 5, 'x', sizeof(variable) - 6);
	for (size_t i = 0; i < 20000; i += 2) {
		callers[i] = variable;
		callers[i + 1] = "FUSEFD_FDS=9";
	}
	built = build(callers, &caller_itself);
	for (size_t i = 0; i < 10000; i++)
		assert_ptr_equal(built[i], variable);
	assert_null(built[10000]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_taken),
		cmocka_unit_test(no_environment_at_all_is_taken),
		cmocka_unit_test(variables_are_found),
		cmocka_unit_test(a_callers_own_environment_passes_in_order),
		cmocka_unit_test(what_speaks_of_closed_fds_does_not_pass),
		cmocka_unit_test(names_that_only_begin_so_pass),
		cmocka_unit_test(of_root_nothing_reaches_another_user),
		cmocka_unit_test(
			how_to_speak_and_whom_to_tell_reaches_another_user),
		cmocka_unit_test(another_user_gets_variables_of_its_own),
		cmocka_unit_test(there_is_room_for_more),
		cmocka_unit_test(another_user_takes_none_of_that_room),
		cmocka_unit_test(a_large_environment_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
