// Workspaces: a chat makes one from a template, its build is watched, it is stopped, started and deleted.
import { createChat, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import { createTemplate, GATE, openGate } from "../fixtures/templates.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

const MIA = { name: "Mia", username: "mia", email: "mia@example.com", password: "correct horse" };
/** What it writes is of a stranger: colours, a line that is written over, a turn of the direction of writing. */
const SCRIPT = `cat README.md
echo "for ticket $SWITCHYARD_PARAMETER_TICKET"
printf '\\033[32mgreen\\033[0m 10%%\\r 20%%\\n'
printf 'name \\342\\200\\256txt.exe <b>bold</b>\\n'
${GATE}for line in $(seq 1 200); do echo "line $line"; done
echo "all is set up"`;

const PARAMETERS = [
  { name: "ticket", type: "string", required: true, description: "What the work is for.", validation: { regex: "^[A-Z]+-[0-9]+$", error: "Enter a ticket such as WEB-12." } },
  { name: "region", type: "string", default: "eu", options: [{ name: "Europe", value: "eu" }, { name: "America", value: "us" }] },
  { name: "debug", type: "bool", description: "Builds with debug symbols." },
];

let repository: Repository;

test.beforeEach(async () => {
  repository = await Repository.create();
});

test.afterEach(() => repository.remove());

test("a member starts a chat from a template, watches its workspace being made, stops and starts it", async ({
  page,
  context,
  browser,
  startServer,
  consoleGuard,
}) => {
  test.slow();
  consoleGuard.expectStatus(400);
  const server = await startServer();
  const owner = await browser.newContext();
  await server.createOwner(owner.request);
  await server.signIn(owner.request);
  await server.allowFolder(owner.request, repository.path);
  const created = await owner.request.post(`${server.url}/api/v2/users`, { data: MIA });
  expect(created.status(), await created.text()).toBe(201);
  await createTemplate(owner.request, server.url, {
    name: "greeter",
    display_name: "Greeter",
    icon: "👋",
    description: "Greets people, with everything installed.",
    repository_url: repository.path,
    setup_script: SCRIPT,
    parameters: PARAMETERS,
  });
  await server.signIn(context.request, MIA);

  await page.goto(`${server.url}/agents`);
  await hydrated(page);
  await page.getByRole("combobox", { name: /^Workspace/ }).selectOption({ label: "👋 Greeter" });
  await expect(page.getByText("Greets people, with everything installed.")).toBeVisible();
  await page.getByRole("textbox", { name: "What should be done?" }).fill('!call execute {"command": "cat README.md; echo in $SWITCHYARD_PARAMETER_REGION"}\n!then\n!text "Done."');
  const ticket = page.getByLabel("ticket", { exact: true });
  await ticket.fill("web 12");
  await page.getByLabel("region").selectOption("us");
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByText("Enter a ticket such as WEB-12.")).toBeVisible();
  await expect(ticket).toHaveAttribute("aria-invalid", "true");
  await expect(ticket).toBeFocused();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page.getByRole("textbox", { name: "What should be done?" })).toHaveValue(/^!call/);
  await look(page, "agents-new-template", { fullPage: false });

  await ticket.fill("WEB-12");
  await ticket.press("Enter");
  await page.waitForURL(/\/agents\/[0-9a-f-]{36}$/);
  await expect(page.locator(".live")).toContainText("Running the setup script", { timeout: 30_000 });
  await page.getByRole("button", { name: "Actions for the workspace" }).click();
  await page.getByRole("menuitem", { name: "Builds and log" }).click();

  await page.waitForURL(/\/workspaces\/[0-9a-f-]{36}$/);
  const log = page.getByRole("region", { name: "Log of the start" }).last();
  await expect(log).toContainText("for ticket WEB-12");
  await expect(log).toContainText("name \\u{202e}txt.exe <b>bold</b>");
  await expect(log).not.toContainText("10%");
  await expect(page.locator(".workspace-now")).toContainText("setting up");
  const start = page.getByRole("row", { name: /^Start/ });
  await expect(start).toContainText("running");
  await look(page, "workspace-setting-up");
  const height = await log.evaluate((frame) => frame.getBoundingClientRect().height);

  await openGate(server);
  await expect(log).toContainText("all is set up");
  await expect(page.locator(".workspace-now")).toContainText("ready", { timeout: 30_000 });
  await expect(start).toContainText("done");
  // It followed to the end in a frame that did not grow.
  expect(await log.evaluate((frame) => frame.getBoundingClientRect().height)).toBe(height);
  await expect.poll(() => log.evaluate((frame) => frame.scrollHeight - frame.scrollTop - frame.clientHeight)).toBeLessThan(48);
  await log.evaluate((frame) => frame.scrollTo(0, 0));
  await page.getByRole("button", { name: "To the end" }).click();
  await expect(page.getByRole("button", { name: "To the end" })).toHaveCount(0);
  await look(page, "workspace-ready");
  await page.reload();
  await hydrated(page);
  await expect(log).toContainText("all is set up");

  const stop = page.getByRole("button", { name: /^Stop/ });
  await stop.press("Enter");
  await expect(page.locator(".workspace-now")).toContainText("stopped");
  await expect(page.getByRole("button", { name: /^Start/ })).toBeFocused();
  // A stop says nothing; what the start said stays readable.
  await expect(log).toContainText("all is set up");
  await look(page, "workspace-stopped");
  await page.getByRole("button", { name: /^Start/ }).click();
  await expect(page.locator(".workspace-now")).toContainText("ready", { timeout: 30_000 });
  await expect(page.getByRole("row", { name: /^Start/ })).toHaveCount(2);
  await page.getByRole("row", { name: /^Start/ }).last().getByRole("link").click();
  await expect(page).toHaveURL(/\?build=/);
  await expect(log).toContainText("all is set up");

  await page.getByRole("link", { name: "Workspaces" }).click();
  const row = page.getByRole("row", { name: /greeter-/ });
  await expect(row).toContainText("Greeter");
  await expect(row).toContainText("ready");
  await expect(row.locator(".cell-chat a")).toBeVisible();
  await look(page, "workspaces");
  await owner.close();
});

