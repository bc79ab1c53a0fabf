#include "arch.h"

const struct arch *const arch_host = &arch_arm64;

const struct arch_call arch_old_calls[] = { { 0, 0 } };
