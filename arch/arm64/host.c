#include "arch.h"

const struct arch *const arch_host = &arch_arm64;
