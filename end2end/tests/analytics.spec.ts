// What models cost: every call is in it, to the micro-dollar, in the page, the table and the chat.
import { expect, hydrated, look, test } from "../fixtures/test.js";

interface Model {
  id: string;
  is_default: boolean;
  model_config: Record<string, unknown>;
}

interface Summary {
  total_cost_micros: number;
  priced_message_count: number;
  unpriced_message_count: number;
}

const MEMBER = { email: "mia@example.com", username: "mia", name: "Mia Moss", password: "correct horse battery" };
/** A dollar for a million tokens: each token costs one micro-dollar. */
const COST = {
  input_price_per_million_tokens: "1",
  output_price_per_million_tokens: "1",
  cache_read_price_per_million_tokens: "1",
  cache_write_price_per_million_tokens: "1",
};

test("analytics shows exactly the calls made", async ({ page, startServer, context }) => {
  test.slow();
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const api = `${server.url}/api/experimental/chats`;
  await page.goto(`${server.url}/settings/analytics`);
  await hydrated(page);
  await expect(page.getByText("Nothing was spent")).toBeVisible();
  await look(page, "analytics-empty");

  const models: Model[] = await (await context.request.get(`${api}/model-configs`)).json();
  const model = models.find((model) => model.is_default)!;
  const send = async (script: string) => {
    const made = await context.request.post(api, { data: { content: [{ type: "text", text: script }] } });
    expect(made.status(), await made.text()).toBe(201);
    return ((await made.json()) as { id: string }).id;
  };
  const summary = async (): Promise<Summary> => (await context.request.get(`${api}/cost/me/summary`)).json();
  const calls = async () => {
    const { priced_message_count, unpriced_message_count } = await summary();
    return priced_message_count + unpriced_message_count;
  };

  // One step and the title, before there is a price.
  await send('!usage input=100000 output=2000 cache_read=30000 cache_write=400\n!text "Before there was a price."');
  await expect.poll(calls, { timeout: 30_000 }).toBe(2);
  await page.reload();
  await hydrated(page);
  await expect(page.getByRole("status").getByText("2 messages were answered by models without a price.")).toBeVisible();
  await expect(page.getByRole("table", { name: "By model" })).toContainText("No price");
  await look(page, "analytics-unpriced");

  // An owner sets one and has it booked for what was.
  const priced = await context.request.patch(`${api}/model-configs/${model.id}`, {
    data: { model_config: { ...model.model_config, cost: COST } },
  });
  expect(priced.status(), await priced.text()).toBe(200);
  const backfilled = await context.request.post(`${server.url}/api/v2/model-configs/${model.id}/costs`);
  expect(await backfilled.json()).toEqual({ priced_message_count: 2, unpriced_message_count: 0 });

  const chat = await send(
    "!usage input=1000000 output=50000\n" +
      '!call spawn_agent {"title": "Child", "prompt": "!usage input=500000 output=7000\\n!text \\"Done.\\""}\n!then\n' +
      '!call wait_agent {"chat_id": "{{1.chat_id}}"}\n!then\n!text "All done."',
  );
  await expect.poll(calls, { timeout: 30_000 }).toBe(7);
  const { total_cost_micros: micros, unpriced_message_count } = await summary();
  expect(unpriced_message_count).toBe(0);
  await page.reload();
  await hydrated(page);
  const exact = `$${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
  await expect(page.locator(".cost-card dd").first()).toHaveAttribute("title", exact);
  const sums = page.locator(".cost-cards");
  await expect(sums).toContainText("30,000");
  await expect(page.locator(".cost-card", { hasText: "Messages" })).toContainText("7");
  await expect(page.getByRole("table", { name: "By chat" }).getByRole("row")).toHaveCount(3);
  await look(page, "analytics");

  // The bars have a table behind them.
  await page.getByText("Show as a table").click();
  const days = page.getByRole("table", { name: "Cost over time" });
  await expect(days.getByRole("row")).toHaveCount(31);
  await expect(days.getByRole("row").last()).toContainText("7");

  // Days of one's own, as a plain form.
  await page.getByLabel("From").fill("2020-01-01");
  await page.getByLabel("To").fill("2020-01-31");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page).toHaveURL(/from=2020-01-01&to=2020-01-31/);
  await expect(page.getByText("Nothing was spent")).toBeVisible();
  await hydrated(page);
  await page.getByRole("link", { name: "7 days" }).click();
  await expect(page.getByRole("table", { name: "By model" })).toBeVisible();
  await expect(page.getByRole("link", { name: "7 days" })).toHaveAttribute("aria-current", "true");

  // The table for spreadsheets says the same.
  const link = await page.getByRole("link", { name: "By model", exact: true }).getAttribute("href");
  const csv = await (await context.request.get(`${server.url}${link}`)).text();
  expect(csv.split("\r\n")[1]).toContain(`,${exact.slice(1)},7,0,`);

  // By person, and one of them.
  const made = await context.request.post(`${server.url}/api/v2/users`, { data: MEMBER });
  expect(made.status(), await made.text()).toBe(201);
  await page.getByRole("link", { name: "Everybody" }).click();
  await expect(page.getByText("1 person")).toBeVisible();
  await look(page, "analytics-people");
  await hydrated(page);
  await page.getByLabel("Name of a person").fill("zed");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page.getByText("Nobody by that name")).toBeVisible();
  await page.goto(`${server.url}/settings/analytics?people=1`);
  await page.getByRole("link", { name: "Ada Lovelace" }).click();
  await expect(page.getByRole("table", { name: "By chat" })).toBeVisible();

  // In the chat, behind the ring.
  await page.goto(`${server.url}/agents/${chat}`);
  await hydrated(page);
  await page.getByRole("button", { name: /context/i }).first().click();
  await expect(page.getByText("Cost so far")).toBeVisible();
  await expect(page.getByText(/\$0\.51 of it by subagents/)).toBeVisible();
  await look(page, "analytics-chat", { fullPage: false });

  // Somebody else reads nothing of it.
  await context.clearCookies();
  await server.signIn(context.request, MEMBER);
  await page.goto(`${server.url}/settings/analytics`);
  await expect(page.getByText("Nothing was spent")).toBeVisible();
  await expect(page.getByRole("link", { name: "Everybody" })).toHaveCount(0);
});

test("analytics can be read without a script", async ({ browser, startServer, context, consoleGuard }) => {
  consoleGuard.expectStatus(400);
  const server = await startServer();
  await server.createOwner(context.request);
  await server.signIn(context.request);
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const page = await plain.newPage();
  await page.goto(`${server.url}/settings/analytics?days=7`);
  await expect(page.getByRole("heading", { name: "Analytics", level: 1 })).toBeVisible();
  await expect(page.getByText("Total cost")).toBeVisible();
  await page.goto(`${server.url}/settings/analytics?from=2026-05-02&to=2026-05-01`);
  await expect(page.getByText("The first day must not come after the last.")).toBeVisible();
  await plain.close();
});
