// Keeps the shell of the page for field work, and nothing else: no answer of the API, no page with anybody's data.
interface Shell {
  version: string;
  page: string;
  files: string[];
}

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Scope {
  FIELD_SHELL: Shell;
  location: Location;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

const scope = self as unknown as Scope;
const shell = scope.FIELD_SHELL;
const PREFIX = "groundplan-field-";
const NAME = PREFIX + shell.version;
const PATIENCE_MS = 4_000;

async function keep(request: Request | string, answer: Response): Promise<void> {
  // A redirect, as to a sign-in page, or a refusal is never kept in place of the shell.
  if (answer.ok && !answer.redirected) await (await caches.open(NAME)).put(request, answer.clone());
}

async function page(request: Request): Promise<Response> {
  const known = await (await caches.open(NAME)).match(shell.page);
  try {
    const answer = await fetch(request, known ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {});
    if (answer.status >= 500 && known) return known;
    await keep(shell.page, answer);
    return answer;
  } catch (error) {
    if (known) return known;
    throw error;
  }
}

async function file(request: Request): Promise<Response> {
  const known = await (await caches.open(NAME)).match(request);
  if (known) return known;
  const answer = await fetch(request);
  await keep(request, answer);
  return answer;
}

scope.addEventListener("install", (event) => {
  const all = [shell.page, ...shell.files].map((address) => new Request(address, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(all)).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== NAME))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => scope.clients.claim()),
  );
});

scope.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== scope.location.origin) return;
  if (event.request.mode === "navigate" && address.pathname === shell.page) event.respondWith(page(event.request));
  else if (shell.files.includes(address.pathname)) event.respondWith(file(event.request));
});
