/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The codecs that may travel, as one table. Any thread. */
#include "gstrtccodec.h"

/* Packets of this size pass every path without fragments, SRTP and TURN
 * included. */
#define PAYLOADER_MTU 1200

static const GstRtcCodec codec_table[] = {
    {"VP8", GST_RTC_MEDIA_VIDEO, "video/x-vp8", "video/x-vp8", "vp8enc", NULL,
        "rtpvp8pay", "rtpvp8depay", NULL, "vp8dec", 96},
    {"VP9", GST_RTC_MEDIA_VIDEO, "video/x-vp9", "video/x-vp9", "vp9enc", NULL,
        "rtpvp9pay", "rtpvp9depay", NULL, "vp9dec", 98},
    {"H264", GST_RTC_MEDIA_VIDEO, "video/x-h264", "video/x-h264", "openh264enc",
        "h264parse", "rtph264pay", "rtph264depay", "h264parse", "openh264dec",
        102},
    {"AV1", GST_RTC_MEDIA_VIDEO, "video/x-av1", "video/x-av1", "av1enc",
        "av1parse", "rtpav1pay", "rtpav1depay", NULL, "av1dec", 104},
    {"OPUS", GST_RTC_MEDIA_AUDIO, "audio/x-opus",
        "audio/x-opus, channel-mapping-family = (int) 0", "opusenc",
        "opusparse", "rtpopuspay", "rtpopusdepay", NULL, "opusdec", 111},
    {"PCMU", GST_RTC_MEDIA_AUDIO, "audio/x-mulaw",
        "audio/x-mulaw, rate = (int) 8000, channels = (int) 1", "mulawenc",
        NULL, "rtppcmupay", "rtppcmudepay", NULL, "mulawdec", 0},
    {"PCMA", GST_RTC_MEDIA_AUDIO, "audio/x-alaw",
        "audio/x-alaw, rate = (int) 8000, channels = (int) 1", "alawenc", NULL,
        "rtppcmapay", "rtppcmadepay", NULL, "alawdec", 8},
};

/**
 * ElementSetting:
 *
 * One property of an element of the chains, as text, for live use: no
 * frame held back, keyframes on demand only.
 */
typedef struct
{
  const gchar *factory;
  const gchar *property;
  const gchar *value;
} ElementSetting;

static const ElementSetting setting_table[] = {
    {"vp8enc", "deadline", "1"},
    {"vp8enc", "cpu-used", "8"},
    {"vp8enc", "end-usage", "cbr"},
    {"vp8enc", "lag-in-frames", "0"},
    {"vp8enc", "error-resilient", "default"},
    {"vp8enc", "keyframe-max-dist", "2000"},
    {"vp8enc", "static-threshold", "100"},
    {"vp9enc", "deadline", "1"},
    {"vp9enc", "cpu-used", "8"},
    {"vp9enc", "end-usage", "cbr"},
    {"vp9enc", "lag-in-frames", "0"},
    {"vp9enc", "error-resilient", "default"},
    {"vp9enc", "keyframe-max-dist", "2000"},
    {"vp9enc", "row-mt", "true"},
    {"openh264enc", "complexity", "low"},
    {"openh264enc", "rate-control", "bitrate"},
    {"openh264enc", "gop-size", "2000"},
    {"opusenc", "frame-size", "20"},
    {"opusenc", "inband-fec", "true"},
    {"rtph264pay", "config-interval", "-1"},
    {"rtph264pay", "aggregate-mode", "zero-latency"},
    {"rtpvp8pay", "picture-id-mode", "15-bit"},
    {"rtpvp9pay", "picture-id-mode", "15-bit"},
    {"rtpvp8depay", "wait-for-keyframe", "true"},
    {"rtpvp8depay", "request-keyframe", "true"},
    {"rtpvp9depay", "wait-for-keyframe", "true"},
    {"rtpvp9depay", "request-keyframe", "true"},
    {"rtph264depay", "wait-for-keyframe", "true"},
    {"rtph264depay", "request-keyframe", "true"},
};

/* Where an encoder keeps its bitrate, and in which unit. */
static const struct
{
  const gchar *factory;
  const gchar *property;
  guint unit; /* bit/s */
} bitrate_table[] = {
    {"vp8enc", "target-bitrate", 1},
    {"vp9enc", "target-bitrate", 1},
    {"openh264enc", "bitrate", 1},
    {"av1enc", "target-bitrate", 1000},
};

const GstRtcCodec *
gst_rtc_codec_find (const gchar *name)
{
  for (guint i = 0; name && i < G_N_ELEMENTS (codec_table); i++) {
    if (g_ascii_strcasecmp (codec_table[i].name, name) == 0)
      return &codec_table[i];
  }
  return NULL;
}

