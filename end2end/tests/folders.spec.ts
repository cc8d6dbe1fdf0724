// Allowed folders: only what exists on the server.
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, hydrated, look, test } from "../fixtures/test.js";

test("a folder that does not exist is refused at the field; one that exists is added and removed", async ({
  page,
  context,
  emptyServer,
  consoleGuard,
}) => {
  consoleGuard.expectStatus(400);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "switchyard-folder-")));
  await emptyServer.createOwner(context.request);
  await emptyServer.signIn(context.request);
  await page.goto(`${emptyServer.url}/settings/folders`);
  await hydrated(page);
  await expect(page.getByText("No folders yet")).toBeVisible();
  await look(page, "settings-folders-empty");

  const field = page.getByLabel("Folder", { exact: true });
  for (const wrong of [`${folder}/absent`, "relative/path"]) {
    await field.fill(wrong);
    await page.getByRole("button", { name: "Allow folder" }).click();
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(field).toHaveValue(wrong);
    await expect(field).toBeFocused();
  }
  await look(page, "settings-folders-refused");

  await field.fill(folder);
  await page.getByRole("button", { name: "Allow folder" }).click();
  const row = page.getByRole("row", { name: folder });
  await expect(row).toBeVisible();
  await expect(field).toHaveValue("");
  await look(page, "settings-folders");

  await row.getByRole("button").click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove folder" }).click();
  await expect(row).toBeHidden();
  await rm(folder, { recursive: true });
});
