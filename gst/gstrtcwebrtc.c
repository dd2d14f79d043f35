/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A webrtcbin as a transport needs it. Keeps nothing; the header says the
 * thread of each function. */
#include "gstrtcwebrtc.h"

#include <gst/webrtc/webrtc.h>
#include <nice/agent.h>

#include "gstrtcpeerlog.h"
#include "gstrtcsources.h"
#include "rtcaddress.h"

/* RFC 8445, 14.2 allows no less than 5 ms between checks; the default of
 * libnice is 20 and costs 45 ms of each join on a fast path. */
#define ICE_PACING_MS 5
/* The number that libnice gives to the one ICE stream. */
#define BUNDLE_STREAM 1

#define GST_CAT_DEFAULT gst_rtc_peer_log_get_category ()

static void
set_if_known (gpointer object, const gchar *name, gint value)
{
  GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  g_auto (GValue) number = G_VALUE_INIT;

  if (!pspec || !(pspec->flags & G_PARAM_WRITABLE)) {
    GST_DEBUG ("%s has no property %s", G_OBJECT_TYPE_NAME (object), name);
    return;
  }
  /* GObject turns an int into whatever number or boolean is wanted. */
  g_value_init (&number, G_TYPE_INT);
  g_value_set_int (&number, value);
  g_object_set_property (object, name, &number);
}

/* --- making one --- */

gchar *
gst_rtc_webrtc_find_missing (void)
{
  static const gchar *const names[] = {"webrtcbin", "rtpbin", "nicesrc",
      "nicesink", "dtlssrtpenc", "dtlssrtpdec", "srtpenc", "srtpdec",
      "appsink"};
  g_autoptr (GString) missing = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);

    if (!factory)
      g_string_append_printf (missing, " %s", names[i]);
  }
  if (missing->len == 0)
    return NULL;
  return g_strconcat (
      "GStreamer elements are not installed:", missing->str, NULL);
}

GstElement *
gst_rtc_webrtc_new (guint latency)
{
  GstElement *webrtc =
      gst_object_ref_sink (gst_element_factory_make ("webrtcbin", NULL));
  g_autoptr (GstElement) rtpbin = NULL;

  g_object_set (webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE,
      "latency", latency, NULL);
  rtpbin = gst_bin_get_by_name (GST_BIN (webrtc), "rtpbin");
  set_if_known (rtpbin, "max-streams", GST_RTC_MAX_SOURCES);
  return webrtc;
}

/* --- ICE --- */

void
gst_rtc_webrtc_set_servers (GstElement *webrtc, const gchar *stun_server,
    const gchar *const *turn_servers, GstRtcIcePolicy policy)
{
  if (stun_server)
    g_object_set (webrtc, "stun-server", stun_server, NULL);
  for (guint i = 0; turn_servers && turn_servers[i]; i++) {
    gboolean added = FALSE;

    g_signal_emit_by_name (webrtc, "add-turn-server", turn_servers[i], &added);
    if (!added)
      GST_WARNING_OBJECT (webrtc, "TURN server %u was not taken", i);
  }
  if (policy == GST_RTC_ICE_POLICY_RELAY)
    g_object_set (webrtc, "ice-transport-policy",
        GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY, NULL);
}

/* (transfer full) (nullable) */
static GObject *
get_agent (GstElement *webrtc)
{
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  if (ice && g_object_class_find_property (G_OBJECT_GET_CLASS (ice), "agent"))
    g_object_get (ice, "agent", &agent, NULL);
  return NICE_IS_AGENT (agent) ? g_steal_pointer (&agent) : NULL;
}

