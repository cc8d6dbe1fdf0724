// The desktop of a workspace: switched on, opened beside a chat, looked at, and worked on through its canvas.
import type { Page } from "@playwright/test";

import { createChat, openChat, untilIdle } from "../fixtures/chats.js";
import { chatWithWorkspace, choosePanel, GREEN_WINDOW, greenBox, run, screen, switchOn } from "../fixtures/desktops.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

/** Clicks at a place of the desktop. */
async function clickAt(page: Page, x: number, y: number): Promise<void> {
  const canvas = screen(page).locator("canvas");
  const { width, height } = (await canvas.boundingBox())!;
  await canvas.click({ position: { x: (x * width) / 1920, y: (y * height) / 1080 } });
}

test("a person looks at a desktop, takes control and clicks in it", async ({ page, emptyServer, consoleGuard }) => {
  test.slow();
  const { request } = page.context();
  const scripts: string[] = [];
  page.on("request", (sent) => scripts.push(sent.url()));
  const chat = await chatWithWorkspace(request, emptyServer, { new_workspace: { mode: "empty" } });
  await openChat(page, emptyServer.url, chat);
  await expect(page.locator(".panel-head .tab", { hasText: "Terminal" })).toBeVisible();
  await expect(page.locator(".panel-head .tab", { hasText: "Desktop" })).toHaveCount(0);

  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  await page.getByLabel("People may open the desktops of workspaces").check();
  await page.getByRole("button", { name: "Save whether there are desktops" }).click();
  await expect(page.locator("#desktop-enabled").getByText("Saved")).toBeVisible();

  await openChat(page, emptyServer.url, chat);
  expect(scripts.filter((url) => /desktop[^/]*\/(core|desktop\.js)/.test(url))).toEqual([]);
  await choosePanel(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await expect(page.getByText("You are looking on")).toBeVisible();

  // A window of one colour, with a button that ends it.
  await run(request, emptyServer, chat, { command: GREEN_WINDOW, run_in_background: true });
  await expect.poll(() => greenBox(page)).not.toBeNull();
  const box = (await greenBox(page))!;
  // xmessage has its button at the bottom left.
  const button = { x: box.left + 22, y: box.bottom - 16 };
  // Looking on, a click does nothing.
  await clickAt(page, button.x, button.y);
  await page.getByRole("button", { name: "Take control" }).click();
  await expect(page.getByText("You have control")).toBeVisible();
  expect(await greenBox(page)).not.toBeNull();
  await look(page, "desktop");
  await clickAt(page, button.x, button.y);
  await expect.poll(() => greenBox(page)).toBeNull();

  // A key leads out of it.
  await screen(page).locator("canvas").press("Control+Shift+L");
  await expect(page.getByText("You are looking on")).toBeVisible();
  await expect(page.getByRole("button", { name: "Take control" })).toBeFocused();

  // The connection breaks and is made again by itself.
  consoleGuard.expect(/WebSocket connection to .* failed/);
  consoleGuard.expect(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  consoleGuard.expectStatus(409, 426, 503);
  await emptyServer.end();
  await expect(screen(page)).toHaveAttribute("data-state", "reconnecting");
  await expect(page.getByText(/Connecting again, try \d+ of 10/)).toBeVisible();
  await emptyServer.startAgain();
  await expect(screen(page)).toHaveAttribute("data-state", "open", { timeout: 60_000 });
});

/** How exactly a pause is known to end. */
const STEP_MS = 20;

type Passes = "nothing" | "no connection" | "everything";

declare global {
  interface Window {
    desktops?: { sockets: WebSocket[]; passes: Passes };
  }
}

/** In the page, before its scripts: sockets of desktops that let pass what the test says. noVNC takes no made-up ones. */
function breakDesktops(): void {
  const desktops: NonNullable<Window["desktops"]> = { sockets: [], passes: "nothing" };
  window.desktops = desktops;
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, [address]: [string | URL]) {
      const socket = new target(address);
      if (!String(address).endsWith("/desktop")) return socket;
      desktops.sockets.push(socket);
      socket.addEventListener("message", (event) => {
        if (desktops.passes === "everything") return;
        event.stopImmediatePropagation();
        if (desktops.passes === "no connection") socket.dispatchEvent(new CloseEvent("close", { code: 1011, reason: "The screen has gone." }));
      });
      return socket;
    },
  });
}

