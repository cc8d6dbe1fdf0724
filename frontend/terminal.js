// A terminal on the page: xterm.js, and the socket to the workspace's shell. Loaded when a terminal is first opened.
//
// `<terminal-window data-path="/api/v2/workspaces/…/pty" data-terminal="<uuid>">` connects as long as it stands in the document.
// How it stands is in `data-state` and its neighbours; the event `terminalstate` tells of changes. It does what
// `data-command` says, each time that is set: `retry`, `end` or `focus`. What comes out of a terminal is hostile: it is drawn, and nothing
// else; no clipboard is written and no link opened but by a click.

import { FitAddon } from "./addon-fit.js";
import { Terminal } from "./xterm.js";

const SCROLL_BACK_LINES = 5_000;
/** The server says something every 15 seconds. */
const LONGEST_SILENCE_MS = 40_000;
const HANDSHAKE_LIMIT_MS = 25_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** Told in portions: the server lets four times as much be under way. */
const TAKEN_STEP_BYTES = 32 * 1024;
/** What is pasted goes out in pieces; the server takes 64 KiB with JSON's escapes. */
const PIECE_LENGTH = 8 * 1024;
const LONGEST_TITLE = 80;
/** Close codes: the session has ended or may no longer; the terminal cannot be opened. */
const CLOSED_BY_POLICY = 1008;
const CLOSED_REFUSED = 4000;
const CLOSED_NORMAL = 1000;

const COLOURS = {
  background: "--bg", foreground: "--text", cursor: "--text", cursorAccent: "--bg",
  selectionBackground: "--terminal-selection", selectionForeground: "--text",
  black: "--terminal-black", red: "--red", green: "--green", yellow: "--amber",
  blue: "--accent", magenta: "--purple", cyan: "--terminal-cyan", white: "--muted",
  brightBlack: "--faint", brightRed: "--red", brightGreen: "--green", brightYellow: "--amber",
  brightBlue: "--accent-hover", brightMagenta: "--purple", brightCyan: "--terminal-cyan", brightWhite: "--text",
};

const styleSheet = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("./xterm.css", import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});

/** Without what could turn the text around it over, or hide. */
function plainText(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "").trim().slice(0, LONGEST_TITLE);
}

function openLink(event, text) {
  event.preventDefault();
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    window.open(url.href, "_blank", "noopener,noreferrer");
  }
}

class TerminalWindow extends HTMLElement {
  #terminal = null;
  #fit = new FitAddon();
  #socket = null;
  #observers = [];
  #timer = 0;
  #silence = 0;
  #failures = 0;
  #pastBytes = 0;
  #isPast = false;
  #taken = 0;
  #exitCode = null;
  #isGone = true;

