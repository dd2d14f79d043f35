/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: other connections abuse the server while a call
 * runs, and peers and servers lie. On the thread of the test, and that of the
 * relay. */
#define _GNU_SOURCE /* memmem */
#include "faultscene.h"

#include "patience.h"
#include "raw-client.h"
#include "raw-server.h"
#include "scripted-server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIN_TEXT 0x81
#define TEXT_MORE 0x01
#define CONTINUATION 0x00
#define JOIN                                                                   \
  "{\"type\":\"join\",\"id\":1,\"app\":\"default\",\"room\":\"room\","         \
  "\"user\":\"mallory\"}"

static gint
enter (FaultScene *scene, gboolean join)
{
  const gint fd = raw_client_open ((guint16)scene->server_port);

  if (fd < 0 || !raw_client_upgrade (fd) ||
      (join && !raw_client_send_text (fd, JOIN)))
    fault_fail (scene, "the server admits nobody any more");
  return fd;
}

static void
expect_closed (FaultScene *scene, gint fd, const gchar *what)
{
  if (!raw_client_wait_closed (fd, 8000))
    fault_fail (scene, "the server puts up with %s", what);
  close (fd);
}

/* --- F11: a client that stops reading --- */

static void
stop_reading (FaultScene *scene)
{
  const gint fd = enter (scene, TRUE);
  const gint small = 4096;
  guint sent = 0;

  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof (small));
  /* Each is answered; nobody reads the answers. */
  while (sent < 20000 &&
         raw_client_send_text (fd, "{\"type\":\"ping\",\"id\":7}")) {
    sent++;
    if (sent % 50 == 0)
      fault_let_pass (scene, 20);
  }
  g_printerr ("# cut off after %u messages\n", sent);
  expect_closed (scene, fd, "a client that does not read");
}

/* --- F17: messages --- */

static void
send_bad_messages (FaultScene *scene)
{
  static const gchar *const texts[] = {"", "x", "[]", "null",
      "{\"type\":\"offer\"}", "{\"type\":7}",
      "{\"type\":\"join\",\"type\":\"leave\"}",
      "{\"type\":\"offer\",\"sdp\":1e999}", "{\"a\":\"\\ud800\"}",
      "{\"a\":\"\\u0000\"}", "\xff\xfe",
      "{\"type\":\"candidate\",\"session\":\"x\",\"mline\":-1}"};

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    const gint fd = enter (scene, TRUE);

    raw_client_send_text (fd, texts[i]);
    /* What names an unknown session is answered; the others cut off. */
    raw_client_wait_closed (fd, 50);
    close (fd);
    fault_iterate (scene);
  }
}

/* --- F18: bombs --- */

static void
send_bombs (FaultScene *scene)
{
  g_autofree gchar *deep = g_strnfill (60000, '[');
  g_autofree gchar *huge = g_strnfill (1024 * 1024, ' ');
  gint fd = enter (scene, FALSE);

  raw_client_send_text (fd, deep);
  expect_closed (scene, fd, "60,000 brackets");
  fd = enter (scene, FALSE);
  raw_client_send_text (fd, huge);
  expect_closed (scene, fd, "1 MiB in one message");
  /* The compressed bit, which nobody has agreed to. */
  fd = enter (scene, FALSE);
  raw_client_send_frame (fd, FIN_TEXT | 0x40, TRUE, "xxxxxxxxxxxx", 12);
  expect_closed (scene, fd, "a compressed message");
  fd = enter (scene, FALSE);
  raw_client_send_frame (fd, TEXT_MORE, TRUE, deep, 30000);
  while (raw_client_send_frame (fd, CONTINUATION, TRUE, deep, 30000))
    fault_iterate (scene);
  expect_closed (scene, fd, "fragments without an end");
}

/* --- F19: frames --- */

