// How changes are shown: side by side, with comments by mouse and keyboard; a change that is too long to be drawn whole; what
// stands unchanged between changes, and pictures.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Locator, Page } from "@playwright/test";

import { openChat } from "../fixtures/chats.js";
import { box, chatOn, comment, linesOf, marks, number, panelOf, region } from "../fixtures/diffs.js";
import { Repository } from "../fixtures/repository.js";
import type { Server } from "../fixtures/server.js";
import { countElements, longestTask, watchTasks } from "../fixtures/tasks.js";
import { expect, look, test } from "../fixtures/test.js";

/** Squares of 16 and of 48 pixels. */
const SMALL_PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mMwCb1IEmIY1TCqYfhqAABVD1oQes9g6AAAAABJRU5ErkJggg==", "base64");
const LARGER_PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAIAAADYYG7QAAAAOklEQVR42u3OQQ0AAAgEoAtlFYPbyBbOBxsBSPW8EiEhISEhISEhISEhISEhISEhISEhISEhISGhOws2wSq1V15TDQAAAABJRU5ErkJggg==", "base64");

const views = (page: Page) => page.getByRole("radiogroup", { name: "How diffs are shown" });

async function changed(page: Page, server: Server, repository: Repository, command: string): Promise<string> {
  const script = `!title "Greet politely"\n!call execute ${JSON.stringify({ command })}\n!then\n!text "Done."`;
  return chatOn(page.context().request, server, repository, script);
}

function workTree(repository: Repository): string {
  const [, path] = repository.worktrees();
  if (!path) throw new Error("the chat has no work tree");
  return path;
}

async function widen(page: Page, px: number): Promise<void> {
  const edge = page.getByRole("separator", { name: /panel/i });
  const place = await edge.boundingBox();
  if (!place) throw new Error("the panel has no edge");
  await page.mouse.move(place.x + place.width / 2, place.y + 300);
  await page.mouse.down();
  await page.mouse.move(place.x - px, place.y + 300, { steps: 5 });
  await page.mouse.up();
}

