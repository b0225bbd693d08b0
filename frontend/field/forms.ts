// The two forms: a report, and a task with its outcomes. Photos come first; whatever is entered is kept at once.
import type { Bundle, Outcome, Task } from "./bundle";
import { h, label, t, when } from "./dom";
import { forUpload } from "./photos";
import { uuid7, type Body, type Photo, type Store, type Work } from "./store";

const MOST_PHOTOS = 9;
const PICTURES = "image/jpeg,image/png,image/webp";
const KEEP_AFTER_MS = 500;

export interface Form {
  view: HTMLElement;
}

interface Asked {
  store: Store;
  work: Work;
  photos: Photo[];
  /** What has been entered, as it stands. */
  body: () => Body;
  /** What is missing, or nothing. */
  missing: () => string[];
  /** Called when the work has been put in the queue. */
  sent: () => void;
  /** Back to the list. */
  back: () => void;
}

export function newWork(body: Body): Work {
  return { key: uuid7(), state: "draft", order: Date.now(), tries: 0, next_at: 0, body };
}

function field(text: string, input: HTMLElement, help = ""): HTMLElement {
  input.id ||= uuid7();
  const about = help ? h("p", { class: "gp-help", id: `${input.id}-help` }, help) : null;
  if (about) input.setAttribute("aria-describedby", about.id);
  return h("div", { class: "gp-field-row" }, h("label", { for: input.id, class: "form-label" }, text), input, about);
}

function frame(title: string, asked: Asked, ...parts: (HTMLElement | null)[]): HTMLElement {
  const alert = h("div", { role: "alert" });
  let timer = 0;
  let closed = false;
  const say = (text: string): void =>
    alert.replaceChildren(text ? h("div", { class: "gp-note gp-late" }, h("div", {}, text)) : "");
  const keep = async (state: "draft" | "waiting"): Promise<boolean> => {
    window.clearTimeout(timer);
    timer = 0;
    if (closed) return false;
    const now = new Date().toISOString();
    const body = { ...asked.body(), done_at: state === "waiting" ? now : asked.work.body.done_at || now };
    const order = state === "waiting" ? Date.now() : asked.work.order;
    try {
      await asked.store.save({ ...asked.work, state, order, tries: 0, next_at: 0, body }, asked.photos);
      closed = state === "waiting";
      return true;
    } catch (error) {
      say(error instanceof DOMException && error.name === "QuotaExceededError" ? t("full") : t("not-kept"));
      return false;
    }
  };
  const later = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void keep("draft"), KEEP_AFTER_MS);
  };
  const form = h(
    "form",
    {
      novalidate: true,
      input: later,
      change: later,
      submit: (event) => {
        event.preventDefault();
        const missing = asked.missing();
        say(missing.length ? t("missing", { names: missing.join(t("and")) }) : "");
        if (!missing.length) void keep("waiting").then((kept) => kept && asked.sent());
      },
    },
    photoPart(asked, () => keep("draft"), say),
    ...parts.filter((each) => each !== null),
    alert,
    h("button", { class: "btn btn-primary gp-field-big", type: "submit" }, t("send")),
  );
  const leave = (): void => void (timer ? keep("draft") : Promise.resolve(true)).then(() => asked.back());
  const heading = h("h2", { tabindex: "-1" }, title);
  return h("section", {}, h("button", { class: "btn btn-outline-secondary", type: "button", click: leave }, t("back")), heading, form);
}

function photoPart(asked: Asked, keep: () => Promise<boolean>, say: (text: string) => void): HTMLElement {
  const list = h("ul", { class: "gp-field-photos" });
  const show = (): void => {
    for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    list.replaceChildren(
      ...asked.photos.map((photo, index) => {
        const name = t("photo", { n: index + 1 });
        const remove = (): void => {
          asked.photos.splice(index, 1);
          show();
          void keep();
        };
        return h(
          "li",
          {},
          h("img", { src: URL.createObjectURL(photo.blob), alt: name }),
          h("button", { type: "button", class: "btn btn-outline-secondary", click: remove }, t("remove", { name })),
        );
      }),
    );
  };
  const input = h("input", { type: "file", id: "photos", accept: PICTURES, capture: "environment", multiple: true, class: "visually-hidden" });
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    const chosen = [...(input.files ?? [])];
    input.value = "";
    void (async () => {
      for (const file of chosen.slice(0, MOST_PHOTOS - asked.photos.length)) {
        try {
          asked.photos.push({ key: uuid7(), work: asked.work.key, uploaded: false, blob: await forUpload(file) });
        } catch {
          say(t("unreadable", { name: file.name }));
        }
      }
      if (!(await keep())) asked.photos.pop();
      show();
    })();
  });
  show();
  return h(
    "div",
    { class: "gp-field-row" },
    input,
    h("label", { for: "photos", class: "btn btn-outline-primary gp-field-big" }, t("take-photo")),
    h("p", { class: "gp-help" }, t("photo-help", { n: MOST_PHOTOS })),
    list,
  );
}

