// Agents that a chat hands work to: rows of their own below its row, cards that follow what they do, the ways to them and back.
import { createChat } from "../fixtures/chats.js";
import { GATE, openGate } from "../fixtures/templates.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

/** An agent that says something, works until the test opens the gate, and reports. */
function spawn(title: string): string {
  const command = JSON.stringify({ command: GATE, timeout: "120s" });
  const prompt = `!text "${title} looks around."\n!call execute ${command}\n!then\n!text "${title} has\\nlooked at everything."`;
  return `!call spawn_agent ${JSON.stringify({ title, prompt })}`;
}

test("two agents work at once: in the list, in the cards of their chat, in their own chats", async ({ page, context, emptyServer }) => {
  test.slow();
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  const script = [
    spawn("Reader"),
    spawn("Searcher"),
    "!then",
    '!call wait_agent {"chat_id": "{{1.chat_id}}"}',
    '!call wait_agent {"chat_id": "{{2.chat_id}}"}',
    "!then",
    '!text "Both have reported."',
  ];
  const chat = await createChat(context.request, emptyServer.url, script.join("\n"), { new_workspace: { mode: "empty" } });
  await page.goto(`${emptyServer.url}/agents/${chat}`);
  await hydrated(page);

  // The cards of what is waited for are open and say what goes on.
  const cards = page.locator(".agent-card");
  await expect(cards).toHaveCount(2, { timeout: 30_000 });
  const reader = cards.filter({ hasText: "Reader" });
  await expect(reader).toContainText("Running");
  await expect(reader).toContainText("execute: touch gate-here", { timeout: 30_000 });

  // Their rows stand below the row of their chat, when they are asked for.
  const list = page.getByRole("navigation", { name: "Chats" });
  const fold = list.getByRole("button", { name: "2 agents of this chat" });
  await expect(fold).toHaveAttribute("aria-expanded", "false");
  const row = list.locator(".child").getByRole("link", { name: /Reader/ });
  await expect(row).toHaveCount(0);
  await fold.click();
  await expect(fold).toHaveAttribute("aria-expanded", "true");
  await expect(list.getByRole("listitem")).toHaveCount(3);
  await expect(row).toContainText("Running");
  await look(page, "agents-subagents", { fullPage: false });

  // With the keyboard too.
  await list.locator(".row").first().focus();
  await page.keyboard.press("ArrowLeft");
  await expect(row).toHaveCount(0);
  await page.keyboard.press("ArrowRight");
  await expect(row).toBeVisible();

  // To one of them, and back.
  await row.click();
  await expect(page).not.toHaveURL(new RegExp(chat));
  await expect(page.getByRole("heading", { level: 1, name: "Reader", exact: true })).toBeVisible();
  await expect(row).toHaveAttribute("aria-current", "page");
  await page.reload();
  await hydrated(page);
  await expect(row).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: "The chat that started this one" }).click();
  await expect(page).toHaveURL(new RegExp(chat));
  await fold.click();

  await openGate(emptyServer);
  await expect(page.getByText("Both have reported.", { exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(row).toContainText("Done");
  await expect(list.locator(".child").getByRole("link", { name: /Searcher/ })).toContainText("Done");
  await expect(list.locator(".unread-dot")).toHaveCount(0);
  // What they reported stays in the cards.
  const report = page.locator("details.tool", { hasText: "Report of the agent" });
  await expect(report).toHaveCount(2);
  await expect(report.first()).toContainText("looked at everything.");
  await reader.getByRole("link", { name: "Open its chat" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Reader", exact: true })).toBeVisible();
});
