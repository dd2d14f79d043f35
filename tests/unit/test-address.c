/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of this machine, in a namespace where they may change. */
#include "rtcaddress.h"

#include <unistd.h>

#include "netemspace.h"
#include "rtctest.h"

#define OWN "10.77.0.2"
#define NEXT "10.77.0.3"

static gboolean
is_local (const gchar *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return gst_rtc_address_is_local (address);
}

static void
test_local (void)
{
  g_assert_true (is_local ("127.0.0.1"));
  g_assert_true (is_local ("127.9.9.9"));
  g_assert_false (is_local ("192.0.2.1"));
  /* Nobody can say without its zone. */
  g_assert_true (is_local ("fe80::1"));
}

/* --- watches, in a namespace of their own --- */

typedef struct
{
  GMainContext *context;
  gint space;
  gint tun;
  gint before;
} Fixture;

static void
setup (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  netem_space_new (OWN, 1500, &fixture->space, &fixture->tun, &error);
  g_assert_no_error (error);
  fixture->before = netem_space_enter (fixture->space, &error);
  g_assert_no_error (error);
  fixture->context = rtc_test_context_enter ();
}

static void
teardown (Fixture *fixture, gconstpointer unused)
{
  rtc_test_context_leave (fixture->context);
  netem_space_return (fixture->before);
  close (fixture->tun);
  close (fixture->space);
}

static void
set_address (const gchar *address)
{
  g_autoptr (GError) error = NULL;

  netem_space_set_address (address, &error);
  g_assert_no_error (error);
}

/* A watch, and what it does when it is told. */
typedef struct Party
{
  GstRtcAddressWatch *watch;
  guint told;
  struct Party *frees; /* (nullable) itself too */
} Party;

static void
on_changed (gpointer user_data)
{
  Party *party = user_data;

  party->told++;
  if (!party->frees)
    return;
  g_clear_pointer (&party->frees->watch, gst_rtc_address_watch_free);
  g_clear_pointer (&party->watch, gst_rtc_address_watch_free);
}

static void
watch (Party *party)
{
  party->watch = gst_rtc_address_watch_new (on_changed, party);
  g_assert_nonnull (party->watch);
}

static void
test_changes_are_told_together (Fixture *fixture, gconstpointer unused)
{
  Party party = {NULL};

  watch (&party);
  set_address (NEXT);
  set_address (OWN);
  set_address (NEXT);
  rtc_test_wait (fixture->context, party.told > 0);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (1, ==, party.told);
  g_assert_true (is_local (NEXT));
  g_assert_false (is_local (OWN));

  set_address (OWN);
  rtc_test_wait (fixture->context, party.told == 2);
  gst_rtc_address_watch_free (party.watch);
}

static void
test_one_descriptor_for_all (Fixture *fixture, gconstpointer unused)
{
  Party parties[3] = {{NULL}};
  const guint before = rtc_test_count_files ();

  for (guint i = 0; i < G_N_ELEMENTS (parties); i++)
    watch (&parties[i]);
  g_assert_cmpuint (before + 1, ==, rtc_test_count_files ());
  set_address (NEXT);
  rtc_test_wait (
      fixture->context, parties[0].told && parties[1].told && parties[2].told);
  for (guint i = 0; i < G_N_ELEMENTS (parties); i++)
    gst_rtc_address_watch_free (parties[i].watch);
  g_assert_cmpuint (before, ==, rtc_test_count_files ());
}

/* Whoever is told first ends both, as an element does that gives up. */
static void
test_freed_amid_telling (Fixture *fixture, gconstpointer unused)
{
  Party parties[2] = {{NULL}};

  for (guint i = 0; i < G_N_ELEMENTS (parties); i++) {
    parties[i].frees = &parties[!i];
    watch (&parties[i]);
  }
  set_address (NEXT);
  rtc_test_wait (fixture->context, parties[0].told + parties[1].told > 0);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (1, ==, parties[0].told + parties[1].told);
  g_assert_null (parties[0].watch);
  g_assert_null (parties[1].watch);
}

static const gchar *impossible;

static void
skip (Fixture *fixture, gconstpointer unused)
{
  g_test_skip (impossible);
}

static void
add (const gchar *path, void (*func) (Fixture *fixture, gconstpointer unused))
{
  if (impossible)
    g_test_add (path, Fixture, NULL, NULL, skip, NULL);
  else
    g_test_add (path, Fixture, NULL, setup, func, teardown);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  if (!netem_space_is_possible (&error))
    impossible = error->message;

  g_test_add_func ("/address/local", test_local);
  add ("/address/changes-are-told-together", test_changes_are_told_together);
  add ("/address/one-descriptor-for-all", test_one_descriptor_for_all);
  add ("/address/freed-amid-telling", test_freed_amid_telling);
  return g_test_run ();
}
