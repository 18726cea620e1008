# SPDX-License-Identifier: ISC
# smtpsend: make [V=1] [CC=clang]; everything goes into build/.

CC      ?= gcc
B       ?= build
PREFIX  ?= /usr/local
VERSION := 0.1

PKGS    := ldns openssl libidn2
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum \
	   -Wmissing-prototypes -Werror
HARDEN  := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPT     ?= -O2 -g
CFLAGS  += -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc $(OPT) \
	   $(WARN) $(HARDEN) $(shell pkg-config --cflags $(PKGS))
LDFLAGS += -pie -Wl,-z,relro,-z,now,--as-needed
LDLIBS  += $(shell pkg-config --libs $(PKGS))
Q       := $(if $(V),,@)

PURE    := base mail dns smtp route
PURE_O  := $(patsubst %.c,$B/%.o,$(wildcard $(PURE:%=src/%/*.c)))
ALL_O   := $(patsubst %.c,$B/%.o,$(wildcard src/*/*.c))
# everything but the program's own last words: for tests that need sockets
LIB_O   := $(filter-out $B/src/cli/%,$(ALL_O))
UNIT    := $(patsubst tests/unit/%.c,$B/unit/%,$(wildcard tests/unit/*.c))

all: $B/smtpsend

$B/smtpsend: $(ALL_O)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests link the pure objects only; tests/unit/net_*.c get net and deliver.
$B/unit/net_%: $B/tests/unit/net_%.o $B/tests/support/oom.o $(LIB_O)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$B/unit/%: $B/tests/unit/%.o $B/tests/support/oom.o $(PURE_O)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

unit: $(UNIT)
	@for t in $^; do $$t || exit 1; done

check: all unit

clean:
	rm -rf $B

.PHONY: all check unit clean
.SECONDARY:
-include $(ALL_O:.o=.d)
