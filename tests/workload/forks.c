/* Forks and waits for COUNT children one after the other, every second one execs: `forks COUNT`. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100;

	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			if (i % 2)
				execl("/proc/self/exe", "child", "0", (char *)NULL);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}
