#ifndef DATA_ABI_H
#define DATA_ABI_H

/*
 * The kernel's perf_events ABI and perf.data's own record types, as our own header, so that the
 * build needs no kernel headers and knows newer kernels than the build machine's. Names and values
 * are those of include/uapi/linux/perf_event.h (up to 7.2), perf_event_open(2), and of the
 * kernel's tools/perf/Documentation/perf.data-file-format.txt for what perf itself adds.
 */

#include <stdint.h>

enum perf_type_id {
	PERF_TYPE_HARDWARE = 0,
	PERF_TYPE_SOFTWARE = 1,
	PERF_TYPE_TRACEPOINT = 2,
	PERF_TYPE_HW_CACHE = 3,
	PERF_TYPE_RAW = 4,
	PERF_TYPE_BREAKPOINT = 5,
};

enum perf_hw_id {
	PERF_COUNT_HW_CPU_CYCLES = 0,
	PERF_COUNT_HW_INSTRUCTIONS = 1,
	PERF_COUNT_HW_CACHE_REFERENCES = 2,
	PERF_COUNT_HW_CACHE_MISSES = 3,
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS = 4,
	PERF_COUNT_HW_BRANCH_MISSES = 5,
	PERF_COUNT_HW_BUS_CYCLES = 6,
	PERF_COUNT_HW_STALLED_CYCLES_FRONTEND = 7,
	PERF_COUNT_HW_STALLED_CYCLES_BACKEND = 8,
	PERF_COUNT_HW_REF_CPU_CYCLES = 9,
};

enum perf_sw_ids {
	PERF_COUNT_SW_CPU_CLOCK = 0,
	PERF_COUNT_SW_TASK_CLOCK = 1,
	PERF_COUNT_SW_PAGE_FAULTS = 2,
	PERF_COUNT_SW_CONTEXT_SWITCHES = 3,
	PERF_COUNT_SW_CPU_MIGRATIONS = 4,
	PERF_COUNT_SW_PAGE_FAULTS_MIN = 5,
	PERF_COUNT_SW_PAGE_FAULTS_MAJ = 6,
	PERF_COUNT_SW_ALIGNMENT_FAULTS = 7,
	PERF_COUNT_SW_EMULATION_FAULTS = 8,
	PERF_COUNT_SW_DUMMY = 9,
	PERF_COUNT_SW_BPF_OUTPUT = 10,
	PERF_COUNT_SW_CGROUP_SWITCHES = 11,
};

enum perf_event_sample_format {
	PERF_SAMPLE_IP = 1u << 0,
	PERF_SAMPLE_TID = 1u << 1,
	PERF_SAMPLE_TIME = 1u << 2,
	PERF_SAMPLE_ADDR = 1u << 3,
	PERF_SAMPLE_READ = 1u << 4,
	PERF_SAMPLE_CALLCHAIN = 1u << 5,
	PERF_SAMPLE_ID = 1u << 6,
	PERF_SAMPLE_CPU = 1u << 7,
	PERF_SAMPLE_PERIOD = 1u << 8,
	PERF_SAMPLE_STREAM_ID = 1u << 9,
	PERF_SAMPLE_RAW = 1u << 10,
	PERF_SAMPLE_BRANCH_STACK = 1u << 11,
	PERF_SAMPLE_REGS_USER = 1u << 12,
	PERF_SAMPLE_STACK_USER = 1u << 13,
	PERF_SAMPLE_WEIGHT = 1u << 14,
	PERF_SAMPLE_DATA_SRC = 1u << 15,
	PERF_SAMPLE_IDENTIFIER = 1u << 16,
	PERF_SAMPLE_TRANSACTION = 1u << 17,
	PERF_SAMPLE_REGS_INTR = 1u << 18,
	PERF_SAMPLE_PHYS_ADDR = 1u << 19,
	PERF_SAMPLE_AUX = 1u << 20,
	PERF_SAMPLE_CGROUP = 1u << 21,
	PERF_SAMPLE_DATA_PAGE_SIZE = 1u << 22,
	PERF_SAMPLE_CODE_PAGE_SIZE = 1u << 23,
	PERF_SAMPLE_WEIGHT_STRUCT = 1u << 24,
	PERF_SAMPLE_MAX = 1u << 25, /* first bit nobody knows */
};

