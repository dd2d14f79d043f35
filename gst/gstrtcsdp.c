/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions and candidates of the other side, checked and cut down to
 * what webrtcbin and libnice are known to survive. Pure, any thread. */
#include "gstrtcsdp.h"

#include <gio/gio.h>
#include <string.h>

#include "rtcconfig.h"

#define MAX_LINE 8192
#define MAX_CANDIDATE 512
#define MAX_SSRCS 4

struct _GstRtcSdp
{
  GstSDPMessage *message;
  GArray *tracks; /* of GstRtcSdpTrack */
  GChecksumType hash;
  gchar *fingerprint;
  guint bundle_mline;
  guint n_candidates;
};

/* The codecs we take. Everything else stays outside: depayloaders and
 * decoders of rare formats are where the bugs are. Parameters not named here
 * never reach caps, where they could replace a field of another type. */
typedef struct
{
  const gchar *name;
  GstRtcMedia medium;
  guint clock_rate;
  guint max_channels; /* 0: none may be written */
  gint static_pt;     /* -1: dynamic only */
  const gchar *const *fmtp;
  const gchar *const *answer_fmtp;
} Codec;

static const gchar *const no_fmtp[] = {NULL};
static const gchar *const vp8_fmtp[] = {"max-fr", "max-fs", NULL};
static const gchar *const vp9_fmtp[] = {"max-fr", "max-fs", "profile-id", NULL};
static const gchar *const h264_fmtp[] = {"level-asymmetry-allowed",
    "packetization-mode", "profile-level-id", "sprop-parameter-sets", NULL};
static const gchar *const av1_fmtp[] = {"level-idx", "profile", "tier", NULL};
static const gchar *const opus_fmtp[] = {"maxaveragebitrate", "maxplaybackrate",
    "minptime", "sprop-maxcapturerate", "sprop-stereo", "stereo", "usedtx",
    "useinbandfec", NULL};
/* A stereo field in an answer that differs from the offer turns the media
 * around in webrtcbin. */
static const gchar *const opus_answer_fmtp[] = {
    "minptime", "useinbandfec", NULL};

static const Codec codecs[] = {
    {"VP8", GST_RTC_MEDIA_VIDEO, 90000, 0, -1, vp8_fmtp, vp8_fmtp},
    {"VP9", GST_RTC_MEDIA_VIDEO, 90000, 0, -1, vp9_fmtp, vp9_fmtp},
    {"H264", GST_RTC_MEDIA_VIDEO, 90000, 0, -1, h264_fmtp, h264_fmtp},
    {"AV1", GST_RTC_MEDIA_VIDEO, 90000, 0, -1, av1_fmtp, av1_fmtp},
    {"OPUS", GST_RTC_MEDIA_AUDIO, 48000, 2, -1, opus_fmtp, opus_answer_fmtp},
    {"PCMU", GST_RTC_MEDIA_AUDIO, 8000, 1, 0, no_fmtp, no_fmtp},
    {"PCMA", GST_RTC_MEDIA_AUDIO, 8000, 1, 8, no_fmtp, no_fmtp},
};

/* What one m-line says, with the session level as fallback. Strings are
 * borrowed from the parsed message. */
typedef struct
{
  GstRtcMedia medium;
  const gchar *mid;
  const gchar *ufrag;
  const gchar *pwd;
  const gchar *setup;
  const Codec *codec;
  gchar pt[8];
  guint channels; /* 0: not written */
  gboolean refused;
} Section;

typedef struct
{
  const GstSDPMessage *in;
  GstRtcSdpType type;
  Section sections[GST_RTC_SDP_MAX_MLINES];
  guint n_sections;
  GstRtcSdp *sdp;
  gchar *fault;
} Parse;

static gboolean G_GNUC_PRINTF (2, 3)
    refuse (gchar **fault, const gchar *format, ...)
{
  va_list args;

  if (fault && !*fault) {
    va_start (args, format);
    *fault = g_strdup_vprintf (format, args);
    va_end (args);
  }
  return FALSE;
}

/* A decimal without sign, space or surplus: what sscanf would let through
 * is refused. GLib lets a vertical tab through. */
static gboolean
parse_number (const gchar *text, guint64 min, guint64 max, guint64 *value)
{
  return text && strlen (text) <= 10 && g_ascii_isdigit (*text) &&
         g_ascii_string_to_unsigned (text, 10, min, max, value, NULL);
}

static gboolean
is_token (const gchar *text, gsize min, gsize max, const gchar *extra)
{
  gsize len = text ? strlen (text) : 0;

  if (len < min || len > max)
    return FALSE;
  for (; *text; text++) {
    if (!g_ascii_isalnum (*text) && !strchr (extra, *text))
      return FALSE;
  }
  return TRUE;
}

