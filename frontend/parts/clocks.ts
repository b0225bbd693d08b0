// Relative times: "3 minutes ago" beside the machine form, in the reader's language.

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

function relative(format: Intl.RelativeTimeFormat, moment: number): string {
  const seconds = (moment - Date.now()) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, "minute");
}

function refresh(): void {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const moment = Date.parse(element.dateTime);
    // On a simulated day the browser's clock is another one: then the plain time stays.
    if (Math.abs(moment - Date.now()) < 30 * 86_400_000) element.textContent = relative(format, moment);
  }
}

export function startClocks(): void {
  refresh();
  window.setInterval(refresh, 30_000);
  document.addEventListener("htmx:afterSwap", refresh);
}
