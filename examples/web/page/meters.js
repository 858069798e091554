// Bars and figures of the meters.

/** Name of the reading, label, unit, and the ends of the bar; a reduction grows from the right. */
const METERS = [
  ["momentary_lufs", "Momentary", "LUFS", -41, -5],
  ["short_term_lufs", "Short-term", "LUFS", -41, -5],
  ["integrated_lufs", "Integrated", "LUFS", -41, -5],
  ["true_peak_dbtp", "True peak, highest", "dBTP", -36, 0],
  ["compressor_reduction_db", "Compressor reduction", "dB", 0, 18],
  ["limiter_reduction_db", "Limiter reduction", "dB", 0, 18],
];

const figure = (value) => (Number.isFinite(value) ? value.toFixed(1).replace("-", "−") : "−∞");

/** Fills `container`; returns the function that shows readings, or none. */
export function makeMeters(container, names) {
  const shown = METERS.map(([name, title, unit, low, high]) => {
    const row = document.createElement("div");
    row.className = "meter";
    row.innerHTML = `<span class="name"></span><span class="bar" role="meter"><span></span></span><output></output>`;
    const [label, bar, output] = row.children;
    label.textContent = title;
    bar.setAttribute("aria-label", `${title} in ${unit}`);
    bar.setAttribute("aria-valuemin", low);
    bar.setAttribute("aria-valuemax", high);
    bar.classList.toggle("reduction", name.endsWith("reduction_db"));
    output.dataset.reading = name;
    container.append(row);
    return (readings) => {
      const value = readings ? readings[names.indexOf(name)] : Number.NEGATIVE_INFINITY;
      const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
      bar.firstElementChild.style.transform = `scaleX(${share})`;
      bar.setAttribute("aria-valuenow", Math.min(high, Math.max(low, value)));
      output.textContent = readings ? `${figure(value)} ${unit}` : `– ${unit}`;
    };
  });
  const show = (readings) => shown.forEach((own) => own(readings));
  show();
  return show;
}