#define is_ice_string(text, min, max) is_token (text, min, max, "+/")

/* The parser of the SDP library is lenient; this is the frame inside which
 * it is used. */
static gboolean
check_text (const gchar *text, gchar **fault)
{
  g_auto (GStrv) lines = NULL;
  gsize len = strnlen (text, GST_RTC_SDP_MAX_BYTES + 1);
  guint n_mlines = 0;

  if (len > GST_RTC_SDP_MAX_BYTES)
    return refuse (fault, "it is longer than %d bytes", GST_RTC_SDP_MAX_BYTES);
  if (!g_utf8_validate (text, len, NULL))
    return refuse (fault, "it is not UTF-8");
  if (!g_str_has_prefix (text, "v=0"))
    return refuse (fault, "it does not begin with v=0");

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    gchar *line = g_strchomp (lines[i]);

    if (!*line)
      continue;
    if (strlen (line) > MAX_LINE)
      return refuse (fault, "line %u is too long", i + 1);
    if (!g_ascii_islower (line[0]) || line[1] != '=')
      return refuse (fault, "line %u is no SDP", i + 1);
    for (const gchar *c = line; *c; c++) {
      if (g_ascii_iscntrl (*c) && *c != '\t')
        return refuse (fault, "line %u has a control character", i + 1);
    }
    if (line[0] == 'k')
      return refuse (fault, "it has a k= line");
    if (line[0] == 'm' && ++n_mlines > GST_RTC_SDP_MAX_MLINES)
      return refuse (
          fault, "it has more than %d m-lines", GST_RTC_SDP_MAX_MLINES);
  }
  if (n_mlines == 0)
    return refuse (fault, "it has no m-line");
  return TRUE;
}

static const gchar *
get_attribute (
    const GstSDPMessage *message, const GstSDPMedia *media, const gchar *key)
{
  const gchar *value = gst_sdp_media_get_attribute_val (media, key);

  return value ? value : gst_sdp_message_get_attribute_val (message, key);
}

static gboolean
has_attribute (const GstSDPMedia *media, const gchar *key)
{
  return gst_sdp_media_get_attribute_val (media, key) != NULL;
}

/* --- fingerprints --- */

static gboolean
parse_hash (const gchar *name, GChecksumType *hash)
{
  if (g_ascii_strcasecmp (name, "sha-256") == 0)
    *hash = G_CHECKSUM_SHA256;
  else if (g_ascii_strcasecmp (name, "sha-384") == 0)
    *hash = G_CHECKSUM_SHA384;
  else if (g_ascii_strcasecmp (name, "sha-512") == 0)
    *hash = G_CHECKSUM_SHA512;
  else
    return FALSE;
  return TRUE;
}

static const gchar *
get_hash_name (GChecksumType hash)
{
  switch (hash) {
    case G_CHECKSUM_SHA384:
      return "sha-384";
    case G_CHECKSUM_SHA512:
      return "sha-512";
    default:
      return "sha-256";
  }
}

