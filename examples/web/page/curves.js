// Curves on a canvas, in the colours of the page.

const FREQUENCIES_HZ = Float64Array.from({ length: 400 }, (_, index) => 20 * 1_000 ** (index / 399));
const LEVELS_DB = Float64Array.from({ length: 241 }, (_, index) => -60 + index / 4);
const MARGIN = { left: 34, right: 10, top: 10, bottom: 22 };

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A prepared canvas with an axis of each kind: functions from values to pixels. */
function frame(canvas, { x, y, xTicks, yTicks }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = "11px system-ui, sans-serif";
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const toX = (value) => MARGIN.left + x(value) * (right - MARGIN.left);
  const toY = (value) => bottom - y(value) * (bottom - MARGIN.top);
  pen.strokeStyle = colour("grid");
  pen.fillStyle = colour("faint");
  pen.lineWidth = 1;
  for (const [value, text] of yTicks) {
    const at = Math.round(toY(value)) + 0.5;
    line(pen, [[MARGIN.left, at], [right, at]]);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillText(text, MARGIN.left - 6, at);
  }
  // The last label stands inside the frame; those that would touch another are left out.
  pen.textAlign = "left";
  pen.textBaseline = "top";
  const widthOf = (text) => pen.measureText(text).width;
  const last = right - widthOf(xTicks.at(-1)[1]);
  let free = 0;
  xTicks.forEach(([value, text], index) => {
    const at = Math.round(toX(value)) + 0.5;
    line(pen, [[at, MARGIN.top], [at, bottom]]);
    const isLast = index === xTicks.length - 1;
    const start = isLast ? last : at - widthOf(text) / 2;
    if (!isLast && (start < free || start + widthOf(text) + 6 > last)) return;
    pen.fillText(text, start, bottom + 6);
    free = start + widthOf(text) + 6;
  });
  pen.beginPath();
  pen.rect(MARGIN.left, MARGIN.top, right - MARGIN.left, bottom - MARGIN.top);
  pen.clip();
  return { pen, toX, toY };
}

function line(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], index) => (index > 0 ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
}

/** The response of the equalizer, ±18 dB. */
export function drawResponse(canvas, editor) {
  const { pen, toX, toY } = frame(canvas, {
    x: (hz) => Math.log10(hz / 20) / 3,
    y: (db) => (db + 18) / 36,
    xTicks: [[50, "50"], [100, "100"], [200, "200"], [500, "500"], [1_000, "1k"], [2_000, "2k"], [5_000, "5k"], [10_000, "10k"], [20_000, "20k Hz"]],
    yTicks: [[-12, "−12"], [-6, "−6"], [0, "0 dB"], [6, "6"], [12, "12"]],
  });
  const response = editor.response(FREQUENCIES_HZ);
  pen.strokeStyle = colour("accent");
  pen.lineWidth = 2;
  line(pen, Array.from(response, (db, index) => [toX(FREQUENCIES_HZ[index]), toY(db)]));
}

/** What the compressor makes of levels, both in dBFS. */
export function drawTransfer(canvas, editor) {
  const scale = (db) => (db + 60) / 60;
  const ticks = [[-48, "−48"], [-36, "−36"], [-24, "−24"], [-12, "−12"]];
  const axes = { x: scale, y: scale, xTicks: [...ticks, [0, "0 dBFS"]], yTicks: [...ticks, [0, "0"]] };
  const { pen, toX, toY } = frame(canvas, axes);
  pen.strokeStyle = colour("faint");
  line(pen, [[toX(-60), toY(-60)], [toX(0), toY(0)]]);
  const levels = editor.transfer(LEVELS_DB);
  pen.strokeStyle = colour("accent");
  pen.lineWidth = 2;
  line(pen, Array.from(levels, (db, index) => [toX(LEVELS_DB[index]), toY(db)]));
}