enum perf_branch_sample_type {
	PERF_SAMPLE_BRANCH_USER = 1u << 0,
	PERF_SAMPLE_BRANCH_KERNEL = 1u << 1,
	PERF_SAMPLE_BRANCH_HV = 1u << 2,
	PERF_SAMPLE_BRANCH_ANY = 1u << 3,
	PERF_SAMPLE_BRANCH_ANY_CALL = 1u << 4,
	PERF_SAMPLE_BRANCH_ANY_RETURN = 1u << 5,
	PERF_SAMPLE_BRANCH_IND_CALL = 1u << 6,
	PERF_SAMPLE_BRANCH_ABORT_TX = 1u << 7,
	PERF_SAMPLE_BRANCH_IN_TX = 1u << 8,
	PERF_SAMPLE_BRANCH_NO_TX = 1u << 9,
	PERF_SAMPLE_BRANCH_COND = 1u << 10,
	PERF_SAMPLE_BRANCH_CALL_STACK = 1u << 11,
	PERF_SAMPLE_BRANCH_IND_JUMP = 1u << 12,
	PERF_SAMPLE_BRANCH_CALL = 1u << 13,
	PERF_SAMPLE_BRANCH_NO_FLAGS = 1u << 14,
	PERF_SAMPLE_BRANCH_NO_CYCLES = 1u << 15,
	PERF_SAMPLE_BRANCH_TYPE_SAVE = 1u << 16,
	PERF_SAMPLE_BRANCH_HW_INDEX = 1u << 17,
	PERF_SAMPLE_BRANCH_PRIV_SAVE = 1u << 18,
	PERF_SAMPLE_BRANCH_COUNTERS = 1u << 19,
};

enum perf_event_read_format {
	PERF_FORMAT_TOTAL_TIME_ENABLED = 1u << 0,
	PERF_FORMAT_TOTAL_TIME_RUNNING = 1u << 1,
	PERF_FORMAT_ID = 1u << 2,
	PERF_FORMAT_GROUP = 1u << 3,
	PERF_FORMAT_LOST = 1u << 4,
};

#define PERF_ATTR_SIZE_VER0 64u	 /* the least a file may hold */
#define PERF_ATTR_SIZE_VER1 72u	 /* config2 */
#define PERF_ATTR_SIZE_VER2 80u	 /* branch_sample_type */
#define PERF_ATTR_SIZE_VER3 96u	 /* sample_regs_user, sample_stack_user */
#define PERF_ATTR_SIZE_VER4 104u /* sample_regs_intr */
#define PERF_ATTR_SIZE_VER5 112u /* aux_watermark */
#define PERF_ATTR_SIZE_VER6 120u /* aux_sample_size */
#define PERF_ATTR_SIZE_VER7 128u /* sig_data */
#define PERF_ATTR_SIZE_VER8 136u /* config3 */
#define PERF_ATTR_SIZE_VER9 144u /* config4 */

