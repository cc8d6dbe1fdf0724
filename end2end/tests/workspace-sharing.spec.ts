// Sharing a workspace from its page: who may share sees with whom, who may not sees only what they may do.
import { createChatInWorkspace, openChat, send, untilIdle } from "../fixtures/chats.js";
import { choosePanel, screen, switchOn } from "../fixtures/desktops.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

const PASSWORD = "correct horse";
const MIA = { name: "Mia", username: "mia", email: "mia@example.com", password: PASSWORD };
const SAM = { name: "Sam", username: "sam", email: "sam@example.com", password: PASSWORD };

test("a workspace is shared with a person, changed and taken away, and they see what they may do", async ({ page, context, browser, startServer, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  test.slow();
  consoleGuard.expectStatus(400);
  const server = await startServer();
  const owner = await browser.newContext();
  await server.createOwner(owner.request);
  await server.signIn(owner.request);
  for (const person of [MIA, SAM]) {
    const created = await owner.request.post(`${server.url}/api/v2/users`, { data: person });
    expect(created.status(), await created.text()).toBe(201);
  }
  await server.signIn(context.request, MIA);
  const made = await context.request.post(`${server.url}/api/v2/workspaces`, { data: { name: "shared-one", mode: "empty" } });
  expect(made.status(), await made.text()).toBe(201);
  const path = `${server.url}/workspaces/${(await made.json()).id}`;

  await page.goto(path);
  await hydrated(page);
  const section = page.getByRole("region", { name: "Shared with" });
  await expect(section.getByText("Shared with nobody")).toBeVisible();
  await expect(page.getByRole("region", { name: "About" })).toContainText(/(of|no limit of) memory, .*processes/);
  await look(page, "workspace-shared-with-nobody");
  await section.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Person").fill("sa");
  await dialog.getByRole("button", { name: "Share" }).click();
  await expect(dialog.getByText("There is no such user.")).toBeVisible();
  await expect(dialog.getByLabel("Person")).toBeFocused();
  await look(page, "workspace-share", { fullPage: false });
  await dialog.getByLabel("Person").fill("Sam@example.com");
  await dialog.getByRole("button", { name: "Share" }).click();
  const row = section.getByRole("row", { name: /Sam/ });
  await expect(row).toContainText("see it, work in it");
  await look(page, "workspace-shared");

  const sams = await browser.newContext();
  await server.signIn(sams.request, SAM);
  const other = await sams.newPage();
  await other.goto(path);
  await hydrated(other);
  await expect(other.getByRole("heading", { name: "shared-one", level: 1 })).toBeVisible();
  await expect(other.getByRole("region", { name: "Terminal" })).toBeVisible();
  await expect(other.getByRole("region", { name: "Shared with" })).toHaveCount(0);
  await expect(other.getByRole("button", { name: "Delete" })).toHaveCount(0);
  await expect(other.getByRole("button", { name: /^(Start|Stop) / })).toHaveCount(0);

  await section.getByRole("button", { name: "Actions for Sam (sam)" }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await expect(dialog.getByLabel("Work in it")).toBeChecked();
  await dialog.getByLabel("Work in it").uncheck();
  await dialog.getByLabel("Start, stop and rename it").check();
  await look(page, "workspace-share-change", { fullPage: false });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("see it, start, stop and rename it");
  await other.reload();
  await expect(other.getByRole("region", { name: "Terminal" })).toHaveCount(0);
  await expect(other.getByRole("button", { name: /^(Start|Stop) / })).toBeVisible();
  await expect(other.getByRole("button", { name: "Delete" })).toHaveCount(0);

  await section.getByRole("button", { name: "Actions for Sam (sam)" }).click();
  await page.getByRole("menuitem", { name: "Stop sharing" }).click();
  await expect(dialog).toContainText("Stop sharing with Sam (sam)?");
  await look(page, "workspace-unshare", { fullPage: false });
  await dialog.getByRole("button", { name: "Stop sharing" }).click();
  await expect(section.getByText("Shared with nobody")).toBeVisible();
  await other.reload();
  await expect(other.getByText("There is no such workspace.")).toBeVisible();
  await sams.close();
  await owner.close();
});

test("a shared workspace is found and worked in, and who may only see it is refused", async ({ page, browser, startServer, consoleGuard }) => {
  test.slow();
  const server = await startServer();
  const owners = await browser.newContext();
  await server.createOwner(owners.request);
  await server.signIn(owners.request);
  await switchOn(owners.request, server);
  const created = await owners.request.post(`${server.url}/api/v2/users`, { data: SAM });
  expect(created.status(), await created.text()).toBe(201);
  const sam = ((await created.json()) as { id: string }).id;
  const made = await owners.request.post(`${server.url}/api/v2/workspaces`, { data: { name: "shared-one", mode: "empty" } });
  const workspace = ((await made.json()) as { id: string }).id;
  const acl = `${server.url}/api/v2/workspaces/${workspace}/acl`;
  const share = async (permissions: string[]) => {
    const answer = await owners.request.patch(acl, { data: { user_permissions: { [sam]: permissions } } });
    expect(answer.status(), await answer.text()).toBeLessThan(300);
  };
  await share(["read", "ssh"]);

  const { request } = page.context();
  await server.signIn(request, SAM);
  await page.goto(`${server.url}/workspaces`);
  await hydrated(page);
  await expect(page.getByText("No workspaces")).toBeVisible();
  await page.getByRole("navigation", { name: "Whose workspaces" }).getByRole("link", { name: "Shared with you" }).click();
  const row = page.getByRole("row", { name: /shared-one/ });
  await expect(row).toContainText("of Ada");
  await expect(row.getByRole("button", { name: /^(Start|Stop) / })).toHaveCount(0);
  await look(page, "workspaces-shared");
  await row.getByRole("button", { name: "Actions for shared-one" }).click();
  await expect(page.getByRole("menuitem", { name: "Delete" })).toHaveCount(0);
  await page.getByRole("menuitem", { name: "New chat in it" }).click();
  const place = page.getByRole("combobox", { name: /^Workspace/ });
  await expect(place).toHaveValue(`workspace:${workspace}`);
  await look(page, "new-chat-in-shared", { fullPage: false });
  await page.getByLabel("What should be done?").fill('!call execute {"command": "echo Sam was here > note.txt; pwd"}\n!then\n!text "Worked."');
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.locator(".by-agent .prose", { hasText: "Worked." })).toBeVisible();
  await expect(page.locator(".top .chip")).toContainText("shared-one");
  const chat = page.url().split("/").pop()!;
  await choosePanel(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "open");

  // From here on he may only look at it.
  await share(["read"]);
  consoleGuard.expectStatus(400, 403);
  consoleGuard.expect(/WebSocket connection to .* failed/);
  await expect(screen(page)).not.toHaveAttribute("data-state", "open", { timeout: 40_000 });
  await openChat(page, server.url, chat);
  await choosePanel(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "refused");
  await look(page, "desktop-refused", { fullPage: false });
  await send(page, '!call execute {"command": "cat note.txt"}\n!then\n!text "The end."');
  await untilIdle(request, server.url, chat);
  await expect(page.locator(".tool", { hasText: "cat note.txt" })).toContainText("failed");
  // Neither by the form of a new chat nor by the dialog of this one.
  await page.goto(`${server.url}/agents?workspace=${workspace}`);
  await hydrated(page);
  await expect(place).not.toHaveValue(`workspace:${workspace}`);
  await expect(place.locator("option", { hasText: "shared-one" })).toHaveCount(0);
  await page.goto(`${server.url}/workspaces/${workspace}`);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "shared-one", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "New chat" }).and(page.locator(".button"))).toHaveCount(0);
  const attach = await request.post(`${server.url}/api/experimental/chats`, {
    data: { content: [{ type: "text", text: "hello" }], workspace_id: workspace },
  });
  expect(attach.status(), await attach.text()).toBe(403);
  await owners.close();
});

