#include "view/privilege.h"

#include "access/captext.h"

#include <sys/prctl.h>
#include <unistd.h>

#define GROUPS_MAX 1024

/* What libcap's "pure" modes set. */
#define SECUREBITS_PURE 0xef

static struct caps self(void)
{
	struct caps caps = { 0 };

	caps_self(&caps);
	return caps;
}

static void line(struct out *out, const char *head, const char *text)
{
	out_string(out, head);
	out_string(out, text);
	out_char(out, '\n');
}

static void show_caps(struct out *out)
{
	char text[CAPTEXT_BYTES];
	struct caps caps = self();

	captext_print(text, sizeof(text), &caps, caps_last());
	line(out, "Current: ", text);
}

static void show_iab(struct out *out)
{
	char text[CAPTEXT_BYTES];
	struct caps caps = self();
	struct caps_iab iab = { caps.inheritable, caps.ambient, ~caps.bounding };

	captext_print_iab(text, sizeof(text), &iab, caps_last());
	line(out, "Current IAB: ", text);
}

static void show_set(struct out *out, const char *head, uint64_t set)
{
	char text[CAPTEXT_BYTES];

	caps_list(text, sizeof(text), set);
	line(out, head, text);
}

static void show_bit(struct out *out, const char *name, unsigned bits, unsigned bit)
{
	out_printf(out, " %s: %s (%s)\n", name, bits & bit ? "yes" : "no",
		bits & bit << 1 ? "locked" : "unlocked");
}

static void show_securebits(struct out *out)
{
	unsigned bits;
	int digits;

	securebits_get(&bits);
	digits = bits ? 32 - __builtin_clz(bits) : 1;
	out_printf(out, "Securebits: 0%o/0x%x/%d'b", bits, bits, digits);
	while (digits-- > 0)
		out_char(out, bits >> digits & 1 ? '1' : '0');
	out_printf(out, " (no-new-privs=%d)\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	show_bit(out, "secure-noroot", bits, SECUREBIT_NOROOT);
	show_bit(out, "secure-no-suid-fixup", bits, SECUREBIT_NO_SETUID_FIXUP);
	show_bit(out, "secure-keep-caps", bits, SECUREBIT_KEEP_CAPS);
	show_bit(out, "secure-no-ambient-raise", bits, SECUREBIT_NO_AMBIENT_RAISE);
}

static void show_user(struct out *out, struct users *users, const char *head, uid_t uid)
{
	static struct user user;

	out_printf(out, "%s%u(", head, uid);
	out_text(out, user_find_id(users, uid, &user) ? user.name : "\?\?\?");
	out_char(out, ')');
}

static void show_group(struct out *out, struct users *users, const char *head, gid_t gid)
{
	static struct group group;

	out_printf(out, "%s%u(", head, gid);
	out_text(out, group_find_id(users, gid, &group) ? group.name : "\?\?\?");
	out_char(out, ')');
}

static void show_ids(struct out *out, struct users *users)
{
	gid_t list[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, list);

	show_user(out, users, "uid=", getuid());
	show_user(out, users, " euid=", geteuid());
	show_group(out, users, "\ngid=", getgid());
	out_string(out, "\ngroups=");
	for (int i = 0; i < count; i++)
		show_group(out, users, i ? "," : "", list[i]);
	out_char(out, '\n');
}

void privilege_current(struct out *out)
{
	show_caps(out);
	show_iab(out);
}

void privilege_print(struct out *out, struct users *users)
{
	show_caps(out);
	show_set(out, "Bounding set =", self().bounding);
	show_set(out, "Ambient set =", self().ambient);
	show_iab(out);
	show_securebits(out);
	show_ids(out, users);
	line(out, "Guessed mode: ", privilege_mode());
}

const char *privilege_mode(void)
{
	struct caps caps = self();
	unsigned bits;

	securebits_get(&bits);
	if (!bits)
		return "HYBRID (4)";
	if (bits != SECUREBITS_PURE || caps.ambient)
		return "UNCERTAIN (0)";
	if (caps.inheritable)
		return "PURE1E (3)";
	return caps.permitted || caps.bounding ? "PURE1E_INIT (2)" : "NOPRIV (1)";
}
