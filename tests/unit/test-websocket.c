/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the room server speaks WebSocket as RFC 6455 says: a table of what
 * a client sends and of what comes back. Each row has a connection of its own
 * to one server. */
#include "rtcserver.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "raw-client.h"
#include "rtctest.h"

#define PATIENCE_MS (10000 * rtc_patience ())

#define FINAL 0x80
#define MORE 0x00
#define CONTINUE 0x0
#define TEXT 0x1
#define BINARY 0x2
#define CLOSE 0x8
#define PING 0x9
#define PONG 0xa

/* Answered to whoever has not joined too; unknown members are ignored. */
#define ASK "{\"type\":\"ping\",\"id\":1}"
#define ANSWER "{\"type\":\"ok\",\"id\":1}"
#define ASK_BEGIN "{\"type\":\"ping\",\"id\":1,\"x\":\""
#define ASK_END "\"}"
/* The last word of a row that leaves the connection open. */
#define PROBE "{\"type\":\"ping\",\"id\":99}"
#define PROBE_ANSWER "{\"type\":\"ok\",\"id\":99}"

/* What is special about a frame. */
enum
{
  UNMASKED = 1 << 0,
  ZERO_MASK = 1 << 1,
  LENGTH_16 = 1 << 2, /* whatever the length */
  LENGTH_64 = 1 << 3,
  HEADER_ONLY = 1 << 4, /* @size is announced and nothing comes of it */
  PADDED = 1 << 5,      /* blanks after the data, up to @size */
  SINGLY = 1 << 6       /* each byte in a fragment of its own */
};

typedef struct
{
  guint8 head;
  const gchar *data;
  guint64 size;
  guint flags;
  guint times; /* 0 is once */
} Frame;

/* What is seen, in its order: `answer` and `pong` (with the payload of the
 * ping); then `open` when a last question is answered, or the code of the
 * close frame, `bare` for one without, `end` for no close frame. A connection
 * that is closed has also ended. */
typedef struct
{
  const gchar *what;
  const gchar *seen;
  Frame frames[6];
} Row;

typedef struct
{
  gchar *seen;
  GByteArray *bytes;
  GPtrArray *pings;  /* payloads that are to come back */
  gboolean singly;   /* each byte is sent by itself */
  gboolean goodbye;  /* has a close frame of the client's own */
  gboolean stranger; /* has not joined */
  gboolean cut_off;  /* what follows would be taken for a payload */
} Case;

static GstRtcServer *server;
static guint16 port;
static guint n_cases;

/* --- the bytes of a case --- */

static Case *
case_new (const gchar *seen)
{
  Case *self = g_new0 (Case, 1);

  self->seen = g_strdup (seen);
  self->bytes = g_byte_array_new ();
  self->pings = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  return self;
}

static void
case_free (gpointer data)
{
  Case *self = data;

  g_free (self->seen);
  g_byte_array_unref (self->bytes);
  g_ptr_array_unref (self->pings);
  g_free (self);
}

static void
append_byte (GByteArray *bytes, guint byte)
{
  const guint8 value = (guint8)byte;

  g_byte_array_append (bytes, &value, 1);
}

/* What raw_append_frame () would not make: lengths that are longer than need
 * be, and frames of a header. */
static void
append_odd_frame (GByteArray *bytes, const Frame *frame)
{
  const guint masked = frame->flags & UNMASKED ? 0 : 0x80;
  const guint n = frame->flags & LENGTH_64   ? 8
                  : frame->flags & LENGTH_16 ? 2
                                             : 0;
  const gboolean whole = !(frame->flags & HEADER_ONLY);

  append_byte (bytes, frame->head);
  append_byte (bytes, masked | (n == 8      ? 127
                                   : n == 2 ? 126
                                            : (guint)frame->size));
  for (guint i = 0; i < n; i++)
    append_byte (bytes, (guint)(frame->size >> 8 * (n - 1 - i)) & 0xff);
  for (guint i = 0; masked && i < 4; i++)
    append_byte (bytes, 0);
  if (whole)
    g_byte_array_append (
        bytes, (const guint8 *)frame->data, (guint)frame->size);
}

static void
add_data (Case *self, guint8 head, guint flags, const gchar *data, gsize size)
{
  static const guint8 mask[] = {0x51, 0xc2, 0x0f, 0xe8};
  static const guint8 no_mask[4];

  raw_append_frame (self->bytes, head,
      flags & UNMASKED    ? NULL
      : flags & ZERO_MASK ? no_mask
                          : mask,
      data, size);
}

static void
add_singly (Case *self, guint8 head, const gchar *data, gsize size)
{
  for (gsize i = 0; i < size; i++) {
    guint first = i == 0 ? head & 0x7f : CONTINUE;

    add_data (
        self, (guint8)((i + 1 == size ? FINAL : MORE) | first), 0, data + i, 1);
  }
}

static void
add_frame (Case *self, const Frame *frame)
{
  g_autoptr (GString) data = g_string_new_len (frame->data,
      frame->flags & PADDED ? (gssize)strlen (frame->data)
                            : (gssize)(frame->data ? frame->size : 0));

  while (frame->flags & PADDED && data->len < frame->size)
    g_string_append_c (data, ' ');
  if (frame->flags & SINGLY)
    add_singly (self, frame->head, data->str, data->len);
  else if (frame->flags & (LENGTH_16 | LENGTH_64 | HEADER_ONLY))
    append_odd_frame (self->bytes, frame);
  else
    add_data (self, frame->head, frame->flags, data->str, data->len);
  if ((frame->head & 0xf) == PING)
    g_ptr_array_add (self->pings, g_bytes_new (data->str, data->len));
  if ((frame->head & 0xf) == CLOSE && frame->size <= 125)
    self->goodbye = TRUE;
  if (frame->flags & HEADER_ONLY)
    self->cut_off = TRUE;
}

/* --- what a case is about --- */

static void
note (GString *seen, const gchar *what)
{
  if (seen->len)
    g_string_append_c (seen, ' ');
  g_string_append (seen, what);
}

