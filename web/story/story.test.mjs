/** A reader's story, from opening the page to the link that opens it again as it was. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { open } from "./browser.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");

let folder, truth, window, page;
const errors = [];
const asked = [];

const address = (name) => pathToFileURL(join(folder, name)).href;

async function visit(to, where = page) {
  // Another # alone would not open the page again.
  await where.goto("about:blank");
  await where.goto(to);
  await where.locator(".plot canvas").first().waitFor();
  await where.waitForTimeout(300);
}

/** Where Python says that an item lies, in pixels of the window. */
async function placeOf(row, stage) {
  const box = await page.locator(".plot").boundingBox();
  const [x, y] = truth.positions[stage][row];
  const scale = Math.min(box.width, box.height);
  return [box.x + box.width / 2 + (x - 0.5) * scale, box.y + box.height / 2 - (y - 0.5) * scale];
}

/** Colour of the points' canvas in the middle of an item. */
async function colourAt([px, py]) {
  return page.evaluate(
    ([x, y]) => {
      const canvas = document.querySelector(".plot canvas");
      const box = canvas.getBoundingClientRect();
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d");
      context.drawImage(canvas, 0, 0);
      const ratio = canvas.width / box.width;
      return [...context.getImageData((x - box.left) * ratio, (y - box.top) * ratio, 1, 1).data];
    },
    [px, py],
  );
}

/** An item with no other near it at a stage, so that it is what a pointer meets. */
function lonely(stage, among = () => true) {
  const at = truth.positions[stage];
  const gap = (row) => Math.min(...at.map(([x, y], i) => (i === row ? 9 : Math.hypot(x - at[row][0], y - at[row][1]))));
  return at.map((_, row) => row).filter(among).sort((a, b) => gap(b) - gap(a))[0];
}

async function shownCount() {
  const text = await page.locator("h2:has-text('Filter') .count").textContent();
  return Number(text.split(" ")[0].replaceAll(",", ""));
}

async function faults(where = page) {
  const found = await where.evaluate(`${AXE}; axe.run().then((done) => done.violations)`);
  return found.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "repscope-story-"));
  execFileSync(process.env.PYTHON ?? "python3", [fileURLToPath(new URL("study.py", import.meta.url)), folder], {
    stdio: "inherit",
  });
  truth = JSON.parse(await readFile(join(folder, "truth.json"), "utf-8"));
  window = await open();
  page = window.pages()[0];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (said) => said.type() === "error" && errors.push(said.text()));
  window.on("request", (request) => asked.push(request.url()));
  await visit(address("page.html"));
});

after(async () => {
  await window?.close();
  await rm(folder, { recursive: true, force: true });
});

