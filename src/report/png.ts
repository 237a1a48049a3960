/** SVG to PNG, with the font that comes with psp, so that it looks the same on every machine. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { initWasm, Resvg } from '@resvg/resvg-wasm';

const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];
/** Two pixels for each of the SVG: sharp on the screens of today. */
const ZOOM = 2;

const require = createRequire(import.meta.url);
let ready: Promise<Uint8Array[]> | undefined;

export async function svgToPng(svg: string): Promise<Uint8Array> {
  ready ??= initialise();
  const fontBuffers = await ready;
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: ZOOM },
    font: { fontBuffers, defaultFontFamily: 'DejaVu Sans', loadSystemFonts: false },
  });
  try {
    return image.render().asPng();
  } finally {
    image.free();
  }
}

async function initialise(): Promise<Uint8Array[]> {
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return FONTS.map((name) => readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}`)));
}
