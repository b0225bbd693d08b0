// The wall: a clock, parts shown in turn, a look anew each hour; at its door the code from the address.

const RELOAD_MS = 3_600_000;

function startClock(): void {
  const clock = document.querySelector<HTMLTimeElement>("[data-wall-clock]");
  if (!clock) return;
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const show = (): void => { clock.textContent = words.format(new Date()); };
  show();
  window.setInterval(show, 1000);
}

// Each host shows one of its children for some seconds; parts that are fetched anew keep their turn.
function startTurns(): void {
  let paused = false;
  const turns = new Map<string, number>();
  const show = (host: HTMLElement, name: string): void => {
    const parts = [...host.children] as HTMLElement[];
    const now = (turns.get(name) ?? 0) % Math.max(parts.length, 1);
    parts.forEach((part, index) => { part.hidden = index !== now; });
  };
  const hosts = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-wall-turns]")];
  const name = (host: HTMLElement): string => host.className;
  hosts().forEach((host) => show(host, name(host)));
  let second = 0;
  window.setInterval(() => {
    second += 1;
    for (const host of hosts()) {
      const span = Number(host.dataset["wallTurns"]) || 10;
      if (!paused && second % span === 0) turns.set(name(host), (turns.get(name(host)) ?? 0) + 1);
      show(host, name(host));
    }
  }, 1000);
  document.addEventListener("htmx:afterSwap", () => hosts().forEach((host) => show(host, name(host))));
  const button = document.querySelector<HTMLButtonElement>("[data-wall-pause]");
  button?.addEventListener("click", () => {
    paused = !paused;
    const other = button.dataset["wallPause"] ?? "";
    button.dataset["wallPause"] = button.textContent ?? "";
    button.textContent = other;
  });
}

function startDoor(): void {
  const form = document.querySelector<HTMLFormElement>("[data-wall-door]");
  const code = location.hash.slice(1);
  const field = form?.querySelector<HTMLInputElement>("input[name=code]");
  if (!form || !field || !code.startsWith("wall_")) return;
  history.replaceState(null, "", location.pathname);
  field.value = code;
  form.requestSubmit();
}

startDoor();
if (document.documentElement.classList.contains("gp-wall")) {
  startClock();
  startTurns();
  window.setTimeout(() => {
    fetch(location.href, { method: "HEAD" }).then(() => location.reload()).catch(() => window.setTimeout(() => location.reload(), RELOAD_MS));
  }, RELOAD_MS);
}
