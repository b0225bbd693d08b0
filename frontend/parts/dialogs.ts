// Dialogs open by <button data-dialog="id">; menus close on Escape and on a click elsewhere.

function opener(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-dialog], [popovertarget]") : null;
}

export function startDialogs(root: Document): void {
  root.addEventListener("click", (event) => {
    const button = opener(event.target);
    const name = button?.dataset["dialog"] ?? button?.getAttribute("popovertarget");
    const dialog = name ? root.getElementById(name) : null;
    if (button && dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      if (button.dataset["close"] !== undefined || button.getAttribute("popovertargetaction") === "hide") dialog.close();
      else dialog.showModal();
    }
    for (const menu of root.querySelectorAll<HTMLDetailsElement>("details[data-closes][open]")) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of root.querySelectorAll<HTMLDetailsElement>("details[data-closes][open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  // A form is sent once, however often its button is pressed.
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    if (form.dataset["sent"]) event.preventDefault();
    else if (form.method === "post") form.dataset["sent"] = "true";
  });
  window.addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset["sent"];
  });
}
