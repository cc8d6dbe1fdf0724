// Sharing a workspace from its page: who may share sees with whom, who may not sees only what they may do.
import { expect, hydrated, look, test } from "../fixtures/test.js";

const PASSWORD = "correct horse";
const MIA = { name: "Mia", username: "mia", email: "mia@example.com", password: PASSWORD };
const SAM = { name: "Sam", username: "sam", email: "sam@example.com", password: PASSWORD };

test("a workspace is shared with a person, changed and taken away, and they see what they may do", async ({
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
