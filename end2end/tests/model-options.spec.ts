// The options of calls to a model in its form: shown by provider, refused at their fields, kept when they are not its own.
import { addModel, configured } from "../fixtures/models.js";
import { expect, expectAccessible, hydrated, look, test } from "../fixtures/test.js";

const API = "/api/experimental/chats";

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("an Anthropic model has its provider's options, and keeps what its form does not have", async ({
  page,
  context,
  emptyServer,
  standin,
  consoleGuard,
}) => {
  consoleGuard.expectStatus(400);
  const MODEL = "claude-sonnet-4-5";
  const anthropic = { effort: "low", thinking: { budget_tokens: 2048 } };
  await addModel(
    context.request,
    emptyServer.url,
    { provider: "anthropic", display_name: "Thinking", base_url: standin },
    {
      model: MODEL,
      context_limit: 200_000,
      model_config: { temperature: 0.7, presence_penalty: 0.5, provider_options: { anthropic, google: { cached_content: "x" } } },
    },
  );
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  const row = page.getByRole("row", { name: new RegExp(MODEL) });
  const dialog = page.getByRole("dialog", { name: `Edit ${MODEL}` });
  const save = dialog.getByRole("button", { name: "Save", exact: true });
  const advanced = dialog.locator("summary");
  const field = (label: string) => dialog.getByLabel(new RegExp(`^${label}`));
  const open = async () => {
    await row.getByRole("button", { name: /Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await expect(dialog).toBeVisible();
  };

  await open();
  await expect(field("Longest answer in tokens")).toHaveAttribute("placeholder", /^32000/);
  await expect(field("Reasoning effort")).toHaveValue("");
  await expect(advanced).toHaveText("Advanced, 3 set");
  await expect(field("Temperature")).toBeHidden();
  await look(page, "settings-model-options-closed", { fullPage: false });
  await advanced.click();
  await expect(field("Temperature")).toHaveValue("0.7");
  await expect(field("Summarize at percent")).toHaveAttribute("placeholder", "70");
  const own = dialog.getByRole("group", { name: "Only for Anthropic" });
  await expect(own.getByLabel(/^Budget for thoughts/)).toHaveValue("2048");
  await expect(own.getByLabel(/^Effort/)).toHaveValue("low");
  await expect(field("Verbosity")).toHaveCount(0);
  await expect(field("Presence penalty")).toHaveCount(0);
  await expectAccessible(page, "the options of a model");
  await look(page, "settings-model-options", { fullPage: false });

  // What is refused is told where it stands, also when that part was closed again.
  await own.getByLabel(/^Budget for thoughts/).fill("7");
  await field("Temperature").fill("warm");
  await field("Reasoning effort").selectOption("high");
  await advanced.click();
  await expect(field("Temperature")).toBeHidden();
  await save.click();
  await expect(field("Temperature")).toBeFocused();
  await expect(dialog.getByText("Use a number between 0 and 2.")).toBeVisible();
  await expect(own.getByText(/^Use a whole number from 1024/)).toBeVisible();
  await expect(field("Temperature")).toHaveValue("warm");
  await expect(dialog.getByRole("alert")).toHaveCount(0);

  // Somebody else changes what was not touched here.
  const known = await configured(context.request, emptyServer.url, MODEL);
  const meanwhile = await context.request.patch(`${emptyServer.url}${API}/model-configs/${known.id}`, {
    data: { model_config: { ...known.model_config, top_k: 40 } },
  });
  expect(meanwhile.status()).toBe(200);

  await field("Temperature").fill("");
  await own.getByLabel(/^Budget for thoughts/).fill("4096");
  await own.getByLabel(/^Domains that are not searched/).fill("a.example\nb.example");
  await own.getByLabel(/^One tool at a time/).selectOption("true");
  await field("Summarize at percent").fill("50");
  await save.click();
  await expect(dialog).toBeHidden();
  const saved = await configured(context.request, emptyServer.url, MODEL);
  expect(saved.compression_threshold).toBe(50);
  expect(saved.model_config).toEqual({
    presence_penalty: 0.5,
    top_k: 40,
    reasoning_effort: "high",
    provider_options: {
      anthropic: {
        effort: "low",
        thinking: { budget_tokens: 4096 },
        blocked_domains: ["a.example", "b.example"],
        disable_parallel_tool_use: true,
      },
      google: { cached_content: "x" },
    },
  });

  await open();
  await expect(field("Reasoning effort").first()).toHaveValue("high");
  await advanced.click();
  await expect(field("Top K")).toHaveValue("40");
  await expect(own.getByLabel(/^Domains that are not searched/)).toHaveValue("a.example\nb.example");

  // What was typed and given up is gone, for this model and for the others.
  await field("Input").fill("7");
  await field("Temperature").fill("1.5");
  await own.getByLabel(/^Domains that are not searched/).fill("c.example");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await open();
  await expect(advanced).toHaveText("Advanced, 6 set");
  await advanced.click();
  await expect(field("Temperature")).toHaveValue("");
  await expect(own.getByLabel(/^Domains that are not searched/)).toHaveValue("a.example\nb.example");
  await field("Input").fill("7");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("row", { name: /^Demo \(scripted, no AI\)/ }).getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const other = page.getByRole("dialog", { name: "Edit demo" });
  await expect(other.getByLabel(/^Name/)).toHaveValue("Demo (scripted, no AI)");
  await expect(other.getByLabel(/^Input/)).toHaveValue("");
});

test("a server that speaks as OpenAI does has its own, with fields of each request", async ({
  page,
  context,
  emptyServer,
  standin,
  consoleGuard,
}) => {
  consoleGuard.expectStatus(400);
  await addModel(
    context.request,
    emptyServer.url,
    { provider: "openai-compat", display_name: "Local", base_url: `${standin}/v1` },
    { model: "local-1", context_limit: 200_000 },
  );
  await page.goto(`${emptyServer.url}/settings/providers`);
  await hydrated(page);
  await page.getByRole("row", { name: /local-1/ }).getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit local-1" });
  const save = dialog.getByRole("button", { name: "Save", exact: true });
  await expect(dialog.locator("summary")).toHaveText("Advanced");
  await dialog.locator("summary").click();
  const own = dialog.getByRole("group", { name: "Only for OpenAI-compatible" });
  await expect(own.getByLabel(/^Summary of thoughts/)).toHaveCount(0);
  const fields = own.getByLabel(/^More fields of each request/);
  await fields.fill("[1]");
  await save.click();
  await expect(fields).toBeFocused();
  await expect(own.getByText(/^Use a JSON object/)).toBeVisible();
  await fields.fill('{"min_p": 0.05}');
  await own.getByLabel(/^Service tier/).selectOption("flex");
  await dialog.getByLabel(/^Frequency penalty/).fill("-0.5");
  await save.click();
  await expect(dialog).toBeHidden();
  expect((await configured(context.request, emptyServer.url, "local-1")).model_config).toEqual({
    frequency_penalty: -0.5,
    provider_options: { openaicompat: { extra_body: { min_p: 0.05 } }, openai: { service_tier: "flex" } },
  });
});