/* The bits of perf_event_attr.flags: a word, so that tables may name them. */
enum perf_event_attr_flag {
	PERF_ATTR_DISABLED = 1ull << 0,
	PERF_ATTR_INHERIT = 1ull << 1,
	PERF_ATTR_PINNED = 1ull << 2,
	PERF_ATTR_EXCLUSIVE = 1ull << 3,
	PERF_ATTR_EXCLUDE_USER = 1ull << 4,
	PERF_ATTR_EXCLUDE_KERNEL = 1ull << 5,
	PERF_ATTR_EXCLUDE_HV = 1ull << 6,
	PERF_ATTR_EXCLUDE_IDLE = 1ull << 7,
	PERF_ATTR_MMAP = 1ull << 8,
	PERF_ATTR_COMM = 1ull << 9,
	PERF_ATTR_FREQ = 1ull << 10,
	PERF_ATTR_INHERIT_STAT = 1ull << 11,
	PERF_ATTR_ENABLE_ON_EXEC = 1ull << 12,
	PERF_ATTR_TASK = 1ull << 13,
	PERF_ATTR_WATERMARK = 1ull << 14,
	PERF_ATTR_PRECISE_IP_SHIFT = 15, /* two bits */
	PERF_ATTR_MMAP_DATA = 1ull << 17,
	PERF_ATTR_SAMPLE_ID_ALL = 1ull << 18,
	PERF_ATTR_EXCLUDE_HOST = 1ull << 19,
	PERF_ATTR_EXCLUDE_GUEST = 1ull << 20,
	PERF_ATTR_EXCLUDE_CALLCHAIN_KERNEL = 1ull << 21,
	PERF_ATTR_EXCLUDE_CALLCHAIN_USER = 1ull << 22,
	PERF_ATTR_MMAP2 = 1ull << 23,
	PERF_ATTR_COMM_EXEC = 1ull << 24,
	PERF_ATTR_USE_CLOCKID = 1ull << 25,
	PERF_ATTR_CONTEXT_SWITCH = 1ull << 26,
	PERF_ATTR_WRITE_BACKWARD = 1ull << 27,
	PERF_ATTR_NAMESPACES = 1ull << 28,
	PERF_ATTR_KSYMBOL = 1ull << 29,
	PERF_ATTR_BPF_EVENT = 1ull << 30,
};
#define PERF_ATTR_AUX_OUTPUT (1ull << 31)
#define PERF_ATTR_CGROUP (1ull << 32)
#define PERF_ATTR_TEXT_POKE (1ull << 33)
#define PERF_ATTR_BUILD_ID (1ull << 34)
#define PERF_ATTR_INHERIT_THREAD (1ull << 35)
#define PERF_ATTR_REMOVE_ON_EXEC (1ull << 36)
#define PERF_ATTR_SIGTRAP (1ull << 37)
#define PERF_ATTR_DEFER_CALLCHAIN (1ull << 38)
#define PERF_ATTR_DEFER_OUTPUT (1ull << 39)
#define PERF_ATTR_PRECISE_IP(n) ((uint64_t)(n) << PERF_ATTR_PRECISE_IP_SHIFT)

struct perf_event_attr {
	uint32_t type;
	uint32_t size;
	uint64_t config;
	uint64_t sample_period; /* or Hz, with PERF_ATTR_FREQ */
	uint64_t sample_type;
	uint64_t read_format;
	uint64_t flags;
	uint32_t wakeup; /* events; bytes with PERF_ATTR_WATERMARK */
	uint32_t bp_type;
	uint64_t config1; /* or bp_addr */
	uint64_t config2; /* or bp_len */
	uint64_t branch_sample_type;
	uint64_t sample_regs_user;
	uint32_t sample_stack_user;
	int32_t clockid;
	uint64_t sample_regs_intr;
	uint32_t aux_watermark;
	uint16_t sample_max_stack;
	uint16_t reserved_2;
	uint32_t aux_sample_size;
	uint32_t aux_action;
	uint64_t sig_data;
	uint64_t config3;
	uint64_t config4;
};
_Static_assert(sizeof(struct perf_event_attr) == PERF_ATTR_SIZE_VER9, "attr layout");

enum perf_bp_type {
	HW_BREAKPOINT_R = 1,
	HW_BREAKPOINT_W = 2,
	HW_BREAKPOINT_RW = 3,
	HW_BREAKPOINT_X = 4,
};

enum perf_event_open_flag {
	PERF_FLAG_FD_NO_GROUP = 1u << 0,
	PERF_FLAG_FD_OUTPUT = 1u << 1,
	PERF_FLAG_PID_CGROUP = 1u << 2,
	PERF_FLAG_FD_CLOEXEC = 1u << 3,
};

/* ioctl(2) requests: type '$', as _IO, _IOW and _IOR build them on both architectures */
#define PERF_EVENT_IOC_ENABLE 0x2400u
#define PERF_EVENT_IOC_DISABLE 0x2401u
#define PERF_EVENT_IOC_REFRESH 0x2402u
#define PERF_EVENT_IOC_RESET 0x2403u
#define PERF_EVENT_IOC_PERIOD 0x40082404u
#define PERF_EVENT_IOC_SET_OUTPUT 0x2405u
#define PERF_EVENT_IOC_SET_FILTER 0x40082406u
#define PERF_EVENT_IOC_ID 0x80082407u
#define PERF_EVENT_IOC_PAUSE_OUTPUT 0x40042409u
#define PERF_IOC_FLAG_GROUP 1u

