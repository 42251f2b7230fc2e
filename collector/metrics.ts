/** The collector's own measurements, as Prometheus text (GET /metrics). */

type Labels = Record<string, string>;

/** Upper bounds of insert durations, seconds. */
const secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class CollectorMetrics {
  readonly requests = new Counter('callscope_collector_requests_total', 'OTLP requests by signal and status');
  readonly records = new Counter('callscope_collector_records_total', 'Records accepted, by signal');
  readonly refused = new Counter(
    'callscope_collector_refused_records_total',
    'Records refused, by signal and reason',
  );
  readonly quotaRefusals = new Counter(
    'callscope_collector_quota_refusals_total',
    'Requests refused for a quota, by quota',
  );
  readonly errors = new Counter('callscope_collector_errors_total', 'Requests refused, by code');
  readonly rows = new Counter('callscope_collector_rows_total', 'Rows acknowledged by ClickHouse, by table');
  readonly insertFailures = new Counter(
    'callscope_collector_insert_failures_total',
    'Failed inserts, by table',
  );
  readonly bodyBytes = new Counter('callscope_collector_body_bytes_total', 'Bytes received, as sent');
  readonly insertSeconds = new Histogram('callscope_collector_insert_seconds', 'Duration of inserts');
  readonly putAsideRows = new Counter(
    'callscope_collector_put_aside_rows_total',
    'Rows that ClickHouse refused, kept as files, by table',
  );
  readonly bufferedRows = new Gauge(
    'callscope_collector_buffered_rows',
    'Rows in memory, not yet in ClickHouse',
  );
  readonly bufferedBytes = new Gauge('callscope_collector_buffered_bytes', 'Bytes of blocks on their way');
  readonly spoolBytes = new Gauge('callscope_collector_spool_bytes', 'Bytes of requests on disk');
  readonly spoolMaxBytes = new Gauge('callscope_collector_spool_max_bytes', 'Bound of the spool, bytes');
  readonly lagSeconds = new Gauge(
    'callscope_collector_lag_seconds',
    'Age of the oldest row that is not in ClickHouse',
  );
  readonly ready = new Gauge('callscope_collector_ready', '1 while requests are taken');
  readonly storeTakesRows = new Gauge(
    'callscope_collector_clickhouse_takes_rows',
    '1 while ClickHouse takes rows, 0 while the spool holds them for it',
  );
  readonly residentBytes = new Gauge('process_resident_memory_bytes', 'Resident memory of the process');
  readonly cpuSeconds = new Gauge('process_cpu_seconds_total', 'CPU time of the process', 'counter');

  render(): string {
    return Object.values(this)
      .map((metric: Counter | Histogram | Gauge) => metric.render())
      .join('');
  }
}

/** One counter of one set of labels, for those who count often: the labels are written out once. */
export interface Series {
  readonly labels: Labels;
  value: number;
}

class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Map<string, Series>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(value: number, labels: Labels = {}): void {
    this.series(labels).value += value;
  }

  /** Shown from now on, from 0. */
  series(labels: Labels): Series {
    const text = seriesText(labels);
    let series = this.#series.get(text);
    if (!series) {
      series = { labels, value: 0 };
      this.#series.set(text, series);
    }
    return series;
  }

  get points(): readonly Readonly<Series>[] {
    return [...this.#series.values()];
  }

  render(): string {
    const lines = [...this.#series].map(([labels, { value }]) => `${this.#name}${labels} ${value}\n`);
    return header(this.#name, this.#help, 'counter') + lines.join('');
  }
}

class Gauge {
  readonly #name: string;
  readonly #help: string;
  readonly #type: string;
  value = 0;

  constructor(name: string, help: string, type = 'gauge') {
    this.#name = name;
    this.#help = help;
    this.#type = type;
  }

  render(): string {
    return `${header(this.#name, this.#help, this.#type)}${this.#name} ${this.value}\n`;
  }
}

class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #buckets = secondsBounds.map(() => 0);
  #count = 0;
  #sum = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  observe(seconds: number): void {
    this.#count++;
    this.#sum += seconds;
    secondsBounds.forEach((bound, index) => {
      if (seconds <= bound) this.#buckets[index]!++;
    });
  }

  render(): string {
    const buckets = secondsBounds.map(
      (bound, i) => `${this.#name}_bucket{le="${bound}"} ${this.#buckets[i]}\n`,
    );
    const total = `${this.#name}_bucket{le="+Inf"} ${this.#count}\n`;
    const rest = `${this.#name}_sum ${this.#sum}\n${this.#name}_count ${this.#count}\n`;
    return header(this.#name, this.#help, 'histogram') + buckets.join('') + total + rest;
  }
}

const header = (name: string, help: string, type: string) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** Label values here come from our own lists; they need no escaping. */
function seriesText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}
