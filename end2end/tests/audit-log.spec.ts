// Who changed what: what an owner did stands in the log with what was there before; for a member there is no log.
import { expect, hydrated, look, test } from "../fixtures/test.js";

interface Model {
  id: string;
  is_default: boolean;
  model_config: Record<string, unknown>;
}

const MEMBER = { email: "mia@example.com", username: "mia", name: "Mia Moss", password: "correct horse battery" };

test("an owner sees who changed what, and what was there before", async ({ page, startServer, context, consoleGuard }) => {
  consoleGuard.expectStatus(400);
  test.slow();
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const api = `${server.url}/api/experimental/chats`;
  const models: Model[] = await (await context.request.get(`${api}/model-configs`)).json();
  const model = models.find((model) => model.is_default)!;
  const price = async (dollars: string) => {
    const cost = { input_price_per_million_tokens: dollars };
    const data = { model_config: { ...model.model_config, cost } };
    const changed = await context.request.patch(`${api}/model-configs/${model.id}`, { data });
    expect(changed.status(), await changed.text()).toBe(200);
  };
  await price("3");
  await price("4.5");

  await page.goto(`${server.url}/settings/agents`);
  await hydrated(page);
  const instructions = page.getByRole("textbox", { name: "Instructions for everybody" });
  await instructions.fill("Say what you did.");
  await page.getByRole("button", { name: "Save for everybody" }).click();
  await expect(page.locator("#system-prompt").getByText("Saved", { exact: true })).toBeVisible();

  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Audit log" }).click();
  const log = page.getByRole("table", { name: "Audit log" });
  await expect(log.getByRole("row")).toHaveCount(5);
  const prompt = log.getByRole("row").filter({ hasText: "Prompt changed" });
  await prompt.getByText("Prompt changed").click();
  await expect(prompt.locator(".audit-before")).toContainText("(empty)");
  await expect(prompt.locator(".audit-after")).toContainText("Say what you did.");
  const priced = log.getByRole("row").filter({ hasText: "Model changed" }).first();
  await priced.getByText("Model changed").click();
  const change = priced.locator(".audit-change");
  await expect(change).toContainText("model_config.cost.input_price_per_million_tokens");
  await expect(change.locator(".audit-before pre")).toHaveText("3");
  await expect(change.locator(".audit-after pre")).toHaveText("4.5");
  await expect(priced).toContainText("127.0.0.1");
  await look(page, "audit-log");

  // Narrowed by a plain form, which the address keeps.
  await page.getByLabel("Target").selectOption("prompt");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page).toHaveURL(/kind=prompt/);
  await expect(log.getByRole("row")).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Who" }).fill("nobody");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page.getByText("Nothing found")).toBeVisible();
  await look(page, "audit-log-nothing");
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(log.getByRole("row")).toHaveCount(5);
  await page.goto(`${server.url}/settings/audit-log?from=yesterday`);
  await expect(page.getByRole("alert")).toContainText("Give a day such as 2026-03-01.");
});

test("shows more of a long log", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const url = `${server.url}/api/experimental/chats/config/retention-days`;
  for (let days = 1; days <= 50; days += 1) {
    expect((await context.request.put(url, { data: { retention_days: days } })).status()).toBe(204);
  }
  await page.goto(`${server.url}/settings/audit-log`);
  await hydrated(page);
  const rows = page.getByRole("table", { name: "Audit log" }).getByRole("row");
  await expect(rows).toHaveCount(51);
  await page.getByRole("link", { name: "Show more" }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.last()).toContainText("setting up the server");
  await page.getByRole("link", { name: "Newest" }).click();
  await expect(rows).toHaveCount(51);
});

test("for a member there is no log", async ({ page, startServer, context, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const made = await context.request.post(`${server.url}/api/v2/users`, { data: MEMBER });
  expect(made.status(), await made.text()).toBe(201);
  await context.clearCookies();
  await server.signIn(context.request, MEMBER);
  expect((await context.request.get(`${server.url}/api/v2/audit-log`)).status()).toBe(404);
  await page.goto(`${server.url}/settings`);
  await hydrated(page);
  await expect(page.getByRole("link", { name: "Audit log" })).toHaveCount(0);
  await page.goto(`${server.url}/settings/audit-log`);
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
});