static gboolean
check_fingerprint_text (const gchar *text, GChecksumType hash)
{
  gsize n_bytes = g_checksum_type_get_length (hash);

  if (strlen (text) != n_bytes * 3 - 1)
    return FALSE;
  for (gsize i = 0; i < n_bytes * 3 - 1; i++) {
    if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit (text[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_fingerprint (Parse *parse, const gchar *value)
{
  GstRtcSdp *sdp = parse->sdp;
  g_auto (GStrv) parts = g_strsplit (value, " ", 2);
  g_autofree gchar *text = NULL;
  GChecksumType hash;

  /* Other hashes may stand beside the ones we take (RFC 8122, 5). */
  if (!parts[0] || !parts[1] || !parse_hash (parts[0], &hash))
    return TRUE;
  text = g_ascii_strup (g_strstrip (parts[1]), -1);
  if (!check_fingerprint_text (text, hash))
    return refuse (&parse->fault, "a fingerprint is malformed");

  if (sdp->fingerprint && sdp->hash == hash) {
    if (strcmp (sdp->fingerprint, text) != 0)
      return refuse (&parse->fault, "its fingerprints differ");
    return TRUE;
  }
  /* GChecksumType is not ordered by strength; sha-256 is what all have. */
  if (sdp->fingerprint && sdp->hash == G_CHECKSUM_SHA256)
    return TRUE;
  g_free (sdp->fingerprint);
  sdp->fingerprint = g_steal_pointer (&text);
  sdp->hash = hash;
  return TRUE;
}

static gboolean
collect_fingerprints (Parse *parse)
{
  const GstSDPMessage *in = parse->in;
  gboolean at_session =
      gst_sdp_message_get_attribute_val (in, "fingerprint") != NULL;

  for (guint i = 0; i < gst_sdp_message_attributes_len (in); i++) {
    const GstSDPAttribute *attr = gst_sdp_message_get_attribute (in, i);

    if (strcmp (attr->key, "fingerprint") == 0 &&
        !add_fingerprint (parse, attr->value))
      return FALSE;
  }
  for (guint m = 0; m < parse->n_sections; m++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (in, m);

    if (parse->sections[m].refused)
      continue;
    if (!at_session && !has_attribute (media, "fingerprint"))
      return refuse (&parse->fault, "m-line %u has no fingerprint", m);
    for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
      const GstSDPAttribute *attr = gst_sdp_media_get_attribute (media, i);

      if (strcmp (attr->key, "fingerprint") == 0 &&
          !add_fingerprint (parse, attr->value))
        return FALSE;
    }
  }
  if (!parse->sdp->fingerprint)
    return refuse (
        &parse->fault, "it has no fingerprint by sha-256, sha-384 or sha-512");
  return TRUE;
}

gchar *
gst_rtc_fingerprint_new (const gchar *pem, GChecksumType hash)
{
  static const gchar begin[] = "-----BEGIN CERTIFICATE-----";
  static const gchar end[] = "-----END CERTIFICATE-----";
  const gchar *from = pem ? strstr (pem, begin) : NULL;
  const gchar *to = from ? strstr (from, end) : NULL;
  g_autofree gchar *base64 = NULL;
  g_autofree guchar *der = NULL;
  g_autofree gchar *hex = NULL;
  GString *text;
  gsize len;

  if (!to)
    return NULL;
  from += strlen (begin);
  base64 = g_strndup (from, to - from);
  der = g_base64_decode (base64, &len);
  if (len == 0)
    return NULL;

  hex = g_compute_checksum_for_data (hash, der, len);
  text = g_string_new (NULL);
  for (const gchar *c = hex; *c; c += 2)
    g_string_append_printf (text, "%s%c%c", text->len ? ":" : "",
        g_ascii_toupper (c[0]), g_ascii_toupper (c[1]));
  return g_string_free (text, FALSE);
}

gboolean
gst_rtc_fingerprint_equal (const gchar *a, const gchar *b)
{
  guint8 difference = 0;
  gsize len = strlen (a);

  if (len == 0 || len != strlen (b))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    difference |= (guint8)a[i] ^ (guint8)b[i];
  return difference == 0;
}

/* --- sections --- */

static const Codec *
find_codec (GstRtcMedia medium, const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (codecs[i].medium == medium &&
        g_ascii_strcasecmp (codecs[i].name, name) == 0)
      return &codecs[i];
  }
  return NULL;
}

static const Codec *
find_static_codec (GstRtcMedia medium, guint pt)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (codecs[i].medium == medium && codecs[i].static_pt == (gint)pt)
      return &codecs[i];
  }
  return NULL;
}

/* The value behind `<pt> ` of the first attribute @key for @pt. */
static const gchar *
get_pt_attribute (const GstSDPMedia *media, const gchar *key, const gchar *pt)
{
  gsize len = strlen (pt);

  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attr = gst_sdp_media_get_attribute (media, i);

    if (strcmp (attr->key, key) == 0 && strncmp (attr->value, pt, len) == 0 &&
        attr->value[len] == ' ')
      return attr->value + len + 1;
  }
  return NULL;
}

static gboolean
take_rtpmap (Section *section, const gchar *rtpmap)
{
  g_auto (GStrv) parts = g_strsplit (rtpmap, "/", 4);
  guint n = g_strv_length (parts);
  const Codec *codec;
  guint64 clock_rate, channels = 0;

  if (n < 2 || n > 3)
    return FALSE;
  codec = find_codec (section->medium, parts[0]);
  if (!codec || !parse_number (parts[1], 1, G_MAXUINT32, &clock_rate) ||
      clock_rate != codec->clock_rate)
    return FALSE;
  if (n == 3 &&
      (codec->max_channels == 0 ||
          !parse_number (parts[2], 1, codec->max_channels, &channels)))
    return FALSE;
  section->codec = codec;
  section->channels = channels;
  return TRUE;
}

/* The first format that we know; webrtcbin would answer with the first one
 * whatever it is, and several confuse its payload types. */
static gboolean
choose_format (Section *section, const GstSDPMedia *media)
{
  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++) {
    const gchar *pt = gst_sdp_media_get_format (media, i);
    const gchar *rtpmap;
    guint64 number;

    /* 64 to 95 would be taken for RTCP (RFC 5761, 4). */
    if (!parse_number (pt, 0, 127, &number) || (number >= 64 && number <= 95))
      continue;
    g_snprintf (section->pt, sizeof section->pt, "%u", (guint)number);
    rtpmap = get_pt_attribute (media, "rtpmap", pt);
    if (rtpmap) {
      if (take_rtpmap (section, rtpmap))
        return TRUE;
      continue;
    }
    section->codec = find_static_codec (section->medium, number);
    section->channels = 0;
    if (section->codec)
      return TRUE;
  }
  return FALSE;
}

