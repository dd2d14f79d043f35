/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzz targets share. A target is one function that is given one
 * input, by libFuzzer or by the program that runs kept inputs again. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/* The entry that libFuzzer calls; always 0. A finding ends the process. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Once for each process, whoever calls first: GStreamer without a look for
 * plugins, and every warning of a library a finding. */
void fuzz_setup (void);

/* Around what libraries set up once and keep for the life of the process,
 * which then counts as no leak. The stacks of a fast sanitizer are too short
 * to tell it by a file of suppressions. Of the calling thread. */
void fuzz_keep_begin (void);
void fuzz_keep_end (void);

/* @data as text that ends in NUL, in a block of just that size, so that a
 * read behind it is seen. */
gchar *fuzz_dup_text (
    const uint8_t *data, size_t size) G_GNUC_WARN_UNUSED_RESULT;

/* No control character of ASCII, so that it stays one line of a log. */
gboolean fuzz_is_one_line (const gchar *text);

G_END_DECLS
