#include "cmd/cmd.h"

#include "base/out.h"

#include <unistd.h>

int cmd_version(int argc, char **argv)
{
	static struct out out;

	(void)argc;
	(void)argv;
	out_begin(&out, STDOUT_FILENO);
	out_string(&out, "perfbox version " PERFBOX_VERSION "\n");
	return out_flush(&out) ? 1 : 0;
}
