#include "base/terminal.h"

#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SEQUENCE_MS 50 /* in which the rest of an escape sequence comes, also at 9600 baud */

/* The alternate screen, no wrapping, no cursor; and back, colours too. */
static const char enter[] = "\033[?1049h\033[?7l\033[?25l\033[H\033[2J";
static const char leave[] = "\033[0m\033[2J\033[H\033[?25h\033[?7h\033[?1049l";

bool terminal_can_draw(int fd)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") && strcmp(term, "unknown") && isatty(fd);
}

void terminal_enter(struct terminal *terminal, int screen, int keys)
{
	struct termios raw;

	*terminal = (struct terminal){ .screen = screen, .keys = keys, .entered = true };
	if (tcgetattr(keys, &terminal->before)) {
		terminal->keys = -1;
	} else {
		raw = terminal->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		terminal->raw = !tcsetattr(keys, TCSANOW, &raw);
	}
	file_write(screen, enter, sizeof(enter) - 1);
}

void terminal_leave(struct terminal *terminal)
{
	if (!terminal->entered)
		return;
	file_write(terminal->screen, leave, sizeof(leave) - 1);
	if (terminal->raw)
		tcsetattr(terminal->keys, TCSANOW, &terminal->before);
	terminal->entered = terminal->raw = false;
}

void terminal_size(int fd, int *columns, int *rows)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size))
		size = (struct winsize){ 0 };
	*columns = size.ws_col ? size.ws_col : 80;
	*rows = size.ws_row ? size.ws_row : 24;
}

/* More of what was typed. False: nothing came in time, or nobody is there. */
static bool fill(struct terminal *t, int wait_ms, bool *gone)
{
	struct pollfd input = { .fd = t->keys, .events = POLLIN };
	ssize_t n;

	if (poll(&input, 1, wait_ms) <= 0)
		return false;
	n = read(t->keys, t->typed, sizeof(t->typed));
	*gone = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
	t->typed_at = 0;
	t->typed_used = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static int next_byte(struct terminal *t, int wait_ms)
{
	bool gone = false;

	if (t->typed_at == t->typed_used && !fill(t, wait_ms, &gone))
		return gone ? KEY_GONE : KEY_NONE;
	return t->typed[t->typed_at++];
}

/* "ESC [ 5 ~", "ESC [ A", "ESC O A": a number, then the letter that ends it. */
static int sequence(struct terminal *t)
{
	static const int letters[] = { ['A'] = KEY_UP,
		['B'] = KEY_DOWN,
		['C'] = KEY_RIGHT,
		['D'] = KEY_LEFT,
		['H'] = KEY_HOME,
		['F'] = KEY_END };
	static const int numbers[] = {
		[1] = KEY_HOME, [4] = KEY_END, [5] = KEY_PAGE_UP, [6] = KEY_PAGE_DOWN
	};
	unsigned number = 0;
	int c = next_byte(t, SEQUENCE_MS);

	while (c >= ' ' && c < '@') {
		number = c >= '0' && c <= '9' ? number * 10 + (unsigned)(c - '0') : 999;
		c = next_byte(t, SEQUENCE_MS);
	}
	if (c == '~' && number < sizeof(numbers) / sizeof(*numbers) && numbers[number])
		return numbers[number];
	if (c > 0 && (size_t)c < sizeof(letters) / sizeof(*letters) && letters[c])
		return letters[c];
	return c == KEY_GONE ? KEY_GONE : KEY_OTHER;
}

int terminal_key(struct terminal *terminal)
{
	int c = next_byte(terminal, 0);

	if (c == '\b')
		return KEY_ERASE;
	if (c != KEY_ESCAPE)
		return c;
	c = next_byte(terminal, SEQUENCE_MS);
	if (c == '[' || c == 'O')
		return sequence(terminal);
	if (c != KEY_NONE && c != KEY_GONE)
		terminal->typed_at--;
	return KEY_ESCAPE;
}