static void
note_close (GString *seen, GBytes *payload)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);
  g_autofree gchar *code = NULL;

  if (size >= 2)
    code = g_strdup_printf ("%u", (guint)data[0] << 8 | data[1]);
  note (seen, code ? code : size == 0 ? "bare" : "half a code");
}

static void
note_text (GString *seen, GBytes *payload)
{
  const gchar *text = g_bytes_get_data (payload, NULL);

  if (g_str_equal (text, ANSWER))
    note (seen, "answer");
  else if (g_str_equal (text, PROBE_ANSWER))
    note (seen, "open");
  else
    note (seen, text);
}

static void
note_pong (const Case *self, GString *seen, GBytes *payload, guint *n_pongs)
{
  const guint at = (*n_pongs)++;

  note (seen,
      at < self->pings->len && g_bytes_equal (payload, self->pings->pdata[at])
          ? "pong"
          : "another pong");
}

/* Reads to the end, or to the answer of the last question. */
static gchar *
listen_to (gint fd, const Case *self)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  gboolean closed = FALSE;
  guint n_pongs = 0;
  RawResult result = RAW_TAKEN;

  while (result == RAW_TAKEN && !g_str_has_suffix (seen->str, "open")) {
    g_autoptr (GBytes) payload = NULL;
    guint8 head = 0;

    result = raw_client_take_frame (fd, &head, &payload, PATIENCE_MS);
    if (result == RAW_SILENCE) {
      note (seen, "silence");
    } else if (result == RAW_END) {
      if (!closed)
        note (seen, "end");
    } else if (head == (FINAL | CLOSE)) {
      note_close (seen, payload);
      if (self->cut_off)
        shutdown (fd, SHUT_WR);
      else if (!closed && !self->goodbye)
        raw_client_send_frame (fd, head, TRUE, "\x03\xe8", 2);
      closed = TRUE;
    } else if (head == (FINAL | TEXT)) {
      note_text (seen, payload);
    } else if (head == (FINAL | PONG)) {
      note_pong (self, seen, payload, &n_pongs);
    } else {
      g_string_append_printf (seen, " frame %02x", head);
    }
  }
  return g_string_free (g_steal_pointer (&seen), FALSE);
}

/* The other rows run all the same. */
static void
compare (const gchar *expected, const gchar *seen)
{
  if (!g_str_equal (expected, seen))
    g_test_fail_printf ("expected \"%s\", seen \"%s\"", expected, seen);
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  const gint fd = raw_client_open (port);
  const gsize step = self->singly ? 1 : self->bytes->len;
  g_autofree gchar *seen = NULL;

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (raw_client_upgrade (fd));
  if (!self->stranger)
    g_assert_true (raw_client_join (fd, PATIENCE_MS));
  /* What the server closes upon is the last thing that is sent: a reset must
   * not overtake its goodbye. */
  for (gsize at = 0; at < self->bytes->len; at += step)
    g_assert_true (
        raw_client_send (fd, self->bytes->data + at, step, PATIENCE_MS));
  if (g_str_has_suffix (self->seen, "open"))
    raw_client_send_text (fd, PROBE);
  seen = listen_to (fd, self);
  compare (self->seen, seen);
  close (fd);
}

static void
add_case (const gchar *group, const gchar *what, Case *self)
{
  g_autofree gchar *name = g_strdelimit (g_strdup (what), " /", '-');
  g_autofree gchar *path = g_strdup_printf ("/websocket/%s/%s", group, name);

  n_cases++;
  g_test_add_data_func_full (path, self, run_case, case_free);
}

static Case *
new_case_of_row (const Row *row)
{
  Case *self = case_new (row->seen);

  for (guint i = 0; i < G_N_ELEMENTS (row->frames); i++) {
    const Frame *frame = &row->frames[i];

    for (guint j = 0; (frame->head || frame->data) && j < MAX (frame->times, 1);
         j++)
      add_frame (self, frame);
  }
  return self;
}

#define BYTES(text) text, sizeof (text) - 1

/* --- framing --- */

#define ASK_OF(size) ASK, size, PADDED

static const Row framing[] = {
    {"text of 0 bytes", "1008", {{FINAL | TEXT, BYTES ("")}}},
    {"text of 1 byte", "1008", {{FINAL | TEXT, BYTES ("1")}}},
    {"text of 22 bytes", "answer open", {{FINAL | TEXT, BYTES (ASK)}}},
    {"text of 124 bytes", "answer open", {{FINAL | TEXT, ASK_OF (124)}}},
    {"text of 125 bytes", "answer open", {{FINAL | TEXT, ASK_OF (125)}}},
    {"text of 126 bytes", "answer open", {{FINAL | TEXT, ASK_OF (126)}}},
    {"text of 127 bytes", "answer open", {{FINAL | TEXT, ASK_OF (127)}}},
    {"text of 128 bytes", "answer open", {{FINAL | TEXT, ASK_OF (128)}}},
    {"text of 255 bytes", "answer open", {{FINAL | TEXT, ASK_OF (255)}}},
    {"text of 256 bytes", "answer open", {{FINAL | TEXT, ASK_OF (256)}}},
    {"text of 8191 bytes", "answer open", {{FINAL | TEXT, ASK_OF (8191)}}},
    {"text of 8192 bytes", "answer open", {{FINAL | TEXT, ASK_OF (8192)}}},
    {"text of 8193 bytes", "answer open", {{FINAL | TEXT, ASK_OF (8193)}}},
    {"text of 32768 bytes", "answer open", {{FINAL | TEXT, ASK_OF (32768)}}},
    {"text of 65534 bytes", "answer open", {{FINAL | TEXT, ASK_OF (65534)}}},
    {"text of 65535 bytes", "answer open", {{FINAL | TEXT, ASK_OF (65535)}}},
    {"text of 65536 bytes", "answer open", {{FINAL | TEXT, ASK_OF (65536)}}},
    {"text of 65537 bytes", "1009", {{FINAL | TEXT, ASK_OF (65537)}}},
    {"text of 70000 bytes, its header", "1009",
        {{FINAL | TEXT, NULL, 70000, LENGTH_64 | HEADER_ONLY}}},
    {"text of 4 GiB, its header", "1009",
        {{FINAL | TEXT, NULL, G_GUINT64_CONSTANT (1) << 32,
            LENGTH_64 | HEADER_ONLY}}},
    {"text of the greatest length, its header", "1009",
        {{FINAL | TEXT, NULL, G_MAXINT64, LENGTH_64 | HEADER_ONLY}}},
    {"highest bit of the length", "1009",
        {{FINAL | TEXT, NULL, G_GUINT64_CONSTANT (1) << 63,
            LENGTH_64 | HEADER_ONLY}}},
    {"all bits of the length", "1009",
        {{FINAL | TEXT, NULL, G_MAXUINT64, LENGTH_64 | HEADER_ONLY}}},
    {"highest bit of the length of binary", "1009",
        {{FINAL | BINARY, NULL, G_GUINT64_CONSTANT (1) << 63,
            LENGTH_64 | HEADER_ONLY}}},
    {"0 bytes told in 16 bits", "1002",
        {{FINAL | TEXT, BYTES (""), LENGTH_16}}},
    {"22 bytes told in 16 bits", "1002",
        {{FINAL | TEXT, BYTES (ASK), LENGTH_16}}},
    {"125 bytes told in 16 bits", "1002",
        {{FINAL | TEXT, NULL, 125, LENGTH_16 | HEADER_ONLY}}},
    {"22 bytes told in 64 bits", "1002",
        {{FINAL | TEXT, BYTES (ASK), LENGTH_64}}},
    {"126 bytes told in 64 bits", "1002",
        {{FINAL | TEXT, NULL, 126, LENGTH_64 | HEADER_ONLY}}},
    {"65535 bytes told in 64 bits", "1002",
        {{FINAL | TEXT, NULL, 65535, LENGTH_64 | HEADER_ONLY}}},
    {"two messages at once", "answer answer open",
        {{FINAL | TEXT, BYTES (ASK), .times = 2}}},
    {"many messages at once", "answer answer answer answer answer answer open",
        {{FINAL | TEXT, BYTES (ASK), .times = 6}}},
};