static void
send_bad_frames (FaultScene *scene)
{
  static const struct
  {
    guint8 head;
    gboolean masked;
    gsize size;
    const gchar *what;
  } rows[] = {
      {FIN_TEXT, FALSE, 2, "an unmasked frame"},
      {FIN_TEXT | 0x20, TRUE, 2, "a reserved bit"},
      {0x83, TRUE, 2, "an unknown opcode"},
      {0x8b, TRUE, 2, "an unknown control opcode"},
      {0x09, TRUE, 2, "a fragmented ping"},
      {0x89, TRUE, 126, "a ping of 126 bytes"},
      {0x80, TRUE, 2, "a continuation of nothing"},
      {0x88, TRUE, 1, "a close code of one byte"},
      {0x82, TRUE, 2, "a binary message"},
  };
  gchar zeros[126] = {0};

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const gint fd = enter (scene, TRUE);

    raw_client_send_frame (
        fd, rows[i].head, rows[i].masked, zeros, rows[i].size);
    expect_closed (scene, fd, rows[i].what);
    fault_iterate (scene);
  }
}

/* --- F20: slow ones --- */

static void
come_slowly (FaultScene *scene)
{
  static const gchar request[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y";
  gint fds[100];
  guint closed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = raw_client_open ((guint16)scene->server_port);
  for (guint byte = 0; byte < 12; byte++) {
    for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
      raw_client_send (fds[i], request + byte, 1, 10);
    fault_let_pass (scene, 500);
  }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
    closed += raw_client_wait_closed (fds[i], 20);
    close (fds[i]);
  }
  if (closed != G_N_ELEMENTS (fds))
    fault_fail (scene, "only %u of %u slow clients were cut off", closed,
        (guint)G_N_ELEMENTS (fds));
}

/* --- F21: descriptions --- */

static gchar *
repeat (const gchar *head, const gchar *line, guint n)
{
  GString *text = g_string_new (head);

  for (guint i = 0; i < n; i++)
    g_string_append (text, line);
  return g_string_free (text, FALSE);
}

#define SDP_HEAD "v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n"
#define SDP_VIDEO                                                              \
  "m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\nc=IN IP4 0.0.0.0\\r\\na=mid:0\\r\\n"    \
  "a=rtpmap:96 VP8/90000\\r\\na=sendonly\\r\\na=rtcp-mux\\r\\n"                \
  "a=setup:actpass\\r\\n"
#define SDP_ICE "a=ice-ufrag:abcd\\r\\na=ice-pwd:abcdefghijklmnopqrstuv\\r\\n"
#define N_BOMBS 6

static void
offer_bombs (FaultScene *scene)
{
  gchar *bombs[N_BOMBS] = {
      g_strdup ("x"),
      g_strdup (SDP_HEAD),
      /* no fingerprint */
      g_strdup (SDP_HEAD SDP_VIDEO SDP_ICE),
      repeat (SDP_HEAD, "m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\n", 1000),
      repeat (SDP_HEAD SDP_VIDEO SDP_ICE, "a=extmap:1 urn:x\\r\\n", 2000),
      repeat (SDP_HEAD SDP_VIDEO "a=ice-ufrag:", "u", 300),
  };

  for (guint i = 0; i < N_BOMBS; i++) {
    g_autofree gchar *bomb = bombs[i];
    g_autofree gchar *added = g_strdup_printf (
        "{\"type\":\"stream-added\",\"user\":\"u%u\",\"videoCodec\":\"VP8\"}",
        i);
    g_autofree gchar *offer = g_strdup_printf (
        "{\"type\":\"offer\",\"session\":\"session-%u\",\"sdp\":\"%s\"}",
        2 * i + 1, bomb); /* the server counts in steps of two */

    scripted_server_send (scene->data, added);
    fault_wait (scene, 3000,
        scripted_server_count (scene->data, GST_RTC_MESSAGE_SUBSCRIBE) ==
            i + 1);
    scripted_server_send (scene->data, offer);
    fault_wait (scene, 5000, scene->viewer->messages->len >= i + 1);
  }
}

static void
prepare_scripted_viewer (FaultScene *scene)
{
  scene->data = scripted_server_new (NULL);
  scene->server_url = g_strdup (scripted_server_get_url (scene->data));
  fault_start_viewer (scene);
  fault_wait (scene, 15000, fault_party_is_connected (scene->viewer));
}

/* --- F1, F22, F23, F36: a relay between a party and the server --- */

