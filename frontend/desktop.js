// A desktop on the page: noVNC, and the socket to the workspace's screen. Loaded when a desktop is first opened.
//
// `<desktop-window data-path="/api/experimental/chats/…/desktop">` connects as long as it stands in the document. How it stands is
// in `data-state` and its neighbours; the event `desktopstate` tells of changes. It does what `data-command` says, each time
// that is set: `retry`, `control`, `release`, `copy` or `paste`. It is looked at alone until control was taken. What comes from a
// desktop is hostile: it is drawn, and nothing else; a clipboard is read or written only when a person asked for just that.

import RFB from "./core/rfb.js";
import { initLogging } from "./core/util/logging.js";

const MOST_ATTEMPTS = 10;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that held for so long is a good one. */
const STABLE_AFTER_MS = 3_000;
const CONNECT_LIMIT_MS = 30_000;
const MOST_COPIED_LENGTH = 256 * 1024;
/** Close codes: may no longer; there can be no desktop; its programs are missing. */
const CLOSED_BY_POLICY = 1008;
const CLOSED_REFUSED = 4000;
const CLOSED_PROGRAMS_MISSING = 4001;

// What goes wrong is said on the page.
initLogging("none");

class DesktopWindow extends HTMLElement {
  #screen = null;
  #socket = null;
  #attempt = 0;
  #hasControl = false;
  #copied = "";
  #pause = 0;
  #limit = 0;
  #stable = 0;
  #isGone = true;

  connectedCallback() {
    this.#isGone = false;
    // Keys that the desktop takes are not for the page; one leads out of it.
    this.addEventListener("keydown", (event) => this.#keyDown(event), { capture: true });
    this.addEventListener("keydown", (event) => event.stopPropagation());
    this.#connect();
  }

  disconnectedCallback() {
    this.#isGone = true;
    this.#drop();
  }

  static observedAttributes = ["data-command"];

  attributeChangedCallback(_, __, command) {
    if (command === "retry") this.#retry();
    else if (command === "control") this.#control(true);
    else if (command === "release") this.#control(false);
    else if (command === "copy") void this.#copy();
    else if (command === "paste") void this.#paste();
  }

  #keyDown(event) {
    if (event.ctrlKey && event.shiftKey && event.code === "KeyL") {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.dispatchEvent(new Event("desktopleave", { bubbles: true }));
    }
  }

  #connect() {
    this.#drop();
    if (this.#attempt === 0) this.#tell("connecting");
    const url = new URL(this.dataset.path, location.href);
    const address = url.href;
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    let isAccepted = false;
    this.#socket = socket;
    socket.addEventListener("open", () => { isAccepted = true; });
    // Before noVNC's own, which tells less.
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#socket !== socket || this.#isGone) return;
      this.#drop();
      if (isAccepted) this.#closed(code, reason);
      else void this.#refused(address);
    });
    const screen = new RFB(this, socket, { shared: true });
    this.#screen = screen;
    screen.scaleViewport = true;
    screen.background = "transparent";
    screen.viewOnly = !this.#hasControl;
    screen.focusOnClick = this.#hasControl;
    const canvas = this.querySelector("canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", this.dataset.label ?? "Desktop");
    screen.addEventListener("connect", () => {
      if (this.#screen !== screen) return;
      clearTimeout(this.#limit);
      this.#stable = setTimeout(() => { this.#attempt = 0; }, STABLE_AFTER_MS);
      this.#tell("open");
    });
    // The desktop speaks RFB, or is none.
    screen.addEventListener("securityfailure", () => this.#fail("The desktop asks for a password, which it never should."));
    screen.addEventListener("clipboard", ({ detail: { text } }) => {
      this.#copied = text.slice(0, MOST_COPIED_LENGTH);
      this.dataset.copied = String(this.#copied.length > 0);
      this.dispatchEvent(new Event("desktopstate"));
    });
    this.#limit = setTimeout(() => {
      if (this.#socket !== socket) return;
      this.#drop();
      this.#wait("The desktop did not answer for 30 seconds.");
    }, CONNECT_LIMIT_MS);
  }

  /** Lets everything of this attempt go. */
  #drop() {
    for (const timer of [this.#pause, this.#limit, this.#stable]) clearTimeout(timer);
    const [screen, socket] = [this.#screen, this.#socket];
    this.#screen = this.#socket = null;
    screen?.disconnect();
    socket?.close();
    this.replaceChildren();
  }

  #closed(code, reason) {
    if (code === CLOSED_PROGRAMS_MISSING) this.#tell("missing", { reason });
    else if (code === CLOSED_REFUSED) this.#fail(reason);
    else if (code === CLOSED_BY_POLICY) this.#fail(reason || "Your session has ended. Sign in again.");
    else this.#wait(reason);
  }

  /** Browsers do not tell why a socket was refused; the same address without it does. */
  async #refused(address) {
    const answer = await fetch(address).catch(() => null);
    const message = await answer?.json().then(({ message }) => message).catch(() => "");
    if (this.#isGone || this.#socket) return;
    const { status = 0 } = answer ?? {};
    // 426: the address is right and speaks WebSocket only.
    if (status >= 400 && status < 500 && status !== 426) this.#fail(message);
    else this.#wait(status === 503 ? message : "");
  }

  #fail(reason) {
    this.#drop();
    this.#tell("refused", { reason });
  }

  #wait(reason) {
    if (this.#attempt >= MOST_ATTEMPTS) {
      this.#tell("disconnected", { reason });
      return;
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#attempt, LONGEST_PAUSE_MS);
    this.#attempt += 1;
    this.#tell("reconnecting", { reason, attempt: this.#attempt });
    this.#pause = setTimeout(() => this.#connect(), pause);
  }

  #retry() {
    if (this.dataset.state === "open" || this.dataset.state === "connecting") return;
    this.#attempt = 0;
    this.#connect();
  }

  #control(hasControl) {
    this.#hasControl = hasControl;
    this.dataset.control = String(hasControl);
    if (this.#screen) {
      this.#screen.viewOnly = !hasControl;
      this.#screen.focusOnClick = hasControl;
      if (hasControl) this.#screen.focus();
      else this.#screen.blur();
    }
    this.dispatchEvent(new Event("desktopstate"));
  }

  async #copy() {
    await navigator.clipboard?.writeText(this.#copied).catch(() => {});
  }

  async #paste() {
    const text = await navigator.clipboard?.readText().catch(() => "");
    if (text && this.#hasControl) this.#screen?.clipboardPasteFrom(text.slice(0, MOST_COPIED_LENGTH));
    this.#screen?.focus();
  }

  #tell(state, { reason = "", attempt = "" } = {}) {
    Object.assign(this.dataset, { state, reason, attempt });
    this.dispatchEvent(new Event("desktopstate"));
  }
}

customElements.define("desktop-window", DesktopWindow);
