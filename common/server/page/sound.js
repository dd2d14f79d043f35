// SPDX-License-Identifier: LGPL-2.1-or-later
// How loud a MediaStream is.

let context = null;

/** Browsers let sound start only after somebody has done something. */
export function allowSound() {
  context ??= new AudioContext();
  if (context.state === 'suspended')
    context.resume().catch(() => {});
}

/** Follows the first audio track of a MediaStream. */
export class LevelMeter {
  #track = null;
  #source = null;
  #analyser = null;
  #samples = null;

  /** Follows `media`; call it again when its tracks have changed. */
  follow(media) {
    const track = media?.getAudioTracks()[0] ?? null;

    if (track === this.#track)
      return;
    this.stop();
    this.#track = track;
    if (!track || !context)
      return;
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  stop() {
    this.#source?.disconnect();
    this.#source = this.#analyser = this.#track = null;
  }

  /** 0 (-60 dB or less) to 1 (full scale). */
  read() {
    if (!this.#analyser)
      return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, x) => sum + x * x, 0) /
      this.#samples.length;
    const decibels = 10 * Math.log10(power + 1e-9);

    return Math.min(1, Math.max(0, 1 + decibels / 60));
  }
}
