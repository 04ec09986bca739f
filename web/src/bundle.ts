/** The bundle of repscope/viewer/bundle.py: a manifest, and typed columns that are never parsed. */

export type Column = Uint8Array | Uint16Array | Uint32Array | Float32Array;

export interface Field {
  name: string;
  kind: "category" | "number" | "text";
  column: string;
  values?: string[];
}

export interface Manifest {
  schema: string;
  version: string;
  title: string;
  n: number;
  of: number;
  seed: number;
  stages: { name: string; fingerprint: string }[];
  steps: { from: number; to: number }[];
  k: number;
  frame: { x: number; y: number; side: number };
  map: {
    title: string;
    method: string;
    seed: number;
    faithfulness: { trustworthiness: number | null; continuity: number | null; neighbours_kept: number | null };
  };
  fields: Field[];
  verdict: { verb: string; word: string; flags: string[]; because: string[]; replay: string } | null;
  unmatched: { set: string; count: number; ids: string[] }[];
  reference: { name: string; n: number; on: string | null; fields: Field[] } | null;
  pictures: { column: string; missing: number } | null;
  notes: string[];
  columns: Record<string, { type: "u1" | "u2" | "u4" | "f4"; shape: number[]; offset: number }>;
}

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
const MAGIC = "RSVIEW1\0";

export class Bundle {
  readonly manifest: Manifest;
  private readonly start: number;
  private readonly decoder = new TextDecoder();

  constructor(private readonly data: ArrayBuffer) {
    const head = this.decoder.decode(new Uint8Array(data, 0, Math.min(8, data.byteLength)));
    if (head !== MAGIC) throw new Error("These are not the data of a Repscope page.");
    const length = new DataView(data).getUint32(8, true);
    this.manifest = JSON.parse(this.decoder.decode(new Uint8Array(data, 16, length))) as Manifest;
    this.start = 16 + Math.ceil(length / 8) * 8;
  }

  has(name: string): boolean {
    return name in this.manifest.columns;
  }

  column<T extends Column>(name: string): T {
    const one = this.manifest.columns[name];
    if (!one) throw new Error(`The data have no column ${name}.`);
    const count = one.shape.reduce((all, side) => all * side, 1);
    return new ARRAYS[one.type](this.data, this.start + one.offset, count) as T;
  }

  blob(key: string, row: number): Uint8Array<ArrayBuffer> {
    const starts = this.column<Uint32Array>(`${key}/starts`);
    const bytes = this.column<Uint8Array>(`${key}/bytes`) as Uint8Array<ArrayBuffer>;
    return bytes.subarray(starts[row], starts[row + 1]);
  }

  text(field: Field, row: number): string {
    if (field.kind === "text") return this.decoder.decode(this.blob(field.column, row));
    const value = this.column(field.column)[row];
    if (field.kind === "category") return field.values?.[value] ?? "";
    return Number.isNaN(value) ? "" : short(value);
  }

  id(row: number): string {
    return this.text(this.manifest.fields[0], row);
  }
}

/** Text from other people's files, in which nothing turns the line around. */
export function safe(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (sign) => "\\u" + sign.charCodeAt(0).toString(16));
}

/** A number as a person reads it. */
export function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Number(value.toPrecision(3)).toString();
}

/** The data inside the page, or those of the server that sent it. */
export async function load(): Promise<Bundle> {
  const inside = document.getElementById("bundle");
  if (!inside) {
    const answer = await fetch("bundle");
    if (!answer.ok) throw new Error(`The server refused the data (${answer.status}).`);
    return new Bundle(await answer.arrayBuffer());
  }
  const text = atob(inside.textContent ?? "");
  inside.remove();
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Bundle(await new Response(stream).arrayBuffer());
}
