// Looking inside: what models were asked is allowed by an owner, wished by a person, and seen beside the chat as it happens.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Locator, Page } from "@playwright/test";

import { createChat, openChat, send, untilIdle } from "../fixtures/chats.js";
import { choosePanel } from "../fixtures/desktops.js";
import { expect, expectAccessible, hydrated, look, test } from "../fixtures/test.js";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

const MIA = { username: "mia", email: "mia@example.com", password: "a long enough word" };
const FORCED = "This deployment records everybody’s calls";
const wish = (page: Page) => page.getByLabel("Record what the models of my chats are asked and answer");
const allowance = (page: Page) => page.getByLabel("People may have the calls of their own chats recorded");
const runs = (page: Page) => page.locator(".debug-run");
const steps = (page: Page) => page.locator(".debug-step");
const line = (of: Locator) => of.locator("> summary");

async function openSettings(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/settings/agents`);
  await hydrated(page);
}

/** Downloads what a link leads to. */
async function download(page: Page, name: string): Promise<{ runs: { id: string; kind: string; steps: unknown[] }[] }> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
  return JSON.parse(await readFile(await file.path(), "utf8")) as { runs: { id: string; kind: string; steps: unknown[] }[] };
}

/** On a narrow window the panel lies over the chat. */
async function lookNarrow(page: Page, name: string): Promise<void> {
  const before = page.viewportSize()!;
  await page.setViewportSize({ width: 375, height: 812 });
  await page.getByRole("button", { name: "Show or hide the changes" }).click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator(".debug-bar")).toBeInViewport();
    await page.screenshot({ path: join(import.meta.dirname, `../artifacts/${name}-375-${colorScheme}.png`) });
    await expectAccessible(page, `${name} over the chat, ${colorScheme}`);
  }
  await page.getByRole("button", { name: "Close the panel" }).click();
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(before);
}

test("an owner allows it, a person wishes it and sees what the model is asked as it happens", async ({ page, startServer, standin, consoleGuard }) => {
  test.slow();
  const server = await startServer({ env: { OPENAI_API_KEY: "right", OPENAI_BASE_URL: `${standin}/v1` } });
  const { request } = page.context();
  await server.createOwner(request);
  await server.signIn(request);

  const before = await createChat(request, server.url, '!text "Unseen."');
  await untilIdle(request, server.url, before);
  await openChat(page, server.url, before);
  await expect(page.getByRole("radio", { name: "Debug" })).toHaveCount(0);

  await openSettings(page, server.url);
  await expect(wish(page)).toBeDisabled();
  await expect(page.getByText("An owner of this deployment has to allow it first.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save whether my calls are recorded" })).toBeDisabled();
  // What is typed elsewhere on the page survives what is saved here.
  await page.getByLabel("Instructions (optional)", { exact: true }).fill("Be brief.");
  await allowance(page).check();
  await page.getByRole("button", { name: "Save whether people may record calls" }).click();
  await expect(page.locator("#debug-logging").getByText("Saved", { exact: true })).toBeVisible();
  await expect(wish(page)).toBeEnabled();
  await wish(page).check();
  await page.getByRole("button", { name: "Save whether my calls are recorded" }).click();
  await expect(page.locator("#user-debug-logging").getByText("Saved", { exact: true })).toBeVisible();
  await expect(page.getByLabel("Instructions (optional)", { exact: true })).toHaveValue("Be brief.");
  await page.reload();
  await expect(allowance(page)).toBeChecked();
  await expect(wish(page)).toBeChecked();

  // The chat has no workspace and a panel all the same.
  await openChat(page, server.url, before);
  await choosePanel(page, "Debug");
  await expect(page.getByText("Nothing is recorded yet")).toBeVisible();
  await look(page, "debug-empty", { fullPage: false });
  await expect(page.getByRole("link", { name: "Export chat" })).toBeHidden();

  await send(page, '!stall 4s\n!call list_agents {}\n!then\n!text "Found <b>nobody</b>."');
  await expect(runs(page)).toHaveCount(1);
  const turn = runs(page).first();
  await expect(line(turn)).toContainText("Running");
  await line(turn).click();
  await expect(steps(page)).toHaveCount(1);
  // It goes on before the reader's eyes.
  await expect(steps(page)).toHaveCount(2, { timeout: 30_000 });
  await expect(line(turn)).toContainText("Completed", { timeout: 30_000 });
  await expect(line(turn)).toContainText("2 steps");
  await expect(turn).toHaveAttribute("open");

  const second = steps(page).nth(1);
  await line(second).click();
  await expect(second.getByText(/% kept since step 1/)).toBeVisible();
  await expect(second.getByText("Show all", { exact: false }).first()).toBeVisible();
  const output = second.locator(".debug-section", { has: page.getByRole("heading", { name: "Output" }) });
  await expect(output).toContainText("Found <b>nobody</b>.");
  await expect(output.locator("b")).toHaveCount(0);
  await expect(second.getByRole("table", { name: "Usage" })).toContainText("Output tokens");
  await second.getByText(/^\d raw attempt/).click();
  await second.locator(".debug-attempt-list summary").first().click();
  await expect(second.getByText(/^POST/).first()).toBeVisible();
  await expect(second.getByRole("table", { name: "Request headers" })).toContainText("[REDACTED]");
  await expect(second.getByLabel("Request body")).toContainText('"model":');
  await look(page, "debug-step", { fullPage: false });
  await lookNarrow(page, "debug-step-panel");

  await second.getByLabel("Search in this step").fill("NOBODY");
  await expect(output.locator("mark").first()).toHaveText("nobody");
  await second.getByLabel("Search in this step").fill("");
  await second.getByRole("button", { name: "Copy request", exact: true }).click();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { messages: unknown[] };
  expect(copied.messages.length).toBeGreaterThan(2);

  expect((await download(page, "Export run")).runs.map(({ kind }) => kind)).toEqual(["chat_turn"]);
  const whole = await download(page, "Export chat");
  expect(whole.runs[0]?.steps.length).toBe(2);

  await page.getByLabel("Search runs").fill("no such words");
  await expect(page.getByText("No run has these words")).toBeVisible();
  await page.getByLabel("Search runs").fill("completed turn");
  await expect(runs(page)).toHaveCount(1);

  // What was read stays when it cannot be read anew.
  await page.route("**/api/page/list_debug_runs", (route) => route.abort());
  consoleGuard.expect(/ERR_FAILED/);
  await page.getByRole("button", { name: "Read the runs again" }).click();
  await expect(page.getByText("Not read anew: this is what was seen before")).toBeVisible();
  await expect(runs(page)).toHaveCount(1);
  await page.unroute("**/api/page/list_debug_runs");
  await page.getByRole("button", { name: "Read the runs again" }).click();
  await expect(page.getByText("Not read anew: this is what was seen before")).toHaveCount(0);

  // Without the wish the tab is gone; what was kept stays.
  await openSettings(page, server.url);
  await wish(page).uncheck();
  await page.getByRole("button", { name: "Save whether my calls are recorded" }).click();
  await expect(page.locator("#user-debug-logging").getByText("Saved", { exact: true })).toBeVisible();
  await openChat(page, server.url, before);
  await expect(page.getByRole("radio", { name: "Debug" })).toHaveCount(0);
});

test("a member sees nothing of what owners decide, and what the deployment forces cannot be changed", async ({ page, startServer }) => {
  const server = await startServer({ env: { SWITCHYARD_CHAT_DEBUG_LOGGING_ENABLED: "true" } });
  const { request } = page.context();
  await server.createOwner(request);
  await server.signIn(request);
  const made = await request.post(`${server.url}/api/v2/users`, { data: MIA });
  expect(made.status(), await made.text()).toBe(201);

  await openSettings(page, server.url);
  for (const box of [wish(page), allowance(page)]) {
    await expect(box).toBeChecked();
    await expect(box).toBeDisabled();
  }
  await expect(page.getByText(FORCED)).toHaveCount(2);
  for (const name of ["Save whether my calls are recorded", "Save whether people may record calls"]) {
    await expect(page.getByRole("button", { name })).toBeDisabled();
  }
  await look(page, "debug-settings-forced");

  await page.context().clearCookies();
  await server.signIn(request, MIA);
  await openSettings(page, server.url);
  await expect(wish(page)).toBeChecked();
  await expect(wish(page)).toBeDisabled();
  await expect(page.getByText(FORCED)).toHaveCount(1);
  await expect(allowance(page)).toHaveCount(0);
  await expect(page.getByText("Debug for everybody")).toHaveCount(0);
  await expectAccessible(page, "a member's settings");

  const chat = await createChat(request, server.url, '!text "Said."');
  await untilIdle(request, server.url, chat);
  await openChat(page, server.url, chat);
  await choosePanel(page, "Debug");
  // The turn and its title.
  await expect(runs(page)).toHaveCount(2);
  await line(runs(page).last()).click();
  await line(steps(page).first()).click();
  await expect(page.getByText("No HTTP request is recorded of this step.")).toBeVisible();
  await look(page, "debug-runs", { fullPage: false });
  await lookNarrow(page, "debug-runs-panel");
});
