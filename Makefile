# SPDX-License-Identifier: ISC
# smtpsend: make [V=1] [CC=clang]; everything goes into build/.
#
#   make              build/smtpsend                  make install [SENDMAIL=1 ...]
#   make install-queue  its user and folders, here  make deb       a package
#   make check        tests that need no servers      make lint      the house rules
#   make asan         unit tests, ASan and UBSan      make coverage  of the pure rooms
#   make fuzz [SECONDS=10] [ONLY=name]                make bench     against its peers
#   make mutants [N=300] [SEED=] [ONLY=file] [ROOMS=]  do the unit tests notice?
#
# A flavour (san, cov) is this same file run again with another build folder B
# and other OPT and HARDEN.

B       ?= build
PREFIX  ?= /usr/local
SECONDS ?= 10
VERSION := 0.1

NET     := openssl ldns libidn2
LIBDIR  ?= $(PREFIX)/lib
has      = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null \
	   2>/dev/null && echo $(1))
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum \
	   -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror
OPT     ?= -O2 -g
HARDEN  ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	   $(call has,-fstack-clash-protection) $(call has,$(PROBES)) \
	   $(call has,-fcf-protection)
# Linux keeps 1 MiB below the stack free, so one page in 64 KiB is enough: a
# block on the stack costs the pages that are used, not a fault for each.
PROBES  := --param=stack-clash-protection-guard-size=16 \
	   --param=stack-clash-protection-probe-interval=16
FLAGS   := -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc -fPIE \
	   $(OPT) $(WARN) $(HARDEN) $(shell pkg-config --cflags $(NET) libcurl libmicrohttpd) $(CFLAGS)
HARD_LD := -Wl,-z,relro,-z,now,--as-needed $(OPT) $(LDFLAGS)
LINK    := -pie -Wl,--export-dynamic-symbol=mem_exhausted $(HARD_LD)
LIBS    := $(LDLIBS)
NETLIBS := $(shell pkg-config --libs $(NET))
CURL    := $(shell pkg-config --libs libcurl openssl)
EDIT    := $(shell pkg-config --libs libedit 2>/dev/null)
HTTP    := $(shell pkg-config --libs libmicrohttpd)
Q       := $(if $(V),,@)
obj      = $(patsubst %.c,$B/%.o,$(wildcard $(1)))

PURE    := base mail sign tlsrpt dns auth smtp route
PURE_O  := $(call obj,$(PURE:%=src/%/*.c))
# Without libedit lines are typed in --talk as the terminal has them.
EDITOR_O := $B/src/desk/editor_module.o
ALL_O   := $(filter-out $(if $(EDIT),,$(EDITOR_O)),$(call obj,src/*/*.c))
RELAY_O := $(call obj,src/relay/*.c)
WEB_O   := $(call obj,src/web/*.c)
NET_O   := $(call obj,src/net/tls*.c src/net/net_module.c) \
	   $(call obj,src/dns/chain*.c src/dns/dnssec*.c) \
	   $(addprefix $B/src/,dns/codec.o dns/idn.o dns/parse.o dns/parse_raw.o \
	   dns/query.o sign/crypto.o)
PROG_O  := $(filter-out $(RELAY_O) $(WEB_O) $(NET_O) $(EDITOR_O),$(ALL_O))
CLI_O   := $(filter-out $B/src/cli/main.o $B/src/net/module.o $(WEB_O),$(ALL_O))
LIB_O   := $(filter-out $(foreach r,config report serve queue desk cli,$B/src/$r/%),\
	   $(CLI_O))
HELP_O  := $(filter-out %/module.o,$(call obj,tests/support/*.c))
UNIT    := $(patsubst tests/unit/%.c,$B/unit/%,$(wildcard tests/unit/*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(wildcard tests/fuzz/*.c))
CLANG   := $(shell command -v clang)

MODULES := $(addprefix $B/smtpsend-,net.so relay.so web.so) \
	   $(if $(EDIT),$B/smtpsend-desk.so)

all: $B/smtpsend $(MODULES)

$B/smtpsend: $(PROG_O)
	@echo "  LD $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)

# The modules have copies of their own of what they need of the rooms below.
# Only mem_exhausted() is the program's.
SHOWN   := src/net/module.map
NO_HOLES := -Wl,-z,defs,--ignore-unresolved-symbol=mem_exhausted
define module
@echo "  LD $@"
$(Q)$(CC) -shared -Wl,--version-script=$(SHOWN) $(HARD_LD) -o $@ \
	$(if $(findstring sanitize,$(OPT)),,$(NO_HOLES)) \
	$(filter %.o,$^) $(filter %.a,$^) $1
endef
$(MODULES): $B/src/net/stamp.pic.o $B/below.pic.a $(SHOWN)
$B/smtpsend-net.so: $(NET_O:.o=.pic.o)
	$(call module,$(NETLIBS))
$B/smtpsend-relay.so: $(RELAY_O:.o=.pic.o)
	$(call module,$(CURL))
$B/smtpsend-desk.so: $(EDITOR_O:.o=.pic.o)
	$(call module,$(EDIT))
$B/smtpsend-web.so: $(WEB_O:.o=.pic.o)
	$(call module,$(HTTP))
$B/below.pic.a: $(patsubst %.c,$B/%.pic.o,$(wildcard src/base/*.c \
	src/dns/*.c src/net/tls_*.c) $(addprefix src/mail/,\
	header.c mbox.c mime.c mimetype.c parts.c word.c) $(addprefix src/net/,clock.c file.c limit.c \
	sockaddr.c stream.c wait.c) src/smtp/reply.c)

# What finds a module, and what proves that it is of the same build.
HEADERS := $(wildcard src/*/*.h)
$B/src/net/door.o: FLAGS += -DLIBDIR='"/usr/local/lib"'
$B/src/net/stamp%o: FLAGS += -DBUILD='"$(firstword $(shell cat $(HEADERS) | cksum))"'
$B/src/net/stamp.o $B/src/net/stamp.pic.o: $(HEADERS)

