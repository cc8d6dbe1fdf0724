// Terminals: opened in the right panel, worked in, found again after a reload and after the server was away.
import type { Locator, Page } from "@playwright/test";

import { createChat, openChat, untilIdle } from "../fixtures/chats.js";
import type { Server } from "../fixtures/server.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

/** What the chosen terminal shows. */
function screen(page: Page): Locator {
  return page.locator(".terminal-frame:not([hidden]) .xterm-rows");
}

/** Of the panel's tabs. */
async function choose(page: Page, name: string): Promise<void> {
  await page.locator(".panel-head .tab", { hasText: name }).click();
  await expect(page.getByRole("radio", { name })).toBeChecked();
}

async function openTerminal(page: Page): Promise<void> {
  await choose(page, "Terminal");
  await expect(page.locator(".terminal-frame:not([hidden]) .terminal-window")).toHaveAttribute("data-state", "open");
  await page.locator(".terminal-frame:not([hidden]) .terminal-window").click();
}

/** Types a line that prints `words`; they are put together by the shell, so that the line itself does not hold them. */
async function say(page: Page, words: string): Promise<void> {
  await page.keyboard.type(`echo ${words.slice(0, 2)}''${words.slice(2)}\n`);
  await expect(screen(page)).toContainText(words);
}

async function chatWithWorkspace(page: Page, server: Server): Promise<string> {
  const { request } = page.context();
  await server.createOwner(request);
  await server.signIn(request);
  const chat = await createChat(request, server.url, '!call execute {"command": "true"}', { new_workspace: { mode: "empty" } });
  await untilIdle(request, server.url, chat);
  return chat;
}

async function workspaceOf(page: Page, server: Server): Promise<string> {
  const answer = await page.context().request.get(`${server.url}/api/v2/workspaces`);
  const [workspace] = (await answer.json()) as { id: string }[];
  return workspace!.id;
}

test("a person works in terminals and finds them again", async ({ page, emptyServer }) => {
  test.slow();
  const scripts: string[] = [];
  page.on("request", (request) => scripts.push(request.url()));
  const chat = await chatWithWorkspace(page, emptyServer);
  await openChat(page, emptyServer.url, chat);
  expect(scripts.filter((url) => url.includes("xterm"))).toEqual([]);
  await openTerminal(page);

  await say(page, "it works");
  // An interactive program.
  await page.keyboard.type("python3 -q -i\n");
  await expect(screen(page)).toContainText(">>>");
  await page.keyboard.type("6 * 7\n");
  await expect(screen(page)).toContainText("42");
  await page.keyboard.type("exit()\n");
  // A program in the foreground, ended with Ctrl-C; what a program does that asks for colours of 24 bits.
  await page.keyboard.type("echo be''gun; cat\n");
  await expect(screen(page)).toContainText("begun");
  await page.keyboard.type("repeated\n");
  await expect.poll(async () => ((await screen(page).textContent()) ?? "").split("repeated").length).toBe(3);
  await page.keyboard.press("Control+c");
  await page.keyboard.type("printf '\\033[38;2;1;2;3;48;2;200;100;50mcolou''red\\033[0m\\n'\n");
  const coloured = screen(page).locator("span", { hasText: /^coloured$/ });
  await expect(coloured).toHaveCSS("background-color", "rgb(200, 100, 50)");

  // The shell knows the panel's size.
  await page.keyboard.type("clear; trap 'echo si''ze $(stty size)' WINCH; echo trap''ped\n");
  // A change of size that comes before it is heard of by nobody.
  await expect(screen(page)).toContainText("trapped");
  await page.setViewportSize({ width: 1440, height: 700 });
  await expect(screen(page)).toContainText(/size \d+ \d+/);
  await page.keyboard.type("trap - WINCH\n");
  await say(page, "before the reload");

  // A way out for the keyboard.
  await page.keyboard.press("Control+Shift+L");
  await expect(page.getByRole("tab", { name: "Terminal 1" })).toBeFocused();

  await page.getByRole("button", { name: "New terminal" }).click();
  await expect(page.getByRole("tab", { name: "Terminal 2" })).toHaveAttribute("aria-selected", "true");
  await expect(page.locator("#terminal-2-window")).toHaveAttribute("data-state", "open");
  await page.locator("#terminal-2-window").click();
  await say(page, "second");
  await expect(screen(page)).not.toContainText("before the reload");

  await page.reload();
  await hydrated(page);
  await openTerminal(page);
  await expect(screen(page)).toContainText("before the reload");
  await say(page, "and after it");
  await page.getByRole("tab", { name: "Terminal 1" }).press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Terminal 2" })).toBeFocused();
  await expect(screen(page)).toContainText("second");
  await page.getByRole("button", { name: /^Close this terminal/ }).click();
  await expect(page.getByRole("tab", { name: "Terminal 2" })).toHaveCount(0);
  await expect(screen(page)).toContainText("and after it");

  // Changes and back: the terminal stayed as it was.
  await choose(page, "Changes");
  await expect(page.getByText("No changes yet")).toBeVisible();
  await openTerminal(page);
  await page.keyboard.type("exit 3\n");
  await expect(page.getByText("The shell has ended with exit code 3.")).toBeVisible();
  await page.getByRole("button", { name: "Start a new one" }).click();
  await expect(page.locator("#terminal-1-window")).toHaveAttribute("data-state", "open");
  await expect(screen(page)).not.toContainText("and after it");
  await page.locator("#terminal-1-window").click();
  await say(page, "new shell");
});

