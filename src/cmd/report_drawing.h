#ifndef CMD_REPORT_DRAWING_H
#define CMD_REPORT_DRAWING_H

/* The file of report --flamegraph. It is opened before the recording is read, when that is still
 * allowed; what was there stays until there is something to draw. */

/* `path` is kept; "-" is standard output. 0, or 1 after a message. */
int report_drawing_open(const char *path);

/* Empties it. The descriptor, or -1 after a message. */
int report_drawing_begin(void);

/* Nothing was drawn: as if it had not been opened. */
void report_drawing_discard(void);

#endif
