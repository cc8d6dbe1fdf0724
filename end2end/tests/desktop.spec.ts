// The desktop of a workspace: switched on, opened beside a chat, looked at, and worked on through its canvas.
import type { APIRequestContext, Locator, Page } from "@playwright/test";

import { createChat, openChat, untilIdle } from "../fixtures/chats.js";
import type { Server } from "../fixtures/server.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

async function choose(page: Page, name: string): Promise<void> {
  await page.locator(".panel-head .tab", { hasText: name }).click();
  await expect(page.getByRole("radio", { name })).toBeChecked();
}

function screen(page: Page): Locator {
  return page.locator("desktop-window");
}

/** Where the desktop's window of pure green is, in the desktop's own 1920 × 1080 pixels. */
async function greenBox(page: Page): Promise<{ left: number; right: number; top: number; bottom: number } | null> {
  return screen(page)
    .locator("canvas")
    .evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      // Read from a copy: the canvas itself is not made for it.
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const context = copy.getContext("2d", { willReadFrequently: true })!;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const box = { left: width, right: -1, top: height, bottom: -1 };
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] !== 0 || data[at + 1] !== 255 || data[at + 2] !== 0) continue;
        const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x);
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y);
      }
      return box.right - box.left > 100 && box.bottom - box.top > 20 ? box : null;
    });
}

/** Clicks at a place of the desktop. */
async function clickAt(page: Page, x: number, y: number): Promise<void> {
  const canvas = screen(page).locator("canvas");
  const { width, height } = (await canvas.boundingBox())!;
  await canvas.click({ position: { x: (x * width) / 1920, y: (y * height) / 1080 } });
}

async function chatWithWorkspace(request: APIRequestContext, server: Server, workspace: object): Promise<string> {
  await server.createOwner(request);
  await server.signIn(request);
  const chat = await createChat(request, server.url, '!call execute {"command": "true"}', workspace);
  await untilIdle(request, server.url, chat);
  return chat;
}

async function switchOn(request: APIRequestContext, server: Server): Promise<void> {
  const path = `${server.url}/api/experimental/chats/config/desktop-enabled`;
  const answer = await request.put(path, { data: { enable_desktop: true }, headers: { origin: server.url } });
  expect(answer.status()).toBe(204);
}

/** Runs a command as the chat's agent does. */
async function run(request: APIRequestContext, server: Server, chat: string, command: object): Promise<void> {
  const text = `!call execute ${JSON.stringify(command)}\n!then\n!text "done"`;
  const answer = await request.post(`${server.url}/api/experimental/chats/${chat}/messages`, {
    data: { content: [{ type: "text", text }] },
    headers: { origin: server.url },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  await untilIdle(request, server.url, chat);
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
  await choose(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await expect(page.getByText("You are looking on")).toBeVisible();

  // A window of one colour, with a button that ends it.
  const window = "xmessage -name shown -bg '#00ff00' -geometry 1000x700 -buttons gone:0 look; echo gone > clicked";
  await run(request, emptyServer, chat, { command: window, run_in_background: true });
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
  await choose(page, "Desktop");
  await expect(page.getByText("This workspace has no programs for a desktop.")).toBeVisible();
  await expect(page.getByText("apt-get install tigervnc-standalone-server openbox")).toBeVisible();
  await expect(page.getByRole("button", { name: "Take control" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});
