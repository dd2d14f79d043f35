/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows behind the error contract, and errors that carry the number of
 * the back-end. Usable from any thread. */
#pragma once

#include "rtcerror.h"

G_BEGIN_DECLS

/**
 * GstRtcErrorInfo:
 * @code: the documented number
 * @symbol: the documented spelling
 * @alias: (nullable): corrected spelling of a misspelt symbol
 * @category: `parameter`, `sequence`, `internal`, `signaling`, `websocket`
 * @retryable: doing the same again can succeed
 * @text: one English sentence for a person, without a full stop
 *
 * One row of the error contract.
 */
typedef struct
{
  GstRtcError code;
  const gchar *symbol;
  const gchar *alias;
  const gchar *category;
  gboolean retryable;
  const gchar *text;
} GstRtcErrorInfo;

/* All rows in the order of their numbers. */
const GstRtcErrorInfo *gst_rtc_error_get_table (guint *n_rows);

/* The row of @code, NULL when no row has it. */
const GstRtcErrorInfo *gst_rtc_error_lookup (gint code);

/* A new error of domain GST_RTC_ERROR. Its message is the reason, for a
 * person. @native_code is an HTTP status, a WebSocket close code or the
 * number of the back-end; 0 when there is none. */
GError *gst_rtc_error_new (GstRtcError code, gint native_code,
    const gchar *format, ...) G_GNUC_PRINTF (3, 4) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @error (nullable) like gst_rtc_error_new (). Returns FALSE always, so
 * that a caller can return it. */
gboolean gst_rtc_error_set (GError **error, GstRtcError code, gint native_code,
    const gchar *format, ...) G_GNUC_PRINTF (4, 5);

/* The number of the back-end, 0 when @error has none or another domain. */
gint gst_rtc_error_get_native_code (const GError *error);

/* FALSE for the same attempt that is known to fail again (an eviction, a
 * refused token); by default the row of the code decides. */
gboolean gst_rtc_error_get_retryable (const GError *error);
void gst_rtc_error_set_retryable (GError *error, gboolean retryable);

G_END_DECLS
