#include "access/sandbox.h"

/* For a binary with sanitizers, which make system calls of their own: no sandbox, and no word of
 * it. */
int sandbox_enter(struct sandbox *sandbox, const struct sandbox_wish *wish)
{
	(void)wish;
	*sandbox = (struct sandbox){ .calls = 0 };
	return 0;
}
