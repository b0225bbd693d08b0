// What a worker has on the phone: one database for each account, its contents sealed with a key that cannot be taken out.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";

// Which account this phone shows without network; removed when anybody signs in, so that only its owner sees it again.
const HERE = "groundplan.field";

export type State = "draft" | "waiting" | "conflict" | "done";

export interface Problem {
  code: string;
  text: string;
  fields: string[];
}

export interface ReportPart {
  text: string;
  kind: string;
  category: string;
  component: string;
  urgency: string;
  place: string;
  point: [number, number] | null;
  cell: string;
}

export interface TaskPart {
  task: string;
  seen: number;
  outcome: string;
  data: Record<string, string>;
  note: string;
}

export interface CommentPart {
  case: string;
  text: string;
}

export interface Body {
  title: string;
  done_at: string;
  report?: ReportPart;
  task?: TaskPart;
  comment?: CommentPart;
  case?: string;
  problem?: Problem;
  number?: string;
}

export interface Work {
  key: string;
  state: State;
  order: number;
  tries: number;
  next_at: number;
  body: Body;
}

export interface Photo {
  key: string;
  work: string;
  uploaded: boolean;
  blob: Blob;
}

interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

type KeptWork = Omit<Work, "body"> & { sealed: Sealed };
type KeptPhoto = Omit<Photo, "blob"> & { sealed: Sealed; order: number };

interface Shape extends DBSchema {
  keys: { key: string; value: CryptoKey };
  meta: { key: string; value: Sealed };
  works: { key: string; value: KeptWork };
  photos: { key: string; value: KeptPhoto; indexes: { work: string } };
}

export interface Here {
  account: string;
  unsent: number;
}

export function here(): Here | null {
  try {
    return JSON.parse(localStorage.getItem(HERE) ?? "null") as Here | null;
  } catch {
    return null;
  }
}

export function setHere(account: string, unsent: number): void {
  localStorage.setItem(HERE, JSON.stringify({ account, unsent }));
}

function nameOf(account: string): string {
  return `groundplan-field-${account}`;
}

/** A UUID of version 7 (RFC 9562): keys sort in the order in which they were made. */
export function uuid7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let now = Date.now();
  for (let place = 5; place >= 0; place--) {
    bytes[place] = now % 256;
    now = Math.floor(now / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

export class Store {
  private constructor(
    readonly account: string,
    private readonly db: IDBPDatabase<Shape>,
    private readonly key: CryptoKey,
  ) {}

  static async open(account: string, gone: () => void): Promise<Store> {
    const db = await openDB<Shape>(nameOf(account), 1, {
      upgrade(made) {
        made.createObjectStore("keys");
        made.createObjectStore("meta");
        made.createObjectStore("works", { keyPath: "key" });
        made.createObjectStore("photos", { keyPath: "key" }).createIndex("work", "work");
      },
      // Another tab signs out: give way, so that the data can be deleted.
      blocking(_from, _to, event) {
        (event.target as IDBDatabase).close();
        gone();
      },
    });
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const writing = db.transaction("keys", "readwrite");
    const known = await writing.store.get("seal");
    if (!known) await writing.store.put(fresh, "seal");
    await writing.done;
    return new Store(account, db, known ?? fresh);
  }

  private async seal(plain: ArrayBuffer): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, plain) };
  }

  private async sealText(value: unknown): Promise<Sealed> {
    return this.seal(new TextEncoder().encode(JSON.stringify(value)).buffer as ArrayBuffer);
  }

  private unseal(sealed: Sealed): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, this.key, sealed.data);
  }

  private async unsealText<T>(sealed: Sealed): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.unseal(sealed))) as T;
  }

  async read<T>(name: string): Promise<T | null> {
    const sealed = await this.db.get("meta", name);
    return sealed ? this.unsealText<T>(sealed) : null;
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.db.put("meta", await this.sealText(value), name);
  }

  async readPicture(name: string): Promise<Blob | null> {
    const sealed = await this.db.get("meta", `picture:${name}`);
    return sealed ? new Blob([await this.unseal(sealed)], { type: "image/jpeg" }) : null;
  }

  async writePicture(name: string, picture: Blob): Promise<void> {
    await this.db.put("meta", await this.seal(await picture.arrayBuffer()), `picture:${name}`);
  }

  async keepPictures(names: Set<string>): Promise<void> {
    for (const key of await this.db.getAllKeys("meta")) {
      if (key.startsWith("picture:") && !names.has(key.slice(8))) await this.db.delete("meta", key);
    }
  }

  async works(): Promise<Work[]> {
    const kept = await this.db.getAll("works");
    const found = await Promise.all(
      kept.map(async ({ sealed, ...rest }) => ({ ...rest, body: await this.unsealText<Body>(sealed) })),
    );
    return found.sort((a, b) => a.order - b.order || a.key.localeCompare(b.key));
  }

  async work(key: string): Promise<Work | null> {
    return (await this.works()).find((each) => each.key === key) ?? null;
  }

  async photos(work: string): Promise<Photo[]> {
    const kept = (await this.db.getAllFromIndex("photos", "work", work)).sort((a, b) => a.order - b.order);
    return Promise.all(
      kept.map(async ({ sealed, order: _order, ...rest }) => ({
        ...rest,
        blob: new Blob([await this.unseal(sealed)], { type: "image/jpeg" }),
      })),
    );
  }

  /** Work and its new photos in one transaction: both are there, or neither. */
  async save(work: Work, photos?: Photo[]): Promise<void> {
    const { body, ...rest } = work;
    const sealed = await this.sealText(body);
    const kept = await Promise.all(
      (photos ?? []).map(async ({ blob, ...each }, order) => ({
        ...each,
        order,
        work: work.key,
        sealed: await this.seal(await blob.arrayBuffer()),
      })),
    );
    const writing = this.db.transaction(["works", "photos"], "readwrite");
    const made: Promise<unknown>[] = [writing.objectStore("works").put({ ...rest, sealed })];
    if (photos) {
      const wanted = new Set(kept.map((each) => each.key));
      for (const key of await writing.objectStore("photos").index("work").getAllKeys(work.key)) {
        if (!wanted.has(key)) made.push(writing.objectStore("photos").delete(key));
      }
      made.push(...kept.map((each) => writing.objectStore("photos").put(each)));
    }
    await Promise.all([...made, writing.done]);
  }

  async markPhoto(key: string, uploaded: boolean): Promise<void> {
    const writing = this.db.transaction("photos", "readwrite");
    const kept = await writing.store.get(key);
    if (kept) await writing.store.put({ ...kept, uploaded });
    await writing.done;
  }

  async remove(key: string): Promise<void> {
    const writing = this.db.transaction(["works", "photos"], "readwrite");
    for (const photo of await writing.objectStore("photos").index("work").getAllKeys(key)) {
      void writing.objectStore("photos").delete(photo);
    }
    void writing.objectStore("works").delete(key);
    await writing.done;
  }

  close(): void {
    this.db.close();
  }
}

/** Everything of an account, and the shell: what signing out leaves behind is nothing. */
export async function wipe(account: string): Promise<void> {
  localStorage.removeItem(HERE);
  await deleteDB(nameOf(account));
  for (const name of await caches.keys()) if (name.startsWith("groundplan-field")) await caches.delete(name);
}

/** Of an account that is no longer the one at hand: forgotten, unless work of it waits to be sent. */
export async function leave(store: Store): Promise<void> {
  const waiting = (await store.works()).some((each) => each.state !== "done");
  store.close();
  if (!waiting) await deleteDB(nameOf(store.account));
}
