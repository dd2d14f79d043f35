/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounded JSON objects over json-glib. A value belongs to one thread at a
 * time. */
#include "rtcjson.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "rtcjsonscan.h"

struct _GstRtcJson
{
  gatomicrefcount ref_count;
  JsonObject *object;
};

static GQuark
json_error_quark (void)
{
  return g_quark_from_static_string ("gst-rtc-json-error");
}

static GstRtcJson *
wrap_object (JsonObject *object)
{
  GstRtcJson *json = g_new0 (GstRtcJson, 1);

  g_atomic_ref_count_init (&json->ref_count);
  json->object = json_object_ref (object);
  return json;
}

static GstRtcJsonKind
get_node_kind (JsonNode *node)
{
  if (!node)
    return GST_RTC_JSON_ABSENT;
  switch (json_node_get_node_type (node)) {
    case JSON_NODE_OBJECT:
      return GST_RTC_JSON_OBJECT;
    case JSON_NODE_ARRAY:
      return GST_RTC_JSON_ARRAY;
    case JSON_NODE_VALUE:
      break;
    case JSON_NODE_NULL:
    default:
      return GST_RTC_JSON_NULL;
  }
  switch (json_node_get_value_type (node)) {
    case G_TYPE_BOOLEAN:
      return GST_RTC_JSON_BOOLEAN;
    case G_TYPE_INT64:
      return GST_RTC_JSON_INTEGER;
    case G_TYPE_DOUBLE:
      return GST_RTC_JSON_DOUBLE;
    default:
      return GST_RTC_JSON_STRING;
  }
}

/* The node of @name when it is of @kind, else NULL. */
static JsonNode *
get_node (GstRtcJson *json, const gchar *name, GstRtcJsonKind kind)
{
  JsonNode *node = json_object_get_member (json->object, name);

  return get_node_kind (node) == kind ? node : NULL;
}

static JsonArray *
get_array (GstRtcJson *json, const gchar *name)
{
  JsonNode *node = get_node (json, name, GST_RTC_JSON_ARRAY);

  return node ? json_node_get_array (node) : NULL;
}

/* The element of @kind at @index of the array @name, else NULL. */
static JsonNode *
get_element (
    GstRtcJson *json, const gchar *name, guint index, GstRtcJsonKind kind)
{
  JsonArray *array = get_array (json, name);
  JsonNode *node;

  if (!array || index >= json_array_get_length (array))
    return NULL;
  node = json_array_get_element (array, index);
  return get_node_kind (node) == kind ? node : NULL;
}

GstRtcJson *
gst_rtc_json_parse_bounded (const gchar *text, gsize length, gsize max_bytes,
    guint max_depth, guint max_values, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) cause = NULL;
  const gchar *fault;
  gsize offset;

  if (!gst_rtc_json_scan (
          text, length, max_bytes, max_depth, max_values, &fault, &offset)) {
    g_set_error (error, json_error_quark (), 0,
        "not acceptable as JSON: %s at byte %" G_GSIZE_FORMAT, fault, offset);
    return NULL;
  }
  parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text, (gssize)length, &cause)) {
    g_set_error (error, json_error_quark (), 0, "not acceptable as JSON: %s",
        cause->message);
    return NULL;
  }
  return wrap_object (json_node_get_object (json_parser_get_root (parser)));
}

GstRtcJson *
gst_rtc_json_parse (const gchar *text, gsize length, gsize max_bytes,
    guint max_depth, GError **error)
{
  return gst_rtc_json_parse_bounded (
      text, length, max_bytes, max_depth, G_MAXUINT, error);
}

GstRtcJson *
gst_rtc_json_new (void)
{
  g_autoptr (JsonObject) object = json_object_new ();

  return wrap_object (object);
}

GstRtcJson *
gst_rtc_json_ref (GstRtcJson *json)
{
  g_atomic_ref_count_inc (&json->ref_count);
  return json;
}

void
gst_rtc_json_unref (GstRtcJson *json)
{
  if (!json || !g_atomic_ref_count_dec (&json->ref_count))
    return;
  json_object_unref (json->object);
  g_free (json);
}

