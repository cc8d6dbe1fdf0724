// Comments on lines of the changes: written with the mouse and with the keyboard, collected in the composer, taken back, sent, and
// found again when the file has changed.
import type { APIRequestContext, Locator, Page } from "@playwright/test";

import { createChatInWorkspace, openChat, send, storedMessages, untilIdle } from "../fixtures/chats.js";
import { box, chatOn, comment, linesOf, marks, number as numberIn, panelOf } from "../fixtures/diffs.js";
import { GitHost } from "../fixtures/git-host.js";
import { Repository } from "../fixtures/repository.js";
import type { Server } from "../fixtures/server.js";
import { GATE, openGate } from "../fixtures/templates.js";
import { expect, look, test } from "../fixtures/test.js";

const EDIT = `!title "Greet politely"
!call execute {"command": "sed -i 's/Hello, {name}/Good day, {name}/' src/lib.rs"}
!then
!text "Edited."`;

const lines = (page: Page) => linesOf(page, "src/lib.rs");
const number = (page: Page, side: "old" | "new", line: number) => numberIn(lines(page), side, line);
const chips = (page: Page) => page.getByRole("list", { name: "Attached to the message" }).getByRole("listitem");
const composerOf = (page: Page) => page.getByRole("textbox", { name: "Message" });

const edited = (request: APIRequestContext, server: Server, repository: Repository) => chatOn(request, server, repository, EDIT);

async function drag(page: Page, from: Locator, to: Locator): Promise<void> {
  await from.hover();
  await page.mouse.down();
  await to.hover();
  await page.mouse.up();
}

