/** Files that the reader takes away. */

import { rgb, SELECTED, type Scene } from "./renderer";
import { toScreen } from "./camera";
import type { Page } from "./state.svelte";

export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** One row an item: id, columns, and what the step shown did to it. */
export function csv(page: Page, rows: Uint32Array): string {
  const { bundle, step } = page;
  const fields = bundle.manifest.fields;
  const measured = step < 0 ? [] : ["space", "screen", "moved"].filter((name) => bundle.has(`${name}/${step}`));
  const lines = [[...fields.map((field) => field.name), ...measured]];
  for (const row of rows) {
    const numbers = measured.map((name) => String(bundle.column(`${name}/${step}`)[row]));
    lines.push([...fields.map((field) => cell(page, field.column, row)), ...numbers]);
  }
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function cell(page: Page, key: string, row: number): string {
  const field = page.field(key)!;
  if (field.kind !== "number") return page.bundle.text(field, row);
  const value = page.bundle.column(key)[row];
  return Number.isNaN(value) ? "" : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The points as circles; what a figure in a paper is made of. */
export function svg(page: Page, scene: Scene, background: string): string {
  const { width, height } = scene.size;
  const { codes, palette } = page.colouring;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="100%" height="100%" fill="${background}"/>`,
  ];
  for (let i = 0; i < page.n; i++) {
    if (!page.states[i]) continue;
    const [x, y] = toScreen(scene.camera, scene.size, page.now[2 * i], page.now[2 * i + 1]);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    const strong = page.states[i] === SELECTED;
    const alpha = strong ? 1 : scene.dimmed ? scene.alpha * 0.3 : scene.alpha;
    const radius = ((strong ? scene.side + 2 : scene.side) / 2).toFixed(1);
    const fill = `rgb(${rgb(palette[codes[i]]).join(",")})`;
    parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius}" fill="${fill}" fill-opacity="${alpha.toFixed(2)}"/>`);
  }
  return parts.join("\n") + "\n</svg>\n";
}