gchar *
gst_rtc_json_to_text (GstRtcJson *json)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) parts = NULL;

  json_node_set_object (root, json->object);
  text = json_to_string (root, FALSE);
  /* The one control character that json-glib 1.6 does not escape; outside
   * strings it writes none. */
  if (!strchr (text, '\x1f'))
    return g_steal_pointer (&text);
  parts = g_strsplit (text, "\x1f", -1);
  return g_strjoinv ("\\u001f", parts);
}

GstRtcJsonKind
gst_rtc_json_get_kind (GstRtcJson *json, const gchar *name)
{
  return get_node_kind (json_object_get_member (json->object, name));
}

const gchar *
gst_rtc_json_get_string (GstRtcJson *json, const gchar *name)
{
  JsonNode *node = get_node (json, name, GST_RTC_JSON_STRING);

  return node ? json_node_get_string (node) : NULL;
}

gint64
gst_rtc_json_get_int (GstRtcJson *json, const gchar *name, gint64 fallback)
{
  JsonNode *node = get_node (json, name, GST_RTC_JSON_INTEGER);

  return node ? json_node_get_int (node) : fallback;
}

gboolean
gst_rtc_json_get_boolean (
    GstRtcJson *json, const gchar *name, gboolean fallback)
{
  JsonNode *node = get_node (json, name, GST_RTC_JSON_BOOLEAN);

  return node ? json_node_get_boolean (node) : fallback;
}

GstRtcJson *
gst_rtc_json_get_object (GstRtcJson *json, const gchar *name)
{
  JsonNode *node = get_node (json, name, GST_RTC_JSON_OBJECT);

  return node ? wrap_object (json_node_get_object (node)) : NULL;
}

guint
gst_rtc_json_get_array_length (GstRtcJson *json, const gchar *name)
{
  JsonArray *array = get_array (json, name);

  return array ? json_array_get_length (array) : 0;
}

GstRtcJson *
gst_rtc_json_get_array_object (GstRtcJson *json, const gchar *name, guint index)
{
  JsonNode *node = get_element (json, name, index, GST_RTC_JSON_OBJECT);

  return node ? wrap_object (json_node_get_object (node)) : NULL;
}

const gchar *
gst_rtc_json_get_array_string (GstRtcJson *json, const gchar *name, guint index)
{
  JsonNode *node = get_element (json, name, index, GST_RTC_JSON_STRING);

  return node ? json_node_get_string (node) : NULL;
}

/* Texts can come from the system (strerror in an odd locale), and a frame
 * that is not UTF-8 would cost the connection. */
static JsonNode *
new_string_node (const gchar *value)
{
  JsonNode *node = json_node_alloc ();
  g_autofree gchar *valid = NULL;

  if (!g_utf8_validate (value, -1, NULL))
    valid = g_utf8_make_valid (value, -1);
  return json_node_init_string (node, valid ? valid : value);
}

void
gst_rtc_json_set_string (
    GstRtcJson *json, const gchar *name, const gchar *value)
{
  if (value)
    json_object_set_member (json->object, name, new_string_node (value));
}

void
gst_rtc_json_set_int (GstRtcJson *json, const gchar *name, gint64 value)
{
  json_object_set_int_member (json->object, name, value);
}

void
gst_rtc_json_set_boolean (GstRtcJson *json, const gchar *name, gboolean value)
{
  json_object_set_boolean_member (json->object, name, value);
}

void
gst_rtc_json_take_object (
    GstRtcJson *json, const gchar *name, GstRtcJson *value)
{
  if (!value)
    return;
  json_object_set_object_member (
      json->object, name, json_object_ref (value->object));
  gst_rtc_json_unref (value);
}

void
gst_rtc_json_add_array (GstRtcJson *json, const gchar *name)
{
  json_object_set_array_member (json->object, name, json_array_new ());
}

void
gst_rtc_json_array_take_object (
    GstRtcJson *json, const gchar *name, GstRtcJson *value)
{
  JsonArray *array = get_array (json, name);

  g_return_if_fail (array != NULL);

  json_array_add_object_element (array, json_object_ref (value->object));
  gst_rtc_json_unref (value);
}

void
gst_rtc_json_array_add_string (
    GstRtcJson *json, const gchar *name, const gchar *value)
{
  JsonArray *array = get_array (json, name);

  g_return_if_fail (array != NULL);

  json_array_add_element (array, new_string_node (value));
}
