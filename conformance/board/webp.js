/** Converts a screenshot to WebP, on a page that has no policy of another site. */
export async function webp(context, png) {
  const plain = await context.newPage();
  const converted = await plain.evaluate(async (png) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: picture.width, height: picture.height });
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return canvas.toDataURL("image/webp", 0.82).split(",")[1];
  }, png);
  await plain.close();
  return Buffer.from(converted, "base64");
}
