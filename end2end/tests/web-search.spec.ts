// Searches of the web that a provider makes itself: the card with what was found, the sources of an answer, the switch of an owner.
import type { APIRequestContext } from "@playwright/test";

import { createChat, untilIdle } from "../fixtures/chats.js";
import { expect, expectAccessible, hydrated, look, test } from "../fixtures/test.js";

const API = "/api/experimental/chats";
const MODEL = "claude-sonnet-4-5";

const LEARN = { url: "https://www.rust-lang.org/learn", title: "<b>Learn</b> Rust" };
const EVIL = { url: "javascript:alert(1)", title: "No page" };
const PAGES = [LEARN, EVIL, { url: "https://docs.example/book", title: "" }];

const SCRIPT = [
  '!text "I look."',
  `!search ${JSON.stringify({ query: "how to learn rust", pages: PAGES })}`,
  `!search ${JSON.stringify({ query: "more of it", error: "max_uses_exceeded" })}`,
  `!cite ${JSON.stringify({ text: "Read the book.", ...LEARN })}`,
  `!cite ${JSON.stringify({ text: " Or do not.", ...EVIL })}`,
];

interface Model {
  model: string;
  model_config: { provider_options?: Record<string, Record<string, unknown>> };
}

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("a card tells what was found, and an answer lists what it cites", async ({ page, context, emptyServer }) => {
  const chat = await createChat(context.request, emptyServer.url, SCRIPT.join("\n"));
  await untilIdle(context.request, emptyServer.url, chat);
  await page.goto(`${emptyServer.url}/agents/${chat}`);
  await hydrated(page);

  const card = page.locator("details.tool").filter({ hasText: "Searched the web for" }).first();
  await expect(card).toContainText("“how to learn rust”");
  await card.locator("summary").click();
  const found = card.getByRole("list", { name: "Pages that were found" });
  await expect(found.getByRole("link")).toHaveCount(2);
  const first = found.getByRole("link", { name: /<b>Learn<\/b> Rust/ });
  await expect(first).toContainText("rust-lang.org");
  await expect(first).toHaveAttribute("href", LEARN.url);
  await expect(first).toHaveAttribute("target", "_blank");
  await expect(first).toHaveAttribute("rel", "noopener noreferrer nofollow");
  await expect(found.getByRole("link", { name: "docs.example" })).toBeVisible();
  await expect(found.locator("b, img")).toHaveCount(0);

  const failed = page.locator("details.tool").filter({ hasText: "Could not search the web for" });
  await failed.locator("summary").click();
  await expect(failed).toContainText("The provider searches no more often for one answer.");

  const answer = page.getByRole("article", { name: "The agent said" }).last();
  await expect(answer).toContainText("Read the book. Or do not.");
  const sources = answer.getByRole("list", { name: "Sources" });
  await expect(sources.getByRole("link")).toHaveCount(1);
  await expect(sources.getByRole("link")).toHaveAttribute("href", LEARN.url);
  await expectAccessible(page, "a conversation with a search of the web");
  await look(page, "agents-web-search", { fullPage: false });
});

async function configured(request: APIRequestContext, base: string): Promise<Model> {
  const models = (await (await request.get(`${base}${API}/model-configs`)).json()) as Model[];
  return models.find((model) => model.model === MODEL)!;
}

test("an owner switches the search on for a model, and off again", async ({ page, context, emptyServer, standin }) => {
  const provider = await context.request.post(`${emptyServer.url}${API}/providers`, {
    data: { provider: "anthropic", display_name: "Searching", base_url: standin, api_key: "right" },
  });
  expect(provider.status(), await provider.text()).toBe(201);
  const { id } = (await provider.json()) as { id: string };
  const options = { anthropic: { effort: "low", allowed_domains: ["docs.rs"] } };
  const model = await context.request.post(`${emptyServer.url}${API}/model-configs`, {
    data: { provider_config_id: id, model: MODEL, context_limit: 200_000, model_config: { provider_options: options } },
  });
  expect(model.status(), await model.text()).toBe(201);

  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  const row = page.getByRole("row", { name: new RegExp(MODEL) });
  const dialog = page.getByRole("dialog", { name: `Edit ${MODEL}` });
  const box = dialog.getByRole("checkbox", { name: "Web search" });
  const open = async () => {
    await row.getByRole("button", { name: /Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
  };
  const save = async () => {
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await expect(dialog).toBeHidden();
  };
  const kept = async () => (await configured(context.request, emptyServer.url)).model_config.provider_options;

  await open();
  await expect(box).not.toBeChecked();
  await box.check();
  await save();
  expect(await kept()).toEqual({ anthropic: { ...options.anthropic, web_search_enabled: true } });

  await open();
  await expect(box).toBeChecked();
  await box.uncheck();
  await save();
  expect(await kept()).toEqual(options);
});
