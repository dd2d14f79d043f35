/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The codecs that may travel, as one table: caps, elements and their
 * settings. Nothing outside it is encoded, announced or decoded. Any
 * thread. */
#pragma once

#include <gst/gst.h>

#include "rtcroster.h"

G_BEGIN_DECLS

/**
 * GstRtcCodec:
 * @name: RTP encoding name, upper case, as announced and in SDP
 * @media_type: of the encoded caps
 * @encoder, @payloader, @depayloader, @decoder: factory names
 * @parser: (nullable): completes the caps of media that comes or goes
 *   encoded
 * @decoder_parser: (nullable): what @decoder needs before it
 * @payload: the payload type that is offered
 */
typedef struct
{
  const gchar *name;
  GstRtcMedia medium;
  const gchar *media_type;
  const gchar *encoded_caps;
  const gchar *encoder;
  const gchar *parser;
  const gchar *payloader;
  const gchar *depayloader;
  const gchar *decoder_parser;
  const gchar *decoder;
  guint payload;
} GstRtcCodec;

/* By RTP encoding name, in any case; NULL when it is none of ours. */
const GstRtcCodec *gst_rtc_codec_find (const gchar *name);
/* By the media type of encoded caps; NULL for raw caps and others. */
const GstRtcCodec *gst_rtc_codec_find_for_caps (const GstCaps *caps);

/* The first of @names that is of @medium and whose encoder and payloader are
 * installed; NULL when none is. @reason receives why, to be freed. */
const GstRtcCodec *gst_rtc_codec_choose (
    GstRtcMedia medium, const gchar *const *names, gchar **reason);

/* Elements of the chains, configured for live use; NULL (and @reason) when
 * the factory is not installed. @bitrate in bit/s. */
GstElement *gst_rtc_codec_make_encoder (
    const GstRtcCodec *codec, guint bitrate, gchar **reason);
/* Of an encoder of video; nothing for others. Any time. */
void gst_rtc_codec_set_bitrate (GstElement *encoder, guint bitrate);
GstElement *gst_rtc_codec_make_payloader (
    const GstRtcCodec *codec, gchar **reason);
GstElement *gst_rtc_codec_make (const gchar *factory, gchar **reason);

/* Caps of a medium: `raw` in system memory, and each encoding of the table.
 * Transfer full. */
GstCaps *gst_rtc_codec_get_raw_caps (GstRtcMedia medium);
GstCaps *gst_rtc_codec_get_encoded_caps (GstRtcMedia medium);
/* Both of them, raw first. */
GstCaps *gst_rtc_codec_get_all_caps (GstRtcMedia medium);

/* `audio` or `video`. */
const gchar *gst_rtc_medium_get_nick (GstRtcMedia medium);

G_END_DECLS