static gboolean
add_local_addresses (
    NiceAgent *agent, const gchar *const *addresses, gchar **fault)
{
  for (guint i = 0; addresses && addresses[i]; i++) {
    NiceAddress address;

    nice_address_init (&address);
    if (!nice_address_set_from_string (&address, addresses[i]) ||
        !nice_agent_add_local_address (agent, &address)) {
      *fault = g_strdup_printf ("%s is no local address", addresses[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* webrtcbin chooses regular nomination, in which libnice waits 2 s for every
 * host candidate that does not answer before it takes the one pair that does:
 * on each join through a NAT. What nominates with the first check of each pair
 * (RFC 5245, 8.1.1.2) is as fast as the path and moves up when a better pair
 * answers. libnice only reads the mode while it checks, but has declared it
 * for construction only, so that the class is asked. */
static void
nominate_at_once (GObject *agent)
{
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (agent), "nomination-mode");
  GObjectClass *owner = pspec ? g_type_class_peek (pspec->owner_type) : NULL;
  g_auto (GValue) mode = G_VALUE_INIT;

  if (!owner)
    return;
  g_value_init (&mode, pspec->value_type);
  g_value_set_enum (&mode, NICE_NOMINATION_MODE_AGGRESSIVE);
  owner->set_property (agent, pspec->param_id, &mode, pspec);
}

gboolean
gst_rtc_webrtc_set_up_ice (
    GstElement *webrtc, const gchar *const *local_addresses, gchar **fault)
{
  g_autoptr (GObject) agent = get_agent (webrtc);

  if (!agent) {
    *fault = g_strdup ("the ICE agent of webrtcbin is not the one of libnice");
    return FALSE;
  }

  set_if_known (agent, "upnp", FALSE);
  set_if_known (agent, "ice-tcp", FALSE);
  set_if_known (agent, "stun-pacing-timer", ICE_PACING_MS);
  set_if_known (agent, "keepalive-conncheck", TRUE);
  nominate_at_once (agent);
  return add_local_addresses (NICE_AGENT (agent), local_addresses, fault);
}

static GInetAddress *
to_inet_address (const NiceAddress *address)
{
  gchar text[NICE_ADDRESS_STRING_LEN];

  nice_address_to_string (address, text);
  return g_inet_address_new_from_string (text);
}

/* Whether a host candidate has @address, as the base of one that a relay gave
 * has not. */
static gboolean
is_of_host (NiceAgent *agent, const NiceAddress *address)
{
  GSList *candidates = nice_agent_get_local_candidates (
      agent, BUNDLE_STREAM, NICE_COMPONENT_TYPE_RTP);
  gboolean found = FALSE;

  for (GSList *item = candidates; item; item = item->next) {
    const NiceCandidate *candidate = item->data;

    found |= candidate->type == NICE_CANDIDATE_TYPE_HOST &&
             nice_address_equal_no_port (&candidate->addr, address);
  }
  g_slist_free_full (candidates, (GDestroyNotify)nice_candidate_free);
  return found;
}

gboolean
gst_rtc_webrtc_has_lost_address (GstElement *webrtc)
{
  g_autoptr (GObject) agent = get_agent (webrtc);
  g_autoptr (GInetAddress) address = NULL;
  NiceCandidate *local, *remote;

  if (!agent ||
      !nice_agent_get_selected_pair (NICE_AGENT (agent), BUNDLE_STREAM,
          NICE_COMPONENT_TYPE_RTP, &local, &remote) ||
      !is_of_host (NICE_AGENT (agent), &local->base_addr))
    return FALSE;
  address = to_inet_address (&local->base_addr);
  return address && !gst_rtc_address_is_local (address);
}

/* --- the jitter buffer --- */

static GstPadProbeReturn
on_first_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstElement) jitterbuffer = gst_pad_get_parent_element (pad);

  if (jitterbuffer)
    g_object_set (jitterbuffer, "latency", GPOINTER_TO_UINT (user_data), NULL);
  return GST_PAD_PROBE_REMOVE;
}

/* The first packet shall leave at once and not after the latency.
 * faststart-min-packets alone is a race in 1.22: it does nothing when the
 * thread of the buffer has not yet taken the caps and segment events that
 * came just before the packet, which happens in about half of the starts and
 * costs one frame or up to the latency. Hence no latency until then. */
void
gst_rtc_webrtc_hasten (GstElement *jitterbuffer, guint latency)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (jitterbuffer, "src");

  set_if_known (jitterbuffer, "faststart-min-packets", 1);
  g_object_set (jitterbuffer, "latency", 0, NULL);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
      on_first_packet, GUINT_TO_POINTER (latency), NULL);
}

/* --- the end --- */

/* The ICE transports of @webrtc no longer call @receive_bin. */
static void
disconnect_ice (GstElement *webrtc, GstElement *receive_bin)
{
  g_autoptr (GArray) transceivers = NULL;

  g_signal_emit_by_name (webrtc, "get-transceivers", &transceivers);
  for (guint i = 0; transceivers && i < transceivers->len; i++) {
    g_autoptr (GstWebRTCRTPReceiver) receiver = NULL;
    g_autoptr (GstWebRTCDTLSTransport) dtls = NULL;
    g_autoptr (GstWebRTCICETransport) ice = NULL;

    g_object_get (g_array_index (transceivers, GstWebRTCRTPTransceiver *, i),
        "receiver", &receiver, NULL);
    if (receiver)
      g_object_get (receiver, "transport", &dtls, NULL);
    if (dtls)
      g_object_get (dtls, "transport", &ice, NULL);
    if (ice)
      g_signal_handlers_disconnect_by_data (ice, receive_bin);
  }
}

/* Takes @elements. One may be visited again when others come or go. */
static void
visit (GstIterator *elements, GstIteratorForeachFunction func, gpointer data)
{
  while (gst_iterator_foreach (elements, func, data) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (elements);
  gst_iterator_free (elements);
}

static void
find_held (const GValue *item, gpointer user_data)
{
  GstElement *element = g_value_get_object (item);
  gboolean *held = user_data;

  GST_OBJECT_LOCK (element);
  if (GST_STATE (element) != GST_STATE_NULL)
    *held = TRUE;
  for (GList *pad = element->srcpads; pad; pad = pad->next)
    *held |= gst_pad_is_blocked (pad->data);
  GST_OBJECT_UNLOCK (element);
}

/* Whether something inside runs or is blocked. */
static gboolean
is_held (GstElement *bin)
{
  gboolean held = FALSE;

  visit (gst_bin_iterate_elements (GST_BIN (bin)), find_held, &held);
  return held;
}

/* A change of the ICE state or a description that came while this bin went
 * down made it block its pad anew, for which it holds a reference of itself
 * and keeps its source running. It lets go of both on the way from READY. */
static void
release_receive_bin (GstElement *receive_bin)
{
  g_autoptr (GstObject) webrtc =
      gst_object_get_parent (GST_OBJECT (receive_bin));

  if (!webrtc)
    return;
  disconnect_ice (GST_ELEMENT (webrtc), receive_bin);
  if (!is_held (receive_bin))
    return;
  gst_element_set_state (receive_bin, GST_STATE_READY);
  gst_element_set_state (receive_bin, GST_STATE_NULL);
}

static void
end_element (const GValue *item, gpointer user_data)
{
  GstElement *element = g_value_get_object (item);

  if (g_str_equal (G_OBJECT_TYPE_NAME (element), "TransportReceiveBin"))
    release_receive_bin (element);
  else if (GST_STATE (element) != GST_STATE_NULL)
    gst_element_set_state (element, GST_STATE_NULL);
}

/* What webrtcbin's thread was starting when its bin went down stays up, and
 * keeps itself alive for ever. That thread has ended now. */
void
gst_rtc_webrtc_end_stragglers (GstElement *pipeline)
{
  visit (gst_bin_iterate_recurse (GST_BIN (pipeline)), end_element, NULL);
}
