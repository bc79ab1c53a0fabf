/* COUNT threads that each wake up now and then for a little work, for SECONDS: `crowd COUNT
 * SECONDS`. Says "ready" when all are there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES 32768

static volatile unsigned long sink;
static volatile double until_s; /* 0: not all are there yet */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void stir(void)
{
	for (int i = 0; i < 2000; i++)
		sink += i;
}

static void *live(void *nothing)
{
	while (!until_s || now_s() < until_s) {
		usleep(2000000);
		stir();
	}
	return nothing;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100;
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_BYTES);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, &small, live, NULL))
			return 1;
	until_s = now_s() + (argc > 2 ? atof(argv[2]) : 1);
	puts("ready");
	fflush(stdout);
	while (now_s() < until_s)
		usleep(10000);
	return 0;
}
