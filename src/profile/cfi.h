#ifndef PROFILE_CFI_H
#define PROFILE_CFI_H

/*
 * Call frame information: .eh_frame with or without its .eh_frame_hdr, and .debug_frame (DWARF 5,
 * 6.4; Linux Standard Base, "Exception Frames"; "DWARF for the Arm 64-bit Architecture"). Gives for
 * one address the row that says where the caller's registers are. Sections are read in pieces
 * through a callback; nothing in them is trusted: offsets stay inside, loops are bounded. No I/O,
 * no memory of its own.
 */

#include "profile/expression.h"

#define CFI_ENTRY_MAX 16384 /* bytes of one CIE or FDE; larger ones are not used */

/* Copies `size` bytes at `offset` of the file to `to`; false where there are fewer. */
typedef bool (*cfi_read_at)(void *file, void *to, size_t size, uint64_t offset);

/* Where one FDE begins to hold. */
struct cfi_entry {
	uint64_t start; /* address */
	uint64_t at;	/* of the FDE in the section, bytes */
};

/* One section with call frame information. The first part is the caller's to fill. */
struct cfi {
	cfi_read_at read_at;
	void *file;
	uint64_t offset, bytes; /* of the section in the file */
	uint64_t address;	/* where .eh_frame is loaded */
	bool debug;		/* .debug_frame */
	const struct arch_frames *frames;

	/* by cfi_header(), or the caller: the FDEs in order of address */
	uint64_t table_offset, table_address; /* in the file: pairs of i32 from the header on */
	uint32_t count;			      /* 0: none */
	const struct cfi_entry *entries;      /* or here, made with cfi_list() */
};

enum cfi_kind {
	CFI_SAME,
	CFI_UNDEFINED,
	CFI_AT,		   /* saved at CFA + offset */
	CFI_IS,		   /* is CFA + offset; for the CFA itself: register + offset */
	CFI_REGISTER,	   /* in another register */
	CFI_AT_EXPRESSION, /* saved where an expression says, with the CFA on its stack */
	CFI_IS_EXPRESSION,
};

struct cfi_rule {
	uint8_t kind, reg; /* perf's number */
	uint16_t size;	   /* of the expression */
	int32_t offset;	   /* or where in `text` the expression begins */
};

/* How to get from a frame to its caller's. */
struct cfi_row {
	struct cfi_rule cfa, reg[ARCH_REGS];
	uint8_t return_reg; /* whose value in the caller is the address to return to */
	bool signal;	    /* the caller was interrupted: its address is no return address */
	uint8_t text[CFI_ENTRY_MAX]; /* CIE and FDE, with the expressions */
};

/* Reads .eh_frame_hdr (`bytes` at `offset` of the file, loaded at `address`): the place of
 * .eh_frame, and the table where it is of the one format linkers write. False: damaged. */
bool cfi_header(struct cfi *cfi, uint64_t offset, uint64_t bytes, uint64_t address);

/* All FDEs into `to`, in the section's order (`row` is scratch). Their count, which may be more
 * than `room`. */
uint32_t cfi_list(const struct cfi *cfi, struct cfi_row *row, struct cfi_entry *to, uint32_t room);

enum cfi_status {
	CFI_OK,
	CFI_NONE,   /* nothing is said about that address */
	CFI_BROKEN, /* what is said cannot be read */
};

enum cfi_status cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_row *row);

#endif
