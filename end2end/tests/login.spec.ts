// Signing in and out.
import type { Browser, BrowserContextOptions } from "@playwright/test";

import type { Server } from "../fixtures/server.js";
import { expect, hydrated, look, OWNER, test } from "../fixtures/test.js";

async function signIn(page: import("@playwright/test").Page, password: string) {
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a page that needs a sign-in leads there and back", async ({ page }) => {
  await page.goto("/settings/tokens");
  await expect(page).toHaveURL(/\/login\?next=/);
  await look(page, "login");
  await hydrated(page);
  await signIn(page, OWNER.password);
  await expect(page).toHaveURL("/settings/tokens");
  await expect(page.getByRole("heading", { name: "API tokens" })).toBeVisible();
});

test("a wrong password is told without saying what was wrong, and the address stays", async ({ page, consoleGuard }) => {
  consoleGuard.expectStatus(401);
  await page.goto("/login");
  await hydrated(page);
  await signIn(page, "wrong password");
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(OWNER.email);
  await expect(page).toHaveURL("/login");
  await look(page, "login-refused");
  await signIn(page, OWNER.password);
  await expect(page).toHaveURL("/agents");
});

test("never leads to another host after the sign-in", async ({ page }) => {
  await page.goto("/login?next=//example.org/");
  await hydrated(page);
  await signIn(page, OWNER.password);
  await expect(page).toHaveURL("/agents");
});

test("signing in works without JavaScript, and so does being refused", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: server.url });
  const page = await context.newPage();
  await page.goto("/login?next=%2Fsettings");
  await signIn(page, "wrong password");
  await expect(page).toHaveURL(/\/login\?/);
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn(page, OWNER.password);
  await expect(page).toHaveURL("/settings");
  await expect(page.getByRole("heading", { name: "Profile" })).toBeVisible();
  await context.close();
});

test("signing out ends the session", async ({ page, asOwner }) => {
  await page.goto("/settings");
  await hydrated(page);
  await page.getByRole("main").getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL("/login");
  await page.goto("/settings");
  await expect(page).toHaveURL(/\/login/);
});

/** Another browser that is signed in, with its settings open. */
async function signedInElsewhere(browser: Browser, server: Server, options: BrowserContextOptions = {}) {
  const other = await browser.newContext({ baseURL: server.url, ...options });
  await server.signIn(other.request);
  const otherPage = await other.newPage();
  await otherPage.goto("/settings");
  await expect(otherPage).toHaveURL("/settings");
  return { other, otherPage };
}

test("signing out everywhere ends the session of another browser", async ({ browser, page, asOwner, server }) => {
  const { other, otherPage } = await signedInElsewhere(browser, server);
  await page.goto("/settings");
  await hydrated(page);
  await page.getByRole("button", { name: "Sign out everywhere", exact: true }).click();
  await expect(page).toHaveURL("/login");
  await otherPage.reload();
  await expect(otherPage).toHaveURL(/\/login/);
  await other.close();
});

test("a session of another browser is seen and ended, and this one goes on", async ({ browser, page, asOwner, server }) => {
  const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  const { other, otherPage } = await signedInElsewhere(browser, server, { userAgent });
  await page.goto("/settings");
  await hydrated(page);
  const sessions = page.getByRole("table", { name: "Where you are signed in" });
  const row = sessions.getByRole("row").filter({ hasText: "Firefox on Linux" });
  await expect(row).toHaveCount(1);
  await expect(sessions.getByRole("row").filter({ hasText: "this one" })).toHaveCount(1);
  await expect(row.getByText("this one")).toHaveCount(0);
  await row.getByRole("button", { name: "End the session of Firefox on Linux" }).click();
  await expect(row).toHaveCount(0);
  await expect(page.locator("#sessions")).toBeFocused();
  await otherPage.reload();
  await expect(otherPage).toHaveURL(/\/login/);

  await server.signIn(other.request);
  await otherPage.goto("/settings");
  await expect(otherPage).toHaveURL("/settings");
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(sessions.getByRole("row")).toHaveCount(2);
  await expect(sessions).toContainText("this one");
  await otherPage.reload();
  await expect(otherPage).toHaveURL(/\/login/);
  await page.reload();
  await expect(page).toHaveURL("/settings");
  await other.close();
});
