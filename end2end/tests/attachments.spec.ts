// Files in messages: chosen, pasted and dropped, uploaded at once, sent, and seen again.
import { deflateSync } from "node:zlib";

import type { Page } from "@playwright/test";

import { createChat, openChat, storedMessages, untilIdle } from "../fixtures/chats.js";
import { expect, look, test } from "../fixtures/test.js";

/** A picture of one colour, as PNG. */
function png(width: number, height: number, colour: [number, number, number]): Buffer {
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  const checksum = (data: Buffer) => {
    let value = 0xffffffff;
    for (const byte of data) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
  };
  const chunk = (kind: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(checksum(named));
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: width }, () => Buffer.from(colour))]);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

interface Given {
  name: string;
  type: string;
  base64: string;
}

/** Gives files to the page as a person would: by the clipboard or by dropping them. */
async function give(page: Page, how: "paste" | "drop", files: Given[]) {
  await page.evaluate(
    ({ how, files }) => {
      const data = new DataTransfer();
      for (const file of files) {
        const bytes = Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], file.name, { type: file.type }));
      }
      const target = document.querySelector(how === "paste" ? ".editor" : ".chat");
      const options = { bubbles: true, cancelable: true };
      if (how === "drop") target?.dispatchEvent(new DragEvent("dragover", { ...options, dataTransfer: data }));
      const event =
        how === "paste"
          ? new ClipboardEvent("paste", { ...options, clipboardData: data })
          : new DragEvent("drop", { ...options, dataTransfer: data });
      target?.dispatchEvent(event);
    },
    { how, files },
  );
}

/** What a spreadsheet puts on the clipboard: its cells as text and as HTML, and a picture of them. */
async function pasteCells(page: Page, { name, type, base64 }: Given) {
  return page.evaluate(
    ({ name, type, base64 }) => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      data.items.add(new File([bytes], name, { type }));
      data.setData("text/plain", "1\t2");
      data.setData("text/html", "<table><tr><td>1<td>2</table>");
      const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
      return document.querySelector(".editor")?.dispatchEvent(event);
    },
    { name, type, base64 },
  );
}

async function pasteText(page: Page, text: string) {
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.querySelector(".editor")?.dispatchEvent(
      new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }),
    );
  }, text);
}

const picture = (name: string, colour: [number, number, number], width = 800, height = 500) => ({
  name,
  type: "image/png",
  base64: png(width, height, colour).toString("base64"),
});

test("pictures and texts are pasted, dropped, sent and seen again", async ({ page, startServer, context }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  const chat = await createChat(request, server.url, '!text "Hello."');
  await untilIdle(request, server.url, chat);
  await openChat(page, server.url, chat);

  const composer = page.getByRole("textbox", { name: "Message" });
  const attached = page.getByRole("list", { name: "Attached to the message" });
  const send = page.getByRole("button", { name: "Send", exact: true });
  await composer.focus();
  await give(page, "paste", [picture("blue.png", [40, 80, 200])]);
  await expect(attached.getByText("blue.png")).toBeVisible();
  await expect(attached.locator("img")).toHaveCount(1);
  // The browser is left to write the text where the cursor is.
  expect(await pasteCells(page, picture("cells.png", [90, 90, 90]))).toBe(true);
  await give(page, "drop", [picture("green.png", [30, 140, 80]), picture("red.png", [190, 40, 50])]);
  await expect(attached.locator("img")).toHaveCount(3);
  await pasteText(page, Array.from({ length: 12 }, (_, line) => `line ${line}`).join("\n"));
  await expect(attached.getByText(/^pasted-text-.*\.txt$/)).toBeVisible();
  await give(page, "drop", [{ name: "drawing.svg", type: "image/svg+xml", base64: btoa("<svg/>") }]);
  await expect(attached.getByText("Only PNG, JPEG, GIF, WebP and text can be attached.")).toBeVisible();
  await expect(send).toBeDisabled();
  await look(page, "attachments-composer", { fullPage: false });
  await attached.getByRole("button", { name: "Remove drawing.svg" }).click();
  await attached.getByRole("button", { name: "Remove red.png" }).click();
  await expect(attached.getByRole("listitem")).toHaveCount(3);

  // What was uploaded is kept with the draft.
  await composer.fill('!text "Seen."');
  await page.waitForTimeout(500);
  await page.reload();
  await expect(attached.getByRole("listitem")).toHaveCount(3);
  await expect(send).toBeEnabled();
  await send.click();
  await expect(attached).toBeHidden();
  const said = page.getByLabel("You said").last();
  await expect(said.locator("img")).toHaveCount(2);
  await expect(said.getByRole("link", { name: /^pasted-text-/ })).toBeVisible();
  await untilIdle(request, server.url, chat);
  const drawn = () =>
    said.locator("img").evaluateAll((images) =>
      images.map((image) => (image as HTMLImageElement).naturalWidth),
    );
  await expect.poll(drawn).toEqual([480, 480]);
  await look(page, "attachments-sent", { fullPage: false });
  await page.reload();
  await expect.poll(drawn).toEqual([480, 480]);

  // An edited message keeps its files.
  await said.hover();
  await said.getByRole("button", { name: "Edit this message" }).click();
  await expect(attached.getByRole("listitem")).toHaveCount(3);
  await attached.getByRole("button", { name: "Remove green.png" }).click();
  await composer.fill('!text "Again."');
  await page.getByRole("button", { name: "Send again" }).click();
  await untilIdle(request, server.url, chat);
  const stored = await storedMessages(request, server.url, chat);
  const names = stored.filter((message) => message.role === "user").map((message) =>
    message.content.filter((part) => part.type === "file").map((part) => part.name));
  expect(names.flat()).toEqual(["blue.png", expect.stringMatching(/^pasted-text-/)]);
});

