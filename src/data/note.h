#ifndef DATA_NOTE_H
#define DATA_NOTE_H

/* The notes of ELF files, as they stand in a section, a segment or /sys/kernel/notes: System V
 * gABI, chapter 5; little-endian. Not trusted. */

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define NOTE_BUILD_ID_MAX 64

/* The NT_GNU_BUILD_ID note, cut at NOTE_BUILD_ID_MAX. Its size, or 0 where there is none. */
size_t note_build_id(struct span notes, uint8_t to[NOTE_BUILD_ID_MAX]);

#endif
