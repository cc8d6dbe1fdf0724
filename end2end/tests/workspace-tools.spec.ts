// A chat that makes its own workspace: the log runs in the card, commands run in it, it stops and starts again.
import type { Locator } from "@playwright/test";

import { createChat, openChat, send, shownAnswer, untilIdle } from "../fixtures/chats.js";
import { expect, look, test } from "../fixtures/test.js";

const MAKE = `!call list_templates {}
!then
!call create_workspace {"template_id": "service"}
!then
!call execute {"command": "cat made.txt", "timeout": "1m"}
!then
!text "The workspace is there."`;

const EDIT = `!call execute {"command": "echo 'Good day' > greeting.txt && echo 'made, twice' >> made.txt"}
!then
!text "Edited."`;

const AGAIN = `!call stop_workspace {}
!then
!call start_workspace {}
!then
!call execute {"command": "cat made.txt && echo again", "timeout": "1m"}
!then
!text "It goes on."`;

test("an agent makes a workspace, works in it, and stops and starts it", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const template = {
    name: "service",
    display_name: "Greeting service",
    description: "The service that greets people.",
    setup_script: 'for n in 1 2 3 4 5 6; do echo "installing part $n"; sleep 0.4; done; echo made > made.txt',
  };
  const answer = await context.request.post(`${server.url}/api/v2/templates`, { data: template });
  expect(answer.status(), await answer.text()).toBe(201);

  const chat = await createChat(context.request, server.url, "hello");
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  await expect(page.locator(".top .chip")).toHaveCount(0);
  await send(page, MAKE);

  const making = page.locator(".tool", { hasText: "Making a workspace" });
  await expect(making.locator(".tool-output")).toContainText("installing part 2");
  await expect(making).toHaveAttribute("open", "");
  const link = (card: Locator) => card.getByRole("link", { name: "Open the workspace" });
  const address = /\/workspaces\/[0-9a-f-]{36}$/;
  await expect(link(making)).toHaveAttribute("href", address);
  await look(page, "workspace-tools-making", { fullPage: false });
  const made = page.locator(".tool", { hasText: "Made workspace" });
  await expect(made).toContainText("service-");
  await expect(made.locator(".tool-output")).toContainText("installing part 6");
  await expect(link(made)).toHaveAttribute("href", address);
  await expect(page.locator(".tool", { hasText: "1 template" })).toBeVisible();
  await expect(page.locator(".tool", { hasText: "cat made.txt" })).toContainText("succeeded");
  await expect(page.locator(".by-agent .prose", { hasText: "The workspace is there." })).toBeVisible();
  // The page came to know of the workspace while it was open.
  await expect(page.locator(".top .chip")).toContainText("ready");
  await look(page, "workspace-tools-made", { fullPage: false });

  // What it writes there stands in the panel, while it works and without a reload.
  await send(page, EDIT);
  const panel = page.getByRole("region", { name: "Changes" });
  await expect(panel.locator(".file-head", { hasText: "greeting.txt" })).toContainText("new");
  await expect(panel.locator(".diff-added", { hasText: "made, twice" })).toBeVisible();
  await untilIdle(context.request, server.url, chat);

  await send(page, AGAIN);
  await expect(page.locator(".tool", { hasText: "Stopped workspace" })).toBeVisible({ timeout: 20_000 });
  await expect(page.locator(".tool", { hasText: "Started workspace" })).toBeVisible({ timeout: 20_000 });
  await expect(page.locator(".tool", { hasText: "echo again" })).toContainText("succeeded");
  await expect(page.locator(".by-agent .prose", { hasText: "It goes on." })).toBeVisible();
  await untilIdle(context.request, server.url, chat);
  await page.reload();
  expect(await shownAnswer(page)).toContain("It goes on.");
  await expect(page.locator(".top .chip")).toContainText("ready");
});