static const Row masking[] = {
    {"a mask of zeros", "answer open",
        {{FINAL | TEXT, BYTES (ASK), ZERO_MASK}}},
    {"a ping with a mask of zeros", "pong open",
        {{FINAL | PING, BYTES ("x"), ZERO_MASK}}},
    {"text without a mask", "1002", {{FINAL | TEXT, BYTES (ASK), UNMASKED}}},
    {"empty text without a mask", "1002",
        {{FINAL | TEXT, BYTES (""), UNMASKED}}},
    {"text of 126 bytes without a mask", "1002",
        {{FINAL | TEXT, ASK, 126, PADDED | UNMASKED}}},
    {"binary without a mask", "1002",
        {{FINAL | BINARY, BYTES ("x"), UNMASKED}}},
    {"a ping without a mask", "1002", {{FINAL | PING, BYTES ("x"), UNMASKED}}},
    {"an empty ping without a mask", "1002",
        {{FINAL | PING, BYTES (""), UNMASKED}}},
    {"a pong without a mask", "1002", {{FINAL | PONG, BYTES (""), UNMASKED}}},
    {"a fragment without a mask", "1002",
        {{MORE | TEXT, BYTES (ASK), UNMASKED}}},
    {"the second fragment without a mask", "1002",
        {{MORE | TEXT, BYTES (ASK)},
            {FINAL | CONTINUE, BYTES (" "), UNMASKED}}},
    {"the second message without a mask", "answer 1002",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | TEXT, BYTES (ASK), UNMASKED}}},
};

/* --- pings and pongs --- */

static const Row pings[] = {
    {"empty", "pong open", {{FINAL | PING, BYTES ("")}}},
    {"1 byte", "pong open", {{FINAL | PING, BYTES ("x")}}},
    {"text", "pong open", {{FINAL | PING, BYTES ("are you there")}}},
    {"not UTF-8", "pong open", {{FINAL | PING, BYTES ("\xff\xfe\x00\xc0")}}},
    {"124 bytes", "pong open", {{FINAL | PING, "x", 124, PADDED}}},
    {"125 bytes", "pong open", {{FINAL | PING, "x", 125, PADDED}}},
    {"126 bytes", "1002", {{FINAL | PING, "x", 126, PADDED}}},
    {"65535 bytes told", "1002",
        {{FINAL | PING, NULL, 65535, LENGTH_16 | HEADER_ONLY}}},
    {"1 byte told in 16 bits", "1002",
        {{FINAL | PING, BYTES ("x"), LENGTH_16}}},
    {"1 byte told in 64 bits", "1002",
        {{FINAL | PING, BYTES ("x"), LENGTH_64}}},
    {"two", "pong pong open",
        {{FINAL | PING, BYTES ("one")}, {FINAL | PING, BYTES ("two")}}},
    {"ten", "pong pong pong pong pong pong pong pong pong pong open",
        {{FINAL | PING, BYTES ("again"), .times = 10}}},
    {"and a message", "pong answer open",
        {{FINAL | PING, BYTES ("x")}, {FINAL | TEXT, BYTES (ASK)}}},
    {"between fragments", "pong answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {FINAL | PING, BYTES ("between")},
            {FINAL | CONTINUE, BYTES ("\"id\":1}")}}},
    {"two between fragments", "pong pong answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {FINAL | PING, BYTES ("one")}, {MORE | CONTINUE, BYTES ("\"id\"")},
            {FINAL | PING, BYTES ("")}, {FINAL | CONTINUE, BYTES (":1}")}}},
    {"in fragments", "1002",
        {{MORE | PING, BYTES ("x")}, {FINAL | CONTINUE, BYTES ("y")}}},
    {"empty and not final", "1002", {{MORE | PING, BYTES ("")}}},
};

