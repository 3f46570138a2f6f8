# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make help` lists the targets. Everything that is built goes to $(BUILD);
# new source files are found by their folder and need no line here.

VERSION  = 0.1.0
PREFIX   = /usr/local
CFLAGS   = -O2 -g
BUILD    = build$(if $(SANITIZE),/asan)
JOBS    := $(shell nproc 2>/dev/null || echo 2)

# Who may mount with the installed launcher: see `make help`.
PRIVILEGE = setuid

BINDIR     = $(PREFIX)/bin
SBINDIR    = $(PREFIX)/sbin
LIBDIR     = $(PREFIX)/lib
# Where the launcher, which knows no path of its own, looks from its folder.
LIBEXECDIR = $(abspath $(BINDIR)/../libexec)
INCLUDEDIR = $(PREFIX)/include
MANDIR     = $(PREFIX)/share/man
BASHDIR    = $(PREFIX)/share/bash-completion/completions
DOCDIR     = $(PREFIX)/share/doc/fusefd

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# ---- Flags ------------------------------------------------------------------

# $(call supported,FLAGS): those of them that this compiler takes.
supported = $(foreach flag,$(1),$(shell $(CC) -Werror $(flag) -x c -c \
	/dev/null -o /dev/null 2>/dev/null && echo $(flag)))

WARNINGS := -Wall -Wextra -Wconversion -Wformat=2 -Wvla -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)

# The sanitizers check what FORTIFY checks, and each hides the other's work.
HARDENING := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3) \
	-fstack-protector-strong $(call supported,-fstack-clash-protection \
	-fcf-protection=full -ftrivial-auto-var-init=zero)

SANITIZERS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all -fno-omit-frame-pointer)

# What every compilation needs, whatever CFLAGS the caller chose.
# _GNU_SOURCE is defined as empty, so that a file may define it too.
COMPILE = $(CC) -std=gnu11 -pthread $(WARNINGS) $(HARDENING) $(SANITIZERS) \
	-D_GNU_SOURCE= -DVERSION='"$(VERSION)"' $(INCLUDES) $(CODE) \
	$(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) -pthread $(SANITIZERS) $(CFLAGS) -Wl,-z,relro,-z,now \
	-Wl,-z,noexecstack -Wl,--as-needed $(LDFLAGS)

# Expanded where they are used: `make setup` may install what they look for.
FUSE3_CFLAGS = $(shell pkg-config --cflags 'fuse3 >= 3.13')
FUSE3_LIBS   = $(shell pkg-config --libs 'fuse3 >= 3.13')

INCLUDES = -Ilib/include
CODE     = -fPIE
# The stand-ins of --unmodified run in programs that have no sanitizer.
$(BUILD)/obj/plain/%.o: SANITIZERS =
$(BUILD)/obj/plain/%.o: INCLUDES += -Ilib
$(BUILD)/obj/lib/preload/%.o $(BUILD)/obj/lib/stand-in/%.o: INCLUDES += -Ilib
$(BUILD)/obj/plain/lib/%.o: CODE = -fPIC -fvisibility=hidden
$(BUILD)/obj/lib/%.o: CODE = -fPIC -fvisibility=hidden
$(BUILD)/obj/lib/examples/%.o: INCLUDES += $(FUSE3_CFLAGS)
$(BUILD)/obj/lib/examples/%.o: CODE = -fPIE
$(BUILD)/obj/fusefd-launch/%.o: INCLUDES += -I. -Ifusefd-launch
$(BUILD)/obj/tests/%.o: INCLUDES += -I. -Ilib -Ifusefd-launch $(FUSE3_CFLAGS)

# ---- What is built ----------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))

# The rooms of fusefd-launch/, and the programs that are made of them.
COMMON    := $(call objects,fusefd-launch/common/*.c)
LAUNCH    := $(call objects,fusefd-launch/launch/*.c fusefd-launch/launch/*/*.c)
SUPERVISE := $(call objects,fusefd-launch/supervise/*.c)
SOCKET    := $(call objects,fusefd-launch/socket/*.c)
SEND      := $(call objects,fusefd-launch/socket/send/*.c)
RECEIVE   := $(call objects,fusefd-launch/socket/receive/*.c)
HELP      := $(call objects,fusefd-launch/help/*.c)
MOUNT_HELPER := $(call objects,fusefd-launch/mount-helper/*.c)
FUSE3     := $(call objects,lib/fuse3*.c)
CORE      := $(filter-out $(FUSE3),$(call objects,lib/*.c))
EXAMPLES  := $(patsubst lib/%/,$(BUILD)/%,$(wildcard lib/examples/*/))
FUZZERS   := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FIXTURES  := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fixtures/*.c))
BENCHES   := $(addprefix $(BUILD)/bench/,floor floor-linked arrived stopwatch load nullfs)
UNITS     := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
HEADERS   := $(wildcard lib/include/*.h)
MANUALS   := $(wildcard man/*.[1-8])
SYSTEMD   := $(wildcard fusefd-launch/examples/systemd/*)
KUBERNETES := $(wildcard fusefd-launch/examples/kubernetes/*)
PCS       := $(patsubst lib/%.in,%,$(wildcard lib/*.pc.in))
LIBRARIES := libfusefd libfusefd-fuse3

STATIC := $(BUILD)/libfusefd-fuse3.a $(BUILD)/libfusefd.a
SHARED := $(BUILD)/libfusefd-fuse3.so.0 $(BUILD)/libfusefd.so.0

# What --unmodified stands in with, in a folder of its own that is put before a
# program's PATH. mergerfs calls a helper by a name of its own.
COMPANIONS := $(addprefix $(BUILD)/libexec/fusefd-,help supervise send receive)
STAND_INS := $(addprefix $(BUILD)/libexec/,libfusefd-preload.so fusermount3)
HELPER_NAMES = fusermount mergerfs-fusermount
plain     = $(1:$(BUILD)/obj/%=$(BUILD)/obj/plain/%)
PRELOAD  := $(call objects,lib/preload/*.c)
HELPER   := $(call objects,lib/stand-in/*.c)
FROM_LIB := $(addprefix $(BUILD)/obj/plain/lib/,announcement.o notify.o verify.o)

all: $(BUILD)/fusefd-launch $(BUILD)/mount.fusefd $(STATIC) $(SHARED) $(STAND_INS) $(COMPANIONS) $(EXAMPLES) ## build everything but the tests
test-programs: all $(FIXTURES) $(UNITS)
units: $(UNITS)

$(FUSE3): INCLUDES += $(FUSE3_CFLAGS)
$(BUILD)/obj/plain/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

# Whatever a companion takes of common/ and launch/command/, the linker finds.
$(BUILD)/libexec/fusefd-supervise: $(SUPERVISE) $(BUILD)/obj/launch.a $(BUILD)/libfusefd.a
	@mkdir -p $(@D)
	$(LINK) -pie $^ -o $@

$(BUILD)/libexec/fusefd-send: $(SEND)
$(BUILD)/libexec/fusefd-receive: $(RECEIVE)
$(BUILD)/libexec/fusefd-send $(BUILD)/libexec/fusefd-receive: $(BUILD)/obj/socket.a \
		$(BUILD)/obj/supervise.a $(BUILD)/obj/launch.a $(BUILD)/libfusefd.a
	@mkdir -p $(@D)
	$(LINK) -pie $(filter %.o,$^) $(filter %.a,$^) $(LIBCAP_NG) -o $@

# Of libcap-ng, the names of capabilities: linked inside, if there is a static
# one, so that no launch loads the rest.
LIBCAP_NG := $(or $(wildcard $(shell $(CC) -print-file-name=libcap-ng.a)),-lcap-ng)

$(BUILD)/fusefd-launch: $(LAUNCH) $(BUILD)/obj/common.a
	$(LINK) -pie $^ $(LIBCAP_NG) -o $@

$(BUILD)/libexec/libfusefd-preload.so: lib/preload/preload.map \
		$(call plain,$(PRELOAD)) $(FROM_LIB)
	@mkdir -p $(@D)
	$(LINK) -shared -Wl,-soname,$(@F) -Wl,--version-script=$< -Wl,-z,defs \
		$(filter-out $<,$^) -o $@
$(BUILD)/libexec/fusermount3: $(call plain,$(HELPER)) $(FROM_LIB) \
		$(addprefix $(BUILD)/obj/plain/lib/preload/,announced.o \
		complain.o fuse_calls.o notify_supervisor.o requested_options.o send_fd.o)
	@mkdir -p $(@D)
	$(LINK) -pie $^ -o $@
	for name in $(HELPER_NAMES); do ln -sf $(@F) $(@D)/$$name || exit; done
$(STAND_INS): SANITIZERS =

$(BUILD)/libfusefd.a: $(CORE)
$(BUILD)/libfusefd-fuse3.a: $(FUSE3)
$(BUILD)/obj/common.a: $(COMMON)
$(BUILD)/obj/help.a: $(filter-out %/main.o,$(HELP))
$(BUILD)/obj/mount-helper.a: $(filter-out %/main.o,$(MOUNT_HELPER))
$(BUILD)/obj/launch.a: $(COMMON) $(filter-out %/main.o,$(LAUNCH))
$(BUILD)/obj/socket.a: $(SOCKET)
$(BUILD)/obj/sockets-tested.a: $(SOCKET) $(filter-out %/main.o,$(SEND) $(RECEIVE))
$(BUILD)/obj/supervise.a: $(filter-out %/main.o,$(SUPERVISE))
$(BUILD)/obj/stand-ins.a: $(BUILD)/obj/lib/preload/fuse_calls.o $(BUILD)/obj/lib/stand-in/arguments.o
%.a:
	rm -f $@
	$(AR) rcs $@ $^

# -z defs finds a missing library now rather than in somebody's program; the
# sanitizers' own symbols come from the program, though.
$(BUILD)/libfusefd.so.0: $(CORE)
$(BUILD)/libfusefd-fuse3.so.0: $(FUSE3) $(BUILD)/libfusefd.so.0
$(BUILD)/libfusefd-fuse3.so.0: LIBS = $(FUSE3_LIBS)
$(BUILD)/lib%.so.0: lib/lib%.map
	$(LINK) -shared -Wl,-soname,$(@F) -Wl,--version-script=$< \
		$(if $(SANITIZE),,-Wl,-z,defs) $(filter-out $<,$^) $(LIBS) -o $@
	ln -sf $(@F) $(@:.0=)

# Tests and examples hold our libraries inside, so that they run from the build
# folder as they are, for any user and under setuid.
.SECONDEXPANSION:
$(BUILD)/mount.fusefd: $(MOUNT_HELPER) $(BUILD)/obj/launch.a
	$(LINK) -pie $^ -o $@

$(BUILD)/libexec/fusefd-help: $(HELP) $(BUILD)/obj/launch.a
	@mkdir -p $(@D)
	$(LINK) -pie $^ -o $@

$(EXAMPLES): $$(call objects,lib/$$(patsubst $$(BUILD)/%,%,$$@)/*.c) $(STATIC)
	@mkdir -p $(@D)
	$(LINK) -pie $^ $(FUSE3_LIBS) -o $@

$(FIXTURES): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(STATIC)
	@mkdir -p $(@D)
	$(LINK) -pie $^ $(FUSE3_LIBS) -o $@

$(UNITS): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/sockets-tested.a $(BUILD)/obj/supervise.a \
		$(BUILD)/obj/help.a $(BUILD)/obj/mount-helper.a $(BUILD)/obj/launch.a $(BUILD)/obj/stand-ins.a $(STATIC)
	@mkdir -p $(@D)
	$(LINK) -pie $^ -lcmocka -lcap-ng $(FUSE3_LIBS) -o $@

$(BENCHES): | $(BUILD)/bench/
$(BUILD)/bench/:
	mkdir -p $@
# What a launch is measured by starts as quickly as anything can.
$(BUILD)/bench/floor $(BUILD)/bench/arrived: BENCH_LINK = -static
$(BUILD)/bench/floor $(BUILD)/bench/arrived $(BUILD)/bench/stopwatch: \
		$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	$(LINK) $(BENCH_LINK) $^ -o $@
$(BUILD)/bench/floor-linked: $(BUILD)/obj/tests/bench/floor.o
	$(LINK) -pie $^ -Wl,--no-as-needed -lcap-ng -o $@
$(BUILD)/bench/load: $(call objects,tests/bench/load/*.c)
	$(LINK) -pie $^ -o $@
$(BUILD)/bench/nullfs: $(call objects,tests/bench/nullfs/*.c) $(STATIC)
	$(LINK) -pie $^ $(FUSE3_LIBS) -o $@

# Each brings its own die.h's functions, and is linked with clang's main().
$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/mount-helper.a $(BUILD)/obj/launch.a $(BUILD)/libfusefd.a
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer $^ -lcap-ng -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- Trying it --------------------------------------------------------------

SETS = build demo check others languages lint

setup: ## install the Debian packages that are missing, or name them
	@tests/setup $(SETS)

demo: ## serve a real tree, unprivileged, over four device fds
	@tests/setup build demo
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@tests/demo $(BUILD)

# TESTS="launch unit/test_number" runs these only, and LEAVE_OUT=languages all but
# those, here and below.
test: ## run the tests that take small packages only, of the plain build (minutes)
	@tests/setup build demo check
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@FUSEFD_LEAVE_OUT="$(LEAVE_OUT)" tests/run --small $(BUILD) -- $(TESTS)

# What runs once more, under the sanitizers: all that can, or the unit tests.
SANITIZED = all
SANITIZED_all  = test-programs
SANITIZED_unit = units

check: ## run all tests, plain and under the sanitizers
	@tests/setup build demo check others $(filter-out $(LEAVE_OUT),languages)
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 CFLAGS='-O1 -g' \
		SANITIZE=address,undefined BUILD=$(BUILD)/asan $(SANITIZED_$(SANITIZED))
	@FUSEFD_LEAVE_OUT="$(LEAVE_OUT)" FUSEFD_SANITIZED=$(SANITIZED) \
		tests/run $(BUILD) $(BUILD)/asan -- $(TESTS)

SUITE = trixie

# It is installed to $(BUILD)/newer-root once, by debootstrap.
check-newer: ## run some with the compiler and libfuse3 of a newer Debian, SUITE
	@tests/setup newer
	@SUITE=$(SUITE) tests/newer $(BUILD) $(TESTS)

faults: ## fail every system call of a launch in every way (ten minutes)
	@tests/setup build demo check
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@FUSEFD_FAULTS=all FUSEFD_FILE_TIMEOUT=7200 tests/run $(BUILD) -- faults faults_supervised

HANDOFFS = 10000

soak-sockets: ## hand over HANDOFFS (10000) times to peers good and bad, as root
	@tests/setup build demo check
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@tests/soak_sockets $(BUILD) $(HANDOFFS)

SOAK_COUNT = 1000

soak: ## start and stop supervised filesystems, SOAK_COUNT (1000) times
	@tests/setup build demo check
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@tests/soak $(BUILD) $(SOAK_COUNT)

matrix: ## serve all of tests/matrix, filesystems that are not modified (minutes)
	@tests/setup build demo check others languages matrix
	@$(MAKE) --no-print-directory -s -j$(JOBS) WERROR=1 test-programs
	@FUSEFD_MATRIX=all FUSEFD_FILE_TIMEOUT=3600 tests/run $(BUILD) -- unmodified

BENCH_SECONDS = 420

bench: ## measure it beside its peers, as root (seven minutes), to $(BUILD)/bench.txt
	@tests/setup build demo bench
	@$(MAKE) --no-print-directory -s -j$(JOBS) all benches
	@tests/bench/run $(BUILD) $(BUILD)/bench.txt $(BENCH_SECONDS)
benches: $(BENCHES)

FUZZ_SECONDS = 60

fuzz: ## feed the parsers with random input, FUZZ_SECONDS (60) each
	@tests/setup build fuzz
	@$(MAKE) --no-print-directory -s -j$(JOBS) CC=clang BUILD=$(BUILD)/fuzzing \
		SANITIZE=fuzzer-no-link,address,undefined fuzzers
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS:$(BUILD)/%=$(BUILD)/fuzzing/%)
fuzzers: $(FUZZERS)

# ---- Lint -------------------------------------------------------------------

LINTS := lint-format lint-tidy lint-cppcheck lint-shell lint-man lint-analyzer \
	lint-arrows lint-audit

C_SOURCES := $(wildcard fusefd-launch/*/*.c fusefd-launch/*/*/*.c lib/*.c lib/preload/*.c \
	lib/stand-in/*.c lib/examples/*/*.c tests/*/*.c tests/bench/*/*.c)
