/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that rtcsink alone has, and the values behind them. A value
 * belongs to whoever holds the lock of its element. */
#pragma once

#include "gstrtccodec.h"
#include "gstrtcelement.h"

G_BEGIN_DECLS

/* Ids of the properties. */
typedef enum
{
  GST_RTC_SINK_SETTING_AUTO_PUBLISH = GST_RTC_ELEMENT_FIRST_PROP,
  GST_RTC_SINK_SETTING_VIDEO_CODECS,
  GST_RTC_SINK_SETTING_AUDIO_CODECS,
  GST_RTC_SINK_SETTING_MIN_BITRATE,
  GST_RTC_SINK_SETTING_START_BITRATE,
  GST_RTC_SINK_SETTING_MAX_BITRATE,
  GST_RTC_SINK_SETTING_MAX_VIEWERS
} GstRtcSinkSetting;

/**
 * GstRtcSinkSettings:
 *
 * One field for each property; arrays are owned.
 */
typedef struct
{
  gboolean auto_publish;
  gchar **video_codecs;
  gchar **audio_codecs;
  guint min_bitrate;
  guint start_bitrate;
  guint max_bitrate;
  guint max_viewers;
} GstRtcSinkSettings;

void gst_rtc_sink_settings_init (GstRtcSinkSettings *settings);
void gst_rtc_sink_settings_clear (GstRtcSinkSettings *settings);
void gst_rtc_sink_settings_install (GObjectClass *klass);

/* FALSE for an id that is not of these properties. */
gboolean gst_rtc_sink_settings_set (
    GstRtcSinkSettings *settings, guint id, const GValue *value);
gboolean gst_rtc_sink_settings_get (
    const GstRtcSinkSettings *settings, guint id, GValue *value);

/* FALSE and 100001 for codecs that nobody knows. */
gboolean gst_rtc_sink_settings_check (
    const GstRtcSinkSettings *settings, GError **error);

/* Of a new track: the names of codecs in order of preference (transfer full),
 * and what a video encoder starts with, in bit/s. */
gchar **gst_rtc_sink_settings_dup_codecs (const GstRtcSinkSettings *settings,
    GstRtcMedia medium) G_GNUC_WARN_UNUSED_RESULT;
guint gst_rtc_sink_settings_get_first_bitrate (
    const GstRtcSinkSettings *settings);

G_END_DECLS
