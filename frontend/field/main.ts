// The page for field work: shows what is on the phone, opens the forms, and has what waits sent.
import type { Bundle, Session, Task } from "./bundle";
import { h, label, readWords, t, when } from "./dom";
import { newWork, reportForm, taskForm } from "./forms";
import { here, leave, setHere, Store, uuid7, wipe, type Work } from "./store";
import { Sync, type Line } from "./sync";

const EVERY_MS = 60_000;
const ASK_MS = 5_000;
const data = document.body.dataset as Record<"api" | "page" | "worker" | "signIn" | "signOut" | "home", string>;
const view = document.querySelector<HTMLElement>("#view")!;
const status = document.querySelector<HTMLElement>("#status")!;
const told = new BroadcastChannel("groundplan-field");

let store: Store | null = null;
let sync: Sync | null = null;
let line: Line = "offline";
let busy = false;
// Somebody asked for a round while one was going on: it may have begun before what they had just handed in.
let again = false;
let formOpen = false;

async function session(): Promise<Session | "offline" | "signin"> {
  try {
    const answer = await fetch(`${data.api}/session`, { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
    if (answer.status === 401) return "signin";
    return answer.ok ? ((await answer.json()) as Session) : "offline";
  } catch {
    return "offline";
  }
}

async function use(account: string): Promise<void> {
  if (store?.account === account) return;
  if (store) await leave(store);
  store = await Store.open(account, () => location.reload());
  sync = new Sync(data.api, store, () => {
    told.postMessage("changed");
    void refresh();
  });
}

/** Who is at hand: as the server says, else the one whose phone this is without network. */
async function start(): Promise<void> {
  readWords(document);
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register(data.worker, { scope: data.page });
  const found = navigator.onLine ? await session() : "offline";
  const known = here();
  if (typeof found === "object") {
    line = "online";
    if (known && known.account !== found.account) await leave(await Store.open(known.account, () => undefined));
    await use(found.account);
    setHere(found.account, 0);
  } else {
    line = found;
    if (known) await use(known.account);
  }
  told.addEventListener("message", () => void refresh());
  await refresh();
  document.documentElement.dataset["ready"] = "true";
  window.addEventListener("online", () => void exchange(true));
  window.addEventListener("offline", () => {
    line = "offline";
    void refresh();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void exchange(false));
  window.setInterval(() => void exchange(false), EVERY_MS);
  if (typeof found === "object") {
    void navigator.storage?.persist?.();
    await exchange(true);
  }
}

async function exchange(hurry: boolean): Promise<void> {
  if (!sync) return;
  if (busy) {
    again ||= hurry;
    return;
  }
  busy = true;
  try {
    await showStatus();
    line = await sync.round(hurry);
  } catch (error) {
    line = "offline";
    if (error instanceof DOMException && error.name === "QuotaExceededError") view.prepend(note("late", t("full")));
    else console.warn(error);
  } finally {
    busy = false;
  }
  // Somebody else has signed in on this phone: nothing of the former account stays on the page.
  if (line === "other") location.reload();
  else await refresh();
  if (again) {
    again = false;
    await exchange(true);
  }
}

function note(tone: string, text: string, ...more: (Node | string)[]): HTMLElement {
  return h("div", { class: `gp-note gp-${tone}` }, h("div", {}, text, ...more));
}

async function showStatus(): Promise<Work[]> {
  if (!store) {
    status.replaceChildren(h("span", {}, t(line === "offline" ? "no-network" : "not-signed-in")));
    return [];
  }
  const works = await store.works();
  const unsent = works.filter((each) => each.state === "waiting" || each.state === "conflict");
  setHere(store.account, works.filter((each) => each.state !== "done").length);
  const synced = await store.read<string>("synced");
  const words = {
    online: t("online"), offline: t("offline"), signin: t("signin"), other: t("signin"), refused: t("refused"),
  }[line];
  status.replaceChildren(
    h("strong", {}, unsent.length ? t("unsent", { n: unsent.length }) : t("all-sent")),
    h("span", {}, busy ? t("sending") : words),
    h("span", {}, synced ? t("synced", { when: when(synced) }) : t("never-synced")),
  );
  return works;
}

async function refresh(): Promise<void> {
  const works = await showStatus();
  if (formOpen) return;
  if (!store) {
    const way = h("a", { class: "btn btn-primary gp-field-big", href: `${data.signIn}?next=${data.page}` }, t("sign-in"));
    view.replaceChildren(note("info", t(line === "offline" ? "first-online" : "please-sign-in")), way);
    return;
  }
  // Online and signed out: what is kept waits for its owner, and nothing of it is shown.
  if (line === "signin") {
    view.replaceChildren(signInAgain());
    return;
  }
  const bundle = await store.read<Bundle>("bundle");
  const parts: (HTMLElement | null)[] = [
    line === "refused" ? note("late", t("not-for-you")) : null,
    h("button", { class: "btn btn-primary gp-field-big", id: "new-report", disabled: !bundle, click: () => void openReport() }, t("report")),
    h("button", { class: "btn btn-outline-primary gp-field-big", id: "sync-now", click: () => void exchange(true) }, t("sync-now")),
    group("conflicts", works.filter((each) => each.state === "conflict").map((each) => conflictCard(each, bundle))),
    group("waiting", works.filter((each) => each.state === "waiting").map((each) => workCard(each))),
    group("drafts", works.filter((each) => each.state === "draft").map((each) => draftCard(each, bundle))),
    taskGroup(bundle, works),
    group("sent", works.filter((each) => each.state === "done").reverse().map((each) => workCard(each))),
    footer(bundle),
  ];
  const at = document.activeElement?.id;
  view.replaceChildren(...parts.filter((each) => each !== null));
  if (at) document.getElementById(at)?.focus();
}

function signInAgain(): HTMLElement {
  return note("warn", t("signin-again"), " ", h("a", { href: `${data.signIn}?next=${data.page}` }, t("sign-in")));
}

function group(name: string, cards: HTMLElement[]): HTMLElement | null {
  if (!cards.length) return null;
  return h("section", { id: name }, h("h2", {}, t(name)), h("ul", { class: "gp-field-list" }, ...cards.map((each) => h("li", {}, each))));
}

function taskGroup(bundle: Bundle | null, works: Work[]): HTMLElement {
  const filled = new Set(works.filter((each) => each.state !== "done").map((each) => each.body.task?.task));
  const open = (bundle?.tasks ?? []).filter((each) => !filled.has(each.id));
  const cards = open.map((task) =>
    h(
      "button",
      { class: "gp-field-card", click: () => void openTask(task) },
      h("strong", {}, `${label(task.stage)} · ${task.number}`), h("span", {}, task.title), h("span", {}, task.place),
      h("span", { class: task.overdue ? "gp-field-late" : "" }, task.due_at ? t(task.overdue ? "overdue-since" : "due-at", { when: when(task.due_at) }) : ""),
    ),
  );
  const made = group("tasks", cards) ?? h("section", { id: "tasks" }, h("h2", {}, t("tasks")), h("p", {}, t("no-tasks")));
  return made;
}

function workCard(work: Work): HTMLElement {
  const state = work.state === "done" ? t("done-as", { number: work.body.number ?? "" }) : work.tries ? t("tried", { n: work.tries, when: when(new Date(work.next_at).toISOString()) }) : t("waits");
  return h("div", { class: "gp-field-card" }, h("strong", {}, work.body.title), h("span", {}, t("done-at", { when: when(work.body.done_at) })), h("span", {}, state));
}

function draftCard(work: Work, bundle: Bundle | null): HTMLElement {
  const task = bundle?.tasks.find((each) => each.id === work.body.task?.task);
  const open = (): void => void (task ? openTask(task, work) : openReport(work));
  const lost = work.body.task && !task;
  return h(
    "div",
    { class: "gp-field-card" },
    h("strong", {}, work.body.title),
    lost ? h("span", {}, t("task-gone")) : h("button", { class: "btn btn-outline-primary", click: open }, t("go-on")),
    h("button", { class: "btn btn-outline-secondary", click: () => void discard(work) }, t("discard")),
  );
}

function conflictCard(work: Work, bundle: Bundle | null): HTMLElement {
  const task = bundle?.tasks.find((each) => each.id === work.body.task?.task);
  const again = work.body.report ? (): void => void reopen(work) : task ? (): void => void reopen(work, task) : null;
  const about = work.body.case ?? "";
  return h(
    "div",
    { class: "gp-field-card gp-field-conflict" },
    h("strong", {}, work.body.title),
    h("span", {}, work.body.problem?.text ?? ""),
    h("span", {}, t("kept")),
    again && h("button", { class: "btn btn-primary", click: again }, t(work.body.report ? "mend" : "again")),
    about !== "" && !work.body.comment && h("button", { class: "btn btn-outline-primary", click: () => void asComment(work, about) }, t("as-comment")),
    h("button", { class: "btn btn-outline-secondary", click: () => void discard(work) }, t("discard")),
  );
}

/** The same words and photos under a new key: what the server has refused, it has not kept. */
async function copied(work: Work): Promise<{ made: Work; photos: Awaited<ReturnType<Store["photos"]>> }> {
  const made = newWork({ ...work.body });
  delete made.body.problem;
  const photos = (await store!.photos(work.key)).map((each) => ({ ...each, key: uuid7(), work: made.key, uploaded: false }));
  return { made, photos };
}

async function reopen(work: Work, task?: Task): Promise<void> {
  const { made, photos } = await copied(work);
  await store!.save(made, photos);
  await store!.remove(work.key);
  await (task ? openTask(task, made) : openReport(made));
}

async function asComment(work: Work, about: string): Promise<void> {
  const { made, photos } = await copied(work);
  const given = work.body.task;
  const said = [...Object.values(given?.data ?? {}), given?.note ?? ""].filter(Boolean).join("\n");
  const head = t("comment-head", { when: when(work.body.done_at) });
  const body = { title: work.body.title, done_at: work.body.done_at, case: about, comment: { case: about, text: `${head}\n${said}`.slice(0, 4000) } };
  await store!.save({ ...made, state: "waiting", body }, photos);
  await store!.remove(work.key);
  await exchange(true);
}

async function discard(work: Work): Promise<void> {
  if (!window.confirm(t("discard-sure", { title: work.body.title }))) return;
  await store!.remove(work.key);
  await refresh();
}

function open(form: HTMLElement): void {
  formOpen = true;
  view.replaceChildren(form);
  window.scrollTo(0, 0);
  view.querySelector<HTMLElement>("h2")?.focus();
}

function close(): void {
  formOpen = false;
  void refresh().then(() => status.focus());
}

function sent(): void {
  close();
  void exchange(true);
}

async function openReport(work?: Work): Promise<void> {
  const bundle = await store!.read<Bundle>("bundle");
  if (!bundle) return;
  const photos = work ? await store!.photos(work.key) : [];
  open(reportForm(bundle, work ?? newWork({ title: t("report"), done_at: "" }), photos, store!, sent, close));
}

async function openTask(task: Task, work?: Work): Promise<void> {
  const photos = work ? await store!.photos(work.key) : [];
  open(taskForm(task, work ?? newWork({ title: task.number, done_at: "" }), photos, store!, sent, close));
}

function footer(bundle: Bundle | null): HTMLElement {
  return h(
    "p",
    { class: "gp-field-end" },
    h("span", {}, bundle?.name ?? ""),
    h("a", { href: data.home }, t("desk")),
    h("button", { class: "btn btn-outline-secondary", id: "sign-out", click: () => void signOut() }, t("sign-out")),
  );
}

async function signOut(): Promise<void> {
  const unsent = (await store!.works()).filter((each) => each.state !== "done").length;
  if (unsent && !window.confirm(t("sign-out-sure", { n: unsent }))) return;
  const found = await session();
  const account = store!.account;
  store!.close();
  store = null;
  sync = null;
  await wipe(account);
  if (typeof found === "object") {
    const token = { "X-CSRFToken": found.csrf };
    await fetch(data.signOut, { method: "POST", headers: token, redirect: "manual" }).catch(() => undefined);
  }
  location.assign(found === "offline" ? data.page : data.signIn);
}

void start();