test.describe("on a real git repository", () => {
  let repository: Repository;

  test.afterEach(() => repository.remove());

  test("two columns face each other where there is room, and take comments on either side", async ({ page, startServer }) => {
    repository = await Repository.create();
    const server = await startServer();
    const command = "sed -i -e 's/Hello, {name}/Good day, {name}/' -e '8a\\// as they wish' src/lib.rs";
    const chat = await changed(page, server, repository, command);
    await openChat(page, server.url, chat);
    const file = linesOf(page, "src/lib.rs");
    await expect(file.locator("tr.diff-added", { hasText: "Good day" })).toBeVisible();
    // At its first width there is no choice.
    await expect(views(page)).toHaveCount(0);
    await widen(page, 320);
    await expect(views(page)).toBeVisible();
    await expect(views(page).getByRole("radio", { name: "Unified" })).toBeChecked();
    await views(page).getByRole("radio", { name: "Unified" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect(views(page).getByRole("radio", { name: "Side by side" })).toBeChecked();
    const facing = file.locator("tr.diff-pair", { hasText: "Good day" });
    await expect(facing).toContainText("Hello");
    await expect(facing.locator("mark").first()).toHaveText("Hello");
    await expect(facing.locator("mark").last()).toHaveText("Good day");
    await expect(file.locator("tr.diff-pair", { hasText: "as they wish" }).locator("td").first()).toHaveClass("diff-blank");

    // By mouse, on both sides.
    await number(file, "old", 5).click();
    await comment(page, "This was warmer.");
    await number(file, "new", 5).hover();
    await page.mouse.down();
    await number(file, "new", 6).hover();
    await page.mouse.up();
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:5-6");
    await look(page, "diff-side-by-side", { fullPage: false });
    // On a phone the panel was hidden behind the chat, and the box with it.
    await box(page).focus();
    await comment(page, "Say who greets.");
    await expect(marks(page)).toHaveText([/Line 5 before the change.*warmer/s, /Lines 5–6.*greets/s]);
    const side = async (of: Locator) => (await of.boundingBox())?.x ?? 0;
    expect(await side(marks(page).nth(1))).toBeGreaterThan((await side(marks(page).nth(0))) + 200);
    await expect(file.locator(".commented")).toHaveCount(3);

    // By keyboard: along a column, over to the other one, several lines, the next file and back.
    await number(file, "old", 4).focus();
    for (const key of ["ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await expect(number(file, "old", 6)).toBeFocused();
    await page.keyboard.press("ArrowRight");
    await expect(number(file, "new", 6)).toBeFocused();
    await page.keyboard.press("Shift+ArrowUp");
    await expect(file.locator(".chosen")).toHaveCount(2);
    await page.keyboard.press("c");
    await expect(box(page)).toHaveAccessibleName("Comment on src/lib.rs:5-6");
    await comment(page, "By keyboard.");
    await expect(number(file, "new", 6)).toBeFocused();
    await expect(marks(page)).toHaveCount(3);

    // It is kept, and given up where there is no room.
    await page.reload();
    await expect(file.locator("tr.diff-pair", { hasText: "Good day" })).toBeVisible();
    await expect(marks(page)).toHaveCount(3);
    await widen(page, -400);
    await expect(views(page)).toHaveCount(0);
    await expect(file.locator("tr.diff-added", { hasText: "Good day" })).toBeVisible();
    await expect(marks(page)).toHaveCount(3);
  });

  test("thousands of files and a file of a hundred thousand lines are drawn where the reader is", async ({ page, startServer }) => {
    test.setTimeout(240_000);
    const FILES = 5_000;
    const LINES = 100_000;
    const MOST_ELEMENTS = 15_000;
    repository = await Repository.create();
    const server = await startServer();
    const command = [
      "mkdir -p many",
      `for at in $(seq 1 ${FILES}); do echo "file $at" > many/$(printf %05d $at).txt; done`,
      `seq 1 ${LINES} > lines.txt`,
    ].join("; ");
    const chat = await changed(page, server, repository, command);
    await watchTasks(page);
    await openChat(page, server.url, chat);
    const panel = panelOf(page);
    await expect(panel).toContainText(`${FILES + 1} files`, { timeout: 60_000 });
    const tasks: Record<string, number> = {};
    const elements: Record<string, number> = {};
    const note = async (what: string) => {
      tasks[what] = await longestTask(page);
      elements[what] = await countElements(page);
      expect(elements[what], what).toBeLessThan(MOST_ELEMENTS);
    };
    await expect(panel.locator(".file-section").first()).toBeVisible();
    await note("opening");

    // A file far away, by its name.
    const list = panel.locator(".file-list");
    await list.locator("summary").click();
    await expect(list.getByRole("button", { name: /^many 5000 files/ })).toHaveAttribute("aria-expanded", "false");
    await list.getByRole("button", { name: /^many 5000 files/ }).click();
    await expect(list.locator(".file-list-row")).toHaveCount(200);
    await note("opening a folder");
    await list.getByRole("searchbox").fill("04321");
    await list.locator(".file-list-row", { hasText: "04321.txt" }).click();
    const far = panel.locator(".file-head", { hasText: "04321.txt" });
    await expect(far.locator("summary")).toBeFocused();
    await expect(far).toBeInViewport();
    await expect(far.locator(".diff-added")).toContainText("file 4321");
    await note("going to a file");
    await page.screenshot({ path: "artifacts/diff-many-files.png" });

    // The long file, opened; its end by the keyboard.
    await list.getByRole("searchbox").fill("lines.txt");
    await list.locator(".file-list-row", { hasText: "lines.txt" }).click();
    const long = panel.locator(".file-head", { hasText: "lines.txt" });
    await expect(long.locator("summary")).toBeFocused();
    await page.keyboard.press("Enter");
    const file = linesOf(page, "lines.txt");
    await expect(number(file, "new", 1)).toBeVisible();
    await note("opening the long file");
    await panel.locator(".panel-body").evaluate(async (body) => {
      for (let step = 0; step < 40; step += 1) {
        body.scrollBy(0, 50_000 / 40);
        await new Promise(requestAnimationFrame);
      }
    });
    await expect(file.locator("button.line-number").first()).toBeAttached();
    await note("scrolling through it");
    await file.evaluate((lines) => lines.scrollIntoView({ block: "end" }));
    await expect(number(file, "new", LINES)).toBeVisible();
    await note("going to its end");
    await page.screenshot({ path: "artifacts/diff-long-file.png" });
    console.log("longest tasks (ms):", tasks, "elements:", elements);
  });

  test("every kind of change is named, and keys lead from change to change and from file to file", async ({ page, startServer }) => {
    const numbers = Array.from({ length: 80 }, (_, at) => `line ${at + 1}\n`).join("");
    repository = await Repository.create({ "docs/long.txt": numbers, "run.sh": "true\n", "src/old.rs": numbers, "gone.txt": "gone\n" });
    const server = await startServer();
    const command = [
      "sed -i -e '10s/.*/ten/' -e '60s/.*/sixty/' docs/long.txt",
      "chmod +x run.sh",
      "git mv src/old.rs src/new.rs",
      "sed -i 's/Hello/Good day/' src/lib.rs",
      "printf '\\000\\001\\002' > data.bin",
      "git rm -q gone.txt",
    ].join("; ");
    const chat = await changed(page, server, repository, command);
    await openChat(page, server.url, chat);
    const panel = panelOf(page);
    await expect(panel).toContainText("6 files");
    const head = (name: string) => panel.locator(".file-head", { hasText: name });
    await expect(head("run.sh").locator(".badge")).toHaveText("permissions");
    await expect(head("new.rs").locator(".badge")).toHaveText("renamed");
    await expect(head("new.rs").locator(".file-name")).toHaveText("src/old.rs → src/new.rs");
    await expect(head("data.bin").locator(".badge").first()).toHaveText(/new|binary/);
    await expect(head("gone.txt").locator(".badge")).toHaveText("deleted");
    await look(page, "diff-kinds", { fullPage: false });

    // In its folders, which count what is in them and fold.
    const list = panel.locator(".file-list");
    await list.locator("summary").click();
    const folder = list.getByRole("button", { name: /^src 2 files/ });
    await expect(folder).toHaveAttribute("aria-expanded", "true");
    await expect(list.locator(".file-list-row")).toHaveText([/^docs\s*1 file/, /long\.txt/, /^src\s*2 files/, /lib\.rs/, /new\.rs/, /data\.bin/, /gone\.txt/, /run\.sh/]);
    await look(page, "diff-tree", { fullPage: false });
    await folder.click();
    await expect(folder).toHaveAttribute("aria-expanded", "false");
    await expect(list.locator(".file-list-row", { hasText: "lib.rs" })).toHaveCount(0);
    await expect(folder).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(folder).toHaveAttribute("aria-expanded", "true");
    await expect(folder).toBeFocused();
    await list.locator(".file-list-row", { hasText: "lib.rs" }).click();
    await expect(head("lib.rs").locator("summary")).toBeFocused();

    // From change to change, over the end of a file, and back.
    const long = linesOf(page, "docs/long.txt");
    await number(long, "new", 7).focus();
    await page.keyboard.press("j");
    await expect(number(long, "new", 57)).toBeFocused();
    await page.keyboard.press("k");
    await expect(number(long, "new", 7)).toBeFocused();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await expect(head("gone.txt").locator("summary")).toBeFocused();
  });

  test("unchanged lines are opened where they are needed, stay, and take comments", async ({ page, startServer }) => {
    const lines = (change: (line: number) => string | undefined) =>
      Array.from({ length: 6_000 }, (_, at) => `${change(at + 1) ?? `const LINE_${at + 1}: u32 = ${at + 1};`}\n`).join("");
    repository = await Repository.create({ "src/long.rs": lines(() => undefined) });
    const server = await startServer();
    const command = "sed -i -e '100s/.*/const HUNDRED: u32 = 100;/' -e '160s/.*/const SIXTY: u32 = 160;/' src/long.rs";
    const chat = await changed(page, server, repository, command);
    await openChat(page, server.url, chat);
    const file = linesOf(page, "src/long.rs");
    const between = region(file, 1);
    await expect(between).toContainText("53 unchanged lines");
    await expect(region(file, 0)).toContainText("96 unchanged lines");
    await expect(region(file, 2)).toContainText("The rest of the file");
    await look(page, "diff-unchanged", { fullPage: false });

    // The line above stays where it is; what is pressed keeps the focus.
    const top = async (line: number) => (await number(file, "new", line).boundingBox())?.y ?? 0;
    const before = await top(103);
    await between.getByRole("button", { name: "Show 20 lines from line 104 on" }).focus();
    await page.keyboard.press("Enter");
    await expect(between).toContainText("33 unchanged lines");
    await expect(number(file, "new", 123)).toBeVisible();
    expect(Math.abs((await top(103)) - before)).toBeLessThan(1);
    await expect(between.getByRole("button", { name: "Show 20 lines from line 124 on" })).toBeFocused();
    const opened = file.locator("tr.diff-same", { hasText: "LINE_110" });
    await expect(opened.locator(".line-number")).toHaveText(["110", "110"]);
    await expect(opened.locator("[class^=hl-]").first()).toBeVisible();
    await between.getByRole("button", { name: "Show 20 lines up to line 156" }).click();
    await expect(between).toContainText("13 unchanged lines");
    await between.getByRole("button", { name: "Show all 13 unchanged lines" }).click();
    await expect(between).toHaveCount(0);
    await expect(number(file, "new", 130)).toBeVisible();

    // A comment on opened lines; they are opened again for it.
    await number(file, "new", 110).click();
    await comment(page, "Is this one needed?");
    await expect(marks(page)).toHaveText([/Line 110.*needed/s]);
    await page.reload();
    await expect(marks(page)).toHaveText([/Line 110.*needed/s]);
    await expect(region(file, 1)).toContainText("unchanged lines");
    await expect(panelOf(page).getByText("outdated comment")).toHaveCount(0);

    // Thousands: as many as are read at once, and what is left.
    const rest = region(file, 2);
    await rest.getByRole("button", { name: "Show 2,000 of the unchanged lines" }).click();
    await expect(number(file, "new", 164)).toBeVisible();
    expect(await countElements(page)).toBeLessThan(15_000);
    await panelOf(page).locator(".panel-body").evaluate((body) => body.scrollBy(0, body.scrollHeight));
    await expect(rest).toContainText("3,837 unchanged lines");

    // Changed elsewhere, what is open stays open.
    await panelOf(page).locator(".panel-body").evaluate((body) => body.scrollTo(0, 0));
    const text = lines((line) => ({ 100: "const HUNDRED: u32 = 100;", 160: "const SIXTY: u32 = 160;", 5000: "// Nothing." })[line]);
    await writeFile(join(workTree(repository), "src/long.rs"), text);
    await expect(panelOf(page).locator(".file-head summary")).toContainText("+3");
    await expect(number(file, "new", 108)).toBeVisible();
  });

  test("a picture is shown before and after", async ({ page, startServer, consoleGuard }) => {
    repository = await Repository.create();
    await repository.write("logo.png", SMALL_PICTURE);
    repository.git("add", ".");
    repository.git("commit", "--quiet", "--message", "Draw");
    const server = await startServer();
    const chat = await changed(page, server, repository, "cp logo.png added.png");
    await writeFile(join(workTree(repository), "logo.png"), LARGER_PICTURE);
    await openChat(page, server.url, chat);
    const panel = panelOf(page);
    const of = (name: string) => panel.locator(".file-section", { has: page.locator(".file-name", { hasText: name }) });
    const logo = of("logo.png").locator("figure");
    await expect(logo).toHaveCount(2);
    await expect(logo.nth(0)).toContainText(/Before.*16 × 16, \d+ B/s);
    await expect(logo.nth(1)).toContainText(/After.*48 × 48, \d+ B/s);
    for (const at of [0, 1]) {
      await expect.poll(() => logo.nth(at).locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe([16, 48][at]);
    }
    await expect(of("added.png").locator("figcaption")).toHaveText(/After/);
    await look(page, "diff-pictures", { fullPage: false });

    // What did not arrive can be asked for again, in its place.
    let isCut = true;
    await page.route(/\/git\/image\?/, (route) => (isCut ? route.abort() : route.continue()));
    consoleGuard.expect(/Failed to load resource.*ERR_FAILED/);
    await page.reload();
    const again = logo.nth(1).getByRole("button", { name: "Try again" });
    await expect(again).toBeVisible();
    isCut = false;
    await again.click();
    await expect.poll(() => logo.nth(1).locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(48);
  });
});
