// Walks every page in a real browser: axe-core finds nothing, nothing is wider than a narrow screen, a keyboard is enough,
// and everything works without a script. Started by the end-to-end tests, which set BASE and CHROMIUM.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const { BASE, CHROMIUM, SHOTS } = process.env;
const problems = [];
const sql = "SELECT district, sex, count(*) AS n FROM person GROUP BY district, sex ORDER BY district, sex";

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

/** Somebody who has signed in, with or without a script. */
async function come(name, { script = true, width = 1280 } = {}) {
  // axe-core is put into the page by the test: the page's own policy would not let it in.
  const context = await browser.newContext({ bypassCSP: script, javaScriptEnabled: script, viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(BASE) && !url.startsWith("data:")) problems.push(`${page.url()} asks elsewhere: ${url}`);
  });
  await page.goto(`${BASE}/sign-in`);
  await page.fill("#name", name);
  await page.fill("#password", `a phrase of ${[...name].reverse().join("")}`);
  await page.click("main button");
  if (new URL(page.url()).pathname !== "/") problems.push(`${name} did not get in: ${page.url()}`);
  return page;
}

/** Looks at a page: status, axe-core, width. */
async function look(page, path, shot) {
  const response = await page.goto(BASE + path);
  if (response.status() >= 400) problems.push(`${path}: ${response.status()}`);
  const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`);
  for (const violation of found.violations) {
    problems.push(`${path}: ${violation.id}: ${violation.nodes[0].html.slice(0, 200)}`);
  }
  if (shot && SHOTS) await page.screenshot({ path: `${SHOTS}/${shot}.png`, fullPage: true });
}

/** Whether a page fits a screen as narrow as this without scrolling sideways. */
async function fits(page, path, width) {
  await page.setViewportSize({ width, height: 900 });
  await page.goto(BASE + path);
  const over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (over > 0) {
    const wide = await page.evaluate(`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth && !e.closest(".app-scroll") && !e.closest("pre")).slice(-1).map((e) => e.outerHTML.slice(0, 120))`);
    problems.push(`${path} is ${over}px too wide at ${width}px: ${wide}`);
  }
}

async function ask(page, project, sql) {
  await page.goto(`${BASE}/projects/${project}/query`);
  await page.fill("#sql", sql);
  await page.click("button[value=run]");
  await page.waitForURL(/\/queries\//);
  return new URL(page.url()).pathname;
}

// A researcher.
const researcher = await come("researcher");
const answered = await ask(researcher, "q", "SELECT district, count(*) AS n FROM person GROUP BY district ORDER BY district");
const held = await ask(researcher, "p", sql);
for (const [path, shot] of [
  ["/", "start"], ["/projects", "projects"], ["/projects/q", "project"], ["/projects/q/tables", "dictionary"],
  ["/projects/q/query", "query"], ["/queries", "queries"], [answered, "answer"], [held, "held"], ["/desk", ""],
  ["/account", "account"], ["/policies", ""], ["/policies/nhs-england", ""], ["/register", "register"], ["/docs/api", "api"],
]) await look(researcher, path, shot);
for (const act of ["twin", "explain"]) {
  await researcher.goto(`${BASE}/projects/q/query`);
  await researcher.fill("#sql", sql);
  await researcher.click(`button[value=${act}]`);
  const words = await researcher.textContent("main");
  if (!words.includes(act === "twin" ? "Every value here is invented." : "Nothing ran")) problems.push(`${act} says nothing`);
  if (SHOTS) await researcher.screenshot({ path: `${SHOTS}/${act}.png`, fullPage: true });
}
if (!(await (await researcher.goto(BASE + answered)).text()).includes("<svg")) problems.push("a released table has no chart");

// The same without a script: asking for a release.
const plain = await come("researcher", { script: false });
await plain.goto(BASE + held);
await plain.fill("#purpose", "Table 2");
await plain.fill("#justification", "Small numbers are suppressed.");
await plain.click("text=Hand it to the checkers");
await plain.waitForURL(/\/desk\//);
const request = new URL(plain.url()).pathname;
await look(researcher, request, "request-author");

// The first checker decides with the keyboard alone.
const first = await come("first");
await look(first, "/desk", "desk");
await look(first, request, "request-checker");
await first.keyboard.press("Tab");
const skip = await first.evaluate("document.activeElement.className");
if (skip !== "nhsuk-skip-link") problems.push(`the first Tab is not on the skip link: ${skip}`);
await first.keyboard.press("Enter");
if ((await first.evaluate("document.activeElement.id")) !== "maincontent") problems.push("the skip link does not lead to the content");
await first.keyboard.press("a");
if (!(await first.isChecked("input[type=radio][value=approve]"))) problems.push("the key `a` does not approve");
for (let i = 0; i < 60; i += 1) {
  await first.keyboard.press("Tab");
  if ((await first.evaluate("document.activeElement.value")) === "finish") break;
}
await first.keyboard.press("Enter");
await first.waitForLoadState();
if (!(await first.textContent("main")).includes("first")) problems.push("the review is not noted");

// The second without a script.
const second = await come("second", { script: false });
await second.goto(BASE + request);
await second.check("input[type=radio][value=approve]");
await second.click("button[value=finish]");
await second.click("button[value=approve]");
if (!(await second.textContent("h1")).includes("released")) problems.push(`it is not released: ${await second.textContent("main")}`);
await look(researcher, held, "released");

// One that comes back: its author puts another result in, and the checkers see what changed.
const [draft, better] = [await ask(researcher, "p", sql), await ask(researcher, "p", sql.replace("district, sex,", "sex, district,"))];
await researcher.goto(BASE + draft);
await researcher.fill("#purpose", "Table 3");
await researcher.fill("#justification", "Small numbers are suppressed.");
await researcher.click("text=Hand it to the checkers");
await researcher.waitForURL(/\/desk\//);
const again = new URL(researcher.url()).pathname;
for (const checker of [first, second]) {
  await checker.goto(BASE + again);
  await checker.check("input[type=radio][value=request-changes]");
  await checker.fill("textarea[name^=comment-]", "By sex first, please.");
  await checker.click("button[value=finish]");
}
await second.click("summary:has-text('Return, reject or revoke')");
await second.selectOption("#reason", "context-missing");
await second.fill("#text", "By sex first, please.");
await second.click("button[value=return]");
await look(researcher, again, "returned");
await researcher.selectOption("#result", better.split("/").pop());
await researcher.selectOption("#place", draft.split("/").pop());
await researcher.click("button[value=revise]");
await researcher.click("button[value=submit]");
await look(first, again, "changed");
if (!(await first.textContent("main")).includes("What changed since your last turn")) problems.push("what changed is not shown");

// Administrators and auditors.
const admin = await come("admin");
for (const [path, shot] of [
  ["/people", "people"], ["/people/first", "person"], ["/landings", "landings"], ["/audit", "audit"], ["/reports", "reports"],
  ["/projects/p", "project-administrator"],
]) await look(admin, path, shot);
const auditor = await come("auditor");
for (const path of ["/", "/queries", "/desk", request, "/audit", "/reports", "/people"]) {
  const response = await auditor.goto(BASE + path);
  if (path !== "/people" && response.status() >= 400) problems.push(`auditor ${path}: ${response.status()}`);
}

// Narrow, and as large as 200 % makes it.
for (const path of ["/", "/projects/q", "/projects/q/tables", "/projects/q/query", "/queries", answered, "/account", "/register", "/docs/api", request]) {
  await fits(researcher, path, 320);
  await fits(researcher, path, 640);
}
for (const path of ["/people", "/audit", "/landings", "/reports"]) await fits(admin, path, 320);
await fits(first, request, 320);
await fits(first, again, 320);
await fits(researcher, again, 320);

await browser.close();
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("every page is as it should be");
