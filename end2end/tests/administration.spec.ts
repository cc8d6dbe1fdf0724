// One administrator's way through the settings: what they set up works, stands in the audit log, and is not there for a member.
import { expect, hydrated, test } from "../fixtures/test.js";

const MEMBER = { email: "mia@example.com", username: "mia", name: "Mia Moss", password: "correct horse battery" };
const ADMINISTRATION = ["providers", "prompt", "folders", "server", "templates", "users", "audit-log"];

test("a model is added, priced and chatted with, the audit log lists it all, and a member sees none of it", async ({
  page,
  context,
  emptyServer,
  standin,
  consoleGuard,
}) => {
  test.slow();
  const { url } = emptyServer;
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${url}/settings/providers`);
  await hydrated(page);
  await page.getByRole("button", { name: "Add provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("openai-compat");
  await dialog.getByLabel("Name (optional)").fill("Stand-in");
  await dialog.getByLabel("Base URL (optional)").fill(`${standin}/v1`);
  await dialog.getByLabel("API key (optional)").fill("sk-never-shown");
  await dialog.getByRole("button", { name: "Add and test" }).click();
  const card = page.getByRole("region", { name: "Stand-in" });
  await card.getByRole("checkbox", { name: /standin-large/ }).check();
  await card.getByRole("button", { name: "Add 1 model" }).click();
  const row = card.getByRole("row", { name: /standin-large/ });
  await expect(row).toContainText("No price");
  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: /^Edit standin-large/ });
  await edit.getByLabel(/^Input/).fill("2");
  await edit.getByLabel(/^Output/).fill("8");
  await edit.getByRole("button", { name: "Save", exact: true }).click();
  await expect(edit).toBeHidden();
  await expect(row).not.toContainText("No price");

  await page.goto(`${url}/agents`);
  await hydrated(page);
  const chosen = page.getByRole("combobox", { name: "Model" }).locator("option:checked");
  await expect(chosen).toHaveText("standin-large");
  const task = page.getByRole("textbox", { name: "What should be done?" });
  await task.fill("Good morning");
  await task.press("Enter");
  await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);
  await expect(page.locator(".by-agent .prose").last()).not.toBeEmpty();

  await page.goto(`${url}/settings/agents`);
  await hydrated(page);
  await page.getByLabel("People may open the desktops of workspaces").check();
  await page.getByRole("button", { name: "Save whether there are desktops" }).click();
  await expect(page.locator("#desktop-enabled").getByText("Saved")).toBeVisible();
  await page.getByRole("textbox", { name: "Instructions for everybody" }).fill("Be brief.");
  await page.getByRole("button", { name: "Save for everybody" }).click();
  await expect(page.locator("#system-prompt").getByText("Saved", { exact: true })).toBeVisible();
  const made = await context.request.post(`${url}/api/v2/users`, { data: MEMBER });
  expect(made.status(), await made.text()).toBe(201);

  // Its calls are booked at the price that was set.
  await page.goto(`${url}/settings/analytics`);
  await hydrated(page);
  const spent = page.getByRole("table", { name: "By model" }).getByRole("row", { name: /standin-large/ });
  await expect(spent).toContainText("$");
  await expect(spent).not.toContainText("No price");

  await page.getByRole("link", { name: "Audit log" }).click();
  const log = page.getByRole("table", { name: "Audit log" });
  for (const [done, what] of [
    ["User created", "mia"],
    ["Prompt changed", "system_prompt"],
    ["Setting changed", "enable_desktop"],
    ["Model changed", "standin-large"],
    ["Model added", "standin-large"],
    ["Provider added", "Stand-in"],
  ] as const) {
    await expect(log.getByRole("row").filter({ hasText: done }).filter({ hasText: what }).first()).toContainText("ada");
  }
  await expect(log).not.toContainText("sk-never-shown");

  // Nothing of it is there for a member; the model is.
  await context.clearCookies();
  await emptyServer.signIn(context.request, MEMBER);
  consoleGuard.expectStatus(404);
  await page.goto(`${url}/settings`);
  await hydrated(page);
  const places = page.getByRole("navigation", { name: "Settings" });
  await expect(places.getByText("Administration")).toHaveCount(0);
  for (const place of ADMINISTRATION) {
    await expect(places.locator(`a[href="/settings/${place}"]`)).toHaveCount(0);
    await page.goto(`${url}/settings/${place}`);
    await expect(page.getByRole("heading", { name: "Page not found" }), place).toBeVisible();
  }
  for (const path of ["/api/v2/audit-log", "/api/v2/users", "/api/v2/deployment/settings", "/api/experimental/chats/config/system-prompt"]) {
    expect((await context.request.get(`${url}${path}`)).status(), path).toBe(404);
  }
  await page.goto(`${url}/settings/agents`);
  await expect(page.getByRole("heading", { name: "Your instructions" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Instructions for everybody" })).toHaveCount(0);
  await page.goto(`${url}/agents`);
  await expect(chosen).toHaveText("standin-large");
});
