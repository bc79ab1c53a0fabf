# What the tests are built from: modules in several ways, unit tests, fuzz targets, workloads; `make
# check` builds them and hands over to pytest.

CROSS := $(subst arm64,aarch64,$(OTHER))-linux-gnu
PYTHON := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
PYTEST := $(PYTHON) -m pytest -c tests/pytest.ini --rootdir=. --basetemp=build/test/tmp -n 2 --dist loadgroup

# All modules, built with glibc so that sanitizers and qemu-user need nothing special.
WAYS := native sanitized $(OTHER) fuzz
WAY_CC_native := gcc
WAY_CC_sanitized := gcc -fsanitize=address,undefined -fno-sanitize-recover=all
WAY_CC_$(OTHER) := $(CROSS)-gcc -idirafter /usr/include
WAY_CC_fuzz := clang -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
WAY_FLAGS := $(BASE_FLAGS) -Wno-write-strings -Wno-missing-prototypes -Itests/unit -O1 -g
WAY_ARCH = $(if $(filter $(OTHER),$1),$(OTHER),$(HOST))

define way
build/test/$1/%.o: %.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC  $$@")
	$$Q$$(WAY_CC_$1) $$(WAY_FLAGS) -MMD -MP -c -o $$@ $$<

build/test/$1/modules.a: $(patsubst %.c,build/test/$1/%.o,$(MODULES) arch/$(call WAY_ARCH,$1)/host.c)
	@rm -f $$@
	$$Qar rcs $$@ $$^

