/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a row of the fault table plays in: a server, two parties, an emulated
 * network where it needs one, and a record of what everybody told. On the
 * thread of the test; a row runs in a process of its own and ends it when it
 * fails. */
#pragma once

#include "netemclient.h"
#include "patience.h"
#include "rtcerror.h"
#include "rtcserver.h"
#include "rtctest.h"

G_BEGIN_DECLS

typedef struct _FaultScene FaultScene;
typedef struct _FaultRow FaultRow;

typedef enum
{
  FAULT_ERROR = 'E',  /* the pipeline is to be stopped */
  FAULT_WARNING = 'W' /* it goes on */
} FaultSeverity;

/**
 * FaultTold:
 * @code: 0 ends a list
 * @times: how often, 0 for once
 * @maybe: or not at all, where chance decides
 *
 * One failure message that is expected.
 */
typedef struct
{
  FaultSeverity severity;
  gint code;
  guint times;
  gboolean maybe;
} FaultTold;

/* How a party is found at the end. */
typedef enum
{
  FAULT_ABSENT,  /* it takes no part */
  FAULT_GOES_ON, /* connected, media without a break of 3 s and 50 pictures */
  FAULT_BACK,    /* connected, media again */
  FAULT_IN_ROOM, /* connected; media may have ended with who sent it */
  FAULT_ENDED,   /* it told an ERROR and can be stopped */
  FAULT_GONE     /* killed by the row */
} FaultEnd;

typedef enum
{
  FAULT_LOOPBACK = 0,
  FAULT_NETWORK = 1 << 0,  /* publisher and server in A, viewer in B */
  FAULT_HEAVY = 1 << 1,    /* runs alone */
  FAULT_SMALL_MTU = 1 << 2 /* 1280 bytes, as over IPv6 tunnels */
} FaultFlags;

#define FAULT_MAX_TOLD 3

/**
 * FaultRow:
 * @id: as in the fault catalogue, `F7-media-dead`
 * @condition: what goes wrong
 * @happens: what a user sees of it beside the messages
 * @publisher, @viewer: properties of the elements, NULL none
 * @server: options of the server, NULL none
 * @prepare: NULL for the usual call, with pictures arriving
 * @provoke: may wait, for what must not be told meanwhile
 * @allowed: ms from the end of @provoke until everything is told
 * @repair: (nullable): after everything is told
 * @back: ms from the end of @repair until the parties are as expected
 */
struct _FaultRow
{
  const gchar *id;
  const gchar *condition;
  const gchar *happens;
  guint flags; /* FaultFlags */
  const gchar *publisher;
  const gchar *viewer;
  const gchar *server;
  void (*prepare) (FaultScene *scene);
  void (*provoke) (FaultScene *scene);
  void (*repair) (FaultScene *scene);
  FaultTold publisher_told[FAULT_MAX_TOLD + 1];
  FaultTold viewer_told[FAULT_MAX_TOLD + 1];
  FaultEnd publisher_end;
  FaultEnd viewer_end;
  guint allowed;
  guint back;
};

typedef struct
{
  FaultSeverity severity;
  gint code;
  gchar *source;
  gchar *operation;
  gchar *reason;
  gint64 when;
} FaultMessage;

/* One end of the call, a process. Fields change while the context runs. */
typedef struct
{
  FaultScene *scene;
  gchar *name;
  GPid pid;
  gint input;
  GPtrArray *messages; /* of FaultMessage */
  GPtrArray *facts;    /* texts */
  gchar *state;
  guint frames;
  guint audio;
  gint64 heap;        /* bytes that it has allocated and not freed */
  guint marked;       /* frames at a moment that the row remembers */
  guint last;         /* number of the last picture */
  gint64 last_frame;  /* monotonic us at which frames last grew, 0 before */
  gint64 longest_gap; /* us between pictures since the row began to provoke */
  guint painted;      /* pictures of the publisher at the last one here */
  guint most_missed;  /* pictures of the publisher in a gap, likewise */
  gboolean eos;
  gboolean told_end;
  gint64 files_more; /* at its end than at its beginning */
  gboolean ended;
  gint status;
  GIOChannel *output;
  guint watches[2];
} FaultParty;

struct _FaultScene
{
  const FaultRow *row;
  GMainContext *context;
  NetemClient *net; /* NULL on loopback */
  gchar *directory;
  GPid server;       /* 0 none */
  gchar *server_url; /* of the server, or what the row put there */
  gint server_port;
  const gchar *server_address; /* of the server, in a URL */
  const gchar *server_scheme;
  gchar *server_options;      /* of the row, or what it put there */
  const gchar *media_address; /* for candidates on loopback */
  FaultParty *publisher;
  FaultParty *viewer;
  GPtrArray *parties; /* all */
  gint64 started;
  gint64 provoked; /* monotonic, us; 0 before */
  gpointer data;   /* of the row */
};

