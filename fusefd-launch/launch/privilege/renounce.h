/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FUSEFD_LAUNCH_RENOUNCE_H
#define FUSEFD_LAUNCH_RENOUNCE_H

/* Give up whatever privilege the launcher was installed with or root has, for
 * good: all ids the caller's, no capability in any set, no way to one by an
 * exec. Read back; what did not hold is death. */
void renounce_privileges(void);

#endif
