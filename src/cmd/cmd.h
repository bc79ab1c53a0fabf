#ifndef CMD_CMD_H
#define CMD_CMD_H

/*
 * Every command is one file, cmd_NAME in src/cmd/NAME.c, and one row of the table in main.c. It
 * gets argv as a program would (argv[0] is its name) and returns the exit status: 0, 1 for what
 * failed, EXIT_USAGE (2) for what was asked wrongly.
 */

int cmd_caps(int argc, char **argv);
int cmd_capsh(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_getcap(int argc, char **argv);
int cmd_getpcaps(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_setcap(int argc, char **argv);
int cmd_grant(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
