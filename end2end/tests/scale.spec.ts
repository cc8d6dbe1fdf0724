// Much of everything: thousands of chats in the list, thousands of messages in one chat, and the page holds a part of it.
// How long the main thread was held at a stretch is printed (milliseconds); a busy machine must not fail the run.
import type { Page } from "@playwright/test";

import { hydrated } from "../fixtures/look.js";
import { SEEDED_OWNER, type ServerOptions } from "../fixtures/server.js";
import { countElements, longestTask, watchTasks } from "../fixtures/tasks.js";
import { expect, test } from "../fixtures/test.js";

const CHATS = 5_000;
const MESSAGES = 10_000;
/** One of ten is archived. */
const SEED: ServerOptions = { seed: ["--chats", String(Math.ceil(CHATS / 0.9)), "--messages", String(MESSAGES)] };
/** How many messages of the long chat are scrolled back. */
const SCROLLED_BACK = 3_000;
/** How many elements the page may hold, however far the reader has scrolled. */
const MOST_ELEMENTS = 15_000;
/** What the reader looks at may be moved so far by what is loaded elsewhere. */
const JUMP_PX = 100;
/** How often the page looks at the clock. */
const CLOCK_STEP_MS = 20_000;

// A trace copies the whole document at each step, on the page's own main thread.
test.use({ trace: "off" });

test("a list of 5,000 chats is walked and searched; the page holds a part of it", async ({ page, startServer, context }) => {
  const server = await startServer(SEED);
  await server.signIn(context.request, SEEDED_OWNER);
  await watchTasks(page);
  await page.goto(`${server.url}/agents`);
  await hydrated(page);
  await expect(page.locator(".row")).toHaveCount(50);
  const tasks: Record<string, number> = { opening: await longestTask(page) };

  const list = page.locator(".sidebar-list");
  await list.evaluate(async (element) => {
    for (;;) {
      const [more, height] = [element.querySelector<HTMLElement>(".show-more"), element.scrollHeight];
      if (!more) return;
      more.scrollIntoView();
      more.click();
      while (element.scrollHeight === height && more.isConnected) await new Promise(requestAnimationFrame);
    }
  });
  // A row is 48 px high, and a part of them is held.
  expect(await list.evaluate((element) => element.scrollHeight)).toBeGreaterThan(CHATS * 48);
  expect(await countElements(page)).toBeLessThan(MOST_ELEMENTS);
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(page.locator(".row").last()).toBeInViewport();
  tasks["showing more"] = await longestTask(page);

  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
  const inTheMiddle = () => page.evaluate(() => document.elementFromPoint(100, innerHeight / 2)?.closest(".row") !== null);
  await expect.poll(inTheMiddle).toBe(true);
  tasks["scrolling to the middle"] = await longestTask(page);
  await page.waitForTimeout(CLOCK_STEP_MS);
  tasks["telling the time"] = await longestTask(page);

  const search = page.getByRole("searchbox", { name: "Search chats" });
  await search.pressSequentially("memory leak", { delay: 30 });
  await expect(page.locator(".row-title").first()).toContainText("memory leak");
  tasks.searching = await longestTask(page);
  await search.fill("");
  await expect.poll(() => page.locator(".row-title").first().innerText()).not.toContain("memory leak");
  tasks["leaving the search"] = await longestTask(page);

  await page.locator(".row").nth(20).click();
  await expect(page.locator(".flow")).toBeVisible();
  tasks["opening a chat"] = await longestTask(page);
  console.log("list", JSON.stringify(tasks), "elements", await countElements(page));
});

test("a link to a message that is not loaded leads to it, and on to the newest", async ({ page, startServer, context }) => {
  const server = await startServer({ seed: ["--chats", "1", "--messages", "400"] });
  await server.signIn(context.request, SEEDED_OWNER);
  const listed = await context.request.get(`${server.url}/api/experimental/chats`);
  const [long] = ((await listed.json()) as { id: string; title: string }[]).filter(({ title }) => title === "400 messages");
  const read = await context.request.get(`${server.url}/api/experimental/chats/${long?.id}/messages?limit=200`);
  const { messages } = (await read.json()) as { messages: { id: number; role: string }[] };
  const named = messages.filter(({ role }) => role === "user").at(-1)?.id;
  await page.goto(`${server.url}/agents/${long?.id}#message-${named}`);
  await hydrated(page);
  await expect(page.locator(`#message-${named}`)).toBeInViewport();
  // Only what was said has scrolled.
  expect(await page.locator(".agents").evaluate((frame) => [frame.scrollTop, document.documentElement.scrollTop])).toEqual([0, 0]);
  await page.getByRole("button", { name: "Jump to latest" }).click();
  await expect(page.locator(`#message-${messages[0]?.id}`)).toBeInViewport();

  await page.goto(`${server.url}/agents/${long?.id}#message-0`);
  await page.reload();
  await hydrated(page);
  await expect(page.getByText("The message of this link is not in the chat any more.")).toBeVisible();
});

