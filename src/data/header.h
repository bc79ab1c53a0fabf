#ifndef DATA_HEADER_H
#define DATA_HEADER_H

/*
 * What stands before the records: magic, events and their ids, feature sections; and the records
 * that say the same in pipe mode. The reader's own room: others ask data/reader.h.
 */

#include "data/reader.h"

/* Reads the header into `reader`, whose fd, arena and file_bytes are set. In pipe mode only
 * `pipe` and `data` are known afterwards. */
enum reader_status header_read(struct reader *reader);

/* What a pipe's record (reader->record) says of events and features. */
enum reader_status header_tell(struct reader *reader);

/* Finds every event by its ids, once all are known. */
enum reader_status header_index(struct reader *reader);

/* READER_OK for "PERFILE2", or what else the first 8 bytes are. */
enum reader_status header_magic(const char *magic);

#endif
