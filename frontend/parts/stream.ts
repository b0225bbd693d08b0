// Listens on the server's event stream and tells the live parts of the page whose topics match to fetch themselves anew.

const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
// A burst of events asks for one refresh of each part.
const GATHER_MS = 400;

interface Hint {
  type?: string;
  subject?: string;
}

let wait = SHORTEST_MS;
let gathered: Hint[] = [];
let timer = 0;

function matches(topics: string, hint: Hint): boolean {
  const words = topics.split(/\s+/).filter(Boolean);
  return words.some((topic) => {
    if (topic === "*" || topic === hint.subject || topic === hint.type) return true;
    if (topic.endsWith("*")) return (hint.type ?? "").startsWith(topic.slice(0, -1));
    return (hint.type ?? "").startsWith(`${topic}.`);
  });
}

function deliver(): void {
  timer = 0;
  const hints = gathered;
  gathered = [];
  for (const part of document.querySelectorAll<HTMLElement>("[data-live]")) {
    const topics = part.dataset["live"] ?? "";
    if (hints.length === 0 || hints.some((hint) => matches(topics, hint))) {
      part.dispatchEvent(new CustomEvent("groundplan:changed", { bubbles: false }));
    }
  }
}

function gather(hint: Hint): void {
  gathered.push(hint);
  if (!timer) timer = window.setTimeout(deliver, GATHER_MS);
}

function show(state: "open" | "lost"): void {
  document.documentElement.dataset["stream"] = state;
  for (const sign of document.querySelectorAll<HTMLElement>(".gp-live")) {
    sign.dataset["state"] = state;
    sign.textContent = (state === "open" ? sign.dataset["open"] : sign.dataset["lost"]) ?? "";
  }
}

function read(text: string): Hint {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Hint) : {};
  } catch {
    return {};
  }
}

function connect(address: string, again: boolean): void {
  const source = new EventSource(address, { withCredentials: true });
  const receive = (event: MessageEvent<string>): void => gather(read(event.data));
  source.addEventListener("message", receive);
  source.addEventListener("changed", receive as EventListener);
  source.addEventListener("open", () => {
    wait = SHORTEST_MS;
    show("open");
    // What happened while we were not connected is unknown: every live part fetches itself once.
    if (again) deliver();
  });
  source.addEventListener("error", () => {
    source.close();
    show("lost");
    window.setTimeout(() => connect(address, true), wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_MS);
  });
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

export function startStream(): void {
  const address = document.body.dataset["streams"];
  const live = document.querySelector("[data-live], [data-live-map]");
  if (address && live && "EventSource" in window) connect(address, false);
}
