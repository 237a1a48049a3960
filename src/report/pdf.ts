/** SVG to PDF with text as text, for a paper. Equal pictures give equal bytes. */

import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import svgToPdfkit from 'svg-to-pdfkit';
import { FONT } from './font.js';

/** A pixel of an SVG is 1/96 inch, a point of a PDF 1/72. */
const POINTS_PER_PIXEL = 72 / 96;

/** @param svg a picture whose root states its width and height, px */
export async function svgToPdf(svg: string): Promise<Uint8Array> {
  const [, width, height] = /^<svg[^>]*? width="([\d.]+)"[^>]*? height="([\d.]+)"/.exec(svg) ?? [];
  if (width === undefined || height === undefined) throw new Error('the picture does not state its size');
  const document = new PDFDocument({
    size: [Number(width) * POINTS_PER_PIXEL, Number(height) * POINTS_PER_PIXEL],
    margin: 0,
    font: fileURLToPath(FONT),
    // The date would make every file different.
    info: { CreationDate: new Date(0) },
  });
  const pieces: Uint8Array[] = [];
  document.on('data', (piece: Uint8Array) => pieces.push(piece));
  const ended = new Promise((resolve, reject) => document.once('end', resolve).once('error', reject));
  svgToPdfkit(document, svg, 0, 0, {
    fontCallback: (_family, bold, _italic, options) => {
      options.fauxBold = bold;
      return fileURLToPath(FONT);
    },
  });
  document.end();
  await ended;
  return Buffer.concat(pieces);
}
