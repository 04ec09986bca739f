/** Debian's Chromium, or the one that CHROMIUM names. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
  "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
];

/** A window, and a promise of an error for everything that the page asks of another machine. */
export async function open(options = {}) {
  const { args = [], ...context } = options;
  const folder = await mkdtemp(join(tmpdir(), "repscope-chromium-"));
  return chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...args],
    viewport: { width: 1280, height: 800 },
    ...context,
  });
}
