/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: a remote candidate, and what the ICE library makes of those
 * that pass. */
#include <agent.h>
#include <string.h>

#include "fuzz.h"
#include "gstrtcsdp.h"

#define MAX_LENGTH 512

/* Of libnice, which is not instrumented: it must read what we let through. */
static void
check_with_nice (const gchar *normalized)
{
  static NiceAgent *agent = NULL;
  static guint stream = 0;
  g_autofree gchar *line = g_strconcat ("a=", normalized, NULL);
  NiceCandidate *candidate;

  if (!agent) {
    agent = nice_agent_new (NULL, NICE_COMPATIBILITY_RFC5245);
    stream = nice_agent_add_stream (agent, 1);
  }
  candidate = nice_agent_parse_remote_candidate_sdp (agent, stream, line);
  g_assert (candidate);
  g_assert (candidate->component_id == 1);
  g_assert (candidate->transport == NICE_CANDIDATE_TRANSPORT_UDP);
  nice_candidate_free (candidate);
}

static void
check_normalized (const gchar *normalized)
{
  g_autofree gchar *again = NULL;
  g_autofree gchar *fault = NULL;

  g_assert (g_str_has_prefix (normalized, "candidate:"));
  g_assert (strlen (normalized) <= MAX_LENGTH);
  g_assert (g_str_is_ascii (normalized));
  g_assert (fuzz_is_one_line (normalized));
  g_assert (gst_rtc_candidate_check (normalized, &again, &fault) ==
            GST_RTC_CANDIDATE_USABLE);
  g_assert_cmpstr (normalized, ==, again);
  check_with_nice (normalized);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *normalized = NULL;
  g_autofree gchar *fault = NULL;
  GstRtcCandidateVerdict verdict;

  fuzz_setup ();
  text = fuzz_dup_text (data, size);
  verdict = gst_rtc_candidate_check (text, &normalized, &fault);
  g_assert ((fault == NULL) == (verdict == GST_RTC_CANDIDATE_USABLE));
  g_assert ((normalized != NULL) == (verdict == GST_RTC_CANDIDATE_USABLE));
  if (normalized)
    check_normalized (normalized);
  return 0;
}
