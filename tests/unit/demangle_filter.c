/* Reads a name per line and writes its readable form, or the line as it is: c++filt by our module.
 * The one argument is the flags. */

#include "profile/demangle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	static char line[1 << 20], text[1 << 20];
	int flags = argc > 1 ? atoi(argv[1]) : 0;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		puts(demangle_as(text, sizeof(text), line, flags) ? text : line);
	}
	return 0;
}
