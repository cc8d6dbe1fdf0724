// The reader's own account, on a server of its own, because it changes the owner.
import { expect, hydrated, look, OWNER, test } from "../fixtures/test.js";

test.beforeEach(async ({ context, page, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/settings`);
  await hydrated(page);
});

test("name and address are saved and shown", async ({ page }) => {
  await look(page, "settings-profile");
  await page.getByLabel("Name (optional)").fill("Augusta Ada King");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Settings" })).toContainText("Augusta Ada King");
  await page.reload();
  await expect(page.getByLabel("Name (optional)")).toHaveValue("Augusta Ada King");
});

test("the chosen theme is there on the first paint of the next visit", async ({ page, emptyServer }) => {
  const html = page.locator("html");
  await expect(html).not.toHaveAttribute("data-theme");
  const saved = page.waitForResponse(/update_theme/);
  await page.getByRole("radio", { name: "Dark" }).check({ force: true });
  await expect(html).toHaveAttribute("data-theme", "dark");
  expect((await saved).status()).toBe(200);

  const markup = await (await page.request.get(`${emptyServer.url}/settings`)).text();
  expect(markup).toContain('data-theme="dark"');
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(background).toBe("rgb(22, 22, 21)");
});

test("the password is changed with the one in force only", async ({ page, consoleGuard, context, emptyServer }) => {
  consoleGuard.expectStatus(400, 403, 401);
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("difference engine");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Current password")).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("Current password").fill(OWNER.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Password changed.")).toBeVisible();
  await expect(page.getByLabel("Current password")).toHaveValue("");
  await context.clearCookies();
  await emptyServer.signIn(context.request, { email: OWNER.email, password: "difference engine" });
});
