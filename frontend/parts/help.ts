// Help opens beside the page in a dialog, so that a half-filled form stays; without scripts its link leads to the page of help.

async function open(link: HTMLAnchorElement, root: Document): Promise<void> {
  const answer = await fetch(`${link.pathname}?part=1`, { credentials: "same-origin" });
  if (!answer.ok) {
    location.assign(link.href);
    return;
  }
  const dialog = root.createElement("dialog");
  dialog.className = "gp-help-dialog";
  dialog.setAttribute("aria-labelledby", "gp-help-title");
  const head = root.createElement("div");
  head.className = "gp-help-head";
  const title = root.createElement("h2");
  title.id = "gp-help-title";
  title.textContent = link.dataset["help"] ?? "";
  const close = root.createElement("button");
  close.type = "button";
  close.className = "btn btn-outline-secondary btn-sm";
  close.textContent = link.dataset["close"] ?? "";
  close.addEventListener("click", () => dialog.close());
  head.append(title, close);
  const body = root.createElement("div");
  body.innerHTML = await answer.text();
  dialog.append(head, body);
  dialog.addEventListener("close", () => dialog.remove());
  root.body.append(dialog);
  dialog.showModal();
}

export function startHelp(root: Document): void {
  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-help]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link, root).catch(() => location.assign(link.href));
  });
}