static const Row pongs[] = {
    {"that nobody asked for", "open", {{FINAL | PONG, BYTES ("")}}},
    {"that nobody asked for, 1 byte", "open", {{FINAL | PONG, BYTES ("x")}}},
    {"that nobody asked for, 125 bytes", "open",
        {{FINAL | PONG, "x", 125, PADDED}}},
    {"126 bytes", "1002", {{FINAL | PONG, "x", 126, PADDED}}},
    {"many that nobody asked for", "open",
        {{FINAL | PONG, BYTES ("x"), .times = 20}}},
    {"before a ping", "pong open",
        {{FINAL | PONG, BYTES ("x")}, {FINAL | PING, BYTES ("y")}}},
    {"between fragments", "answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {FINAL | PONG, BYTES ("x")},
            {FINAL | CONTINUE, BYTES ("\"id\":1}")}}},
    {"not final", "1002", {{MORE | PONG, BYTES ("x")}}},
};

/* --- fragments --- */

static const Row fragments[] = {
    {"two", "answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {FINAL | CONTINUE, BYTES ("\"id\":1}")}}},
    {"three", "answer open",
        {{MORE | TEXT, BYTES ("{\"type\":")}, {MORE | CONTINUE, BYTES ("\"pi")},
            {FINAL | CONTINUE, BYTES ("ng\",\"id\":1}")}}},
    {"of one byte", "answer open", {{FINAL | TEXT, BYTES (ASK), SINGLY}}},
    {"of one byte, with an empty end", "answer open",
        {{MORE | TEXT, BYTES (ASK)}, {MORE | CONTINUE, BYTES (" ")},
            {FINAL | CONTINUE, BYTES ("")}}},
    {"an empty start", "answer open",
        {{MORE | TEXT, BYTES ("")}, {FINAL | CONTINUE, BYTES (ASK)}}},
    {"an empty end", "answer open",
        {{MORE | TEXT, BYTES (ASK)}, {FINAL | CONTINUE, BYTES ("")}}},
    {"an empty middle", "answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {MORE | CONTINUE, BYTES ("")},
            {FINAL | CONTINUE, BYTES ("\"id\":1}")}}},
    {"a hundred empty ones", "answer open",
        {{MORE | TEXT, BYTES (ASK)},
            {MORE | CONTINUE, BYTES (""), .times = 100},
            {FINAL | CONTINUE, BYTES ("")}}},
    {"all of them empty", "1008",
        {{MORE | TEXT, BYTES ("")}, {MORE | CONTINUE, BYTES ("")},
            {FINAL | CONTINUE, BYTES ("")}}},
    {"up to the limit", "answer open",
        {{MORE | TEXT, ASK_OF (32768)},
            {FINAL | CONTINUE, " ", 32768, PADDED}}},
    {"one byte past the limit", "1009",
        {{MORE | TEXT, ASK_OF (32768)},
            {FINAL | CONTINUE, " ", 32769, PADDED}}},
    {"without end past the limit", "1009",
        {{MORE | TEXT, ASK_OF (40000)}, {MORE | CONTINUE, " ", 40000, PADDED}}},
    {"twice up to the limit", "answer answer open",
        {{MORE | TEXT, ASK_OF (32768)}, {FINAL | CONTINUE, " ", 32768, PADDED},
            {MORE | TEXT, ASK_OF (32768)},
            {FINAL | CONTINUE, " ", 32768, PADDED}}},
    {"an end without a start", "1002", {{FINAL | CONTINUE, BYTES (ASK)}}},
    {"an empty end without a start", "1002", {{FINAL | CONTINUE, BYTES ("")}}},
    {"a middle without a start", "1002", {{MORE | CONTINUE, BYTES (ASK)}}},
    {"an end after the end", "answer 1002",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | CONTINUE, BYTES ("")}}},
    {"a middle after the end", "answer 1002",
        {{MORE | TEXT, BYTES (ASK)}, {FINAL | CONTINUE, BYTES ("")},
            {MORE | CONTINUE, BYTES ("")}}},
    {"text in the middle", "1002",
        {{MORE | TEXT, BYTES ("{")}, {FINAL | TEXT, BYTES (ASK)}}},
    {"a start in the middle", "1002",
        {{MORE | TEXT, BYTES ("{")}, {MORE | TEXT, BYTES (ASK)}}},
    {"binary in the middle", "1002",
        {{MORE | TEXT, BYTES ("{")}, {FINAL | BINARY, BYTES (ASK)}}},
    {"text after an empty start", "1002",
        {{MORE | TEXT, BYTES ("")}, {FINAL | TEXT, BYTES (ASK)}}},
    {"a reserved bit on the second", "1002",
        {{MORE | TEXT, BYTES ("{")}, {FINAL | 0x40 | CONTINUE, BYTES ("}")}}},
    {"a goodbye in the middle", "1000",
        {{MORE | TEXT, BYTES (ASK)}, {FINAL | CLOSE, BYTES ("\x03\xe8")}}},
    {"a goodbye in fragments", "1002",
        {{MORE | CLOSE, BYTES ("\x03")}, {FINAL | CONTINUE, BYTES ("\xe8")}}},
};

static const Row binaries[] = {
    {"empty", "1003", {{FINAL | BINARY, BYTES ("")}}},
    {"1 byte", "1003", {{FINAL | BINARY, BYTES ("x")}}},
    {"a request", "1003", {{FINAL | BINARY, BYTES (ASK)}}},
    {"not UTF-8", "1003", {{FINAL | BINARY, BYTES ("\xff\xc0")}}},
    {"65536 bytes", "1003", {{FINAL | BINARY, ASK_OF (65536)}}},
    {"65537 bytes", "1009", {{FINAL | BINARY, ASK_OF (65537)}}},
    {"in fragments", "1003",
        {{MORE | BINARY, BYTES ("{")}, {FINAL | CONTINUE, BYTES ("}")}}},
    {"after a message", "answer 1003",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | BINARY, BYTES (ASK)}}},
    {"before a message", "1003",
        {{FINAL | BINARY, BYTES (ASK)}, {FINAL | TEXT, BYTES (ASK)}}},
};

/* --- bits and opcodes that are reserved --- */

static void
add_one_frame (const gchar *group, const gchar *what, guint head, guint flags)
{
  const Frame frame = {(guint8)head, BYTES ("x"), flags};
  Case *self = case_new ("1002");

  add_frame (self, &frame);
  self->goodbye = FALSE; /* what it says is no close frame */
  add_case (group, what, self);
}

