// What the model is told of its workspace: shown behind the context's ring, and read by the model as skills.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createChatInWorkspace, openChat, send, untilIdle } from "../fixtures/chats.js";
import { expect, look, test } from "../fixtures/test.js";

const SKILL = `---
name: release
description: How a release is cut, step by step.
---
# Release

1. Run \`make changelog\`.
`;

test("the card behind the ring tells of instructions and skills, as they are now", async ({ page, startServer, context, consoleGuard }) => {
  // The page may ask once more while the workspace is stopped under it.
  consoleGuard.expect(/git\/watch' failed.* 503/);
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  const { chat, workspace, folder } = await createChatInWorkspace(request, server.url);
  await openChat(page, server.url, chat);
  const ring = page.getByRole("button", { name: /% of the context used/ });
  const card = page.getByRole("dialog", { name: "What the model is told" });
  await ring.click();
  await expect(card).toContainText("There is no AGENTS.md and no skill in this workspace.");
  await expect(card).toContainText("The history is summarized at");
  await page.keyboard.press("Escape");
  await expect(card).toBeHidden();
  await expect(ring).toBeFocused();

  await mkdir(join(folder, ".agents/skills/release"), { recursive: true });
  await writeFile(join(folder, ".agents/skills/release/SKILL.md"), SKILL);
  await writeFile(join(folder, "AGENTS.md"), "Use tabs.\n");
  await ring.click();
  await expect(card.getByRole("listitem").filter({ hasText: "AGENTS.md" })).toBeVisible();
  await expect(card.getByRole("listitem").filter({ hasText: "release" })).toContainText("How a release is cut, step by step.");
  await look(page, "context-card", { fullPage: false });
  await page.keyboard.press("Escape");

  await send(page, '!call read_skill {"name": "release"}\n!then\n!text "I know how."');
  await untilIdle(request, server.url, chat);
  const skill = page.locator(".tool", { hasText: "Read skill" });
  await expect(skill).toContainText("release");
  await skill.locator("summary").click();
  await expect(skill.locator(".tool-body")).toContainText("make changelog");

  const stopped = await request.post(`${server.url}/api/v2/workspaces/${workspace}/builds`, { data: { transition: "stop" } });
  expect(stopped.ok()).toBe(true);
  await expect
    .poll(async () => (await (await request.get(`${server.url}/api/v2/workspaces/${workspace}`)).json()).status, { timeout: 20_000 })
    .toBe("stopped");
  // On a phone it is a sheet at the bottom.
  await page.setViewportSize({ width: 375, height: 812 });
  await ring.click();
  await expect(card).toContainText("The workspace is stopped.");
  await page.screenshot({ path: "artifacts/context-card-phone.png" });
});
