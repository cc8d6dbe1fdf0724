// Connections that die without a word: a stream that falls silent, and a workspace's agent that does not answer.
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { createChat, openChat, send, shownAnswer, storedAnswer, storedMessages, untilIdle } from "../fixtures/chats.js";
import { chatWithWorkspace, run } from "../fixtures/desktops.js";
import type { Server } from "../fixtures/server.js";
import { expect, look, test } from "../fixtures/test.js";

const wordsOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");

const parentOf = (pid: number) => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);

/** Whether a process stands in the sandbox of one of the server's workspaces: its folders are on the sandbox's command line. */
function isBelow(pid: number, server: Server): boolean {
  return pid > 1 && (wordsOf(pid).some((word) => word.includes(server.dataDir)) || isBelow(parentOf(pid), server));
}

/** The agents' own processes: neither the sandbox around them nor what they run. */
function agentsOf(server: Server): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const [program, command] = wordsOf(pid);
      // In a sandbox the program is found under another name.
      return ["agent", "switchyard"].includes(basename(program ?? "")) && command === "agent" && isBelow(pid, server);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

test("a stream that falls silent is given up and made again, and nothing is lost or repeated", async ({ page, server, asOwner, context }) => {
  await page.clock.install();
  let connections = 0;
  let isSilent = false;
  await page.routeWebSocket(/\/stream/, (socket) => {
    const upstream = socket.connectToServer();
    const isFirst = connections++ === 0;
    // A connection that a router has forgotten: it stands open at both ends, and nothing comes through.
    upstream.onMessage((frame) => {
      if (!(isFirst && isSilent)) socket.send(frame);
    });
  });
  const chat = await createChat(context.request, server.url, "!tokens 1200\n!pace 10ms");
  await openChat(page, server.url, chat);
  await expect.poll(async () => (await shownAnswer(page)).length).toBeGreaterThan(200);
  isSilent = true;
  await untilIdle(context.request, server.url, chat);
  const stored = await storedAnswer(context.request, server.url, chat);
  expect(await shownAnswer(page)).not.toBe(stored);

  // The server's pings come every 15 seconds: 30 without one are no reason yet, 45 are.
  await page.clock.fastForward(30_000);
  expect(connections).toBe(1);
  await page.clock.fastForward(15_000);
  // After a pause of about a second.
  await expect.poll(() => connections).toBe(2);
  await expect(page.getByText(/Connection lost/)).toHaveCount(0);
  await expect.poll(() => shownAnswer(page)).toBe(stored);
  await send(page, '!text "Here I am again."');
  await expect(page.locator(".by-agent .prose").last()).toContainText("Here I am again.");
});

test("a workspace whose agent does not answer says since when, and goes on with its processes when it does", async ({ page, startServer, context, consoleGuard }) => {
  const server = await startServer();
  const { request } = context;
  const chat = await chatWithWorkspace(request, server, { new_workspace: { mode: "empty" } });
  await run(request, server, chat, { command: "git init -q; for n in $(seq 200); do echo line $n; sleep 0.1; done > lines.txt", run_in_background: true });
  const agents = agentsOf(server);
  expect(agents).toHaveLength(1);
  const tell = (signal: NodeJS.Signals) => agents.forEach((pid) => process.kill(pid, signal));

  // The agent is held still while the server is away: it is not there when the server comes back.
  consoleGuard.expect(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  consoleGuard.expectStatus(503);
  tell("SIGSTOP");
  try {
    await server.end();
    await server.startAgain();
    await openChat(page, server.url, chat);
    const panel = page.getByRole("region", { name: "Changes" });
    await expect(panel.getByText(/Reconnecting to the workspace, lost (just now|\d+ s)/)).toBeVisible();
    await look(page, "chat-workspace-reconnecting", { fullPage: false });
    await page.goto(`${server.url}/workspaces`);
    await expect(page.getByRole("row", { name: /Empty workspace/ })).toContainText("reconnecting");
    await openChat(page, server.url, chat);
  } finally {
    tell("SIGCONT");
  }
  const panel = page.getByRole("region", { name: "Changes" });
  await expect(panel.getByText(/Reconnecting to the workspace/)).toHaveCount(0, { timeout: 60_000 });
  await expect(panel.locator(".file-head", { hasText: "lines.txt" })).toBeVisible({ timeout: 30_000 });
  expect(agentsOf(server)).toEqual(agents);
  const command = "until [ $(wc -l < lines.txt) = 200 ]; do sleep 0.2; done; echo counted $(wc -l < lines.txt)";
  await send(page, `!call execute ${JSON.stringify({ command, timeout: "60s" })}\n!then\n!text "Counted."`);
  await expect(page.locator(".by-agent .prose").last()).toContainText("Counted.", { timeout: 60_000 });
  const outputs = (await storedMessages(request, server.url, chat)).filter(({ role }) => role === "tool");
  expect(JSON.stringify(outputs.at(-1))).toContain("counted 200");
});
