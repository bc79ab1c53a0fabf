/* Burns SECONDS of CPU time, nearly all of it in the kernel: `kernel SECONDS`. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char zeroes[1 << 20];
	double seconds = argc > 1 ? atof(argv[1]) : 0.1;
	int fd = open("/dev/zero", O_RDONLY);
	struct timespec t;

	do {
		for (int i = 0; i < 10; i++)
			if (read(fd, zeroes, sizeof(zeroes)) != sizeof(zeroes))
				return 1;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec + t.tv_nsec / 1e9 < seconds);
	return 0;
}
