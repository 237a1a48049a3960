import { describe, expect, it } from 'vitest';
import { comparedChart } from '../../src/report/charts/compared.js';
import { renderChart } from '../../src/report/charts/render.js';

const exponential = (count: number, meanNs: number) =>
  Float64Array.from({ length: count }, (_, i) => 1000 - meanNs * Math.log(1 - (i + 0.5) / count));

describe('the picture of two worlds', () => {
  const a = exponential(5000, 2000);
  const b = exponential(4000, 4000);
  const chart = comparedChart('darc', ['simulated', 'real'], [{ type: 'SHORT', a, b }]);

  it('has the share of requests that took longer, down to one request', () => {
    const [first, second] = chart.panels[0]!.series;
    expect(first!.points[0]).toEqual({ x: a[0], y: 1 });
    expect(first!.points.at(-1)).toEqual({ x: a.at(-1), y: 1 / 5000 });
    expect(second!.points.at(-1)).toEqual({ x: b.at(-1), y: 1 / 4000 });
    // At a point of the curve just that share of the values is not below it.
    for (const { x, y } of first!.points) expect(a.filter((ns) => ns >= x).length / 5000).toBeCloseTo(y!, 12);
  });

  it('has quantile against quantile, on the diagonal where they are equal', () => {
    const same = comparedChart('darc', ['simulated', 'real'], [{ type: 'SHORT', a, b: a }]);
    const points = same.panels[1]!.series.find(({ name }) => name === 'SHORT')!.points;
    expect(points.length).toBeGreaterThan(50);
    for (const { x, y } of points) expect(y).toBe(x);
    const apart = chart.panels[1]!.series.find(({ name }) => name === 'SHORT')!.points;
    expect(apart.at(-1)!.y! / apart.at(-1)!.x).toBeCloseTo(0.52, 1);
  });

  it('can be drawn, also of nothing', () => {
    expect(renderChart(chart)).toContain('<svg');
    const nothing = new Float64Array();
    expect(renderChart(comparedChart('x', ['a', 'b'], [{ type: 'SHORT', a: nothing, b: nothing }]))).toContain('<svg');
  });
});
