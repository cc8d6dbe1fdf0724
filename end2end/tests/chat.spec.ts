// The main job: a person talks to an agent and watches it change a real repository.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { createChat, openChat, send, shownAnswer, storedAnswer, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

const EDIT = `!title "Greet with joy"
!reason "The greeting stands in src/lib.rs. I will read it, change it and run a command."
!text "I'll look at how \`greet\` builds its text first."
!call execute {"command": "cat src/lib.rs"}
!then
!text "Now I change the greeting."
!call execute {"command": "sed -i 's/Hello, {name}/Hello and welcome, {name}/' src/lib.rs && printf 'joy\\\\n' > notes.txt && for n in 1 2 3; do echo line $n; sleep 0.3; done"}
!then
!text "The greeting is **friendlier** now:\\n\\n\`\`\`rust\\npub fn greet(name: &str) -> String {\\n    format!(\\"Hello and welcome, {name}\\")\\n}\\n\`\`\`\\n\\n- changed \`src/lib.rs\`\\n- added \`notes.txt\`"
!pace 15ms`;

test.describe("on a real git repository", () => {
  let repository: Repository;

  test.beforeEach(async () => {
    repository = await Repository.create();
  });

  test.afterEach(() => repository.remove());

  test("a new chat reads, edits and runs; the answer streams and the diff shows the change", async ({ page, startServer, context }) => {
    const server = await startServer();
    await server.createOwner(context.request);
    await server.signIn(context.request);
    await page.goto(`${server.url}/agents`);
    await hydrated(page);
    await expect(page.getByText("No chats yet")).toBeVisible();
    await expect(page.getByText("No folder of this machine is allowed yet")).toBeVisible();
    await look(page, "agents-empty", { fullPage: false });

    await server.allowFolder(context.request, repository.path);
    await page.reload();
    await hydrated(page);
    const task = page.getByRole("textbox", { name: "What should be done?" });
    await expect(task).toBeFocused();
    await expect(page.getByRole("combobox", { name: /^Workspace/ })).toHaveValue(`worktree:${repository.path}`);
    await expect(page.getByText("The demo model is a script")).toBeVisible();
    await task.fill(EDIT);
    await look(page, "agents-new", { fullPage: false });
    await task.press("Enter");

    await page.waitForURL(/\/agents\/[0-9a-f-]{36}$/);
    await expect(page.locator(".live")).toContainText(/Thinking|Writing|Running|Waiting|Starting/);
    await expect(page.getByRole("button", { name: /Stop/ })).toBeVisible();
    await expect(page.getByRole("article", { name: "You said" })).toContainText("!reason");
    await expect(page.locator(".tool").first()).toContainText("cat src/lib.rs");
    const output = page.locator(".tool").nth(1).locator(".tool-output");
    await expect(output).toContainText("line 1");
    await look(page, "chat-running", { fullPage: false });
    await expect(page.locator(".by-agent .prose strong", { hasText: "friendlier" })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator(".live")).toHaveCount(0);
    await expect(page.locator(".by-agent .prose pre code")).toContainText("Hello and welcome");

    const panel = page.getByRole("region", { name: "Changes" });
    await expect(panel.locator(".diff-added", { hasText: "Hello and welcome" })).toBeVisible();
    await expect(panel.locator(".diff-removed", { hasText: 'format!("Hello, {name}")' })).toBeVisible();
    await expect(panel.locator(".file-head", { hasText: "notes.txt" })).toContainText("new");
    await expect(panel).toContainText("2 files");
    await expect(panel.locator(".branch")).toContainText("switchyard/");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Greet with joy");
    await expect(page.getByRole("navigation", { name: "Chats" }).locator(".row").first()).toContainText("Greet with joy");
    await look(page, "chat", { fullPage: false });
    // The picture that the README shows: copied to docs/images/agents.png when the page has changed.
    await expect(page.locator(".top .chip")).toContainText("ready");
    await page.screenshot({ path: "artifacts/readme.png", animations: "disabled" });

    // The repository itself is as it was: the agent worked on a branch of its own.
    expect(await readFile(join(repository.path, "src/lib.rs"), "utf8")).toContain('format!("Hello, {name}")');

    // What the server renders first is the same as what stood there live.
    const live = await shownAnswer(page);
    await page.reload();
    await hydrated(page);
    expect(await shownAnswer(page)).toBe(live);
    await expect(panel.locator(".diff-added", { hasText: "Hello and welcome" })).toBeVisible();
  });

  test("deleting a workspace asks first, names what would be lost, and keeps the chat", async ({ page, startServer, context, consoleGuard }) => {
    // The page may ask for the changes once more while the workspace is taken away under it.
    consoleGuard.expect(/git\/watch' failed.* 503/);
    const server = await startServer();
    await server.createOwner(context.request);
    await server.signIn(context.request);
    await server.allowFolder(context.request, repository.path);
    const work = { new_workspace: { mode: "worktree", folder: repository.path } };
    const chat = await createChat(context.request, server.url, '!call execute {"command": "echo joy > notes.txt"}\n!then\n!text "Written."', work);
    await openChat(page, server.url, chat);
    await expect(page.locator(".by-agent .prose", { hasText: "Written." })).toBeVisible({ timeout: 20_000 });

    const ask = async () => {
      await page.getByRole("button", { name: "Actions for the workspace" }).click();
      await page.getByRole("menuitem", { name: "Delete the workspace" }).click();
    };
    const question = page.getByRole("dialog", { name: /^Delete the workspace / });
    await ask();
    await expect(question).toContainText("Lost for good: changes that are not committed in 1 file (notes.txt)");
    await look(page, "chat-workspace-delete", { fullPage: false });
    await question.getByRole("button", { name: "Cancel" }).click();
    await expect(question).toBeHidden();
    expect(repository.worktrees()).toHaveLength(2);

    await ask();
    await question.getByRole("button", { name: "Delete and lose this work" }).click();
    await expect.poll(() => repository.worktrees()).toHaveLength(1);
    await hydrated(page);
    await expect(page.getByRole("button", { name: "Actions for the workspace" })).toHaveCount(0);
    await expect(page.locator(".by-agent .prose", { hasText: "Written." })).toBeVisible();
    await expect(page.locator(".top .chip")).toHaveCount(0);
    await look(page, "chat-workspace-deleted", { fullPage: false });
  });
});

test("a reload in the middle of a stream loses and repeats nothing, and a second tab shows the same", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, "!tokens 400\n!pace 15ms");
  await openChat(page, server.url, chat);
  await expect.poll(async () => (await shownAnswer(page)).length).toBeGreaterThan(200);
  const second = await context.newPage();
  await openChat(second, server.url, chat);
  await page.reload();
  await hydrated(page);
  await expect.poll(async () => (await shownAnswer(page)).length).toBeGreaterThan(400);
  await page.reload();
  await untilIdle(context.request, server.url, chat);
  const stored = await storedAnswer(context.request, server.url, chat);
  expect(stored.length).toBeGreaterThan(1000);
  await expect.poll(() => shownAnswer(page)).toBe(stored);
  await expect.poll(() => shownAnswer(second)).toBe(stored);
});