test.describe("on a real git repository", () => {
  let repository: Repository;

  test.beforeEach(async () => {
    repository = await Repository.create();
  });

  test.afterEach(() => repository.remove());

  test("comments on lines are drawn with the mouse, taken back, sent, and stay with their lines", async ({ page, startServer, context }) => {
    const server = await startServer();
    const chat = await edited(context.request, server, repository);
    await openChat(page, server.url, chat);
    await expect(lines(page).locator(".diff-added", { hasText: "Good day" })).toBeVisible();

    // A click, and two lines of text.
    await number(page, "new", 5).click();
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:5");
    await expect(box(page)).toBeFocused();
    await page.keyboard.type("Say who greets.");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("And why.");
    await look(page, "review-box", { fullPage: false });
    await box(page).press("Enter");
    await expect(chips(page)).toHaveText([/lib\.rs:5\s*Say who greets\.\s*And why\./]);
    await expect(marks(page)).toHaveText([/Line 5\s*not sent yet\s*Say who greets\.\s*And why\./]);

    // Several lines; Escape leaves nothing behind.
    await drag(page, number(page, "new", 3), number(page, "new", 4));
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:3-4");
    await page.keyboard.type("Never said");
    await page.keyboard.press("Escape");
    await expect(box(page)).toHaveCount(0);
    await expect(number(page, "new", 4)).toBeFocused();
    await expect(chips(page)).toHaveCount(1);

    // Upwards, over a removed line; and across the sides, where the end alone counts.
    await drag(page, number(page, "new", 6), number(page, "new", 4));
    await expect(lines(page).locator("tr.chosen")).toHaveCount(3);
    await comment(page, "Shorter, please.");
    await drag(page, number(page, "old", 5), number(page, "new", 6));
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:6");
    await comment(page, "A brace.");
    await number(page, "old", 5).click();
    await comment(page, "This was warmer.");
    await expect(chips(page).getByRole("button", { name: /show these lines/ })).toHaveText(["lib.rs:5", "lib.rs:4-6", "lib.rs:6", "lib.rs:5"]);
    await expect(marks(page)).toHaveCount(4);

    // Taken out at either end, taken back, done again.
    await marks(page).filter({ hasText: "A brace." }).getByRole("button", { name: /^Remove/ }).click();
    await expect(chips(page)).toHaveCount(3);
    await expect(marks(page)).toHaveCount(3);
    await chips(page).filter({ hasText: "Shorter" }).getByRole("button", { name: /^Remove/ }).click();
    await expect(marks(page)).toHaveCount(2);
    await expect(composerOf(page)).toBeFocused();
    await page.keyboard.press("Control+z");
    await expect(marks(page)).toHaveCount(3);
    await page.keyboard.press("Control+z");
    await expect(chips(page)).toHaveCount(4);
    await expect(chips(page).nth(2)).toContainText("A brace.");
    await page.keyboard.press("Control+Shift+z");
    await expect(chips(page)).toHaveCount(3);
    await expect(marks(page)).toHaveCount(3);
    // What was typed since is taken back before it.
    await page.keyboard.type("x");
    await page.keyboard.press("Control+z");
    await expect(composerOf(page)).toHaveValue("");
    await expect(chips(page)).toHaveCount(3);

    // They are kept with the draft.
    await page.reload();
    await expect(chips(page)).toHaveCount(3);
    await expect(marks(page)).toHaveCount(3);
    await chips(page).nth(1).getByRole("button", { name: /show these lines/ }).click();
    await expect(marks(page).filter({ hasText: "Shorter" })).toBeFocused();
    await expect(marks(page).filter({ hasText: "Shorter" })).toBeInViewport();
    await look(page, "review-collected", { fullPage: false });

    await composerOf(page).fill("Look at these:");
    await composerOf(page).press("Enter");
    await expect(chips(page)).toHaveCount(0);
    const said = page.locator(".by-user .quote");
    await expect(said.locator(".quote-place")).toHaveText(["src/lib.rs:5", "src/lib.rs:4-6", "src/lib.rs:5 before the change"]);
    await expect(said.nth(0)).toContainText('format!("Good day, {name}")');
    await expect(said.nth(2)).toContainText('format!("Hello, {name}")');
    await expect(marks(page).filter({ hasText: "sent" })).toHaveCount(3);
    await expect(marks(page).filter({ hasText: "not sent yet" })).toHaveCount(0);
    await untilIdle(context.request, server.url, chat);
    const sent = (await storedMessages(context.request, server.url, chat)).find(({ content }) => content.some(({ type }) => type === "diff-comment"));
    const [, worktree] = repository.worktrees();
    expect(sent?.content.map((part) => ({ ...part, diff_hunk: undefined, blob: undefined }))).toEqual([
      { type: "text", text: "Look at these:" },
      ...[
        { start_line: 5, end_line: 5, side: "new", content: "Say who greets.\nAnd why." },
        { start_line: 4, end_line: 6, side: "new", content: "Shorter, please." },
        { start_line: 5, end_line: 5, side: "old", content: "This was warmer." },
      ].map((part) => ({ type: "diff-comment", file_name: "src/lib.rs", repo_root: worktree, diff_hunk: undefined, ...part })),
    ]);

    // Lines that come above move it; what is changed is outdated.
    await page.reload();
    await expect(marks(page)).toHaveCount(3);
    await send(page, `!call execute {"command": "sed -i '1i // First.' src/lib.rs"}\n!then\n!text "Moved."`);
    await expect(marks(page).filter({ hasText: "Say who greets" })).toContainText("Line 6, was 5", { timeout: 20_000 });
    await expect(marks(page).filter({ hasText: "warmer" })).toContainText("Line 5 before the change");
    await untilIdle(context.request, server.url, chat);
    // All that stood around it is another text: what it quotes does not tell any more, the version that it was made on does.
    const around = "-e 's|^/// A greeting|/// Words|' -e 's|pub fn greet|pub fn welcome|' -e '7s|}|} // said|' -e 's|cfg(test)|cfg(any(test))|'";
    await send(page, `!call execute {"command": "sed -i ${around} src/lib.rs"}\n!then\n!text "Reworded."`);
    await expect(panelOf(page).getByText("1 outdated comment")).toBeVisible({ timeout: 20_000 });
    const followed = marks(page).filter({ hasText: "Say who greets" });
    await expect(followed).toContainText("Line 6, was 5");
    await expect(followed).not.toContainText("outdated");
    await untilIdle(context.request, server.url, chat);
    await send(page, `!call execute {"command": "sed -i 's/Good day/Good evening/' src/lib.rs"}\n!then\n!text "Changed."`);
    const folded = panelOf(page).getByText("2 outdated comments");
    await expect(folded).toBeVisible({ timeout: 20_000 });
    await folded.click();
    const lost = marks(page).filter({ hasText: "Say who greets" });
    await expect(lost).toContainText("outdated");
    await expect(lost).toContainText('format!("Good day, {name}")');
    await untilIdle(context.request, server.url, chat);
    await look(page, "review-sent", { fullPage: false });

    // One that waits for its turn is there all the while.
    await send(page, `!call execute ${JSON.stringify({ command: GATE, timeout: "120s" })}\n!then\n!text "Waited."`);
    await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
    await number(page, "new", 4).click();
    await comment(page, "While it works.");
    await send(page, "Later.");
    const waiting = marks(page).filter({ hasText: "While it works." });
    await expect(waiting).toContainText("in the queue");
    await openGate(server);
    await untilIdle(context.request, server.url, chat);
    await expect(waiting).toContainText("sent");
  });

  test("comments are written by keyboard alone, and a message that is not taken gives them back", async ({ page, startServer, context, consoleGuard }) => {
    consoleGuard.expect(/ERR_FAILED|Failed to load resource/);
    const server = await startServer();
    const chat = await edited(context.request, server, repository);
    await openChat(page, server.url, chat);
    const file = panelOf(page).locator(".file-head > summary");
    await expect(lines(page).locator(".diff-added", { hasText: "Good day" })).toBeVisible();
    await file.focus();
    await page.keyboard.press("Tab");
    await expect(lines(page).getByRole("button", { name: "Show the unchanged line" }).first()).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(number(page, "new", 2)).toBeFocused();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await expect(number(page, "old", 5)).toBeFocused();
    await page.keyboard.press("c");
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:5");
    await comment(page, "Warmer.");
    await expect(number(page, "old", 5)).toBeFocused();

    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Shift+ArrowUp");
    await expect(lines(page).locator("tr.chosen")).toHaveCount(3);
    await page.keyboard.press("Enter");
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:2-4");
    await comment(page, "All of it.");
    await expect(chips(page)).toHaveCount(2);
    // The comment is between; Tab comes back to the line.
    await page.keyboard.press("Control+z");
    await expect(chips(page)).toHaveCount(1);
    await page.keyboard.press("Control+y");
    await expect(chips(page)).toHaveCount(2);

    await page.route("**/api/page/send_message*", (route) => route.abort());
    await composerOf(page).fill("Twice");
    await composerOf(page).press("Enter");
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(composerOf(page)).toHaveValue("Twice");
    await expect(chips(page)).toHaveCount(2);
    await expect(marks(page).filter({ hasText: "not sent yet" })).toHaveCount(2);
    await page.unroute("**/api/page/send_message*");

    // On a phone: a tap on the number, and the chip leads back to the line.
    await page.setViewportSize({ width: 375, height: 812 });
    await page.getByRole("button", { name: "Show or hide the changes" }).click();
    await number(page, "new", 6).click();
    await comment(page, "On the phone.");
    await page.screenshot({ path: "artifacts/review-phone.png" });
    await page.keyboard.press("Escape");
    await expect(panelOf(page)).toBeHidden();
    await chips(page).filter({ hasText: "On the phone" }).getByRole("button", { name: /show these lines/ }).click();
    await expect(marks(page).filter({ hasText: "On the phone" })).toBeInViewport();
    await page.keyboard.press("Escape");
    await composerOf(page).press("Enter");
    await expect(chips(page)).toHaveCount(0);
    await expect(page.locator(".by-user .quote")).toHaveCount(3);
  });
});

