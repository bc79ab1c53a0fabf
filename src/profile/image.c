#include "profile/image.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* What a record says of an image, sorted out: the key is what makes two records mean the same. */
struct reading {
	enum image_kind kind;
	const char *path;
	const char *name;
	char reference_symbol[16];
	char text[256];
};

/* "/lib/modules/6.1.0/kernel/net/nf-tables.ko.xz" and "[nf_tables]" are one module. */
static bool read_module(struct reading *r, const char *path)
{
	const char *base = last_part(path);
	const char *end = *path == '[' ? NULL : strstr(base, ".ko");
	size_t size;

	if (*path == '[') {
		r->name = path;
		return true;
	}
	if (!end || (end[3] && end[3] != '.') || end == base)
		return false;
	size = (size_t)(end - base);
	if (size > sizeof(r->text) - 3)
		size = sizeof(r->text) - 3;
	snprintf(r->text, sizeof(r->text), "[%.*s]", (int)size, base);
	for (char *c = r->text; *c; c++)
		if (*c == '-')
			*c = '_';
	r->name = r->text;
	return true;
}

/* "[kernel.kallsyms]_stext": the kernel, with the symbol whose address the record tells. */
static void read_kernel(struct reading *r, const char *path)
{
	const char *end = strchr(path, ']');

	r->kind = IMAGE_OTHER;
	if (begins(path, "[kernel") || begins(last_part(path), "vmlinux")) {
		r->kind = IMAGE_KERNEL;
		if (*path == '[' && end)
			snprintf(r->reference_symbol, sizeof(r->reference_symbol), "%s", end + 1);
		r->path = r->name = "[kernel.kallsyms]";
	} else if (!begins(path, "[guest") && !begins(path, "[unknown") && read_module(r, path)) {
		r->kind = IMAGE_MODULE;
	}
}

static bool anonymous(const char *path)
{
	return !strcmp(path, "//anon") || begins(path, "[anon") || begins(path, "/dev/zero") ||
	       begins(path, "/anon_hugepage") || begins(path, "/memfd:doublemapper");
}

static void read_user(struct reading *r, const char *path, uint32_t pid)
{
	if (anonymous(path)) {
		r->kind = IMAGE_JIT;
		snprintf(r->text, sizeof(r->text), "/tmp/perf-%u.map%c[JIT] tid %u", pid, 0, pid);
		r->path = r->text;
		r->name = r->text + strlen(r->text) + 1;
	} else if (begins(path, "[vdso")) {
		r->kind = IMAGE_VDSO;
	} else if (*path != '/' || begins(path, "/SYSV")) {
		r->kind = IMAGE_OTHER;
	}
}

static void read_id(struct reading *r, const struct image_id *id)
{
	const char *path = id->path ? id->path : "";

	*r = (struct reading){ .kind = IMAGE_FILE, .path = path, .name = last_part(path) };
	if (id->ksymbol)
		r->kind = IMAGE_KSYMBOL;
	else if (id->kernel)
		read_kernel(r, path);
	else
		read_user(r, path, id->pid);
}

static const char *key_of(enum image_kind kind, const char *path, const char *name)
{
	return kind == IMAGE_MODULE ? name : path;
}

static uint32_t hash_text(const char *text, uint32_t hash)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static bool same_build(const struct image *image, const struct image_id *id)
{
	return image->build_id_size == id->build_id_size &&
	       !memcmp(image->build_id, id->build_id, id->build_id_size);
}

/* Nothing that both know tells them apart. */
static bool agrees(const struct image *image, const struct image_id *id)
{
	if (image->build_id_size && id->build_id_size)
		return same_build(image, id);
	if (image->inode && id->inode)
		return image->inode == id->inode && image->major == id->major &&
		       image->minor == id->minor;
	return true;
}

static void learn(struct image *image, const struct image_id *id, const struct reading *r)
{
	if (!image->build_id_size && id->build_id_size) {
		image->build_id_size = id->build_id_size;
		memcpy(image->build_id, id->build_id, id->build_id_size);
	}
	if (!image->inode) {
		image->inode = id->inode;
		image->major = id->major;
		image->minor = id->minor;
	}
	if (!image->pid)
		image->pid = id->pid;
	if (id->pid)
		image->last_pid = id->pid;
	if (!image->reference && id->reference) {
		image->reference = id->reference;
		memcpy(image->reference_symbol, r->reference_symbol, sizeof(r->reference_symbol));
	}
}

