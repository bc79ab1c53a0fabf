#include "access/users.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The same bytes as every one of the files: whoever is listed must be found by name and id. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct users users = { span_of(bytes, size), span_of(bytes, size), span_of(bytes, size),
		0 };
	struct span text = users.passwd;
	static struct user user, found;
	static struct group group;
	unsigned malformed = 0;
	gid_t list[16];

	while (user_next(&text, &user, &malformed)) {
		if (!user_find(&users, user.name, &found) ||
			!user_find_id(&users, user.uid, &found))
			abort();
		if (user_groups(&users, &user, list, 16) == 0)
			abort();
	}
	text = users.group;
	while (group_next(&text, &group, &malformed)) {
		static char name[USER_TEXT_BYTES];

		if (!group_find(&users, group.name, &group) ||
			!group_find_id(&users, group.gid, &group))
			abort();
		while (group_next_member(&group, name))
			;
	}
	users_elsewhere(&users, "passwd");
	return 0;
}
