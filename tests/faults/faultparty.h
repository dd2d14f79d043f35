/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process behind a FaultParty. On the thread of the test. */
#pragma once

#include "faultscene.h"

G_BEGIN_DECLS

void fault_party_free (FaultParty *party);

G_END_DECLS