test("how a terminal looks", async ({ page, emptyServer }) => {
  test.slow();
  const chat = await chatWithWorkspace(page, emptyServer);
  await page.setViewportSize({ width: 375, height: 812 });
  await openChat(page, emptyServer.url, chat);
  await page.getByRole("button", { name: "Show or hide the changes" }).click();
  await openTerminal(page);
  await say(page, "hello");
  await page.keyboard.type("clear; ls --color=always -la / | head -12; printf '\\033[%sm col''our \\033[0m' 31 32 33 34 35 36 90 91 '7;32'; echo; echo do''ne\n");
  await expect(screen(page)).toContainText("done");
  await look(page, "terminal", { fullPage: false });
  await page.keyboard.type("exit 130\n");
  await expect(page.getByText("The shell has ended with exit code 130.")).toBeVisible();
  await look(page, "terminal-ended", { fullPage: false });

  const { request } = page.context();
  const workspace = await workspaceOf(page, emptyServer);
  const stopped = await request.post(`${emptyServer.url}/api/v2/workspaces/${workspace}/builds`, { data: { transition: "stop" } });
  expect(stopped.status(), await stopped.text()).toBe(201);
  await expect
    .poll(async () => ((await (await request.get(`${emptyServer.url}/api/v2/workspaces/${workspace}`)).json()) as { status: string }).status)
    .toBe("stopped");
  await page.reload();
  await hydrated(page);
  await page.getByRole("button", { name: "Show or hide the changes" }).click();
  await choose(page, "Terminal");
  await expect(page.getByText("The workspace is not running")).toBeVisible();
  await look(page, "terminal-stopped", { fullPage: false });
});

test("a terminal goes on when the server comes back", async ({ page, emptyServer, consoleGuard }) => {
  test.slow();
  consoleGuard.expect(/WebSocket connection to .* failed/);
  consoleGuard.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  consoleGuard.expectStatus(409, 426, 503);
  const chat = await chatWithWorkspace(page, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await openTerminal(page);
  await page.keyboard.type("kept=safe\n");
  await say(page, "before");
  await emptyServer.end();
  await expect(page.getByText(/^Connection lost at .*Connecting again…$/)).toBeVisible();
  await emptyServer.startAgain();
  await expect(page.locator("#terminal-1-window")).toHaveAttribute("data-state", "open", { timeout: 60_000 });
  await expect(screen(page)).toContainText("before");
  await page.locator("#terminal-1-window").click();
  await page.keyboard.type("echo still-$kept\n");
  await expect(screen(page)).toContainText("still-safe");
});

test("what a program writes cannot reach out of the terminal", async ({ page, context, emptyServer }) => {
  test.slow();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const chat = await chatWithWorkspace(page, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await openTerminal(page);
  await page.evaluate(() => navigator.clipboard.writeText("mine"));
  await page.keyboard.type("printf '\\033]52;c;c3RvbGVu\\007\\033]0;ti\\xe2\\x80\\xaetle\\007'\n");
  await page.keyboard.type("printf '\\033]8;;javascript:document.title=1\\033\\\\ba''d li''nk\\033]8;;\\033\\\\\\n'\n");
  await expect(screen(page)).toContainText("bad link");
  const title = page.getByRole("tab", { name: "Terminal 1" });
  await expect(title).toHaveAttribute("title", /^title|@/);
  const pages = context.pages().length;
  await screen(page).getByText("bad link").click({ force: true });
  await say(page, "after the click");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("mine");
  expect(context.pages().length).toBe(pages);
  // Endless output: the page stays alive, and Ctrl-C is heard.
  await page.keyboard.type("yes endless\n");
  await expect(screen(page)).toContainText("endless");
  await page.keyboard.press("Control+c");
  await expect.poll(async () => {
    await page.keyboard.type("echo ov''er\n");
    return screen(page).textContent();
  }).toContain("over");
});

test("a terminal on the workspace's own page", async ({ page, emptyServer }) => {
  await chatWithWorkspace(page, emptyServer);
  await page.goto(`${emptyServer.url}/workspaces/${await workspaceOf(page, emptyServer)}`);
  await hydrated(page);
  await page.getByRole("button", { name: "Open a terminal" }).click();
  await expect(page.locator("#terminal-1-window")).toHaveAttribute("data-state", "open");
  await page.locator("#terminal-1-window").click();
  await say(page, "it works here");
});
