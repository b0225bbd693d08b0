// Charts drawn from the table beside them: the table is the truth, the chart is its picture.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([AriaComponent, BarChart, GridComponent, LegendComponent, LineChart, SVGRenderer, TooltipComponent]);

const PALETTE = ["--gp-accent", "--gp-active", "--gp-warn", "--gp-paused", "--gp-good", "--gp-late"];

interface Column {
  name: string;
  values: (number | null)[];
}

function number(text: string): number | null {
  const value = Number.parseFloat(text.replaceAll(/[,\s%％]/g, ""));
  return Number.isFinite(value) ? value : null;
}

function read(table: HTMLTableElement): { labels: string[]; columns: Column[] } {
  const heads = [...table.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent?.trim() ?? "");
  const rows = [...table.querySelectorAll("tbody tr")];
  const labels = rows.map((row) => row.querySelector("th")?.textContent?.trim() ?? "");
  const columns = heads.map((name, index) => ({
    name,
    values: rows.map((row) => number(row.querySelectorAll("td")[index]?.textContent ?? "")),
  }));
  return { labels, columns };
}

function draw(host: HTMLElement, table: HTMLTableElement): void {
  const colour = (name: string): string => getComputedStyle(host).getPropertyValue(name).trim();
  const { labels, columns } = read(table);
  const text = { color: colour("--gp-muted"), fontFamily: colour("--gp-font") };
  // On a phone the names do not fit in one row; they are paged instead of lying over the picture.
  const narrow = host.clientWidth < 640;
  const chart = init(host, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    color: PALETTE.map(colour),
    textStyle: text,
    legend: { bottom: 0, type: narrow ? "scroll" : "plain", textStyle: text, icon: "roundRect" },
    grid: { left: 8, right: 8, top: 16, bottom: 40, containLabel: true },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: labels, axisLabel: text, axisLine: { lineStyle: { color: colour("--gp-line-strong") } } },
    yAxis: { type: "value", axisLabel: text, splitLine: { lineStyle: { color: colour("--gp-line") } } },
    series: columns.map(({ name, values }) => ({ name, type: host.dataset["chart"] === "line" ? "line" : "bar", data: values, barMaxWidth: 28 })),
  });
  new ResizeObserver(() => chart.resize()).observe(host);
  host.dataset["chart"] = "ready";
}

for (const host of document.querySelectorAll<HTMLElement>("[data-chart]")) {
  const table = document.getElementById(host.dataset["table"] ?? "");
  if (table instanceof HTMLTableElement) draw(host, table);
}
