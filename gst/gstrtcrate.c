/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much to send to a server that passes it on. One thread at a time. */
#include "gstrtcrate.h"

#include <string.h>

/* As the loss-based half of the congestion control of browsers has it: above
 * a tenth the rate falls by half of the loss, below a fiftieth it rises. */
#define MUCH_LOSS 26
#define LITTLE_LOSS 5
#define RISE_PERCENT 8

static void
clamp_target (GstRtcRate *rate)
{
  /* A least rate that is above the limit wins: below it there is no
   * picture. */
  const guint most =
      rate->limit == G_MAXUINT ? rate->start : MIN (rate->limit, rate->most);

  rate->target = MAX (MIN (rate->target, most), rate->least);
}

void
gst_rtc_rate_init (GstRtcRate *rate, guint least, guint start, guint most)
{
  most = MAX (least, most);
  *rate = (GstRtcRate){
      .least = least,
      .most = most,
      .start = CLAMP (start, least, most),
      .limit = G_MAXUINT,
  };
  rate->target = rate->start;
}

void
gst_rtc_rate_set_limit (GstRtcRate *rate, guint limit)
{
  rate->limit = limit;
  clamp_target (rate);
}

void
gst_rtc_rate_report (GstRtcRate *rate, guint loss)
{
  const guint64 target = rate->target;

  loss = MIN (loss, 256);
  if (loss >= MUCH_LOSS)
    rate->target = (guint)(target - target * loss / 512);
  else if (loss < LITTLE_LOSS)
    rate->target =
        (guint)MIN (target + target * RISE_PERCENT / 100 + 1, G_MAXUINT);
  clamp_target (rate);
}

/* `REMB`, the number of SSRCs, then 6 bits of exponent and 18 of mantissa. */
gboolean
gst_rtc_rate_parse_remb (const guint8 *fci, gsize size, guint *limit)
{
  guint64 mantissa;
  guint exponent;

  if (size < 8 || memcmp (fci, "REMB", 4) != 0)
    return FALSE;
  exponent = fci[5] >> 2;
  mantissa = ((guint64)(fci[5] & 3) << 16) | ((guint64)fci[6] << 8) | fci[7];
  if (exponent > 32 || mantissa << exponent >= G_MAXUINT)
    *limit = G_MAXUINT - 1;
  else
    *limit = (guint)(mantissa << exponent);
  return TRUE;
}