static FaultParty *
start_behind (
    FaultScene *scene, const gchar *role, const gchar *user, RawRelayFunc func)
{
  RawRelay *relay = raw_relay_new ((guint16)scene->server_port, func);
  g_autofree gchar *url =
      g_strdup_printf ("ws://127.0.0.1:%u/ws", raw_relay_get_port (relay));
  g_autofree gchar *usual = fault_usual_properties (scene, user);

  return fault_party_new (scene, role, user, NETEM_B, url, usual, NULL);
}

static void
start_viewer_behind (FaultScene *scene, RawRelayFunc func)
{
  scene->viewer = start_behind (scene, "viewer", "bob", func);
}

static void
prepare_server_and_publisher (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_publisher (scene);
  fault_wait (scene, 15000, fault_party_is_connected (scene->publisher));
}

/* The same change at each place, so that they still agree. */
static GBytes *
change_fingerprint (guint8 *data, gsize size)
{
  static const gchar mark[] = "fingerprint:sha-256 ";
  guint8 *at = data;

  while ((at = memmem (at, size - (gsize)(at - data), mark, strlen (mark)))) {
    at += strlen (mark);
    if (at < data + size)
      *at = *at == '0' ? '1' : '0';
  }
  return NULL;
}

static void
tamper_fingerprint (FaultScene *scene)
{
  start_viewer_behind (scene, change_fingerprint);
}

/* Where a tool makes everything slow, as many as take about as long. */
#define N_CANDIDATES (10000 / (guint)(rtc_patience () * rtc_patience ()))

/* After the offer, candidates by the thousand. */
static GBytes *
add_candidates (guint8 *data, gsize size)
{
  static const gchar *const addresses[] = {"192.0.2.%u", "10.1.2.%u",
      "169.254.1.%u", "239.1.2.%u", "host-%u.local", "2001:db8::%u", "fe80::%u",
      "0.0.0.%u", "127.0.0.%u"};
  static const gchar mark[] = "\"session\":\"";
  const guint8 *at = memmem (data, size, mark, strlen (mark));
  g_autofree gchar *session = NULL;
  GByteArray *frames;

  if (!memmem (data, size, "\"type\":\"offer\"", 14) || !at)
    return NULL;
  at += strlen (mark);
  session = g_strndup ((const gchar *)at, strcspn ((const gchar *)at, "\""));
  frames = g_byte_array_new ();
  for (guint i = 0; i < N_CANDIDATES; i++) {
    g_autofree gchar *number = g_strdup_printf ("%u", i % 250 + 1);
    g_auto (GStrv) parts =
        g_strsplit (addresses[i % G_N_ELEMENTS (addresses)], "%u", 2);
    g_autofree gchar *address = g_strjoinv (number, parts);
    g_autofree gchar *text = g_strdup_printf (
        "{\"type\":\"candidate\",\"session\":\"%s\",\"mline\":%u,"
        "\"candidate\":\"candidate:%u 1 UDP %u %s %u typ host\"}",
        session, i % 3, i, i % 5 == 0 ? 0 : 2015363327 - i, address,
        i % 7 == 0 ? 0 : 1024 + i);

    raw_append_server_frame (frames, text);
  }
  return g_byte_array_free_to_bytes (frames);
}

static void
flood_candidates (FaultScene *scene)
{
  start_viewer_behind (scene, add_candidates);
  fault_wait_for_media (scene);
}

/* The first of them only. */
static GBytes *
cut_with (const gchar *mark, guint8 *data, gsize size)
{
  static gint n_cut; /* atomic */

  if (!memmem (data, size, mark, strlen (mark)) ||
      g_atomic_int_add (&n_cut, 1) > 0)
    return NULL;
  return RAW_RELAY_CUT;
}

static GBytes *
cut_with_offer (guint8 *data, gsize size)
{
  return cut_with ("\"type\":\"offer\"", data, size);
}

static GBytes *
cut_with_answer (guint8 *data, gsize size)
{
  return cut_with ("\"type\":\"answer\"", data, size);
}

static void
lose_offer (FaultScene *scene)
{
  start_viewer_behind (scene, cut_with_offer);
}

