/** What lies over the points: arrows, stars of the reference, pictures, the item in question, an outline. */

import { safe } from "./bundle";
import { toScreen, type Camera, type Size } from "./camera";
import type { Page } from "./state.svelte";

const MOST_ARROWS = 400;
const MOST_PICTURES = 60;
const PICTURE = 34;
const MOST_NAMES = 60;

type Box = [number, number, number, number];

export interface Ink {
  text: string;
  paper: string;
}

export class Overlay {
  private readonly pictures = new Map<number, ImageBitmap | null>();

  constructor(
    private readonly page: Page,
    private readonly repaint: () => void,
  ) {}

  draw(context: CanvasRenderingContext2D, size: Size, ratio: number, ink: Ink, outline: [number, number][], hovered: number): void {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    const { page } = this;
    const camera = page.camera;
    if (page.arrows) this.arrows(context, size, ink);
    if (page.links) this.linkLines(context, size, ink);
    this.thumbnails(context, camera, size, ink);
    this.stars(context, camera, size, ink);
    for (const row of new Set([page.picked, hovered])) {
      if (row < 0) continue;
      const [x, y] = this.place(row, size);
      context.strokeStyle = ink.text;
      context.lineWidth = row === page.picked ? 2.5 : 1.5;
      context.beginPath();
      context.arc(x, y, 9, 0, 2 * Math.PI);
      context.stroke();
    }
    if (outline.length > 1) {
      context.strokeStyle = ink.text;
      context.lineWidth = 1.5;
      context.setLineDash([5, 4]);
      context.beginPath();
      outline.forEach(([x, y]) => context.lineTo(x, y));
      context.closePath();
      context.stroke();
      context.setLineDash([]);
    }
  }

  private place(row: number, size: Size): [number, number] {
    const { page } = this;
    const [from, to] = [page.positions(page.start), page.positions(page.end)];
    const at = (axis: number) => (from[2 * row + axis] + (to[2 * row + axis] - from[2 * row + axis]) * page.t) / 65535;
    return toScreen(page.camera, size, at(0), at(1));
  }