test("stop keeps what was written", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, "!tokens 3000\n!pace 20ms");
  await openChat(page, server.url, chat);
  await expect.poll(async () => (await shownAnswer(page)).length).toBeGreaterThan(150);
  await page.keyboard.press("Escape");
  await expect(page.locator(".live")).toHaveCount(0);
  const stored = await storedAnswer(context.request, server.url, chat);
  expect(stored.length).toBeGreaterThan(100);
  expect(await shownAnswer(page)).toBe(stored);
  await expect(page.locator(".said-cut")).toHaveText("Stopped before its end");
  await page.reload();
  await expect(page.locator(".said-cut")).toHaveCount(1);
});

test("an answer that came to the model's limit says so", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "Half of it"\n!finish length');
  await openChat(page, server.url, chat);
  await expect(page.locator(".said-cut")).toHaveText("Cut off at the model’s output limit");
  await page.reload();
  await expect(page.locator(".said-cut")).toHaveCount(1);
});

test("a conversation that is left right after a click on a card is left for good", async ({ page, server, asOwner, context }) => {
  const other = await createChat(context.request, server.url, '!title "Another one"\n!text "one"');
  const chat = await createChat(context.request, server.url, '!title "With a card"\n!call execute {"command": "true"}\n!then\n!text "Done."');
  await untilIdle(context.request, server.url, chat);
  await untilIdle(context.request, server.url, other);
  await openChat(page, server.url, chat);
  const link = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Another one/ }).first();
  await expect(link).toBeVisible();
  const into = (await link.getAttribute("href"))!;
  await page.locator("details.tool summary").first().evaluate((summary, href) => {
    (summary as HTMLElement).click();
    document.querySelector<HTMLElement>(`nav a[href="${href}"]`)!.click();
  }, into);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Another one");
  // What the click looks at later, it looks at within this time; the page's console stays empty.
  await page.waitForTimeout(500);
});

