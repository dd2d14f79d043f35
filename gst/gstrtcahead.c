/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a first transport would wait for, done ahead and once in the process.
 * Each on a thread of its own; started and joined from any thread. */
#include "gstrtcahead.h"

#include <gst/gst.h>

#include "rtcfiles.h"

typedef struct
{
  const gchar *name;
  GThreadFunc func;
  gboolean started; /* under ahead_lock */
  GThread *thread;  /* likewise, until it is joined */
} Ahead;

static void
make_and_drop (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element) {
    gst_object_ref_sink (element);
    gst_object_unref (element);
  }
}

static gpointer
load_plugins (gpointer unused)
{
  g_autoptr (GstPluginFeature) dtls = NULL;

  if (!gst_rtc_files_are_free (GST_RTC_FILES_OF_AN_ELEMENT))
    return NULL;
  make_and_drop ("webrtcbin");
  make_and_drop ("srtpenc");
  make_and_drop ("nicesrc");
  make_and_drop ("rtpbin");
  dtls = (GstPluginFeature *)gst_element_factory_find ("dtlsdec");
  if (dtls) {
    g_autoptr (GstPluginFeature) loaded = gst_plugin_feature_load (dtls);
  }
  return NULL;
}

/* A decoder of DTLS makes the certificate that every webrtcbin of the process
 * then presents. Its RSA key takes 0.1 s of a processor, now and then much
 * more, and nothing can stop that. */
static gpointer
make_certificate (gpointer unused)
{
  if (gst_rtc_files_are_free (GST_RTC_FILES_OF_AN_ELEMENT))
    make_and_drop ("dtlsdec");
  return NULL;
}

static GMutex ahead_lock;
static Ahead plugins_ahead = {.name = "rtc-plugins", .func = load_plugins};
static Ahead certificate_ahead = {
    .name = "rtc-certificate", .func = make_certificate};

static void
start_ahead (Ahead *ahead)
{
  g_mutex_lock (&ahead_lock);
  if (!ahead->started)
    ahead->thread = g_thread_new (ahead->name, ahead->func, NULL);
  ahead->started = TRUE;
  g_mutex_unlock (&ahead_lock);
}

static void
end_ahead (Ahead *ahead)
{
  GThread *thread;

  g_mutex_lock (&ahead_lock);
  thread = g_steal_pointer (&ahead->thread);
  g_mutex_unlock (&ahead_lock);
  g_clear_pointer (&thread, g_thread_join);
}

void
gst_rtc_ahead_load_plugins (void)
{
  start_ahead (&plugins_ahead);
}

void
gst_rtc_ahead_make_certificate (void)
{
  start_ahead (&certificate_ahead);
}

void
gst_rtc_ahead_end (void)
{
  end_ahead (&plugins_ahead);
  end_ahead (&certificate_ahead);
}