static void
add_reserved_bits (void)
{
  static const guint opcodes[] = {CONTINUE, TEXT, BINARY, CLOSE, PING, PONG};

  for (guint bits = 1; bits < 8; bits++) {
    for (guint i = 0; i < G_N_ELEMENTS (opcodes); i++) {
      g_autofree gchar *what =
          g_strdup_printf ("bits %u of opcode %x", bits, opcodes[i]);

      add_one_frame ("reserved-bits", what, FINAL | bits << 4 | opcodes[i], 0);
    }
  }
}

static void
add_reserved_opcodes (void)
{
  static const guint opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};

  for (guint i = 0; i < G_N_ELEMENTS (opcodes); i++) {
    g_autofree gchar *final = g_strdup_printf ("%x", opcodes[i]);
    g_autofree gchar *more = g_strdup_printf ("%x in fragments", opcodes[i]);
    g_autofree gchar *bare = g_strdup_printf ("%x without a mask", opcodes[i]);

    add_one_frame ("reserved-opcodes", final, FINAL | opcodes[i], 0);
    add_one_frame ("reserved-opcodes", more, MORE | opcodes[i], 0);
    add_one_frame ("reserved-opcodes", bare, FINAL | opcodes[i], UNMASKED);
  }
}

static const Row reserved[] = {
    {"opcode 3 after a message", "answer 1002",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | 3, BYTES ("")}}},
    {"opcode b after a message", "answer 1002",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | 11, BYTES ("")}}},
    {"opcode 3 before a message", "1002",
        {{FINAL | 3, BYTES ("")}, {FINAL | TEXT, BYTES (ASK)}}},
    {"opcode 3 inside a message", "1002",
        {{MORE | TEXT, BYTES (ASK)}, {FINAL | 3, BYTES ("")}}},
    {"opcode b inside a message", "1002",
        {{MORE | TEXT, BYTES (ASK)}, {FINAL | 11, BYTES ("")}}},
    {"opcode 7 of 126 bytes", "1002", {{FINAL | 7, "x", 126, PADDED}}},
    {"bit 4 after a message", "answer 1002",
        {{FINAL | TEXT, BYTES (ASK)}, {FINAL | 0x40 | TEXT, BYTES (ASK)}}},
    {"bit 4 before a message", "1002",
        {{FINAL | 0x40 | TEXT, BYTES (ASK)}, {FINAL | TEXT, BYTES (ASK)}}},
};

/* --- UTF-8 --- */

typedef struct
{
  const gchar *what;
  const gchar *bytes;
} Letters;

static const Letters good_letters[] = {
    {"U+0020", " "},
    {"U+007F", "\x7f"},
    {"U+0080", "\xc2\x80"},
    {"U+07FF", "\xdf\xbf"},
    {"U+0800", "\xe0\xa0\x80"},
    {"U+20AC", "\xe2\x82\xac"},
    {"U+D7FF", "\xed\x9f\xbf"},
    {"U+E000", "\xee\x80\x80"},
    {"U+FEFF", "\xef\xbb\xbf"},
    {"U+FFFD", "\xef\xbf\xbd"},
    {"U+FFFE", "\xef\xbf\xbe"},
    {"U+FFFF", "\xef\xbf\xbf"},
    {"U+10000", "\xf0\x90\x80\x80"},
    {"U+1F600", "\xf0\x9f\x98\x80"},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf"},
    {"a word", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"},
};

static const Letters bad_letters[] = {
    {"a stray continuation, the first", "\x80"},
    {"a stray continuation, the last", "\xbf"},
    {"two stray continuations", "\x80\xbf"},
    {"a continuation too many", "\xc2\x80\x80"},
    {"a start of two alone", "\xc2"},
    {"a start of three alone", "\xe2"},
    {"two of three", "\xe2\x82"},
    {"a start of four alone", "\xf0"},
    {"two of four", "\xf0\x9f"},
    {"three of four", "\xf0\x9f\x98"},
    {"a start after a start", "\xe2\xe2\x82\xac"},
    {"overlong U+002F, two", "\xc0\xaf"},
    {"overlong U+007F, two", "\xc1\xbf"},
    {"overlong U+0000, two", "\xc0\x80"},
    {"overlong U+002F, three", "\xe0\x80\xaf"},
    {"overlong U+07FF, three", "\xe0\x9f\xbf"},
    {"overlong U+002F, four", "\xf0\x80\x80\xaf"},
    {"overlong U+FFFF, four", "\xf0\x8f\xbf\xbf"},
    {"U+D800", "\xed\xa0\x80"},
    {"U+DBFF", "\xed\xaf\xbf"},
    {"U+DC00", "\xed\xb0\x80"},
    {"U+DFFF", "\xed\xbf\xbf"},
    {"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80"},
    {"U+110000", "\xf4\x90\x80\x80"},
    {"past F4", "\xf5\x80\x80\x80"},
    {"a sequence of five", "\xf8\x88\x80\x80\x80"},
    {"a sequence of six", "\xfc\x84\x80\x80\x80\x80"},
    {"FE", "\xfe"},
    {"FF", "\xff"},
};

/* One message with @letters, in two fragments when @at is inside of them. */
static void
add_letters_at (const gchar *group, const Letters *letters, const gchar *seen,
    const gchar *after, gsize at)
{
  g_autofree gchar *text = g_strconcat (ASK_BEGIN, letters->bytes, after, NULL);
  g_autofree gchar *what =
      at ? g_strdup_printf ("%s cut after %" G_GSIZE_FORMAT, letters->what, at)
         : g_strdup (letters->what);
  const gsize size = strlen (text);
  const gsize first = at ? strlen (ASK_BEGIN) + at : size;
  Case *self = case_new (seen);

  add_data (self, (guint8)((at ? MORE : FINAL) | TEXT), 0, text, first);
  if (at)
    add_data (self, FINAL | CONTINUE, 0, text + first, size - first);
  add_case (group, what, self);
}

static void
add_letters (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_letters); i++) {
    const Letters *letters = &good_letters[i];

    for (gsize at = 0; at < strlen (letters->bytes); at++)
      add_letters_at ("good-letters", letters, "answer open", ASK_END, at);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad_letters); i++) {
    const Letters *letters = &bad_letters[i];

    for (gsize at = 0; at < strlen (letters->bytes); at++)
      add_letters_at ("bad-letters", letters, "1007", ASK_END, at);
    add_letters_at ("bad-letters-last", letters, "1007", "", 0);
  }
}

