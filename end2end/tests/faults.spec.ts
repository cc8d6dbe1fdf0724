// What goes wrong around a chat, and what its page says then: each fault is told where it happened, and nothing is lost.
import { rm, writeFile } from "node:fs/promises";

import type { APIRequestContext, Page } from "@playwright/test";

import { asPage, createChat, openChat, send, shownAnswer, storedAnswer, storedMessages, untilIdle } from "../fixtures/chats.js";
import type { Server } from "../fixtures/server.js";
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
  // The page tries again by itself too: then the button is gone before a hand is at it, and a click would wait for ever.
  await expect(async () => {
    const again = page.getByRole("button", { name: "Try now" });
    if (await again.isVisible()) await again.click({ timeout: 2_000 });
    await expect(page.getByText(/Connection lost/)).toHaveCount(0, { timeout: 3_000 });
  }).toPass({ timeout: 30_000 });
  const asked = asPage(page);
  await untilIdle(asked, server.url, chat);
  const stored = await storedAnswer(asked, server.url, chat);
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

test.describe("on a small disk", () => {
  /** Fills the server's disk and the room that its database has kept; returns what gives the space back. */
  async function fill(server: Server, request: APIRequestContext): Promise<() => Promise<void>> {
    const free = await server.fillDisk();
    for (const length of [200_000, 20_000, 2_000, 20]) {
      const data = { content: [{ type: "text", text: "x".repeat(length) }], client_type: "ui" };
      await expect(async () => {
        const refused = await request.post(`${server.url}/api/experimental/chats`, { data });
        expect(refused.status()).toBe(503);
        expect(((await refused.json()) as { message: string }).message).toMatch(/no space/i);
      }).toPass({ intervals: [0], timeout: 30_000 });
    }
    return free;
  }

  test("a message that cannot be kept is refused with the reason, and stays in the composer", async ({ page, startServer, context, consoleGuard }) => {
    const server = await startServer({ diskMegabytes: 48 });
    await server.createOwner(context.request);
    await server.signIn(context.request);
    const chat = await createChat(context.request, server.url, '!text "There is room."');
    await untilIdle(context.request, server.url, chat);
    await openChat(page, server.url, chat);
    const free = await fill(server, context.request);
    consoleGuard.expect(/status of 503/);
    const words = `Remember me. ${"and this. ".repeat(2_000)}`;
    // The database may come to room of its own once more, when it begins its log anew: then the message is kept.
    await expect(async () => {
      await send(page, words);
      await expect(page.getByText(/no space/i).first()).toBeVisible({ timeout: 3_000 });
    }).toPass({ timeout: 60_000 });
    await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue(words);
    await look(page, "chat-disk-full", { fullPage: false });
    await free();
    await send(page, '!text "Now it went through."');
    await expect(page.locator(".by-agent .prose").last()).toContainText("Now it went through.");
  });

  test("a turn that cannot be kept says so, waits for room and goes on", async ({ page, startServer, context }) => {
    const server = await startServer({ diskMegabytes: 48 });
    await server.createOwner(context.request);
    await server.signIn(context.request);
    const waits = call("until test -e go; do sleep 0.1; done; echo gone", "120s");
    const chat = await createChat(context.request, server.url, waits, EMPTY);
    await openChat(page, server.url, chat);
    await expect(page.locator(".tool")).toHaveCount(1);
    const free = await fill(server, context.request);
    const workspace = await context.request.get(`${server.url}/api/v2/workspaces`);
    const [{ working_directory }] = (await workspace.json()) as [{ working_directory: string }];
    await writeFile(`${working_directory.replace(server.dataDir, server.seenDataDir)}/go`, "");
    await expect(page.locator(".live")).toContainText(/no space/i, { timeout: 30_000 });
    await look(page, "chat-disk-full-turn", { fullPage: false });
    await free();
    await expect(page.locator(".by-agent .prose", { hasText: "I saw it." })).toBeVisible({ timeout: 60_000 });
    await untilIdle(context.request, server.url, chat);
    const messages = await storedMessages(context.request, server.url, chat);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  });
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

test.describe("when the stream is quicker than a request's answer", () => {
  /** Holds the answer to a sent message back until the returned function is called, which returns when the page took it. */
  async function holdAnswer(page: Page): Promise<() => Promise<void>> {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/api/page/send_message", async (route) => {
      const response = await route.fetch();
      await released;
      await route.fulfill({ response });
    });
    return async () => {
      const answered = page.waitForResponse("**/api/page/send_message");
      release();
      await (await answered).finished();
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    };
  }

  test("the message stands there once, and an ended turn stays ended", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, '!text "first"');
    await untilIdle(context.request, server.url, chat);
    await openChat(page, server.url, chat);
    const release = await holdAnswer(page);
    await send(page, '!text "second"');
    await expect(page.locator(".by-agent .prose").last()).toContainText("second");
    await expect(page.locator(".live")).toHaveCount(0);
    await release();
    expect(await page.locator(".live").count()).toBe(0);
    await expect(page.locator(".by-user", { hasText: '!text "second"' })).toHaveCount(1);
  });

  test("a queued message that has left the queue does not come back", async ({ page, server, asOwner, context }) => {
    const chat = await createChat(context.request, server.url, "!stall 60s");
    await openChat(page, server.url, chat);
    const release = await holdAnswer(page);
    await send(page, "waits");
    const queued = page.locator(".queued", { hasText: "waits" });
    await expect(queued).toBeVisible();
    const path = `${server.url}/api/experimental/chats/${chat}`;
    const { queued_messages } = (await (await context.request.get(`${path}/messages`)).json()) as { queued_messages: { id: number }[] };
    expect((await context.request.delete(`${path}/queue/${queued_messages[0]?.id}`)).ok()).toBe(true);
    await expect(queued).toHaveCount(0);
    await release();
    expect(await queued.count()).toBe(0);
  });
});
