/** Positions between two stages, what is near a place, and what lies inside an outline. */

const CELLS = 128;

/** Positions at a moment of the morph, 0 to 1, two a point. */
export function between(from: Uint16Array, to: Uint16Array, t: number, out: Float32Array): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = (from[i] + (to[i] - from[i]) * t) / 65535;
  return out;
}

/** Points by cell, so that picking looks at a few of them. */
export class Grid {
  private readonly starts = new Uint32Array(CELLS * CELLS + 1);
  private readonly order: Uint32Array;

  constructor(private readonly points: Float32Array) {
    const n = points.length / 2;
    const cells = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      cells[i] = cellOf(points[2 * i]) + CELLS * cellOf(points[2 * i + 1]);
      this.starts[cells[i] + 1]++;
    }
    for (let c = 0; c < CELLS * CELLS; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Uint32Array(n);
    for (let i = 0; i < n; i++) this.order[next[cells[i]]++] = i;
  }

  /** Those in a rectangle that pass. */
  inside(x0: number, y0: number, x1: number, y1: number, passes: (row: number) => boolean): number[] {
    const found: number[] = [];
    for (let row = cellOf(y0); row <= cellOf(y1); row++) {
      for (let at = this.starts[cellOf(x0) + CELLS * row]; at < this.starts[cellOf(x1) + CELLS * row + 1]; at++) {
        const i = this.order[at];
        const x = this.points[2 * i];
        const y = this.points[2 * i + 1];
        if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && passes(i)) found.push(i);
      }
    }
    return found;
  }

  /** The nearest within a radius that passes, or -1. */
  nearest(x: number, y: number, radius: number, passes: (row: number) => boolean): number {
    let best = -1;
    let least = radius * radius;
    for (const i of this.inside(x - radius, y - radius, x + radius, y + radius, passes)) {
      const d = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
      if (d <= least) [best, least] = [i, d];
    }
    return best;
  }
}

function cellOf(value: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(value * CELLS)));
}

/** Whether a place lies inside a closed outline (even-odd). */
export function within(outline: [number, number][], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [xi, yi] = outline[i];
    const [xj, yj] = outline[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
