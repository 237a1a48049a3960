/** Specifications of plots as files, and how they become pictures. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PACKAGE_ROOT } from '../experiment/package-info.js';
import { readText } from '../experiment/plan/files.js';
import { readChecked } from '../input/read-checked.js';
import type { Chart } from '../report/charts/chart.js';
import { renderChart } from '../report/charts/render.js';
import { type PlotSpec, pictureWidth, readPlotSpec } from '../report/plot/plot-spec.js';

/**
 * Reads a specification: a file, or the name of one that comes with psp, `figure-3`.
 *
 * @throws InputError when it cannot be read, or with everything that is wrong
 */
export function readPlotFile(nameOrFile: string): PlotSpec {
  const shipped = join(PACKAGE_ROOT, 'experiments/plots', `${nameOrFile}.yaml`);
  const isShipped = /^figure-\w+$/.test(nameOrFile) && existsSync(shipped);
  const path = isShipped ? shipped : nameOrFile;
  return readChecked(readText(path), path, readPlotSpec, { scalars: 'text' });
}

/** The text of a file that {@link readPlotFile} reads. */
export function plotText(spec: PlotSpec): string {
  // Numbers without quotes and single values without brackets, as people write them.
  const plain = (_: unknown, value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 1 && typeof value[0] === 'string' ? plain(_, value[0]) : value;
    return typeof value === 'string' && String(Number(value)) === value ? Number(value) : value;
  };
  return stringify(spec, plain, { lineWidth: 100 });
}

/** The picture, as SVG. */
export function drawPlot(chart: Chart, { width, title }: PlotSpec): string {
  return renderChart(chart, { ...(width !== undefined && { width: pictureWidth(width) }), title: title !== false });
}
