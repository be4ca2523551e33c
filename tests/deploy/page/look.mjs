// Looks at a status page: node look.mjs CHROMIUM DIRECTORY URL
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [chromium, directory, url] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const faults = [];

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu"],
});
const report = await (await fetch(new URL("status.json", url))).json();
for (const scheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    const where = `${width}-${scheme}`;
    const fault = (what) => faults.push(`${where}: ${what}`);
    const page = await browser.newPage();
    // An icon is asked for by the browser, not by the page.
    const isOurs = (text) => !text.includes("favicon.ico");
    page.on("console", (message) => {
      const from = message.location().url ?? "";
      if (message.type() === "error" && isOurs(message.text() + from)) fault(message.text());
    });
    page.on("pageerror", (error) => fault(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) fault(`asks for ${request.url()}`);
    });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.setViewport({ width, height: 800 });
    await page.goto(url);
    await page.screenshot({ path: `${directory}/${where}.png`, fullPage: true });

    const [content, screen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    if (content > screen) fault(`content of ${content} px on a screen of ${screen} px`);
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const isDark = background.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 64);
    if (isDark !== (scheme === "dark")) fault(`the background is ${background}`);
    const text = await page.evaluate(() => document.body.innerText);
    const rows = await page.$$eval("[aria-labelledby=streams] tbody tr", (rows) => rows.map((row) => row.innerText));
    report.streams.forEach((stream, place) => {
      const row = rows[place] ?? "";
      const condition = stream.condition.replace("_", "-");
      if (!row.includes(stream.name) || !row.includes(condition)) fault(`${stream.name}: ${row}`);
    });
    for (const finding of report.health.findings) {
      if (!text.includes(finding.what.replaceAll("`", ""))) fault(`does not say: ${finding.what}`);
    }
    // The policy forbids scripts of others, which axe is; `evaluate` is not under it.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
      axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
    );
    for (const { id, help, nodes } of violations) fault(`${id}: ${help}: ${nodes[0].html}`);
    await page.close();
  }
}

// The script refreshes in place and does not take the reader's focus; without scripts it is whole.
const page = await browser.newPage();
await page.evaluateOnNewDocument(() => {
  const { setInterval } = window;
  window.setInterval = (what, every) => setInterval(what, every / 100);
});
await page.goto(url);
const first = await page.$eval("#daemon + dl time", (time) => time.dateTime);
await page
  .waitForFunction((first) => document.querySelector("#daemon + dl time").dateTime !== first, { timeout: 10000 }, first)
  .catch(() => faults.push("the page does not refresh itself"));
await page.setRequestInterception(true);
page.on("request", (request) => request.abort());
await page
  .waitForFunction(() => !document.getElementById("stale").hidden, { timeout: 10000 })
  .catch(() => faults.push("the page does not say that it is old"));
const plain = await browser.newPage();
await plain.setJavaScriptEnabled(false);
await plain.goto(url);
if (!(await plain.$("main h1"))) faults.push("nothing is there without scripts");
await browser.close();

for (const fault of faults) console.error(fault);
console.log(`looked at ${report.streams.length} streams in 4 ways: ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
