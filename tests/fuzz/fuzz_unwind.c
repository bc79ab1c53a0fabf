#include "profile/elf.h"
#include "profile/unwind.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE 0x10000
#define STACK 0x70000
#define STACK_BYTES 512

static struct arena arena;
static int fd;
static char path[32];

/* An ELF file of one segment, in which the frame information begins at byte 120 (.eh_frame_hdr). */
static void write_elf(const struct arch *arch, const uint8_t *bytes, size_t size)
{
	struct {
		uint8_t ident[16];
		uint16_t type, machine;
		uint32_t version;
		uint64_t entry, segments, sections;
		uint32_t flags;
		uint16_t header, segment_bytes, segment_count, section_bytes, section_count, names;
		struct {
			uint32_t type, flags;
			uint64_t offset, address, physical, file_bytes, memory_bytes, align;
		} segment[2];
	} elf = { { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, 3, arch->elf_machine, 1, 0, 64, 0, 0, 64, 56, 2,
		64, 0, 0,
		{ { ELF_PT_LOAD, 5, 0, 0, 0, sizeof(elf) + size, sizeof(elf) + size, 4096 },
			{ ELF_PT_GNU_EH_FRAME, 4, sizeof(elf), sizeof(elf), 0, size, size, 4 } } };

	if (ftruncate(fd, 0) || pwrite(fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
		pwrite(fd, bytes, size, sizeof(elf)) != (ssize_t)size)
		abort();
}

static void map(struct processes *p, uint64_t start, const char *what)
{
	struct record record = { .type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.mmap = { .pid = 7, .tid = 7, .start = start, .size = 0x4000, .path = what } };

	processes_tell(p, &record, 0);
}

/* The first byte chooses the architecture; then registers, a stack, and the file's frames. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct resolve_options options;
	static struct images images;
	static struct processes processes;
	static struct unwinder unwinder;
	static uint64_t regs[ARCH_REGS], stack[STACK_BYTES / 8];
	struct span s = span_of(data, size);
	uint8_t choice = span_u8(&s);
	const struct arch *arch = choice & 1 ? &arch_arm64 : &arch_x86_64;
	struct sample sample = { .type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.pid = 7,
		.user_regs = { choice & 2 ? 1 : 2, 0x1ffffffff, regs, ARCH_REGS },
		.user_stack = { stack, STACK_BYTES } };

	if (!arena.base) {
		fd = memfd_create("fuzz", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (fd < 0 || arena_reserve(&arena, 2 << 20))
			abort();
	}
	arena_back(&arena, 0);
	for (unsigned r = 0; r < ARCH_REGS; r++)
		regs[r] = STACK + span_u16(&s) % 1024;
	regs[arch->frames->sp] = STACK + (choice >> 2) % 8 * 8;
	regs[arch->frames->ip] = BASE + span_u16(&s) % 0x1000;
	span_read(&s, stack, sizeof(stack));
	for (unsigned i = 0; i < STACK_BYTES / 8; i++)
		if (stack[i] >> 60 == 1)
			stack[i] = BASE + stack[i] % 0x1000;
		else if (stack[i] >> 60 == 2)
			stack[i] = STACK + stack[i] % STACK_BYTES;
	if (s.bad)
		return 0;
	write_elf(arch, s.at, span_left(&s));
	images_init(&images, &arena);
	processes_init(&processes, &arena, &images);
	map(&processes, BASE, path);
	map(&processes, 0x30000, "//anon");
	if (!unwind_init(&unwinder, &arena, &processes, &options, arch))
		abort();
	for (int again = 0; again < 2; again++) {
		sample.chain.count = 0;
		unwind_sample(&unwinder, &sample, 1, again ? UNWIND_DEPTH_MAX : 8);
		if (sample.chain.count > (again ? UNWIND_DEPTH_MAX : 8) + 1)
			abort();
	}
	unwind_end(&unwinder);
	return 0;
}