# The program for another LIBDIR, made when it is installed.
PROGRAM := $(if $(filter /usr/local/lib,$(LIBDIR)),$B,$B/at$(LIBDIR))/smtpsend
$B/at$(LIBDIR)/smtpsend: $(filter-out %/door.o,$(PROG_O)) $B/at$(LIBDIR)/door.o
	@echo "  LD $@"
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$B/at$(LIBDIR)/door.o: src/net/door.c Makefile $(HEADERS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -DLIBDIR='"$(LIBDIR)"' -c -o $@ $<

$B/%.pic.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $< (PIC)"
	$(Q)$(CC) $(FLAGS:-fPIE=-fPIC) -MMD -MP -c -o $@ $<

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

# Tests link archives, so each takes only the objects it needs.
$B/pure.a: $(PURE_O)
$B/lib.a: $(LIB_O) $B/tests/support/module.o
$B/cli.a: $(CLI_O) $B/tests/support/module.o
$B/support.a: $(HELP_O)
$B/%.a:
	$(Q)rm -f $@ && ar rcs $@ $^

# Unit tests see the pure rooms only; net_* also net, relay and deliver; cli_*
# all.
link = @mkdir -p $(@D); echo "  LD $@"
$B/unit/net_%: $B/tests/unit/net_%.o $B/lib.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -o $@ $^ $B/lib.a $(LIBS) $(NETLIBS) $(CURL) -lcmocka

$B/unit/cli_%: $B/tests/unit/cli_%.o $B/cli.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) $(NETLIBS) -lcmocka

$B/unit/%: $B/tests/unit/%.o $B/pure.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) $(NETLIBS) -lcmocka

$B/fuzz/cli_%: $B/tests/fuzz/cli_%.o $B/cli.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS) $(NETLIBS)

$B/fuzz/%: $B/tests/fuzz/%.o $B/pure.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS) $(NETLIBS)

$B/unit/net_door: | $(MODULES)

unit: $(UNIT)
	@scripts/tally $^
unit-build: $(UNIT)

# What tests/queue kills, cuts and fills with.
QUEUE_T := $(patsubst tests/queue/%.c,$B/queue/%,$(wildcard tests/queue/*.c))
queue-tools: $(QUEUE_T)
$B/queue/engine: tests/queue/engine.c $B/lib.a $B/support.a
	$(link)
	$(Q)$(CC) $(FLAGS) -Itests/queue $(LINK) -o $@ $^ $(LIBS) $(NETLIBS)
$B/spf/ask: $B/tests/spf/ask.o $B/pure.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) $(NETLIBS)
$B/dnssec/walk: $B/tests/dnssec/walk.o $B/lib.a $B/support.a
	$(link)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) $(NETLIBS) $(CURL)
fuse     = $(if $(findstring cutfs,$@),$(shell pkg-config $1 fuse3))
$B/queue/%: tests/queue/%.c Makefile
	$(link)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) $(call fuse,--cflags) \
		$(if $(findstring preload,$*),-shared -fPIC) -o $@ $< \
		$(call fuse,--libs)


check: all $(UNIT) $(if $(CLANG),fuzz-build)
	@scripts/tally $(UNIT) $(if $(CLANG),$(FUZZ:$B/%=build/san/%))

# Unit tests and fuzz targets share the objects of one flavour, of the other
# compiler.
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=all
flavour  = +@$(MAKE) --no-print-directory B=build/san CC=clang HARDEN= \
	   OPT='-O1 -g -fno-omit-frame-pointer $(SAN) -fsanitize=fuzzer-no-link'

asan:
	$(flavour) all unit
asan-build:
	$(flavour) all unit-build
fuzz-build:
	$(flavour) fuzz-all
fuzz-all: $(FUZZ)
fuzz: fuzz-build
	@scripts/fuzz build/san/fuzz $(SECONDS) $(ONLY)

coverage:
	@[ ! -d build/cov ] || find build/cov -name '*.gcda' -delete
	+@$(MAKE) --no-print-directory B=build/cov CC=gcc HARDEN= \
		OPT='-O0 -g --coverage' unit
	@scripts/coverage build/cov $(PURE)

mutants:
	@scripts/mutants $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED)) \
		$(if $(ONLY),--only $(ONLY)) $(if $(ROOMS),--rooms $(ROOMS)) \
		$(if $(JOBS),--jobs $(JOBS))

lint: $(ALL_O)
	@scripts/lint

# clang-tidy, a room at a time, again only for what changed; any header counts
# as a change of all.  Its
# analyzer takes seven times as long as all else and is a part of its own; the
# default budget of steps would cost four times that and finds no more.
BUDGET  := -Xclang -analyzer-config -Xclang max-nodes=50000
tidied   = $(patsubst src/%/,$B/$1/%,$(wildcard src/*/))
tidy: $(call tidied,tidy)
analyze: $(call tidied,analyze)
$B/tidy/%: CHECKS := -clang-analyzer-*
$B/analyze/%: CHECKS := -bugprone-*,-cert-*,-misc-*,-performance-*,-readability-*
define run_tidy
@mkdir -p $(@D)
@clang-tidy --quiet --checks='$(CHECKS)' $(or $(if $(filter-out %.c,$?),$(filter %.c,$^)),$(filter %.c,$?)) -- \
	$(filter-out -W% -f%,$(FLAGS)) -DLIBDIR='""' -DBUILD='""' $(BUDGET) \
	2>/dev/null && touch $@
endef
.SECONDEXPANSION:
$B/tidy/%: $$(wildcard src/$$*/*.c) .clang-tidy $(HEADERS)
	$(run_tidy)
$B/analyze/%: $$(wildcard src/$$*/*.c) .clang-tidy $(HEADERS)
	$(run_tidy)

bench: all
	@scripts/bench
format:
	clang-format -i $(wildcard src/*/*.[ch] tests/*/*.[ch])

PLACE    = B='$B' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' \
	   SENDMAIL='$(SENDMAIL)' PROGRAM='$(PROGRAM)' scripts/place
install: all $(PROGRAM)
	$(PLACE) install
uninstall:
	$(PLACE) uninstall
install-queue:
	scripts/install-queue

deb: all
	+@scripts/deb/build $(VERSION)

clean:
	rm -rf build

.PHONY: all unit unit-build queue-tools check asan asan-build fuzz fuzz-build fuzz-all coverage mutants lint tidy analyze bench \
	format install install-queue uninstall deb clean
.SECONDARY:
-include $(wildcard $B/src/*/*.d $B/tests/*/*.d)
