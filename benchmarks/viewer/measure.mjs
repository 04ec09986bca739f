/** CPU seconds of Chromium (all its processes, software GL) for the first draw and for a morph, ours beside others.
 *  PYTHON=python node benchmarks/viewer/measure.mjs [POINTS]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { open } from "../../web/story/browser.mjs";

const POINTS = Number(process.argv[2] ?? 1_000_000);
const here = fileURLToPath(new URL(".", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "repscope-viewer-"));
const size = execFileSync(process.env.PYTHON ?? "python3", [join(here, "pages.py"), folder, String(POINTS), "3"]);

/** CPU seconds so far of a process and of all that it started. */
function cpu(root) {
  const found = new Map();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf-8").split(") ")[1].split(" ");
      found.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // It ended meanwhile.
    }
  }
  let ticks = 0;
  for (const [pid, one] of found) {
    for (let at = pid; at; at = found.get(at)?.parent) if (at === root) (ticks += one.ticks), (at = 0);
  }
  return ticks / 100;
}

async function measured(name, show) {
  const browser = await open();
  const root = Number(execFileSync("sh", ["-c", `ps -eo pid,ppid,args | awk '$2 == ${process.pid} && /chrom/ {print $1}' | head -1`]));
  const page = browser.pages()[0];
  const start = [cpu(root), performance.now()];
  const morph = await show(page);
  const drawn = [cpu(root), performance.now()];
  const frames = await morph();
  const flown = cpu(root);
  await browser.close();
  const first = drawn.map((value, at) => value - start[at]);
  console.log(
    `${name.padEnd(16)} first draw ${first[0].toFixed(1)} CPU-s, ${(first[1] / 1000).toFixed(1)} s; ` +
      `morph ${(flown - drawn[0]).toFixed(1)} CPU-s, ${frames} frames, ${((1000 * (flown - drawn[0])) / frames).toFixed(0)} CPU-ms a frame`,
  );
}

/** Frames that the page gives while something runs. */
const counted = (page, run) =>
  page.evaluate(async (code) => {
    let frames = 0;
    let going = true;
    requestAnimationFrame(function tick() {
      frames++;
      if (going) requestAnimationFrame(tick);
    });
    await new Function(`return (${code})()`)();
    going = false;
    return frames;
  }, run.toString());

const painted = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

console.log(`${POINTS.toLocaleString("en")} points, 3 stages; our file: ${String(size).trim()}`);
await measured("repscope", async (page) => {
  await page.goto(`file://${folder}/page.html`);
  await page.locator(".name").first().waitFor();
  await painted(page);
  return () =>
    counted(page, async () => {
      document.querySelector("[aria-label=Play]").click();
      while (Number(document.querySelector(".track input").value) < 1) await new Promise((done) => requestAnimationFrame(done));
      document.querySelector("[aria-label=Pause]")?.click();
    });
});
for (const name of ["regl", "deck"]) {
  await build({
    root: here, logLevel: "error",
    build: { outDir: folder, emptyOutDir: false, lib: { entry: `${name}.js`, formats: ["iife"], name: "peer", fileName: () => `${name}.out.js` } },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const data = readFileSync(join(folder, "positions.bin")).toString("base64");
  writeFileSync(
    join(folder, `${name}.html`),
    `<!doctype html><canvas width=1280 height=800></canvas><script id=d type=text/plain>${data}</script><script>${readFileSync(join(folder, `${name}.out.js`), "utf-8").replaceAll("</script", "<\\/script")}
    const packed = new Uint16Array(Uint8Array.from(atob(d.textContent), (c) => c.charCodeAt(0)).buffer);
    window.stage = (at) => [0, 1].map((axis) => Float32Array.from({ length: ${POINTS} }, (_, i) => packed[2 * (at * ${POINTS} + i) + axis] / 32767.5 - 1));
    </script>`,
  );
  await measured(name, async (page) => {
    await page.goto(`file://${folder}/${name}.html`);
    await page.evaluate(() => window.show(...window.stage(0)));
    await painted(page);
    return () => counted(page, async () => window.morph(...window.stage(1)));
  });
}
