// Photos are drawn anew on the phone: smaller, always JPEG, and without the place and device that a camera writes in.
const LONGEST = 1600;
const SMALL = 640;

async function redrawn(source: Blob, longest: number, quality: number): Promise<Blob> {
  const image = await createImageBitmap(source, { imageOrientation: "from-image" });
  const share = Math.min(1, longest / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * share));
  canvas.height = Math.max(1, Math.round(image.height * share));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no drawing surface");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
  if (!made) throw new Error("the picture cannot be written");
  return made;
}

/** A photo to be handed in; throws for what the browser cannot read, such as HEIC. */
export function forUpload(source: Blob): Promise<Blob> {
  return redrawn(source, LONGEST, 0.82);
}

/** A small copy of a picture of the case, to be looked at without network. */
export function forReading(source: Blob): Promise<Blob> {
  return redrawn(source, SMALL, 0.7);
}