static struct image *add(struct images *images, const struct reading *r, uint32_t hash)
{
	size_t mark = images->arena->used;
	struct image *image = arena_new(images->arena, struct image);
	const char *path = arena_copy(images->arena, r->path, strlen(r->path));
	const char *name = arena_copy(images->arena, r->name, strlen(r->name));

	if (!image || !path || !name) {
		arena_back(images->arena, mark);
		images->dropped++;
		return &images->no_room;
	}
	image->path = path;
	image->name = name;
	image->kind = r->kind;
	image->hash = hash;
	image->sister = images->chain[hash % 256];
	images->chain[hash % 256] = image;
	if (images->last)
		images->last->next = image;
	else
		images->first = image;
	images->last = image;
	images->count++;
	return image;
}

struct image *image_find_or_add(struct images *images, const struct image_id *given)
{
	struct image_id id = *given;
	struct reading r;
	struct image *image;
	const char *key;
	uint32_t hash;

	if (id.build_id_size > IMAGE_BUILD_ID_MAX)
		id.build_id_size = IMAGE_BUILD_ID_MAX;
	read_id(&r, &id);
	key = key_of(r.kind, r.path, r.name);
	hash = hash_text(key, 2166136261u + r.kind);
	for (image = images->chain[hash % 256]; image; image = image->sister)
		if (image->hash == hash && image->kind == r.kind && agrees(image, &id) &&
			!strcmp(key_of(image->kind, image->path, image->name), key))
			break;
	if (!image)
		image = add(images, &r, hash);
	if (image != &images->no_room)
		learn(image, &id, &r);
	return image;
}

void images_init(struct images *images, struct arena *arena)
{
	memset(images, 0, sizeof(*images));
	images->arena = arena;
	images->no_room.path = images->no_room.name = "[no room]";
	images->no_room.kind = IMAGE_OTHER;
	images->no_place.image = &images->no_room;
}

static uint32_t hash_place(const struct image *image, uint64_t offset)
{
	uint64_t mix = (offset ^ (uintptr_t)image << 7) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(mix >> 32);
}

static struct place **slot_of(struct images *images, const struct image *image, uint64_t offset)
{
	uint32_t at = hash_place(image, offset) & images->table_mask;
	struct place *place;

	while ((place = images->table[at]) && (place->offset != offset || place->image != image))
		at = (at + 1) & images->table_mask;
	return &images->table[at];
}

/* Twice the slots once three quarters are taken. Tables left behind are less than the last one. */
static bool grow(struct images *images)
{
	struct place **old = images->table;
	uint32_t old_slots = old ? images->table_mask + 1 : 0;
	uint32_t slots = old ? old_slots * 2 : 1024;
	struct place **table = slots ? arena_array(images->arena, struct place *, slots) : NULL;

	if (!table)
		return old && images->place_count < images->table_mask;
	images->table = table;
	images->table_mask = slots - 1;
	for (uint32_t i = 0; i < old_slots; i++)
		if (old[i])
			*slot_of(images, old[i]->image, old[i]->offset) = old[i];
	return true;
}

static struct place *no_place(struct images *images)
{
	images->dropped++;
	return &images->no_place;
}

struct place *image_place(struct images *images, struct image *image, uint64_t offset)
{
	struct place **slot = images->table ? slot_of(images, image, offset) : NULL;
	struct place *place;

	if (slot && *slot)
		return *slot;
	if (!slot || images->place_count >= images->table_mask / 4 * 3) {
		if (!grow(images))
			return no_place(images);
		slot = slot_of(images, image, offset);
	}
	place = arena_new(images->arena, struct place);
	if (!place)
		return no_place(images);
	place->image = image;
	place->offset = offset;
	place->next = image->places;
	image->places = place;
	image->place_count++;
	images->place_count++;
	*slot = place;
	return place;
}

const char *image_status_text(enum image_status status)
{
	static const char *const text[] = {
		[IMAGE_PENDING] = "not looked up",
		[IMAGE_NAMED] = "named",
		[IMAGE_NO_FILE] = "no file",
		[IMAGE_NOT_ELF] = "no readable ELF file",
		[IMAGE_NO_SYMBOLS] = "no symbols",
		[IMAGE_OTHER_BUILD] = "the file there now is another build",
		[IMAGE_HIDDEN] = "its addresses are hidden from us (kptr_restrict; run as root)",
	};

	return (unsigned)status < sizeof(text) / sizeof(*text) ? text[status] : "?";
}
