// The page: the song through the chain, its controls, curves and meters.

import { makePanels } from "./controls.js";
import { drawResponse, drawTransfer } from "./curves.js";
import { Editor, load, node } from "./engine.js";
import { makeMeters } from "./meters.js";
import { render, runner } from "./offline.js";

const SAMPLE_RATE_HZ = 48_000;
const at = (id) => document.getElementById(id);
const say = (text, wrong = false) => {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
};

async function start() {
  const module = await load();
  const editor = new Editor(module, SAMPLE_RATE_HZ);
  const showReadings = makeMeters(at("meters"), editor.readings);
  let playing;

  const draw = () => {
    drawResponse(at("response"), editor);
    drawTransfer(at("transfer"), editor);
  };
  const setRunning = makePanels(editor, at("panels"), (place, value) => {
    const refused = editor.set(...place, value);
    if (refused) return say(refused, true);
    playing?.chain.port.postMessage({ set: [...place, editor.value(...place)] });
    say("");
    draw();
  });

  async function play() {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ, latencyHint: "interactive" });
    const answer = await fetch("song.flac");
    if (!answer.ok) throw new Error(`song.flac: ${answer.status}; render it with cargo xtask web`);
    const buffer = await context.decodeAudioData(await answer.arrayBuffer());
    await context.audioWorklet.addModule("worklet.js");
    const chain = node(context, module, editor, { reproducible: at("reproducible").checked });
    chain.onprocessorerror = () => say("the chain has stopped", true);
    chain.port.onmessage = ({ data }) => {
      if (data.readings) showReadings(data.readings);
      if (data.latencyFrames !== undefined) {
        const ms = (1_000 * data.latencyFrames) / SAMPLE_RATE_HZ;
        const output = 1_000 * (context.baseLatency + (context.outputLatency || 0));
        at("latency").textContent =
          `${ms.toFixed(2)} ms (${data.latencyFrames} frames) of the chain, ${output.toFixed(0)} ms of the browser`;
      }
    };
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    source.connect(chain).connect(context.destination);
    if (at("bypass").checked) chain.port.postMessage({ bypass: true });
    source.start();
    playing = { context, chain };
    setRunning(true);
    at("reproducible").disabled = true;
    at("play").textContent = "Stop";
    at("play").setAttribute("aria-pressed", "true");
  }

  async function stop() {
    const { context } = playing;
    playing = undefined;
    await context.close();
    setRunning(false);
    at("reproducible").disabled = false;
    at("play").textContent = "Play";
    at("play").setAttribute("aria-pressed", "false");
  }

  at("play").addEventListener("click", async () => {
    at("play").disabled = true;
    try {
      say("");
      await (playing ? stop() : play());
    } catch (error) {
      say(error.message, true);
    }
    at("play").disabled = false;
  });
  at("bypass").addEventListener("change", () => playing?.chain.port.postMessage({ bypass: at("bypass").checked }));
  at("reset").addEventListener("click", () => {
    playing?.chain.port.postMessage({ resetMeters: true });
    showReadings();
  });
  new ResizeObserver(draw).observe(at("response"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  at("play").disabled = false;
  draw();
  // For tests and measurements.
  window.mixdown = {
    editor,
    state: () => playing?.context.state,
    render: (channels, options) => render(editor, channels, options),
    runner: (channels, options) => runner(editor, channels, options),
  };
}

start().catch((error) => say(error.message, true));