test("workspaces are stopped, started and deleted from the list; a failed start says why", async ({ page, context, emptyServer, consoleGuard }) => {
  test.slow();
  // The page may look once more at what is gone.
  consoleGuard.expectStatus(404);
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/workspaces`);
  await hydrated(page);
  await expect(page.getByText("No workspaces")).toBeVisible();
  await look(page, "workspaces-empty");

  const template = await createTemplate(context.request, emptyServer.url, { name: "broken", setup_script: "echo work > kept.txt\necho it is broken\nfalse" });
  const failing = await createChat(context.request, emptyServer.url, '!call execute {"command": "true"}', { new_workspace: { template_id: template } });
  await untilIdle(context.request, emptyServer.url, failing);
  const empty = await createChat(context.request, emptyServer.url, '!call execute {"command": "echo joy > notes.txt"}\n!then\n!text "Written."', { new_workspace: { mode: "empty" } });
  await untilIdle(context.request, emptyServer.url, empty);

  // They come by themselves.
  const broken = page.getByRole("row", { name: /broken-/ });
  await expect(broken).toContainText("failed");
  const row = page.getByRole("row", { name: /Empty workspace/ });
  await expect(row).toContainText("ready");
  await look(page, "workspaces-failed");
  await row.getByRole("button", { name: /^Stop/ }).click();
  await expect(row).toContainText("stopped");
  await row.getByRole("button", { name: /^Start/ }).click();
  await expect(row).toContainText("ready", { timeout: 30_000 });

  await broken.getByRole("link", { name: /broken-/ }).click();
  await expect(page.getByRole("alert")).toContainText("it is broken");
  await expect(page.locator(".log-text")).toContainText("it is broken");
  await look(page, "workspace-failed");
  await page.getByRole("button", { name: "Delete" }).click();
  const question = page.getByRole("dialog", { name: /^Delete the workspace broken-/ });
  await expect(question).toContainText("Lost for good");
  await question.getByRole("button", { name: "Delete and lose this work" }).click();
  await expect(page).toHaveURL(/\/workspaces$/);
  await expect(row).toBeVisible();
  await expect(broken).toHaveCount(0);

  await row.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Delete/ }).last().click();
  await expect(page.getByText("No workspaces")).toBeVisible();
});

test("workspaces can be read, stopped and started without JavaScript", async ({ browser, context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  const chat = await createChat(context.request, emptyServer.url, '!call execute {"command": "true"}', { new_workspace: { mode: "empty" } });
  await untilIdle(context.request, emptyServer.url, chat);
  const plain = await browser.newContext({ javaScriptEnabled: false, baseURL: emptyServer.url });
  await emptyServer.signIn(plain.request);
  const page = await plain.newPage();
  await page.goto("/workspaces");
  const row = page.getByRole("row", { name: /Empty workspace/ });
  await expect(row).toContainText("ready");
  await row.getByRole("button", { name: /^Stop/ }).click();
  await expect.poll(async () => {
    await page.goto("/workspaces");
    return row.textContent();
  }).toContain("stopped");
  await row.getByRole("link").first().click();
  await expect(page.getByRole("row", { name: /^Stop/ })).toContainText("done");
  await page.getByRole("button", { name: /^Start/ }).click();
  await expect(page.getByRole("row", { name: /^Start/ })).toHaveCount(2);
  await plain.close();
});
