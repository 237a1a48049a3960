/** SVG to PNG, with the font that comes with psp, so that it looks the same on every machine. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { FONT } from './font.js';

/**
 * Two pixels for each of the SVG, sharp on the screens of today; less for pictures that would have more pixels than
 * this, and files of hundreds of kB.
 */
const ZOOM = 2;
const MOST_PIXELS = 0.9e6;

const require = createRequire(import.meta.url);
let ready: Promise<Uint8Array> | undefined;

export async function svgToPng(svg: string): Promise<Uint8Array> {
  ready ??= initialise();
  const font = { fontBuffers: [await ready], defaultFontFamily: 'DejaVu Sans', loadSystemFonts: false };
  const zoom = Math.min(ZOOM, Math.sqrt(MOST_PIXELS / areaOf(svg)));
  const image = new Resvg(svg, { fitTo: { mode: 'zoom', value: zoom }, font });
  try {
    return image.render().asPng();
  } finally {
    image.free();
  }
}

/** Of the picture, px², from the size that its root states. */
function areaOf(svg: string): number {
  const [, width, height] = /^<svg[^>]*? width="([\d.]+)"[^>]*? height="([\d.]+)"/.exec(svg) ?? [];
  return Number(width ?? 1) * Number(height ?? 1);
}

async function initialise(): Promise<Uint8Array> {
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return readFileSync(FONT);
}
