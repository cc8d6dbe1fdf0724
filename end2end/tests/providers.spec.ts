// Providers and models, against a stand-in that speaks their wire formats.
import { untilIdle } from "../fixtures/chats.js";
import { expect, hydrated, look, test } from "../fixtures/test.js";

test.beforeEach(async ({ context, page, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
});

test("with the demo alone the page says how to connect a model", async ({ page }) => {
  await expect(page.getByText("No model is connected yet")).toBeVisible();
  await expect(page.getByText("Built in, not a real model")).toBeVisible();
  await look(page, "settings-providers-demo");
});

test("a provider is added, refused with its own words, corrected, and its models are picked", async ({
  page,
  standin,
}) => {
  await page.getByRole("button", { name: "Add provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("openai-compat");
  await dialog.getByLabel("Name (optional)").fill("Stand-in");
  await dialog.getByLabel("Base URL (optional)").fill(`${standin}/v1`);
  await dialog.getByLabel("API key (optional)").fill("wrong");
  await look(page, "settings-providers-add", { fullPage: false });
  await dialog.getByRole("button", { name: "Add and test" }).click();
  await expect(dialog).toBeHidden();

  const card = page.getByRole("region", { name: "Stand-in" });
  await expect(card.getByText("Set here", { exact: true })).toBeVisible();
  await expect(card).toContainText("The provider refused with status 401.");
  await expect(card).toContainText("refused the API key");
  await look(page, "settings-providers-refused");

  await card.getByRole("button", { name: "Actions for Stand-in" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await expect(page.locator("#edit-provider-key")).toHaveValue("");
  await page.locator("#edit-provider-key").fill("right");
  await page.getByRole("button", { name: "Save and test" }).click();
  await expect(card).toContainText("The connection works.");
  await card.getByRole("checkbox", { name: /standin-large/ }).check();
  await card.getByRole("checkbox", { name: /standin-small/ }).check();
  await look(page, "settings-providers-pick");
  await card.getByRole("button", { name: "Add 2 models" }).click();
  const row = card.getByRole("row", { name: /standin-large/ });
  await expect(row).toBeVisible();

  // The first real model is the default by itself: the demo steps back for it.
  await expect(row).toContainText("Default");
  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.locator("#edit-model-context").fill("65536");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(row).toContainText("65,536");
  const small = card.getByRole("row", { name: /standin-small/ });
  for (const [chosen, other] of [[small, row], [row, small]] as const) {
    await chosen.getByRole("button", { name: /Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Make default" }).click();
    await expect(chosen).toContainText("Default");
    await expect(other).not.toContainText("Default");
  }
  await small.getByRole("switch").uncheck();
  await expect(small.getByRole("switch")).not.toBeChecked();
  await expect(page.getByText("No model is connected yet")).toBeHidden();
  await page.reload();
  await hydrated(page);
  await expect(small.getByRole("switch")).not.toBeChecked();
  await look(page, "settings-providers");

  await card.getByRole("button", { name: "Actions for Stand-in" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(page.getByRole("dialog")).toContainText("Delete Stand-in?");
  await page.getByRole("button", { name: "Delete provider" }).click();
  await expect(card).toBeHidden();
});

test("a provider that is down is told as that", async ({ page }) => {
  await page.getByRole("button", { name: "Add provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("openai-compat");
  await dialog.getByLabel("Name (optional)").fill("Nobody");
  // Port 9 on loopback: nothing listens there.
  await dialog.getByLabel("Base URL (optional)").fill("http://127.0.0.1:9/v1");
  await dialog.getByRole("button", { name: "Add and test" }).click();
  await expect(page.getByRole("region", { name: "Nobody" }).getByRole("alert")).toBeVisible();
});

test("a provider that takes people's own keys alone answers who brought one", async ({ page, context, browser, emptyServer, standin, consoleGuard }) => {
  consoleGuard.expectStatus(400);
  await page.getByRole("button", { name: "Add provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("openai");
  await dialog.getByLabel("Name (optional)").fill("Stand-in");
  await dialog.getByLabel("Base URL (optional)").fill(`${standin}/v1`);
  await dialog.getByLabel("API key (optional)").fill("of-the-deployment");
  await dialog.getByLabel("Whose key is used").selectOption("Only people’s own keys");
  await dialog.getByRole("button", { name: "Add and test" }).click();
  const card = page.getByRole("region", { name: "Stand-in" });
  // The key that is stored is nobody's to use, and the owner has brought none: the test says so instead of taking it.
  await expect(card.getByRole("alert")).toContainText("asked with your own key");
  await expect(card).toContainText("people’s own keys");
  await page.goto(`${emptyServer.url}/settings/agents`);
  await hydrated(page);
  await page.getByRole("textbox", { name: "Stand-in" }).fill("of-the-owner");
  await page.getByRole("button", { name: "Save your key for Stand-in" }).click();
  await expect(page.locator("#own-keys")).toContainText("A key is stored");
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  await card.getByRole("button", { name: "Test connection" }).click();
  await expect(card).toContainText("The connection works.");
  await card.getByRole("checkbox", { name: /standin-large/ }).check();
  await card.getByRole("button", { name: "Add 1 model" }).click();
  await expect(card.getByRole("row", { name: /standin-large/ })).toBeVisible();

  // From here on the key that is stored for everybody is refused.
  const api = `${emptyServer.url}/api/experimental/chats/providers`;
  const known = (await (await context.request.get(api)).json()) as { id: string; display_name: string }[];
  const id = known.find((provider) => provider.display_name === "Stand-in")!.id;
  expect((await context.request.patch(`${api}/${id}`, { data: { api_key: "wrong" } })).status()).toBe(200);

  const mia = { name: "Mia", username: "mia", email: "mia@example.com", password: "correct horse" };
  const made = await context.request.post(`${emptyServer.url}/api/v2/users`, { data: mia });
  expect(made.status(), await made.text()).toBe(201);
  const other = await browser.newContext({ baseURL: emptyServer.url });
  await emptyServer.signIn(other.request, mia);
  const theirs = await other.newPage();
  await theirs.goto("/settings/agents");
  await hydrated(theirs);
  const keys = theirs.locator("#own-keys");
  await expect(keys).toContainText("cannot use this provider’s models without one");
  await keys.getByRole("textbox", { name: "Stand-in" }).fill("two words");
  await keys.getByRole("button", { name: "Save your key for Stand-in" }).click();
  await expect(keys).toContainText("without spaces");
  await keys.getByRole("textbox", { name: "Stand-in" }).fill("of-mia");
  await keys.getByRole("button", { name: "Save your key for Stand-in" }).click();
  await expect(keys).toContainText("A key is stored");
  await expect(keys.getByRole("textbox", { name: "Stand-in" })).toHaveValue("");
  await look(theirs, "settings-agents-own-key");
  await theirs.goto("/agents");
  await hydrated(theirs);
  await theirs.getByRole("textbox", { name: "What should be done?" }).fill("Hello");
  await theirs.getByRole("button", { name: "Start" }).click();
  await theirs.waitForURL(/\/agents\/[0-9a-f-]{36}$/);
  const chat = theirs.url().split("/").at(-1)!;
  await untilIdle(other.request, emptyServer.url, chat);
  const ended = (await (await other.request.get(`/api/experimental/chats/${chat}`)).json()) as { status: string };
  expect(ended.status).toBe("waiting");

  // A provider that takes such keys no more says so; the key that is left can be removed.
  const closed = { central_api_key_enabled: true, allow_user_api_key: false, allow_central_api_key_fallback: false };
  expect((await context.request.patch(`${api}/${id}`, { data: closed })).status()).toBe(200);
  await theirs.goto("/settings/agents");
  await hydrated(theirs);
  await expect(keys).toContainText("stored and not used");
  await expect(keys.getByRole("textbox")).toHaveCount(0);
  await look(theirs, "settings-agents-own-key-unused");
  await keys.getByRole("button", { name: "Remove your key for Stand-in" }).click();
  await expect(keys).toContainText("Your key is removed");
  await other.close();
});

test("a provider in one's own network needs its host on the list", async ({ page, consoleGuard }) => {
  consoleGuard.expectStatus(400);
  const section = page.locator("#setting-private-hosts");
  await expect(section.getByRole("heading", { name: "Private hosts" })).toBeVisible();
  await expect(section).toContainText(/Allowed besides, by default \(--private-provider-hosts.*: localhost, 127\.0\.0\.0\/8, ::1/);
  await expect(section.getByText("Default", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Add provider" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("openai-compat");
  await dialog.getByLabel("Name (optional)").fill("In the cellar");
  await dialog.getByLabel("Base URL (optional)").fill("http://10.0.0.7:8000/v1");
  await dialog.getByRole("button", { name: "Add and test" }).click();
  await expect(dialog).toContainText("The host 10.0.0.7 is at a private address");
  await look(page, "settings-providers-private-address", { fullPage: false });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();

  const hosts = section.getByRole("textbox", { name: "Hosts that may be at private addresses" });
  await hosts.fill("http://10.0.0.7:8000/v1");
  await section.getByRole("button", { name: "Save the hosts" }).click();
  await expect(section).toContainText("without scheme, port and path");
  await hosts.fill("Models.corp\n10.0.0.0/8");
  await section.getByRole("button", { name: "Save the hosts" }).click();
  await expect(section.getByText("Saved", { exact: true })).toBeVisible();
  await expect(section.getByText("Set here", { exact: true })).toBeVisible();
  await page.reload();
  await hydrated(page);
  await expect(hosts).toHaveValue("models.corp\n10.0.0.0/8");
  await look(page, "settings-providers-private-hosts");
});
