/*
 * Stacks of every shape, each with a leaf of its own: `frames SECONDS [SHAPE]`. main calls finish,
 * which does not return and calls, over and over, with_alloca, with_depth (200 x dive), with_signal
 * (handler, in the middle of the function) and with_sort (compare, called by libc). SHAPE is the
 * first letter of one: only that.
 */
#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define APART __attribute__((noinline, noclone))

static volatile unsigned long sink;
static volatile sig_atomic_t handled;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

#define LEAF(name)                                                                                 \
	APART void name(int count);                                                                \
	APART void name(int count)                                                                 \
	{                                                                                          \
		for (int i = 0; i < count; i++)                                                    \
			sink += (unsigned long)i;                                                  \
	}
LEAF(spin_alloca)
LEAF(spin_depth)
LEAF(spin_signal)
LEAF(spin_sort)
LEAF(spin_interrupted)

APART static void with_alloca(int bytes)
{
	char *room = alloca((size_t)bytes);

	memset(room, bytes, (size_t)bytes);
	spin_alloca(20000);
	sink += (unsigned long)room[bytes / 2];
}

APART static void dive(int depth)
{
	if (depth > 1)
		dive(depth - 1);
	else
		spin_depth(20000);
	sink++;
}

APART static void with_depth(void)
{
	dive(200);
	sink++;
}

APART static void handler(int number)
{
	(void)number;
	spin_signal(20000);
	handled = 1;
}

/* The timer interrupts spin_interrupted, wherever it is. */
APART static void with_signal(void)
{
	struct itimerval timer = { .it_value = { .tv_usec = 1 } };

	handled = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	while (!handled)
		spin_interrupted(100);
	sink++;
}

APART static int compare(const void *left, const void *right)
{
	spin_sort(100);
	return *(const int *)left - *(const int *)right;
}

APART static void with_sort(void)
{
	int values[60];

	for (int i = 0; i < 60; i++)
		values[i] = i * 7919 % 1000;
	qsort(values, 60, sizeof(*values), compare);
	sink += (unsigned long)values[0];
}

__attribute__((noreturn)) APART static void finish(double until_s, char shape)
{
	while (now_s() < until_s) {
		if (!shape || shape == 'a')
			with_alloca(64 + (int)(sink % 1000));
		if (!shape || shape == 'd')
			with_depth();
		if (!shape || shape == 's')
			with_signal();
		if (!shape || shape == 'q')
			with_sort();
	}
	exit(0);
}

int main(int argc, char **argv)
{
	signal(SIGALRM, handler);
	finish(argc > 1 ? atof(argv[1]) : 0.5, argc > 2 ? argv[2][0] : 0);
}
