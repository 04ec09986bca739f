/** What the page shows now: everything the reader can change, and what follows from it. */

import { type Bundle, type Field } from "./bundle";
import { HOME, type Camera } from "./camera";
import { byKind, byMovement, byNumber, plain, spread, type Colouring } from "./colours";
import { between, Grid } from "./points";
import { HIDDEN, SELECTED, SHOWN } from "./renderer";

export interface Choice {
  key: string;
  name: string;
}

export type Filter = { off: number[] } | { range: [number, number] };

const LONGEST_LINK = 6000;

export class Page {
  readonly bundle: Bundle;
  readonly n: number;
  /** Position on the scrubber: 1.5 is halfway from the second stage to the third. */
  at = $state(0);
  playing = $state(false);
  camera: Camera = $state.raw(HOME);
  colourBy = $state("");
  filters: Record<string, Filter> = $state({});
  search = $state("");
  picked = $state(-1);
  selected: Uint32Array = $state.raw(new Uint32Array());
  tool: "move" | "box" | "lasso" = $state("move");
  arrows = $state(false);
  links = $state(false);
  note = $state("");
  private lower: string[] | null = null;

  constructor(bundle: Bundle) {
    this.bundle = bundle;
    this.n = bundle.manifest.n;
    const kinds = bundle.manifest.fields.find((field) => field.kind === "category");
    this.colourBy = kinds ? kinds.column : "";
    this.readLink(location.hash);
  }

  get stages(): string[] {
    return this.bundle.manifest.stages.map((stage) => stage.name);
  }

  /** The stage that the step shown begins with. */
  start = $derived.by(() => Math.max(0, Math.min(Math.floor(this.at), this.stages.length - 2)));
  end = $derived.by(() => Math.min(this.start + 1, this.stages.length - 1));
  t = $derived(this.at - this.start);
  /** The stage that is nearest to the scrubber. */
  stage = $derived.by(() => Math.min(this.stages.length - 1, Math.round(this.at)));
  /** Number of the step shown, or -1 where there is none. */
  step = $derived.by(() =>
    this.bundle.manifest.steps.findIndex((one) => one.from === this.start && one.to === this.end),
  );

  positions(stage: number): Uint16Array {
    return this.bundle.column<Uint16Array>(`position/${stage}`);
  }

  /** Columns that can colour the points or be filtered, measures last. */
  get measures(): Choice[] {
    const found: Choice[] = [];
    if (this.step >= 0) {
      found.push({ key: "moved", name: "Moved: in space, on screen" });
      found.push({ key: "space", name: "Distance moved in space" });
      found.push({ key: "screen", name: "Distance moved on screen" });
    }
    if (this.bundle.has("kept/0")) found.push({ key: "kept", name: "Neighbours that the map keeps" });
    return found;
  }

  get choices(): Choice[] {
    const fields = this.bundle.manifest.fields.filter((field) => field.kind !== "text");
    return [{ key: "", name: "One colour" }, ...fields.map((one) => ({ key: one.column, name: one.name })), ...this.measures];
  }

  field(key: string): Field | undefined {
    return this.bundle.manifest.fields.find((one) => one.column === key);
  }

  values(key: string): Float32Array | Uint16Array | Uint8Array {
    if (key === "kept") return this.bundle.column<Float32Array>(`kept/${this.stage}`);
    if (["moved", "space", "screen"].includes(key)) return this.bundle.column<Float32Array>(`${key}/${this.step}`);
    return this.bundle.column<Float32Array>(key);
  }

  colouring: Colouring = $derived.by(() => {
    const key = this.colourBy;
    if (!key || (key === "moved" && this.step < 0)) return plain(this.n);
    if (key === "moved") return byMovement(this.values(key));
    const field = this.field(key);
    if (field?.kind === "category") return byKind(this.values(key), field.values ?? []);
    return byNumber(this.values(key) as Float32Array);
  });

  /** [n] whether each item passes the search and all filters. */
  passing: Uint8Array = $derived.by(() => {
    const passes = new Uint8Array(this.n).fill(1);
    for (const [key, filter] of Object.entries(this.filters)) {
      const values = this.values(key);
      if ("off" in filter) {
        const off = new Set(filter.off);
        for (let i = 0; i < this.n; i++) if (off.has(values[i])) passes[i] = 0;
      } else {
        const [low, high] = filter.range;
        for (let i = 0; i < this.n; i++) if (!(values[i] >= low && values[i] <= high)) passes[i] = 0;
      }
    }
    const words = this.search.trim().toLowerCase();
    if (words) {
      const texts = this.searchable();
      for (let i = 0; i < this.n; i++) if (!texts[i].includes(words)) passes[i] = 0;
    }
    return passes;
  });

  shown = $derived.by(() => this.passing.reduce((all, one) => all + one, 0));

