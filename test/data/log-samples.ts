/** A log in each of the formats that psp reads: two requests, `GET /item/:id` of 5 ms, and after 20 ms `POST /order`. */

import hdr from 'hdr-histogram-js';

const UA = '"-" "curl/8.5.0"';
const FIRST = '1709294400';

export const LOGS: Readonly<Record<string, string>> = {
  csv: `\uFEFF"request id","time stamp","endpoint","took (ms)"\r\n1,2024-03-01T12:00:00.000Z,GET /item/:id,5\r\n2,2024-03-01T12:00:00.020Z,POST /order,1.5\r\n`,
  tsv: `start_time\troute\tlatency_us\n${FIRST}000000\tGET /item/:id\t5000\n${FIRST}020000\tPOST /order\t1500\n`,
  'json-lines': `{"ts":"2024-03-01T12:00:00.000Z","http":{"route":"GET /item/:id","status":200},"duration_ms":5}
{"ts":"2024-03-01T12:00:00.020Z","http":{"route":"POST /order","status":201},"duration_ms":1.5}\n`,
  nginx: `10.0.0.1 - - [01/Mar/2024:12:00:00 +0000] "GET /item/17?a=1 HTTP/1.1" 200 612 ${UA} 0.005
10.0.0.1 - - [01/Mar/2024:12:00:00 +0000] "POST /order HTTP/1.1" 201 12 ${UA} 0.001\n`,
  haproxy: `Mar  1 12:00:00 host haproxy[14389]: 10.0.1.2:33317 [01/Mar/2024:12:00:00.000] http-in static/srv1 0/0/1/3/5 200 2750 - - ---- 1/1/1/1/0 0/0 {haproxy.1wt.eu} {} "GET /item/17 HTTP/1.1"
Mar  1 12:00:00 host haproxy[14389]: 10.0.1.2:33318 [01/Mar/2024:12:00:00.020] http-in static/srv1 0/0/0/1/2 201 12 - - ---- 1/1/1/1/0 0/0 "POST /order HTTP/1.1"\n`,
  envoy: `[2024-03-01T12:00:00.000Z] "GET /item/17 HTTP/1.1" 200 - 0 11 5 4 "-" "curl" "0f7e" "host" "10.0.0.9:80"
[2024-03-01T12:00:00.020Z] "POST /order HTTP/1.1" 201 - 3 11 2 1 "-" "curl" "0f7f" "host" "10.0.0.9:80"\n`,
  otlp: `{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":"x"},"spans":[
{"traceId":"a","spanId":"b","name":"GET /item/:id","kind":2,"startTimeUnixNano":"${FIRST}000000000","endTimeUnixNano":"${FIRST}005000000","attributes":[{"key":"s","value":{"stringValue":"}]"}}]},
{"traceId":"a","spanId":"c","name":"SELECT","kind":3,"startTimeUnixNano":"${FIRST}001000000","endTimeUnixNano":"${FIRST}002000000"}]}]}]}
{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"POST /order","kind":2,"startTimeUnixNano":"${FIRST}020000000","endTimeUnixNano":"${FIRST}021500000"}]}]}]}\n`,
  jaeger: `{"data":[{"traceID":"a","spans":[
 {"operationName":"GET /item/:id","startTime":${FIRST}000000,"duration":5000,"tags":[{"key":"span.kind","value":"server"}]},
 {"operationName":"SELECT","startTime":${FIRST}001000,"duration":1000,"tags":[{"key":"span.kind","value":"client"}]},
 {"operationName":"POST /order","startTime":${FIRST}020000,"duration":1500,"tags":[{"key":"span.kind","value":"server"}]}]}]}`,
  'azure-functions-2021': `app,func,end_timestamp,duration\na1,GET /item/:id,100.005,0.005\na1,POST /order,100.0215,0.0015\n`,
};

/** Distributions: 1000 values of 5 ms, 100 of 100 ms. */
export function distributionLogs(): Readonly<Record<string, string>> {
  const histogram = hdr.build({ useWebAssembly: false, bitBucketSize: 64 });
  for (let i = 0; i < 1100; i++) histogram.recordValue(i < 1000 ? 5_000_000 : 100_000_000);
  const encoded = hdr.encodeIntoCompressedBase64(histogram);
  return {
    'hdr-histogram': `#[Histogram log format version 1.3]\n"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\nTag=GET,0.127,10.000,100.000,${encoded}\n`,
    prometheus: `# TYPE http_seconds histogram
http_seconds_bucket{handler="GET",le="0.0049"} 0
http_seconds_bucket{handler="GET",le="0.0051"} 1000
http_seconds_bucket{handler="GET",le="0.099"} 1000
http_seconds_bucket{handler="GET",le="0.101"} 1100
http_seconds_bucket{handler="GET",le="+Inf"} 1100
http_seconds_sum{handler="GET"} 15\n`,
    wrk2: `Running 30s test @ http://127.0.0.1:80/index.html
  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       4.990     0.000000            1         1.00
       5.010     0.909000         1000        11.00
      99.990     0.910000         1000        11.10
     100.010     1.000000         1100          inf
#[Mean    =        13.640, StdDeviation   =        0.300]
Requests/sec:    110.00\n`,
  };
}