/* The control page of a ring; the fields we use, at the kernel's offsets. */
struct perf_event_mmap_page {
	uint32_t version;
	uint32_t compat_version;
	uint32_t lock;
	uint32_t index;
	int64_t offset;
	uint64_t time_enabled;
	uint64_t time_running;
	uint64_t capabilities; /* bit 0: cap_bit0, 3: cap_user_time, 4: cap_user_time_zero */
	uint16_t pmc_width;
	uint16_t time_shift;
	uint32_t time_mult;
	uint64_t time_offset;
	uint64_t time_zero;
	uint32_t size;
	uint32_t reserved_1;
	uint64_t time_cycles;
	uint64_t time_mask;
	uint8_t reserved_2[928];
	uint64_t data_head; /* written by the kernel */
	uint64_t data_tail; /* written by us */
	uint64_t data_offset;
	uint64_t data_size;
	uint64_t aux_head;
	uint64_t aux_tail;
	uint64_t aux_offset;
	uint64_t aux_size;
};
_Static_assert(__builtin_offsetof(struct perf_event_mmap_page, data_head) == 1024, "page layout");

struct perf_event_header {
	uint32_t type;
	uint16_t misc;
	uint16_t size; /* of the record, with this header */
};

enum perf_event_misc {
	PERF_RECORD_MISC_CPUMODE_MASK = 7,
	PERF_RECORD_MISC_CPUMODE_UNKNOWN = 0,
	PERF_RECORD_MISC_KERNEL = 1,
	PERF_RECORD_MISC_USER = 2,
	PERF_RECORD_MISC_HYPERVISOR = 3,
	PERF_RECORD_MISC_GUEST_KERNEL = 4,
	PERF_RECORD_MISC_GUEST_USER = 5,
	PERF_RECORD_MISC_PROC_MAP_PARSE_TIMEOUT = 1u << 12,
	PERF_RECORD_MISC_MMAP_DATA = 1u << 13,		/* MMAP, MMAP2 */
	PERF_RECORD_MISC_COMM_EXEC = 1u << 13,		/* COMM */
	PERF_RECORD_MISC_SWITCH_OUT = 1u << 13,		/* SWITCH */
	PERF_RECORD_MISC_EXACT_IP = 1u << 14,		/* SAMPLE */
	PERF_RECORD_MISC_MMAP_BUILD_ID = 1u << 14,	/* MMAP2 */
	PERF_RECORD_MISC_SWITCH_OUT_PREEMPT = 1u << 14, /* SWITCH */
};

enum perf_event_type {
	PERF_RECORD_MMAP = 1,
	PERF_RECORD_LOST = 2,
	PERF_RECORD_COMM = 3,
	PERF_RECORD_EXIT = 4,
	PERF_RECORD_THROTTLE = 5,
	PERF_RECORD_UNTHROTTLE = 6,
	PERF_RECORD_FORK = 7,
	PERF_RECORD_READ = 8,
	PERF_RECORD_SAMPLE = 9,
	PERF_RECORD_MMAP2 = 10,
	PERF_RECORD_AUX = 11,
	PERF_RECORD_ITRACE_START = 12,
	PERF_RECORD_LOST_SAMPLES = 13,
	PERF_RECORD_SWITCH = 14,
	PERF_RECORD_SWITCH_CPU_WIDE = 15,
	PERF_RECORD_NAMESPACES = 16,
	PERF_RECORD_KSYMBOL = 17,
	PERF_RECORD_BPF_EVENT = 18,
	PERF_RECORD_CGROUP = 19,
	PERF_RECORD_TEXT_POKE = 20,
	PERF_RECORD_AUX_OUTPUT_HW_ID = 21,
	PERF_RECORD_CALLCHAIN_DEFERRED = 22,
	/* from here on: written by perf, never by the kernel */
	PERF_RECORD_HEADER_ATTR = 64,
	PERF_RECORD_HEADER_EVENT_TYPE = 65,
	PERF_RECORD_HEADER_TRACING_DATA = 66,
	PERF_RECORD_HEADER_BUILD_ID = 67,
	PERF_RECORD_FINISHED_ROUND = 68,
	PERF_RECORD_ID_INDEX = 69,
	PERF_RECORD_AUXTRACE_INFO = 70,
	PERF_RECORD_AUXTRACE = 71, /* its payload follows and is not in header.size */
	PERF_RECORD_AUXTRACE_ERROR = 72,
	PERF_RECORD_THREAD_MAP = 73,
	PERF_RECORD_CPU_MAP = 74,
	PERF_RECORD_STAT_CONFIG = 75,
	PERF_RECORD_STAT = 76,
	PERF_RECORD_STAT_ROUND = 77,
	PERF_RECORD_EVENT_UPDATE = 78,
	PERF_RECORD_TIME_CONV = 79,
	PERF_RECORD_HEADER_FEATURE = 80,
	PERF_RECORD_COMPRESSED = 81,
	PERF_RECORD_FINISHED_INIT = 82,
	PERF_RECORD_COMPRESSED2 = 83,
	PERF_RECORD_BPF_METADATA = 84,
};

