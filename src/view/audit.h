#ifndef VIEW_AUDIT_H
#define VIEW_AUDIT_H

/*
 * What audit records tell about denied capabilities, per program, as text or as JSON: keys version,
 * lines, denials, malformed, unlisted, programs (name, path, domain, pairs_failed, pairs_succeeded,
 * pairs_untold, perfmon_only, sys_admin_only, policy, permissive, advice).
 */

#include "access/audit.h"
#include "base/out.h"

void audit_text(struct out *out, const struct audit *audit);
void audit_json(struct out *out, const struct audit *audit);

#endif
