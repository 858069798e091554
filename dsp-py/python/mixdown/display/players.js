(() => {
  "use strict";

  // Linear, not of equal power: versions of one programme are alike, and add as amplitudes.
  const FADE_S = 0.008;
  // From the call to the first sample, so that all versions start at the same frame.
  const LEAD_S = 0.03;
  const STEP_S = 5;
  // One context per sample rate and page: browsers allow few, and decode to the rate of the context.
  const contexts = (window.mixdownContexts ??= new Map());

  function contextAt(rateHz) {
    if (!contexts.has(rateHz)) {
      let context;
      try {
        context = new AudioContext({ sampleRate: rateHz });
      } catch {
        context = new AudioContext();
      }
      contexts.set(rateHz, context);
    }
    return contexts.get(rateHz);
  }

  // Not by fetch, which a content security policy may forbid for data URIs.
  function bytesOf(uri) {
    const text = atob(uri.slice(uri.indexOf(",") + 1));
    const bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
    return bytes.buffer;
  }

  function clock(seconds) {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  function signed(gainDb) {
    const text = Math.abs(gainDb).toFixed(1);
    return `${gainDb > -0.05 ? "" : "\u2212"}${text} dB`;
  }

  class Player {
    constructor(root) {
      const part = (name) => root.querySelector(`.mixdown-${name}`);
      this.root = root;
      this.rateHz = Number(root.dataset.rateHz);
      this.durationS = Number(root.dataset.durationS);
      this.sounds = [...root.querySelectorAll("audio")];
      this.names = this.sounds.map((sound) => sound.dataset.name);
      this.gainsDb = this.sounds.map((sound) => Number(sound.dataset.gainDb));
      // What was taken from a version whose samples exceed full scale, before it was stored.
      this.storedDb = this.sounds.map((sound) => Number(sound.dataset.storedDb));
      this.choices = [...part("versions").children];
      this.modes = [...part("levels").children];
      this.drawings = [...root.querySelectorAll(".mixdown-wave svg")];
      [this.playButton, this.wave, this.mark] = ["play", "wave", "mark"].map(part);
      [this.time, this.status] = ["time", "status"].map(part);
      this.version = 0;
      this.equal = true;
      this.restS = 0;
      this.run = null;
      this.buffers = null;
      this.listen();
      part("sounds").hidden = true;
      part("controls").hidden = false;
      this.show();
    }

    // Amplitude of each version: of the chosen one by the chosen levels, of the others 0.
    levels() {
      return this.names.map((_, index) => {
        const gainDb = this.equal ? this.gainsDb[index] : 0;
        return index === this.version ? 10 ** ((gainDb + this.storedDb[index]) / 20) : 0;
      });
    }

    // All versions, started together, each behind a gain: the same for playing and for rendering.
    graph(context, startS, offsetS) {
      const output = new GainNode(context);
      const levels = this.levels();
      const parts = this.buffers.map((buffer, index) => {
        const source = new AudioBufferSourceNode(context, { buffer });
        const gain = new GainNode(context, { gain: levels[index] });
        source.connect(gain).connect(output);
        if (offsetS < buffer.duration) source.start(startS, offsetS);
        return { source, gain };
      });
      output.connect(context.destination);
      return { context, output, parts, startS, offsetS };
    }

    async load() {
      const context = contextAt(this.rateHz);
      if (!this.buffers) {
        this.loading ??= Promise.all(this.sounds.map((sound) => context.decodeAudioData(bytesOf(sound.src))));
        this.buffers = await this.loading;
      }
      return context;
    }

    position() {
      if (!this.run) return this.restS;
      const { context, startS, offsetS } = this.run;
      return Math.min(offsetS + Math.max(0, context.currentTime - startS), this.durationS);
    }

    async play() {
      if (this.run || this.starting) return;
      this.starting = true;
      // Not disabled, which would take the focus and the keys with it.
      this.playButton.setAttribute("aria-busy", "true");
      try {
        const context = await this.load();
        if (context.state !== "running") await context.resume();
        this.begin(context);
      } catch (error) {
        this.root.querySelector(".mixdown-sounds").hidden = false;
        this.status.textContent = `This browser does not play versions together (${error.message}): use the players below.`;
        return;
      } finally {
        this.starting = false;
        this.playButton.removeAttribute("aria-busy");
      }
      this.show();
      this.follow();
    }

    begin(context) {
      if (this.restS >= this.durationS) this.restS = 0;
      this.run = this.graph(context, context.currentTime + LEAD_S, this.restS);
    }

    end() {
      const { context, output, parts } = this.run;
      const nowS = context.currentTime;
      output.gain.setValueAtTime(1, nowS);
      output.gain.linearRampToValueAtTime(0, nowS + FADE_S);
      // One that starts after the others ended was never started.
      for (const { source } of parts) {
        try {
          source.stop(nowS + FADE_S);
        } catch {
          source.disconnect();
        }
      }
      this.run = null;
    }

    pause() {
      if (!this.run) return;
      this.restS = this.position();
      this.end();
      this.show();
    }

    seek(seconds) {
      const wantedS = Math.min(Math.max(seconds, 0), this.durationS);
      if (this.run) {
        const { context } = this.run;
        this.end();
        this.restS = wantedS;
        this.begin(context);
      } else {
        this.restS = wantedS;
      }
      this.show();
    }

    choose(version, equal = this.equal) {
      this.version = version;
      this.equal = equal;
      if (this.run) {
        const nowS = this.run.context.currentTime;
        this.levels().forEach((level, index) => {
          const { gain } = this.run.parts[index].gain;
          gain.cancelScheduledValues(nowS);
          gain.setValueAtTime(gain.value, nowS);
          gain.linearRampToValueAtTime(level, nowS + FADE_S);
        });
      }
      this.show();
    }

    // Draws the position until playing ends.
    follow() {
      if (!this.run) return;
      if (!this.root.isConnected) {
        this.pause();
        return;
      }
      if (this.position() >= this.durationS) {
        this.end();
        this.restS = 0;
      }
      this.show();
      requestAnimationFrame(() => this.follow());
    }

    show() {
      const positionS = this.position();
      const set = (element, name, value) => {
        if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
      };
      const write = (element, text) => {
        if (element.textContent !== text) element.textContent = text;
      };
      this.choices.forEach((choice, index) => set(choice, "aria-pressed", index === this.version));
      this.modes.forEach((mode, index) => set(mode, "aria-pressed", (index === 0) === this.equal));
      this.drawings.forEach((drawing, index) => {
        const scale = this.equal ? 10 ** (this.gainsDb[index] / 20) : 1;
        drawing.style.opacity = index === this.version ? 1 : 0;
        drawing.style.transform = `scaleY(${scale})`;
      });
      write(this.playButton, this.run ? "\u275A\u275A Pause" : "\u25B6 Play");
      const position = `${clock(positionS)} / ${clock(this.durationS)}`;
      write(this.time, position);
      set(this.wave, "aria-valuenow", positionS.toFixed(1));
      set(this.wave, "aria-valuetext", position);
      this.mark.style.left = `${(100 * positionS) / this.durationS}%`;
      const gains = this.names.map((name, index) => `${name} ${signed(this.equal ? this.gainsDb[index] : 0)}`);
      write(this.status, `${gains.join(", ")}: ${this.equal ? "equal loudness" : "as delivered"}`);
    }

    listen() {
      this.playButton.addEventListener("click", () => this.toggle());
      this.choices.forEach((choice, index) => choice.addEventListener("click", () => this.choose(index)));
      this.modes.forEach((mode, index) => mode.addEventListener("click", () => this.choose(this.version, index === 0)));
      this.wave.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        this.wave.setPointerCapture(event.pointerId);
        this.seekTo(event);
      });
      this.wave.addEventListener("pointermove", (event) => {
        if (this.wave.hasPointerCapture(event.pointerId)) this.seekTo(event);
      });
      this.root.addEventListener("keydown", (event) => this.key(event));
      // Else the space bar also presses the button that has the focus.
      this.root.addEventListener("keyup", (event) => {
        if (event.key === " ") event.preventDefault();
      });
    }

    toggle() {
      return this.run ? this.pause() : this.play();
    }

    seekTo(event) {
      const box = this.wave.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.durationS);
    }

    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const step = event.shiftKey ? 1 : STEP_S;
      const number = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : event.key.toLowerCase().charCodeAt(0) - 97;
      const acts = {
        " ": () => this.toggle(),
        ArrowLeft: () => this.seek(this.position() - step),
        ArrowRight: () => this.seek(this.position() + step),
        Home: () => this.seek(0),
        End: () => this.seek(this.durationS),
      };
      if (acts[event.key]) acts[event.key]();
      else if (event.key.length === 1 && number >= 0 && number < this.names.length) this.choose(number);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
  }

  for (const root of document.querySelectorAll(".mixdown-ab")) root.mixdownPlayer ??= new Player(root);
})();
