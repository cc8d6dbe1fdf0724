// What is configured about agents, on a server of its own, because it holds for everybody.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, hydrated, look, OWNER, test } from "../fixtures/test.js";

const CONFIG = "/api/experimental/chats/config";

const own = (page: Page) => page.getByLabel("Instructions (optional)", { exact: true });
const everybodys = (page: Page) => page.getByLabel("Instructions for everybody (optional)");
const threshold = (page: Page) => page.getByRole("spinbutton").first();

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("instructions and thresholds are saved and shown", async ({ page, context, emptyServer }) => {
  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  await look(page, "settings-agents");
  await expectAccessible(page, "settings for agents");

  await own(page).fill("Answer in French.\nBe brief.");
  await page.getByRole("button", { name: "Save your instructions" }).click();
  await expect(page.locator("#user-prompt").getByText("Saved", { exact: true })).toBeVisible();

  await expect(page.getByText("You are a coding agent in Switchyard.")).toBeHidden();
  await page.getByText("Show the built-in instructions").click();
  await expect(page.getByText("You are a coding agent in Switchyard.")).toBeVisible();
  await everybodys(page).fill("Use tabs.");
  await page.getByLabel("Begin with the built-in instructions").uncheck();
  await page.getByRole("button", { name: "Save for everybody" }).click();
  await expect(page.locator("#system-prompt").getByText("Saved", { exact: true })).toBeVisible();

  await threshold(page).fill("40");
  await page.getByRole("button", { name: /^Save the threshold of/ }).first().click();
  await expect(page.getByText("Saved", { exact: true })).toHaveCount(3);

  await page.getByLabel("Instructions for plans (optional)").fill("Name the risks.");
  await page.getByRole("button", { name: "Save for plans" }).click();
  await expect(page.locator("#plan-mode").getByText("Saved", { exact: true })).toBeVisible();

  await page.reload();
  await expect(page.getByLabel("Instructions for plans (optional)")).toHaveValue("Name the risks.");
  await expect(own(page)).toHaveValue("Answer in French.\nBe brief.");
  await expect(everybodys(page)).toHaveValue("Use tabs.");
  await expect(page.getByLabel("Begin with the built-in instructions")).not.toBeChecked();
  await expect(threshold(page)).toHaveValue("40");
  const prompt = await (await context.request.get(`${emptyServer.url}${CONFIG}/system-prompt`)).json();
  expect(prompt).toMatchObject({ system_prompt: "Use tabs.", include_default_system_prompt: false });

  await hydrated(page);
  await threshold(page).fill("");
  await page.getByRole("button", { name: /^Save the threshold of/ }).first().click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  const own_thresholds = await context.request.get(`${emptyServer.url}${CONFIG}/user-compaction-thresholds`);
  expect(await own_thresholds.json()).toEqual({ thresholds: [] });
});