static const gchar *
get_direction (const GstSDPMessage *message, const GstSDPMedia *media)
{
  static const gchar *const names[] = {
      "sendonly", "recvonly", "sendrecv", "inactive"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (has_attribute (media, names[i]))
      return names[i];
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (gst_sdp_message_get_attribute_val (message, names[i]))
      return names[i];
  }
  return "sendrecv";
}

static gboolean
check_direction (Parse *parse, const GstSDPMedia *media, guint mline)
{
  const gchar *direction = get_direction (parse->in, media);
  gboolean ok;

  if (parse->type == GST_RTC_SDP_OFFER)
    ok = strcmp (direction, "sendonly") == 0 ||
         strcmp (direction, "sendrecv") == 0;
  else
    ok = strcmp (direction, "recvonly") == 0;
  if (!ok)
    return refuse (&parse->fault, "m-line %u is %s", mline, direction);
  return TRUE;
}

static gboolean
check_setup (Parse *parse, const Section *section, guint mline)
{
  const gchar *setup = section->setup;

  if (g_strcmp0 (setup, "active") == 0 || g_strcmp0 (setup, "passive") == 0)
    return TRUE;
  if (parse->type == GST_RTC_SDP_OFFER && g_strcmp0 (setup, "actpass") == 0)
    return TRUE;
  return refuse (&parse->fault, "m-line %u has no usable setup", mline);
}

static gboolean
check_unique (Parse *parse, const Section *section, guint mline)
{
  for (guint i = 0; i < mline; i++) {
    const Section *other = &parse->sections[i];

    if (strcmp (other->mid, section->mid) == 0)
      return refuse (&parse->fault, "a mid occurs twice");
    if (other->refused || section->refused)
      continue;
    if (other->medium == section->medium)
      return refuse (&parse->fault, "it has two m-lines of one medium");
    /* Bundled media are told apart by payload type. */
    if (strcmp (other->pt, section->pt) == 0)
      return refuse (&parse->fault, "a payload type occurs twice");
  }
  return TRUE;
}

static gboolean
read_mid (Parse *parse, Section *section, const GstSDPMedia *media)
{
  section->mid = gst_sdp_media_get_attribute_val (media, "mid");
  /* Without BUNDLE nothing refers to it, yet webrtcbin asserts one. */
  if (!section->mid && parse->n_sections == 1 &&
      !gst_sdp_message_get_attribute_val (parse->in, "group"))
    section->mid = "0";
  if (!is_token (section->mid, 1, 32, "!#$%&'*+-.^_`{|}~"))
    return refuse (&parse->fault, "an m-line has no usable mid");
  return TRUE;
}

static gboolean
read_section (Parse *parse, guint mline)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (parse->in, mline);
  const gchar *name = gst_sdp_media_get_media (media);
  Section *section = &parse->sections[mline];

  if (g_strcmp0 (name, "audio") == 0)
    section->medium = GST_RTC_MEDIA_AUDIO;
  else if (g_strcmp0 (name, "video") == 0)
    section->medium = GST_RTC_MEDIA_VIDEO;
  else
    return refuse (
        &parse->fault, "m-line %u is neither audio nor video", mline);
  if (g_strcmp0 (gst_sdp_media_get_proto (media), "UDP/TLS/RTP/SAVPF") != 0)
    return refuse (&parse->fault, "m-line %u is not UDP/TLS/RTP/SAVPF", mline);
  if (!read_mid (parse, section, media))
    return FALSE;

  if (gst_sdp_media_get_port (media) == 0 &&
      !has_attribute (media, "bundle-only")) {
    if (parse->type == GST_RTC_SDP_OFFER)
      return refuse (&parse->fault, "m-line %u is disabled", mline);
    section->refused = TRUE;
    return check_unique (parse, section, mline);
  }

  section->ufrag = get_attribute (parse->in, media, "ice-ufrag");
  section->pwd = get_attribute (parse->in, media, "ice-pwd");
  section->setup = get_attribute (parse->in, media, "setup");
  if (!is_ice_string (section->ufrag, 4, 256) ||
      !is_ice_string (section->pwd, 22, 256))
    return refuse (
        &parse->fault, "m-line %u has no usable ICE credentials", mline);
  if (!check_setup (parse, section, mline) ||
      !check_direction (parse, media, mline))
    return FALSE;
  if (!has_attribute (media, "rtcp-mux"))
    return refuse (&parse->fault, "m-line %u has no rtcp-mux", mline);
  if (!choose_format (section, media))
    return refuse (
        &parse->fault, "m-line %u offers no codec that we take", mline);
  return check_unique (parse, section, mline);
}