/* What most rows end with. */
#define FAULT_BOTH_GO_ON                                                       \
  .publisher_end = FAULT_GOES_ON, .viewer_end = FAULT_GOES_ON
#define FAULT_VIEWER_IS_BACK                                                   \
  .publisher_end = FAULT_GOES_ON, .viewer_end = FAULT_BACK

/* The connection to the server; at the publisher a viewer; at a viewer what it
 * sees. */
#define FAULT_LOST                                                             \
  {                                                                            \
    FAULT_WARNING, GST_RTC_ERROR_WEBSOCKET_FAILED                              \
  }
#define FAULT_VIEWER_LOST                                                      \
  {                                                                            \
    FAULT_WARNING, GST_RTC_ERROR_PUBLISH_ERROR                                 \
  }
#define FAULT_STREAM_LOST                                                      \
  {                                                                            \
    FAULT_WARNING, GST_RTC_ERROR_SUBSCRIBE_FAILED                              \
  }

#define FAULT_APP_ID "faultsfaultsfaultsfaults"
#define FAULT_APP_KEY "a key for the tests and for nothing else"

/* The stage alone, and the end of all who are on it, which are checked. */
void fault_scene_init (FaultScene *scene, const FaultRow *row);
void fault_scene_clear (FaultScene *scene);

/* Runs the row; returns when it has passed. */
void fault_row_run (const FaultRow *row);

/* Says why and what everybody told, and ends the process. */
void fault_fail (FaultScene *scene, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

/* Iterates; fails the row after @ms. On a machine with more to do than it can
 * they are as many more as it is behind, by its load average. */
#define fault_wait(scene, ms, condition)                                       \
  G_STMT_START                                                                 \
  {                                                                            \
    const guint fault_ms = (guint)((ms)*rtc_load_patience ());                 \
    const gint64 fault_until = g_get_monotonic_time () + fault_ms * 1000LL;    \
    while (!(condition)) {                                                     \
      if (g_get_monotonic_time () > fault_until)                               \
        fault_fail (                                                           \
            scene, "%u ms were not enough for: %s", fault_ms, #condition);     \
      fault_iterate (scene);                                                   \
    }                                                                          \
  }                                                                            \
  G_STMT_END
void fault_iterate (FaultScene *scene);
void fault_let_pass (FaultScene *scene, guint ms);

/* The parts of the usual call. */
gchar *fault_usual_properties (FaultScene *scene, const gchar *user);
void fault_start_server (FaultScene *scene);
void fault_start_publisher (FaultScene *scene);
void fault_start_viewer (FaultScene *scene);
void fault_wait_for_media (FaultScene *scene);
void fault_prepare_call (FaultScene *scene);
/* Signal to the server; SIGKILL also waits for its end. */
void fault_signal_server (FaultScene *scene, gint signal);
void fault_wait_server_end (FaultScene *scene);

/* @role: publisher or viewer. @options (nullable): words for the program. */
FaultParty *fault_party_new (FaultScene *scene, const gchar *role,
    const gchar *user, NetemEnd end, const gchar *url, const gchar *properties,
    const gchar *options);
/* How it is and what it has told, on stderr. */
void fault_party_print (const FaultParty *party);
void fault_party_say (FaultParty *party, const gchar *line);
void fault_party_signal (FaultParty *party, gint signal);
gboolean fault_party_is_connected (FaultParty *party);
guint fault_party_count_facts (FaultParty *party, const gchar *name);
/* Waits until it has told exactly this one failure. */
void fault_party_expect (
    FaultParty *party, FaultSeverity severity, gint code, guint ms);
/* Waits for @n pictures more. */
void fault_party_wait_frames (FaultParty *party, guint n, guint ms);
/* Asks it to stop, and checks that it does so cleanly. */
void fault_party_stop (FaultParty *party);

/* A token of the server of network rows. */
gchar *fault_make_token (
    const gchar *room, const gchar *user, gint64 seconds, const gchar *key);

/* Rows, by theme; ended by one without id. */
extern const FaultRow fault_network_rows[];
extern const FaultRow fault_server_rows[];
extern const FaultRow fault_hostile_rows[];
extern const FaultRow fault_local_rows[];
extern const FaultRow fault_tls_rows[];
extern const FaultRow fault_resource_rows[];
extern const FaultRow fault_storm_rows[];

G_END_DECLS
