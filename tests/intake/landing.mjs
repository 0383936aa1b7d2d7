// Looks at a page in Chromium as a visitor would, and prints what it saw as JSON.
//
//     landing.mjs NODE-MODULES URL FOLDER-FOR-PICTURES

import { createRequire } from "node:module";
import path from "node:path";

const [modules, url, folder] = process.argv.slice(2);
const require = createRequire(path.join(modules, "here.js"));
const { chromium } = require("playwright-core");

const seen = { requests: [], console: [], widths: [] };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  for (const [width, scheme] of [[360, "light"], [1280, "light"], [360, "dark"]]) {
    // Without scripts of its own, so with those of a page that would sneak one in.
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("console", (message) => seen.console.push(message.text()));
    page.on("pageerror", (error) => seen.console.push(String(error)));
    const answer = await page.goto(url, { waitUntil: "networkidle" });
    seen.csp = answer.headers()["content-security-policy"] ?? "";
    seen.title = await page.title();
    seen.widths.push({ width, scheme, ...(await page.evaluate(measure)) });
    Object.assign(seen, await page.evaluate(structure));
    await page.screenshot({ path: path.join(folder, `${width}-${scheme}.png`), fullPage: true });
    await page.close();
  }
  seen.violations = await accessibility();
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));

function measure() {
  const root = document.documentElement;
  const outside = [];
  let smallest = Infinity;
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    // What scrolls inside a box of its own, as long commands do, is not outside.
    const boxed = element.closest("pre, svg, table, .scroll");
    if (box.width > 0 && box.right > root.clientWidth + 1 && (!boxed || boxed === element)) {
      outside.push(element.tagName);
    }
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) {
      smallest = Math.min(smallest, parseFloat(getComputedStyle(element).fontSize));
    }
  }
  return { scrolls: root.scrollWidth > root.clientWidth, outside, smallest };
}

function structure() {
  const all = [...document.querySelectorAll("*")];
  const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => +h.tagName[1]);
  const needNames = document.querySelectorAll("a, button, img, svg[role=img], nav, section[role]");
  const name = (element) =>
    element.getAttribute("aria-label") ||
    element.getAttribute("alt") ||
    document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.textContent ||
    element.querySelector("title")?.textContent ||
    element.textContent.trim();
  return {
    language: document.documentElement.lang,
    scripts: document.scripts.length,
    handlers: all.filter((e) =>
      [...e.attributes].some((a) => a.name.startsWith("on") || /^\s*javascript:/i.test(a.value)),
    ).length,
    h1: levels.filter((level) => level === 1).length,
    main: document.querySelectorAll("main").length,
    skipped: levels.some((level, at) => at > 0 && level > levels[at - 1] + 1),
    nameless: [...needNames].filter((e) => !name(e)).map((e) => e.outerHTML.slice(0, 200)),
    text: document.body.innerText,
  };
}

// axe-core needs a script in the page, which the page's own policy forbids: lifted for this alone.
async function accessibility() {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ bypassCSP: true, colorScheme });
    const page = await context.newPage();
    await page.setViewportSize({ width: 360, height: 900 });
    await page.goto(url);
    await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
    const result = await page.evaluate(() => axe.run());
    for (const { id, impact, help, nodes } of result.violations) {
      found.push({ colorScheme, id, impact, help, where: nodes.map((node) => node.html) });
    }
    await context.close();
  }
  return found;
}
