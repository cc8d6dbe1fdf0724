// What the next call of a chat would send: chosen, read, copied; and only for owners.
import { createChat, untilIdle } from "../fixtures/chats.js";
import { expect, expectAccessible, hydrated, look, OWNER, test } from "../fixtures/test.js";

const CONFIG = "/api/experimental/chats/config";

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("an owner reads what a model is sent, block by block, and copies it", async ({ page, context, emptyServer }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${emptyServer.url}/settings/prompt`);
  await hydrated(page);
  await expect(page.getByText("There is no chat yet")).toBeVisible();
  await look(page, "prompt-preview-empty");

  const put = await context.request.put(`${emptyServer.url}${CONFIG}/system-prompt`, {
    data: { system_prompt: "Write tests first." },
  });
  expect(put.status(), await put.text()).toBe(204);
  const older = await createChat(context.request, emptyServer.url, '!text "The older answer."', {
    system_prompt: "This chat is about releases.",
  });
  await untilIdle(context.request, emptyServer.url, older);
  const newer = await createChat(context.request, emptyServer.url, '!text "The newer answer."');
  await untilIdle(context.request, emptyServer.url, newer);

  await page.reload();
  await hydrated(page);
  // The newest chat is shown until another one is chosen.
  const choice = page.getByLabel("Chat", { exact: true });
  await expect(choice).toHaveValue(newer);
  const block = (name: string) => page.locator("details.prompt-block").filter({ has: page.getByText(name, { exact: true }) });
  await expect(block("Instructions of this chat")).toHaveCount(0);
  await choice.selectOption(older);
  await expect(page).toHaveURL(new RegExp(`chat=${older}`));
  await expect(block("Instructions of this chat")).toBeVisible();
  await expect(choice).toBeFocused();
  await expect(page.getByText(/^About [\d,]+ tokens of [\d,]+ \(\d+ %\) for /)).toBeVisible();

  await expect(page.getByText("Write tests first.")).toBeHidden();
  await block("Instructions for everybody").locator("summary").click();
  await expect(page.getByText("Write tests first.")).toBeVisible();
  await expect(block("Instructions for everybody").locator("summary")).toContainText("5 tokens");
  await block("Model").locator("summary").click();
  await expect(block("Model").locator("pre")).toContainText("The older answer.");
  await expectAccessible(page, "a prompt");
  await look(page, "prompt-preview");

  await page.getByRole("button", { name: "Copy Instructions for everybody" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("Write tests first.");
  await page.getByRole("button", { name: "Copy all that is shown" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("You are a coding agent in Switchyard.");
  expect(copied).toContain("This chat is about releases.");
  expect(copied).toContain("The older answer.");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download all" }).click();
  expect((await download).suggestedFilename()).toBe("prompt.json");
});

test("the context of a chat leads to its prompt, and it can be read without JavaScript", async ({ page, context, browser, emptyServer }) => {
  const chat = await createChat(context.request, emptyServer.url, '!usage input=500 output=20\n!text "Hello."');
  await untilIdle(context.request, emptyServer.url, chat);
  await page.goto(`${emptyServer.url}/agents/${chat}`);
  await hydrated(page);
  await page.getByRole("button", { name: /of the context used/ }).click();
  await page.getByRole("link", { name: "See the whole prompt" }).click();
  await expect(page).toHaveURL(new RegExp(`/settings/prompt\\?chat=${chat}`));
  await expect(page.getByText("The last call read 500 tokens, as its provider counted.")).toBeVisible();

  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const read = await plain.newPage();
  await read.goto(`${emptyServer.url}/settings/prompt?chat=${chat}`);
  await read.locator("details.prompt-block").filter({ hasText: "Built-in instructions" }).locator("summary").click();
  await expect(read.getByText("You are a coding agent in Switchyard.")).toBeVisible();
  await expect(read.getByRole("button", { name: "Show", exact: true })).toBeVisible();
  await plain.close();
});

test("a chat of somebody else is none, and members have no such page", async ({ page, context, emptyServer, consoleGuard }) => {
  const member = { email: "grace@example.com", username: "grace", password: OWNER.password };
  await context.request.post(`${emptyServer.url}/api/v2/users`, { data: member });
  await context.clearCookies();
  await emptyServer.signIn(context.request, member);
  const theirs = await createChat(context.request, emptyServer.url, '!text "Mine."');
  await untilIdle(context.request, emptyServer.url, theirs);
  consoleGuard.expectStatus(404);
  await page.goto(`${emptyServer.url}/settings/prompt?chat=${theirs}`);
  await expect(page.getByText("Mine.")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Prompt preview" })).toHaveCount(0);

  await context.clearCookies();
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/settings/prompt?chat=${theirs}`);
  await expect(page.getByText("There is no such chat.")).toBeVisible();
});
