# What the tests are built from: unit tests in three ways, fuzz targets, workloads. `make check`
# builds them and hands over to pytest.

CROSS := $(subst arm64,aarch64,$(OTHER))-linux-gnu
PYTHON := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
PYTEST := $(PYTHON) -m pytest -c tests/pytest.ini --rootdir=. --basetemp=build/test/tmp

# Unit tests: glibc, so that sanitizers and qemu-user need nothing special.
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
UNIT_FLAGS := $(BASE_FLAGS) -Wno-write-strings -Itests/unit -O1 -g
UNIT_CC_native := gcc
UNIT_CC_sanitized := gcc -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_CC_$(OTHER) := $(CROSS)-gcc -idirafter /usr/include
UNIT_ARCH_native := $(HOST)
UNIT_ARCH_sanitized := $(HOST)
UNIT_ARCH_$(OTHER) := $(OTHER)
UNIT_VARIANTS := native sanitized $(OTHER)

define unit_variant
build/unit/$1/%.o: %.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC  $$@")
	$$Q$$(UNIT_CC_$1) $$(UNIT_FLAGS) -MMD -MP -c -o $$@ $$<

build/unit/$1/modules.a: $(patsubst %.c,build/unit/$1/%.o,$(MODULES) arch/$(UNIT_ARCH_$1)/host.c)
	@rm -f $$@
	$$Qar rcs $$@ $$^

build/unit/$1/%_test: build/unit/$1/tests/unit/%_test.o build/unit/$1/modules.a
	@$$(if $$(V),,echo "  LD  $$@")
	$$Q$$(UNIT_CC_$1) -o $$@ $$^ /usr/lib/$(subst arm64,aarch64,$(UNIT_ARCH_$1))-linux-gnu/libcmocka.so

units: $(UNIT_TESTS:%=build/unit/$1/%)
-include $(patsubst %.c,build/unit/$1/%.d,$(MODULES) $(UNIT_TESTS:%=tests/unit/%.c))
endef
$(foreach v,$(UNIT_VARIANTS),$(eval $(call unit_variant,$v)))

# Workloads: programs whose behaviour is known, to be recorded. Native ones look like a distribution's
# (glibc, dynamic, frame pointers); static musl ones run in the lab.
WORKLOADS := $(patsubst tests/workload/%.c,%,$(wildcard tests/workload/*.c))
WORKLOAD_FLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -g -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls -pthread
build/workload/native/%: tests/workload/%.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $@")
	$Qgcc $(WORKLOAD_FLAGS) -o $@ $<

define workload_arch
build/workload/$1/%: tests/workload/%.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC  $$@")
	$$Q$(if $(filter $1,$(HOST)),gcc,$(CROSS)-gcc) -specs /usr/lib/$(subst arm64,aarch64,$1)-linux-musl/musl-gcc.specs \
		-static $(WORKLOAD_FLAGS) -o $$@ $$<
workloads: $(WORKLOADS:%=build/workload/$1/%)
endef
$(foreach a,$(HOST) $(OTHER),$(eval $(call workload_arch,$a)))
workloads: $(WORKLOADS:%=build/workload/native/%)

other:
	@$(MAKE) --no-print-directory ARCH=$(OTHER)

check: build/perfbox other units workloads
	@$(PYTEST) tests
# One file or a choice: make check-some TESTS='tests/lab/test_record.py --kernels 6.12'
check-some: build/perfbox other units workloads
	@$(PYTEST) $(TESTS)

# The lab: every kernel, or one to look around in.
check-kernels: build/perfbox other workloads
	@$(PYTEST) --kernels all tests/lab
KERNEL ?= 6.1
LAB_ARCH ?= $(HOST)
lab: build/perfbox other workloads
	@$(PYTHON) tests/lab/machine.py $(KERNEL) $(LAB_ARCH)

# Lint: the format, clang-tidy, the rules of the house, what the binaries are, and clang as compiler.
C_FILES := $(wildcard src/*.c src/*/*.c arch/*.c arch/*/*.c)
ALL_C := $(C_FILES) $(wildcard src/*/*.h arch/*.h tests/*/*.[ch])
TIDY := $(C_FILES:%.c=build/lint/%.tidy)
lint: lint-format lint-house lint-binary lint-clang lint-tidy
	@echo "lint: clean"
lint-format:
	@clang-format -n -Werror $(ALL_C)
lint-house:
	@$(PYTHON) tests/lint/house.py
lint-binary: build/perfbox other
	@$(PYTHON) tests/lint/binary.py build/$(HOST)/perfbox build/$(OTHER)/perfbox
lint-clang:
	@for arch in $(HOST) $(OTHER); do $(MAKE) --no-print-directory CC=clang ARCH=$$arch OUT=build/clang/$$arch \
		build/clang/$$arch/perfbox || exit 1; done
	@$(PYTHON) tests/lint/binary.py build/clang/$(HOST)/perfbox build/clang/$(OTHER)/perfbox
lint-tidy: $(TIDY)
MUSL_ONLY := --target=$(subst arm64,aarch64,$(HOST))-linux-musl -nostdinc \
	-isystem /usr/include/$(subst arm64,aarch64,$(HOST))-linux-musl
build/lint/%.tidy: %.c .clang-tidy $(wildcard src/*/*.h arch/*.h)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  TIDY $<")
	$Qclang-tidy --quiet $< -- $(MUSL_ONLY) -isystem $$(clang -print-file-name=include) $(BASE_FLAGS) 2>$@.said \
		|| { cat $@.said >&2; exit 1; }
	@touch $@

.PHONY: lint lint-format lint-house lint-binary lint-clang lint-tidy
.PHONY: check check-kernels check-some lab other units workloads
.SECONDARY:
