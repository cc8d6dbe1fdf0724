// What goes wrong around a chat, and what its page says then: each fault is told where it happened, and nothing is lost.
import { rm } from "node:fs/promises";

import { createChat, openChat, send, shownAnswer, storedAnswer, untilIdle } from "../fixtures/chats.js";
import { expect, look, test } from "../fixtures/test.js";

const EMPTY = { new_workspace: { mode: "empty" } };

const call = (command: string, timeout = "20s") => `!call execute ${JSON.stringify({ command, timeout })}\n!then\n!text "I saw it."`;

test("a server that restarts while a chat is open loses and repeats nothing", async ({ page, startServer, context, consoleGuard }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const chat = await createChat(context.request, server.url, "!tokens 600\n!pace 10ms");
  await openChat(page, server.url, chat);
  await expect.poll(async () => (await shownAnswer(page)).length).toBeGreaterThan(200);
  consoleGuard.expect(/WebSocket connection to|net::ERR_CONNECTION/);
  await server.end("SIGKILL");
  await expect(page.getByText(/Connection lost/)).toBeVisible();
  await look(page, "chat-connection-lost", { fullPage: false });
  await server.startAgain();
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(page.getByText(/Connection lost/)).toHaveCount(0);
  await untilIdle(context.request, server.url, chat);
  const stored = await storedAnswer(context.request, server.url, chat);
  await expect.poll(() => shownAnswer(page)).toBe(stored);
  await send(page, '!text "Here I am again."');
  await expect(page.locator(".by-agent .prose").last()).toContainText("Here I am again.");
});

test("a provider that is down is retried, and the page says so", async ({ page, startServer, context }) => {
  const server = await startServer({ env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" } });
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const api = `${server.url}/api/experimental/chats`;
  const providers = (await (await context.request.get(`${api}/providers`)).json()) as { id: string; base_url?: string }[];
  const provider = providers.find(({ base_url }) => base_url?.includes("127.0.0.1:9"));
  const data = { provider_config_id: provider?.id, model: "some-model", context_limit: 100_000 };
  const created = await context.request.post(`${api}/model-configs`, { data });
  expect(created.status(), await created.text()).toBe(201);
  const { id } = (await created.json()) as { id: string };
  const chat = await createChat(context.request, server.url, "Hello", { model_config_id: id });
  await openChat(page, server.url, chat);
  await expect(page.locator(".live")).toContainText(/Retrying in \d+ s/, { timeout: 20_000 });
  await look(page, "chat-provider-down", { fullPage: false });
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.locator(".live")).toHaveCount(0);
});

test.describe("in a workspace", () => {
  test("a gigabyte of output is cut in the middle and says so", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, call("echo first; head -c 1000000000 /dev/zero | tr '\\0' 'x'; echo; echo last", "60s"), EMPTY);
    await openChat(page, server.url, chat);
    await expect(page.locator(".by-agent .prose", { hasText: "I saw it." })).toBeVisible({ timeout: 60_000 });
    const card = page.locator(".tool").first();
    if (!(await card.evaluate((element) => (element as HTMLDetailsElement).open))) await card.locator("summary").click();
    await expect(card.locator(".tool-output")).toContainText("first");
    await expect(card.locator(".tool-output")).toContainText("last");
    await expect(card).toContainText(/left out|omitted|truncated/i);
    expect((await card.innerText()).length).toBeLessThan(200_000);
  });

  test("output that is not text is shown as well as it can be", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, call("printf 'a\\377\\376b\\n'"), EMPTY);
    await openChat(page, server.url, chat);
    await expect(page.locator(".by-agent .prose", { hasText: "I saw it." })).toBeVisible({ timeout: 20_000 });
    await page.locator(".tool summary").first().click();
    await expect(page.locator(".tool-output").first()).toContainText(/a\uFFFD+b/);
  });

  test("a command that outlives its time goes on, and the card says so", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, call("echo begun; sleep 300", "1s"), EMPTY);
    await openChat(page, server.url, chat);
    await expect(page.locator(".by-agent .prose", { hasText: "I saw it." })).toBeVisible({ timeout: 20_000 });
    const card = page.locator(".tool").first();
    if (!(await card.evaluate((element) => (element as HTMLDetailsElement).open))) await card.locator("summary").click();
    await expect(card).toContainText("begun");
    await expect(card).toContainText(/still running|goes on|background/i);
    await look(page, "chat-command-outlives", { fullPage: false });
  });

  test("a short turn in a new workspace still shows its changes", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, '!pace 0\n!call execute {"command": "git init -q . && echo hi > new.txt"}\n!then\n!text "Done."', EMPTY);
    await openChat(page, server.url, chat);
    const panel = page.getByRole("region", { name: "Changes" });
    await expect(panel.locator(".file-head", { hasText: "new.txt" })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator(".top .chip")).toContainText("ready");
  });

  test("a workspace whose folder is gone is named", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, call("pwd"), EMPTY);
    await untilIdle(context.request, server.url, chat);
    const answer = await context.request.get(`${server.url}/api/experimental/chats/${chat}`);
    const { workspace_id } = (await answer.json()) as { workspace_id: string };
    const found = await context.request.get(`${server.url}/api/v2/workspaces/${workspace_id}`);
    const { working_directory } = (await found.json()) as { working_directory: string };
    await rm(working_directory, { recursive: true, force: true });
    await openChat(page, server.url, chat);
    await send(page, call("ls"));
    await expect(page.locator(".live")).toHaveCount(0, { timeout: 30_000 });
    const last = page.locator(".tool").last();
    await expect(last).toContainText("failed");
    await last.locator("summary").click();
    await expect(last).toContainText(/folder|directory/i);
    await look(page, "chat-workspace-gone", { fullPage: false });
  });
});

test("a message that is too large is refused and stays in the composer", async ({ page, server, asOwner, context, consoleGuard }) => {
  consoleGuard.expectStatus(400, 413);
  const chat = await createChat(context.request, server.url, '!text "one"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const text = `!text "much"\n${"x".repeat(6_000_000)}`;
  await send(page, text);
  await expect(page.getByRole("alert")).toContainText("longer than what can be sent at once", { timeout: 20_000 });
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue(text);
});

test("without a sandbox the page says so before anything runs", async ({ page, startServer, context }) => {
  const server = await startServer({ args: ["--no-sandbox"] });
  await server.createOwner(context.request);
  await server.signIn(context.request);
  await page.goto(`${server.url}/agents`);
  await expect(page.getByText("Agents are not kept apart from this machine")).toBeVisible();
  await look(page, "agents-no-sandbox", { fullPage: false });
  const chat = await createChat(context.request, server.url, call("true"), EMPTY);
  await openChat(page, server.url, chat);
  await expect(page.locator(".top")).toContainText("No sandbox", { timeout: 20_000 });
});
