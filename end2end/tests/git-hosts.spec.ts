// Tokens for git hosts: added, replaced, removed, and never shown.
import { expect, hydrated, look, test } from "../fixtures/test.js";

const SECRET = "glpat-never-to-be-seen";

test("a token is added, replaced and removed, and never comes back", async ({ page, startServer, context, consoleGuard }) => {
  // A host that is none is refused.
  consoleGuard.expectStatus(400);
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  await page.goto(`${server.url}/settings/git-hosts`);
  await hydrated(page);
  await expect(page.getByText("No git hosts yet")).toBeVisible();
  await look(page, "settings-git-hosts-empty");

  await page.getByRole("button", { name: "Add host" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Host").fill("git.example.com/team");
  await dialog.getByLabel("Personal access token").fill(SECRET);
  await dialog.getByRole("button", { name: "Add host" }).click();
  await expect(dialog.getByText("Enter the host alone")).toBeVisible();
  await expect(dialog.getByLabel("Host")).toBeFocused();
  await look(page, "settings-git-hosts-add", { fullPage: false });
  await dialog.getByLabel("Host").fill("https://Git.Example.com");
  await dialog.getByRole("button", { name: "Add host" }).click();
  const row = page.getByRole("row", { name: /git\.example\.com/ });
  await expect(row).toContainText("x-access-token");
  await expect(row).toContainText("never");
  await look(page, "settings-git-hosts");

  await page.getByRole("button", { name: "Actions for git.example.com" }).click();
  await page.getByRole("menuitem", { name: "Replace token" }).click();
  await expect(dialog).toContainText("Replace the token for git.example.com");
  await dialog.getByLabel("Personal access token").fill(`${SECRET}-again`);
  await dialog.getByLabel("User name").fill("ada");
  await look(page, "settings-git-hosts-replace", { fullPage: false });
  await dialog.getByRole("button", { name: "Replace token" }).click();
  await expect(row).toContainText("ada");

  await page.reload();
  await hydrated(page);
  expect(await page.content()).not.toContain(SECRET);
  await page.getByRole("button", { name: "Actions for git.example.com" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await expect(dialog).toContainText("Remove the token for git.example.com?");
  await look(page, "settings-git-hosts-remove", { fullPage: false });
  await dialog.getByRole("button", { name: "Remove token" }).click();
  await expect(page.getByText("No git hosts yet")).toBeVisible();
});
