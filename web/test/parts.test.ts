import { describe, expect, it } from "vitest";
import { safe } from "../src/bundle";
import { HOME, toMap, toScreen, zoomAt } from "../src/camera";
import { byKind, byNumber, MISSING, spread } from "../src/colours";
import { between, Grid, within } from "../src/points";

function drawn(n: number): Float32Array {
  // A fixed sequence that fills the square evenly.
  return Float32Array.from({ length: 2 * n }, (_, i) => (((i >> 1) + 1) * (i % 2 ? 0.754877666 : 0.569840291)) % 1);
}

describe("points", () => {
  const points = drawn(3000);

  it("picks what a search of all points finds", () => {
    const grid = new Grid(points);
    for (const [x, y, radius] of [[0.5, 0.5, 0.05], [0, 1, 0.2], [0.99, 0.01, 0.004]]) {
      let best = -1;
      let least = radius * radius;
      for (let i = 0; i < points.length / 2; i++) {
        const d = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
        if (i % 3 === 0 && d <= least) [best, least] = [i, d];
      }
      expect(grid.nearest(x, y, radius, (row) => row % 3 === 0)).toBe(best);
    }
  });

  it("finds what lies in a rectangle", () => {
    const found = new Grid(points).inside(0.2, 0.3, 0.41, 0.77, () => true).sort((a, b) => a - b);
    const naive = Array.from({ length: 3000 }, (_, i) => i).filter(
      (i) => points[2 * i] >= 0.2 && points[2 * i] <= 0.41 && points[2 * i + 1] >= 0.3 && points[2 * i + 1] <= 0.77,
    );
    expect(found).toEqual(naive);
  });

  it("is halfway between two stages in the middle of a step", () => {
    const out = between(Uint16Array.of(0, 65535), Uint16Array.of(65535, 0), 0.25, new Float32Array(2));
    expect([...out]).toEqual([0.25, 0.75]);
  });

  it("knows the inside of an outline that is not convex", () => {
    const letter: [number, number][] = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]];
    expect(within(letter, 0.5, 2)).toBe(true);
    expect(within(letter, 1.5, 2)).toBe(false);
    expect(within(letter, 1.5, 0.5)).toBe(true);
    expect(within(letter, 4, 1)).toBe(false);
  });
});

describe("camera", () => {
  const size = { width: 900, height: 600 };

  it("keeps what is under the pointer when it zooms", () => {
    const before = toMap(HOME, size, 700, 120);
    const after = toMap(zoomAt(HOME, size, 700, 120, 3.7), size, 700, 120);
    expect(after[0]).toBeCloseTo(before[0], 10);
    expect(after[1]).toBeCloseTo(before[1], 10);
  });

  it("puts y upwards and the square in the middle", () => {
    expect(toScreen(HOME, size, 0.5, 0.5)).toEqual([450, 300]);
    expect(toScreen(HOME, size, 0, 1)).toEqual([150, 0]);
  });
});

describe("colours", () => {
  it("gives the seven most frequent kinds a colour each", () => {
    const values = Array.from({ length: 10 }, (_, kind) => new Array<number>(20 - kind).fill(kind)).flat();
    const names = Array.from({ length: 10 }, (_, kind) => `kind ${kind}`);
    const { codes, legend } = byKind(values, names);
    expect(legend.kinds.map((one) => one.name)).toEqual([...names.slice(0, 7), "3 others"]);
    expect(codes.at(-1)).toBe(MISSING);
    expect(legend.kinds.reduce((all, one) => all + one.count, 0)).toBe(values.length);
  });

  it("gives a missing number the colour of missing, and equal numbers one colour", () => {
    expect([...byNumber(Float32Array.of(0, NaN, 1)).codes]).toEqual([0, MISSING, 254]);
    expect(new Set(byNumber(Float32Array.of(2, 2, 2)).codes).size).toBe(1);
    expect(spread(Float32Array.of(NaN))).toEqual([0, 0]);
  });
});

it("shows signs that turn a line around as their escapes", () => {
  expect(safe("photo \u202egnp")).toBe("photo \\u202egnp");
});