C_FILES   := $(C_SOURCES) $(HEADERS) \
	$(wildcard fusefd-launch/*/*.h fusefd-launch/*/*/*.h lib/*.h lib/*/*.h lib/examples/*/*.h tests/*/*.h tests/bench/*/*.h)
SCRIPTS   := .ci/run $(wildcard fusefd-launch/*.bash tests/setup tests/run tests/demo \
	tests/arrows tests/audit tests/newer tests/matrix_table tests/soak tests/soak_sockets tests/fuzz/run tests/*.bash tests/*.bats \
	tests/matrix/*)

lint: ## check the style and the soundness of sources, scripts, manuals
	@tests/setup build lint
	@$(MAKE) --no-print-directory -s -k -j$(JOBS) -Otarget $(LINTS)
	@echo "lint: clean"

lint-format:
	clang-format --dry-run -Werror $(C_FILES)

lint-tidy: $(C_SOURCES:%=lint-tidy/%)
lint-tidy/%: INCLUDES += -I. -Ilib -Ifusefd-launch $(FUSE3_CFLAGS)
# clang's analyzer follows each path through a fixture's hundred checks for half
# a minute, and the sanitizers, under which these run, see more.
lint-tidy/tests/%: TIDY_CHECKS = --checks=-clang-analyzer-*
$(C_SOURCES:%=lint-tidy/%): lint-tidy/%: %
	clang-tidy --quiet $(TIDY_CHECKS) $< -- -std=gnu11 $(WARNINGS) $(INCLUDES) \
		-D_GNU_SOURCE= -DVERSION='""' 2>/dev/null

# Of two conditions that depend on each other cppcheck sees only one, and then
# fears NULL; clang's and gcc's analyzers follow the paths.
lint-cppcheck:
	cppcheck --quiet --inline-suppr --error-exitcode=1 -j$(JOBS) \
		--std=c11 --enable=warning,performance,portability \
		--suppress=missingInclude --suppress=nullPointerRedundantCheck \
		--include=$(filter %/queue.h,$(shell $(CC) -M \
			-include sys/queue.h -x c /dev/null)) \
		-D_GNU_SOURCE= -DVERSION='""' -D__x86_64__ \
		-Dnoreturn='__attribute__((noreturn))' \
		$(INCLUDES) -I. -Ilib -Ifusefd-launch $(C_SOURCES)

lint-shell:
	shellcheck -x $(SCRIPTS)

# A page that is ".so man3/other.3" is another name of that page.
lint-man:
	mandoc -T lint -W warning $$(grep -L '^\.so ' $(MANUALS))
	cd man && sed -n 's|^\.so man./||p' *.[1-8] | xargs -r ls >/dev/null

lint-analyzer: # gcc's own path analysis, of the part that holds privilege
	$(MAKE) --no-print-directory CC=gcc WERROR=1 BUILD=$(BUILD)/analyzer \
		CFLAGS='-O2 -fanalyzer' $(BUILD)/analyzer/fusefd-launch

# 1 if what is not allowed is an error, and not yet a notice.
ARROWS_STRICT = 1

lint-arrows: # which room of fusefd-launch/ may include which
	tests/arrows $(ARROWS_STRICT)

AUDIT_MAX = 5370

audit: ## list the files in the privileged program, with their lines of code
	@tests/setup build
	@$(MAKE) --no-print-directory -s lint-audit AUDIT_REPORT=/dev/stdout

# The linker says what is in it, and the compiler which headers that took. It is
# linked anew, from the analyzer's objects, that nobody else uses.
AUDIT_REPORT = /dev/null
lint-audit: lint-analyzer
	rm -f $(BUILD)/analyzer/fusefd-launch
	$(MAKE) --no-print-directory -s CC=gcc WERROR=1 BUILD=$(BUILD)/analyzer \
		CFLAGS='-O2 -fanalyzer' LDFLAGS=-Wl,-t,-t \
		$(BUILD)/analyzer/fusefd-launch >$(BUILD)/analyzer/linked
	tests/audit $(BUILD)/analyzer $(AUDIT_MAX) <$(BUILD)/analyzer/linked >$(AUDIT_REPORT)

# ---- Installing -------------------------------------------------------------

# DAC_OVERRIDE opens a /dev/fuse that only root may open; SETPCAP empties the
# bounding set, so that COMMAND cannot get any of this back.
FILE_CAPS = cap_sys_admin,cap_setpcap,cap_dac_override=ep

INSTALL_LAUNCHER_setuid = chown 0:0 $(1) && chmod 4755 $(1)
INSTALL_LAUNCHER_caps   = chown 0:0 $(1) && setcap $(FILE_CAPS) $(1)
INSTALL_LAUNCHER_none   = :

# Every path of ours that an installation has; the folders are everybody's.
INSTALLED = $(BINDIR)/fusefd-launch $(SBINDIR)/mount.fusefd $(LIBEXECDIR)/fusefd $(HEADERS:lib/include/%=$(INCLUDEDIR)/%) \
	$(foreach library,$(LIBRARIES),$(addprefix $(LIBDIR)/$(library),.a .so .so.0)) \
	$(PCS:%=$(LIBDIR)/pkgconfig/%) $(DOCDIR) $(BASHDIR)/fusefd-launch \
	$(foreach page,$(notdir $(MANUALS)),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page))

install: all ## install below PREFIX (/usr/local) and DESTDIR
	$(if $(INSTALL_LAUNCHER_$(PRIVILEGE)),,$(error PRIVILEGE is setuid, caps or none, not '$(PRIVILEGE)'))
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(SBINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(DOCDIR)/examples)
	install -m 755 $(BUILD)/fusefd-launch $(DESTDIR)$(BINDIR)/
	$(call INSTALL_LAUNCHER_$(PRIVILEGE),$(DESTDIR)$(BINDIR)/fusefd-launch)
	install -m 755 $(BUILD)/mount.fusefd $(DESTDIR)$(SBINDIR)/
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)/
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/
	install -D -m 755 -t $(DESTDIR)$(LIBEXECDIR)/fusefd $(STAND_INS) $(COMPANIONS)
	for name in $(HELPER_NAMES); do \
		ln -sf fusermount3 $(DESTDIR)$(LIBEXECDIR)/fusefd/$$name || exit; \
	done
	for library in $(LIBRARIES); do \
		ln -sf $$library.so.0 $(DESTDIR)$(LIBDIR)/$$library.so || exit; \
	done
	for pc in $(PCS); do \
		sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|' \
			-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
			lib/$$pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/$$pc || exit; \
	done
	for page in $(MANUALS); do \
		install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; \
	done
	install -D -m 644 fusefd-launch/completion.bash $(DESTDIR)$(BASHDIR)/fusefd-launch
	install -m 644 COPYING $(wildcard README.md) $(DESTDIR)$(DOCDIR)/
	cp -R lib/examples/. $(DESTDIR)$(DOCDIR)/examples/
	install -d $(DESTDIR)$(DOCDIR)/examples/systemd
	for unit in $(SYSTEMD); do \
		sed 's|/usr/local/bin/|$(BINDIR)/|g' $$unit \
			>$(DESTDIR)$(DOCDIR)/examples/systemd/$${unit##*/} || exit; \
	done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR)/examples/kubernetes $(KUBERNETES)
	$(if $(DESTDIR),,-ldconfig)