/* `group:BUNDLE` is not the first group in every description. */
static const gchar *
get_bundle_group (const GstSDPMessage *message)
{
  for (guint i = 0; i < gst_sdp_message_attributes_len (message); i++) {
    const GstSDPAttribute *attr = gst_sdp_message_get_attribute (message, i);

    if (strcmp (attr->key, "group") == 0 &&
        g_str_has_prefix (attr->value, "BUNDLE"))
      return attr->value + strlen ("BUNDLE");
  }
  return NULL;
}

static gint
find_mid (const Parse *parse, const gchar *mid)
{
  for (guint i = 0; i < parse->n_sections; i++) {
    if (strcmp (parse->sections[i].mid, mid) == 0)
      return i;
  }
  return -1;
}

/* All media must share one transport, since one certificate is checked and
 * one ICE stream is fed with candidates. */
static gboolean
check_bundle (Parse *parse)
{
  const gchar *group = get_bundle_group (parse->in);
  g_auto (GStrv) mids = NULL;
  gboolean bundled[GST_RTC_SDP_MAX_MLINES] = {FALSE};
  gint tag = -1;

  if (!group && parse->n_sections > 1)
    return refuse (&parse->fault, "its media are not bundled");
  mids = g_strsplit (group ? group : parse->sections[0].mid, " ", -1);
  for (guint i = 0; mids[i]; i++) {
    gint mline;

    if (!*mids[i])
      continue;
    mline = find_mid (parse, mids[i]);
    if (mline < 0)
      return refuse (&parse->fault, "its BUNDLE group names an unknown mid");
    if (bundled[mline])
      return refuse (&parse->fault, "its BUNDLE group names a mid twice");
    bundled[mline] = TRUE;
    if (tag < 0)
      tag = mline;
  }
  for (guint i = 0; i < parse->n_sections; i++) {
    if (!bundled[i] && !parse->sections[i].refused)
      return refuse (&parse->fault, "m-line %u is not bundled", i);
  }
  if (tag < 0 || parse->sections[tag].refused)
    return refuse (&parse->fault, "it refuses all media");
  parse->sdp->bundle_mline = tag;
  return TRUE;
}

/* --- what webrtcbin gets --- */

static gboolean
is_named (const gchar *const *names, const gchar *name)
{
  for (; *names; names++) {
    if (g_ascii_strcasecmp (*names, name) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
write_fmtp (const Parse *parse, const Section *section,
    const GstSDPMedia *media, GstSDPMedia *out)
{
  const gchar *fmtp = get_pt_attribute (media, "fmtp", section->pt);
  const gchar *const *names = parse->type == GST_RTC_SDP_OFFER
                                  ? section->codec->fmtp
                                  : section->codec->answer_fmtp;
  g_auto (GStrv) fields = g_strsplit (fmtp ? fmtp : "", ";", 32);
  g_autoptr (GString) kept = g_string_new (NULL);

  for (guint i = 0; fields[i]; i++) {
    gchar *field = g_strstrip (fields[i]);
    gchar *equals = strchr (field, '=');
    g_autofree gchar *name = NULL;

    if (!equals)
      continue;
    name = g_strndup (field, equals - field);
    if (is_named (names, name) && is_token (equals + 1, 1, 2048, "+/=,-._"))
      g_string_append_printf (kept, "%s%s", kept->len ? ";" : "", field);
  }
  if (kept->len > 0) {
    g_autofree gchar *value = g_strdup_printf ("%s %s", section->pt, kept->str);

    gst_sdp_media_add_attribute (out, "fmtp", value);
  }
}

static void
write_feedback (
    const Section *section, const GstSDPMedia *media, GstSDPMedia *out)
{
  static const gchar *const kinds[] = {"nack pli", "ccm fir"};

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
    gboolean found = FALSE;

    for (guint i = 0; !found && i < gst_sdp_media_attributes_len (media); i++) {
      const GstSDPAttribute *attr = gst_sdp_media_get_attribute (media, i);
      const gchar *space = strchr (attr->value, ' ');

      if (strcmp (attr->key, "rtcp-fb") != 0 || !space ||
          strcmp (space + 1, kinds[k]) != 0)
        continue;
      found = attr->value[0] == '*' ||
              (strncmp (attr->value, section->pt, space - attr->value) == 0 &&
                  section->pt[space - attr->value] == '\0');
    }
    if (found) {
      g_autofree gchar *value =
          g_strdup_printf ("%s %s", section->pt, kinds[k]);

      gst_sdp_media_add_attribute (out, "rtcp-fb", value);
    }
  }
}

/* webrtcbin tells by these lines which SSRC belongs to which m-line. */
static void
write_ssrcs (const GstSDPMedia *media, GstSDPMedia *out)
{
  guint n = 0;

  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attr = gst_sdp_media_get_attribute (media, i);
    g_auto (GStrv) parts = NULL;
    guint64 ssrc;

    if (strcmp (attr->key, "ssrc") != 0 || n == MAX_SSRCS)
      continue;
    parts = g_strsplit (attr->value, " cname:", 2);
    if (g_strv_length (parts) == 2 &&
        parse_number (parts[0], 1, G_MAXUINT32, &ssrc) &&
        is_token (parts[1], 1, 128, "+/=-._@{}:")) {
      gst_sdp_media_add_attribute (out, "ssrc", attr->value);
      n++;
    }
  }
}

static void
write_candidates (Parse *parse, const GstSDPMedia *media, GstSDPMedia *out)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attr = gst_sdp_media_get_attribute (media, i);
    g_autofree gchar *text = NULL;
    g_autofree gchar *kept = NULL;

    if (strcmp (attr->key, "candidate") != 0 ||
        parse->sdp->n_candidates == GST_RTC_MAX_CANDIDATES)
      continue;
    text = g_strconcat ("candidate:", attr->value, NULL);
    if (gst_rtc_candidate_check (text, &kept, NULL) != GST_RTC_CANDIDATE_USABLE)
      continue;
    gst_sdp_media_add_attribute (out, "candidate", strchr (kept, ':') + 1);
    parse->sdp->n_candidates++;
  }
}

