// Linking an account at a git host: with a button there and back, without a script too, and what the page says when it works no more.
import { createHmac } from "node:crypto";

import type { Page } from "@playwright/test";

import { expect, hydrated, look, test } from "../fixtures/test.js";

const APP = { client_id: "Iv1.switchyard", client_secret: "the-client-secret", has_expiring_tokens: true };

/** The page, after an owner has set up signing in at the stand-in through its form. */
async function setUp(page: Page, url: string, standin: string): Promise<void> {
  await page.goto(`${url}/settings/git-hosts`);
  await hydrated(page);
  await page.getByRole("button", { name: "Add sign-in" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address of the host").fill(standin);
  await dialog.getByLabel("Client ID").fill(APP.client_id);
  await dialog.getByLabel("Client secret").fill(APP.client_secret);
  await dialog.getByLabel("Name in addresses").fill("standin");
  await look(page, "settings-git-sign-in-add", { fullPage: false });
  await dialog.getByRole("button", { name: "Add sign-in" }).click();
  await expect(page.getByRole("row", { name: /standin\/callback/ })).toBeVisible();
}

test("an account is linked with a button, there and back", async ({ page, context, startServer, standin }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  await setUp(page, server.url, standin);
  const callback_url = `${server.url}/api/v2/external-auth/standin/callback`;
  const put = await request.put(`${standin}/__github/apps`, { data: { ...APP, callback_url } });
  expect(put.status(), await put.text()).toBe(204);
  expect(await page.content()).not.toContain(APP.client_secret);

  const offered = page.getByRole("table", { name: "Sign in at", exact: true });
  await expect(offered).toContainText("Not linked");
  await offered.getByRole("link", { name: "Link" }).click();
  await hydrated(page);
  await expect(page.getByText("is linked")).toBeVisible();
  await expect(offered).toContainText("Linked");
  const row = page.getByRole("table", { name: "Git hosts", exact: true }).getByRole("row", { name: /127\.0\.0\.1/ });
  await expect(row).toContainText("ada");
  await expect(row).toContainText("Signed in");
  await look(page, "settings-git-sign-in-linked");

  // Somebody who turns it down there is told, and stays linked as before.
  const denied = await request.put(`${standin}/__github/apps`, { data: { ...APP, callback_url, is_denied: true } });
  expect(denied.status()).toBe(204);
  await offered.getByRole("link", { name: "Link again" }).click();
  await hydrated(page);
  await expect(page.getByRole("alert")).toContainText("denied your application access");
  await expect(row).toContainText("Signed in");

  await page.getByRole("button", { name: /^Actions for 127/ }).first().click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove token" }).click();
  await expect(offered).toContainText("Not linked");
});

test("an account is linked without a script", async ({ browser, context, startServer, standin }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  const data = { id: "standin", base_url: standin, client_id: APP.client_id, client_secret: APP.client_secret };
  const made = await request.post(`${server.url}/api/v2/external-auth/configs`, { data });
  expect(made.status(), await made.text()).toBe(201);
  const { callback_url } = (await made.json()) as { callback_url: string };
  const put = await request.put(`${standin}/__github/apps`, { data: { ...APP, callback_url } });
  expect(put.status(), await put.text()).toBe(204);
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const page = await plain.newPage();
  await page.goto(`${server.url}/settings/git-hosts`);
  await page.getByRole("link", { name: "Link" }).click();
  await expect(page.getByText("is linked")).toBeVisible();
  await plain.close();
});

test("a webhook's secret is made, shown once, and lets signed webhooks in", async ({ page, context, startServer, standin }) => {
  const server = await startServer();
  const { request } = context;
  await server.createOwner(request);
  await server.signIn(request);
  await setUp(page, server.url, standin);
  const address = `${server.url}/api/v2/external-auth/standin/webhook`;
  const open = async (): Promise<void> => {
    await page.getByRole("button", { name: /^Actions for 127/ }).first().click();
    await page.getByRole("menuitem", { name: "Webhook" }).click();
  };
  await open();
  const dialog = page.getByRole("dialog");
  await expect(dialog.locator("#git-webhook-url")).toHaveText(address);
  await expect(dialog).toContainText("There is no secret yet");
  await dialog.getByRole("button", { name: "Make a secret" }).click();
  const shown = dialog.locator("#git-webhook-secret");
  await expect(shown).toBeVisible();
  const secret = await shown.innerText();
  await look(page, "settings-git-webhook-secret", { fullPage: false });
  await dialog.getByRole("button", { name: "Done" }).click();
  await open();
  await expect(dialog).toContainText("A secret is stored");
  expect(await page.content()).not.toContain(secret);

  const data = JSON.stringify({ zen: "Design for failure." });
  const deliver = async (signedWith: string): Promise<number> => {
    const signature = createHmac("sha256", signedWith).update(data).digest("hex");
    const headers = {
      "content-type": "application/json",
      "x-github-event": "ping",
      "x-hub-signature-256": `sha256=${signature}`,
    };
    return (await request.post(address, { headers, data: Buffer.from(data) })).status();
  };
  expect(await deliver(secret)).toBe(204);
  expect(await deliver("another-secret-of-nobody")).toBe(401);
  await dialog.getByRole("button", { name: "Remove secret" }).click();
  await expect(dialog).toBeHidden();
  expect(await deliver(secret)).toBe(401);
});