function chosen(kept: string, bundle: Bundle): HTMLSelectElement {
  const select = h("select", { class: "form-select", name: "category" }, h("option", { value: "" }, t("choose")));
  const groups = new Map<string, HTMLOptGroupElement>();
  for (const each of bundle.categories) {
    const name = label(each.group);
    const group = groups.get(name) ?? h("optgroup", { label: name });
    if (!groups.has(name)) select.append(group);
    groups.set(name, group);
    group.append(h("option", { value: `${each.kind}:${each.code}` }, label(each.label)));
  }
  select.value = kept;
  return select;
}

export function reportForm(bundle: Bundle, work: Work, photos: Photo[], store: Store, sent: () => void, back: () => void): HTMLElement {
  const kept = work.body.report;
  let point = kept?.point ?? null;
  const category = chosen(kept?.category ? `${kept.kind}:${kept.category}` : "", bundle);
  const text = h("textarea", { class: "form-control", name: "text", rows: "3", maxlength: "20000" }, kept?.text ?? "");
  const place = h("input", { class: "form-control", name: "place", maxlength: "300", value: kept?.place ?? "" });
  const component = h("input", { class: "form-control", name: "component", maxlength: "40", value: kept?.component ?? "" });
  const urgent = h("input", { class: "form-check-input", type: "checkbox", id: "urgent", checked: kept?.urgency === "urgent" });
  const cell = h(
    "select",
    { class: "form-select", name: "cell" },
    h("option", { value: "" }, t("no-cell")),
    ...bundle.cells.map((each) => h("option", { value: each.code }, label(each.label))),
  );
  cell.value = kept?.cell ?? "";
  const position = h("p", { role: "status", class: "gp-help" }, point ? t("position", { lon: point[0], lat: point[1], m: "–" }) : t("no-position"));
  const locate = (): void => {
    position.textContent = t("locating");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        point = [Number(coords.longitude.toFixed(6)), Number(coords.latitude.toFixed(6))];
        position.textContent = t("position", { lon: point[0], lat: point[1], m: Math.round(coords.accuracy) });
        position.dispatchEvent(new Event("input", { bubbles: true }));
      },
      () => (position.textContent = t("no-location")),
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 30_000 },
    );
  };
  const body = (): Body => {
    const [kind = "", code = ""] = category.value.split(":");
    return {
      title: text.value.trim().slice(0, 60) || t("report"),
      done_at: work.body.done_at,
      report: {
        text: text.value.trim(), kind, category: code, component: component.value.trim(),
        urgency: urgent.checked ? "urgent" : "normal", place: place.value.trim(), point, cell: cell.value,
      },
    };
  };
  const missing = (): string[] =>
    [text.value.trim() ? "" : t("text"), category.value ? "" : t("category"), point || place.value.trim() || cell.value ? "" : t("where")].filter(Boolean);
  const asked = { store, work, photos, body, missing, sent, back };
  return frame(
    t("report"), asked,
    field(t("category"), category), field(t("text"), text),
    h("div", { class: "gp-field-row" }, h("button", { type: "button", class: "btn btn-outline-primary gp-field-big", click: locate }, t("locate")), position),
    field(t("cell"), cell, t("cell-help")), field(t("place"), place), field(t("component"), component),
    h("div", { class: "form-check gp-field-row" }, urgent, h("label", { for: "urgent", class: "form-check-label" }, t("urgent"))),
  );
}

