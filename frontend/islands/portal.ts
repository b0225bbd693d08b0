// On every page: htmx with the CSRF token, live parts by server-sent events, relative times, dialogs, previews.
import htmx from "htmx.org/dist/htmx.esm.js";
import { startClocks } from "../parts/clocks";
import { startDialogs } from "../parts/dialogs";
import { startHelp } from "../parts/help";
import { startKeys } from "../parts/keys";
import { startLeaving } from "../parts/leaving";
import { startPreviews } from "../parts/previews";
import { startStream } from "../parts/stream";

function csrfToken(): string {
  const field = document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
  return field?.value ?? "";
}

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
document.addEventListener("htmx:configRequest", (event) => {
  const detail = (event as CustomEvent<{ verb: string; headers: Record<string, string> }>).detail;
  if (detail.verb !== "get") detail.headers["X-CSRFToken"] = csrfToken();
});

startDialogs(document);
startHelp(document);
startKeys(document);
startPreviews(document);
startLeaving(document);
startClocks();
startStream();

// The heavy islands are fetched only by pages that show a map or a chart, whoever put it there.
if (document.querySelector("[data-map]")) void import("./map");
if (document.querySelector("[data-chart]")) void import("./chart");

const refused = document.querySelector<HTMLElement>("[data-focus]");
refused?.focus();
document.documentElement.dataset["ready"] = "true";