static void
prepare_publisher_behind_cutter (FaultScene *scene)
{
  fault_start_server (scene);
  scene->publisher =
      start_behind (scene, "publisher", "alice", cut_with_answer);
  fault_wait (scene, 15000, fault_party_is_connected (scene->publisher));
}

/* The offer again, as if ICE was to start anew. */
static gint wants_restart; /* atomic */

static GBytes *
repeat_offer (guint8 *data, gsize size)
{
  static gchar *offer; /* of the thread of the one relay */
  static const gchar mark[] = "{\"type\":\"offer\"";
  const gchar *at = memmem (data, size, mark, strlen (mark));
  const gchar *end =
      at ? memmem (at, size - (gsize)(at - (gchar *)data), "\"}", 2) : NULL;
  g_auto (GStrv) parts = NULL;
  g_autofree gchar *restart = NULL;
  GByteArray *frame;

  if (end) {
    g_free (offer);
    offer = g_strndup (at, (gsize)(end + 2 - at));
  }
  if (!offer ||
      !g_atomic_int_compare_and_exchange (&wants_restart, TRUE, FALSE))
    return NULL;
  parts = g_strsplit (offer, "a=ice-ufrag:", -1);
  restart = g_strjoinv ("a=ice-ufrag:again", parts);
  frame = g_byte_array_new ();
  raw_append_server_frame (frame, restart);
  return g_byte_array_free_to_bytes (frame);
}

static void
prepare_viewer_behind_repeater (FaultScene *scene)
{
  prepare_server_and_publisher (scene);
  start_viewer_behind (scene, repeat_offer);
  fault_wait_for_media (scene);
}

/* It follows what the server tells next: that somebody has come. */
static void
restart_ice (FaultScene *scene)
{
  g_atomic_int_set (&wants_restart, TRUE);
  enter (scene, TRUE);
}

/* --- F24: RTP and RTCP --- */

static void
start_mad_publisher (FaultScene *scene, const gchar *options)
{
  g_autofree gchar *usual = fault_usual_properties (scene, "alice");

  fault_start_server (scene);
  scene->publisher = fault_party_new (
      scene, "publisher", "alice", NETEM_A, scene->server_url, usual, options);
  fault_start_viewer (scene);
  fault_wait_for_media (scene);
}

static void
prepare_mad_publisher (FaultScene *scene)
{
  start_mad_publisher (scene, "--garbage=24");
}

/* Requests for a keyframe name a source that only the viewer has seen. */
static void
prepare_moving_publisher (FaultScene *scene)
{
  start_mad_publisher (scene, "--garbage=24 --keyframes=30");
}

static void
send_garbage (FaultScene *scene)
{
  fault_party_say (scene->publisher, "garbage replay,ssrc,jump,rtcp");
  fault_let_pass (scene, 5000);
}

static void
end_garbage (FaultScene *scene)
{
  fault_party_say (scene->publisher, "garbage none");
  fault_wait (scene, 3000,
      fault_party_count_facts (scene->publisher, "garbage none") == 1);
  if (fault_party_count_facts (scene->publisher, "garbage none after 0") > 0)
    fault_fail (scene, "no garbage was sent");
}

static void
change_sources (FaultScene *scene)
{
  fault_party_say (scene->publisher, "garbage move");
  fault_let_pass (scene, 1000);
  fault_party_wait_frames (scene->viewer, 20, 6000);
  fault_party_say (scene->publisher, "garbage move");
}

/* --- F38: servers that send their clients elsewhere --- */

#define FOREIGN "192.0.2.1"

static void
within_a (FaultScene *scene, void (*act) (FaultScene *scene))
{
  g_autoptr (GError) error = NULL;
  const gint before =
      netem_space_enter (netem_client_get_space (scene->net, NETEM_A), &error);

  g_assert_no_error (error);
  act (scene);
  netem_space_return (before);
}

static void
start_redirector (FaultScene *scene)
{
  RawServer *server =
      raw_server_new ("HTTP/1.1 302 Found\r\nLocation: http://" FOREIGN
                      "/getconfig\r\nContent-Length: 0\r\n\r\n",
          FALSE);

  scene->server_url = raw_server_dup_url (server, "http");
}