/* Markers inside a callchain: what follows was found in that context. */
#define PERF_CONTEXT_HV ((uint64_t)-32)
#define PERF_CONTEXT_KERNEL ((uint64_t)-128)
#define PERF_CONTEXT_USER ((uint64_t)-512)
#define PERF_CONTEXT_USER_DEFERRED ((uint64_t)-640)
#define PERF_CONTEXT_GUEST ((uint64_t)-2048)
#define PERF_CONTEXT_GUEST_KERNEL ((uint64_t)-2176)
#define PERF_CONTEXT_GUEST_USER ((uint64_t)-2560)
#define PERF_CONTEXT_MAX ((uint64_t)-4095)

enum perf_sample_regs_abi {
	PERF_SAMPLE_REGS_ABI_NONE = 0,
	PERF_SAMPLE_REGS_ABI_32 = 1,
	PERF_SAMPLE_REGS_ABI_64 = 2,
	PERF_SAMPLE_REGS_ABI_MAX = 3, /* first value nobody knows */
};

/* Bits of the feature bitmap in perf.data's header. */
enum perf_header_feature {
	HEADER_TRACING_DATA = 1,
	HEADER_BUILD_ID = 2,
	HEADER_HOSTNAME = 3,
	HEADER_OSRELEASE = 4,
	HEADER_VERSION = 5,
	HEADER_ARCH = 6,
	HEADER_NRCPUS = 7,
	HEADER_CPUDESC = 8,
	HEADER_CPUID = 9,
	HEADER_TOTAL_MEM = 10,
	HEADER_CMDLINE = 11,
	HEADER_EVENT_DESC = 12,
	HEADER_CPU_TOPOLOGY = 13,
	HEADER_NUMA_TOPOLOGY = 14,
	HEADER_BRANCH_STACK = 15,
	HEADER_PMU_MAPPINGS = 16,
	HEADER_GROUP_DESC = 17,
	HEADER_AUXTRACE = 18,
	HEADER_STAT = 19,
	HEADER_CACHE = 20,
	HEADER_SAMPLE_TIME = 21,
	HEADER_MEM_TOPOLOGY = 22,
	HEADER_CLOCKID = 23,
	HEADER_DIR_FORMAT = 24,
	HEADER_BPF_PROG_INFO = 25,
	HEADER_BPF_BTF = 26,
	HEADER_COMPRESSED = 27,
	HEADER_CPU_PMU_CAPS = 28,
	HEADER_CLOCK_DATA = 29,
	HEADER_HYBRID_TOPOLOGY = 30,
	HEADER_PMU_CAPS = 31,
	HEADER_CPU_DOMAIN_INFO = 32,
	HEADER_FEATURES = 256, /* bits in the bitmap */
};

#define PERF_FILE_MAGIC "PERFILE2"

struct perf_file_section {
	uint64_t offset;
	uint64_t size; /* bytes */
};

/* The first bytes of a file; a pipe has magic and size (16) only, and its attrs as records. */
struct perf_file_header {
	char magic[8];
	uint64_t size;
	uint64_t attr_size; /* of one struct perf_file_attr below */
	struct perf_file_section attrs;
	struct perf_file_section data;
	struct perf_file_section event_types;
	uint64_t features[HEADER_FEATURES / 64];
};

/* attr_size bytes: a struct perf_event_attr of any age, then its ids' section. */
struct perf_file_attr {
	struct perf_event_attr attr;
	struct perf_file_section ids;
};

#endif
