// An agent that works on the desktop of its workspace: it sees a window, clicks the button in it, and a person watches.
import { openChat, untilIdle } from "../fixtures/chats.js";
import { chatWithWorkspace, choosePanel, GREEN_WINDOW, greenBox, run, screen, switchOn } from "../fixtures/desktops.js";
import { expect, look, test } from "../fixtures/test.js";

test("an agent clicks a button on the desktop, and the page shows it", async ({ page, emptyServer }) => {
  test.slow();
  const { request } = page.context();
  const chat = await chatWithWorkspace(request, emptyServer, { new_workspace: { mode: "empty" } });
  await switchOn(request, emptyServer);
  await openChat(page, emptyServer.url, chat);
  await choosePanel(page, "Desktop");
  await expect(screen(page)).toHaveAttribute("data-state", "open");
  await run(request, emptyServer, chat, { command: GREEN_WINDOW, run_in_background: true });
  await expect.poll(() => greenBox(page)).not.toBeNull();
  const box = (await greenBox(page))!;

  // The agent sees 1280 × 720 of the screen's 1920 × 1080 pixels; xmessage has its button at the bottom left.
  const button = [(box.left + 22) * (2 / 3), (box.bottom - 16) * (2 / 3)].map(Math.round);
  const actions = [
    { action: "screenshot" },
    { action: "left_click", coordinate: button },
  ].map((action) => `!call computer ${JSON.stringify(action)}\n!then\n`);
  const task = { title: "Press the button", prompt: `${actions.join("")}!text "The window is gone."` };
  const script = `!call spawn_computer_use_agent ${JSON.stringify(task)}\n!then\n!call wait_agent {"chat_id": "{{1.chat_id}}"}\n!then\n!text "Done."`;
  const composer = page.getByRole("textbox", { name: "Message" });
  await composer.fill(script);
  await composer.press("Enter");
  await expect.poll(() => greenBox(page)).toBeNull();
  await untilIdle(request, emptyServer.url, chat);
  await expect(page.getByText("Report of the agent")).toBeVisible();
  await look(page, "computer-use-parent");

  // What it did stands in a chat of its own, with the screen after each action.
  await page.getByText("Handed work to the agent").click();
  await page.getByRole("link", { name: "Open its chat" }).first().click();
  await expect(page.getByRole("heading", { name: "Press the button" })).toBeVisible();
  const clicked = page.getByText(`left click at ${button.join(", ")}`);
  await clicked.click();
  const picture = page.getByRole("img", { name: /Screenshot 20/ });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await look(page, "computer-use");
});
