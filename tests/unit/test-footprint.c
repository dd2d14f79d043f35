/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one client can make the room server hold, most of all one that never
 * joins. The server runs in this process, whose allocations are counted; while
 * they are, this side makes none. What the kernel holds is not in it. */
#include "rtcserver.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "raw-client.h"

#define PATIENCE_MS (10000 * rtc_patience ())

/* Of a client that has not joined: while it waits, and at any moment. */
#define MAX_HELD (64 * 1024)
#define MAX_PEAK (128 * 1024)
/* Of a user of a room, for which a megabyte may wait. */
#define MAX_OF_USER (1280 * 1024)
/* As far as the server itself, and what the test prints, may move it. */
#define REST 4096

#define FINAL 0x80
#define CONTINUE 0x0
#define TEXT 0x1
#define PING 0x9
#define COMPRESSED 0x40

#define PROBE "{\"type\":\"ping\",\"id\":99}"

/* --- the count --- */

static atomic_llong living;
static atomic_llong highest;

static void
count (gssize change)
{
  const long long now = atomic_fetch_add (&living, change) + change;
  long long seen = atomic_load (&highest);

  while (now > seen && !atomic_compare_exchange_weak (&highest, &seen, now))
    ;
}

#if defined(__SANITIZE_ADDRESS__)

/* As the sanitizer's header has it, which comes with clang only. */
extern int __sanitizer_install_malloc_and_free_hooks (
    void (*on_malloc) (const volatile void *block, size_t size),
    void (*on_free) (const volatile void *block));
extern size_t __sanitizer_get_allocated_size (const volatile void *block);

static void
on_malloc (const volatile void *block, size_t size)
{
  count ((gssize)size);
}

static void
on_free (const volatile void *block)
{
  if (block)
    count (-(gssize)__sanitizer_get_allocated_size (block));
}

static void
start_count (void)
{
  __sanitizer_install_malloc_and_free_hooks (on_malloc, on_free);
}

#else

/* The names by which glibc has them beside those that a program may take. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *block, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);
extern void __libc_free (void *block);

#define EXPORT __attribute__ ((visibility ("default")))
#define BLOCK_HEADER sizeof (size_t)

static void *
count_block (void *block, gint sign)
{
  if (block)
    count (sign * (gssize)(malloc_usable_size (block) + BLOCK_HEADER));
  return block;
}

EXPORT void *
malloc (size_t size)
{
  return count_block (__libc_malloc (size), 1);
}

EXPORT void *
calloc (size_t n, size_t size)
{
  return count_block (__libc_calloc (n, size), 1);
}

EXPORT void *
realloc (void *block, size_t size)
{
  count_block (block, -1);
  return count_block (__libc_realloc (block, size), 1);
}

EXPORT void *
memalign (size_t alignment, size_t size)
{
  return count_block (__libc_memalign (alignment, size), 1);
}

EXPORT void *
aligned_alloc (size_t alignment, size_t size)
{
  return memalign (alignment, size);
}

EXPORT int
posix_memalign (void **block, size_t alignment, size_t size)
{
  *block = memalign (alignment, size);
  return *block ? 0 : ENOMEM;
}

EXPORT void
free (void *block)
{
  count_block (block, -1);
  __libc_free (block);
}

static void
start_count (void)
{
}

#endif

/* --- the server --- */

static GstRtcServer *server;
static guint16 port;
static gint witness; /* a connection of good manners */

static void
drop_message (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer user_data)
{
}

/* With no deadline in the way, and no rate: the rows keep to what can be sent
 * until the join is due. */
static void
start_server (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  settings.max_message_rate = 1000 * 1000;
  settings.ping_interval = 600 * 1000;
  settings.pong_timeout = 600 * 1000;
  settings.join_timeout = 600 * 1000;
  settings.handshake_timeout = 600 * 1000;
  settings.grace_time = 1;
  server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  port = (guint16)g_ascii_strtoull (
      strrchr (gst_rtc_server_get_url (server), ':') + 1, NULL, 10);
  witness = raw_client_open (port);
  g_assert_true (raw_client_upgrade (witness));
}

static in_port_t
get_own_port (gint fd)
{
  struct sockaddr_in own;
  socklen_t size = sizeof (own);

  g_assert_cmpint (0, ==, getsockname (fd, (gpointer)&own, &size));
  return own.sin_port;
}

