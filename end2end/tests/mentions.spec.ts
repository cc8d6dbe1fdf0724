// Files of the workspace are named with an @ in the composer.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createChatInWorkspace, openChat, storedMessages, untilIdle } from "../fixtures/chats.js";
import { expect, look, test } from "../fixtures/test.js";

test("a file is named with a few letters of its path", async ({ page, startServer, context }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  const { chat, folder } = await createChatInWorkspace(request, server.url);
  await mkdir(join(folder, "src/greeting"), { recursive: true });
  for (const file of ["README.md", "src/main.rs", "src/greeting/title.rs", "src/greeting/tests.rs"]) {
    await writeFile(join(folder, file), file.endsWith("title.rs") ? "fn title() {\n\tnone()\n}\n" : "");
  }

  await openChat(page, server.url, chat);
  const composer = page.getByRole("textbox", { name: "Message" });
  const files = page.getByRole("listbox", { name: "Files of the workspace" });
  await composer.pressSequentially("ä Look at @");
  await expect(files.getByRole("option")).toHaveText([/README\.md/, /src/]);
  await composer.pressSequentially("greetitl");
  await expect(files.getByRole("option")).toHaveCount(1);
  await expect(composer).toHaveAttribute("aria-activedescendant", "mention-0");
  await look(page, "mentions", { fullPage: false });
  await page.keyboard.press("Enter");
  await expect(files).toBeHidden();
  await expect(composer).toHaveValue("ä Look at @src/greeting/title.rs ");

  // It goes with the message, with its lines; a draft keeps it.
  const attached = page.getByRole("list", { name: "Attached to the message" }).getByRole("listitem");
  await expect(attached).toHaveText(/title\.rs\s*3 lines/);
  await look(page, "mentioned", { fullPage: false });
  await page.waitForTimeout(600);
  await page.reload();
  await expect(attached).toHaveText(/title\.rs\s*3 lines/);
  await expect(composer).toHaveValue("ä Look at @src/greeting/title.rs ");
  await composer.focus();
  await page.keyboard.press("End");

  // A folder leads on to what is in it; the arrows walk, Escape leaves the letters as they are.
  await composer.pressSequentially("and (@greeting");
  await expect(files.getByRole("option").first()).toContainText("greeting");
  await page.keyboard.press("Tab");
  await expect(composer).toHaveValue("ä Look at @src/greeting/title.rs and (@src/greeting/");
  await expect(files.getByRole("option", { name: /title\.rs/ })).toBeVisible();
  const second = files.getByRole("option").nth(1);
  await page.keyboard.press("ArrowDown");
  await expect(second).toHaveAttribute("aria-selected", "true");
  const name = (await second.getAttribute("title")) ?? "";
  await second.click();
  await expect(composer).toHaveValue(`ä Look at @src/greeting/title.rs and (@${name} `);
  await expect(composer).toBeFocused();
  await expect(attached).toHaveCount(2);
  await page.getByRole("button", { name: `Remove ${name}` }).click();
  await expect(attached).toHaveCount(1);
  await composer.pressSequentially("@mai");
  await expect(files).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(files).toBeHidden();
  await page.keyboard.press("Enter");
  await untilIdle(request, server.url, chat);
  const messages = JSON.stringify(await storedMessages(request, server.url, chat));
  expect(messages).toContain(`@src/greeting/title.rs and (@${name} @mai`);
  expect(messages).toContain(JSON.stringify({ file_name: "src/greeting/title.rs", start_line: 1, end_line: 3 }).slice(1, -1));
  expect(messages).toContain("fn title() {\\n\\tnone()\\n}");
  const quote = page.getByRole("figure").filter({ hasText: "src/greeting/title.rs:1-3" });
  await expect(quote).toContainText("fn title()");
  await look(page, "mentioned-sent", { fullPage: false });

  // Sent while files are offered: they go with the text.
  await composer.pressSequentially("@rea");
  await expect(files).toBeVisible();
  await page.keyboard.press("Control+Enter");
  await expect(composer).toHaveValue("");
  await expect(files).toBeHidden();
  await untilIdle(request, server.url, chat);

  // What is no name is none.
  await composer.pressSequentially("mail me@example.com");
  await expect(files).toBeHidden();
});