test("a chat is given another workspace, and none", async ({ page, startServer }) => {
  const server = await startServer();
  const { request } = page.context();
  await server.createOwner(request);
  await server.signIn(request);
  const work = async (command: string) => {
    await send(page, `!call execute ${JSON.stringify({ command })}\n!then\n!text "Done."`);
    await untilIdle(request, server.url, chat);
  };
  const made = await request.post(`${server.url}/api/v2/workspaces`, { data: { name: "other-one", mode: "empty" } });
  const other = ((await made.json()) as { id: string; working_directory: string }).id;
  const { chat } = await createChatInWorkspace(request, server.url);
  await openChat(page, server.url, chat);
  const choose = async (label: string) => {
    await page.locator("header.top").getByRole("button", { name: "What to do with this chat" }).click();
    await page.getByRole("menuitem", { name: "Workspace" }).click();
    const dialog = page.getByRole("dialog", { name: "Workspace of the chat" });
    await expect(dialog.getByLabel("The agent works in")).toBeEnabled();
    await dialog.getByLabel("The agent works in").selectOption({ label });
    await look(page, "chat-workspace", { fullPage: false });
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
  };
  await choose("other-one");
  await expect(page.locator(".top .chip")).toContainText("other-one");
  await work("pwd");
  await expect(page.locator(".tool", { hasText: "pwd" }).last()).toContainText("succeeded");
  const told = await (await request.get(`${server.url}/api/experimental/chats/${chat}`)).json();
  expect((told as { workspace_id: string }).workspace_id).toBe(other);
  await choose("No workspace, talk only");
  await expect(page.locator(".top .chip")).toHaveCount(0);
});