static const Row letters_in_frames[] = {
    {"each byte in a fragment", "answer open",
        {{FINAL | TEXT,
            BYTES (ASK_BEGIN "\xc3\xa9\xe2\x82\xac"
                             "\xf0\x9f\x98\x80" ASK_END),
            SINGLY}}},
    {"a ping inside a letter", "pong answer open",
        {{MORE | TEXT, BYTES (ASK_BEGIN "\xe2\x82")},
            {FINAL | PING, BYTES ("x")},
            {FINAL | CONTINUE, BYTES ("\xac" ASK_END)}}},
    {"an empty fragment inside a letter", "answer open",
        {{MORE | TEXT, BYTES (ASK_BEGIN "\xe2\x82")},
            {MORE | CONTINUE, BYTES ("")},
            {FINAL | CONTINUE, BYTES ("\xac" ASK_END)}}},
    {"a letter goes on in the next message", "1007",
        {{FINAL | TEXT, BYTES (ASK_BEGIN "\xe2\x82")},
            {FINAL | TEXT, BYTES ("\xac" ASK_END)}}},
    /* JSON has no raw control characters, which is not for UTF-8 to say. */
    {"U+0000", "1008", {{FINAL | TEXT, BYTES (ASK_BEGIN "\0" ASK_END)}}},
    {"a byte order mark before all", "1008",
        {{FINAL | TEXT, BYTES ("\xef\xbb\xbf" ASK)}}},
    /* The RFC lets a server wait for the end of the message, and libsoup
     * does: the guard bounds what it has to keep meanwhile. */
    {"not UTF-8 and no end", "pong 1007",
        {{MORE | TEXT, BYTES ("\xff")}, {FINAL | PING, BYTES ("x")},
            {FINAL | CONTINUE, BYTES ("")}}},
};

/* --- the end --- */

#define GOODBYE(text)                                                          \
  {                                                                            \
    FINAL | CLOSE, BYTES (text)                                                \
  }

static const Row ends[] = {
    {"no payload", "1000", {GOODBYE ("")}},
    {"half a code", "1002", {GOODBYE ("\x03")}},
    {"1000", "1000", {GOODBYE ("\x03\xe8")}},
    {"1001", "1001", {GOODBYE ("\x03\xe9")}},
    {"1002", "1002", {GOODBYE ("\x03\xea")}},
    {"1003", "1003", {GOODBYE ("\x03\xeb")}},
    {"1007", "1007", {GOODBYE ("\x03\xef")}},
    {"1008", "1008", {GOODBYE ("\x03\xf0")}},
    {"1009", "1009", {GOODBYE ("\x03\xf1")}},
    {"1010", "1010", {GOODBYE ("\x03\xf2")}},
    {"1011", "1011", {GOODBYE ("\x03\xf3")}},
    {"3000", "3000", {GOODBYE ("\x0b\xb8")}},
    {"3999", "3999", {GOODBYE ("\x0f\x9f")}},
    {"4000", "4000", {GOODBYE ("\x0f\xa0")}},
    {"4999", "4999", {GOODBYE ("\x13\x87")}},
    {"code 0", "1002", {GOODBYE ("\x00\x00")}},
    {"code 1", "1002", {GOODBYE ("\x00\x01")}},
    {"code 999", "1002", {GOODBYE ("\x03\xe7")}},
    {"code 1004", "1002", {GOODBYE ("\x03\xec")}},
    {"code 1005", "1002", {GOODBYE ("\x03\xed")}},
    {"code 1006", "1002", {GOODBYE ("\x03\xee")}},
    /* Registered after the RFC, and not known to libsoup 3.2. No client of
     * rooms says one of them, and the connection ends either way. */
    {"code 1012", "1002", {GOODBYE ("\x03\xf4")}},
    {"code 1013", "1002", {GOODBYE ("\x03\xf5")}},
    {"code 1014", "1002", {GOODBYE ("\x03\xf6")}},
    {"code 1015", "1002", {GOODBYE ("\x03\xf7")}},
    {"code 1016", "1002", {GOODBYE ("\x03\xf8")}},
    {"code 1100", "1002", {GOODBYE ("\x04\x4c")}},
    {"code 2000", "1002", {GOODBYE ("\x07\xd0")}},
    {"code 2999", "1002", {GOODBYE ("\x0b\xb7")}},
    {"code 5000", "1002", {GOODBYE ("\x13\x88")}},
    {"code 65535", "1002", {GOODBYE ("\xff\xff")}},
    {"a reason", "1000", {GOODBYE ("\x03\xe8that is all")}},
    {"a reason of one byte", "1000", {GOODBYE ("\x03\xe8.")}},
    {"a reason with letters", "1000", {GOODBYE ("\x03\xe8\xe2\x82\xac")}},
    {"a reason of 122 bytes", "1000",
        {{FINAL | CLOSE, "\x03\xe8.", 124, PADDED}}},
    {"a reason of 123 bytes", "1000",
        {{FINAL | CLOSE, "\x03\xe8.", 125, PADDED}}},
    {"a reason of 124 bytes", "1002",
        {{FINAL | CLOSE, "\x03\xe8.", 126, PADDED}}},
    {"a reason that is not UTF-8", "1002", {GOODBYE ("\x03\xe8\xc3\x28")}},
    {"a reason with a surrogate", "1002", {GOODBYE ("\x03\xe8\xed\xa0\x80")}},
    {"a reason that breaks off", "1002", {GOODBYE ("\x03\xe8\xe2\x82")}},
    {"a code told in 16 bits", "1002",
        {{FINAL | CLOSE, BYTES ("\x03\xe8"), LENGTH_16}}},
    {"without a mask", "1002", {{FINAL | CLOSE, BYTES ("\x03\xe8"), UNMASKED}}},
    {"a message after it", "1000",
        {GOODBYE ("\x03\xe8"), {FINAL | TEXT, BYTES (ASK)}}},
    {"a ping after it", "1000",
        {GOODBYE ("\x03\xe8"), {FINAL | PING, BYTES ("x")}}},
    {"a fragment after it", "1000",
        {GOODBYE ("\x03\xe8"), {MORE | TEXT, BYTES (ASK)}}},
    {"garbage after it", "1000",
        {GOODBYE ("\x03\xe8"), {FINAL | 0x70 | 3, BYTES (ASK), UNMASKED}}},
    {"another goodbye after it", "1000",
        {GOODBYE ("\x03\xe8"), GOODBYE ("\x03\xe9")}},
    {"ten goodbyes", "1000",
        {{FINAL | CLOSE, BYTES ("\x03\xe8"), .times = 10}}},
    {"a message before it", "answer 1000",
        {{FINAL | TEXT, BYTES (ASK)}, GOODBYE ("\x03\xe8")}},
    {"a ping before it", "pong 1000",
        {{FINAL | PING, BYTES ("x")}, GOODBYE ("\x03\xe8")}},
};