test("an upload shows how far it is, and can be given up", async ({ page, startServer, context }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  await page.goto(`${server.url}/agents`);
  const attached = page.getByRole("list", { name: "Attached to the message" });
  await expect(page.getByRole("button", { name: "Attach files" })).toBeVisible();
  const browser = await context.newCDPSession(page);
  await browser.send("Network.enable");
  const upload = (bytesPerSecond: number) =>
    browser.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond });
  await upload(100_000);
  const buffer = Buffer.from("A line of a long text.\n".repeat(100_000));
  const answers: number[] = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/chats/files?")) answers.push(answer.status());
  });
  await page.locator('input[type="file"]').setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer });
  const progress = attached.getByRole("progressbar", { name: "Uploading" });
  const percent = async () => Number(await progress.getAttribute("value"));
  await expect.poll(percent).toBeGreaterThan(0);
  const before = await percent();
  await expect.poll(percent).toBeGreaterThan(before);
  expect(await percent()).toBeLessThan(100);
  await page.getByRole("textbox", { name: "What should be done?" }).fill("Read it.");
  await expect(page.getByRole("button", { name: "Start" })).toBeDisabled();
  await attached.getByRole("button", { name: "Remove long.txt" }).click();
  await expect(attached).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Start" })).toBeEnabled();

  // The same again, with the line that it needs.
  await upload(-1);
  await page.locator('input[type="file"]').setInputFiles({ name: "long.txt", mimeType: "text/plain", buffer });
  await expect(progress).toHaveCount(0);
  await expect(attached).toContainText("long.txt");
  expect(answers).toEqual([201]);
});

test("an upload that fails is tried again, and a new chat can begin with a picture alone", async ({ page, startServer, context, consoleGuard }) => {
  consoleGuard.expect(/net::ERR_CONNECTION_RESET/);
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  await page.goto(`${server.url}/agents`);
  const attached = page.getByRole("list", { name: "Attached to the message" });
  const start = page.getByRole("button", { name: "Start" });
  await expect(page.getByRole("button", { name: "Attach files" })).toBeVisible();
  await expect(start).toBeDisabled();

  let failures = 1;
  await page.route("**/api/experimental/chats/files?*", async (route) => {
    if (failures-- > 0) await route.abort("connectionreset");
    else await route.fallback();
  });
  const chosen = page.locator('input[type="file"]');
  const file = picture("screen.png", [90, 90, 160]);
  await chosen.setInputFiles({ name: file.name, mimeType: file.type, buffer: Buffer.from(file.base64, "base64") });
  await expect(attached.getByText("The server could not be reached.")).toBeVisible();
  await look(page, "attachments-failed", { fullPage: false });
  await attached.getByRole("button", { name: "Retry" }).click();
  await expect(attached.locator("img")).toHaveCount(1);
  await expect(start).toBeEnabled();
  await start.click();
  await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);
  await expect(page.getByLabel("You said").locator("img")).toHaveCount(1);
});
