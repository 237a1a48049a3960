/** A log of a real OpenTelemetry exporter: spans of its SDK, as its JSON serializer writes them. */

import { type HrTime, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';

/** A request of the service: ns after the first one, what it is, and how long it took, ns. */
export type Served = readonly [atNs: number, route: string, durationNs: number];

const BASE_SECONDS = 1_709_294_400;
/** Spans of one export, which is one line of the file. */
const BATCH = 16;

function hrTime(ns: number): HrTime {
  return [BASE_SECONDS + Math.floor(ns / 1e9), ns % 1e9];
}

/** Each request is a span of a server, in which there is a call of a client; a line is what one export sends. */
export async function otlpLog(requests: readonly Served[]): Promise<string> {
  const lines: string[] = [];
  const exporter: SpanExporter = {
    export(spans: ReadableSpan[], done) {
      lines.push(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans)));
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const processor = new BatchSpanProcessor(exporter, { maxExportBatchSize: BATCH, maxQueueSize: 4 * requests.length });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer('shop "[{spans}]"', '1.0.0');
  for (const [atNs, route, durationNs] of requests) {
    const served = tracer.startSpan(route, { kind: SpanKind.SERVER, startTime: hrTime(atNs), root: true });
    served.setAttributes({ 'http.route': route, 'url.full': '/x?"spans":[{]}', retries: 3, flags: [true, false] });
    served.addEvent('cache "miss"', { spans: '[{' }, hrTime(atNs));
    const within = trace.setSpan(ROOT_CONTEXT, served);
    const called = tracer.startSpan('SELECT', { kind: SpanKind.CLIENT, startTime: hrTime(atNs) }, within);
    called.end(hrTime(atNs + Math.floor(durationNs / 2)));
    served.setStatus({ code: SpanStatusCode.ERROR, message: 'no, "not" now\n}' });
    served.end(hrTime(atNs + durationNs));
  }
  await provider.shutdown();
  return `${lines.join('\n')}\n`;
}
