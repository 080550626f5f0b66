// The moment that is shown, and playing. Everything that moves follows `time`.
import { Signal } from "./signal.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

export class Clock {
  /** @param {number} duration [s] */
  constructor(duration) {
    this.duration = duration;
    this.time = new Signal(0);
    this.playing = new Signal(false);
    this.speed = new Signal(1);
    this.last = 0;
    this.frame = 0;
  }

  /** @param {number} time [s] */
  seek(time) {
    this.time.set(Math.min(Math.max(time, 0), this.duration));
  }

  toggle() {
    if (this.playing.value) this.pause();
    else this.play();
  }

  play() {
    if (this.playing.value) return;
    if (this.time.value >= this.duration - 1e-3) this.seek(0);
    this.playing.set(true);
    this.last = performance.now();
    const step = (/** @type {number} */ now) => {
      if (!this.playing.value) return;
      // A tab that was hidden, or a slow frame, does not jump.
      const passed = Math.min(Math.max(now - this.last, 0), 250) / 1000;
      this.last = now;
      this.seek(this.time.value + passed * this.speed.value);
      if (this.time.value >= this.duration) this.pause();
      else this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.playing.set(false);
  }

  /** One step faster (+1) or slower (-1). @param {number} by */
  faster(by) {
    const index = SPEEDS.indexOf(this.speed.value) + by;
    this.speed.set(SPEEDS[Math.min(Math.max(index, 0), SPEEDS.length - 1)]);
  }
}
