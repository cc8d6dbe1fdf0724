// What an agent pushed becomes a pull request in the list and above the chat, live and only where it belongs.
import type { APIRequestContext, Page } from "@playwright/test";

import { createChat, createChatInWorkspace, openChat, send, untilIdle } from "../fixtures/chats.js";
import { GitHost } from "../fixtures/git-host.js";
import type { Server } from "../fixtures/server.js";
import { expect, look, test } from "../fixtures/test.js";

const TOKEN = "glpat-a-very-private-token";
const TITLE = "Greet people in their own language";

const run = (command: string) => `!call execute ${JSON.stringify({ command })}\n!then\n!text "Done."`;
const PULL = { title: TITLE, branch: "topic", additions: 12, deletions: 3, changed_files: 2 };
const rowOf = (page: Page, chat: string) => page.locator(`.row[href="/agents/${chat}"]`);

/** Signs in, and in the settings at the git host. */
async function signedInAt(server: Server, request: APIRequestContext, host: GitHost): Promise<void> {
  await server.createOwner(request);
  await server.signIn(request);
  const put = await request.put(`${server.url}/api/v2/external-auth/${host.name}`, { data: { token: TOKEN } });
  expect(put.status(), await put.text()).toBe(200);
}

test("a pull request goes from none to draft to open, closed and merged without a reload, on its own chat only", async ({
  page,
  context,
  startServer,
  standin,
}) => {
  const host = await GitHost.start(TOKEN);
  try {
    const server = await startServer({ env: host.environment(standin) });
    const { request } = context;
    await signedInAt(server, request, host);
    const { chat: other } = await createChatInWorkspace(request, server.url);
    const { chat } = await createChatInWorkspace(request, server.url);
    const pull = async (change: object) => {
      const data = { ...PULL, ...change };
      const answer = await request.put(`${standin}/__github/repos/team/project/pulls/7`, { data });
      expect(answer.status(), await answer.text()).toBe(204);
    };
    // Another branch's, so that the host knows the repository.
    await pull({ branch: "other" });

    await openChat(page, server.url, chat);
    const row = rowOf(page, chat);
    // A mark that a reload would wipe out.
    await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
    await send(page, run(host.push));
    await untilIdle(request, server.url, chat);
    await expect(row.locator(".row-status.done")).toBeVisible();
    await expect(page.locator(".pull-request")).toHaveCount(0);

    const step = async (change: object, icon: string, words: string) => {
      await pull(change);
      await send(page, run("git -C project fetch --quiet origin"));
      await expect(row.locator(`.row-status.${icon}`)).toBeVisible({ timeout: 30_000 });
      await expect(row.getByTitle(`${words} pull request #7: ${TITLE}`)).toBeVisible();
      const link = page.locator(`.pull-request .row-status.${icon}`);
      await expect(link).toBeVisible();
    };
    await step({ draft: true, check_runs: [{ status: "in_progress" }] }, "draft", "Draft");
    await expect(row.getByTitle("Checks are running")).toBeVisible();
    await step({ check_runs: [{ status: "completed", conclusion: "success" }] }, "open", "Open");
    await expect(row.getByTitle("Checks passed")).toBeVisible();
    await expect(row.locator(".row-diff")).toContainText("2 files");
    await expect(row.locator(".row-diff .added")).toHaveText("added +12");
    await expect(row.locator(".row-diff .removed")).toHaveText("removed −3");
    await look(page, "pull-request-open");
    await step({ state: "closed" }, "closed", "Closed");
    await look(page, "pull-request-closed");
    await step({ merged: true }, "merged", "Merged");
    await expect(page.locator("a.pull-request")).toHaveAttribute("href", `${host.url}/team/project/pull/7`);
    await look(page, "pull-request-merged");

    expect(await page.evaluate(() => "wasNotReloaded" in window)).toBe(true);
    await expect(rowOf(page, other).locator(".row-status.done")).toBeVisible();
    await expect(rowOf(page, other).locator(".row-diff")).toHaveCount(0);
  } finally {
    await host.stop();
  }
});

test("what an agent of a chat pushed shows in its own row below the chat's, live", async ({ page, context, startServer, standin }) => {
  const host = await GitHost.start(TOKEN);
  try {
    const server = await startServer({ env: host.environment(standin) });
    const { request } = context;
    await signedInAt(server, request, host);
    const pull = async (change: object) => {
      const answer = await request.put(`${standin}/__github/repos/team/project/pulls/7`, { data: { ...PULL, ...change } });
      expect(answer.status(), await answer.text()).toBe(204);
    };
    await pull({ draft: true });
    const script = [
      `!call spawn_agent ${JSON.stringify({ title: "Greeter", prompt: run(host.push) })}`,
      "!then",
      '!call wait_agent {"chat_id": "{{1.chat_id}}"}',
      "!then",
      '!text "It has pushed."',
    ];
    const chat = await createChat(request, server.url, script.join("\n"), { new_workspace: { mode: "empty" } });
    await openChat(page, server.url, chat);
    await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
    await expect(page.getByText("It has pushed.", { exact: true })).toBeVisible({ timeout: 60_000 });
    const list = page.getByRole("navigation", { name: "Chats" });
    await list.getByRole("button", { name: "1 agent of this chat" }).click();
    const child = list.locator(".child").getByRole("link", { name: /Greeter/ });
    await expect(child.locator(".row-status.draft")).toBeVisible({ timeout: 30_000 });
    await expect(child.locator(".row-diff")).toContainText("2 files");
    // It is the agent's branch, not that of the chat whose workspace it works in.
    await expect(rowOf(page, chat).locator(".row-diff")).toHaveCount(0);

    await child.click();
    await expect(page.getByRole("heading", { level: 1, name: "Greeter", exact: true })).toBeVisible();
    await expect(page.locator(".pull-request .row-status.draft")).toBeVisible();
    await pull({ merged: true });
    await send(page, run("git -C project fetch --quiet origin"));
    await expect(child.locator(".row-status.merged")).toBeVisible({ timeout: 30_000 });
    await expect(page.locator(".pull-request .row-status.merged")).toBeVisible();
    await look(page, "pull-request-of-an-agent", { fullPage: false });
    expect(await page.evaluate(() => "wasNotReloaded" in window)).toBe(true);
  } finally {
    await host.stop();
  }
});
