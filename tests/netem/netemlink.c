/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One direction of an emulated link. No thread. */
#include "netemlink.h"

#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>

#define DEFAULT_QUEUE 200
#define DEFAULT_HOLD 10
#define IP_HEADER 20

/* What is decided by chance, in the order of drawing. Each packet draws all,
 * so that a change of one setting leaves the others' fate as it was. */
enum
{
  DRAW_LOSS,
  DRAW_PHASE,
  DRAW_BURST_LOSS,
  DRAW_DUPLICATE,
  DRAW_CORRUPT,
  DRAW_CORRUPT_WHERE,
  DRAW_REORDER,
  DRAW_JITTER,
  N_DRAWS
};

typedef struct
{
  gint64 release; /* us */
  guint64 number;
  GBytes *bytes;
} Waiting;

struct _NetemLink
{
  NetemSettings settings;
  NetemCounters counters;
  guint64 random;
  gboolean bad_phase;
  gint64 line_free;    /* us; when the last bit of the packet before is out */
  gint64 last_release; /* us; of those that keep their order */
  guint64 next_number;
  guint64 highest_out;
  GArray *heap; /* of Waiting, the earliest first */
};

const gchar *
netem_verdict_get_nick (NetemVerdict verdict)
{
  static const gchar *const nicks[] = {"passed", "lost", "burst", "queue-full",
      "filtered", "outage", "too-big", "foreign", "unmapped"};

  return nicks[verdict];
}

/* --- chance --- */

/* SplitMix64: 0 to 100, without 100. */
static gdouble
draw (NetemLink *link)
{
  guint64 z = (link->random += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  z ^= z >> 31;
  return (gdouble)(z >> 11) * (100.0 / 9007199254740992.0);
}

/* --- the heap --- */

static gboolean
is_before (const Waiting *a, const Waiting *b)
{
  return a->release < b->release ||
         (a->release == b->release && a->number < b->number);
}

static Waiting *
at (NetemLink *link, guint i)
{
  return &g_array_index (link->heap, Waiting, i);
}

static void
swap (NetemLink *link, guint a, guint b)
{
  Waiting kept = *at (link, a);

  *at (link, a) = *at (link, b);
  *at (link, b) = kept;
}

static void
push (NetemLink *link, gint64 release, guint64 number, GBytes *bytes)
{
  const Waiting waiting = {release, number, bytes};
  guint i = link->heap->len;

  g_array_append_val (link->heap, waiting);
  while (i > 0 && is_before (at (link, i), at (link, (i - 1) / 2))) {
    swap (link, i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
}

static Waiting
pop (NetemLink *link)
{
  const Waiting first = *at (link, 0);
  guint i = 0;

  swap (link, 0, link->heap->len - 1);
  g_array_set_size (link->heap, link->heap->len - 1);
  for (;;) {
    guint least = i;

    for (guint child = 2 * i + 1; child <= 2 * i + 2; child++) {
      if (child < link->heap->len &&
          is_before (at (link, child), at (link, least)))
        least = child;
    }
    if (least == i)
      return first;
    swap (link, i, least);
    i = least;
  }
}

/* --- settings --- */

typedef struct
{
  const gchar *name;
  gsize offset;
  gdouble most;
} NumberRow;

#define NUMBER(name, field, most)                                              \
  {                                                                            \
    name, G_STRUCT_OFFSET (NetemSettings, field), most                         \
  }

static const NumberRow numbers[] = {
    NUMBER ("delay", delay, 60000),
    NUMBER ("jitter", jitter, 60000),
    NUMBER ("rate", rate, 10000000),
    NUMBER ("queue", queue, 60000),
    NUMBER ("loss", loss, 100),
    NUMBER ("burst-enter", burst_enter, 100),
    NUMBER ("burst-leave", burst_leave, 100),
    NUMBER ("burst-loss", burst_loss, 100),
    NUMBER ("duplicate", duplicate, 100),
    NUMBER ("corrupt", corrupt, 100),
    NUMBER ("reorder", reorder, 100),
    NUMBER ("hold", hold, 60000),
    NUMBER ("mtu", mtu, 65535),
};

static const NetemSettings perfect = {
    .queue = DEFAULT_QUEUE,
    .hold = DEFAULT_HOLD,
    .burst_leave = 100,
    .burst_loss = 100,
};

static gboolean
read_number (NetemSettings *settings, const gchar *name, const gchar *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    gchar *end;
    gdouble number;

    if (!g_str_equal (numbers[i].name, name))
      continue;
    number = g_ascii_strtod (value, &end);
    if (end == value || *end || !(number >= 0 && number <= numbers[i].most))
      return FALSE;
    G_STRUCT_MEMBER (gdouble, settings, numbers[i].offset) = number;
    return TRUE;
  }
  return FALSE;
}

static gboolean
read_drop (NetemSettings *settings, const gchar *value)
{
  static const gchar *const words[] = {"udp", "tcp", "fragments"};
  g_auto (GStrv) parts = g_strsplit (value, ",", -1);
  guint drop = NETEM_DROP_NONE;

  for (guint i = 0; parts[i]; i++) {
    gboolean known = g_str_equal (parts[i], "none");

    for (guint w = 0; w < G_N_ELEMENTS (words); w++) {
      if (g_str_equal (parts[i], words[w])) {
        drop |= 1u << w;
        known = TRUE;
      }
    }
    if (!known)
      return FALSE;
  }
  settings->drop = drop;
  return TRUE;
}

static gboolean
read_switch (const gchar *value, gboolean *on)
{
  *on = g_str_equal (value, "on");
  return *on || g_str_equal (value, "off");
}

static gboolean
read_word (NetemSettings *settings, const gchar *word)
{
  g_auto (GStrv) pair = g_strsplit (word, "=", 2);
  gboolean keep;

  if (g_str_equal (word, "clear")) {
    *settings = perfect;
    return TRUE;
  }
  if (!pair[0] || !pair[1])
    return FALSE;
  if (g_str_equal (pair[0], "drop"))
    return read_drop (settings, pair[1]);
  if (g_str_equal (pair[0], "outage"))
    return read_switch (pair[1], &settings->outage);
  if (g_str_equal (pair[0], "order")) {
    keep = g_str_equal (pair[1], "keep");
    settings->free_order = !keep;
    return keep || g_str_equal (pair[1], "free");
  }
  return read_number (settings, pair[0], pair[1]);
}

gboolean
netem_link_set (NetemLink *link, const gchar *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  NetemSettings settings = link->settings;

  for (guint i = 0; words[i]; i++) {
    if (*words[i] && !read_word (&settings, words[i])) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "\"%s\" is no setting of a link", words[i]);
      return FALSE;
    }
  }
  link->settings = settings;
  return TRUE;
}

