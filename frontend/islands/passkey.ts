// Passkeys: asks the browser for what the form's data say, and sends the answer with the form.

type Json = Record<string, unknown>;

function toBytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function described(list: unknown): PublicKeyCredentialDescriptor[] {
  const rows = (list ?? []) as { id: string; type: "public-key" }[];
  return rows.map((row) => ({ ...row, id: toBytes(row.id) }));
}

async function asked(kind: string, options: Json): Promise<PublicKeyCredential> {
  const challenge = toBytes(options["challenge"] as string);
  if (kind === "get") {
    const publicKey = { ...options, challenge, allowCredentials: described(options["allowCredentials"]) };
    return (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  }
  const user = options["user"] as { id: string; name: string; displayName: string };
  const publicKey = {
    ...options,
    challenge,
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: described(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  return (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
}

function written(made: PublicKeyCredential): string {
  const response: Json = { clientDataJSON: toText(made.response.clientDataJSON) };
  if (made.response instanceof AuthenticatorAttestationResponse) {
    response["attestationObject"] = toText(made.response.attestationObject);
  } else if (made.response instanceof AuthenticatorAssertionResponse) {
    response["authenticatorData"] = toText(made.response.authenticatorData);
    response["signature"] = toText(made.response.signature);
  }
  return JSON.stringify({ id: made.id, rawId: made.id, type: made.type, response, clientExtensionResults: {} });
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.querySelector<HTMLInputElement>("input[name=answer]");
    const failed = form.querySelector<HTMLElement>("[data-passkey-failed]");
    if (failed) failed.hidden = true;
    asked(form.dataset["passkey"] ?? "", JSON.parse(form.dataset["options"] ?? "{}") as Json)
      .then((made) => {
        if (field) field.value = written(made);
        form.submit();
      })
      .catch(() => {
        if (failed) failed.hidden = false;
      });
  });
}
