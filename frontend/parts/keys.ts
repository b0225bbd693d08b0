// Alt and a letter or digit reach what carries it as its accesskey, in every browser alike: fields are focused, buttons pressed.

function wanted(event: KeyboardEvent): string {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return "";
  // The place of the key, not its sign: with Alt some keyboards write another letter.
  return /^(?:Key|Digit)(.)$/.exec(event.code)?.[1]?.toLowerCase() ?? "";
}

export function startKeys(root: Document): void {
  root.addEventListener("keydown", (event) => {
    const key = wanted(event);
    const found = key ? root.querySelector<HTMLElement>(`[accesskey="${key}"]:not([disabled])`) : null;
    if (!found) return;
    event.preventDefault();
    found.focus();
    const typed = found instanceof HTMLTextAreaElement || (found instanceof HTMLInputElement && found.type !== "radio");
    if (!typed) found.click();
  });
}