  /** Of the selection, or else of those that moved farthest in the space. */
  private arrows(context: CanvasRenderingContext2D, size: Size, ink: Ink): void {
    const { page } = this;
    if (page.step < 0) return;
    const from = page.positions(page.start);
    const to = page.positions(page.end);
    let rows = Array.from(page.selected.length ? page.selected : page.passing.keys()).filter((row) => page.passing[row]);
    const space = page.values("space");
    rows = rows.sort((a, b) => space[b] - space[a]).slice(0, page.selected.length ? MOST_ARROWS : 60);
    context.strokeStyle = context.fillStyle = ink.text;
    context.globalAlpha = 0.6;
    context.lineWidth = 1;
    for (const row of rows) {
      const [x0, y0] = toScreen(page.camera, size, from[2 * row] / 65535, from[2 * row + 1] / 65535);
      const [x1, y1] = toScreen(page.camera, size, to[2 * row] / 65535, to[2 * row + 1] / 65535);
      const angle = Math.atan2(y1 - y0, x1 - x0);
      const head = Math.min(7, 0.5 * Math.hypot(x1 - x0, y1 - y0));
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
      context.beginPath();
      context.moveTo(x1, y1);
      for (const turn of [2.7, -2.7]) context.lineTo(x1 + head * Math.cos(angle + turn), y1 + head * Math.sin(angle + turn));
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /** From the picked or selected items to their rows of the reference. */
  private linkLines(context: CanvasRenderingContext2D, size: Size, ink: Ink): void {
    const { page } = this;
    if (!page.bundle.has("reference/of")) return;
    const of = page.bundle.column<Uint32Array>("reference/of");
    const stars = page.bundle.column<Uint16Array>("reference/position");
    context.strokeStyle = ink.text;
    context.globalAlpha = 0.35;
    context.lineWidth = 1;
    const rows = page.selected.length ? Array.from(page.selected).slice(0, MOST_ARROWS) : [page.picked];
    for (const row of rows) {
      if (row < 0 || of[row] * 2 >= stars.length) continue;
      context.beginPath();
      context.moveTo(...this.place(row, size));
      context.lineTo(...toScreen(page.camera, size, stars[2 * of[row]] / 65535, stars[2 * of[row] + 1] / 65535));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  private stars(context: CanvasRenderingContext2D, camera: Camera, size: Size, ink: Ink): void {
    const { bundle } = this.page;
    const reference = bundle.manifest.reference;
    if (!reference) return;
    const at = bundle.column<Uint16Array>("reference/position");
    const field = reference.fields.find((one) => one.name === "label") ?? reference.fields[0];
    const named = reference.n <= MOST_NAMES;
    context.font = "12px system-ui, sans-serif";
    context.lineJoin = "round";
    const places = Array.from({ length: reference.n }, (_, row) =>
      toScreen(camera, size, at[2 * row] / 65535, at[2 * row + 1] / 65535),
    );
    for (const [x, y] of places) {
      context.beginPath();
      for (let tip = 0; tip < 10; tip++) {
        const radius = tip % 2 ? 3 : 7.5;
        const angle = (tip * Math.PI) / 5 - Math.PI / 2;
        context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
      }
      context.closePath();
      context.lineWidth = 2.5;
      context.strokeStyle = ink.paper;
      context.stroke();
      context.fillStyle = ink.text;
      context.fill();
    }
    if (!named) return;
    // A name that would lie over a star or another name is left out; zooming in makes room.
    const taken: Box[] = places.map(([x, y]) => [x - 8, y - 8, x + 8, y + 8]);
    places.forEach(([x, y], row) => {
      if (x < 0 || y < 0 || x > size.width || y > size.height) return;
      const label = clipped(safe(bundle.text(field, row)));
      const wide = context.measureText(label).width;
      const box = [x + 10, x - 10 - wide]
        .map((left): Box => [left, y - 8, left + wide, y + 8])
        .find((one) => one[0] >= 0 && one[2] <= size.width && !taken.some((other, at) => at !== row && overlap(one, other)));
      if (!box) return;
      taken.push(box);
      context.lineWidth = 3.5;
      context.strokeText(label, box[0], y + 4);
      context.fillText(label, box[0], y + 4);
    });
  }

  /** Where few points are in view, their pictures stand in their places. */
  private thumbnails(context: CanvasRenderingContext2D, camera: Camera, size: Size, ink: Ink): void {
    const { page } = this;
    if (!page.bundle.manifest.pictures || camera.zoom < 2) return;
    const half = Math.min(size.width, size.height) * camera.zoom * 2;
    const rows = page.grid.inside(
      camera.x - size.width / half, camera.y - size.height / half,
      camera.x + size.width / half, camera.y + size.height / half,
      (row) => page.passing[row] === 1,
    );
    if (rows.length > MOST_PICTURES) return;
    for (const row of rows) {
      const picture = this.picture(row);
      if (!picture) continue;
      const [x, y] = this.place(row, size);
      const scale = PICTURE / Math.max(picture.width, picture.height);
      const [w, h] = [picture.width * scale, picture.height * scale];
      context.drawImage(picture, x - w / 2, y - h / 2, w, h);
      context.strokeStyle = page.colouring.palette[page.colouring.codes[row]] ?? ink.text;
      context.lineWidth = 2;
      context.strokeRect(x - w / 2, y - h / 2, w, h);
    }
  }

  private picture(row: number): ImageBitmap | null {
    const known = this.pictures.get(row);
    if (known !== undefined) return known;
    this.pictures.set(row, null);
    const bytes = this.page.bundle.blob("picture", row);
    if (bytes.length) {
      void createImageBitmap(new Blob([bytes], { type: "image/jpeg" })).then(
        (made) => (this.pictures.set(row, made), this.repaint()),
        () => undefined,
      );
    }
    return null;
  }
}

function clipped(text: string): string {
  return text.length > 28 ? text.slice(0, 27) + "…" : text;
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
