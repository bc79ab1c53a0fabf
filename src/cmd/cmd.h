#ifndef CMD_CMD_H
#define CMD_CMD_H

/*
 * Every command is one file, cmd_NAME in src/cmd/NAME.c, one line here and one row of the table in
 * main.c. It gets argv as a program would (argv[0] is its name) and returns the exit status: 0, 1
 * for what failed, EXIT_USAGE (2) for what was asked wrongly. A command that is left out of the
 * build (make COMMANDS="record report") is NULL.
 */
#define COMMAND(name) __attribute__((weak)) int cmd_##name(int argc, char **argv)

COMMAND(caps);
COMMAND(capsh);
COMMAND(check);
COMMAND(getcap);
COMMAND(getpcaps);
COMMAND(grant);
COMMAND(inspect);
COMMAND(list);
COMMAND(record);
COMMAND(recover);
COMMAND(report);
COMMAND(script);
COMMAND(scrub);
COMMAND(setcap);
COMMAND(shell);
COMMAND(stat);
COMMAND(top);
COMMAND(version);

#endif
