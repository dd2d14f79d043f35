/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties that rtcsink alone has. No thread of its own: the element
 * locks. */
#include "gstrtcsinksettings.h"

#include "gstrtcsettings.h"
#include "rtcerror-private.h"

#define DEFAULT_MIN_BITRATE 100000
#define DEFAULT_START_BITRATE 1500000
#define DEFAULT_MAX_BITRATE 4000000
#define DEFAULT_MAX_VIEWERS 64

static const gchar *const default_video_codecs[] = {"VP8", "H264", "VP9", NULL};
static const gchar *const default_audio_codecs[] = {
    "OPUS", "PCMU", "PCMA", NULL};

void
gst_rtc_sink_settings_init (GstRtcSinkSettings *settings)
{
  *settings = (GstRtcSinkSettings){.auto_publish = TRUE,
      .video_codecs = g_strdupv ((gchar **)default_video_codecs),
      .audio_codecs = g_strdupv ((gchar **)default_audio_codecs),
      .min_bitrate = DEFAULT_MIN_BITRATE,
      .start_bitrate = DEFAULT_START_BITRATE,
      .max_bitrate = DEFAULT_MAX_BITRATE,
      .max_viewers = DEFAULT_MAX_VIEWERS};
}

void
gst_rtc_sink_settings_clear (GstRtcSinkSettings *settings)
{
  g_strfreev (settings->video_codecs);
  g_strfreev (settings->audio_codecs);
}

static void
install_bitrate (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb, guint value)
{
  g_object_class_install_property (klass, id,
      g_param_spec_uint (name, nick, blurb, 1000, 100000000, value,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY));
}

static void
install_codecs (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, id,
      gst_param_spec_array (name, nick, blurb,
          g_param_spec_string (
              "codec", "Codec", "RTP encoding name", NULL, flags),
          flags));
}

void
gst_rtc_sink_settings_install (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_RTC_SINK_SETTING_AUTO_PUBLISH,
      g_param_spec_boolean ("auto-publish", "Publish automatically",
          "Publish at PAUSED to PLAYING; when false the application emits "
          "publish",
          TRUE,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY));
  install_codecs (klass, GST_RTC_SINK_SETTING_VIDEO_CODECS, "video-codecs",
      "Video codecs",
      "Encodings of raw video in order of preference, of VP8, H264, VP9, "
      "AV1; the first whose elements are installed is used. Read when a pad "
      "is requested; default VP8, H264, VP9");
  install_codecs (klass, GST_RTC_SINK_SETTING_AUDIO_CODECS, "audio-codecs",
      "Audio codecs",
      "Encodings of raw audio in order of preference, of OPUS, PCMU, PCMA. "
      "Read when a pad is requested; default OPUS, PCMU, PCMA");
  install_bitrate (klass, GST_RTC_SINK_SETTING_MIN_BITRATE, "min-bitrate",
      "Least bitrate",
      "Least bitrate of a video encoder, in bit/s, also where a Janus server "
      "names less",
      DEFAULT_MIN_BITRATE);
  install_bitrate (klass, GST_RTC_SINK_SETTING_START_BITRATE, "start-bitrate",
      "First bitrate", "Bitrate a video encoder starts with, in bit/s",
      DEFAULT_START_BITRATE);
  install_bitrate (klass, GST_RTC_SINK_SETTING_MAX_BITRATE, "max-bitrate",
      "Greatest bitrate",
      "Greatest bitrate of a video encoder, in bit/s; up to it where a Janus "
      "server names as much, else the first bitrate is not passed",
      DEFAULT_MAX_BITRATE);
  g_object_class_install_property (klass, GST_RTC_SINK_SETTING_MAX_VIEWERS,
      g_param_spec_uint ("max-viewers", "Most viewers",
          "Viewers served at once by direct media; further ones are refused", 1,
          10000, DEFAULT_MAX_VIEWERS,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_PLAYING));
}

static void
take_codecs (gchar ***codecs, const GValue *value)
{
  g_strfreev (*codecs);
  *codecs = gst_rtc_array_to_strv (value);
}

