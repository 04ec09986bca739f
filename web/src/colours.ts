/** Colours that colour-blind readers can tell apart: Okabe and Ito for kinds, viridis for numbers. */

export const KINDS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800"];
export const REST = "#8a8f98";
export const MISSING = 255;
export const MOVED = ["moved in neither", "moved in both", "moved on screen only", "moved in space only"];
const MOVED_COLOURS = ["#8a8f98", "#0072b2", "#d55e00", "#009e73"];

const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

export function viridis(share: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const i = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const mix = (c: number) => Math.round(VIRIDIS[i][c] + (VIRIDIS[i + 1][c] - VIRIDIS[i][c]) * (at - i));
  return [mix(0), mix(1), mix(2)];
}

export function hex(rgb: readonly number[]): string {
  return "#" + rgb.map((c) => c.toString(16).padStart(2, "0")).join("");
}

export interface Legend {
  kinds: { name: string; colour: string; count: number }[];
  range: [number, number] | null;
}

export interface Colouring {
  /** [n] number of the colour in the palette. */
  codes: Uint8Array;
  /** 256 colours. */
  palette: string[];
  legend: Legend;
}

export function plain(n: number): Colouring {
  return { codes: new Uint8Array(n), palette: filled([KINDS[0]]), legend: { kinds: [], range: null } };
}

/** The seven most frequent kinds have a colour each, the others one together. */
export function byKind(values: ArrayLike<number>, names: string[]): Colouring {
  const counts = new Array<number>(names.length).fill(0);
  let none = 0;
  for (let i = 0; i < values.length; i++) values[i] < names.length ? counts[values[i]]++ : none++;
  const frequent = counts.map((_, kind) => kind).sort((a, b) => counts[b] - counts[a] || a - b);
  const colour = new Uint8Array(names.length).fill(MISSING);
  frequent.slice(0, KINDS.length).forEach((kind, at) => (colour[kind] = at));
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) codes[i] = values[i] < names.length ? colour[values[i]] : MISSING;
  const kinds = frequent.slice(0, KINDS.length).map((kind, at) => ({ name: names[kind], colour: KINDS[at], count: counts[kind] }));
  const others = frequent.slice(KINDS.length);
  const rest = others.reduce((all, kind) => all + counts[kind], 0) + none;
  const name = others.length > 1 ? `${others.length} others` : others.length && !none ? names[others[0]] : "no value";
  if (rest) kinds.push({ name, colour: REST, count: rest });
  return { codes, palette: filled(KINDS), legend: { kinds, range: null } };
}

export function byMovement(values: ArrayLike<number>): Colouring {
  const codes = Uint8Array.from(values);
  const kinds = MOVED.map((name, at) => ({ name, colour: MOVED_COLOURS[at], count: 0 }));
  for (const code of codes) kinds[code].count++;
  return { codes, palette: filled(MOVED_COLOURS), legend: { kinds, range: null } };
}

/** From the first to the 99th percentile; what lies beyond has the colour of the end. */
export function byNumber(values: Float32Array): Colouring {
  const [low, high] = spread(values);
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const share = high > low ? (values[i] - low) / (high - low) : 0.5;
    codes[i] = Number.isNaN(values[i]) ? MISSING : Math.round(Math.min(1, Math.max(0, share)) * 254);
  }
  const palette = Array.from({ length: 255 }, (_, at) => hex(viridis(at / 254)));
  return { codes, palette: filled(palette), legend: { kinds: [], range: [low, high] } };
}

export function spread(values: Float32Array): [number, number] {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  if (!sorted.length) return [0, 0];
  return [sorted[Math.floor(0.01 * (sorted.length - 1))], sorted[Math.ceil(0.99 * (sorted.length - 1))]];
}

function filled(colours: string[]): string[] {
  return Array.from({ length: 256 }, (_, at) => colours[at] ?? REST);
}
