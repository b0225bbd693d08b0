// Draws the marks of the map: a shape and a colour for each state, a disc with a number for a cluster, names of areas.

export type Tone = "neutral" | "info" | "active" | "good" | "warn" | "late" | "paused";
const SIZE = 22;
const RATIO = 2;

export interface Drawing {
  data: ImageData;
  pixelRatio: number;
}

function token(name: string, host: Element): string {
  return getComputedStyle(host).getPropertyValue(name).trim() || "#888";
}

function surface(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * RATIO);
  canvas.height = Math.ceil(height * RATIO);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no drawing surface");
  context.scale(RATIO, RATIO);
  return context;
}

function finish(context: CanvasRenderingContext2D): Drawing {
  return { data: context.getImageData(0, 0, context.canvas.width, context.canvas.height), pixelRatio: RATIO };
}

const SHAPES: Record<Tone, (path: CanvasRenderingContext2D) => void> = {
  neutral: (path) => path.arc(11, 11, 5.5, 0, 2 * Math.PI),
  info: (path) => path.arc(11, 11, 5, 0, 2 * Math.PI),
  active: (path) => path.arc(11, 11, 6, 0, 2 * Math.PI),
  good: (path) => path.rect(5.5, 5.5, 11, 11),
  warn: (path) => { path.moveTo(11, 3); path.lineTo(19, 11); path.lineTo(11, 19); path.lineTo(3, 11); path.closePath(); },
  late: (path) => { path.moveTo(11, 3); path.lineTo(20, 18.5); path.lineTo(2, 18.5); path.closePath(); },
  paused: (path) => { path.rect(5, 4.5, 4.5, 13); path.rect(12.5, 4.5, 4.5, 13); },
};

export function stateMark(tone: Tone, host: Element): Drawing {
  const context = surface(SIZE, SIZE);
  context.beginPath();
  SHAPES[tone](context);
  context.lineWidth = 4;
  context.strokeStyle = token("--gp-surface", host);
  context.stroke();
  const colour = token(`--gp-${tone}`, host);
  context.fillStyle = tone === "neutral" ? token("--gp-surface", host) : colour;
  context.fill();
  context.lineWidth = 1.75;
  context.strokeStyle = colour;
  context.stroke();
  if (tone === "active") {
    context.beginPath();
    context.arc(11, 11, 4.2, Math.PI / 2, -Math.PI / 2);
    context.fillStyle = token("--gp-surface", host);
    context.fill();
  }
  return finish(context);
}

export function clusterMark(count: number, late: boolean, host: Element): Drawing {
  const text = count > 999 ? `${Math.floor(count / 1000)}k` : String(count);
  const radius = 12 + Math.min(10, Math.log10(count) * 5);
  const size = 2 * radius + 4;
  const context = surface(size, size);
  context.beginPath();
  // A cluster that holds something overdue has corners, so that colour is not the only sign.
  if (late) context.roundRect(2, 2, 2 * radius, 2 * radius, 4);
  else context.arc(radius + 2, radius + 2, radius, 0, 2 * Math.PI);
  context.fillStyle = token(late ? "--gp-late" : "--gp-active", host);
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = token("--gp-surface", host);
  context.stroke();
  context.font = `600 12px ${token("--gp-font", host)}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = token("--gp-surface", host);
  context.fillText(text, radius + 2, radius + 2.5);
  return finish(context);
}

export function nameMark(text: string, host: Element): Drawing {
  const font = `500 12px ${token("--gp-font", host)}`;
  const measure = surface(1, 1);
  measure.font = font;
  const width = measure.measureText(text).width + 8;
  const context = surface(width, 18);
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = token("--gp-sunk", host);
  context.strokeText(text, width / 2, 9);
  context.fillStyle = token("--gp-muted", host);
  context.fillText(text, width / 2, 9);
  return finish(context);
}
