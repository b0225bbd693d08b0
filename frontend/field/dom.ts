// Elements and words of the page; the words stand in the page, in the reader's language.
import type { Labels } from "./bundle";

type Child = Node | string | null | false;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (typeof value === "boolean") made.toggleAttribute(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((each): each is Node | string => each !== null && each !== false));
  return made;
}

const words = new Map<string, string>();

export function readWords(root: Document): void {
  const kept = root.querySelector<HTMLTemplateElement>("template#words");
  for (const each of kept?.content.querySelectorAll<HTMLElement>("[data-word]") ?? []) {
    words.set(each.dataset["word"] ?? "", each.textContent?.trim() ?? "");
  }
}

export function t(name: string, values: Record<string, string | number> = {}): string {
  const text = words.get(name) ?? name;
  return text.replace(/\[(\w+)\]/g, (whole, key: string) => String(values[key] ?? whole));
}

export function label(labels: Labels): string {
  const language = document.documentElement.lang.toLowerCase().startsWith("zh") ? "zh-hans" : "en";
  return labels[language] || labels["zh-hans"] || "";
}

export function when(moment: string): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, {
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).format(new Date(moment));
}