static void
write_codec (const Parse *parse, const Section *section,
    const GstSDPMedia *media, GstSDPMedia *out)
{
  g_autofree gchar *rtpmap = NULL;

  if (section->channels)
    rtpmap = g_strdup_printf ("%s %s/%u/%u", section->pt, section->codec->name,
        section->codec->clock_rate, section->channels);
  else
    rtpmap = g_strdup_printf ("%s %s/%u", section->pt, section->codec->name,
        section->codec->clock_rate);
  gst_sdp_media_add_format (out, section->pt);
  gst_sdp_media_add_attribute (out, "rtpmap", rtpmap);
  write_feedback (section, media, out);
  write_fmtp (parse, section, media, out);
}

static void
write_refused (const Section *section, GstSDPMedia *out)
{
  gst_sdp_media_set_port_info (out, 0, 0);
  gst_sdp_media_add_format (out, "0");
  gst_sdp_media_add_attribute (out, "mid", section->mid);
  gst_sdp_media_add_attribute (out, "inactive", "");
}

/* webrtcbin wants the transport attributes in each section, and the same
 * ones, even where RFC 8843 needs them only in the tagged one. */
static void
write_transport (Parse *parse, GstSDPMedia *out)
{
  const Section *tagged = &parse->sections[parse->sdp->bundle_mline];
  g_autofree gchar *fingerprint = g_strdup_printf (
      "%s %s", get_hash_name (parse->sdp->hash), parse->sdp->fingerprint);

  gst_sdp_media_add_attribute (out, "ice-ufrag", tagged->ufrag);
  gst_sdp_media_add_attribute (out, "ice-pwd", tagged->pwd);
  gst_sdp_media_add_attribute (out, "setup", tagged->setup);
  gst_sdp_media_add_attribute (out, "fingerprint", fingerprint);
}

static GstCaps *
make_caps (const GstSDPMedia *media, const Section *section)
{
  GstCaps *caps = gst_sdp_media_get_caps_from_media (media, atoi (section->pt));

  if (caps)
    gst_structure_set_name (
        gst_caps_get_structure (caps, 0), "application/x-rtp");
  return caps;
}

static gboolean
write_section (Parse *parse, guint mline)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (parse->in, mline);
  const Section *section = &parse->sections[mline];
  GstRtcSdpTrack track = {.medium = section->medium};
  GstSDPMedia *out;

  gst_sdp_media_new (&out);
  gst_sdp_media_set_media (out, gst_sdp_media_get_media (media));
  gst_sdp_media_set_proto (out, "UDP/TLS/RTP/SAVPF");
  gst_sdp_media_add_connection (out, "IN", "IP4", "0.0.0.0", 0, 0);
  if (section->refused) {
    write_refused (section, out);
  } else {
    gst_sdp_media_set_port_info (out, 9, 0);
    gst_sdp_media_add_attribute (out, "mid", section->mid);
    write_transport (parse, out);
    gst_sdp_media_add_attribute (
        out, parse->type == GST_RTC_SDP_OFFER ? "sendonly" : "recvonly", "");
    gst_sdp_media_add_attribute (out, "rtcp-mux", "");
    if (has_attribute (media, "rtcp-rsize"))
      gst_sdp_media_add_attribute (out, "rtcp-rsize", "");
    write_codec (parse, section, media, out);
    write_ssrcs (media, out);
    if (mline == parse->sdp->bundle_mline)
      write_candidates (parse, media, out);
    track.caps = make_caps (out, section);
  }
  gst_sdp_message_add_media (parse->sdp->message, out);
  gst_sdp_media_free (out);
  g_array_append_val (parse->sdp->tracks, track);
  if (!section->refused && !track.caps)
    return refuse (&parse->fault, "m-line %u has no usable caps", mline);
  return TRUE;
}

