#ifndef PROFILE_IMAGE_H
#define PROFILE_IMAGE_H

/*
 * Where code comes from: the images (ELF files, the kernel, its modules, JIT regions) that a
 * recording names, and the distinct places in them that samples met. Names come last: after the
 * samples were read, resolve_images() (profile/resolve.h) gives every place its symbol with one
 * sweep per image, so memory grows with what was seen and not with the size of the images.
 *
 * Everything lies in the arena and stays until the command ends; pointers never move. Nothing here
 * returns NULL: what finds no room goes to one stand-in image or place and is counted in `dropped`.
 * Paths and names come from outside: print them with out_text and its kind.
 */

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define IMAGE_BUILD_ID_MAX 20 /* bytes, as the kernel and perf.data keep them */

enum image_kind {
	IMAGE_FILE,    /* an ELF file; offsets are file offsets */
	IMAGE_VDSO,    /* the kernel's ELF in every process; offsets are from its start */
	IMAGE_KERNEL,  /* the kernel itself; offsets are addresses */
	IMAGE_MODULE,  /* a kernel module; offsets are addresses */
	IMAGE_KSYMBOL, /* kernel code under one name, such as a BPF program; addresses */
	IMAGE_JIT,     /* executable memory of one process, names in perf-PID.map; addresses */
	IMAGE_OTHER,   /* has no names: "[unknown]", "[stack]", guests, "/SYSV..."; addresses */
};

/* How naming an image's places ended. */
enum image_status {
	IMAGE_PENDING,	   /* not tried, or there was no place to name */
	IMAGE_NAMED,	   /* a symbol table was swept */
	IMAGE_NO_FILE,	   /* not found, or not readable: `error` */
	IMAGE_NOT_ELF,	   /* found, but not an ELF file we can read, or damaged */
	IMAGE_NO_SYMBOLS,  /* stripped, and no separate debug file was found */
	IMAGE_OTHER_BUILD, /* only files with another build ID were found: not used */
	IMAGE_HIDDEN,	   /* the kernel shows no addresses to us (kptr_restrict) */
};

/* A function as its image names it; one per distinct start, shared by all its places. */
struct symbol {
	const char *name; /* demangled */
	uint64_t start;	  /* in the image's offsets */
	uint64_t size;	  /* bytes; guessed from the next symbol where the table has no size */
};

struct image {
	struct image *next;   /* in order of arrival */
	struct image *sister; /* the next in the same hash chain */
	const char *path;     /* as recorded; the kernel without its "_text" suffix */
	const char *name; /* for people: the last part of the path, "[nf_tables]", "[JIT] tid 7" */
	enum image_kind kind;
	enum image_status status;
	int error;		/* errno behind IMAGE_NO_FILE, or 0 */
	uint32_t pid, last_pid; /* the first and the latest process that mapped it, or 0 */
	uint32_t major, minor;	/* device of the file, where `inode` is known */
	uint64_t inode;		/* 0: unknown */
	uint64_t reference;	/* kernel and modules: see struct image_id */
	char reference_symbol[16];
	uint8_t build_id_size; /* 0: unknown */
	uint8_t build_id[IMAGE_BUILD_ID_MAX];
	uint32_t hash;
	uint32_t place_count;
	struct place *places;	 /* linked by place.next, in no order */
	struct place *settled;	 /* resolve_more() is done with these; they are not in `places` */
	struct symbol *nameless; /* see resolve_nameless() */
	struct code *code;	 /* profile/code.h's own */
};

/* One address in an image. Two places are in the same function when `symbol` is the same. */
struct place {
	struct image *image;
	uint64_t offset;
	struct symbol *symbol; /* NULL before resolve_images(), and where nothing names it */
	struct place *next;
};

struct images {
	struct arena *arena;
	struct image *first, *last;
	uint32_t count;
	uint64_t dropped; /* images and places that found no room */
	struct image *chain[256];
	struct place **table; /* open addressing; grows by doubling */
	uint32_t table_mask;
	uint32_t place_count;
	struct image no_room;
	struct place no_place;
};

/*
 * What a record knows of an image; zero is "unknown". MMAP and MMAP2 records give path, pid and
 * cpumode, MMAP2 also device and inode or the build ID; the BUILD_ID feature path and build ID.
 */
struct image_id {
	const char *path;
	bool kernel;  /* cpumode is kernel */
	bool ksymbol; /* from a KSYMBOL record: the path is the symbol's name */
	uint32_t pid; /* of the mapping process; part of the identity for JIT only */
	uint32_t major, minor;
	uint64_t inode;
	/* Where it lay when it was recorded, so that names can be found after another boot: the
	 * pgoff of the kernel's MMAP record ("[kernel.kallsyms]_text"), the start of a module's. */
	uint64_t reference;
	const uint8_t *build_id;
	uint8_t build_id_size; /* cut at IMAGE_BUILD_ID_MAX */
};

void images_init(struct images *images, struct arena *arena);

/*
 * The image that `id` means. Same path, and no contradiction in build ID or in device and inode, is
 * the same image; what it did not know yet is learned.
 */
struct image *image_find_or_add(struct images *images, const struct image_id *id);

/* The offset in `image` of an address inside a mapping that begins at `start`. */
static inline uint64_t image_offset(
	const struct image *image, uint64_t address, uint64_t start, uint64_t pgoff)
{
	return image->kind <= IMAGE_VDSO ? address - start + pgoff : address;
}

/*
 * The place for an offset, the same pointer each time. For a return address pass the offset of the
 * address - 1, so that a call at the very end of a function still belongs to it.
 */
struct place *image_place(struct images *images, struct image *image, uint64_t offset);

/* One short phrase for people: "no file", "another build ID", ... */
const char *image_status_text(enum image_status status);

#endif
