/* DEPTH (40) frames of recursion above a busy loop: `deep SECONDS [DEPTH]`. perf sees main, dive
 * (x40), spin. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile unsigned long sink;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void spin(double until_s)
{
	while (now_s() < until_s)
		for (int i = 0; i < 100000; i++)
			sink += i;
}

__attribute__((noinline)) static void dive(int depth, double until_s)
{
	if (depth > 1)
		dive(depth - 1, until_s);
	else
		spin(until_s);
	sink++;
}

int main(int argc, char **argv)
{
	dive(argc > 2 ? atoi(argv[2]) : 40, argc > 1 ? atof(argv[1]) : 0.2);
	return 0;
}
