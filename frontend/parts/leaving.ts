// Field work on this phone: signing out deletes what is kept of it, after a warning; signing in asks anew whose it is.
const HERE = "groundplan.field";

async function wipe(account: string): Promise<void> {
  localStorage.removeItem(HERE);
  await new Promise<void>((done) => {
    const asked = indexedDB.deleteDatabase(`groundplan-field-${account}`);
    asked.onsuccess = asked.onerror = asked.onblocked = () => done();
  });
  for (const name of await caches.keys()) if (name.startsWith("groundplan-field")) await caches.delete(name);
}

export function startLeaving(root: Document): void {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    const kept = localStorage.getItem(HERE);
    if (!(form instanceof HTMLFormElement) || !kept) return;
    if (form.querySelector("input[type=password]")) localStorage.removeItem(HERE);
    const warning = form.dataset["unsent"];
    if (warning === undefined) return;
    event.preventDefault();
    const { account, unsent } = JSON.parse(kept) as { account: string; unsent: number };
    if (unsent && !window.confirm(warning)) return;
    void wipe(account).finally(() => form.submit());
  });
}