/* --- packets --- */

static gboolean
is_filtered (NetemLink *link, const guint8 *packet, gsize size)
{
  const guint drop = link->settings.drop;
  gboolean fragment;

  if (!drop || size < IP_HEADER)
    return FALSE;
  fragment = (packet[6] & 0x3f) || packet[7]; /* more to come, or an offset */
  return (drop & NETEM_DROP_UDP && packet[9] == IPPROTO_UDP) ||
         (drop & NETEM_DROP_TCP && packet[9] == IPPROTO_TCP) ||
         (drop & NETEM_DROP_FRAGMENTS && fragment);
}

/* Gilbert and Elliott: two phases, each with its own loss. */
static NetemVerdict
draw_loss (NetemLink *link, const gdouble *draws)
{
  const NetemSettings *settings = &link->settings;
  const gdouble turn =
      link->bad_phase ? settings->burst_leave : settings->burst_enter;

  if (draws[DRAW_PHASE] < turn)
    link->bad_phase = !link->bad_phase;
  if (link->bad_phase && draws[DRAW_BURST_LOSS] < settings->burst_loss)
    return NETEM_BURST;
  return draws[DRAW_LOSS] < settings->loss ? NETEM_LOST : NETEM_PASSED;
}

/* The line sends one packet after the other. */
static NetemVerdict
enter_queue (NetemLink *link, gsize size, gint64 now, gint64 *queued)
{
  const NetemSettings *settings = &link->settings;

  *queued = MAX (0, link->line_free - now);
  if (settings->rate <= 0) {
    *queued = 0;
    link->line_free = now;
    return NETEM_PASSED;
  }
  if (*queued > settings->queue * 1000)
    return NETEM_QUEUE_FULL;
  link->line_free =
      now + *queued + (gint64)((gdouble)size * 8000 / settings->rate);
  link->counters.longest_queue = MAX (link->counters.longest_queue, *queued);
  return NETEM_PASSED;
}