static void
write_session (Parse *parse)
{
  GstSDPMessage *out = parse->sdp->message;
  g_autoptr (GString) group = g_string_new ("BUNDLE");

  g_string_append_printf (
      group, " %s", parse->sections[parse->sdp->bundle_mline].mid);
  for (guint i = 0; i < parse->n_sections; i++) {
    if (i != parse->sdp->bundle_mline && !parse->sections[i].refused)
      g_string_append_printf (group, " %s", parse->sections[i].mid);
  }
  gst_sdp_message_set_version (out, "0");
  gst_sdp_message_set_origin (out, "-", "1", "0", "IN", "IP4", "0.0.0.0");
  gst_sdp_message_set_session_name (out, "-");
  gst_sdp_message_add_time (out, "0", "0", NULL);
  gst_sdp_message_add_attribute (out, "group", group->str);
  gst_sdp_message_add_attribute (out, "ice-options", "trickle");
  if (gst_sdp_message_get_attribute_val (parse->in, "ice-lite"))
    gst_sdp_message_add_attribute (out, "ice-lite", "");
}

static gboolean
run_parse (Parse *parse)
{
  parse->n_sections = gst_sdp_message_medias_len (parse->in);
  if (parse->n_sections == 0 || parse->n_sections > GST_RTC_SDP_MAX_MLINES)
    return refuse (&parse->fault, "its m-lines can't be read");
  for (guint i = 0; i < parse->n_sections; i++) {
    if (!read_section (parse, i))
      return FALSE;
  }
  if (!check_bundle (parse) || !collect_fingerprints (parse))
    return FALSE;

  write_session (parse);
  for (guint i = 0; i < parse->n_sections; i++) {
    if (!write_section (parse, i))
      return FALSE;
  }
  return TRUE;
}

static void
clear_track (gpointer data)
{
  GstRtcSdpTrack *track = data;

  gst_clear_caps (&track->caps);
}

GstRtcSdp *
gst_rtc_sdp_new (const gchar *text, GstRtcSdpType type, gchar **fault)
{
  g_autoptr (GstRtcSdp) sdp = NULL;
  GstSDPMessage *in = NULL;
  Parse parse = {.type = type};
  gboolean ok;

  g_return_val_if_fail (text != NULL, NULL);

  if (!check_text (text, fault))
    return NULL;
  if (gst_sdp_message_new_from_text (text, &in) != GST_SDP_OK) {
    if (in)
      gst_sdp_message_free (in);
    refuse (fault, "it can't be parsed");
    return NULL;
  }

  sdp = g_new0 (GstRtcSdp, 1);
  gst_sdp_message_new (&sdp->message);
  sdp->tracks = g_array_new (FALSE, TRUE, sizeof (GstRtcSdpTrack));
  g_array_set_clear_func (sdp->tracks, clear_track);
  parse.in = in;
  parse.sdp = sdp;
  ok = run_parse (&parse);
  gst_sdp_message_free (in);

  if (!ok) {
    refuse (fault, "%s", parse.fault);
    g_free (parse.fault);
    return NULL;
  }
  return g_steal_pointer (&sdp);
}

void
gst_rtc_sdp_free (GstRtcSdp *sdp)
{
  if (!sdp)
    return;
  gst_sdp_message_free (sdp->message);
  g_array_unref (sdp->tracks);
  g_free (sdp->fingerprint);
  g_free (sdp);
}

const GstSDPMessage *
gst_rtc_sdp_get_message (const GstRtcSdp *sdp)
{
  return sdp->message;
}

guint
gst_rtc_sdp_get_n_tracks (const GstRtcSdp *sdp)
{
  return sdp->tracks->len;
}

const GstRtcSdpTrack *
gst_rtc_sdp_get_track (const GstRtcSdp *sdp, guint mline)
{
  g_return_val_if_fail (mline < sdp->tracks->len, NULL);

  return &g_array_index (sdp->tracks, GstRtcSdpTrack, mline);
}

guint
gst_rtc_sdp_get_bundle_mline (const GstRtcSdp *sdp)
{
  return sdp->bundle_mline;
}

guint
gst_rtc_sdp_get_n_candidates (const GstRtcSdp *sdp)
{
  return sdp->n_candidates;
}

const gchar *
gst_rtc_sdp_get_ice_ufrag (const GstRtcSdp *sdp)
{
  return gst_sdp_media_get_attribute_val (
      gst_sdp_message_get_media (sdp->message, sdp->bundle_mline), "ice-ufrag");
}

