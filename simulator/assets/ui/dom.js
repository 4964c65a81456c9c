// Elements, made and found.

export function $(id) {
  return document.getElementById(id);
}

/** An element with attributes (`class`, `data-…`, handlers as `onclick`) and children (elements or text). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made[key] = value;
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Marks the one pressed button of a group. */
export function press(buttons, isPressed) {
  for (const button of buttons) button.setAttribute('aria-pressed', String(isPressed(button)));
}

/** 850 ms, 1.2 s; what took no measurable time took less than one. */
export function duration(ms) {
  if (ms < 1) return '<1 ms';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
