/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes the conditions of the code matrix. On the thread of the test. */
#pragma once

#include "matrix.h"

G_BEGIN_DECLS

/* Settings of the real server of a row. */
void configure_key (GstRtcServerSettings *settings);
void configure_nothing (GstRtcServerSettings *settings);
void configure_one_room (GstRtcServerSettings *settings);
void configure_one_stream (GstRtcServerSettings *settings);
void configure_one_subscription (GstRtcServerSettings *settings);
void configure_one_user (GstRtcServerSettings *settings);
void configure_tls (GstRtcServerSettings *settings);
void configure_other_app (GstRtcServerSettings *settings);

/* Before the call of a row. */
void prepare_bob_leaves (Matrix *self);
void prepare_bob_publishes (Matrix *self);
void prepare_bob_there (Matrix *self);
void prepare_bob_unpublishes (Matrix *self);
void prepare_cut_url (Matrix *self);
void prepare_dead_url (Matrix *self);
void prepare_dead_websocket (Matrix *self);
void prepare_foreign_protocol (Matrix *self);
void prepare_ghost_there (Matrix *self);
void prepare_join (Matrix *self);
void prepare_many_requests (Matrix *self);
void prepare_muted_local (Matrix *self);
void prepare_muted_remote (Matrix *self);
void prepare_one_subscription (Matrix *self);
void prepare_plain_address (Matrix *self);
void prepare_stalled_config (Matrix *self);
void prepare_unpublish (Matrix *self);
void prepare_websocket (Matrix *self);

/* Until the pending call has come as far as the row says. */
void ready_config_seen (Matrix *self);
void ready_handshake_seen (Matrix *self);
void ready_join_seen (Matrix *self);
void ready_leave_seen (Matrix *self);
void ready_publish_seen (Matrix *self);
void ready_unpublish_seen (Matrix *self);

/* After the call of a row, or instead. */
void provoke_bad_answer (Matrix *self);
void provoke_bad_frame (Matrix *self);
void provoke_bad_offer (Matrix *self);
void provoke_binary (Matrix *self);
void provoke_close_1000 (Matrix *self);
void provoke_close_1011 (Matrix *self);
void provoke_garbage (Matrix *self);
void provoke_leave_after_config (Matrix *self);
void provoke_leave_in_handshake (Matrix *self);
void provoke_leave_when_seen (Matrix *self);
void provoke_renewal (Matrix *self);
void provoke_reset (Matrix *self);
void provoke_same_user (Matrix *self);
void provoke_server_stops (Matrix *self);
void provoke_session_closed (Matrix *self);
void provoke_tcp_reset (Matrix *self);
void provoke_two_viewers (Matrix *self);
void provoke_viewer (Matrix *self);
void provoke_wrong_way (Matrix *self);

/* When the failure has been told. */
void finish_add_pictures (Matrix *self);
void finish_after_late_answer (Matrix *self);
void finish_bob_returns (Matrix *self);
void finish_first_app (Matrix *self);
void finish_good_config (Matrix *self);
void finish_good_url (Matrix *self);
void finish_guests_leave (Matrix *self);
void finish_in_first_room (Matrix *self);
void finish_many_requests (Matrix *self);
void prepare_no_encoder (Matrix *self);
void finish_new_pad (Matrix *self);
void finish_outlive_token (Matrix *self);
void finish_publish_undone (Matrix *self);
void finish_push_picture (Matrix *self);
void finish_release_config (Matrix *self);
void finish_socket_closed (Matrix *self);
void finish_was_warned (Matrix *self);

/* At a Janus. */
void matrix_stop_janus (Matrix *self);
void prepare_janus_alice_there (Matrix *self);
void prepare_janus_bob_publishes (Matrix *self);
void prepare_janus_halts (Matrix *self);
void prepare_janus_is_gone (Matrix *self);
void prepare_janus_is_none (Matrix *self);
void prepare_janus_room_token (Matrix *self);
void prepare_janus_token (Matrix *self);
void prepare_janus_token_expired (Matrix *self);
void prepare_janus_token_other_plugin (Matrix *self);
void prepare_janus_token_other_room (Matrix *self);
void prepare_janus_token_tampered (Matrix *self);
void provoke_janus_kick (Matrix *self);
void provoke_janus_killed (Matrix *self);
void finish_janus_alice_leaves (Matrix *self);
void finish_janus_bob_stops (Matrix *self);
void finish_janus_create_room (Matrix *self);
void finish_janus_good_pin (Matrix *self);
void finish_janus_good_secret (Matrix *self);
void finish_janus_good_url (Matrix *self);
void finish_janus_goes_on (Matrix *self);
void finish_janus_is_back (Matrix *self);

G_END_DECLS