const GstRtcCodec *
gst_rtc_codec_find_for_caps (const GstCaps *caps)
{
  const GstStructure *structure;

  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return NULL;

  structure = gst_caps_get_structure (caps, 0);
  for (guint i = 0; i < G_N_ELEMENTS (codec_table); i++) {
    if (gst_structure_has_name (structure, codec_table[i].media_type))
      return &codec_table[i];
  }
  return NULL;
}

static gboolean
is_installed (const gchar *factory_name)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find (factory_name);

  return factory != NULL;
}

const GstRtcCodec *
gst_rtc_codec_choose (
    GstRtcMedia medium, const gchar *const *names, gchar **reason)
{
  g_autoptr (GString) tried = g_string_new (NULL);

  for (; names && *names; names++) {
    const GstRtcCodec *codec = gst_rtc_codec_find (*names);

    if (!codec || codec->medium != medium) {
      g_string_append_printf (tried, " %s is not a known %s codec;", *names,
          gst_rtc_medium_get_nick (medium));
    } else if (!is_installed (codec->encoder)) {
      g_string_append_printf (
          tried, " %s needs element %s;", *names, codec->encoder);
    } else if (!is_installed (codec->payloader)) {
      g_string_append_printf (
          tried, " %s needs element %s;", *names, codec->payloader);
    } else {
      return codec;
    }
  }
  *reason = g_strdup_printf ("no %s encoder can be had:%s",
      gst_rtc_medium_get_nick (medium),
      tried->len > 0 ? tried->str : " no codec is allowed");
  return NULL;
}

GstElement *
gst_rtc_codec_make (const gchar *factory, gchar **reason)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (!element) {
    *reason = g_strdup_printf ("element %s is not installed", factory);
    return NULL;
  }

  for (guint i = 0; i < G_N_ELEMENTS (setting_table); i++) {
    const ElementSetting *setting = &setting_table[i];

    if (g_str_equal (setting->factory, factory) &&
        g_object_class_find_property (
            G_OBJECT_GET_CLASS (element), setting->property)) {
      gst_util_set_object_arg (
          G_OBJECT (element), setting->property, setting->value);
    }
  }
  return element;
}

/* libvpx does best with a thread for each core, up to eight. */
static void
set_threads (GstElement *encoder)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (encoder), "deadline")) {
    g_object_set (
        encoder, "threads", (gint)MIN (g_get_num_processors (), 8), NULL);
  }
}

void
gst_rtc_codec_set_bitrate (GstElement *encoder, guint bitrate)
{
  GstElementFactory *factory = gst_element_get_factory (encoder);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";

  for (guint i = 0; i < G_N_ELEMENTS (bitrate_table); i++) {
    if (g_str_equal (bitrate_table[i].factory, name)) {
      g_autofree gchar *value =
          g_strdup_printf ("%u", MAX (bitrate / bitrate_table[i].unit, 1));

      gst_util_set_object_arg (
          G_OBJECT (encoder), bitrate_table[i].property, value);
    }
  }
}

GstElement *
gst_rtc_codec_make_encoder (
    const GstRtcCodec *codec, guint bitrate, gchar **reason)
{
  GstElement *encoder = gst_rtc_codec_make (codec->encoder, reason);

  if (!encoder)
    return NULL;

  gst_rtc_codec_set_bitrate (encoder, bitrate);
  set_threads (encoder);
  return encoder;
}

GstElement *
gst_rtc_codec_make_payloader (const GstRtcCodec *codec, gchar **reason)
{
  GstElement *payloader = gst_rtc_codec_make (codec->payloader, reason);

  if (payloader) {
    g_object_set (payloader, "pt", codec->payload, "mtu", PAYLOADER_MTU, NULL);
  }
  return payloader;
}

GstCaps *
gst_rtc_codec_get_raw_caps (GstRtcMedia medium)
{
  return gst_caps_new_empty_simple (
      medium == GST_RTC_MEDIA_VIDEO ? "video/x-raw" : "audio/x-raw");
}

GstCaps *
gst_rtc_codec_get_encoded_caps (GstRtcMedia medium)
{
  GstCaps *caps = gst_caps_new_empty ();

  for (guint i = 0; i < G_N_ELEMENTS (codec_table); i++) {
    if (codec_table[i].medium == medium)
      gst_caps_append (
          caps, gst_caps_from_string (codec_table[i].encoded_caps));
  }
  return caps;
}

GstCaps *
gst_rtc_codec_get_all_caps (GstRtcMedia medium)
{
  GstCaps *caps = gst_rtc_codec_get_raw_caps (medium);

  gst_caps_append (caps, gst_rtc_codec_get_encoded_caps (medium));
  return caps;
}

const gchar *
gst_rtc_medium_get_nick (GstRtcMedia medium)
{
  return medium == GST_RTC_MEDIA_VIDEO ? "video" : "audio";
}
