import { substream } from '../../src/workload/random.js';

/** Name, share, and mean demand in ns. */
const ENDPOINTS = [
  ['GET /item/:id', 0.7, 20e3],
  ['POST /order', 0.29, 100e3],
  ['GET /<script>alert(1), "all"', 0.01, 1e6],
] as const;
const WORKERS = 4;

/** The CSV that a service of four workers at load 0.7 logs: response times, first come, first served. */
export function accessLog(requests: number): string {
  const random = substream(1, 'arrivals');
  const exponential = () => -Math.log(1 - random());
  const meanNs = ENDPOINTS.reduce((sum, [, share, mean]) => sum + share * mean, 0);
  const freeNs = new Array<number>(WORKERS).fill(0);
  let now = 0;
  const lines = Array.from({ length: requests }, () => {
    now += (meanNs / WORKERS / 0.7) * exponential();
    const arrival = Math.floor(now);
    const u = random();
    const [name, , mean] = ENDPOINTS[u < 0.7 ? 0 : u < 0.99 ? 1 : 2];
    const worker = freeNs.indexOf(Math.min(...freeNs));
    freeNs[worker] = Math.max(arrival, freeNs[worker]!) + Math.round(mean * (0.5 + 0.5 * exponential()));
    const time = new Date(1_709_294_400_000 + Math.floor(arrival / 1e6)).toISOString().slice(0, -1);
    const below = String(arrival % 1e6).padStart(6, '0');
    const cell = name.includes(',') ? `"${name.replaceAll('"', '""')}"` : name;
    return `${time}${below}Z,${cell},200,${((freeNs[worker] - arrival) / 1e6).toFixed(6)}`;
  });
  return `timestamp,endpoint,status,latency_ms\n${lines.join('\n')}\n`;
}