/* The server's end of a connection, -1 when it is closed. */
static gint
find_other_end (in_port_t own_port)
{
  for (gint fd = 0; fd < 256; fd++) {
    struct sockaddr_in peer;
    socklen_t size = sizeof (peer);

    if (getpeername (fd, (gpointer)&peer, &size) == 0 &&
        peer.sin_family == AF_INET && peer.sin_port == own_port)
      return fd;
  }
  return -1;
}

static void
ask_witness (void)
{
  /* Masked with zeros. */
  static const gchar frame[] = "\x81\x97\0\0\0\0" PROBE;
  gchar answer[2 + sizeof ("{\"type\":\"ok\",\"id\":99}") - 1];

  g_assert_true (
      raw_client_send (witness, frame, sizeof (frame) - 1, PATIENCE_MS));
  g_assert_cmpint (RAW_TAKEN, ==,
      raw_client_take (witness, answer, sizeof (answer), PATIENCE_MS));
}

#define WAIT_UNTIL(condition)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    const gint64 until = g_get_monotonic_time () + PATIENCE_MS * (gint64)1000; \
    while (!(condition)) {                                                     \
      g_assert_cmpint (g_get_monotonic_time (), <, until);                     \
      ask_witness ();                                                          \
    }                                                                          \
  }                                                                            \
  G_STMT_END

/* Nothing waits to be read. */
static gboolean
is_read (in_port_t own_port)
{
  gint waiting;

  return ioctl (find_other_end (own_port), FIONREAD, &waiting) != 0 ||
         waiting == 0;
}

/* --- what is sent --- */

static const guint8 no_mask[4];

static void
add_text (GByteArray *bytes, const gchar *text)
{
  g_byte_array_append (bytes, (const guint8 *)text, (guint)strlen (text));
}

static void
add_times (GByteArray *bytes, const gchar *text, guint times)
{
  for (guint i = 0; i < times; i++)
    add_text (bytes, text);
}

static void
add_frame (GByteArray *bytes, guint8 head, const gchar *text, gsize size)
{
  raw_append_frame (bytes, head, no_mask, text, size);
}

/* A frame of @lead, as much of @piece as @size allows, and @end. */
static void
add_filled (GByteArray *bytes, guint8 head, const gchar *lead,
    const gchar *piece, const gchar *end, gsize size)
{
  g_autoptr (GString) text = g_string_new (lead);

  while (text->len + strlen (piece) + strlen (end) <= size)
    g_string_append (text, piece);
  g_string_append (text, end);
  while (text->len < size)
    g_string_append_c (text, ' ');
  add_frame (bytes, head, text->str, text->len);
}

#define LARGEST (16 * 1024)
#define MANY 3000 /* ten seconds' worth at once, and five seconds */
#define MEMBER "{\"type\":\"ping\",\"id\":1,\"x\":"

static void
make_nothing (GByteArray *bytes)
{
}

static void
make_request_line (GByteArray *bytes)
{
  add_text (bytes, "GET /");
  add_times (bytes, "x", 16 * 1024 - 5);
}

static void
make_headers (GByteArray *bytes)
{
  add_text (bytes, "GET / HTTP/1.1\r\n");
  for (guint i = 0; bytes->len < 16 * 1024 - 16; i++) {
    g_autofree gchar *header = g_strdup_printf ("%x:\r\n", i);

    add_text (bytes, header);
  }
}

static void
make_whole_headers (GByteArray *bytes)
{
  make_headers (bytes);
  add_text (bytes, "\r\n");
}

static void
make_long_header (GByteArray *bytes)
{
  add_text (bytes, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
  add_times (bytes, "x", 16 * 1024 - 64);
}

static void
make_packed_body (GByteArray *bytes)
{
  add_text (bytes, "POST /getconfig HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                   "Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n");
  add_times (bytes, "x", 60000);
}

static void
make_half_upgrade (GByteArray *bytes)
{
  g_byte_array_append (bytes, (const guint8 *)RAW_CLIENT_UPGRADE,
      sizeof (RAW_CLIENT_UPGRADE) - 3);
}

static void
make_half_frame (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER, "x", "", LARGEST);
  g_byte_array_set_size (bytes, bytes->len - 1);
}

static void
make_half_message (GByteArray *bytes)
{
  add_filled (bytes, TEXT, MEMBER, "x", "", LARGEST / 2);
  add_filled (bytes, CONTINUE, "", "x", "", LARGEST / 2 - 1);
}

/* Each buffer has once been as large as it can be. */
static void
make_half_after_whole (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER "\"", "x", "\"}", LARGEST);
  add_filled (bytes, TEXT, "", "x", "", LARGEST / 2);
  add_filled (bytes, CONTINUE, "", "x", "", LARGEST / 2);
}

