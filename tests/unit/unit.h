#ifndef UNIT_H
#define UNIT_H

/*
 * cmocka with the headers it asks for. tests/unit/NAME_test.c is one program: linked with every
 * module but src/main.c and src/cmd, run natively, natively under the address and undefined
 * behaviour sanitizers, and as arm64 under qemu-user. Each cmocka_unit_test(...) of its table is a
 * test in the count.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