test("a chat of 10,000 messages is read far back and forth; the page holds a part of it", async ({ page, startServer, context }) => {
  const server = await startServer(SEED);
  await server.signIn(context.request, SEEDED_OWNER);
  const listed = await context.request.get(`${server.url}/api/experimental/chats`);
  const chats = (await listed.json()) as { id: string; title: string }[];
  const long = chats.find(({ title }) => title === `${MESSAGES} messages`);
  await watchTasks(page);
  await page.goto(`${server.url}/agents/${long?.id}`);
  await hydrated(page);
  const last = MESSAGES / 2 - 1;
  await expect(page.locator(".by-agent").last()).toContainText(`Step ${last} of`);
  const tasks: Record<string, number> = { opening: await longestTask(page) };

  await page.locator(".flow").hover();
  const elements: number[] = [];
  for (let oldest = last; oldest > last - SCROLLED_BACK / 2; oldest = (await steps(page))[0] ?? 0) {
    elements.push(await countElements(page));
    await scrollBy(page, -1_500);
  }
  tasks["scrolling back"] = await longestTask(page);
  await expectWhole(page);
  await expect(page.getByRole("button", { name: "Jump to latest" })).toBeVisible();
  await expect(page.locator(".by-agent", { hasText: `Step ${last} of` })).toHaveCount(0);

  const turned = (await steps(page)).at(-1) ?? 0;
  for (let newest = turned; newest < turned + 200; newest = (await steps(page)).at(-1) ?? 0) await scrollBy(page, 1_500);
  tasks["scrolling on"] = await longestTask(page);
  await expectWhole(page);

  await page.getByRole("button", { name: "Jump to latest" }).click();
  await expect(page.locator(".by-agent").last()).toContainText(`Step ${last} of`);
  await expect(page.locator(".by-agent").last()).toBeInViewport();
  await expectWhole(page);
  await expect(page.getByRole("button", { name: "Jump to latest" })).toHaveCount(0);
  tasks.jumping = await longestTask(page);
  const most = Math.max(...elements);
  console.log("long chat", JSON.stringify(tasks), "elements", elements[0], "to", most);
  expect(most).toBeLessThan(MOST_ELEMENTS);
});

/** The numbers of the questions that the page holds, in their order. */
async function steps(page: Page): Promise<number[]> {
  const questions = await page.locator(".by-user .bubble").allTextContents();
  return questions.map((text) => Number(/step (\d+)/.exec(text)?.[1]));
}

async function expectWhole(page: Page): Promise<void> {
  const held = await steps(page);
  const first = held[0] ?? 0;
  expect(held).toEqual(held.map((_, position) => first + position));
}

/** Turns the wheel and looks whether what was on the screen has moved as far as the wheel, whatever was loaded or let go. */
async function scrollBy(page: Page, distance: number): Promise<void> {
  const top = (text: string) => page.locator(".by-user .bubble", { hasText: text }).evaluate((bubble) => bubble.getBoundingClientRect().top);
  const text = await page.evaluate(() => {
    const inView = (bubble: Element) => bubble.getBoundingClientRect().top > 0 && bubble.getBoundingClientRect().top < innerHeight;
    return [...document.querySelectorAll(".by-user .bubble")].find(inView)?.textContent ?? "";
  });
  const flow = page.locator(".flow");
  const before = await top(text);
  const room = await flow.evaluate((element) => [element.scrollTop, element.scrollHeight - element.scrollTop - element.clientHeight]);
  await page.mouse.wheel(0, distance);
  await page.waitForTimeout(150);
  await expect(page.locator(".older [aria-busy=true]")).toHaveCount(0);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const isLimited = (distance < 0 ? (room[0] ?? 0) : (room[1] ?? 0)) < Math.abs(distance);
  if (!isLimited) expect(Math.abs((await top(text)) - before + distance), `${text} after ${distance} px`).toBeLessThan(JUMP_PX);
}
