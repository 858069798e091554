// The chain in the audio thread: an instance of the module, which takes its memory when it is made.

/** Seconds between two messages with the readings of the meters. */
const READINGS_EVERY_S = 0.05;

class MixdownProcessor extends AudioWorkletProcessor {
  /**
   * module: the compiled WebAssembly.Module; reproducible: the bits of CPUs with fused multiply-add, slower;
   * settings: [panel, field, value] of every setting; changes: [frame, panel, field, value], in rising order, for
   * settings that change at a given time; readings: how many the module has.
   */
  constructor({ processorOptions: { module, reproducible, settings, changes = [], readings } }) {
    super();
    this.chain = new WebAssembly.Instance(module, {}).exports;
    this.host = this.chain.host_new(sampleRate, reproducible ? 1 : 0);
    for (const [panel, field, value] of settings) {
      this.chain.host_set(this.host, panel, field, value);
    }
    if (!this.host || !this.chain.host_start(this.host)) {
      throw new Error("the chain could not be built");
    }
    this.changes = changes;
    this.change = 0;
    this.count = readings;
    this.every = Math.round(READINGS_EVERY_S * sampleRate);
    this.next = currentFrame + this.every;
    this.view();
    this.port.onmessage = ({ data }) => this.receive(data);
    this.port.postMessage({ latencyFrames: this.chain.host_latency_frames(this.host) });
  }

  /** Arrays over the block in the module's memory. */
  view() {
    const address = this.chain.host_audio(this.host);
    const frames = this.chain.host_max_frames();
    const { buffer } = this.chain.memory;
    this.left = new Float32Array(buffer, address, frames);
    this.right = new Float32Array(buffer, address + 4 * frames, frames);
  }

  /** A setting is stored here; its stage designs it in place before the next block, and glides. */
  receive({ set, bypass, resetMeters }) {
    if (set) this.chain.host_set(this.host, ...set);
    if (bypass !== undefined) this.chain.host_bypass(this.host, bypass ? 1 : 0);
    if (resetMeters) this.chain.host_reset_meters(this.host);
  }

  process([input], [output]) {
    const frames = output[0].length;
    while (this.change < this.changes.length && this.changes[this.change][0] <= currentFrame) {
      const [, panel, field, value] = this.changes[this.change++];
      this.chain.host_set(this.host, panel, field, value);
    }
    // A module that took more memory has another buffer.
    if (this.left.length === 0) this.view();
    if (input.length > 0) {
      this.left.set(input[0]);
      this.right.set(input[input.length > 1 ? 1 : 0]);
    } else {
      this.left.fill(0, 0, frames);
      this.right.fill(0, 0, frames);
    }
    this.chain.host_process(this.host, frames);
    for (let frame = 0; frame < frames; frame++) {
      output[0][frame] = this.left[frame];
      output[1][frame] = this.right[frame];
    }
    if (currentFrame + frames >= this.next) {
      this.next += this.every;
      this.post();
    }
    return true;
  }

  post() {
    const address = this.chain.host_readings(this.host);
    const readings = new Float64Array(this.chain.memory.buffer, address, this.count).slice();
    this.port.postMessage({ readings, frame: currentFrame });
  }
}

registerProcessor("mixdown", MixdownProcessor);
