// The module: compiled once, for the instance that edits settings and for those that run.

/** Fetches and compiles the module; browsers without 128-bit vectors refuse it. */
export async function load() {
  const answer = await fetch("mixdown.wasm");
  if (!answer.ok) throw new Error(`mixdown.wasm: ${answer.status}; build it with cargo xtask web`);
  return WebAssembly.compile(await answer.arrayBuffer());
}

/** Settings of a chain that does not run: checked, listed, drawn. */
export class Editor {
  constructor(module, sampleRateHz) {
    this.chain = new WebAssembly.Instance(module, {}).exports;
    this.host = this.chain.host_new(sampleRateHz, 0);
    if (!this.host) throw new Error(`no chain runs at ${sampleRateHz} Hz`);
    this.chain.host_describe(this.host);
    const { panels, readings } = JSON.parse(this.text());
    this.panels = panels;
    this.readings = readings;
    this.listed = panels.flatMap(({ fields }, panel) =>
      fields.map((field, index) => ({ field, place: [panel, index] })).filter(({ field }) => field.kind !== "compound"),
    );
  }

  text() {
    const { buffer } = this.chain.memory;
    const bytes = new Uint8Array(buffer, this.chain.host_text(this.host), this.chain.host_text_bytes(this.host));
    return new TextDecoder().decode(bytes);
  }

  value(panel, field) {
    return this.chain.host_value(this.host, panel, field);
  }

  /** Sets a value; returns why it was refused, or nothing. */
  set(panel, field, value) {
    return this.chain.host_set(this.host, panel, field, value) ? undefined : this.text();
  }

  /** The value at a position of its control, 0 to 1. The lower end is the value that switches it off, if there is one. */
  valueAt(panel, field, position) {
    const { off } = this.panels[panel].fields[field];
    if (position <= 0 && off !== null) return off;
    return this.chain.host_value_at(this.host, panel, field, position);
  }

  position(panel, field, value) {
    return this.chain.host_position(this.host, panel, field, value);
  }

  /** [panel, field, value] of every setting, for a chain that runs. */
  settings() {
    return this.listed.map(({ place }) => [...place, this.value(...place)]);
  }

  /** The settings by names: {panel: {parameter: value}}, words as words. */
  named() {
    const named = Object.fromEntries(this.panels.map(({ title }) => [title, {}]));
    for (const { field, place } of this.listed) {
      const value = this.value(...place);
      const spoken = { choice: () => field.words[value], switch: () => value !== 0, number: () => value };
      named[this.panels[place[0]].title][field.name] = spoken[field.kind]();
    }
    return named;
  }

  /** Where a parameter stands: [panel, field]. */
  place(title, name) {
    const panel = this.panels.findIndex((own) => own.title === title);
    const field = this.panels[panel]?.fields.findIndex((own) => own.name === name) ?? -1;
    if (field < 0) throw new Error(`no parameter ${title} ${name}`);
    return [panel, field];
  }

  #curve(numbers, name) {
    const address = this.chain.host_numbers(this.host, numbers.length);
    new Float64Array(this.chain.memory.buffer, address, numbers.length).set(numbers);
    const result = this.chain[name](this.host);
    return new Float64Array(this.chain.memory.buffer, result, numbers.length).slice();
  }

  /** Gain of the equalizer at frequencies in Hz, in dB. */
  response(frequenciesHz) {
    return this.#curve(frequenciesHz, "host_response");
  }

  /** Level after the compressor for levels in dBFS. */
  transfer(levelsDb) {
    return this.#curve(levelsDb, "host_transfer");
  }
}

/** The node of a running chain in a context whose worklet has been added. */
export function node(context, module, editor, options = {}) {
  const processorOptions = { module, settings: editor.settings(), readings: editor.readings.length, ...options };
  const shape = { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [2], channelCount: 2, processorOptions };
  return new AudioWorkletNode(context, "mixdown", shape);
}
