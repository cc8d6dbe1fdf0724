// Reading a chat: what is folded opens, what is new is counted, what is older comes when it is wanted.
import { createChat, openChat, send, storedMessages, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

test("thoughts open, code is copied in colour, commands show how they ended", async ({ page, server, asOwner, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const script = `!reason "First I think about it."
!call execute {"command": "echo out; exit 3"}
!then
!text "Look:\\n\\n\`\`\`rust\\nfn main() { println!(\\"hi\\"); }\\n\`\`\`"`;
  const chat = await createChat(context.request, server.url, script, { new_workspace: { mode: "empty" } });
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const thought = page.locator(".thought");
  await expect(thought.locator(".thought-text")).toBeHidden();
  await thought.locator("summary").click();
  await expect(thought.locator(".thought-text")).toHaveText("First I think about it.");

  const card = page.locator(".tool");
  await expect(card.locator(".tool-mark")).toContainText("failed");
  await expect(card.locator(".tool-time")).toHaveText(/\d+ (ms|s)/);
  await card.locator("summary").click();
  await expect(card).toContainText("Exit code 3");

  const code = page.locator(".prose .code-block");
  const colours = await code.locator("span").evaluateAll((spans) => new Set(spans.map((span) => getComputedStyle(span).color)).size);
  expect(colours).toBeGreaterThan(1);
  await code.hover();
  await code.getByRole("button", { name: "Copy" }).click();
  expect((await page.evaluate(() => navigator.clipboard.readText())).trim()).toBe('fn main() { println!("hi"); }');
});

test("the reader who looks elsewhere is left there and told how much is new", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, "!tokens 900\n!pace 0");
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const flow = page.locator(".flow");
  const atEnd = () => flow.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 50);
  await expect.poll(atEnd).toBe(true);
  await flow.evaluate((element) => element.scrollTo(0, 0));
  const jump = page.getByRole("button", { name: /jump to latest/i });
  await expect(jump).toBeVisible();
  // What the agent does, and Stop, stay in sight.
  await send(page, "!tokens 2000\n!pace 50ms");
  const stop = page.getByRole("button", { name: /^Stop/ });
  await expect(stop).toBeInViewport();
  expect(await flow.evaluate((element) => element.scrollTop)).toBeLessThan(50);
  await stop.click();
  await expect(stop).toHaveCount(0);
  await send(page, '!text "A short answer."');
  await expect(jump).toContainText(/\d new/);
  expect(await flow.evaluate((element) => element.scrollTop)).toBeLessThan(50);
  await jump.click();
  await expect.poll(atEnd).toBe(true);
  await expect(jump).toHaveCount(0);
  await expect(page.locator(".by-agent .prose").last()).toContainText("A short answer.");
});

test("text that comes in bursts appears at a steady pace, and at once where motion is not wanted", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "before"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const bursts = 12;
  const script = `!pace 200ms\n!text "${Array.from({ length: bursts }, () => "x".repeat(150)).join(" ")}"`;
  // How many different lengths of the text were painted.
  const paintedLengths = async () => {
    const lengths = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const seen = new Set<number>();
          const look = () => {
            const text = document.querySelector(".prose-live")?.textContent;
            if (text) seen.add(text.length);
            if (seen.size > 0 && text === undefined) resolve(seen.size);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    await send(page, script);
    const painted = await lengths;
    await untilIdle(context.request, server.url, chat);
    const letters = (await page.locator(".by-agent .prose").last().innerText()).split("x").length - 1;
    expect(letters).toBe(bursts * 150);
    return painted;
  };
  expect(await paintedLengths()).toBeGreaterThan(bursts * 3);
  await page.emulateMedia({ reducedMotion: "reduce" });
  // The model's own last words come one by one.
  expect(await paintedLengths()).toBeLessThan(bursts * 2);
});

