// Accounts, by an owner; and what a member does not see.
import { expect, hydrated, look, OWNER, test } from "../fixtures/test.js";

const GRACE = { name: "Grace Hopper", username: "grace", email: "grace@example.com", password: "nanoseconds" };

test("an owner creates, changes and deletes an account", async ({ page, context, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(400, 409);
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/settings/users`);
  await hydrated(page);

  await page.getByRole("button", { name: "New user" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Name (optional)")).toBeFocused();
  await dialog.getByLabel("Name (optional)").fill(GRACE.name);
  await dialog.getByLabel("E-mail").fill(OWNER.email);
  await dialog.getByLabel("User name").fill(GRACE.username);
  await dialog.getByLabel("Password").fill(GRACE.password);
  await dialog.getByRole("button", { name: "Create user" }).click();
  await expect(dialog.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await look(page, "settings-users-refused", { fullPage: false });
  await dialog.getByLabel("E-mail").fill(GRACE.email);
  await dialog.getByRole("button", { name: "Create user" }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole("row", { name: /Grace Hopper/ });
  await expect(row).toContainText("Member");
  await look(page, "settings-users");

  const choose = async (item: string) => {
    await row.getByRole("button", { name: "Actions for Grace Hopper" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await choose("Make administrator");
  await expect(row).toContainText("Administrator");
  await expect(row.getByRole("button")).toBeFocused();
  await choose("Suspend");
  await expect(row).toContainText("Suspended");
  await choose("Reactivate");
  await expect(row).toContainText("Active");
  await choose("Reset password");
  await page.getByLabel("New password", { exact: true }).fill("compiler compiler");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Grace Hopper has a new password.")).toBeVisible();
  await choose("Delete");
  await page.getByRole("button", { name: "Delete user" }).click();
  await expect(row).toBeHidden();
});

test("many accounts are read page by page", async ({ page, context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  // One more than a page holds, with the owner; argon2 makes each one cost something, so several at once.
  const numbers = Array.from({ length: 50 }, (_, index) => String(index + 1).padStart(2, "0"));
  await Promise.all(
    numbers.map(async (number) => {
      const data = { ...GRACE, name: `Member ${number}`, username: `member${number}`, email: `member${number}@example.com` };
      const created = await context.request.post(`${emptyServer.url}/api/v2/users`, { data });
      expect(created.status(), await created.text()).toBe(201);
    }),
  );
  await page.goto(`${emptyServer.url}/settings/users`);
  await hydrated(page);
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(50);
  const first = await rows.allInnerTexts();
  const pager = page.getByRole("navigation", { name: "Pages of users" });
  await pager.getByRole("link", { name: "Next page" }).click();
  await page.waitForURL(/after=/);
  await expect(rows).toHaveCount(1);
  expect(first).not.toContain(await rows.first().innerText());
  await expect(pager.getByRole("link", { name: "Next page" })).toHaveCount(0);
  await page.reload();
  await hydrated(page);
  await expect(rows).toHaveCount(1);
  await pager.getByRole("link", { name: "First page" }).click();
  await expect(rows).toHaveCount(50);
});

test("a member sees nothing of the administration", async ({ page, context, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  const created = await context.request.post(`${emptyServer.url}/api/v2/users`, { data: GRACE });
  expect(created.status()).toBe(201);
  await context.clearCookies();
  await emptyServer.signIn(context.request, GRACE);

  await page.goto(`${emptyServer.url}/settings`);
  await expect(page.getByRole("navigation", { name: "Settings" })).not.toContainText("Users");
  for (const path of ["users", "providers", "folders"]) {
    const answer = await page.goto(`${emptyServer.url}/settings/${path}`);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  }
});
