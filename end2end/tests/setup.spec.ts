// The first visit: set-up, and that it happens once.
import { expect, hydrated, look, OWNER, test } from "../fixtures/test.js";

test("the first visit asks for the administrator and leads to the chats", async ({ page, emptyServer }) => {
  await page.goto(`${emptyServer.url}/`);
  await expect(page).toHaveURL(`${emptyServer.url}/setup`);
  await expect(page).toHaveTitle("Set up · Switchyard");
  await look(page, "setup");

  await hydrated(page);
  await page.getByLabel("Your name").fill(OWNER.name);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("User name").fill(OWNER.username);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(`${emptyServer.url}/agents`);

  await page.goto(`${emptyServer.url}/setup`);
  await expect(page).not.toHaveURL(/setup/);
});

test("a refused field says why at the field and keeps what was typed", async ({ page, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(400);
  await page.goto(`${emptyServer.url}/setup`);
  await hydrated(page);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("User name").fill("not a user name");
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Create account" }).click();

  const username = page.getByLabel("User name");
  await expect(username).toHaveAttribute("aria-invalid", "true");
  await expect(username).toBeFocused();
  await expect(page.locator("#field-username-note")).not.toBeEmpty();
  await expect(page.getByLabel("E-mail")).toHaveValue(OWNER.email);
  await look(page, "setup-refused");
});

test("set-up works without JavaScript", async ({ browser, emptyServer }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${emptyServer.url}/`);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("User name").fill(OWNER.username);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(`${emptyServer.url}/agents`);
  await context.close();
});
