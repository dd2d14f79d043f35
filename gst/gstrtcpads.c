/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pads of rtcsink and rtcsrc. Properties may be read from any thread. */
#include "gstrtcpads.h"

enum
{
  PROP_NONE,
  PROP_SCREEN,
  PROP_USER_ID,
  PROP_MUTED
};

/* --- rtcsink --- */

struct _GstRtcSinkPad
{
  GstGhostPad parent;
  gint screen; /* atomic */
};

G_DEFINE_TYPE (GstRtcSinkPad, gst_rtc_sink_pad, GST_TYPE_GHOST_PAD)

GstPad *
gst_rtc_sink_pad_new (
    const gchar *name, GstPadTemplate *template, gboolean screen)
{
  return g_object_new (GST_RTC_TYPE_SINK_PAD, "name", name, "direction",
      GST_PAD_SINK, "template", template, "screen", screen, NULL);
}

gboolean
gst_rtc_sink_pad_get_screen (GstRtcSinkPad *pad)
{
  return g_atomic_int_get (&pad->screen);
}

static void
sink_pad_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtcSinkPad *self = GST_RTC_SINK_PAD (object);

  if (id == PROP_SCREEN)
    g_atomic_int_set (&self->screen, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
sink_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtcSinkPad *self = GST_RTC_SINK_PAD (object);

  if (id == PROP_SCREEN)
    g_value_set_boolean (value, g_atomic_int_get (&self->screen));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_rtc_sink_pad_class_init (GstRtcSinkPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = sink_pad_set_property;
  object_class->get_property = sink_pad_get_property;

  g_object_class_install_property (object_class, PROP_SCREEN,
      g_param_spec_boolean ("screen", "Screen",
          "Belongs to the screen stream of the user, else to the camera "
          "stream; read when the stream is published",
          FALSE,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY));
}

static void
gst_rtc_sink_pad_init (GstRtcSinkPad *self)
{
}

/* --- rtcsrc --- */

struct _GstRtcSrcPad
{
  GstGhostPad parent;
  gchar *user_id;  /* set once */
  gboolean screen; /* set once */
  gint muted;      /* atomic */
};

G_DEFINE_TYPE (GstRtcSrcPad, gst_rtc_src_pad, GST_TYPE_GHOST_PAD)

GstPad *
gst_rtc_src_pad_new (const gchar *name, GstPadTemplate *template,
    const gchar *user_id, gboolean screen)
{
  GstRtcSrcPad *self = g_object_new (GST_RTC_TYPE_SRC_PAD, "name", name,
      "direction", GST_PAD_SRC, "template", template, NULL);

  self->user_id = g_strdup (user_id);
  self->screen = screen;
  return GST_PAD (self);
}

void
gst_rtc_src_pad_set_muted (GstRtcSrcPad *self, gboolean muted)
{
  if (g_atomic_int_get (&self->muted) == muted)
    return;
  g_atomic_int_set (&self->muted, muted);
  g_object_notify (G_OBJECT (self), "muted");
}

static void
src_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtcSrcPad *self = GST_RTC_SRC_PAD (object);

  switch (id) {
    case PROP_USER_ID:
      g_value_set_string (value, self->user_id);
      break;
    case PROP_SCREEN:
      g_value_set_boolean (value, self->screen);
      break;
    case PROP_MUTED:
      g_value_set_boolean (value, g_atomic_int_get (&self->muted));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
src_pad_finalize (GObject *object)
{
  g_free (GST_RTC_SRC_PAD (object)->user_id);
  G_OBJECT_CLASS (gst_rtc_src_pad_parent_class)->finalize (object);
}

static void
gst_rtc_src_pad_class_init (GstRtcSrcPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = src_pad_get_property;
  object_class->finalize = src_pad_finalize;

  g_object_class_install_property (object_class, PROP_USER_ID,
      g_param_spec_string (
          "user-id", "User id", "Whose track this is", NULL, flags));
  g_object_class_install_property (object_class, PROP_SCREEN,
      g_param_spec_boolean ("screen", "Screen",
          "Of the screen stream of the user, else of the camera stream", FALSE,
          flags));
  g_object_class_install_property (object_class, PROP_MUTED,
      g_param_spec_boolean ("muted", "Muted",
          "The publisher has disabled this medium; notifies", FALSE, flags));
}

static void
gst_rtc_src_pad_init (GstRtcSrcPad *self)
{
}