test("a command that is stopped is shown as interrupted", async ({ page, server, asOwner, context }) => {
  const more = { new_workspace: { mode: "empty" } };
  const chat = await createChat(context.request, server.url, '!call execute {"command": "echo begun; sleep 60", "timeout": "90s"}', more);
  await openChat(page, server.url, chat);
  await expect(page.locator(".tool-output")).toContainText("begun", { timeout: 20_000 });
  await expect(page.locator(".live")).toContainText("Running echo begun");
  await page.getByRole("button", { name: /Stop/ }).click();
  await expect(page.locator(".live")).toHaveCount(0);
  await expect(page.locator(".tool")).toContainText("interrupted");
});

test("the model's memory is summarized and cleared from the composer", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "a long story"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  await send(page, "/compact");
  await expect(page.locator(".tool", { hasText: "the conversation for the model" })).toContainText("Summarized");
  await expect(page.locator(".live")).toHaveCount(0);
  await send(page, "/clear");
  await expect(page.locator(".tool", { hasText: "what the model remembers" })).toContainText("Cleared");
  await expect(page.getByText("a long story").first()).toBeVisible();
  await look(page, "chat-memory", { fullPage: false });
});

test("messages queue while the agent works; each can be sent now, changed, moved and removed", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, "!tokens 3000\n!pace 20ms");
  await openChat(page, server.url, chat);
  await expect(page.locator(".live")).toBeVisible();
  await expect(page.getByRole("button", { name: "Queue", exact: true })).toBeVisible();
  for (const text of ['!text "first"', '!text "second"', '!text "third"']) {
    await send(page, text);
    await expect(page.locator(".queued", { hasText: text })).toBeVisible();
  }
  await look(page, "chat-queue", { fullPage: false });
  await page.locator(".queued", { hasText: "third" }).getByRole("button", { name: "Remove this queued message" }).click();
  await expect(page.locator(".queued")).toHaveCount(2);
  await page.locator(".queued", { hasText: "second" }).getByRole("button", { name: "Edit this queued message" }).click();
  const field = page.getByRole("textbox", { name: "Queued message" });
  await expect(field).toHaveValue('!text "second"');
  await expect(field).toBeFocused();
  await field.fill('!text "changed"');
  await field.press("Enter");
  await expect(page.locator(".queued").nth(1)).toContainText("changed");
  await page.locator(".queued", { hasText: "changed" }).getByRole("button", { name: "Move this queued message forward" }).click();
  await expect(page.locator(".queued").nth(0)).toContainText("changed");
  await page.locator(".queued", { hasText: "changed" }).getByRole("button", { name: "Edit this queued message" }).click();
  await field.press("Escape");
  await expect(page.locator(".queued", { hasText: "changed" })).toBeVisible();
  await page.reload();
  await expect(page.locator(".queued").nth(0)).toContainText("changed");
  await page.locator(".queued", { hasText: "changed" }).getByRole("button", { name: "Remove this queued message" }).click();
  await expect(page.locator(".queued")).toHaveCount(1);
  await page.locator(".queued", { hasText: "first" }).getByRole("button", { name: "Send now" }).click();
  await expect(page.locator(".queued")).toHaveCount(0);
  await expect(page.locator(".by-agent .prose").last()).toContainText("first");
  await expect(page.locator(".live")).toHaveCount(0);
});

test("a failed turn says why and can be tried again", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!error 401 times=1 "The key is not valid."\n!text "It works now."');
  await openChat(page, server.url, chat);
  const callout = page.locator(".turn-error");
  await expect(callout).toContainText("The key was refused");
  await look(page, "chat-error", { fullPage: false });
  await callout.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(".by-agent .prose")).toContainText("It works now.");
  await expect(callout).toHaveCount(0);
});

test("a retry is counted down", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!error 429 retry_after=8 times=1 "Slow down."\n!text "Here it is."');
  await openChat(page, server.url, chat);
  await expect(page.locator(".live")).toContainText(/Retrying in \d+ s/);
  await look(page, "chat-retry", { fullPage: false });
  await expect(page.locator(".by-agent .prose")).toContainText("Here it is.");
});