  /** [n] how each point is drawn. */
  states: Uint8Array = $derived.by(() => {
    const states = new Uint8Array(this.n);
    for (let i = 0; i < this.n; i++) states[i] = this.passing[i] ? SHOWN : HIDDEN;
    for (const i of this.selected) if (states[i]) states[i] = SELECTED;
    return states;
  });

  now: Float32Array = $derived.by(() =>
    between(this.positions(this.start), this.positions(this.end), this.t, new Float32Array(2 * this.n)),
  );

  grid: Grid = $derived.by(() => new Grid(this.now));

  isOn(key: string, value: number): boolean {
    const filter = this.filters[key];
    return !filter || !("off" in filter) || !filter.off.includes(value);
  }

  toggle(key: string, value: number): void {
    const filter = this.filters[key];
    const off = new Set(filter && "off" in filter ? filter.off : []);
    if (!off.delete(value)) off.add(value);
    if (off.size) this.filters = { ...this.filters, [key]: { off: [...off].sort((a, b) => a - b) } };
    else this.clear(key);
  }

  only(key: string, value: number, count: number): void {
    const off = Array.from({ length: count }, (_, at) => at).filter((at) => at !== value);
    this.filters = { ...this.filters, [key]: { off } };
  }

  brush(key: string, range: [number, number]): void {
    this.filters = { ...this.filters, [key]: { range } };
  }

  clear(key: string): void {
    const { [key]: _, ...others } = this.filters;
    this.filters = others;
  }

  clearAll(): void {
    this.filters = {};
    this.search = "";
  }

  select(rows: Iterable<number>): void {
    this.selected = Uint32Array.from(new Set(rows)).sort();
  }

  spreadOf(key: string): [number, number] {
    return spread(this.values(key) as Float32Array);
  }

  /** Nearest items in the original space at a stage. */
  near(stage: number, row: number): number[] {
    const k = this.bundle.manifest.k;
    if (!k) return [];
    return Array.from(this.bundle.column<Uint32Array>(`near/${stage}`).subarray(row * k, (row + 1) * k));
  }

  private searchable(): string[] {
    this.lower ??= Array.from({ length: this.n }, (_, row) =>
      this.bundle.manifest.fields
        .filter((field) => field.kind !== "number")
        .map((field) => this.bundle.text(field, row))
        .join("\n")
        .toLowerCase(),
    );
    return this.lower;
  }

  /** The state as the part of an address behind #. */
  link(): string {
    const { x, y, zoom } = this.camera;
    const words = new URLSearchParams({
      at: String(Number(this.at.toFixed(3))),
      view: [x, y, zoom].map((value) => Number(value.toFixed(4))).join(","),
      colour: this.colourBy,
    });
    if (Object.keys(this.filters).length) words.set("filter", JSON.stringify(this.filters));
    if (this.search) words.set("search", this.search);
    if (this.picked >= 0) words.set("item", this.bundle.id(this.picked));
    if (this.arrows) words.set("arrows", "1");
    const rows = packRows(this.selected);
    if (rows && rows.length < LONGEST_LINK) words.set("rows", rows);
    return "#" + words.toString();
  }

  private readLink(hash: string): void {
    const words = new URLSearchParams(hash.slice(1));
    const at = Number(words.get("at"));
    if (at > 0 && at <= this.stages.length - 1) this.at = at;
    const view = (words.get("view") ?? "").split(",").map(Number);
    if (view.length === 3 && view.every(Number.isFinite) && view[2] > 0) {
      this.camera = { x: view[0], y: view[1], zoom: view[2] };
    }
    const colour = words.get("colour");
    if (colour !== null && this.choices.some((one) => one.key === colour)) this.colourBy = colour;
    try {
      const filters = JSON.parse(words.get("filter") ?? "{}") as Record<string, Filter>;
      const known = Object.entries(filters).filter(
        ([key, one]) =>
          this.choices.some((choice) => choice.key === key) &&
          (("off" in one && Array.isArray(one.off)) || ("range" in one && one.range.length === 2)),
      );
      this.filters = Object.fromEntries(known);
    } catch {
      this.note = "The filters in this link could not be read.";
    }
    this.search = words.get("search") ?? "";
    this.arrows = words.has("arrows");
    const item = words.get("item");
    if (item !== null) {
      for (let row = 0; row < this.n && this.picked < 0; row++) if (this.bundle.id(row) === item) this.picked = row;
    }
    this.select(unpackRows(words.get("rows") ?? "", this.n));
  }
}

/** Rising row numbers as the steps between them, base 36. */
export function packRows(rows: Uint32Array): string {
  return Array.from(rows, (row, at) => (row - (at ? rows[at - 1] : 0)).toString(36)).join(".");
}

export function unpackRows(text: string, n: number): number[] {
  if (!text) return [];
  let row = 0;
  return text.split(".").map((step) => (row += parseInt(step, 36))).filter((found) => found >= 0 && found < n);
}
