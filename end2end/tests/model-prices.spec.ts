// What models cost: entered by an owner, proposed by the table that ships with the server, booked for earlier calls on request.
import type { APIRequestContext } from "@playwright/test";

import { createChat, untilIdle } from "../fixtures/chats.js";
import { addModel, configured } from "../fixtures/models.js";
import { expect, expectAccessible, hydrated, look, test } from "../fixtures/test.js";

const API = "/api/experimental/chats";
const MODEL = "gpt-5.1";

/** Something that waits until the test lets it go on. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const addListed = (request: APIRequestContext, base: string, standin: string) =>
  addModel(
    request,
    base,
    { provider: "openai", display_name: "Listed", base_url: `${standin}/v1` },
    { model: MODEL, context_limit: 400_000, model_config: { max_output_tokens: 999 } },
  );

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("list prices are shown, count only when they are entered, and an owner's own win", async ({
  page,
  context,
  emptyServer,
  standin,
  consoleGuard,
}) => {
  consoleGuard.expectStatus(400);
  await addListed(context.request, emptyServer.url, standin);
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  const row = page.getByRole("row", { name: new RegExp(MODEL) });
  await expect(row).toContainText("No price");
  const open = async () => {
    await row.getByRole("button", { name: /Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
  };
  const dialog = page.getByRole("dialog", { name: `Edit ${MODEL}` });
  const field = (label: string) => dialog.getByLabel(new RegExp(`^${label}`));
  const save = dialog.getByRole("button", { name: "Save", exact: true });
  const cost = async () => (await configured(context.request, emptyServer.url, MODEL)).model_config.cost;

  await open();
  await expect(field("Input")).toHaveAttribute("placeholder", "1.25");
  await expect(field("Output")).toHaveAttribute("placeholder", "10");
  await expect(field("Cache read")).toHaveAttribute("placeholder", "0.125");
  await expect(field("Input")).toHaveValue("");
  const source = dialog.getByRole("link", { name: /^List price of \d+ \w+ \d{4}$/ });
  await expect(source).toHaveAttribute("href", /^https:\/\//);
  await expectAccessible(page, "the form of a model");
  await look(page, "settings-model-prices", { fullPage: false });

  // Saved as it is, nothing has a price.
  await save.click();
  await expect(dialog).toBeHidden();
  await expect(row).toContainText("No price");
  expect(await cost()).toBeUndefined();

  await open();
  await field("Output").fill("three");
  await save.click();
  await expect(dialog.getByText("Give dollars for a million tokens, such as 3 or 0.25.")).toBeVisible();
  await expect(field("Output")).toBeFocused();
  await expect(field("Output")).toHaveAttribute("aria-invalid", "true");
  await expect(dialog.getByRole("alert")).toHaveCount(0);
  await dialog.getByRole("button", { name: "Use list prices" }).click();
  await expect(field("Input")).toHaveValue("1.25");
  await expect(field("Output")).toHaveValue("10");
  await field("Input").fill("0");
  await field("Cache read").fill("0.0000001");

  // While it is being saved it cannot be saved again.
  const held = gate();
  await page.route("**/api/page/update_model_config", async (route) => {
    await held.opened;
    await route.continue();
  });
  await save.click();
  await expect(save).toBeDisabled();
  held.open();
  await expect(dialog).toBeHidden();
  await expect(row).not.toContainText("No price");
  expect(await cost()).toEqual({
    input_price_per_million_tokens: "0",
    output_price_per_million_tokens: "10",
    cache_read_price_per_million_tokens: "0.0000001",
  });
  expect((await configured(context.request, emptyServer.url, MODEL)).model_config.max_output_tokens).toBe(999);
  // Nobody has used it, so there is nothing to offer.
  await expect(page.getByRole("dialog")).toBeHidden();

  await open();
  await expect(field("Input")).toHaveValue("0");
  for (const label of ["Input", "Output", "Cache read"]) {
    await field(label).fill("");
  }
  await save.click();
  await expect(row).toContainText("No price");
  expect(await cost()).toBeUndefined();
});

test("what was typed stays while the list is read anew", async ({ page, context, emptyServer, standin }) => {
  await addListed(context.request, emptyServer.url, standin);
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  const row = page.getByRole("row", { name: new RegExp(MODEL) });
  const held = gate();
  await page.route("**/api/page/enable_model_config", async (route) => {
    await held.opened;
    await route.continue();
  });
  await row.getByRole("switch").uncheck();
  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: `Edit ${MODEL}` });
  await dialog.getByLabel(/^Input/).fill("7");
  const again = page.waitForResponse("**/api/page/list_providers");
  held.open();
  await again;
  await expect(page.locator("tr", { hasText: MODEL }).locator("[role=switch]")).not.toBeChecked();
  await expect(dialog.getByLabel(/^Input/)).toHaveValue("7");
});

test("the first price is offered to the calls from before", async ({ page, context, emptyServer }) => {
  const chat = await createChat(context.request, emptyServer.url, '!usage input=1000 output=20\n!text "Done."');
  await untilIdle(context.request, emptyServer.url, chat);
  const summary = async () =>
    (await (await context.request.get(`${emptyServer.url}${API}/cost/me/summary`)).json()) as {
      priced_message_count: number;
      unpriced_message_count: number;
    };
  // The step and the title.
  await expect.poll(async () => (await summary()).unpriced_message_count, { timeout: 30_000 }).toBe(2);

  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  const row = page.getByRole("row", { name: /Default/ });
  const menu = row.getByRole("button", { name: /Actions for/ });
  await menu.click();
  await expect(page.getByRole("menuitem", { name: "Price earlier calls" })).toBeHidden();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const form = page.getByRole("dialog", { name: /^Edit/ });
  await expect(form).toContainText("No list price of this model is known here.");
  await form.getByLabel(/^Input/).fill("1");
  await form.getByLabel(/^Output/).fill("1");
  await form.getByRole("button", { name: "Save", exact: true }).click();
  const offer = page.getByRole("dialog", { name: /^Price earlier calls of/ });
  await expect(offer).toBeVisible();
  await look(page, "settings-price-earlier-calls", { fullPage: false });
  // Nobody is asked twice, but it can be done later.
  await offer.getByRole("button", { name: "Cancel" }).click();
  await expect(offer).toBeHidden();
  expect((await summary()).unpriced_message_count).toBe(2);
  await menu.click();
  await page.getByRole("menuitem", { name: "Price earlier calls" }).click();
  await offer.getByRole("button", { name: "Price earlier calls" }).click();
  await expect(offer).toContainText("Priced 2 calls.");
  await offer.getByRole("button", { name: "Done" }).click();
  await expect(offer).toBeHidden();
  expect(await summary()).toMatchObject({ priced_message_count: 2, unpriced_message_count: 0 });
});
