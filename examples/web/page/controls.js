// Controls made from the tables of parameters.

/** Parameters of a panel that are shown; the others are behind a line to open. */
const SHOWN = 7;

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const UNITS = /_(hz|db|ms|s|percent)$/;
const label = (name) => {
  const words = name.replace(UNITS, "").replaceAll("_", " ");
  return words.length <= 3 && words !== "mix" ? words.toUpperCase() : words[0].toUpperCase() + words.slice(1);
};

/** A value with its unit, in about three digits. */
export function spoken(value, { unit, off, steps }) {
  if (value === off) return "off";
  if (steps) return `${value} ${unit}`.trim();
  if (!Number.isFinite(value)) return `${value > 0 ? "∞" : "−∞"} ${unit}`.trim();
  const size = Math.abs(value);
  const number = value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2).replace("-", "−");
  return `${number} ${unit}`.trim();
}

/** One control; `change(value)` is called with every new value and returns why it was refused, or nothing. */
function control(editor, place, field, change) {
  const id = `setting-${place.join("-")}`;
  const output = element("output", { htmlFor: id });
  let input;
  let read;
  if (field.kind === "choice") {
    const words = field.words.map((word, value) => element("option", { value, textContent: word.replaceAll("_", " ") }));
    input = element("select", { id }, ...words);
    read = () => Number(input.value);
  } else if (field.kind === "switch") {
    input = element("input", { id, type: "checkbox" });
    read = () => Number(input.checked);
  } else {
    input = element("input", { id, type: "range", min: 0, max: 1, step: 0.002 });
    read = () => editor.valueAt(...place, Number(input.value));
  }
  const show = () => {
    const value = editor.value(...place);
    if (field.kind === "choice") input.value = value;
    else if (field.kind === "switch") input.checked = value !== 0;
    else {
      input.value = editor.position(...place, value);
      output.textContent = spoken(value, field);
      input.setAttribute("aria-valuetext", output.textContent);
    }
  };
  const put = (value) => {
    change(value);
    show();
  };
  input.addEventListener("input", () => put(read()));
  if (field.kind === "number") {
    const unbounded = { inf: Infinity, "-inf": -Infinity };
    input.addEventListener("dblclick", () => put(unbounded[field.default] ?? field.default));
  }
  show();
  const row = element("div", { className: `setting ${field.kind}`, title: `${field.summary}.` });
  row.append(element("label", { htmlFor: id, textContent: label(field.name) }), input, output);
  return { row, input, fixed: field.fixed };
}

/** Fills `container` with a panel for each group; returns what disables the settings that are fixed while it runs. */
export function makePanels(editor, container, change) {
  const fixed = [];
  editor.panels.forEach(({ title, fields }, panel) => {
    const rows = fields.flatMap((field, index) => {
      if (field.kind === "compound") return [];
      const made = control(editor, [panel, index], field, (value) => change([panel, index], value));
      if (made.fixed) fixed.push(made);
      return [made.row];
    });
    const section = element("section", { className: "panel" }, element("h2", { textContent: title }));
    section.append(...rows.slice(0, SHOWN));
    if (rows.length > SHOWN) {
      const summary = element("summary", { textContent: `${rows.length - SHOWN} more` });
      section.append(element("details", {}, summary, ...rows.slice(SHOWN)));
    }
    container.append(section);
  });
  return (running) => {
    for (const { row, input } of fixed) {
      input.disabled = running;
      row.classList.toggle("disabled", running);
    }
  };
}
