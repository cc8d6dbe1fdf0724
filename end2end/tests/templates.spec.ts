// Templates: an owner writes them, everybody starts chats from them.
import { Repository } from "../fixtures/repository.js";
import { createTemplate } from "../fixtures/templates.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

let repository: Repository;

test.beforeEach(async () => {
  repository = await Repository.create();
});

test.afterEach(() => repository.remove());

test("an owner writes a template, is told at the fields what is wrong, changes and deletes it", async ({
  page,
  context,
  emptyServer,
  consoleGuard,
}) => {
  consoleGuard.expectStatus(400);
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await emptyServer.allowFolder(context.request, repository.path);
  await page.goto(`${emptyServer.url}/settings/templates`);
  await hydrated(page);
  await expect(page.getByText("No templates yet")).toBeVisible();
  await look(page, "settings-templates-empty");

  await page.getByRole("link", { name: "New template" }).first().click();
  await expect(page.getByRole("heading", { name: "New template", level: 1 })).toBeVisible();
  await look(page, "settings-template-new");
  const name = page.getByLabel("Name", { exact: true }).first();
  await name.fill("not a name");
  await page.getByLabel("Title (optional)").fill("Greeter");
  await page.getByLabel("Emoji (optional)").fill("👋");
  await page.getByLabel("Description (optional)").first().fill("Greets people, with everything installed.");
  const address = page.getByLabel("Repository", { exact: true });
  await address.fill("/nowhere/at/all");
  await page.getByLabel("Setup script (optional)").fill('echo "hello $SWITCHYARD_PARAMETER_WHOM"');
  await page.getByLabel("Environment (optional)").fill("CI");

  // What the form itself cannot read is told first, then what the fields say.
  const create = page.getByRole("button", { name: "Create template" });
  const environment = page.getByLabel("Environment (optional)");
  await create.click();
  await expect(environment).toHaveAttribute("aria-invalid", "true");
  await expect(environment).toBeFocused();
  await environment.fill("CI=1");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  const group = page.getByRole("group", { name: "Parameter 1" });
  await expect(group.getByLabel("Name", { exact: true })).toBeFocused();
  await group.getByLabel("Name", { exact: true }).fill("cores");
  await group.getByLabel("Type").selectOption("number");
  await group.getByLabel("Least (optional)").fill("4");
  await group.getByLabel("Greatest (optional)").fill("1");
  await expect(group.getByLabel("Pattern (optional)")).toBeHidden();
  await create.click();
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toBeFocused();
  await expect(name).toHaveValue("not a name");
  await expect(address).toHaveAttribute("aria-invalid", "true");
  await expect(group.getByLabel("Least (optional)")).toHaveAttribute("aria-invalid", "true");
  await look(page, "settings-template-refused");

  await name.fill("greeter");
  await address.fill(repository.path);
  await group.getByLabel("Greatest (optional)").fill("8");
  await group.getByLabel("Default (optional)").fill("4");
  await page.getByRole("button", { name: "Add a parameter" }).click();
  const second = page.getByRole("group", { name: "Parameter 2" });
  await second.getByLabel("Name", { exact: true }).fill("whom");
  await second.getByLabel("Options (optional)").fill("ada | Ada\ngrace | Grace | the admiral");
  await create.click();
  await expect(page).toHaveURL(/\/settings\/templates$/);
  const row = page.getByRole("row", { name: /Greeter/ });
  await expect(row).toContainText(repository.path);
  await look(page, "settings-templates");

  await row.getByRole("link", { name: "Greeter" }).click();
  await expect(page.getByRole("heading", { name: "Edit Greeter", level: 1 })).toBeVisible();
  await expect(group.getByLabel("Greatest (optional)")).toHaveValue("8");
  await expect(second.getByLabel("Options (optional)")).toHaveValue("ada | Ada\ngrace | Grace | the admiral\n");
  await group.getByRole("button", { name: "Remove this parameter" }).click();
  await expect(page.getByRole("group", { name: "Parameter 2" })).toHaveCount(0);
  await page.getByLabel("Deprecated").check();
  await page.getByRole("button", { name: "Save template" }).click();
  await expect(row).toContainText("Deprecated");
  const answer = await context.request.get(`${emptyServer.url}/api/v2/templates`);
  const [stored] = (await answer.json()) as { parameters: { name: string; options: object[] }[]; environment: object }[];
  expect(stored?.parameters.map(({ name }) => name)).toEqual(["whom"]);
  expect(stored?.parameters[0]?.options[1]).toEqual({ name: "Grace", value: "grace", description: "the admiral" });
  expect(stored?.environment).toEqual({ CI: "1" });

  await row.getByRole("button", { name: "Actions for Greeter" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(page.getByRole("dialog")).toContainText("Delete the template Greeter?");
  await look(page, "settings-templates-delete", { fullPage: false });
  await page.getByRole("button", { name: "Delete template" }).click();
  await expect(row).toBeHidden();
});

test("a template is written without JavaScript", async ({ browser, context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  const plain = await browser.newContext({ javaScriptEnabled: false, baseURL: emptyServer.url });
  await emptyServer.signIn(plain.request);
  await emptyServer.allowFolder(plain.request, repository.path);
  const page = await plain.newPage();
  await page.goto("/settings/templates/new");
  await page.getByLabel("Name", { exact: true }).fill("greeter");
  await page.getByRole("radio", { name: "Folder" }).check();
  await expect(page.getByLabel("Repository", { exact: true })).toBeHidden();
  await page.getByRole("textbox", { name: "Folder" }).fill("/nowhere");
  await page.getByRole("button", { name: "Create template" }).click();
  await expect(page.getByText("This folder is not allowed.")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("greeter");
  await page.getByRole("textbox", { name: "Folder" }).fill(repository.path);
  await page.getByRole("button", { name: "Create template" }).click();
  await expect(page).toHaveURL(/\/settings\/templates$/);
  await expect(page.getByRole("row", { name: /greeter/ })).toContainText("Work tree of");
  await plain.close();
});

test("members find no templates in the settings", async ({ browser, context, emptyServer, consoleGuard }) => {
  consoleGuard.expectStatus(404);
  const mia = { name: "Mia", username: "mia", email: "mia@example.com", password: "correct horse" };
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  const created = await context.request.post(`${emptyServer.url}/api/v2/users`, { data: mia });
  expect(created.status(), await created.text()).toBe(201);
  const id = await createTemplate(context.request, emptyServer.url, { name: "scratch" });
  const member = await browser.newContext({ baseURL: emptyServer.url });
  await emptyServer.signIn(member.request, mia);
  const page = await member.newPage();
  await page.goto("/settings");
  await hydrated(page);
  await expect(page.getByRole("link", { name: "Workspaces" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Templates" })).toHaveCount(0);
  for (const path of ["/settings/templates", `/settings/templates/${id}`]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
  }
  await page.goto("/agents");
  await hydrated(page);
  await expect(page.getByRole("combobox", { name: /^Workspace/ }).locator("option", { hasText: "scratch" })).toHaveCount(1);
  await member.close();
});