static void
make_half_message_and_frame (GByteArray *bytes)
{
  add_filled (bytes, TEXT, "", "x", "", LARGEST / 2 + 1);
  add_filled (bytes, CONTINUE, "", "x", "", LARGEST / 2 - 1);
  g_byte_array_set_size (bytes, bytes->len - 1);
}

static void
make_bytes (GByteArray *bytes)
{
  add_frame (bytes, TEXT, "x", 1);
  for (guint i = 0; i < MANY; i++)
    add_frame (bytes, CONTINUE, "x", 1);
}

static void
make_empty_fragments (GByteArray *bytes)
{
  add_frame (bytes, TEXT, "", 0);
  for (guint i = 0; i < MANY; i++)
    add_frame (bytes, CONTINUE, "", 0);
}

static void
make_pings (GByteArray *bytes)
{
  for (guint i = 0; i < MANY; i++)
    add_filled (bytes, FINAL | PING, "", "x", "", 125);
}

static void
make_questions (GByteArray *bytes)
{
  static const gchar question[] = "{\"type\":\"ping\",\"id\":4294967295}";

  for (guint i = 0; i < MANY; i++)
    add_frame (bytes, FINAL | TEXT, question, strlen (question));
}

static void
make_more_questions (GByteArray *bytes)
{
  for (guint i = 0; i < 40; i++)
    make_questions (bytes);
}

static void
make_bad_questions (GByteArray *bytes)
{
  static const gchar question[] =
      "{\"type\":\"set-visibility\",\"id\":4294967295,\"visible\":3}";

  for (guint i = 0; i < MANY; i++)
    add_frame (bytes, FINAL | TEXT, question, strlen (question));
}

static void
make_tower (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER, "[", "", LARGEST);
}

static void
make_tower_of_objects (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER, "{\"a\":", "", LARGEST);
}

static void
make_numbers (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER "[0", ",0", "]}", LARGEST);
}

static void
make_arrays (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER "[[]", ",[]", "]}", LARGEST);
}

static void
make_objects (GByteArray *bytes)
{
  add_filled (bytes, FINAL | TEXT, MEMBER "[{}", ",{}", "]}", LARGEST);
}

static void
make_members (GByteArray *bytes)
{
  g_autoptr (GString) text = g_string_new (MEMBER "0");

  for (guint i = 0; i < 600; i++)
    g_string_append_printf (text, ",\"%x\":{\"a\":[0],\"b\":[0]}", i);
  g_string_append_c (text, '}');
  add_frame (bytes, FINAL | TEXT, text->str, text->len);
}

static void
make_bomb (GByteArray *bytes)
{
  add_filled (bytes, FINAL | COMPRESSED | TEXT, "", "x", "", LARGEST - 1);
}

typedef enum
{
  CONNECTED,
  UPGRADED,
  JOINED
} State;

typedef struct
{
  const gchar *what;
  State state; /* before it is sent */
  void (*make) (GByteArray *bytes);
} Row;

static const Row rows[] = {
    {"a-connection", CONNECTED, make_nothing},
    {"a-long-request-line", CONNECTED, make_request_line},
    {"many-headers", CONNECTED, make_headers},
    {"many-headers-and-their-end", CONNECTED, make_whole_headers},
    {"a-long-header", CONNECTED, make_long_header},
    {"a-packed-body", CONNECTED, make_packed_body},
    {"half-an-upgrade", CONNECTED, make_half_upgrade},
    {"a-websocket", UPGRADED, make_nothing},
    {"half-a-frame", UPGRADED, make_half_frame},
    {"half-a-message", UPGRADED, make_half_message},
    {"half-a-message-after-a-whole-one", UPGRADED, make_half_after_whole},
    {"half-a-frame-in-half-a-message", UPGRADED, make_half_message_and_frame},
    {"fragments-of-a-byte", UPGRADED, make_bytes},
    {"empty-fragments", UPGRADED, make_empty_fragments},
    {"pings-without-reading", UPGRADED, make_pings},
    {"questions-without-reading", UPGRADED, make_questions},
    {"bad-questions-without-reading", UPGRADED, make_bad_questions},
    {"a-tower", UPGRADED, make_tower},
    {"a-tower-of-objects", UPGRADED, make_tower_of_objects},
    {"numbers", UPGRADED, make_numbers},
    {"arrays", UPGRADED, make_arrays},
    {"objects", UPGRADED, make_objects},
    {"members", UPGRADED, make_members},
    {"a-compressed-bomb", UPGRADED, make_bomb},
    {"a-guest-who-does-not-read", JOINED, make_more_questions},
};

