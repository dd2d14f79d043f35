/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounded JSON objects. The only user of json-glib: text is scanned for
 * size, depth and the grammar of RFC 8259 before json-glib sees a byte.
 * A value belongs to one thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstRtcJson GstRtcJson;

/* Parses @text (@length bytes, need not end in NUL), whose root must be an
 * object. Refused, with code 0 of domain gst-rtc-json-error: more than
 * @max_bytes, deeper than @max_depth, anything outside RFC 8259, invalid
 * UTF-8, \u0000, a lone surrogate, a member named twice, an integer outside
 * 64 bits, a number that is not finite. No recursion. */
GstRtcJson *gst_rtc_json_parse (const gchar *text, gsize length,
    gsize max_bytes, guint max_depth, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Refuses more than @max_values too: json-glib needs a hundred bytes for each,
 * and a value may be two in the text. The root is one. */
GstRtcJson *gst_rtc_json_parse_bounded (const gchar *text, gsize length,
    gsize max_bytes, guint max_depth, guint max_values,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An empty object to fill. */
GstRtcJson *gst_rtc_json_new (void) G_GNUC_WARN_UNUSED_RESULT;
GstRtcJson *gst_rtc_json_ref (GstRtcJson *json);
void gst_rtc_json_unref (GstRtcJson *json);

/* Compact text; free with g_free (). Of values that were built here: a
 * double that was parsed, such as 1e22, is written as 1e+22.0 by json-glib
 * 1.6, which is no JSON. */
gchar *gst_rtc_json_to_text (GstRtcJson *json) G_GNUC_WARN_UNUSED_RESULT;

/* What a member holds. */
typedef enum
{
  GST_RTC_JSON_ABSENT,
  GST_RTC_JSON_NULL,
  GST_RTC_JSON_BOOLEAN,
  GST_RTC_JSON_INTEGER,
  GST_RTC_JSON_DOUBLE,
  GST_RTC_JSON_STRING,
  GST_RTC_JSON_OBJECT,
  GST_RTC_JSON_ARRAY
} GstRtcJsonKind;

GstRtcJsonKind gst_rtc_json_get_kind (GstRtcJson *json, const gchar *name);

/* Typed getters. An absent member, null or one of another kind gives the
 * fallback; ask gst_rtc_json_get_kind () where that matters. Strings are
 * borrowed, objects are owned by the caller. */
const gchar *gst_rtc_json_get_string (GstRtcJson *json, const gchar *name);
gint64 gst_rtc_json_get_int (
    GstRtcJson *json, const gchar *name, gint64 fallback);
gboolean gst_rtc_json_get_boolean (
    GstRtcJson *json, const gchar *name, gboolean fallback);
GstRtcJson *gst_rtc_json_get_object (
    GstRtcJson *json, const gchar *name) G_GNUC_WARN_UNUSED_RESULT;

/* Arrays of objects or of strings. An element of another kind is NULL. */
guint gst_rtc_json_get_array_length (GstRtcJson *json, const gchar *name);
GstRtcJson *gst_rtc_json_get_array_object (
    GstRtcJson *json, const gchar *name, guint index) G_GNUC_WARN_UNUSED_RESULT;
const gchar *gst_rtc_json_get_array_string (
    GstRtcJson *json, const gchar *name, guint index);

/* Setters; a NULL string or object leaves the member out. */
void gst_rtc_json_set_string (
    GstRtcJson *json, const gchar *name, const gchar *value);
void gst_rtc_json_set_int (GstRtcJson *json, const gchar *name, gint64 value);
void gst_rtc_json_set_boolean (
    GstRtcJson *json, const gchar *name, gboolean value);
void gst_rtc_json_take_object (
    GstRtcJson *json, const gchar *name, GstRtcJson *value);
/* Adds an (empty) array member, then elements to it. */
void gst_rtc_json_add_array (GstRtcJson *json, const gchar *name);
void gst_rtc_json_array_take_object (
    GstRtcJson *json, const gchar *name, GstRtcJson *value);
void gst_rtc_json_array_add_string (
    GstRtcJson *json, const gchar *name, const gchar *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJson, gst_rtc_json_unref)

G_END_DECLS