static void
start_liar (FaultScene *scene)
{
  scene->data = scripted_server_new (NULL);
  scene->server_url = g_strdup (scripted_server_get_url (scene->data));
}

static void
prepare_redirector (FaultScene *scene)
{
  within_a (scene, start_redirector);
}

static void
prepare_liar (FaultScene *scene)
{
  within_a (scene, start_liar);
}

static void
start_viewer_in_a (FaultScene *scene)
{
  scene->viewer =
      fault_party_new (scene, "viewer", "bob", NETEM_A, scene->server_url,
          "local-addresses=<127.0.0.1> connect-timeout=3000", NULL);
}

static void
check_nothing_left (FaultScene *scene)
{
  g_autoptr (GPtrArray) log = NULL;

  fault_let_pass (scene, 1000);
  log = netem_client_read_log (scene->net);
  for (guint i = 0; i < log->len; i++) {
    const NetemEntry *entry = g_ptr_array_index (log, i);

    if (!g_str_has_prefix (entry->destination, "10.77.0."))
      fault_fail (scene, "%u bytes (%s) were sent to %s", entry->size,
          entry->protocol, entry->destination);
  }
}

static const gchar *const strange_candidates[] = {
    "candidate:1 1 UDP 2015363327 192.0.2.7 5000 typ host",
    "candidate:2 1 UDP 2015363326 224.0.0.1 5000 typ host",
    "candidate:3 1 UDP 2015363325 169.254.1.1 5000 typ host",
    "candidate:4 1 UDP 2015363324 255.255.255.255 5000 typ host",
    "candidate:5 1 UDP 2015363323 10.77.0.255 5000 typ host",
    "candidate:6 1 UDP 2015363322 0.0.0.0 5000 typ host",
    "candidate:7 1 UDP 2015363321 evil.example 5000 typ host",
    "candidate:8 1 TCP 2015363320 192.0.2.7 5000 typ host tcptype passive",
};

static void
offer_strange_candidates (FaultScene *scene)
{
  g_autofree gchar *offer = NULL;
  gchar fingerprint[32 * 3] = {0};

  start_viewer_in_a (scene);
  fault_wait (scene, 15000, fault_party_is_connected (scene->viewer));
  for (guint i = 0; i < 32; i++)
    memcpy (fingerprint + i * 3, i < 31 ? "AB:" : "AB", 3);
  scripted_server_send (scene->data,
      "{\"type\":\"stream-added\",\"user\":\"eve\",\"videoCodec\":\"VP8\"}");
  fault_wait (scene, 3000,
      scripted_server_count (scene->data, GST_RTC_MESSAGE_SUBSCRIBE) == 1);
  offer = g_strdup_printf (
      "{\"type\":\"offer\",\"session\":\"session-1\",\"sdp\":\"" SDP_HEAD
      "a=group:BUNDLE 0\\r\\n" SDP_VIDEO SDP_ICE
      "a=fingerprint:sha-256 %s\\r\\n\"}",
      fingerprint);
  scripted_server_send (scene->data, offer);
  for (guint i = 0; i < G_N_ELEMENTS (strange_candidates); i++) {
    g_autofree gchar *text = g_strdup_printf (
        "{\"type\":\"candidate\",\"session\":\"session-1\",\"mline\":0,"
        "\"candidate\":\"%s\"}",
        strange_candidates[i]);

    scripted_server_send (scene->data, text);
  }
}

