// The search of the settings: what it finds, where it leads, for whom, by the keyboard and on a phone.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, hydrated, look, OWNER, test } from "../fixtures/test.js";

const field = (page: Page) => page.getByRole("combobox", { name: "Find a setting" });
const found = (page: Page) => page.getByRole("listbox", { name: "Settings that were found" }).getByRole("option");

/** Every page that the navigation leads to. */
async function pages(page: Page): Promise<string[]> {
  const links = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
  const paths = await links.evaluateAll((links) => links.map((link) => link.getAttribute("href")!));
  return paths.filter((path) => path !== "/agents");
}

test.beforeEach(async ({ context, emptyServer }) => {
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
});

test("a setting is found by the keyboard, and what is led to is marked for a moment", async ({ page, emptyServer }) => {
  await page.goto(`${emptyServer.url}/settings`);
  await hydrated(page);
  await field(page).fill("idle workspaces");
  await expect(page.getByRole("navigation", { name: "Settings" })).toBeHidden();
  const target = found(page).filter({ hasText: "Workspaces of agents" });
  await expect(target).toBeVisible();
  await expectAccessible(page, "the search of the settings");
  await look(page, "settings-search", { fullPage: false });

  await field(page).fill("agents");
  const count = await found(page).count();
  expect(count).toBeGreaterThan(2);
  await expect(found(page).nth(0)).toHaveAttribute("aria-selected", "true");
  await field(page).press("ArrowUp");
  await expect(found(page).nth(count - 1)).toHaveAttribute("aria-selected", "true");
  await field(page).press("ArrowDown");
  await field(page).press("ArrowDown");
  await expect(found(page).nth(1)).toHaveAttribute("aria-selected", "true");
  await expect(field(page)).toHaveAttribute("aria-activedescendant", "settings-found-1");

  await field(page).fill("archived chats");
  await field(page).press("Enter");
  await expect(page).toHaveURL(/\/settings\/agents#setting-archived-chats$/);
  const section = page.locator("#setting-archived-chats");
  await expect(section).toHaveAttribute("data-found", "");
  await expect(section).toBeInViewport();
  await expect(section.getByRole("heading")).toBeFocused();
  await expect(field(page)).toHaveValue("");
  await expect(page.getByRole("navigation", { name: "Settings" })).toBeVisible();
  await expect(section).not.toHaveAttribute("data-found");

  // On the same page as before.
  await field(page).fill("your instructions");
  await field(page).press("Enter");
  await expect(page.locator("#setting-your-instructions").getByRole("heading")).toBeFocused();
  await expect(page.locator("#setting-your-instructions")).toBeInViewport();

  await field(page).fill("audit");
  await found(page).first().click();
  await expect(page.getByRole("heading", { name: "Audit log", level: 1 })).toBeFocused();
});

test("nothing found is said, and Escape leads back", async ({ page, emptyServer }) => {
  await page.goto(`${emptyServer.url}/settings`);
  await hydrated(page);
  await field(page).fill("no such thing");
  await expect(page.getByRole("status").getByText("Nothing found. Try another word.")).toBeVisible();
  await expect(found(page)).toHaveCount(0);
  await field(page).press("Enter");
  await expect(page).toHaveURL(/\/settings$/);
  await field(page).press("Escape");
  await expect(field(page)).toHaveValue("");
  await expect(page.getByRole("navigation", { name: "Settings" })).toBeVisible();
});

test("every page, section and field that owners see is found", async ({ page, emptyServer }) => {
  test.slow();
  await page.goto(`${emptyServer.url}/settings`);
  const missing: string[] = [];
  let sections = 0;
  for (const path of await pages(page)) {
    await page.goto(`${emptyServer.url}${path}`);
    await hydrated(page);
    const title = (await page.locator("#page-title").textContent())!.trim();
    const headings = await page.locator("main .settings-section-title").allTextContents();
    sections += headings.length;
    // Of one's own models and providers the names are not known beforehand, and a dialog is no setting of the page.
    const labels = await page
      .locator("main .settings-section:not(#setting-summaries, #setting-your-keys) :is(.field-label, .check > label)")
      .evaluateAll((labels) => labels.map((label) => label.firstChild!.textContent!.trim()).filter((label) => label !== ""));
    for (const words of [title, ...headings, ...labels]) {
      await field(page).fill(words);
      const leads = await found(page).filter({ hasText: title }).count();
      if (leads === 0) {
        missing.push(`${title}: ${words}`);
      }
    }
    await field(page).fill("");
  }
  expect(missing).toEqual([]);
  expect(sections).toBeGreaterThan(10);
});

test("a member finds nothing of the administration", async ({ page, context, emptyServer }) => {
  const member = { email: "grace@example.com", username: "grace", password: OWNER.password };
  await context.request.post(`${emptyServer.url}/api/v2/users`, { data: member });
  await context.clearCookies();
  await emptyServer.signIn(context.request, member);
  await page.goto(`${emptyServer.url}/settings`);
  await hydrated(page);
  for (const words of ["providers and models", "audit", "plan mode", "archived", "allowed folders"]) {
    await field(page).fill(words);
    await expect(page.getByText("Nothing found. Try another word.")).toBeVisible();
  }
  await field(page).fill("password");
  await expect(found(page)).toHaveText(["PasswordProfile"]);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 375, height: 667 } });

  test("a setting is found and led to", async ({ page, emptyServer }) => {
    await page.goto(`${emptyServer.url}/settings`);
    await hydrated(page);
    await expect(field(page)).toBeVisible();
    await field(page).fill("desktop");
    await look(page, "settings-search-phone", { fullPage: false });
    await found(page).filter({ hasText: "Desktops" }).click();
    const section = page.locator("#setting-desktops");
    await expect(section.getByRole("heading")).toBeFocused();
    await expect(section.getByRole("heading")).toBeInViewport({ ratio: 1 });
    // Nothing lies over it.
    const covered = await section.getByRole("heading").evaluate((heading) => {
      const { left, top } = heading.getBoundingClientRect();
      return document.elementFromPoint(left + 4, top + 4) !== heading;
    });
    expect(covered).toBe(false);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide).toBe(false);
  });
});