/* --- bytes that come one by one --- */

static const Row dripped[] = {
    {"a message", "answer open", {{FINAL | TEXT, BYTES (ASK)}}},
    {"a message of 126 bytes", "answer open", {{FINAL | TEXT, ASK_OF (126)}}},
    {"a ping", "pong open", {{FINAL | PING, BYTES ("ping")}}},
    {"fragments", "answer open",
        {{MORE | TEXT, BYTES ("{\"type\":\"ping\",")},
            {FINAL | CONTINUE, BYTES ("\"id\":1}")}}},
    {"letters", "answer open",
        {{FINAL | TEXT, BYTES (ASK_BEGIN "\xf0\x9f\x98\x80" ASK_END)}}},
    {"a goodbye", "1000", {GOODBYE ("\x03\xe8that is all")}},
    {"not masked", "1002", {{FINAL | TEXT, BYTES (""), UNMASKED}}},
    {"65537 bytes told", "1009",
        {{FINAL | TEXT, NULL, 65537, LENGTH_64 | HEADER_ONLY}}},
};

/* Who has not joined is not listened to for long. */
static const Row strangers[] = {
    {"text of 22 bytes", "answer open", {{FINAL | TEXT, BYTES (ASK)}}},
    {"text of 16384 bytes", "answer open", {{FINAL | TEXT, ASK_OF (16384)}}},
    {"text of 16385 bytes", "1009", {{FINAL | TEXT, ASK_OF (16385)}}},
    {"fragments of 16384 bytes", "answer open",
        {{MORE | TEXT, ASK_OF (8192)}, {FINAL | CONTINUE, " ", 8192, PADDED}}},
    {"fragments of 16385 bytes", "1009",
        {{MORE | TEXT, ASK_OF (8192)}, {FINAL | CONTINUE, " ", 8193, PADDED}}},
    {"a ping", "pong open", {{FINAL | PING, BYTES ("x")}}},
    {"binary", "1003", {{FINAL | BINARY, BYTES ("x")}}},
    {"not UTF-8", "1007", {{FINAL | TEXT, BYTES ("\xff")}}},
    {"not masked", "1002", {{FINAL | TEXT, BYTES (ASK), UNMASKED}}},
    {"a goodbye", "1000", {GOODBYE ("\x03\xe8")}},
};

static void
add_strangers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++) {
    Case *self = new_case_of_row (&strangers[i]);

    self->stranger = TRUE;
    add_case ("strangers", strangers[i].what, self);
  }
}

static void
add_rows (const gchar *group, const Row *rows, guint n_rows, gboolean singly)
{
  for (guint i = 0; i < n_rows; i++) {
    Case *self = new_case_of_row (&rows[i]);

    self->singly = singly;
    add_case (group, rows[i].what, self);
  }
}

/* --- the handshake --- */

#define GET_WS "GET /ws HTTP/1.1\r\n"
#define HOST "Host: 127.0.0.1\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: rtc-room.v1\r\n"
#define REST UPGRADE CONNECTION VERSION KEY PROTOCOL

/* @seen: the status; after 101 what a row sees that asks once. */
typedef struct
{
  const gchar *what;
  const gchar *seen;
  const gchar *request; /* without its empty line */
} Handshake;

