// How long the changes of 5,000 files take to stand on the screen, and what their tab takes, as rows of the table of
// docs/performance.md. How quick a page is depends on the machine: no number fails.
import { readFileSync } from "node:fs";

import type { Browser, Page } from "@playwright/test";

import { chatOn, panelOf } from "../fixtures/diffs.js";
import { createChat, untilIdle } from "../fixtures/chats.js";
import { Repository } from "../fixtures/repository.js";
import { longestTask, watchTasks } from "../fixtures/tasks.js";
import { expect, hydrated, test } from "../fixtures/test.js";

const FILES = 5_000;
const ROUNDS = 9;

declare global {
  interface Window {
    /** When the first line of a change was painted, in milliseconds since the document was asked for. */
    firstChangeMs?: number;
  }
}

/** Notes the first frame with a changed line on it, by the page's own clock. */
async function watchChanges(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector(".file-section .diff-added")) {
        // A frame is on the screen when the task after it runs.
        requestAnimationFrame(() => setTimeout(() => (window.firstChangeMs = performance.now())));
      } else {
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  });
}

async function firstChange(page: Page): Promise<number> {
  await expect.poll(() => page.evaluate(() => window.firstChangeMs ?? 0), { timeout: 60_000 }).toBeGreaterThan(0);
  return page.evaluate(() => window.firstChangeMs ?? 0);
}

/** The memory of its own of the largest process that draws pages, in bytes: what no other process shares. */
async function tabBytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const own = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => {
      const told = readFileSync(`/proc/${id}/smaps_rollup`, "utf8");
      const lines = [...told.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)];
      return lines.reduce((sum, line) => sum + Number(line[1]) * 1024, 0);
    });
  return Math.max(...own);
}

function row(figure: string, numbers: number[], unit: string, goal: string): string {
  const sorted = numbers.map(Math.round).sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `| ${figure} | ${median} ${unit} (min ${sorted[0]}, max ${sorted.at(-1)}) | ${goal} |`;
}

test("the changes of 5,000 files", async ({ page, context, browser, startServer }) => {
  test.setTimeout(600_000);
  const repository = await Repository.create();
  const server = await startServer();
  const command = `mkdir -p many; for at in $(seq 1 ${FILES}); do echo "file $at" > many/$(printf %05d $at).txt; done`;
  const script = `!call execute ${JSON.stringify({ command })}\n!then\n!text "Done."`;
  const changed = await chatOn(context.request, server, repository, script);
  const other = await createChat(context.request, server.url, '!title "Without changes"\n!text "Nothing to do."');
  await untilIdle(context.request, server.url, other);

  const [opened, tasks, memory, without]: [number[], number[], number[], number[]] = [[], [], [], []];
  await page.close();
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await context.newPage();
    await plain.goto(`${server.url}/agents/${other}`);
    await hydrated(plain);
    await plain.waitForTimeout(1_000);
    without.push((await tabBytes(browser)) / 1_000_000);
    await plain.close();

    const tab = await context.newPage();
    await watchTasks(tab);
    await watchChanges(tab);
    await tab.goto(`${server.url}/agents/${changed}`);
    opened.push(await firstChange(tab));
    await expect(panelOf(tab)).toContainText(`${FILES} files`);
    await tab.waitForTimeout(1_000);
    tasks.push(await longestTask(tab));
    memory.push((await tabBytes(browser)) / 1_000_000);
    await tab.close();
  }
  console.log("| figure | Switchyard | goal |\n|---|---|---|");
  console.log(row("5,000 changed files: from asking for the page to their first line on the screen", opened, "ms", "≤ 400 ms"));
  console.log(row("the same: the longest task of the page", tasks, "ms", "≤ 200 ms"));
  console.log(row("the same: the tab's own memory", memory, "MB", "–"));
  console.log(row("the tab's own memory with a chat without changes", without, "MB", "–"));
  await repository.remove();
});