  async connectedCallback() {
    this.#isGone = false;
    this.#tell("connecting");
    const style = getComputedStyle(this);
    const font = { fontFamily: style.fontFamily, fontSize: Number.parseFloat(style.fontSize) };
    await Promise.all([styleSheet, document.fonts.load(`${font.fontSize}px ${font.fontFamily}`).catch(() => {})]);
    if (this.#isGone) return;
    this.#draw(font);
    // The page's own keys are not for who types here.
    this.addEventListener("keydown", (event) => event.stopPropagation());
    this.#connect();
    if (this.dataset.focused === "true") this.#focus();
  }

  static observedAttributes = ["data-command"];

  attributeChangedCallback(_, __, command) {
    if (command === "retry") this.#retry();
    else if (command === "end") this.#send({ end: true });
    else if (command === "focus") this.#focus();
  }

  disconnectedCallback() {
    this.#isGone = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    for (const observer of this.#observers) observer.disconnect();
    this.#socket?.close();
    this.#terminal?.dispose();
    this.#terminal = null;
  }

  #draw(font) {
    const terminal = new Terminal({
      ...font,
      lineHeight: 1.2,
      scrollback: SCROLL_BACK_LINES,
      theme: this.#theme(),
      cursorBlink: false,
      minimumContrastRatio: 4.5,
      linkHandler: {
        activate: openLink,
        hover: (_, text) => { this.title = plainText(text); },
        leave: () => this.removeAttribute("title"),
      },
    });
    this.#terminal = terminal;
    terminal.loadAddon(this.#fit);
    terminal.open(this);
    terminal.textarea.setAttribute("aria-label", this.dataset.label ?? "Terminal");
    this.#fitNow();
    terminal.onData((data) => this.#type(data));
    terminal.onResize(({ cols, rows }) => this.#send({ width: cols, height: rows }));
    terminal.onTitleChange((title) => {
      this.dataset.title = plainText(title);
      this.dispatchEvent(new Event("terminalstate"));
    });
    terminal.attachCustomKeyEventHandler((event) => this.#isForTerminal(event));
    const size = new ResizeObserver(() => this.#fitNow());
    size.observe(this);
    const theme = new MutationObserver(() => this.#paint());
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const paint = () => this.#paint();
    dark.addEventListener("change", paint);
    this.#observers = [size, theme, { disconnect: () => dark.removeEventListener("change", paint) }];
  }

  #fitNow() {
    if (this.#terminal && this.offsetWidth > 0 && this.offsetHeight > 0) this.#fit.fit();
  }

  #paint() {
    if (this.#terminal) this.#terminal.options.theme = this.#theme();
  }

  /** The page's colours as they are in the theme of now. */
  #theme() {
    // One for each: what is given another colour may take its time for it.
    const probes = Object.entries(COLOURS).map(([name, token]) => {
      const probe = document.createElement("span");
      probe.style.color = `var(${token})`;
      return [name, probe];
    });
    this.append(...probes.map(([, probe]) => probe));
    const colours = probes.map(([name, probe]) => [name, getComputedStyle(probe).color]);
    for (const [, probe] of probes) probe.remove();
    return Object.fromEntries(colours);
  }

  #isForTerminal(event) {
    if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey) return true;
    if (event.code === "KeyL") {
      event.preventDefault();
      this.dispatchEvent(new Event("terminalleave", { bubbles: true }));
      return false;
    }
    if (event.code === "KeyC" && this.#terminal.hasSelection()) {
      event.preventDefault();
      document.execCommand("copy");
      return false;
    }
    // The browser pastes.
    return event.code !== "KeyV";
  }

  #retry() {
    if (this.dataset.state === "waiting" || this.dataset.state === "refused") {
      clearTimeout(this.#timer);
      this.#connect();
    }
  }

  #focus() {
    this.#terminal?.focus();
  }

  #connect() {
    const { cols, rows } = this.#terminal;
    const url = new URL(this.dataset.path, location.href);
    url.search = new URLSearchParams({
      reconnect: this.dataset.terminal, width: cols, height: rows, control: true,
    });
    const address = url.href;
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // Whoever waits goes on to wait until it works.
    if (this.dataset.state !== "waiting") this.#tell("connecting");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#taken = 0;
    let openedAt = 0;
    this.#listenFor(HANDSHAKE_LIMIT_MS, socket);
    socket.onopen = () => { openedAt = performance.now(); };
    socket.onmessage = ({ data }) => {
      this.#listenFor(LONGEST_SILENCE_MS, socket);
      if (typeof data === "string") this.#hear(JSON.parse(data));
      else this.#show(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket || this.#isGone) return;
      clearTimeout(this.#silence);
      if (openedAt > 0 && performance.now() - openedAt > LONGEST_PAUSE_MS) this.#failures = 0;
      if (openedAt > 0) this.#closed(code, reason);
      else this.#refused(address);
    };
  }

  /** A connection that is silent for too long is lost. */
  #listenFor(milliseconds, socket) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      socket.onclose?.({ code: 1006, reason: "" });
      socket.onclose = null;
      socket.close();
    }, milliseconds);
  }

  #closed(code, reason) {
    if (this.#exitCode !== null || code === CLOSED_NORMAL) this.#tell("ended", { code: this.#exitCode ?? "" });
    else if (code === CLOSED_REFUSED) this.#tell("refused", { reason });
    else if (code === CLOSED_BY_POLICY) this.#tell("refused", { reason: reason || "Your session has ended. Sign in again." });
    else this.#wait(reason);
  }

  /** Browsers do not tell why a socket was refused; the same address without it does. */
  async #refused(address) {
    const answer = await fetch(address).catch(() => null);
    const message = await answer?.json().then(({ message }) => message).catch(() => "");
    if (this.#isGone) return;
    const { status = 0 } = answer ?? {};
    // 426: the address is right and speaks WebSocket only.
    if (status >= 400 && status < 500 && status !== 426) this.#tell("refused", { reason: message });
    else this.#wait(status === 503 ? message : "");
  }

  #wait(reason) {
    const since = this.dataset.state === "waiting" ? this.dataset.since : new Date().toLocaleTimeString();
    this.#tell("waiting", { reason, since });
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), pause * (0.7 + 0.6 * Math.random()));
  }

  #hear(message) {
    if (message.type === "scroll_back") {
      this.#terminal.reset();
      this.#pastBytes = message.bytes;
      this.#isPast = message.bytes > 0;
      this.#tell("open");
    } else if (message.type === "ended") {
      this.#exitCode = message.exit_code;
    }
  }

  #show(bytes) {
    const isLastOfPast = this.#pastBytes > 0 && this.#pastBytes <= bytes.length;
    this.#pastBytes = Math.max(0, this.#pastBytes - bytes.length);
    const socket = this.#socket;
    this.#terminal.write(bytes, () => {
      if (isLastOfPast) this.#isPast = false;
      if (this.#socket !== socket) return;
      this.#taken += bytes.length;
      if (this.#taken >= TAKEN_STEP_BYTES) {
        this.#send({ taken: this.#taken });
        this.#taken = 0;
      }
    });
  }

  #type(data) {
    // What the past asked of the terminal was answered when it was the present.
    if (this.#isPast) return;
    for (let begin = 0; begin < data.length;) {
      let end = Math.min(begin + PIECE_LENGTH, data.length);
      // Not through the middle of a character.
      if (end < data.length && data.charCodeAt(end) >= 0xdc00 && data.charCodeAt(end) <= 0xdfff) end += 1;
      this.#send({ data: data.slice(begin, end) });
      begin = end;
    }
  }

  #send(request) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #tell(state, { reason = "", since = "", code = "" } = {}) {
    Object.assign(this.dataset, { state, reason, since, code });
    this.dispatchEvent(new Event("terminalstate"));
  }
}

customElements.define("terminal-window", TerminalWindow);
