#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

/*
 * A terminal as a screen with keys: raw mode, its size, and everything put back as it was. Plain
 * ECMA-48 sequences that a VT100 and all after it know; no terminfo, which an initramfs lacks.
 * What a terminal does not know of them (the alternate screen of a VT100) it ignores.
 */

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum terminal_key {
	KEY_NONE = 0, /* nothing more for now; 1 to 255: the byte itself */
	KEY_ESCAPE = 27,
	KEY_ERASE = 127,
	KEY_UP = 256,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_OTHER,
	KEY_GONE, /* nobody is there any more */
};

struct terminal {
	int screen, keys; /* descriptors, not owned; keys -1: there are none */
	bool entered, raw;
	struct termios before; /* of `keys`, where raw */
	unsigned char typed[64];
	size_t typed_at, typed_used;
};

/* Whether a descriptor is a terminal that can be drawn on: TERM is set, and not "dumb". */
bool terminal_can_draw(int fd);

/* Takes the screen; the cursor is hidden and lines are not wrapped. `keys` need not be a terminal.
 */
void terminal_enter(struct terminal *terminal, int screen, int keys);

/* Puts all back; twice is once. */
void terminal_leave(struct terminal *terminal);

/* Columns and rows, at least 1 each; 80x24 where nobody knows, as on a serial console. */
void terminal_size(int fd, int *columns, int *rows);

/* The next key typed. Waits only for the rest of an escape sequence that has begun. To be called,
 * until KEY_NONE, when `keys` is readable. */
int terminal_key(struct terminal *terminal);

#endif
