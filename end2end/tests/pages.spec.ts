// What holds for every page: it can be read without JavaScript, it says what it is, a wrong address is told.
import { expect, hydrated, look, test } from "../fixtures/test.js";

const SETTINGS = [
  ["/settings", "Profile"],
  ["/settings/agents", "Agents"],
  ["/settings/analytics", "Analytics"],
  ["/settings/tokens", "API tokens"],
  ["/settings/git-hosts", "Git hosts"],
  ["/workspaces", "Workspaces"],
  ["/settings/providers", "Providers and models"],
  ["/settings/folders", "Allowed folders"],
  ["/settings/server", "Server"],
  ["/settings/templates", "Templates"],
  ["/settings/users", "Users"],
] as const;

test("the gallery shows every component in every state", async ({ page, asOwner }) => {
  await page.goto("/dev/gallery");
  await look(page, "gallery");
  await hydrated(page);
  await page.getByRole("button", { name: "Open a dialog" }).click();
  await look(page, "gallery-dialog", { fullPage: false });
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Open a dialog" })).toBeFocused();
  await page.getByRole("button", { name: "A menu" }).click();
  await look(page, "gallery-menu", { fullPage: false });
});

test("the gallery shows what a chat is made of, in every state", async ({ page, asOwner }) => {
  await page.goto("/dev/gallery/chat");
  await expect(page.getByText("Connection lost.")).toBeVisible();
  await expect(page.getByText(/Retrying in \d+ s/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Queue", exact: true })).toBeVisible();
  await look(page, "gallery-chat");
});

test("the gallery shows every call of a tool in every state, closed and open", async ({ page, asOwner }) => {
  // Thousands of elements are looked at eight times.
  test.slow();
  await page.goto("/dev/gallery");
  await hydrated(page);
  await page.getByRole("link", { name: "Tools and changes" }).click();
  await expect(page.getByRole("heading", { name: "Tool calls" })).toBeVisible();
  for (const state of ["preparing", "running", "done", "failed", "interrupted"]) {
    expect(await page.locator(`.tool[data-state=${state}]`).count(), state).toBeGreaterThanOrEqual(10);
  }
  await look(page, "gallery-tools");
  await page.locator(".tool, .tools-fold, .thought").evaluateAll((all) => all.forEach((one) => ((one as HTMLDetailsElement).open = true)));
  await look(page, "gallery-tools-open");
});

test("the gallery shows templates and workspaces in every state", async ({ page, asOwner }) => {
  await page.goto("/dev/gallery/workspaces");
  for (const state of ["queued", "cloning", "setting up", "starting", "waiting for its agent", "ready", "reconnecting", "stopped", "failed", "gone"]) {
    await expect(page.getByRole("table", { name: "Workspaces" }).getByText(state, { exact: true }).first()).toBeVisible();
  }
  await expect(page.getByText("This name is taken.")).toBeVisible();
  await look(page, "gallery-workspaces");
});

test("the gallery is not for visitors", async ({ page }) => {
  await page.goto("/dev/gallery");
  await expect(page).toHaveURL(/\/login/);
});

test("a wrong address is told with its status", async ({ page, consoleGuard, asOwner }) => {
  consoleGuard.expectStatus(404);
  const answer = await page.goto("/no/such/page");
  expect(answer?.status()).toBe(404);
  await look(page, "not-found");
});

test("settings can be read without JavaScript", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: server.url });
  await server.signIn(context.request);
  const page = await context.newPage();
  for (const [path, title] of SETTINGS) {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await expect(page.locator(".skeleton")).toHaveCount(0);
  }
  await expect(page.getByRole("row", { name: /Ada Lovelace/ })).toBeVisible();
  await context.close();
});

test("settings are walked without loading the document again", async ({ page, asOwner }) => {
  await page.goto("/settings");
  await hydrated(page);
  await page.evaluate(() => document.documentElement.setAttribute("data-same-document", ""));
  for (const [path, title] of SETTINGS.slice(1)) {
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: title }).click();
    await expect(page).toHaveURL(path);
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await expect(page).toHaveTitle(`${title} · Switchyard`);
  }
  await expect(page.locator("html[data-same-document]")).toBeVisible();
});

test("the keyboard reaches the content at once and shows where it is", async ({ page, asOwner }) => {
  await page.goto("/settings");
  await hydrated(page);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Name (optional)")).toBeFocused();
  const outline = await page.getByLabel("Name (optional)").evaluate((field) => getComputedStyle(field).outlineStyle);
  expect(outline).toBe("solid");
});

test("no page runs a script or style that its policy does not name", async ({ page, asOwner }) => {
  const answer = await page.goto("/settings");
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("'nonce-");
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).not.toContain("'unsafe-eval'");
  await hydrated(page);
});