function pictures(task: Task, store: Store): HTMLElement {
  const columns = (["before", "after"] as const).map((side) => {
    const column = h("div", { class: "col-6" }, h("p", { class: "gp-help" }, t(side)));
    for (const picture of task.pictures.filter((each) => each.when === side)) {
      void store.readPicture(picture.file).then((blob) => {
        if (blob) column.append(h("img", { class: "img-fluid mb-2", src: URL.createObjectURL(blob), alt: t(`${side}-photo`) }));
      });
    }
    return column;
  });
  return h("div", { class: "row g-2" }, ...columns);
}

function inputs(outcome: Outcome, kept: Record<string, string>): HTMLElement[] {
  return outcome.fields.map((each) => {
    const name = each.required ? label(each.label) : t("optional", { name: label(each.label) });
    const choices = Object.entries(each.values);
    if (choices.length) {
      const select = h("select", { class: "form-select", name: each.name }, h("option", { value: "" }, t("choose")),
        ...choices.map(([value, text]) => h("option", { value }, label(text))));
      select.value = kept[each.name] ?? "";
      return field(name, select);
    }
    if (each.type === "text") return field(name, h("textarea", { class: "form-control", name: each.name, rows: "3", maxlength: "8000" }, kept[each.name] ?? ""));
    return field(name, h("input", { class: "form-control", name: each.name, maxlength: "300", value: kept[each.name] ?? "" }));
  });
}

export function taskForm(task: Task, work: Work, photos: Photo[], store: Store, sent: () => void, back: () => void): HTMLElement {
  const kept = work.body.task;
  let outcome = task.outcomes.find((each) => each.key === kept?.outcome);
  const values = { ...kept?.data };
  const part = h("div", { class: "gp-field-part" });
  const rule = h("p", { class: "gp-help", role: "status" });
  const read = (): Record<string, string> => {
    const found: Record<string, string> = {};
    for (const each of part.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>("[name]")) {
      if (each.value.trim()) found[each.name] = values[each.name] = each.value.trim();
    }
    return found;
  };
  const show = (): void => {
    part.replaceChildren(...(outcome ? inputs(outcome, values) : []));
    rule.textContent = outcome?.photos ? t("photos-wanted", { n: outcome.photos }) : "";
  };
  const choices = h(
    "fieldset",
    { class: "gp-field-row" },
    h("legend", { class: "form-label" }, t("outcome")),
    ...task.outcomes.map((each) => {
      const radio = h("input", { type: "radio", class: "btn-check", name: "outcome", id: `outcome-${each.key}`, value: each.key, checked: each.key === outcome?.key });
      radio.addEventListener("change", () => {
        read();
        outcome = each;
        show();
      });
      return h("div", { class: "gp-field-choice" }, radio, h("label", { for: radio.id, class: "btn btn-outline-primary gp-field-big" }, label(each.label)));
    }),
  );
  const note = h("textarea", { class: "form-control", name: "note", rows: "2", maxlength: "2000" }, kept?.note ?? "");
  show();
  const body = (): Body => ({
    title: `${task.number} ${label(task.stage)}`,
    done_at: work.body.done_at,
    case: task.case,
    task: { task: task.id, seen: task.seen, outcome: outcome?.key ?? "", data: read(), note: note.value.trim() },
  });
  const missing = (): string[] => {
    if (!outcome) return [t("outcome")];
    const given = read();
    const found = outcome.fields.filter((each) => each.required && !given[each.name]).map((each) => label(each.label));
    if (photos.length < outcome.photos) found.push(t("photos-wanted", { n: outcome.photos }));
    return found;
  };
  const facts = h(
    "dl",
    { class: "gp-dl" },
    h("dt", {}, t("text")), h("dd", {}, task.text),
    h("dt", {}, t("place")), h("dd", {}, task.place || "–"),
    h("dt", {}, t("due")), h("dd", {}, task.due_at ? when(task.due_at) : "–"),
  );
  const about = h("div", {}, facts, task.pictures.length ? pictures(task, store) : null);
  const made = frame(`${label(task.stage)} · ${task.number}`, { store, work, photos, body, missing, sent, back }, choices, rule, part, field(t("note"), note));
  made.querySelector("h2")?.insertAdjacentElement("afterend", about);
  return made;
}