test("each setting says where it comes from, and the options of the server are listed with theirs", async ({ page, startServer }) => {
  const server = await startServer({
    env: { SWITCHYARD_CHAT_DEBUG_LOGGING_ENABLED: "true", SWITCHYARD_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64") },
  });
  await server.createOwner(page.context().request);
  await server.signIn(page.context().request);
  await page.goto(`${server.url}/settings/agents`);
  await hydrated(page);
  const section = (id: string) => page.locator(`#setting-${id}`);
  await expect(section("desktops").getByText("Default", { exact: true })).toBeVisible();
  await expect(section("everybodys-debug").getByText("Set by the server’s environment")).toBeVisible();
  await page.getByLabel("People may open the desktops of workspaces").check();
  await page.getByRole("button", { name: "Save whether there are desktops" }).click();
  await expect(section("desktops").getByText("Set here")).toBeVisible();
  await page.reload();
  await expect(section("desktops").getByText("Set here")).toBeVisible();
  await expect(section("planning").getByText("Default", { exact: true })).toBeVisible();

  // What is one's own says who chose it.
  const mine = section("your-instructions");
  await expect(mine.getByText("Default", { exact: true })).toBeVisible();
  await hydrated(page);
  await mine.getByRole("textbox", { name: /^Instructions/ }).fill("Be brief.");
  await mine.getByRole("button", { name: "Save your instructions" }).click();
  await expect(mine.getByText("Set by you", { exact: true })).toBeVisible();
  await expect(section("debug").getByText("Set for everybody by the server")).toBeVisible();
  const summaries = section("summaries");
  await expect(summaries.getByText("Default", { exact: true }).first()).toBeVisible();
  await summaries.getByRole("spinbutton").first().fill("40");
  await summaries.getByRole("button", { name: /^Save the threshold of/ }).first().click();
  await expect(summaries.getByText("Set by you", { exact: true })).toHaveCount(1);
  await page.reload();
  await hydrated(page);
  await expect(mine.getByText("Set by you", { exact: true })).toBeVisible();
  await summaries.getByRole("spinbutton").first().fill("");
  await summaries.getByRole("button", { name: /^Save the threshold of/ }).first().click();
  await expect(summaries.getByText("Set by you", { exact: true })).toHaveCount(0);
  await expectAccessible(page, "the sources of settings");

  await page.getByRole("link", { name: "Profile", exact: true }).click();
  const appearance = section("appearance");
  await expect(appearance.getByText("Default", { exact: true })).toBeVisible();
  await appearance.getByRole("radio", { name: "Dark", exact: true }).check();
  await expect(appearance.getByText("Set by you", { exact: true })).toBeVisible();

  await page.getByRole("link", { name: "Server", exact: true }).click();
  const options = page.getByRole("table", { name: "Options of the server" });
  const option = (flag: string) => options.getByRole("row").filter({ has: page.getByText(flag, { exact: true }).first() });
  await expect(option("--chat-debug-logging-enabled")).toContainText(/true\s*Environment/);
  await expect(option("--chat-debug-logging-enabled")).toContainText("SWITCHYARD_CHAT_DEBUG_LOGGING_ENABLED");
  await expect(option("--listen")).toContainText("Command line");
  await expect(option("--encryption-key")).toContainText("set, and not shown");
  await expect(options).not.toContainText(Buffer.alloc(32, 7).toString("base64"));
  await expect(option("--workspace-network")).toContainText("Default");
  await look(page, "settings-server");
});

test("models for other work are chosen in one form, and their choice outlives a reload", async ({ page, context, emptyServer }) => {
  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  const form = page.locator("#model-overrides");
  const titles = form.getByLabel("Titles");
  await expect(titles).toHaveValue("");
  await titles.selectOption({ index: 1 });
  const chosen = await titles.inputValue();
  await form.getByRole("button", { name: "Save the models" }).click();
  await expect(form.getByText("Saved", { exact: true })).toBeVisible();
  const kept = async (name: string) =>
    (await (await context.request.get(`${emptyServer.url}${CONFIG}/${name}-model-override`)).json()) as object;
  expect(await kept("title")).toMatchObject({ model_config_id: chosen });
  expect(await kept("summary")).not.toHaveProperty("model_config_id");
  await page.reload();
  await expect(titles).toHaveValue(chosen);
  await expect(form.getByLabel("Agents that explore")).toHaveValue("");
});

test("instructions as long as they may be are saved in any language; longer ones are told at their field", async ({ page, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(413);
  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  const save = page.getByRole("button", { name: "Save your instructions" });
  const form = page.locator("#user-prompt");
  await own(page).fill("ä".repeat(65_536));
  await save.click();
  await expect(form.getByText("Saved", { exact: true })).toBeVisible();
  await own(page).fill("€".repeat(131_072));
  await save.click();
  await expect(form.getByText("Use at most 131,072 bytes.")).toBeVisible();
  await expect(own(page)).toBeFocused();
  await expect(own(page)).toHaveAttribute("aria-invalid", "true");
  await expect(form.getByRole("alert")).toHaveCount(0);
});

test("a member has no instructions for everybody", async ({ page, context, emptyServer }) => {
  const member = { email: "grace@example.com", username: "grace", password: OWNER.password };
  await context.request.post(`${emptyServer.url}/api/v2/users`, { data: member });
  await context.clearCookies();
  await emptyServer.signIn(context.request, member);
  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  await expect(own(page)).toBeVisible();
  await expect(everybodys(page)).toHaveCount(0);
});

test("the forms work without JavaScript", async ({ browser, emptyServer }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: emptyServer.url });
  await emptyServer.signIn(context.request);
  const page = await context.newPage();
  await page.goto("/settings/agents");
  await own(page).fill("Be brief.");
  await page.getByRole("button", { name: "Save your instructions" }).click();
  await expect(page).toHaveURL(/\/settings\/agents/);
  await expect(own(page)).toHaveValue("Be brief.");

  await everybodys(page).fill("Use tabs.");
  await page.getByRole("button", { name: "Save for everybody" }).click();
  await expect(everybodys(page)).toHaveValue("Use tabs.");
  await expect(page.getByLabel("Begin with the built-in instructions")).toBeChecked();

  await threshold(page).fill("55");
  await page.getByRole("button", { name: /^Save the threshold of/ }).first().click();
  await expect(threshold(page)).toHaveValue("55");
  await context.close();
});
