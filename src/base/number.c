#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, const char **end, int base, uint64_t *value)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &stop, base);
	*end = stop;
	return errno ? -errno : 0;
}

int number_u64(const char *text, uint64_t *value)
{
	const char *end;
	int err = parse(text, &end, 0, value);

	return err ? err : *end ? -EINVAL : 0;
}

int number_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "BKMG";
	const char *end, *unit;
	int err = parse(text, &end, 0, bytes), shift;

	if (err || !*end)
		return err;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit || end[1])
		return -EINVAL;
	shift = 10 * (int)(unit - units);
	if (*bytes > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}

int number_seconds(const char *text, uint64_t *ns)
{
	uint64_t unit = 1000000000;
	const char *end;
	int err = parse(text, &end, 10, ns);

	if (err)
		return err;
	if (*ns > UINT64_MAX / unit - 1)
		return -ERANGE;
	*ns *= unit;
	if (*end == '.')
		for (end++; isdigit((unsigned char)*end); end++)
			*ns += (uint64_t)(*end - '0') * (unit /= 10);
	return *end ? -EINVAL : 0;
}

int number_list_next(const char **at, struct number_range *range, uint32_t *value)
{
	uint64_t first = 0, last;
	int err;

	if (!range->inside) {
		if (!**at || **at == '\n')
			return 0;
		err = parse(*at, at, 10, &first);
		last = first;
		if (!err && **at == '-')
			err = parse(*at + 1, at, 10, &last);
		if (err || last < first || last > INT32_MAX)
			return -EINVAL;
		if (**at == ',')
			++*at;
		else if (**at && **at != '\n')
			return -EINVAL;
		*range = (struct number_range){ (uint32_t)first, (uint32_t)last, 1 };
	}
	*value = range->next;
	if (range->next++ == range->last)
		range->inside = 0;
	return 1;
}

bool number_hex(const char **at, uint64_t *value)
{
	const char *start = *at, *c = start;
	uint64_t sum = 0;

	for (; c - start <= 16; c++) {
		unsigned digit = (unsigned char)*c - '0';

		if (digit > 9) {
			digit = ((unsigned char)*c | 32) - 'a';
			if (digit > 5)
				break;
			digit += 10;
		}
		sum = sum << 4 | digit;
	}
	*at = c;
	*value = sum;
	return c != start && c - start <= 16;
}

/* Digits from `*at` on; those behind the 18th only count. How many there were. */
static int digits(const char **at, uint64_t *value, int *exponent)
{
	int count = 0;

	for (; isdigit((unsigned char)**at); ++*at, count++)
		if (*value < UINT64_MAX / 100)
			*value = *value * 10 + (uint64_t)(**at - '0');
		else
			++*exponent;
	return count;
}

int number_decimal(const char **at, double *value)
{
	const char *power;
	uint64_t mantissa = 0, tens = 0;
	int exponent = 0, extra = 0, count;
	bool negative = **at == '-';

	*at += negative;
	count = digits(at, &mantissa, &exponent);
	if (**at == '.') {
		int fraction;

		++*at;
		fraction = digits(at, &mantissa, &exponent);
		exponent -= fraction;
		count += fraction;
	}
	if (!count)
		return -EINVAL;
	power = *at;
	if ((*power | 32) == 'e') {
		bool down = power[1] == '-';

		power += 1 + (down || power[1] == '+');
		if (digits(&power, &tens, &extra)) {
			*at = power;
			tens = tens > 400 ? 400 : tens;
			exponent += down ? -(int)tens : (int)tens;
		}
	}
	*value = negative ? -(double)mantissa : (double)mantissa;
	for (; exponent < 0 && *value != 0; exponent++)
		*value /= 10;
	for (; exponent > 0 && *value != 0 && *value - *value == 0; exponent--)
		*value *= 10;
	return 0;
}
