// API tokens: created and shown once, used, revoked.
import { expect, hydrated, look, test } from "../fixtures/test.js";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a token is shown once, copied, works, and stops working when it is revoked", async ({
  page,
  startServer,
  context,
  playwright,
}) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  await page.goto(`${server.url}/settings/tokens`);
  await hydrated(page);
  await look(page, "settings-tokens-empty");

  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Name")).toBeVisible();
  await look(page, "settings-tokens-new", { fullPage: false });
  await dialog.getByLabel("Name").fill("deploy script");
  await dialog.getByRole("button", { name: "Create token" }).click();
  const key = (await dialog.locator("#created-token-key").textContent()) ?? "";
  expect(key.length).toBeGreaterThan(20);
  await look(page, "settings-tokens-created", { fullPage: false });
  await dialog.getByRole("button", { name: "Copy key" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("button", { name: "New token" })).toBeFocused();

  const client = await playwright.request.newContext({ extraHTTPHeaders: { Authorization: `Bearer ${key}` } });
  expect((await client.get(`${server.url}/api/v2/users/me`)).status()).toBe(200);
  await page.reload();
  await hydrated(page);
  await expect(page.locator("body")).not.toContainText(key);
  await look(page, "settings-tokens");

  await page.getByRole("button", { name: "Actions for deploy script" }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  await expect(page.getByRole("dialog")).toContainText("deploy script");
  await look(page, "settings-tokens-revoke", { fullPage: false });
  await page.getByRole("button", { name: "Revoke token" }).click();
  await expect(page.getByText("No tokens yet")).toBeVisible();
  expect((await client.get(`${server.url}/api/v2/users/me`)).status()).toBe(401);
  await client.dispose();
});

test("the menu is walked with the keyboard and gives the focus back", async ({ page, asOwner }) => {
  const name = `keyboard ${Date.now()}`;
  const created = await page.request.post("/api/v2/users/me/keys/tokens", { data: { token_name: name } });
  expect(created.status()).toBe(201);
  await page.goto("/settings/tokens");
  await hydrated(page);
  const button = page.getByRole("button", { name: `Actions for ${name}` });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Revoke" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
});