/* What is sent in each row. */
static GByteArray *contents[G_N_ELEMENTS (rows)];
/* What lives while there is no connection but the witness. */
static gint64 quiet;

/* Bytes that are held once all is read; @peak is the most of them before. */
static gint64
attack (guint row, gint64 *peak)
{
  const GByteArray *bytes = contents[row];
  const gint64 base = atomic_load (&living);
  const struct linger linger = {.l_onoff = 1};
  const gint fd = raw_client_open_from (port, NULL, 4096);
  const in_port_t own_port = get_own_port (fd);
  gint64 held;

  atomic_store (&highest, base);
  WAIT_UNTIL (find_other_end (own_port) >= 0);
  if (rows[row].state >= UPGRADED)
    g_assert_true (raw_client_upgrade (fd));
  if (rows[row].state >= JOINED)
    g_assert_true (raw_client_join (fd, PATIENCE_MS));
  /* It may be refused in the middle. */
  raw_client_send (fd, bytes->data, bytes->len, PATIENCE_MS);
  WAIT_UNTIL (is_read (own_port));
  ask_witness (); /* what was read has been done with */
  held = atomic_load (&living) - base;
  *peak = atomic_load (&highest) - base;
  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  close (fd);
  WAIT_UNTIL (find_other_end (own_port) < 0);
  return held;
}

/* What the first of a kind makes once for all is no matter of a connection,
 * and GIO closes in a thread of its own, so that the end of it is not to be
 * seen here. */
static void
find_quiet (void)
{
  gint64 peak;
  guint n_same = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    attack (i, &peak);
  while (n_same < 2000) {
    ask_witness ();
    n_same = ABS (atomic_load (&living) - quiet) < REST ? n_same + 1 : 0;
    if (n_same == 0)
      quiet = atomic_load (&living);
  }
}

static void
run_row (gconstpointer data)
{
  const guint row = GPOINTER_TO_UINT (data);
  gint64 held, peak;

  WAIT_UNTIL (atomic_load (&living) <= quiet + REST);
  held = attack (row, &peak);
  g_test_message ("%u bytes sent, %" G_GINT64_FORMAT " held, %" G_GINT64_FORMAT
                  " at most",
      contents[row]->len, held, peak);
  if (rows[row].state == JOINED) {
    g_assert_cmpint (peak, <=, MAX_OF_USER);
  } else {
    g_assert_cmpint (held, <=, MAX_HELD);
    g_assert_cmpint (peak, <=, MAX_PEAK);
  }
  /* Nothing is left of it. */
  WAIT_UNTIL (atomic_load (&living) <= quiet + REST);
}

/* The count itself. The server goes on meanwhile, with little. */
static void
the_count_sees_a_block (void)
{
  const gint64 base = atomic_load (&living);
  gpointer block = g_malloc (1000000);

  g_assert_cmpint (atomic_load (&living) - base, >=, 1000000 - REST);
  g_free (block);
  g_assert_cmpint (atomic_load (&living) - base, <=, REST);
}

int
main (int argc, char **argv)
{
  int status;

  start_count ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/footprint/the-count-sees-a-block", the_count_sees_a_block);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *path = g_strconcat ("/footprint/", rows[i].what, NULL);

    contents[i] = g_byte_array_new ();
    rows[i].make (contents[i]);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), run_row);
  }
  /* It would be the most of what is counted. */
  g_log_set_handler ("libsoup", G_LOG_LEVEL_DEBUG, drop_message, NULL);
  start_server ();
  find_quiet ();
  status = g_test_run ();
  close (witness);
  gst_rtc_server_stop (server);
  g_object_unref (server);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_byte_array_unref (contents[i]);
  return status;
}