test("a long history comes page by page when the reader scrolls up, each message once", async ({ page, browser, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "answer 0"');
  await untilIdle(context.request, server.url, chat);
  for (let number = 1; number <= 32; number++) {
    const data = { content: [{ type: "text", text: `!text "answer ${number}"` }] };
    const answer = await context.request.post(`${server.url}/api/experimental/chats/${chat}/messages`, { data });
    expect(answer.status(), await answer.text()).toBeLessThan(300);
    await untilIdle(context.request, server.url, chat);
  }
  const stored = (await storedMessages(context.request, server.url, chat)).length;
  expect(stored).toBe(66);
  await openChat(page, server.url, chat);
  const answers = page.locator(".by-agent .prose");
  await expect(answers.last()).toContainText("answer 32");
  await expect(page.getByText("answer 0", { exact: true })).toHaveCount(0);
  await page.locator(".flow").evaluate((element) => element.scrollTo(0, 0));
  await expect(answers).toHaveCount(33);
  await expect(answers.first()).toContainText("answer 0");
  // Older messages are not new ones.
  await expect(page.getByRole("button", { name: /new · jump/ })).toHaveCount(0);

  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const reader = await plain.newPage();
  await reader.goto(`${server.url}/agents/${chat}`);
  await expect(reader.locator(".by-agent .prose").last()).toContainText("answer 32");
  await reader.getByRole("link", { name: "Load older messages" }).click();
  await expect(reader.locator(".by-agent .prose").first()).toContainText("answer 0");
  await reader.getByRole("link", { name: "Go to the newest messages" }).click();
  await expect(reader.locator(".by-agent .prose").last()).toContainText("answer 32");
  await plain.close();
});

test("many chats are listed page by page, and one that answered elsewhere is marked unread", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  for (let number = 1; number <= 51; number++) await createChat(context.request, server.url, `!title "Chat ${number}"\n!text "${number}"`);
  const rows = page.locator(".row");
  await page.goto(`${server.url}/agents`);
  await hydrated(page);
  await expect(rows).toHaveCount(50);
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);
  await page.locator(".sidebar-list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await expect(page.locator(".row-title").last()).toHaveText("Chat 1");

  await page.locator(".sidebar-list").evaluate((list) => list.scrollTo(0, 0));
  await rows.first().click();
  await hydrated(page);
  const other = await createChat(context.request, server.url, '!title "Elsewhere"\n!text "news"');
  const row = page.locator(".row-item", { hasText: "Elsewhere" });
  await expect(row.getByRole("img", { name: "Unread" })).toBeVisible();
  await row.locator(".row").click();
  await page.waitForURL(`**/agents/${other}`);
  await expect(row.getByRole("img", { name: "Unread" })).toHaveCount(0);
});

test("the demo model reads and edits files; the cards show the lines that changed", async ({ page, startServer, context }) => {
  const repository = await Repository.create();
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  await server.allowFolder(context.request, repository.path);
  const work = { new_workspace: { mode: "worktree", folder: repository.path } };
  const chat = await createChat(context.request, server.url, "Show me what you can do.", work);
  await openChat(page, server.url, chat);
  await expect(page.locator(".live")).toContainText(/ \d+ (s|ms)|\d:\d\d/, { timeout: 20_000 });
  await expect(page.locator(".live")).toHaveCount(0, { timeout: 30_000 });
  await expect(page.locator(".by-agent .prose").last()).toContainText("script");
  await expect(page.locator(".tool", { hasText: "Read" }).first()).toContainText("README.md");
  const edit = page.locator(".tool", { hasText: "Edited" }).first();
  await edit.locator("summary").click();
  await expect(edit.locator(".tool-edit .diff-added").first()).toBeVisible();
  await expect(edit.locator(".tool-edit-name code").first()).toHaveText("README.md");
  const panel = page.getByRole("region", { name: "Changes" });
  await expect(panel.locator(".file-head", { hasText: "SWITCHYARD_DEMO.md" })).toBeVisible();
  await look(page, "chat-demo", { fullPage: false });
  await repository.remove();
});
