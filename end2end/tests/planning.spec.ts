// Plan mode: the agent asks, writes a plan and changes nothing until the person agrees.
import { openChat, send, storedMessages, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import { expect, expectAccessible, hydrated, look, test } from "../fixtures/test.js";

const ASK = `!call execute {"command": "cat src/lib.rs"}
!then
!call ask_user_question {"questions": [{"header": "Titles", "question": "Where do the titles come from?", "options": [{"label": "The address book", "description": "It is asked already."}, {"label": "A new column", "description": "Needs a migration."}]}, {"header": "", "question": "And without a title?", "options": [{"label": "Hello", "description": ""}, {"label": "Good day", "description": ""}]}]}
!then
!text "never said"`;

const PLAN = `!call write_file {"path": "/notes.md", "content": "no"}
!call execute {"command": "mkdir -p ~/.switchyard/plans && printf '# Greet politely\\\\n\\\\n1. Read the title in \`src/lib.rs\`\\\\n2. Say it **before** the name\\\\n' > ~/.switchyard/plans/PLAN-$SWITCHYARD_CHAT_ID.md"}
!then
!call propose_plan {}
!then
!text "never said"`;

test("an agent asks, proposes a plan and implements it once the person agrees", async ({ page, startServer, context }) => {
  const repository = await Repository.create();
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  await server.allowFolder(context.request, repository.path);
  await page.goto(`${server.url}/agents`);
  await hydrated(page);
  const plan = page.getByRole("button", { name: "Plan", exact: true });
  await plan.click();
  await expect(plan).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("textbox", { name: "What should be done?" }).fill(ASK);
  await page.getByRole("textbox", { name: "What should be done?" }).press("Enter");
  await page.waitForURL(/\/agents\/[0-9a-f-]{36}$/);
  const chat = page.url().split("/").at(-1)!;
  await expect(plan).toHaveAttribute("aria-pressed", "true");

  const questions = page.getByRole("form", { name: "The agent’s questions" });
  const answer = questions.getByRole("button", { name: "Answer" });
  await expect(answer).toBeDisabled();
  await questions.getByRole("radio", { name: /The address book/ }).check();
  await look(page, "planning-questions", { fullPage: false });
  await expectAccessible(page, "questions of an agent");
  await expect(answer).toBeDisabled();
  await questions.getByRole("textbox", { name: "Another answer" }).last().fill("Say the name alone.");
  await answer.click();
  await expect(questions).toHaveCount(0);
  await untilIdle(context.request, server.url, chat);
  const said = (await storedMessages(context.request, server.url, chat)).filter(({ role }) => role === "user").at(-1)!;
  expect(said.content[0]!.text).toBe("Where do the titles come from?\n→ The address book\n\nAnd without a title?\n→ Say the name alone.");

  await send(page, PLAN);
  const proposed = page.getByRole("region", { name: "The proposed plan" });
  await expect(proposed).toBeVisible();
  const refused = page.locator(".tool", { hasText: "Could not write/notes.md" });
  await refused.locator("summary").click();
  await expect(refused).toContainText("In plan mode only the plan can be written");
  const card = page.locator(".tool", { hasText: "Proposed" });
  await expect(card.getByRole("heading", { name: "Greet politely" })).toBeVisible();
  await expect(card.locator("strong")).toHaveText("before");
  await look(page, "planning-plan", { fullPage: false });
  await expectAccessible(page, "a proposed plan");

  // It waits for the person after a reload, in another tab, and leaves a draft alone.
  await page.reload();
  await hydrated(page);
  await expect(card.getByRole("heading", { name: "Greet politely" })).toBeVisible();
  await expect(plan).toHaveAttribute("aria-pressed", "true");
  const other = await context.newPage();
  await openChat(other, server.url, chat);
  await expect(other.getByRole("button", { name: "Plan", exact: true })).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("textbox", { name: "Message" }).fill("a draft");
  await proposed.getByRole("button", { name: "Implement plan" }).click();
  await expect(page.getByRole("article", { name: "You said" }).last()).toContainText("Implement the plan.");
  await expect(proposed).toHaveCount(0);
  await expect(plan).toHaveAttribute("aria-pressed", "false");
  await expect(other.getByRole("button", { name: "Plan", exact: true })).toHaveAttribute("aria-pressed", "false");
  await expect(other.getByRole("region", { name: "The proposed plan" })).toHaveCount(0);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("a draft");
  const stored = await (await context.request.get(`${server.url}/api/experimental/chats/${chat}`)).json();
  expect(stored.plan_mode ?? "").toBe("");
  await repository.remove();
});
