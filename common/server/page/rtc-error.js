// SPDX-License-Identifier: LGPL-2.1-or-later
// The errors of the room client: the numbers of rtcerror.h, with their words.
import { errorTable } from './errors.js';

const rows = new Map(errorTable.map((row) => [row.code, row]));

/** The numbers by the names that the table gives them. */
export const codes = Object.freeze(
  Object.fromEntries(errorTable.map((row) => [row.symbol, row.code])));

/**
 * A failure. `code` is a number of the table, `symbol` its name, `category`
 * one of parameter, sequence, internal, signaling and websocket, `text` the
 * sentence of the table and `reason` what happened this time.
 */
export class RtcError extends Error {
  constructor(code, reason = '', { nativeCode = 0, retryable } = {}) {
    const row = rows.get(code) ??
      { symbol: 'UNKNOWN', category: 'internal', text: 'Something failed' };

    super(reason ? `${row.text}: ${reason}` : row.text);
    this.name = 'RtcError';
    this.code = code;
    this.symbol = row.symbol;
    this.category = row.category;
    this.text = row.text;
    this.reason = reason;
    this.nativeCode = nativeCode;
    this.retryable = retryable ?? row.retryable ?? false;
  }

  toJSON() {
    const { code, symbol, category, reason, retryable } = this;

    return { code, symbol, category, reason, retryable };
  }
}

/** `error` as it is when it is one of ours, else told as `code`. */
export function toRtcError(error, code) {
  if (error instanceof RtcError)
    return error;
  return new RtcError(code, error?.message || String(error));
}