uninstall: ## remove what install put there, with the same variables
	rm -rf $(addprefix $(DESTDIR),$(INSTALLED))
	$(if $(DESTDIR),,-ldconfig)

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## show this text
	@echo 'make TARGET [VARIABLE=VALUE]...'
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1: \2/p' Makefile | \
		awk -F': ' '{ printf "  %-14s%s\n", substr($$1, 3), $$2 }'
	@echo
	@echo '  PRIVILEGE  of the installed launcher: setuid (the default: any user who may'
	@echo '             run it may mount, as with fusermount3), caps (the same by file'
	@echo '             capabilities), none (for root and user namespaces only)'
	@echo '  SBINDIR    of mount.fusefd, PREFIX/sbin: mount(8) runs the one in /sbin, or'
	@echo '             /usr/sbin where these are one; give SBINDIR=/sbin for it'
	@echo '  SANITIZE   address,undefined: build with these, into build/asan'
	@echo '  WERROR     1: a warning is an error'
	@echo '  and CC, CFLAGS, CPPFLAGS, LDFLAGS, DESTDIR, PREFIX, LIBDIR, BUILD, TESTS'

.PHONY: all test-programs units setup demo test check check-newer audit faults matrix soak soak-sockets bench benches fuzz fuzzers lint $(LINTS) \
	$(C_SOURCES:%=lint-tidy/%) install uninstall clean help
