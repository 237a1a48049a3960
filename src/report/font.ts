/** The font of pictures. It comes with psp, so that a picture looks the same on every machine. */

/** Copied into dist/ by the build; sources that run as they are take it from its package. */
export const FONT = new URL(
  `${import.meta.url.endsWith('.ts') ? '../../node_modules/dejavu-fonts-ttf/ttf' : '../fonts'}/DejaVuSans.ttf`,
  import.meta.url,
);
