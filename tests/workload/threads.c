/* COUNT threads named worker-0.. that each burn SECONDS of CPU time: `threads COUNT SECONDS`. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile unsigned long sink;
static double seconds = 0.1;

__attribute__((noinline)) static void burn(void)
{
	struct timespec t;

	do {
		for (int i = 0; i < 100000; i++)
			sink += i;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec + t.tv_nsec / 1e9 < seconds);
}

static void *work(void *name)
{
	pthread_setname_np(pthread_self(), name);
	burn();
	return NULL;
}

int main(int argc, char **argv)
{
	static pthread_t threads[64];
	static char names[64][16];
	int count = argc > 1 ? atoi(argv[1]) : 4;

	if (argc > 2)
		seconds = atof(argv[2]);
	if (count < 1 || count > 64)
		return 2;
	for (int i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "worker-%d", i);
		if (pthread_create(&threads[i], NULL, work, names[i]))
			return 1;
	}
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
