// The agents page around the conversation: keyboard, list, drafts, narrow windows, no JavaScript.
import { createChat, openChat, send, statusOf, untilIdle } from "../fixtures/chats.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

test("everything can be done by keyboard", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const first = await createChat(context.request, server.url, '!title "First"\n!text "one"');
  await untilIdle(context.request, server.url, first);
  const second = await createChat(context.request, server.url, '!title "Second"\n!text "two"');
  await untilIdle(context.request, server.url, second);
  await openChat(page, server.url, second);

  await page.locator("body").press("j");
  await expect(page.locator(".row", { hasText: "First" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/agents/${first}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("First");
  await page.locator("body").press("/");
  const editor = page.getByRole("textbox", { name: "Message" });
  await expect(editor).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(editor).toHaveValue('!title "First"\n!text "one"');
  await page.keyboard.press("Escape");
  await expect(editor).toHaveValue("");
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await expect(editor).toHaveValue("line one\nline two");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Find a chat or an action" });
  await expect(palette).toBeVisible();
  await look(page, "palette", { fullPage: false });
  await page.keyboard.type("second");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/agents/${second}`);
  await page.locator("h1").click();
  await page.keyboard.press("[");
  await expect(page.getByRole("navigation", { name: "Chats" })).toBeHidden();
  await page.keyboard.press("[");
  await expect(page.getByRole("navigation", { name: "Chats" })).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await look(page, "shortcuts", { fullPage: false });
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await page.waitForURL("**/agents");
  await expect(page.getByRole("textbox", { name: "What should be done?" })).toBeFocused();
});

test("the arrow keys bring back what was written before", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "first"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const editor = page.getByRole("textbox", { name: "Message" });
  await send(page, '!text "second"\nof two lines');
  await untilIdle(context.request, server.url, chat);
  await expect(editor).toHaveValue("");
  const shown = async (key: string, text: string) => {
    await editor.press(key);
    await expect(editor).toHaveValue(text);
  };
  await shown("ArrowUp", '!text "second"\nof two lines');
  await shown("ArrowUp", '!text "first"');
  // There is nothing before the first one.
  await shown("ArrowUp", '!text "first"');
  await shown("ArrowDown", '!text "second"\nof two lines');
  await shown("ArrowDown", "");
  await shown("ArrowUp", '!text "second"\nof two lines');
  await shown("Escape", "");
  // Once changed it is one's own text, in which the arrow keys move the cursor.
  await shown("ArrowUp", '!text "second"\nof two lines');
  await editor.pressSequentially("!");
  await shown("ArrowUp", '!text "second"\nof two lines!');
  await shown("Escape", '!text "second"\nof two lines!');
});

test("chats are opened and left inside the page, an answering one too", async ({ page, server, asOwner, context }) => {
  const quiet = await createChat(context.request, server.url, '!title "Quiet one"\n!text "one"');
  await untilIdle(context.request, server.url, quiet);
  const busy = await createChat(context.request, server.url, '!title "Busy one"\n!text "two"');
  await untilIdle(context.request, server.url, busy);
  await openChat(page, server.url, busy);
  await send(page, "!pace 50ms\n!tokens 4000");
  await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
  const documents: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "document") documents.push(request.url());
  });
  const heading = page.getByRole("heading", { level: 1 });
  const row = (title: string) => page.locator(".row", { hasText: title });
  for (let round = 0; round < 3; round++) {
    await row("Quiet one").click();
    await expect(heading).toHaveText("Quiet one");
    await expect(page).toHaveTitle("Quiet one · Switchyard");
    await row("Busy one").click();
    await expect(heading).toHaveText("Busy one");
    await page.locator(".brand").click();
    await expect(heading).toHaveText("What should be done?");
    await row("Busy one").click();
    await expect(heading).toHaveText("Busy one");
    await page.locator("a[aria-label=Settings]").click();
    await expect(heading).toHaveText("Profile");
    await page.goBack();
    await expect(heading).toHaveText("Busy one");
  }
  expect(documents).toEqual([]);
  await page.getByRole("button", { name: "Stop" }).click();
  await untilIdle(context.request, server.url, busy);
});

test("a draft is kept for each chat and an edit runs the chat again", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "first answer"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const editor = page.getByRole("textbox", { name: "Message" });
  await editor.fill("half a thought");
  // What an edit that is given up at a reload makes of a message takes nothing of it.
  for (const edit of ["an edit that is given up", '!text "second answer"']) {
    await page.waitForTimeout(500);
    await page.reload();
    await hydrated(page);
    await expect(editor).toHaveValue("half a thought");
    await page.getByRole("article", { name: "You said" }).hover();
    await page.getByRole("button", { name: "Edit this message" }).click();
    await editor.fill(edit);
  }
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.locator(".by-agent .prose")).toContainText("second answer");
  await expect(editor).toHaveValue("half a thought");
});

test("what could not be sent after its page was left is a draft again", async ({ page, startServer, context, consoleGuard }) => {
  consoleGuard.expect(/Failed to load resource/);
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const one = await createChat(context.request, server.url, '!title "One"\n!text "one"');
  const two = await createChat(context.request, server.url, '!title "Two"\n!text "two"');
  await untilIdle(context.request, server.url, one);
  await untilIdle(context.request, server.url, two);
  const editor = page.locator(".editor");
  const failure = page.getByText("A message was not sent; it is kept as a draft.");
  const lists = page.getByRole("navigation", { name: "Chats" });
  for (const [path, name] of [["/agents", "create_chat"], [`/agents/${one}`, "send_message"]] as const) {
    await page.goto(`${server.url}${path}`);
    await hydrated(page);
    let refuse = () => {};
    const left = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    await page.route(`**/api/page/${name}`, async (route) => {
      await left;
      await route.fulfill({ status: 503, contentType: "text/plain", body: "busy" });
    });
    await editor.fill("do not lose this");
    await editor.press("Enter");
    await expect(editor).toHaveValue("");
    await lists.getByRole("link", { name: /Two/ }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Two");
    refuse();
    await expect(failure).toBeVisible();
    await page.goto(`${server.url}${path}`);
    await hydrated(page);
    await expect(editor).toHaveValue("do not lose this");
    await page.unroute(`**/api/page/${name}`);
  }
});

test("chats are renamed, pinned, searched and archived from the list", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  for (const name of ["Alpha", "Beta", "Gamma"]) {
    const chat = await createChat(context.request, server.url, `!title "${name}"\n!text "about ${name}"`);
    await untilIdle(context.request, server.url, chat);
  }
  await page.goto(`${server.url}/agents`);
  await hydrated(page);
  const list = page.getByRole("navigation", { name: "Chats" });
  const titles = () => list.locator(".row-title").allInnerTexts();
  await expect.poll(titles).toEqual(["Gamma", "Beta", "Alpha"]);
  const menu = async (name: string, item: string) => {
    const row = list.locator(".row-item", { hasText: name });
    await row.hover();
    await row.getByRole("button", { name: "What to do with this chat" }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  await menu("Alpha", "Pin");
  await expect.poll(titles).toEqual(["Alpha", "Gamma", "Beta"]);
  await menu("Beta", "Rename");
  await page.getByRole("dialog").getByLabel("Title").fill("Better");
  await page.getByRole("dialog").getByLabel("Title").press("Enter");
  await expect.poll(titles).toEqual(["Alpha", "Gamma", "Better"]);
  await menu("Gamma", "Archive");
  await expect.poll(titles).toEqual(["Alpha", "Better"]);
  await page.getByRole("region", { name: "Notifications" }).getByRole("button", { name: "Undo" }).click();
  await expect.poll(titles).toEqual(["Alpha", "Gamma", "Better"]);
  await menu("Gamma", "Archive");
  await expect.poll(titles).toEqual(["Alpha", "Better"]);
  await page.getByRole("button", { name: "Show archived chats" }).click();
  await expect.poll(titles).toEqual(["Gamma"]);
  await page.getByRole("button", { name: "Show archived chats" }).click();
  await page.reload();
  await expect.poll(titles).toEqual(["Alpha", "Better"]);

  const other = await context.newPage();
  await other.goto(`${server.url}/agents`);
  await hydrated(other);
  await createChat(context.request, server.url, '!title "Delta"\n!text "d"');
  await expect(other.locator(".row-title", { hasText: "Delta" })).toBeVisible();
});

test("a chat that is at work is put away after a question, and taken out of the archive again", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const chat = await createChat(context.request, server.url, '!title "Long work"\n!pace 50ms\n!tokens 2000');
  await openChat(page, server.url, chat);
  const list = page.getByRole("navigation", { name: "Chats" });
  const row = list.locator(".row-item", { hasText: "Long work" });
  // The question names the chat as it is called when it is asked; the first words stand for the title until it is made.
  await expect(row.locator(".row-title")).toHaveText("Long work");
  const menu = async (item: string) => {
    await row.hover();
    await row.getByRole("button", { name: "What to do with this chat" }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const dialog = page.getByRole("dialog");
  await menu("Archive");
  await expect(dialog).toContainText("Archive “Long work”?");
  await look(page, "chat-archive-question", { fullPage: false });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  expect(await statusOf(context.request, server.url, chat)).toBe("running");

  await menu("Archive");
  await dialog.getByRole("button", { name: "Stop and archive" }).click();
  await expect(dialog).toBeHidden({ timeout: 15_000 });
  await expect(row).toHaveCount(0);
  await page.waitForURL(`${server.url}/agents`);
  await page.getByRole("button", { name: "Show archived chats" }).click();
  await row.locator(".row").click();
  await expect(page.getByText("This chat is archived")).toBeVisible();
  await expect(page.locator(".by-agent .prose").first()).not.toBeEmpty();
  await look(page, "chat-archived", { fullPage: false });
  await menu("Take out of the archive");
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: "Show archived chats" }).click();
  await expect(row).toBeVisible();
});

test("an archived chat is taken out where it stands, and another tab follows", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!title "Put away"\n!text "kept"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const editor = page.getByRole("textbox", { name: "Message" });
  await expect(editor).toBeVisible();
  await expect(page.locator(".row-title", { hasText: "Put away" })).toBeVisible();
  await expect(editor).toHaveValue("");
  const put = await context.request.patch(`${server.url}/api/experimental/chats/${chat}`, { data: { archived: true }, headers: { origin: server.url } });
  expect(put.ok()).toBe(true);
  await expect(page.getByText("This chat is archived")).toBeVisible();
  await expect(editor).toBeHidden();
  await page.getByRole("button", { name: "Take out of the archive" }).click();
  await expect(editor).toBeVisible();
  await expect(editor).toHaveValue("");
  await send(page, '!text "and on"');
  await expect(page.locator(".by-agent .prose", { hasText: "and on" })).toBeVisible();
  await expect(page.locator(".row-title", { hasText: "Put away" })).toBeVisible();
});

test("a chat is renamed and labelled from the bar above it, and found by its label", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!title "Plain"\n!text "kept"');
  const other = await createChat(context.request, server.url, '!title "Unlabelled"\n!text "kept"');
  await untilIdle(context.request, server.url, other);
  await openChat(page, server.url, chat);
  const bar = page.locator(".top");
  const menu = async (item: string) => {
    await bar.getByRole("button", { name: "What to do with this chat" }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const dialog = page.getByRole("dialog");
  await menu("Rename");
  await dialog.getByLabel("Title").fill("Named here");
  await dialog.getByLabel("Title").press("Enter");
  await expect(bar.getByRole("heading")).toHaveText("Named here");
  await menu("Labels");
  await dialog.getByRole("textbox").fill("team");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toContainText("Write it as key=value");
  await dialog.getByRole("textbox").fill("team=web\nstage=review");
  await look(page, "chat-labels", { fullPage: false });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(bar.locator(".badge", { hasText: "team=web" })).toBeVisible();
  const list = page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("button", { name: "Filter chats" }).click();
  await look(page, "chat-filters", { fullPage: false });
  await page.getByRole("menuitem", { name: "With a label" }).click();
  const search = list.getByRole("searchbox");
  await expect(search).toBeFocused();
  await search.pressSequentially("team=web");
  await expect.poll(() => list.locator(".row-title").allInnerTexts()).toEqual(["Named here"]);
  await search.fill("");
  await list.getByRole("button", { name: "Filter chats" }).click();
  await page.getByRole("menuitem", { name: "Failed" }).click();
  await expect(list).toContainText("Nothing found");
});

test("a turn is stopped for a message that cannot wait", async ({ page, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!title "Long"\n!pace 50ms\n!tokens 2000');
  await openChat(page, server.url, chat);
  await expect(page.locator(".by-agent .prose").first()).not.toBeEmpty();
  const editor = page.getByRole("textbox", { name: "Message" });
  await editor.fill('!text "the urgent one"');
  await look(page, "chat-stop-and-send", { fullPage: false });
  await page.getByRole("button", { name: "Stop and send" }).click();
  await expect(page.locator(".by-agent .prose", { hasText: "the urgent one" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Stop and send" })).toBeHidden();

  await send(page, "!pace 50ms\n!tokens 2000");
  await expect(page.locator(".live")).toBeVisible();
  await editor.fill('!text "by the keys"');
  await editor.press("Control+Shift+Enter");
  await expect(page.locator(".by-agent .prose", { hasText: "by the keys" })).toBeVisible();
});

test("who is signed out elsewhere is told so and keeps what was typed", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const chat = await createChat(context.request, server.url, '!text "hello"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  await page.getByRole("textbox", { name: "Message" }).fill("half a thought");
  const out = await context.request.post(`${server.url}/api/v2/users/logout`, { headers: { origin: server.url } });
  expect(out.ok()).toBe(true);
  await expect(page.getByText("You are signed out")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/login\?next=/);
});

test("the model is chosen in the composer, and the chat keeps it", async ({ page, startServer, standin, context }) => {
  const server = await startServer({ env: { OPENAI_API_KEY: "right", OPENAI_BASE_URL: `${standin}/v1` } });
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const chat = await createChat(context.request, server.url, '!text "first"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const picker = page.getByRole("combobox", { name: "Model" });
  await picker.selectOption({ label: "standin-small" });
  await send(page, '!text "second"');
  await expect(page.locator(".by-agent .prose", { hasText: "second" })).toBeVisible();
  await page.reload();
  await hydrated(page);
  await expect(picker.locator("option:checked")).toHaveText("standin-small");
  await expect(page.locator(".row-item").first()).toContainText("standin-small");
});

test("the history can be read and paged without JavaScript", async ({ browser, server, asOwner, context }) => {
  const chat = await createChat(context.request, server.url, '!text "Number **one**."');
  await untilIdle(context.request, server.url, chat);
  const state = await context.storageState();
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: state });
  const page = await plain.newPage();
  await page.goto(`${server.url}/agents/${chat}`);
  await expect(page.locator(".by-agent .prose strong")).toHaveText("one");
  await expect(page.getByRole("article", { name: "You said" })).toContainText("Number");
  await expect(page.getByRole("navigation", { name: "Chats" }).locator(".row").first()).toBeVisible();
  await plain.close();
});

test("on a phone the list and the changes are one thumb away", async ({ page, server, asOwner, context }) => {
  await page.setViewportSize({ width: 375, height: 812 });
  const chat = await createChat(context.request, server.url, '!title "On the phone"\n!text "hello"', { new_workspace: { mode: "empty" } });
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  const list = page.getByRole("navigation", { name: "Chats" });
  await expect(list).toBeHidden();
  await page.getByRole("button", { name: "Show the list of chats" }).click();
  await expect(list).toBeVisible();
  await page.screenshot({ path: "artifacts/phone-list.png" });
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await page.getByRole("button", { name: "Show or hide the changes" }).click();
  await expect(page.getByRole("region", { name: "Changes" })).toBeVisible();
  await page.screenshot({ path: "artifacts/phone-changes.png" });
  await page.getByRole("button", { name: "Close the panel" }).click();
  await send(page, '!text "from the thumb"');
});

test("signing out leads to the sign-in page and closes the chat to strangers", async ({ page, startServer, context }) => {
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const chat = await createChat(context.request, server.url, '!text "secret words"');
  await untilIdle(context.request, server.url, chat);
  await openChat(page, server.url, chat);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
  await page.goto(`${server.url}/agents/${chat}`);
  await page.waitForURL(/\/login\?next=/);
  await expect(page.locator("body")).not.toContainText("secret words");
});

test("a chat that is not there says so", async ({ page, server, asOwner, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  await page.goto(`${server.url}/agents/00000000-0000-7000-8000-000000000000`);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "Chat not found" })).toBeVisible();
  await look(page, "chat-not-found", { fullPage: false });
});
