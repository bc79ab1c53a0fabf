#ifndef BASE_START_H
#define BASE_START_H

/*
 * What a dynamic loader would do for a static PIE, and musl 1.2.3's start code leaves to nobody.
 */

/* Write-protects what need not change after relocation (PT_GNU_RELRO). First thing in main. */
void start_protect(void);

#endif