const FaultRow fault_hostile_rows[] = {
    {.id = "F11-does-not-read",
        .condition = "Another client of the room stops reading",
        .happens = "It is cut off; the call goes on",
        .server = "--max-queued-bytes=65536",
        .provoke = stop_reading,
        FAULT_BOTH_GO_ON},
    {.id = "F17-bad-messages",
        .condition = "Another client sends messages that are none",
        .happens = "The call goes on",
        .provoke = send_bad_messages,
        FAULT_BOTH_GO_ON},
    {.id = "F18-bombs",
        .condition = "Another client sends bombs: depth, size, compression, "
                     "fragments",
        .happens = "It is cut off; the call goes on",
        .provoke = send_bombs,
        FAULT_BOTH_GO_ON},
    {.id = "F19-bad-frames",
        .condition = "Another client breaks the rules of WebSocket",
        .happens = "It is cut off; the call goes on",
        .provoke = send_bad_frames,
        FAULT_BOTH_GO_ON},
    {.id = "F20-slow-clients",
        .condition = "100 clients send their request byte by byte",
        .happens = "They are cut off; the call goes on",
        .provoke = come_slowly,
        FAULT_BOTH_GO_ON},
    {.id = "F21-description-bombs",
        .condition = "Peers send 6 descriptions that are none or a bomb",
        .happens = "One stream each is lost; the viewer goes on",
        .viewer = "reconnect-attempts=0",
        .prepare = prepare_scripted_viewer,
        .provoke = offer_bombs,
        .viewer_told = {{FAULT_WARNING, GST_RTC_ERROR_SUBSCRIBE_FAILED,
            N_BOMBS}},
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 2000},
    {.id = "F22-candidate-flood",
        .condition = "A peer sends 10,000 candidates of all kinds",
        .happens = "The call is made and goes on",
        .prepare = prepare_server_and_publisher,
        .provoke = flood_candidates,
        FAULT_BOTH_GO_ON},
    {.id = "F23-fingerprint",
        .condition = "The server changes the fingerprint in the offer",
        .happens = "No media passes; both stay in the room",
        .prepare = prepare_server_and_publisher,
        .provoke = tamper_fingerprint,
        .publisher_told = {{FAULT_WARNING, GST_RTC_ERROR_PUBLISH_ERROR}},
        .viewer_told = {FAULT_STREAM_LOST},
        .publisher_end = FAULT_IN_ROOM,
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 8000},
    {.id = "F1-offer-lost",
        .condition = "The viewer's connection breaks with the offer in it",
        .happens = "The stream is subscribed to anew; pictures arrive",
        .prepare = prepare_server_and_publisher,
        .provoke = lose_offer,
        .viewer_told = {FAULT_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 5000,
        .back = 5000},
    {.id = "F1-answer-lost",
        .condition = "The publisher's connection breaks with the answer in it",
        .happens = "The viewer asks anew; pictures arrive",
        .prepare = prepare_publisher_behind_cutter,
        .provoke = fault_start_viewer,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 8000,
        .back = 5000},
    {.id = "F36-ice-restart",
        .condition = "The offer comes again, with other ICE credentials",
        .happens = "Pictures arrive by another transport",
        .prepare = prepare_viewer_behind_repeater,
        .provoke = restart_ice,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 2000,
        .back = 5000},
    {.id = "F24-garbage",
        .condition = "The publisher sends garbage under valid SRTP: packets "
                     "again, foreign SSRCs, jumps of sequence numbers, RTCP "
                     "that is none",
        .happens = "Pictures break; the call goes on",
        .prepare = prepare_mad_publisher,
        .provoke = send_garbage,
        .repair = end_garbage,
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .back = 8000},
    {.id = "F24-sources-change",
        .condition = "The publisher changes its SSRCs twice",
        .happens = "Pictures arrive after 1 s, and the second time by another "
                   "transport",
        .prepare = prepare_moving_publisher,
        .provoke = change_sources,
        .publisher_told = {{FAULT_WARNING, GST_RTC_ERROR_PUBLISH_ERROR}},
        .viewer_told = {FAULT_STREAM_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .allowed = 5000,
        .back = 8000},
    {.id = "F38-redirect",
        .condition = "getconfig redirects to a foreign host",
        .happens = "Not a byte is sent there; the pipeline ends",
        .flags = FAULT_NETWORK,
        .prepare = prepare_redirector,
        .provoke = start_viewer_in_a,
        .repair = check_nothing_left,
        .viewer_told = {{FAULT_ERROR, GST_RTC_ERROR_GET_CONFIG_ERROR}},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F38-foreign-candidates",
        .condition = "A peer names foreign, multicast and other addresses",
        .happens = "With local-addresses on loopback not a byte is sent "
                   "there; the stream is lost",
        .flags = FAULT_NETWORK,
        .prepare = prepare_liar,
        .provoke = offer_strange_candidates,
        .repair = check_nothing_left,
        .viewer_told = {FAULT_STREAM_LOST},
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 8000},
    {NULL},
};
