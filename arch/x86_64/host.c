#include "arch.h"

const struct arch *const arch_host = &arch_x86_64;
