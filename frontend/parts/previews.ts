// Shows the chosen pictures of a file input before they are sent.

function preview(input: HTMLInputElement, list: HTMLElement): void {
  for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  const items = [...(input.files ?? [])].map((file) => {
    const item = document.createElement("li");
    if (file.type.startsWith("image/")) {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      item.append(image);
    } else {
      item.textContent = file.name;
    }
    return item;
  });
  list.replaceChildren(...items);
}

export function startPreviews(root: Document): void {
  root.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
    let list = input.parentElement?.querySelector<HTMLElement>(".gp-files") ?? null;
    if (!list) {
      list = document.createElement("ul");
      list.className = "gp-files";
      input.insertAdjacentElement("afterend", list);
    }
    preview(input, list);
  });
}