gboolean
gst_rtc_sink_settings_set (
    GstRtcSinkSettings *settings, guint id, const GValue *value)
{
  switch (id) {
    case GST_RTC_SINK_SETTING_AUTO_PUBLISH:
      settings->auto_publish = g_value_get_boolean (value);
      break;
    case GST_RTC_SINK_SETTING_VIDEO_CODECS:
      take_codecs (&settings->video_codecs, value);
      break;
    case GST_RTC_SINK_SETTING_AUDIO_CODECS:
      take_codecs (&settings->audio_codecs, value);
      break;
    case GST_RTC_SINK_SETTING_MIN_BITRATE:
      settings->min_bitrate = g_value_get_uint (value);
      break;
    case GST_RTC_SINK_SETTING_START_BITRATE:
      settings->start_bitrate = g_value_get_uint (value);
      break;
    case GST_RTC_SINK_SETTING_MAX_BITRATE:
      settings->max_bitrate = g_value_get_uint (value);
      break;
    case GST_RTC_SINK_SETTING_MAX_VIEWERS:
      settings->max_viewers = g_value_get_uint (value);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_rtc_sink_settings_get (
    const GstRtcSinkSettings *settings, guint id, GValue *value)
{
  switch (id) {
    case GST_RTC_SINK_SETTING_AUTO_PUBLISH:
      g_value_set_boolean (value, settings->auto_publish);
      break;
    case GST_RTC_SINK_SETTING_VIDEO_CODECS:
      gst_rtc_strv_to_array (
          (const gchar *const *)settings->video_codecs, value);
      break;
    case GST_RTC_SINK_SETTING_AUDIO_CODECS:
      gst_rtc_strv_to_array (
          (const gchar *const *)settings->audio_codecs, value);
      break;
    case GST_RTC_SINK_SETTING_MIN_BITRATE:
      g_value_set_uint (value, settings->min_bitrate);
      break;
    case GST_RTC_SINK_SETTING_START_BITRATE:
      g_value_set_uint (value, settings->start_bitrate);
      break;
    case GST_RTC_SINK_SETTING_MAX_BITRATE:
      g_value_set_uint (value, settings->max_bitrate);
      break;
    case GST_RTC_SINK_SETTING_MAX_VIEWERS:
      g_value_set_uint (value, settings->max_viewers);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

/* NULL when each of @names is a codec of @medium that we know. */
static gchar *
find_codec_fault (gchar **names, GstRtcMedia medium)
{
  if (!names || !names[0])
    return g_strdup ("names no codec");
  for (guint i = 0; names[i]; i++) {
    const GstRtcCodec *codec = gst_rtc_codec_find (names[i]);

    if (!g_utf8_validate (names[i], -1, NULL))
      return g_strdup ("is not UTF-8");
    if (!codec || codec->medium != medium)
      return g_strdup_printf ("`%.64s` is no %s codec that is known", names[i],
          gst_rtc_medium_get_nick (medium));
  }
  return NULL;
}

gboolean
gst_rtc_sink_settings_check (const GstRtcSinkSettings *settings, GError **error)
{
  g_autofree gchar *video =
      find_codec_fault (settings->video_codecs, GST_RTC_MEDIA_VIDEO);
  g_autofree gchar *audio =
      find_codec_fault (settings->audio_codecs, GST_RTC_MEDIA_AUDIO);

  if (!video && !audio)
    return TRUE;
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s: %s",
      video ? "video-codecs" : "audio-codecs", video ? video : audio);
}

gchar **
gst_rtc_sink_settings_dup_codecs (
    const GstRtcSinkSettings *settings, GstRtcMedia medium)
{
  return g_strdupv (medium == GST_RTC_MEDIA_VIDEO ? settings->video_codecs
                                                  : settings->audio_codecs);
}

guint
gst_rtc_sink_settings_get_first_bitrate (const GstRtcSinkSettings *settings)
{
  return CLAMP (settings->start_bitrate, settings->min_bitrate,
      MAX (settings->min_bitrate, settings->max_bitrate));
}
