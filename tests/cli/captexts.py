"""Capability texts, valid and not, for comparing with libcap: always the same ones."""

import random

NAMES = ["cap_chown", "cap_kill", "CAP_PERFMON", "cap_syslog", "cap_sys_ptrace", "cap_ipc_lock", "cap_bpf",
         "Cap_Checkpoint_Restore", "all", "ALL", "0", "1", "38", "41", "63", "64", "0x26", "010", "08", "bogus",
         "cap_", "", "cap_chown_", "perfmon", "99999999999999999999"]

FIXED = ["", " ", "=", "all", "all=", "=ep", "= e", "+p", "-p", "=p+e", "=+ep", "all+", "all+p", "all,=p",
         "cap_chown", "cap_chown=", "cap_chown+", "cap_chown=p+e-p", "cap_chown+p-p", "cap_chown=p=e",
         "cap_perfmon,cap_sys_ptrace,cap_syslog=ep", "38,cap_ipc_lock,cap_sys_ptrace,cap_syslog=ep",
         "cap_perfmon=p", "cap_perfmon=e", "cap_perfmon=ei", "cap_perfmon=ep cap_bpf=p", "all,63=p", "63,all=p",
         "\tcap_chown=p\n", "cap_chown=p\vcap_kill=i\f", "cap_chown= p", "cap_chown =p", "=p 41+p", "=eip 5-eip",
         "cap_chown=p;", "cap_chown=\u00e9", "cap_chown==p", "==", "+", "-x", ",cap_chown=p", "=p all-p"]

IAB_FIXED = ["", " ", "!", "^", "cap_chown,", ",cap_chown", "cap_chown,,cap_kill", "^%cap_chown", "!%cap_chown",
             "!^cap_chown", "all", "^all", "cap_chown,!cap_chown", "^cap_perfmon", "^38", "!0x26", "64", "^bogus"]


def texts(count, seed=1):
    dice = random.Random(seed)
    return FIXED + [_mangled(dice, _text(dice)) for _ in range(count - len(FIXED))]


def tuples(count, seed=2):
    dice = random.Random(seed)
    return IAB_FIXED + [_mangled(dice, _tuple(dice)) for _ in range(count - len(IAB_FIXED))]


def attributes(count, seed=3):
    """Values of security.capability that the kernel takes."""
    dice = random.Random(seed)
    values = []
    for _ in range(count):
        sets = [_set(dice) for _ in range(2)]
        words = [sets[n] >> 32 * half & 0xffffffff for half in (0, 1) for n in (0, 1)]
        root = dice.choice([None, None, 1, 1000, 2 ** 31 - 1])
        magic = (0x2000000 if root is None else 0x3000000) | dice.choice([0, 1])
        values.append(b"".join(w.to_bytes(4, "little") for w in
                               [magic, *words, *([] if root is None else [root])]))
    return values


def _set(dice):
    return dice.choice([0, 1 << dice.randrange(41), 1 << dice.randrange(64), 0x1ffffffffff,
                        0x1ffffffffff ^ 1 << dice.randrange(41), dice.getrandbits(41),
                        dice.getrandbits(64) & dice.getrandbits(64)])


def _text(dice):
    return dice.choice([" ", "  ", "\n", "\t"]).join(_clause(dice) for _ in range(dice.choice([1, 1, 1, 2, 3])))


def _clause(dice):
    names = dice.choices(NAMES, [4] * 13 + [1] * (len(NAMES) - 13), k=dice.choice([0, 1, 1, 1, 2, 3]))
    actions = [dice.choice("=+") + "".join(dice.sample("eip", dice.choice([0, 1, 2, 2, 3])))]
    while dice.random() < .2:
        actions.append(dice.choice("=+--") + "".join(dice.choices("eipeipeipxE", k=dice.choice([0, 1, 1, 2]))))
    return ",".join(names) + "".join(actions)


def _tuple(dice):
    return ",".join("".join(dice.choices("!^%", k=dice.choice([0, 1, 1, 2]))) + dice.choice(NAMES)
                    for _ in range(dice.choice([1, 1, 2, 3, 4])))


def _mangled(dice, text):
    if text and dice.random() < .25:
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice("=+-,eip 03!^%_\t\n\v\x01cap") + text[at + dice.choice([0, 1]):]
    return text