describe("the story", () => {
  it("opens with the verdict, and points stand where Python says", async () => {
    assert.equal(await page.locator(".verdict strong").textContent(), truth.verdict);
    for (const stage of [0, 2]) {
      await page.locator(".name").nth(stage).click();
      await page.waitForTimeout(150);
      for (const label of ["cat", "train", "kitchen"]) {
        const row = lonely(stage, (at) => truth.labels[at] === label);
        const legend = page.locator("aside li", { has: page.locator(`span:text-is("${label}")`) }).first();
        const wanted = await legend.locator("i").evaluate((dot) => getComputedStyle(dot).backgroundColor);
        const [r, g, b, a] = await colourAt(await placeOf(row, stage));
        const names = wanted.match(/\d+/g).map(Number);
        assert.ok(a > 150, `nothing is drawn at item ${row} in stage ${stage}`);
        assert.ok(Math.max(...[r, g, b].map((c, i) => Math.abs(c - names[i]))) < 16, `${[r, g, b]} is not ${wanted}`);
      }
    }
  });

  it("flies: halfway between two stages a point is halfway", async () => {
    const row = 10;
    const [a, b] = [truth.positions[0][row], truth.positions[1][row]];
    await visit(address("page.html") + "#at=0.5");
    truth.positions.push(truth.positions[0].map(([x, y], i) => [(x + truth.positions[1][i][0]) / 2, (y + truth.positions[1][i][1]) / 2]));
    assert.notDeepEqual(a, b);
    const [, , , alpha] = await colourAt(await placeOf(row, 3));
    assert.ok(alpha > 150);
    await page.getByRole("button", { name: "Play" }).click();
    await page.waitForFunction(() => Number(document.querySelector(".track input").value) === 2, undefined, { timeout: 15000 });
  });

  it("a click shows the item, and its neighbours gained and lost are those of Python", async () => {
    await page.locator(".name").first().click();
    const row = lonely(0);
    await page.mouse.click(...(await placeOf(row, 0)));
    const item = page.getByRole("region", { name: "Item" });
    assert.ok((await item.textContent()).includes(truth.ids[row]));
    const names = async (group) =>
      (await item.locator(`[data-group=${group}] button`).evaluateAll((all) => all.map((one) => one.dataset.id))).sort();
    const [was, is] = [truth.near[0][row], truth.near[1][row]];
    const ids = (rows) => rows.map((one) => truth.ids[one]).sort();
    assert.deepEqual(await names("gained"), ids(is.filter((one) => !was.includes(one))));
    assert.deepEqual(await names("lost"), ids(was.filter((one) => !is.includes(one))));
    assert.deepEqual(await names("kept"), ids(is.filter((one) => was.includes(one))));
  });

  it("a lasso selects what lies inside, and the selection is a file", async () => {
    await page.getByRole("button", { name: "Lasso" }).click();
    const box = await page.locator(".plot").boundingBox();
    const [x0, x1] = [box.x + 20, box.x + box.width / 2];
    const [y0, y1] = [box.y + 20, box.y + box.height - 20];
    await page.mouse.move(x0, y0);
    await page.mouse.down();
    for (const [x, y] of [[x1, y0], [x1, y1], [x0, y1], [x0, y0 + 4]]) await page.mouse.move(x, y, { steps: 4 });
    await page.mouse.up();
    const inside = [];
    for (let row = 0; row < truth.ids.length; row++) {
      const [x, y] = await placeOf(row, 0);
      if (x > x0 && x < x1 && y > y0 && y < y1) inside.push(truth.ids[row]);
    }
    const selection = page.getByRole("region", { name: "Selection" });
    assert.ok((await selection.textContent()).includes(`${inside.length} items`));
    const [saved] = await Promise.all([page.waitForEvent("download"), selection.getByRole("button", { name: "CSV" }).click()]);
    const lines = (await readFile(await saved.path(), "utf-8")).trim().split("\r\n");
    assert.equal(lines[0], "id,label,image_id,size,caption,image,space,screen,moved");
    assert.deepEqual(lines.slice(1).map((line) => line.split(",")[0]).sort(), inside.sort());
  });

  it("the filter for what moved on screen only shows as many as Python counts", async () => {
    await page.getByRole("button", { name: "Only moved on screen only" }).click();
    for (const kind of [0, 1, 2, 3]) assert.ok(truth.moved[0].includes(kind), `no item moved in way ${kind}`);
    assert.equal(await shownCount(), truth.moved[0].filter((kind) => kind === 2).length);
    await page.getByRole("button", { name: "Next stage" }).click();
    assert.equal(await shownCount(), truth.moved[1].filter((kind) => kind === 2).length);
  });

  it("a picture of the view is saved, and the link opens it as it is", async () => {
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "PNG" }).click()]);
    const png = await readFile(await saved.path());
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.ok(png.length > 5000);
    const [drawn] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "SVG" }).click()]);
    const circles = (await readFile(await drawn.path(), "utf-8")).match(/<circle/g) ?? [];
    assert.equal(circles.length, await shownCount());
    await page.getByRole("button", { name: "Link" }).last().click();
    const state = async () => [
      await shownCount(),
      await page.locator(".track input").inputValue(),
      await page.getByRole("region", { name: "Selection" }).textContent(),
      await page.getByRole("region", { name: "Item" }).locator("dd").first().textContent(),
    ];
    const was = await state();
    await visit(page.url());
    assert.deepEqual(await state(), was);
  });

  it("works by keyboard alone", async () => {
    await visit(address("page.html"));
    await page.locator(".plot").focus();
    for (const key of ["+", "ArrowRight", "n", "n"]) await page.keyboard.press(key);
    await page.waitForTimeout(400);
    const words = new URLSearchParams(new URL(page.url()).hash.slice(1));
    assert.deepEqual(words.get("view").split(",").map(Number).map((one) => Number(one.toFixed(2))), [0.57, 0.5, 1.4]);
    assert.equal(words.get("item"), truth.ids[1]);
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("region", { name: "Item" }).count(), 0);
  });

  it("has nothing that axe objects to, in light and dark, on a desk and a phone", async () => {
    for (const scheme of ["light", "dark"]) {
      for (const [width, height] of [[1280, 800], [360, 740]]) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height });
        await visit(address("page.html") + "#item=img/050&rows=1.2.3");
        assert.deepEqual(await faults(), []);
        const right = await page.evaluate(() =>
          Math.max(...[...document.querySelectorAll("body *")].map((one) => one.getBoundingClientRect().right)),
        );
        assert.ok(right <= width + 0.5, `${right} pixels on a page of ${width}`);
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("asks nobody for anything, and texts from data are texts", async () => {
    await visit(address("page.html") + "#item=img/050");
    const item = await page.getByRole("region", { name: "Item" }).textContent();
    assert.ok(item.includes("<script>window.hurt=1</script>"));
    assert.ok(item.includes("\\u202egnp.exe"));
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.deepEqual(asked.filter((url) => !/^(file|blob|data|about):/.test(url)), []);
    assert.deepEqual(errors, []);
  });

  it("draws one point, and points that are all equal", async () => {
    await visit(address("one.html"));
    assert.equal(await shownCount(), 1);
    assert.equal(await page.locator(".scrubber").count(), 0);
    await visit(address("same.html"));
    assert.equal(await shownCount(), 20);
    const box = await page.locator(".plot").boundingBox();
    assert.ok((await colourAt([box.x + box.width / 2, box.y + box.height / 2]))[3] > 100);
    assert.deepEqual(errors, []);
  });
});