static NetemVerdict
judge (NetemLink *link, const guint8 *packet, gsize size, const gdouble *draws,
    gint64 now, gint64 *queued)
{
  const NetemSettings *settings = &link->settings;
  const NetemVerdict loss = draw_loss (link, draws);

  if (settings->outage)
    return NETEM_OUTAGE;
  if (settings->mtu > 0 && (gdouble)size > settings->mtu)
    return NETEM_TOO_BIG;
  if (is_filtered (link, packet, size))
    return NETEM_FILTERED;
  return loss == NETEM_PASSED ? enter_queue (link, size, now, queued) : loss;
}

static gint64
find_release (NetemLink *link, const gdouble *draws)
{
  const NetemSettings *settings = &link->settings;
  const gdouble jitter =
      settings->jitter * (draws[DRAW_JITTER] - 50) / 50; /* -1 to 1 times */
  gint64 release =
      link->line_free + (gint64)(MAX (0, settings->delay + jitter) * 1000);

  if (draws[DRAW_REORDER] < settings->reorder)
    return release + (gint64)(settings->hold * 1000);
  if (!settings->free_order) {
    release = MAX (release, link->last_release);
    link->last_release = release;
  }
  return release;
}

static void
flip_bit (guint8 *packet, gsize size, gdouble where)
{
  const gsize bits = size > IP_HEADER ? (size - IP_HEADER) * 8 : 0;
  const gsize bit = (gsize)(where / 100 * (gdouble)bits);

  if (bits > 0)
    packet[IP_HEADER + bit / 8] ^= (guint8)(1u << bit % 8);
}

NetemVerdict
netem_link_offer (NetemLink *link, const guint8 *packet, gsize size, gint64 now,
    gint64 *queued)
{
  gdouble draws[N_DRAWS];
  NetemVerdict verdict;
  guint64 number = link->next_number++;
  gint64 release;
  guint8 *copy;

  *queued = 0;
  for (guint i = 0; i < N_DRAWS; i++)
    draws[i] = draw (link);
  verdict = judge (link, packet, size, draws, now, queued);
  link->counters.packets++;
  link->counters.bytes += size;
  link->counters.verdicts[verdict]++;
  if (verdict != NETEM_PASSED)
    return verdict;

  copy = g_memdup2 (packet, size);
  if (draws[DRAW_CORRUPT] < link->settings.corrupt) {
    flip_bit (copy, size, draws[DRAW_CORRUPT_WHERE]);
    link->counters.corrupted++;
  }
  release = find_release (link, draws);
  push (link, release, number, g_bytes_new_take (copy, size));
  if (draws[DRAW_DUPLICATE] < link->settings.duplicate) {
    push (link, release, number, g_bytes_new (packet, size));
    link->counters.duplicated++;
  }
  return NETEM_PASSED;
}

gint64
netem_link_get_next (NetemLink *link)
{
  return link->heap->len > 0 ? at (link, 0)->release : G_MAXINT64;
}

GBytes *
netem_link_take (NetemLink *link, gint64 now)
{
  Waiting first;

  if (netem_link_get_next (link) > now)
    return NULL;
  first = pop (link);
  if (first.number < link->highest_out)
    link->counters.overtaken++;
  link->highest_out = MAX (link->highest_out, first.number);
  return first.bytes;
}

const NetemSettings *
netem_link_get_settings (NetemLink *link)
{
  return &link->settings;
}

const NetemCounters *
netem_link_get_counters (NetemLink *link)
{
  return &link->counters;
}

NetemLink *
netem_link_new (guint64 seed)
{
  NetemLink *link = g_new0 (NetemLink, 1);

  link->random = seed;
  link->settings = perfect;
  link->heap = g_array_new (FALSE, FALSE, sizeof (Waiting));
  return link;
}

void
netem_link_free (NetemLink *link)
{
  while (link->heap->len > 0)
    g_bytes_unref (pop (link).bytes);
  g_array_unref (link->heap);
  g_free (link);
}
