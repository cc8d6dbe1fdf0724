// The panel of changes: it follows what tools, commands and others do to files, has a view for each repository, and puts the
// request to commit into the composer.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { APIRequestContext, Page } from "@playwright/test";

import { createChat, openChat, send, storedMessages, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import type { Server } from "../fixtures/server.js";
import { expect, look, test } from "../fixtures/test.js";

const OTHER = `!call execute {"command": "git init -q -b trunk /tmp/protocol"}
!then
!call write_file {"path": "/tmp/protocol/messages.md", "content": "# Messages\\n\\nhello, goodbye\\n"}
!then
!text "The protocol has a place of its own."`;

const EDIT = `!call execute {"command": "sed -i 's/Hello, {name}/Good day, {name}/' src/lib.rs"}
!then
!text "Edited."`;

const panelOf = (page: Page) => page.getByRole("region", { name: "Changes" });

/** A chat whose agent has edited the repository in a worktree of its own. */
async function edited(request: APIRequestContext, server: Server, repository: Repository): Promise<string> {
  await server.createOwner(request);
  await server.signIn(request);
  await server.allowFolder(request, repository.path);
  const work = { new_workspace: { mode: "worktree", folder: repository.path } };
  const chat = await createChat(request, server.url, `!title "Greet politely"\n${EDIT}`, work);
  await untilIdle(request, server.url, chat);
  return chat;
}

test.describe("on a real git repository", () => {
  let repository: Repository;

  test.beforeEach(async () => {
    repository = await Repository.create();
  });

  test.afterEach(() => repository.remove());

  test("the panel follows edits from inside and outside, and shows each repository by itself", async ({ page, startServer, context }) => {
    const server = await startServer();
    const chat = await edited(context.request, server, repository);
    await openChat(page, server.url, chat);
    const panel = panelOf(page);
    await expect(panel.locator(".diff-added", { hasText: "Good day" })).toBeVisible();
    await expect(panel.getByRole("tablist")).toHaveCount(0);

    // Neither a tool nor a request: the file system tells.
    const [, worktree] = repository.worktrees();
    await writeFile(join(worktree ?? "", "outside.txt"), "from an editor\n");
    await expect(panel.locator(".file-head", { hasText: "outside.txt" })).toContainText("new");
    await expect(panel).toContainText("2 files");
    await expect(panel.locator(".repository-details")).toContainText("1 untracked file");
    await look(page, "git-panel", { fullPage: false });

    const list = panel.locator(".file-list");
    await list.locator("summary").click();
    await list.locator(".file-list-row", { hasText: "outside.txt" }).click();
    await expect(panel.locator(".file-head", { hasText: "outside.txt" }).locator("summary")).toBeFocused();
    const viewed = panel.getByRole("button", { name: "Viewed outside.txt" });
    await viewed.click();
    await expect(list.locator("summary")).toContainText("1 of 2 viewed");
    await expect(viewed).toHaveAttribute("aria-pressed", "true");
    await look(page, "git-panel-list", { fullPage: false });
    await viewed.click();
    await expect(list.locator("summary")).toContainText("0 of 2 viewed");

    await send(page, OTHER);
    const tabs = panel.getByRole("tablist", { name: "Repositories" });
    const second = tabs.getByRole("tab", { name: /^protocol/ });
    await expect(second).toBeVisible({ timeout: 20_000 });
    // What is looked at stays where it is.
    await expect(panel.locator(".file-head", { hasText: "outside.txt" })).toBeVisible();
    await expect(second).toHaveAttribute("aria-selected", "false");
    await expect(tabs.getByRole("tab").first()).toHaveAttribute("aria-selected", "true");
    await tabs.getByRole("tab").first().focus();
    await page.keyboard.press("ArrowRight");
    await expect(second).toBeFocused();
    await expect(second).toHaveAttribute("aria-selected", "true");
    const view = panel.getByRole("tabpanel", { name: /^protocol/ });
    await expect(view.locator(".file-head", { hasText: "messages.md" })).toContainText("new");
    await expect(view.locator(".branch")).toContainText("trunk");
    await expect(view.locator(".file-head", { hasText: "outside.txt" })).toHaveCount(0);
    await untilIdle(context.request, server.url, chat);
    await look(page, "git-panel-two", { fullPage: false });

    // The server renders both first.
    await page.reload();
    await expect(tabs.getByRole("tab")).toHaveCount(2);
  });

  test("the button asks for a commit in the composer, behind what is written, and sends nothing", async ({ page, startServer, context }) => {
    const server = await startServer();
    const chat = await edited(context.request, server, repository);
    const before = (await storedMessages(context.request, server.url, chat)).length;
    await openChat(page, server.url, chat);
    const composer = page.getByRole("textbox", { name: "Message" });
    await composer.fill("When the tests pass:");
    await panelOf(page).getByRole("button", { name: "Ask to commit" }).click();
    await expect(composer).toHaveValue(/^When the tests pass:\n\nCommit the changes on the branch switchyard\//);
    await expect(composer).toBeFocused();
    expect(await storedMessages(context.request, server.url, chat)).toHaveLength(before);

    // On a phone the panel gives way to the composer.
    await page.setViewportSize({ width: 375, height: 812 });
    await composer.fill("");
    await page.getByRole("button", { name: "Show or hide the changes" }).click();
    await page.screenshot({ path: "artifacts/git-panel-phone.png" });
    await panelOf(page).getByRole("button", { name: "Commit" }).click();
    await expect(panelOf(page)).toBeHidden();
    await expect(composer).toHaveValue(/^Commit the changes/);
    await page.setViewportSize({ width: 1440, height: 900 });

    // Once committed there is nothing to ask for; what changed since the beginning is still shown.
    await composer.fill('!call execute {"command": "git commit -qam polite"}\n!then\n!text "Committed."');
    await composer.press("Enter");
    await expect(panelOf(page).locator(".repository-details")).toContainText("Everything is committed", { timeout: 20_000 });
    await expect(panelOf(page).getByRole("button", { name: "Commit" })).toHaveCount(0);
    await expect(panelOf(page).locator(".diff-added", { hasText: "Good day" })).toBeVisible();
  });

  test("a workspace that is stopped says so and keeps what was seen", async ({ page, startServer, context, consoleGuard }) => {
    // The page may ask once more while the workspace is stopped under it.
    consoleGuard.expect(/git\/watch' failed.* 503/);
    const server = await startServer();
    const chat = await edited(context.request, server, repository);
    await openChat(page, server.url, chat);
    const panel = panelOf(page);
    await expect(panel.locator(".diff-added", { hasText: "Good day" })).toBeVisible();
    const found = await context.request.get(`${server.url}/api/experimental/chats/${chat}`);
    const { workspace_id } = (await found.json()) as { workspace_id: string };
    const builds = `${server.url}/api/v2/workspaces/${workspace_id}/builds`;
    expect((await context.request.post(builds, { data: { transition: "stop" } })).status()).toBe(201);
    await expect(panel.getByText("The workspace is stopped", { exact: true })).toBeVisible({ timeout: 20_000 });
    await expect(panel.locator(".diff-added", { hasText: "Good day" })).toBeVisible();
    await look(page, "git-panel-stopped", { fullPage: false });
    await page.reload();
    await expect(panel.getByText("The workspace is stopped", { exact: true })).toBeVisible();
    await expect(panel).toContainText("It starts with the next message");
  });
});
