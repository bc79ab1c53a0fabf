# make             build/perfbox for this machine
# make ARCH=arm64  build/arm64/perfbox (or x86_64)
# make V=1         with the commands shown
# make deps        installs what building and testing need (Debian, root)
# make check       every test; the last line counts them
# make demo        records a real program, prints the report, draws build/demo.svg
# make lint  make bench  make fuzz TIME=60
# make check-asan  the command line's tests with sanitizers; make soak MINUTES=15
# make faults      every system call failed in turn, recordings killed at random moments
# make check-kernels  the tests in the lab on every kernel; make lab KERNEL=6.1 LAB_ARCH=arm64: a shell

ifneq ($(filter deps,$(MAKECMDGOALS)),)
# The rest of this file asks the compiler that deps is about to install: other goals come after it.
deps:
	@tests/deps.sh
$(filter-out deps,$(MAKECMDGOALS)): deps
	@$(MAKE) --no-print-directory $@
.PHONY: $(MAKECMDGOALS)
else

VERSION = 0.1
Q := $(if $(V),,@)
comma := ,
HOST := $(subst aarch64,arm64,$(shell uname -m))
ifeq ($(origin ARCH),command line)
all: build/$(ARCH)/perfbox
else
ARCH := $(HOST)
all: build/perfbox
endif
MACHINE := $(subst arm64,aarch64,$(ARCH))
OUT := build/$(ARCH)
PREFIX ?= /usr/local

# Where libc is musl already (Alpine) the system compiler links as it is; elsewhere musl-dev's
# folders take glibc's place.
ifeq ($(origin CC),default)
CC := $(if $(filter $(ARCH),$(HOST)),gcc,$(MACHINE)-linux-gnu-gcc)
endif
ifneq ($(findstring clang,$(CC)),)
TARGET := --target=$(MACHINE)-linux-musl
endif
LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack,-z,text -Wl,--gc-sections -Wl,--build-id
# Where RELRO ends GNU ld leaves up to 64 KiB of zeroes in an arm64 file; lld does not.
LLD := $(addprefix -fuse-ld=lld -B,$(dir $(shell command -v ld.lld)))
ifneq ($(findstring musl,$(shell $(CC) -dumpmachine)),)
LINK = $(CC) -static-pie $(LLD) $(LDFLAGS) -o $@ $1
else
START := arch/$(ARCH)/start.S
LDFLAGS += -Wl,-e,start $(if $(LLD),-Wl$(comma)--pack-dyn-relocs=relr -Wl$(comma)--icf=all -Wl$(comma)-O2)
MUSL := /usr/lib/$(MACHINE)-linux-musl
INCLUDE := -nostdinc -isystem /usr/include/$(MACHINE)-linux-musl \
	-isystem $(shell $(CC) $(TARGET) -print-file-name=include)
GCC := $(if $(filter $(ARCH),$(HOST)),gcc,$(MACHINE)-linux-gnu-gcc)
LINK = $(GCC) -nostdlib -nostartfiles -static-pie $(LLD) $(LDFLAGS) -o $@ $(MUSL)/rcrt1.o $(MUSL)/crti.o \
	$1 -L$(MUSL) -Wl,--start-group -lc -lgcc -Wl,--end-group $(MUSL)/crtn.o
endif

CFLAGS ?= $(if $(findstring clang,$(CC)),-Oz,-Os) -g
# What runs once per record, frame or symbol is built for speed, the rest for size.
HOT := src/capture/recorder.c src/data/reader.c src/data/sample.c src/profile/chain.c \
	src/profile/tree.c src/profile/process.c src/profile/kallsyms.c src/profile/image.c \
	src/base/out.c src/base/escape.c src/data/order.c src/data/sample_field.c src/data/contents.c src/data/scrub.c src/profile/rebase.c src/view/script_line.c src/view/script_chain.c src/view/script_frame.c
# GCC's own limits would cost 3 KiB more for 2 % less of report's instructions, 4 % of script's.
HOT_FLAGS := -O2 $(if $(findstring clang,$(CC)),,--param max-inline-insns-auto=5)
COLD_FLAGS := $(if $(findstring clang,$(CC)),,-fno-move-loop-invariants)
CFLAGS_arm64 := -fomit-frame-pointer -momit-leaf-frame-pointer $(if $(findstring clang,$(CC)),,-mno-outline-atomics)
WARNINGS := -Wall -Wextra -Werror -Wvla -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef
BASE_FLAGS := -std=c11 -D_GNU_SOURCE -DPERFBOX_VERSION='"$(VERSION)"' -Isrc -Iarch $(WARNINGS) \
	-fno-common -fno-math-errno
FLAGS := $(TARGET) $(INCLUDE) $(BASE_FLAGS) -fPIE -fstack-protector-strong -fno-asynchronous-unwind-tables \
	-fno-unwind-tables -ffunction-sections -fdata-sections $(CFLAGS_$(ARCH))

MODULES := $(wildcard src/base/*.c src/data/*.c src/access/*.c src/profile/*.c src/capture/*.c \
	src/view/*.c) arch/arch.c $(wildcard arch/*/decode.c)
# Fewer commands make a smaller binary: make COMMANDS="record report stat list". What they do not
# use of the rest the linker leaves out.
ALL_CMD := $(wildcard src/cmd/*.c)
CMD := $(if $(COMMANDS),$(COMMANDS:%=src/cmd/%.c) \
	$(filter-out $(shell grep -l '^int cmd_' $(ALL_CMD)),$(ALL_CMD)),$(ALL_CMD))
SOURCES := src/main.c $(CMD) $(MODULES) arch/$(ARCH)/host.c $(START)
OBJECTS := $(patsubst %,$(OUT)/obj/%.o,$(basename $(SOURCES)))

build/perfbox: build/$(HOST)/perfbox
	@ln -f $< $@
	@ln -f $<.debug $@.debug

# The symbols go beside the binary, tied to it by build ID and debuglink.
$(OUT)/perfbox: $(OBJECTS)
	@$(if $(V),,echo "  LD  $@")
	$Q$(call LINK,$(OBJECTS))
	$Q$(BINUTILS)objcopy --only-keep-debug $@ $@.debug
	$Q$(BINUTILS)objcopy --strip-all --add-gnu-debuglink=$@.debug $@
BINUTILS := $(if $(filter $(ARCH),$(HOST)),,$(MACHINE)-linux-gnu-)

$(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $@")
	$Q$(CC) $(FLAGS) $(CFLAGS) $(if $(filter $<,$(HOT)),$(HOT_FLAGS),$(COLD_FLAGS)) -MMD -MP -c -o $@ $<

$(OUT)/obj/%.o: %.S $(OUT)/flags
	@mkdir -p $(@D)
	$Q$(CC) $(TARGET) -c -o $@ $<

# Runs before the stack protector is there.
$(OUT)/obj/src/base/start.o: FLAGS += -fno-stack-protector

# Rebuilds everything when the compiler or its flags change.
$(OUT)/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS) $(CFLAGS) $(HOT_FLAGS) $(COLD_FLAGS) $(LLD) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS) $(CFLAGS) $(HOT_FLAGS) $(COLD_FLAGS) $(LLD) $(LDFLAGS)' > $@
always:

OTHER := $(if $(filter x86_64,$(HOST)),arm64,x86_64)
include tests/tests.mk

install: build/perfbox
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 build/perfbox $(DESTDIR)$(PREFIX)/bin/perfbox

clean:
	rm -rf build

-include $(OBJECTS:.o=.d)
.PHONY: all install clean always
endif