static const Handshake handshakes[] = {
    {"as usual", "101 open", GET_WS HOST REST},
    {"in another order", "101 open",
        GET_WS PROTOCOL KEY VERSION CONNECTION UPGRADE HOST},
    {"with a query", "101 open", "GET /ws?x=1 HTTP/1.1\r\n" HOST REST},
    {"names in small letters", "101 open",
        GET_WS "host: 127.0.0.1\r\nupgrade: websocket\r\n"
               "connection: upgrade\r\nsec-websocket-version: 13\r\n"
               "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "sec-websocket-protocol: rtc-room.v1\r\n"},
    {"values in capitals", "101 open",
        GET_WS HOST
        "Upgrade: WebSocket\r\nConnection: UPGRADE\r\n" VERSION KEY PROTOCOL},
    {"two words in Connection", "101 open",
        GET_WS HOST UPGRADE
        "Connection: keep-alive, Upgrade\r\n" VERSION KEY PROTOCOL},
    {"two subprotocols", "101 open",
        GET_WS HOST UPGRADE CONNECTION VERSION KEY
        "Sec-WebSocket-Protocol: other, rtc-room.v1\r\n"},
    /* RFC 6455 11.3.4 allows it; libsoup 3.2 looks at the last only. No
     * browser sends two. */
    {"two headers of subprotocols", "400",
        GET_WS HOST REST "Sec-WebSocket-Protocol: other\r\n"},
    {"an extension that is not taken", "101 open",
        GET_WS HOST REST "Sec-WebSocket-Extensions: permessage-deflate; "
                         "client_max_window_bits\r\n"},
    {"an extension that nobody knows", "101 open",
        GET_WS HOST REST "Sec-WebSocket-Extensions: x-other\r\n"},
    {"an own Origin", "101 open",
        GET_WS HOST REST "Origin: http://127.0.0.1\r\n"},
    {"another Origin", "403",
        GET_WS HOST REST "Origin: http://elsewhere.example\r\n"},
    {"another Host", "403", GET_WS "Host: elsewhere.example\r\n" REST},
    {"no Host", "400", GET_WS REST},
    {"no key", "400", GET_WS HOST UPGRADE CONNECTION VERSION PROTOCOL},
    {"an empty key", "400",
        GET_WS HOST UPGRADE CONNECTION VERSION
        "Sec-WebSocket-Key: \r\n" PROTOCOL},
    {"a key of one byte", "400",
        GET_WS HOST UPGRADE CONNECTION VERSION
        "Sec-WebSocket-Key: YQ==\r\n" PROTOCOL},
    {"a key that is not base64", "400",
        GET_WS HOST UPGRADE CONNECTION VERSION
        "Sec-WebSocket-Key: ########################\r\n" PROTOCOL},
    {"no version", "400", GET_WS HOST UPGRADE CONNECTION KEY PROTOCOL},
    /* RFC 6455 4.4 wants 13 named in the answer. libsoup 3.2 does not, which
     * only a client that knows several versions would miss. */
    {"version 8", "400",
        GET_WS HOST UPGRADE CONNECTION
        "Sec-WebSocket-Version: 8\r\n" KEY PROTOCOL},
    {"version 14", "400",
        GET_WS HOST UPGRADE CONNECTION
        "Sec-WebSocket-Version: 14\r\n" KEY PROTOCOL},
    {"no Upgrade", "400", GET_WS HOST CONNECTION VERSION KEY PROTOCOL},
    {"another Upgrade", "400",
        GET_WS HOST "Upgrade: h2c\r\n" CONNECTION VERSION KEY PROTOCOL},
    {"no Connection", "400", GET_WS HOST UPGRADE VERSION KEY PROTOCOL},
    {"another Connection", "400",
        GET_WS HOST UPGRADE "Connection: close\r\n" VERSION KEY PROTOCOL},
    {"no subprotocol", "101 1002", GET_WS HOST UPGRADE CONNECTION VERSION KEY},
    /* Here libsoup refuses before the server is asked. */
    {"another subprotocol", "400",
        GET_WS HOST UPGRADE CONNECTION VERSION KEY
        "Sec-WebSocket-Protocol: other\r\n"},
    {"a subprotocol that only begins so", "400",
        GET_WS HOST UPGRADE CONNECTION VERSION KEY
        "Sec-WebSocket-Protocol: rtc-room.v10\r\n"},
    {"HTTP 1.0", "400", "GET /ws HTTP/1.0\r\n" HOST REST},
    {"HTTP 2.0", "505", "GET /ws HTTP/2.0\r\n" HOST REST},
    {"POST", "405", "POST /ws HTTP/1.1\r\n" HOST REST},
    {"PUT", "405", "PUT /ws HTTP/1.1\r\n" HOST REST},
    {"CONNECT", "405", "CONNECT 127.0.0.1:80 HTTP/1.1\r\n" HOST REST},
    {"HEAD", "400", "HEAD /ws HTTP/1.1\r\n" HOST REST},
    {"a path below", "404", "GET /ws/x HTTP/1.1\r\n" HOST REST},
    /* The page of the room of that name. */
    {"a path beside", "200", "GET /wsx HTTP/1.1\r\n" HOST REST},
};

static void
run_handshake (gconstpointer data)
{
  const Handshake *row = data;
  const gint fd = raw_client_open (port);
  g_autofree gchar *request = g_strconcat (row->request, "\r\n", NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree gchar *head = NULL;
  Case *self = case_new ("");

  g_assert_true (raw_client_send (fd, request, strlen (request), PATIENCE_MS));
  head = raw_client_take_head (fd, PATIENCE_MS);
  if (head && strlen (head) > 12)
    g_string_append_len (seen, head + strlen ("HTTP/1.1 "), 3);
  else
    note (seen, "end");
  if (g_str_has_prefix (seen->str, "101")) {
    g_autofree gchar *rest = NULL;

    g_assert_nonnull (strstr (head, ACCEPT));
    g_assert_null (strstr (head, "Sec-WebSocket-Extensions"));
    if (g_str_has_suffix (row->seen, "open")) {
      g_assert_nonnull (strstr (head, PROTOCOL));
      raw_client_send_text (fd, PROBE);
    }
    rest = listen_to (fd, self);
    note (seen, rest);
  }
  compare (row->seen, seen->str);
  case_free (self);
  close (fd);
}

static void
add_handshakes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (handshakes); i++) {
    g_autofree gchar *name =
        g_strdelimit (g_strdup (handshakes[i].what), " /", '-');
    g_autofree gchar *path = g_strdup_printf ("/websocket/handshake/%s", name);

    n_cases++;
    g_test_add_data_func (path, &handshakes[i], run_handshake);
  }
}

/* Deadlines that no row comes near. */
static void
start_server (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  settings.max_connections_per_address = settings.max_connections;
  settings.ping_interval = 600 * 1000;
  settings.pong_timeout = 600 * 1000;
  settings.join_timeout = 600 * 1000;
  server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  port = (guint16)g_ascii_strtoull (
      strrchr (gst_rtc_server_get_url (server), ':') + 1, NULL, 10);
}

#define ADD(group, rows) add_rows (group, rows, G_N_ELEMENTS (rows), FALSE)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  rtc_test_silence_libsoup ();
  ADD ("framing", framing);
  ADD ("masking", masking);
  ADD ("pings", pings);
  ADD ("pongs", pongs);
  ADD ("fragments", fragments);
  ADD ("binaries", binaries);
  ADD ("reserved", reserved);
  add_reserved_bits ();
  add_reserved_opcodes ();
  add_letters ();
  ADD ("letters", letters_in_frames);
  ADD ("ends", ends);
  add_strangers ();
  add_rows ("dripped", dripped, G_N_ELEMENTS (dripped), TRUE);
  add_handshakes ();
  g_assert_cmpuint (n_cases, >=, 200);

  start_server ();
  status = g_test_run ();
  gst_rtc_server_stop (server);
  g_object_unref (server);
  return status;
}
