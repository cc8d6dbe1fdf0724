// What administrators, auditors and people without agents access find, and what they do not.
import type { APIRequestContext } from "@playwright/test";

import { expect, expectAccessible, hydrated, look, OWNER, test } from "../fixtures/test.js";
import type { Server } from "../fixtures/server.js";

const PASSWORD = "nanoseconds";
const address = (name: string) => `${name}@example.com`;

/** Makes an account and signs in as it; the owner must be signed in. */
async function become(server: Server, request: APIRequestContext, username: string, more: object): Promise<void> {
  const data = { username, email: address(username), password: PASSWORD, ...more };
  const created = await request.post(`${server.url}/api/v2/users`, { data });
  expect(created.status(), await created.text()).toBe(201);
  await server.signIn(request, { email: address(username), password: PASSWORD });
}

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("an administrator manages everybody but owners", async ({ page, context, emptyServer }) => {
  await become(emptyServer, context.request, "adam", { role: "admin" });
  await page.goto(`${emptyServer.url}/settings/users`);
  await hydrated(page);
  const owner = page.getByRole("row", { name: new RegExp(OWNER.email) });
  await expect(owner).toContainText("Owner");
  await expect(owner.getByRole("button")).toHaveCount(0);

  await page.getByRole("button", { name: "New user" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Role").locator("option")).toHaveText(["Member", "Auditor", "Administrator"]);
  await dialog.getByLabel("Name (optional)").fill("Grace Hopper");
  await dialog.getByLabel("E-mail").fill(address("grace"));
  await dialog.getByLabel("User name").fill("grace");
  await dialog.getByLabel("Role").selectOption("Auditor");
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByLabel("May use agents").uncheck();
  await dialog.getByRole("button", { name: "Create user" }).click();
  await expect(dialog).toBeHidden();
  const grace = page.getByRole("row", { name: /Grace Hopper/ });
  await expect(grace).toContainText("Auditor");
  await expect(grace).toContainText("No agents");
  await look(page, "settings-users-roles");

  const choose = async (item: string) => {
    await grace.getByRole("button", { name: "Actions for Grace Hopper" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await grace.getByRole("button", { name: "Actions for Grace Hopper" }).click();
  await expect(page.getByRole("menuitem", { name: "Make owner" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await choose("Give agents access");
  await expect(grace).not.toContainText("No agents");
  await choose("Make member");
  await expect(grace).toContainText("Member");
});

test("who is invited sets their own password with a link", async ({ page, context, browser, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  await page.goto(`${emptyServer.url}/settings/users`);
  await hydrated(page);
  await page.getByRole("button", { name: "New user" }).click();
  const form = page.getByRole("dialog", { name: "New user" });
  await form.getByLabel("E-mail").fill(address("grace"));
  await form.getByLabel("User name").fill("grace");
  await form.getByRole("button", { name: "Create user" }).click();
  const shown = page.getByRole("dialog", { name: "Link to set a password" });
  const link = await shown.locator("#password-link-url").innerText();
  await look(page, "settings-users-link", { fullPage: false });
  await shown.getByRole("button", { name: "Done" }).click();
  await expect(shown).toBeHidden();

  const guest = await browser.newContext();
  const visit = await guest.newPage();
  await visit.goto(link);
  await hydrated(visit);
  await look(visit, "set-password");
  await visit.getByLabel("Password").fill(PASSWORD);
  await visit.getByRole("button", { name: "Set password" }).click();
  await expect(visit).toHaveURL(`${emptyServer.url}/login`);
  await visit.getByLabel("E-mail").fill(address("grace"));
  await visit.getByLabel("Password").fill(PASSWORD);
  await visit.getByRole("button", { name: "Sign in" }).click();
  await expect(visit).toHaveURL(`${emptyServer.url}/agents`);

  await visit.goto(link);
  await hydrated(visit);
  await visit.getByLabel("Password").fill(PASSWORD);
  await visit.getByRole("button", { name: "Set password" }).click();
  await expect(visit.getByText("This link does not hold any more")).toBeVisible();
  await guest.close();
  await context.clearCookies();
});

test("an auditor looks at everything and changes nothing", async ({ page, context, emptyServer }) => {
  await become(emptyServer, context.request, "aude", { role: "auditor" });
  await page.goto(`${emptyServer.url}/settings/users`);
  await hydrated(page);
  const nav = page.getByRole("navigation", { name: "Settings" });
  for (const place of ["Providers and models", "Allowed folders", "Templates", "Users", "Audit log"]) {
    await expect(nav.getByRole("link", { name: place })).toBeVisible();
  }
  await expect(page.getByRole("row", { name: new RegExp(OWNER.email) })).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);

  for (const path of ["providers", "folders", "templates"]) {
    await page.goto(`${emptyServer.url}/settings/${path}`);
    await hydrated(page);
    await expect(page.getByText("You can look at this, and not change it")).toBeVisible();
    for (const button of await page.getByRole("main").getByRole("button").all()) {
      await expect(button).toBeDisabled();
    }
  }
  await look(page, "settings-only-looked-at");
  await expectAccessible(page, "settings that may only be looked at");

  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  await expect(page.getByLabel("Begin with the built-in instructions")).toBeDisabled();
  await expect(page.getByRole("button", { name: "Save your instructions" })).toBeEnabled();
  await page.goto(`${emptyServer.url}/settings/audit-log`);
  await expect(page.getByRole("heading", { name: "Audit log", level: 1 })).toBeVisible();
  await page.goto(`${emptyServer.url}/settings/analytics?people=1`);
  await expect(page.getByRole("link", { name: "Everybody" })).toHaveAttribute("aria-current", "page");
});

test("without agents access the page says so where the composer would be", async ({ page, context, emptyServer }) => {
  await become(emptyServer, context.request, "mia", {});
  const chats = `${emptyServer.url}/api/experimental/chats`;
  const data = { content: [{ type: "text", text: "!text Hello" }] };
  const created = await context.request.post(chats, { data });
  expect(created.status(), await created.text()).toBe(201);
  const { id } = (await created.json()) as { id: string };
  await emptyServer.signIn(context.request);
  const change = { data: { agents_access: false } };
  const changed = await context.request.patch(`${emptyServer.url}/api/v2/users/mia`, change);
  expect(changed.status(), await changed.text()).toBe(200);
  await emptyServer.signIn(context.request, { email: address("mia"), password: PASSWORD });

  await page.goto(`${emptyServer.url}/agents`);
  await hydrated(page);
  await expect(page.getByText("Your account may not use agents")).toBeVisible();
  await expect(page.getByLabel("What should be done?")).toHaveCount(0);
  await page.goto(`${emptyServer.url}/agents/${id}`);
  await hydrated(page);
  await expect(page.getByText("Hello").first()).toBeVisible();
  await expect(page.getByText("Your account may not use agents")).toBeVisible();
  await expect(page.getByLabel("Message", { exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Edit this message" })).toHaveCount(0);
  await look(page, "chat-without-agents-access");
  const refused = await context.request.post(`${chats}/${id}/messages`, { data });
  expect(refused.status()).toBe(403);
});