const gchar *
gst_rtc_sdp_get_fingerprint (const GstRtcSdp *sdp, GChecksumType *hash)
{
  if (hash)
    *hash = sdp->hash;
  return sdp->fingerprint;
}

/* --- candidates --- */

static gboolean
check_address (const gchar *text, gboolean related, gchar **fault)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  /* Newer GLib also reads a zone, which means nothing to another machine. */
  if (!address || strchr (text, '%'))
    return refuse (fault, "its address is no literal");
  /* Browsers that hide their addresses write 0.0.0.0 as the related one. */
  if (!related && (g_inet_address_get_is_any (address) ||
                      g_inet_address_get_is_multicast (address)))
    return refuse (fault, "its address is nobody's");
  return TRUE;
}

static gboolean
is_name (const gchar *text)
{
  return is_token (text, 1, 253, "-._");
}

static gboolean
check_extensions (
    gchar **parts, const gchar **raddr, const gchar **rport, gchar **fault)
{
  guint64 port;

  for (guint i = 0; parts[i]; i += 2) {
    if (!parts[i + 1])
      return refuse (fault, "an extension has no value");
    if (strcmp (parts[i], "raddr") == 0)
      *raddr = parts[i + 1];
    else if (strcmp (parts[i], "rport") == 0)
      *rport = parts[i + 1];
  }
  if (*rport && !parse_number (*rport, 0, 65535, &port))
    return refuse (fault, "its related port is out of range");
  if (*raddr && !check_address (*raddr, TRUE, NULL))
    *raddr = NULL;
  return TRUE;
}

GstRtcCandidateVerdict
gst_rtc_candidate_check (
    const gchar *candidate, gchar **normalized, gchar **fault)
{
  static const gchar *const types[] = {"host", "srflx", "prflx", "relay", NULL};
  g_auto (GStrv) parts = NULL;
  const gchar *raddr = NULL, *rport = NULL;
  g_autofree gchar *related = NULL;
  guint64 component, priority, port;

  *normalized = NULL;
  if (g_str_has_prefix (candidate, "a="))
    candidate += 2;
  if (!g_str_has_prefix (candidate, "candidate:") ||
      strnlen (candidate, MAX_CANDIDATE + 1) > MAX_CANDIDATE) {
    refuse (fault, "it is no candidate");
    return GST_RTC_CANDIDATE_BAD;
  }
  parts = g_strsplit (candidate + strlen ("candidate:"), " ", -1);
  if (g_strv_length (parts) < 8 || strcmp (parts[6], "typ") != 0) {
    refuse (fault, "it has too few fields");
    return GST_RTC_CANDIDATE_BAD;
  }
  if (!is_ice_string (parts[0], 1, 32) ||
      !parse_number (parts[1], 1, 256, &component) ||
      !parse_number (parts[3], 1, G_MAXINT32, &priority) ||
      !parse_number (parts[5], 0, 65535, &port) ||
      !g_strv_contains (types, parts[7])) {
    refuse (fault, "a field is out of range");
    return GST_RTC_CANDIDATE_BAD;
  }
  if (!check_extensions (parts + 8, &raddr, &rport, fault))
    return GST_RTC_CANDIDATE_BAD;

  /* An active TCP candidate has port 9 or 0. */
  if (g_ascii_strcasecmp (parts[2], "tcp") == 0) {
    refuse (fault, "it is for TCP");
    return GST_RTC_CANDIDATE_UNUSABLE;
  }
  if (g_ascii_strcasecmp (parts[2], "udp") != 0 || port == 0) {
    refuse (fault, "its transport or port is unknown");
    return GST_RTC_CANDIDATE_BAD;
  }
  if (component != 1) {
    refuse (fault, "it is for RTCP, which is multiplexed");
    return GST_RTC_CANDIDATE_UNUSABLE;
  }
  /* A name would be resolved in a thread of libnice, and leak (1.22). */
  if (!g_hostname_is_ip_address (parts[4]) && is_name (parts[4])) {
    refuse (fault, "its address is a name");
    return GST_RTC_CANDIDATE_UNUSABLE;
  }
  if (!check_address (parts[4], FALSE, fault))
    return GST_RTC_CANDIDATE_BAD;

  if (raddr && rport && strcmp (parts[7], "host") != 0)
    related = g_strdup_printf (" raddr %s rport %s", raddr, rport);
  *normalized = g_strdup_printf ("candidate:%s 1 UDP %" G_GUINT64_FORMAT
                                 " %s %" G_GUINT64_FORMAT " typ %s%s",
      parts[0], priority, parts[4], port, parts[7], related ? related : "");
  return GST_RTC_CANDIDATE_USABLE;
}