test("a desktop that is lost is tried ten times, with longer and longer pauses, and can then be asked for again", async ({ page, emptyServer, consoleGuard }) => {
  test.slow();
  // Minutes pass at once for the page, so that it takes its other sockets for silent.
  consoleGuard.expect(/WebSocket is closed before the connection is established/);
  const { request } = page.context();
  await page.clock.install();
  await page.addInitScript(breakDesktops);
  const connections = () => page.evaluate(() => window.desktops!.sockets.length);
  const letPass = (passes: Passes) => page.evaluate((passes) => void (window.desktops!.passes = passes), passes);
  const cut = (code = 1012, reason = "The server is restarted.") =>
    page.evaluate((close) => void window.desktops!.sockets.at(-1)!.dispatchEvent(new CloseEvent("close", close)), { code, reason });
  const chat = await chatWithWorkspace(request, emptyServer, { new_workspace: { mode: "empty" } });
  await switchOn(request, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await choosePanel(page, "Desktop");
  await expect.poll(connections).toBe(1);
  await expect(page.getByText(/Connecting to the desktop/)).toBeVisible();
  // From here on time passes only when the test says so.
  const hold = async (afterMs: number) => page.clock.pauseAt(await page.evaluate((afterMs) => Date.now() + afterMs, afterMs));
  await hold(10_000);

  // A desktop that accepts and says nothing is given up after 30 seconds.
  await page.clock.runFor(19_000);
  await expect(screen(page)).toHaveAttribute("data-state", "connecting");
  while ((await screen(page).getAttribute("data-state")) === "connecting") await page.clock.runFor(STEP_MS);
  await expect(page.getByText("The desktop did not answer for 30 seconds.")).toBeVisible();
  await letPass("no connection");
  const pauses = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30];
  for (const [index, seconds] of pauses.entries()) {
    await expect(page.getByText(`Connecting again, try ${index + 1} of 10.`)).toBeVisible();
    await page.clock.runFor(seconds * 1_000 - 2 * STEP_MS);
    expect(await connections()).toBe(index + 1);
    await page.clock.runFor(2 * STEP_MS);
    await expect.poll(connections).toBe(index + 2);
  }
  await expect(screen(page)).toHaveAttribute("data-state", "disconnected");
  await expect(page.getByText("The desktop cannot be reached.")).toBeVisible();
  await expect(page.getByText("The screen has gone.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Take control" })).toBeDisabled();
  await page.clock.resume();
  await look(page, "desktop-disconnected");
  await hold(1_000);
  await page.clock.runFor(120_000);
  expect(await connections()).toBe(11);

  await letPass("everything");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  // Until a connection held for three seconds it counts among the tries that failed.
  await cut();
  await expect(page.getByText("Connecting again, try 1 of 10.")).toBeVisible();
  await expect(page.getByText("The server is restarted.")).toBeVisible();
  await page.clock.runFor(1_000);
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await cut();
  await expect(page.getByText("Connecting again, try 2 of 10.")).toBeVisible();
  await page.getByRole("region", { name: "Changes, terminal and what" }).getByRole("button", { name: "Try now" }).click();
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await cut();
  await expect(page.getByText("Connecting again, try 1 of 10.")).toBeVisible();
  await page.clock.runFor(1_000);
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await page.clock.runFor(3_000);
  await cut();
  await expect(page.getByText("Connecting again, try 1 of 10.")).toBeVisible();
  // What is final is not tried again.
  await page.clock.runFor(1_000);
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await cut(1008, "");
  await expect(page.getByText("Your session has ended. Sign in again.")).toBeVisible();
  await page.clock.runFor(60_000);
  await expect(screen(page)).toHaveAttribute("data-state", "refused");
});

test("a workspace without the programs says what installs them", async ({ page, emptyServer }) => {
  test.slow();
  const { request } = page.context();
  await emptyServer.createOwner(request);
  await emptyServer.signIn(request);
  const headers = { origin: emptyServer.url };
  const template = await request.post(`${emptyServer.url}/api/v2/templates`, {
    data: { name: "bare", backend: "local", environment: { DESKTOP_PROGRAMS_PATH: "/nowhere" } },
    headers,
  });
  expect(template.status(), await template.text()).toBe(201);
  const { id } = (await template.json()) as { id: string };
  const chat = await createChat(request, emptyServer.url, '!call execute {"command": "true"}', {
    new_workspace: { template_id: id },
  });
  await untilIdle(request, emptyServer.url, chat);
  await switchOn(request, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await choosePanel(page, "Desktop");
  await expect(page.getByText("This workspace has no programs for a desktop.")).toBeVisible();
  await expect(page.getByText("apt-get install tigervnc-standalone-server openbox")).toBeVisible();
  await expect(page.getByRole("button", { name: "Take control" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("a browser works on the desktop, and takes a person's click", async ({ page, emptyServer }) => {
  test.slow();
  const { request } = page.context();
  const chat = await chatWithWorkspace(request, emptyServer, { new_workspace: { mode: "empty" } });
  await switchOn(request, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await choosePanel(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  const html = `<title>unread</title><body style="background: #0f0" onclick="document.body.style.background = document.title = 'white'">`;
  // Its own sandbox does not work inside of the workspace's, where nobody is more than an ordinary user.
  const browser = "chromium --no-sandbox --disable-dev-shm-usage --no-first-run --user-data-dir=browser --window-size=1200,800";
  await run(request, emptyServer, chat, { command: `echo ${JSON.stringify(html)} > page.html; ${browser} "file://$PWD/page.html"`, run_in_background: true });
  await expect.poll(() => greenBox(page), { timeout: 60_000 }).not.toBeNull();
  await look(page, "desktop-browser", { fullPage: false });
  await page.getByRole("button", { name: "Take control" }).click();
  const box = (await greenBox(page))!;
  await clickAt(page, (box.left + box.right) / 2, (box.top + box.bottom) / 2);
  await expect.poll(() => greenBox(page)).toBeNull();
});
