// Without loudspeakers: the same chain rendered offline, and how fast it runs.

import { load, node } from "./engine.js";

/**
 * Renders channels (two Float32Arrays) through the worklet, with changes [[frame, title, name, value]]. Returns the
 * channels and the readings of the meters over them. The frames are a multiple of the worklet's block, 128, and of the
 * 50 ms between readings.
 */
export async function render(editor, channels, { reproducible = false, changes = [] } = {}) {
  const frames = channels[0].length;
  const context = new OfflineAudioContext(2, frames, 48_000);
  await context.audioWorklet.addModule("worklet.js");
  const placed = changes.map(([frame, title, name, value]) => [frame, ...editor.place(title, name), value]);
  const chain = node(context, await load(), editor, { reproducible, changes: placed });
  const last = new Promise((resolve) => {
    chain.port.onmessage = ({ data: { readings, frame } }) => {
      if (readings && frame + 128 >= frames) resolve(readings);
    };
  });
  const buffer = context.createBuffer(2, frames, 48_000);
  channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(chain).connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  const readings = await last;
  return {
    channels: [rendered.getChannelData(0), rendered.getChannelData(1)],
    readings: Object.fromEntries(editor.readings.map((name, index) => [name, readings[index]])),
  };
}

/** A function that runs channels through a chain of its own on this thread, in blocks of 128 frames: for measurements. */
export async function runner(editor, channels, { reproducible = false } = {}) {
  const chain = new WebAssembly.Instance(await load(), {}).exports;
  const host = chain.host_new(48_000, reproducible ? 1 : 0);
  for (const setting of editor.settings()) chain.host_set(host, ...setting);
  chain.host_start(host);
  const [address, most] = [chain.host_audio(host), chain.host_max_frames()];
  const left = new Float32Array(chain.memory.buffer, address, 128);
  const right = new Float32Array(chain.memory.buffer, address + 4 * most, 128);
  return () => {
    for (let frame = 0; frame + 128 <= channels[0].length; frame += 128) {
      left.set(channels[0].subarray(frame, frame + 128));
      right.set(channels[1].subarray(frame, frame + 128));
      chain.host_process(host, 128);
    }
  };
}