-include $(patsubst %.c,build/test/$1/%.d,$(MODULES) $(wildcard src/*.c src/cmd/*.c tests/unit/*.c tests/fuzz/*.c tests/faults/*.c))
endef
$(foreach w,$(WAYS),$(eval $(call way,$w)))

# Unit tests: each natively, natively with sanitizers, and for the other architecture.
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
define unit_way
build/unit/$1/%_test: build/test/$1/tests/unit/%_test.o build/test/$1/modules.a
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  LD  $$@")
	$$Q$$(WAY_CC_$1) -o $$@ $$^ \
		/usr/lib/$(subst arm64,aarch64,$(call WAY_ARCH,$1))-linux-gnu/libcmocka.so
units: $(UNIT_TESTS:%=build/unit/$1/%)
endef
$(foreach w,$(filter-out fuzz,$(WAYS)),$(eval $(call unit_way,$w)))

# Fuzz targets (libFuzzer). make check runs each for a fixed number of inputs, make fuzz TIME=60 for
# so many seconds; what was found stays in build/fuzz/corpus, seeds are in tests/fuzz/seeds/NAME.
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TIME ?= 60
build/fuzz/%: build/test/fuzz/tests/fuzz/fuzz_%.o build/test/fuzz/modules.a
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LD  $@")
	$Qclang -fsanitize=fuzzer,address,undefined -o $@ $^
fuzzers: $(FUZZERS:%=build/fuzz/%)
fuzz: fuzzers
	@for name in $(FUZZERS); do \
		seeds=$$(ls -d tests/fuzz/seeds/$$name 2>/dev/null); \
		mkdir -p build/fuzz/corpus/$$name; \
		echo "fuzz: $$name for $(TIME) s"; \
		build/fuzz/$$name -max_total_time=$(TIME) -timeout=10 -detect_leaks=0 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/$$name- build/fuzz/corpus/$$name $$seeds \
			>build/fuzz/$$name.log 2>&1 || { tail -n 30 build/fuzz/$$name.log; exit 1; }; \
		grep number_of_executed_units build/fuzz/$$name.log; \
	done

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

# Minutes, for make check-kernels.
LONG := tests/lab/test_loss.py
check: build/perfbox other guards units fuzzers workloads build/faults/fault
	@$(PYTEST) tests --ignore=$(LONG)
# One file or a choice: make check-some TESTS='tests/lab/test_record.py --kernels 6.12'
check-some: build/perfbox other guards units fuzzers workloads build/faults/fault
	@$(PYTEST) $(TESTS)

# The lab: every kernel, or one to look around in.
check-kernels: build/perfbox other workloads
	@$(PYTEST) --kernels all tests/lab
KERNEL ?= 6.1
LAB_ARCH ?= $(HOST)
lab: build/perfbox other workloads
	@$(PYTHON) tests/lab/machine.py $(KERNEL) $(LAB_ARCH)

# Faults: every system call failed in turn, and kills at random moments; make check does a sample.
build/faults/fault: tests/faults/fault.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $@")
	$Qgcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -o $@ $<
KILLS ?= 200
faults: build/perfbox workloads build/faults/fault
	@$(PYTHON) tests/faults/inject.py
	@$(PYTHON) tests/faults/kills.py $(KILLS)

# Records, rotates and reports; a row a minute.
MINUTES ?= 15
soak: build/perfbox workloads
	@$(PYTHON) tests/faults/soak.py $(MINUTES)

# The command line's tests against a binary of the same sources with sanitizers, built with glibc and
# without its sandbox. What needs a static binary, little memory or the sandbox is not for it.
ASAN_TESTS ?= tests/cli
NOT_ASAN := test_memory or test_sandbox or without_proc or an_empty_root or no_program_to_make_a_group or \
	root_by_any_name or opens_no_ring or small_tables or shorter_before_samples_get_lost
build/asan/perfbox: $(patsubst %.c,build/test/sanitized/%.o,src/main.c $(wildcard src/cmd/*.c) tests/faults/no_sandbox.c) \
		build/test/sanitized/modules.a
	@mkdir -p $(@D)
	@for there in $(filter-out build/asan,$(wildcard build/*)); do ln -sfn ../$${there#build/} $(@D)/$${there#build/}; done
	@rm -f $@
	@$(if $(V),,echo "  LD  $@")
	$Q$(WAY_CC_sanitized) -o $@ $^
check-asan: build/asan/perfbox build/perfbox other workloads build/faults/fault
	@BUILD=$(CURDIR)/build/asan ASAN_OPTIONS=detect_leaks=0 $(PYTEST) -k 'not ($(NOT_ASAN))' $(ASAN_TESTS)

# perfbox that breaks out of its sandbox as soon as it is in, and one that never enters it: what the
# sandbox does, and what it costs.
GUARDS := violate open
GUARD_violate := -DGUARD_TEST_CALL=SYS_socket
GUARD_open := -DGUARD_TEST_NONE
define guard_build
build/guard/$1.o: src/cmd/guard.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC  $$@")
	$$Q$$(CC) $$(FLAGS) $$(CFLAGS) $$(GUARD_$1) -c -o $$@ $$<

build/guard/$1: $(filter-out %/cmd/guard.o,$(OBJECTS)) build/guard/$1.o
	@$$(if $$(V),,echo "  LD  $$@")
	$$Q$$(call LINK,$$^)
guards: build/guard/$1
endef
$(foreach g,$(GUARDS),$(eval $(call guard_build,$g)))

demo: build/perfbox
	@tests/demo.sh
bench: build/perfbox other daily guards workloads
	@$(PYTHON) tests/bench/bench.py

# Lint: the format, clang-tidy, the rules of the house, what the binaries are, and clang as compiler.
C_FILES := $(wildcard src/*.c src/*/*.c arch/*.c arch/*/*.c)
ALL_C := $(C_FILES) $(wildcard src/*/*.h arch/*.h tests/*/*.[ch])
TIDY := $(C_FILES:%.c=build/lint/%.tidy)
lint: lint-format lint-house lint-binary lint-daily lint-clang lint-tidy
	@echo "lint: clean"
lint-format:
	@clang-format -n -Werror $(ALL_C)
lint-house:
	@$(PYTHON) tests/lint/house.py
lint-binary: build/perfbox other
	@$(PYTHON) tests/lint/binary.py $(MAX_KIB) build/$(HOST)/perfbox build/$(OTHER)/perfbox
# perf's daily work alone, as an appliance may want it.
DAILY := record report stat list version
MAX_DAILY_KIB := 300
MAX_KIB := 512
lint-daily: daily
	@$(PYTHON) tests/lint/binary.py $(MAX_DAILY_KIB) build/daily/$(HOST)/perfbox build/daily/$(OTHER)/perfbox
daily:
	@for arch in $(HOST) $(OTHER); do $(MAKE) --no-print-directory COMMANDS="$(DAILY)" ARCH=$$arch \
		OUT=build/daily/$$arch build/daily/$$arch/perfbox || exit 1; done
lint-clang:
	@for arch in $(HOST) $(OTHER); do $(MAKE) --no-print-directory CC=clang ARCH=$$arch OUT=build/clang/$$arch \
		build/clang/$$arch/perfbox || exit 1; done
	@$(PYTHON) tests/lint/binary.py $(MAX_KIB) build/clang/$(HOST)/perfbox build/clang/$(OTHER)/perfbox
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
.PHONY: demo bench daily faults soak check-asan fuzz check check-kernels check-some guards lab other units fuzzers workloads
.SECONDARY:
