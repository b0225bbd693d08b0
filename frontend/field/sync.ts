// Sends what waits, in order, each piece under its own key until the server has said yes; what it refuses is kept.
import type { Bundle, Session } from "./bundle";
import { forReading } from "./photos";
import type { Problem, Store, Work } from "./store";

export type Line = "online" | "offline" | "signin" | "other" | "refused";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 10 * 60_000;
const PATIENCE_MS = 60_000;
const MOST_PICTURES = 60;
const DONE_KEPT = 20;

/** The answer is not there, or not one that says anything about the work: try again later. */
class Later extends Error {
  constructor(readonly wait: number) {
    super("later");
  }
}

class SignedOut extends Error {}

/** The server has said no to this piece of work. */
class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly missing: string[],
  ) {
    super(problem.code);
  }
}

interface ProblemDocument {
  type?: string;
  title?: string;
  detail?: string;
  next_step?: string;
  missing?: string[];
  fields?: { field?: string }[];
}

function problemOf(found: ProblemDocument, status: number): Problem {
  const code = (found.type ?? "").split(":").pop() || String(status);
  const text = [found.detail || found.title || String(status), found.next_step ?? ""].filter(Boolean).join(" ");
  return { code, text, fields: (found.fields ?? []).map((each) => each.field ?? "").filter(Boolean) };
}

export class Sync {
  private csrf = "";

  constructor(
    private readonly api: string,
    private readonly store: Store,
    private readonly changed: () => void,
  ) {}

  private async ask(path: string, options: RequestInit = {}): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(this.api + path, {
        ...options,
        headers: { Accept: "application/json", "X-CSRFToken": this.csrf, ...options.headers },
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    } catch {
      throw new Later(0);
    }
    if (answer.ok) return answer;
    if (answer.status === 401) throw new SignedOut();
    if (answer.status === 429 || answer.status === 408 || answer.status >= 500) {
      throw new Later(Number(answer.headers.get("Retry-After") ?? "0") * 1000);
    }
    const found = (await answer.json().catch(() => ({}))) as ProblemDocument;
    const problem = problemOf(found, answer.status);
    // Another sign-in in this browser: the session, its token or its account is not the one that was asked before.
    if (problem.code === "field-account-differs" || (answer.status === 403 && problem.text.includes("CSRF"))) {
      throw new SignedOut();
    }
    throw new Refused(problem, found.missing ?? []);
  }

  /** One round: who is signed in, everything that waits, then what there is to take along. */
  async round(hurry: boolean): Promise<Line> {
    // Another tab may be at it: whoever is in a hurry waits for its end, since it may have begun before this work.
    const locked = await navigator.locks.request(
      `groundplan-field-${this.store.account}`,
      { ifAvailable: !hurry },
      async (lock) => (lock ? this.exchange(hurry) : null),
    );
    // It tells this one when it has done something.
    return locked ?? "online";
  }

  private async exchange(hurry: boolean): Promise<Line> {
    try {
      const session = (await (await this.ask("/session")).json()) as Session;
      if (session.account !== this.store.account) return "other";
      this.csrf = session.csrf;
      const sent = await this.drain(hurry);
      await this.fetchBundle();
      return sent ? "online" : "offline";
    } catch (error) {
      if (error instanceof SignedOut) return "signin";
      if (error instanceof Later) return "offline";
      if (error instanceof Refused) return "refused";
      throw error;
    }
  }

  /** Sends in order; whether the server could be reached for all that was due. */
  private async drain(hurry: boolean): Promise<boolean> {
    for (const work of (await this.store.works()).filter((each) => each.state === "waiting")) {
      if (!hurry && work.next_at > Date.now()) return true;
      try {
        await this.send(work, true);
      } catch (error) {
        if (error instanceof Refused) {
          await this.store.save({ ...work, state: "conflict", body: { ...work.body, problem: error.problem } });
        } else if (error instanceof Later) {
          const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(work.tries, 12));
          const next_at = Date.now() + Math.max(error.wait, wait * (0.75 + Math.random() / 2));
          await this.store.save({ ...work, tries: work.tries + 1, next_at });
          this.changed();
          return false;
        } else throw error;
      }
      this.changed();
    }
    return true;
  }

  private async send(work: Work, again: boolean): Promise<void> {
    const photos = await this.store.photos(work.key);
    for (const photo of photos.filter((each) => !each.uploaded)) {
      const form = new FormData();
      form.append("file", photo.blob, `${photo.key}.jpg`);
      await this.ask(`/photos/${photo.key}`, { method: "POST", body: form });
      await this.store.markPhoto(photo.key, true);
    }
    const { done_at, report, task, comment } = work.body;
    const sent = {
      account: this.store.account,
      done_at,
      sent_at: new Date().toISOString(),
      photos: photos.map((each) => each.key),
      report,
      task,
      comment,
    };
    try {
      const answer = await this.ask(`/works/${work.key}`, {
        method: "PUT",
        body: JSON.stringify(sent),
        headers: { "Content-Type": "application/json" },
      });
      const { number } = (await answer.json()) as { number: string };
      await this.finish(work, number);
    } catch (error) {
      if (!(error instanceof Refused) || !error.missing.length || !again) throw error;
      // The server has forgotten photos that waited too long: they are sent again.
      for (const key of error.missing) await this.store.markPhoto(key, false);
      await this.send(work, false);
    }
  }

  private async finish(work: Work, number: string): Promise<void> {
    const { title, done_at } = work.body;
    await this.store.save({ ...work, state: "done", body: { title, done_at, number } }, []);
    const done = (await this.store.works()).filter((each) => each.state === "done");
    for (const old of done.slice(0, Math.max(0, done.length - DONE_KEPT))) await this.store.remove(old.key);
  }

  private async fetchBundle(): Promise<void> {
    const found = (await (await this.ask("/bundle")).json()) as Bundle;
    await this.store.write("bundle", found);
    await this.store.write("synced", new Date().toISOString());
    this.changed();
    await this.fetchPictures(found);
  }

  private async fetchPictures(found: Bundle): Promise<void> {
    const wanted = found.tasks.flatMap((task) => task.pictures.map((each) => each.file)).slice(0, MOST_PICTURES);
    await this.store.keepPictures(new Set(wanted));
    for (const file of wanted) {
      if (await this.store.readPicture(file)) continue;
      try {
        const answer = await fetch(`/files/${file}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
        if (answer.ok) await this.store.writePicture(file, await forReading(await answer.blob()));
      } catch {
        return; // Pictures are a help; the work goes on without them.
      }
    }
  }
}