it("in the frame of a notebook the selection reaches the widget", async () => {
  const notebook = await open();
  try {
    const own = notebook.pages()[0];
    const said = [];
    own.on("pageerror", (error) => said.push(error.message));
    const [script, inside] = await Promise.all(["widget.js", "page.html"].map((name) => readFile(join(folder, name), "utf-8")));
    await own.evaluate(
      async ([code, html]) => {
        const made = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        const values = { page: html, height: 700 };
        window.saved = [];
        made.default.render({
          el: document.body,
          model: { get: (key) => values[key], set: (key, value) => (values[key] = value), save_changes: () => window.saved.push(values.selection) },
        });
      },
      [script, inside],
    );
    const frame = own.frameLocator("iframe");
    await frame.getByRole("button", { name: "Box" }).click();
    const box = await frame.locator(".plot").boundingBox();
    await own.mouse.move(box.x + 2, box.y + 2);
    await own.mouse.down();
    await own.mouse.move(box.x + box.width - 2, box.y + box.height - 2, { steps: 5 });
    await own.mouse.up();
    await own.waitForFunction(() => window.saved.at(-1)?.length > 0);
    assert.deepEqual((await own.evaluate(() => window.saved.at(-1))).sort(), [...truth.ids].sort());
    assert.deepEqual(said, []);
  } finally {
    await notebook.close();
  }
});

it("without WebGL2 a canvas draws, and says what it leaves out", async () => {
  const plain = await open({ args: ["--disable-webgl", "--disable-webgl2", "--disable-3d-apis"] });
  try {
    const own = plain.pages()[0];
    await visit(address("crowd.html"), own);
    assert.match(await own.getByRole("alert").textContent(), /no WebGL2.*One of every 2 of 60,000 points is drawn/);
    const drawn = await own.evaluate(() => {
      const canvas = document.querySelector(".plot canvas");
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.filter((value, at) => at % 4 === 3 && value > 0).length;
    });
    assert.ok(drawn > 5000);
  } finally {
    await plain.close();
  }
});
