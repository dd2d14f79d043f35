/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The code matrix: each way in which a code can arise is a row of data. On
 * the thread of the test. */
#pragma once

#include "elementcheck.h"
#include "janus-admin.h"
#include "janus-server.h"
#include "raw-server.h"
#include "rtcmessage.h"
#include "rtcserver.h"

G_BEGIN_DECLS

#define MATRIX_APP "0123456789abcdef01234567"
#define MATRIX_KEY "the key of the server"
#define MATRIX_ROOM "room"
#define MATRIX_USER "alice"
#define MATRIX_MAX_CALLS 4

typedef struct _Matrix Matrix;
typedef struct _MatrixRow MatrixRow;
typedef void (*MatrixFunc) (Matrix *self);

typedef enum
{
  MATRIX_SINK,
  MATRIX_SRC
} MatrixElement;

/* Who finds the failure. */
typedef enum
{
  BY_NOBODY, /* there is none: the neighbour of a failure */
  BY_LOCAL,
  BY_HTTP,
  BY_SERVER,
  BY_TIMER,
  BY_TRANSPORT,
  BY_MEDIA
} MatrixRaiser;

/* What of it reaches the server. */
typedef enum
{
  SEEN_NOTHING,
  SEEN_CONFIG,  /* nothing but the request for the configuration */
  SEEN_REQUEST, /* that of the operation */
  SEEN_SESSION  /* it happens in a room that works */
} MatrixSeen;

/* How far the element has come when the condition is made. */
typedef enum
{
  AT_READY, /* with nothing called */
  AT_NULL,
  AT_INITED,
  AT_JOINED,
  AT_PUBLISHED,
  AT_SUBSCRIBED, /* to the camera of bob */
  AT_LOST,       /* joined, then the socket broke */
  AT_PUBLISHED_LOST,
  AT_SUBSCRIBED_LOST,
  AT_LEFT,
  AT_EVICTED
} MatrixStage;

typedef enum
{
  TOKEN_NONE,
  TOKEN_GOOD,
  TOKEN_EXPIRED,
  TOKEN_OTHER_ROOM,
  TOKEN_OTHER_USER,
  TOKEN_OTHER_APP,
  TOKEN_TAMPERED,
  TOKEN_GARBAGE,
  TOKEN_NO_PUBLISH,
  TOKEN_NO_SUBSCRIBE,
  TOKEN_ENDS_SOON
} MatrixToken;

/**
 * MatrixCall:
 * @action: NULL for none
 * @argument: app-id, room-id (@options: user-id), user-id, token (`@GOOD@` and
 *   the like are made) or `true`
 * @options: as text, without the name of the structure
 */
typedef struct
{
  const gchar *action;
  const gchar *argument;
  const gchar *options;
} MatrixCall;

/**
 * MatrixRow:
 * @id: unique among the rows of its code
 * @condition: for a reader
 * @code: 0 where nothing may fail
 * @severity: GST_MESSAGE_UNKNOWN: told by the promise only
 * @operation: NULL: that of @call
 * @reason: word that the reason has to hold
 * @and_socket: the end of the socket is told beside, as ERROR 500001
 * @fact: element message that has to come before
 * @after: connection-state afterwards
 *
 * @call: what fails, or NULL where it fails by itself
 * @automatic: PLAYING makes it happen
 * @settings: properties and more for gst-launch; `@DEAD@`, `@RAW@` are ports
 * @bare: rtcsink without pictures
 * @property, @value: set as they are
 * @script: of the scripted server; @status and @body: its getconfig
 * @configure: settings of a real server, which then is used
 * @janus: options of a Janus with string ids, which then is used
 * @token: of the join
 * @prepare: before the call; @pending: a call that waits meanwhile and has
 *   to end well, @ready: until it does; @provoke: after the call; @finish: at
 *   the end
 * @then: what has to work afterwards; the same call where it is empty
 * @restarts: also NULL to PLAYING; always with @automatic
 */
struct _MatrixRow
{
  const gchar *id;
  const gchar *condition;
  MatrixElement element;
  MatrixRaiser by;
  gint code;
  const gchar *symbol;
  GstMessageType severity;
  const gchar *operation;
  gboolean retryable;
  gint native_code;
  const gchar *reason;
  gboolean and_socket;
  const gchar *fact;
  MatrixSeen seen;
  const gchar *after;

  MatrixStage stage;
  MatrixCall call;
  gboolean automatic;
  const gchar *settings;
  gboolean bare;
  const gchar *property;
  const gchar *value;
  ScriptedRow script;
  guint status;
  const gchar *body;
  void (*configure) (GstRtcServerSettings *settings);
  const JanusOptions *janus;
  MatrixToken token;
  MatrixFunc prepare;
  MatrixCall pending;
  MatrixFunc ready;
  MatrixFunc provoke;
  MatrixFunc finish;
  MatrixCall then[MATRIX_MAX_CALLS];
  gboolean restarts;
};

/* A part of the table, in a file of its own. */
typedef struct
{
  const gchar *name;
  const MatrixRow *rows;
  guint n_rows;
} MatrixPart;

extern const MatrixPart matrix_parameters;
extern const MatrixPart matrix_sequence;
extern const MatrixPart matrix_connect;
extern const MatrixPart matrix_refusals;
extern const MatrixPart matrix_rights;
extern const MatrixPart matrix_transport;
extern const MatrixPart matrix_janus;

typedef struct _MatrixGuest MatrixGuest;

struct _Matrix
{
  Fixture fixture; /* its scripted server, and a real one to restart with */
  const MatrixRow *row;
  GstRtcServer *real; /* of @configure */
  JanusServer *janus;
  JanusAdmin *admin; /* of that, NULL until there is one */
  RtcPipeline *bob;  /* who publishes there, or NULL */
  RawServer *raw;
  guint dead_port;
  RtcPipeline *pipeline;
  GPtrArray *guests;
  Answer *pending;
  gboolean recovering; /* the condition is over */
  guint n_seen;        /* before the call */
  guint n_configs;
  guint n_requests;
};

/* Runs one row; @data is it. */
void matrix_run (gconstpointer data);

/* Emits @call; the answer is to be freed. */
Answer *matrix_emit (Matrix *self, const MatrixCall *call);
/* And asserts that it ends with @code. */
void matrix_call (Matrix *self, const MatrixCall *call, gint code);
/* Until all that the element knows is told; the server does not notice. */
void matrix_barrier (Matrix *self);
/* Counts what the server has seen so far, then compares with the row. */
void matrix_note_seen (Matrix *self);
void matrix_check_seen (Matrix *self);
/* Asserts that exactly the messages of the row have come. */
void matrix_check_messages (Matrix *self);
void matrix_check_details (const MatrixRow *row, const GstStructure *details);
void matrix_check_no_failure (Matrix *self);
GstElement *matrix_get_element (Matrix *self);
const gchar *matrix_get_url (Matrix *self);
GstRtcMessageType matrix_get_request (const gchar *action);

/* Text of a token for the room and @user_id, NULL for none. */
gchar *matrix_make_token (MatrixToken token, const gchar *user_id);

/* Another user of the real server; with @publishes, of a camera stream. */
void matrix_add_guest (
    Matrix *self, const gchar *user_id, gboolean visible, gboolean publishes);
void matrix_remove_guests (Matrix *self);

G_END_DECLS