const TOKEN = "glpat-a-very-private-token";
const DIFF = `diff --git a/greeting.txt b/greeting.txt
index 1111111..2222222 100644
--- a/greeting.txt
+++ b/greeting.txt
@@ -1,2 +1,3 @@
 Hello
-World
+people
+of the world
`;

test("the diff of a pull request is a view of its own, with comments on it", async ({ page, context, startServer, standin }) => {
  const host = await GitHost.start(TOKEN);
  try {
    const server = await startServer({ env: host.environment(standin) });
    const { request } = context;
    await server.createOwner(request);
    await server.signIn(request);
    const put = await request.put(`${server.url}/api/v2/external-auth/${host.name}`, { data: { token: TOKEN } });
    expect(put.status(), await put.text()).toBe(200);
    const { chat } = await createChatInWorkspace(request, server.url);
    const pull = async (change: object) => {
      const data = { title: "Greet people", branch: "topic", base: "main", additions: 2, deletions: 1, changed_files: 1, ...change };
      const answer = await request.put(`${standin}/__github/repos/team/project/pulls/7`, { data });
      expect(answer.status(), await answer.text()).toBe(204);
    };
    await pull({ branch: "other" });
    await openChat(page, server.url, chat);
    const script = (command: string) => `!call execute ${JSON.stringify({ command })}\n!then\n!text "Done."`;
    await send(page, script(host.push));
    await untilIdle(request, server.url, chat);
    await pull({ diff: DIFF });
    await send(page, script("git -C project fetch --quiet origin"));

    const panel = panelOf(page);
    const tab = panel.getByRole("tab", { name: /^Pull request #7/ });
    await expect(tab).toBeVisible({ timeout: 30_000 });
    await tab.click();
    const view = panel.getByRole("tabpanel", { name: /^Pull request #7/ });
    await expect(view.locator(".remote-title")).toHaveText("#7 Greet people");
    await expect(view.getByRole("link", { name: "View pull request" })).toHaveAttribute("href", `${host.url}/team/project/pull/7`);
    await expect(view.locator(".diff-added")).toHaveText([/people/, /of the world/]);
    await view.locator("button[name=new][value='3']").click();
    await comment(page, "Too grand.");
    await expect(chips(page)).toHaveText([/greeting\.txt:3\s*Too grand\./]);
    await expect(marks(page)).toHaveCount(1);
    await look(page, "review-pull-request", { fullPage: false });

    // Taken back at the host, the comment has no lines any more.
    await pull({ diff: "" });
    await panel.getByRole("button", { name: "Look for changes now" }).click();
    await expect(view.getByText("No pushed changes yet")).toBeVisible();
    await expect(view.getByText("1 comment on files that are not changed now")).toBeVisible();
  } finally {
    await host.stop();
  }
});
