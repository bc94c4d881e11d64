/** The figures of the service as Markdown, each beside its goal. Only writes: measures nothing. */
import { CONNECTIONS, ratioOf as httpRatioOf, spreadOf, type HttpFigures } from './http/measure.js';
import { markdownTable, median } from './machine.js';
import type { Backlog } from './queue/backlog.js';
import { speedupOf, type Scaling } from './queue/scaling.js';
import { ratioOf, type Throughput } from './queue/throughput.js';

/** What was measured; a part that was not is null. */
export interface ServiceFigures {
  readonly http: HttpFigures | null;
  readonly throughput: Throughput | null;
  readonly scaling: Scaling | null;
  readonly backlog: Backlog | null;
}

/** The goals of the project. */
export const GOALS = { http: 0.7, spread: 3, shards: 0.8, workers: 1.8 } as const;

const whole = (number: number): string => number.toFixed(0);
const least = (ratio: number, goal: number): string =>
  `${ratio.toFixed(2)} (at least ${String(goal)})`;
const most = (ratio: number, goal: number): string =>
  `${ratio.toFixed(2)} (at most ${String(goal)})`;

/** Smallest and largest, to show how far rounds differ. */
function spanOf(numbers: readonly number[]): string {
  return `${whole(Math.min(...numbers))}–${whole(Math.max(...numbers))}`;
}

function httpSection({ beside, busy }: HttpFigures): string[] {
  return [
    '## Answering over HTTP',
    '',
    `${String(CONNECTIONS)} connections, the service and a bare Fastify route in turns, each in a process of its own over the same Redis.`,
    'The bare route does the same Redis calls through a connection set up alike and sends the same JSON body. It leaves',
    'out what the service is for: the route of Fastify has no schema, hook, plugin or log, checks neither key nor body, and',
    'sends no header field but the four of Node. The service logs nothing here either. Load generator and Redis share the',
    'machine with both.',
    '',
    markdownTable(
      ['request', 'service, requests/s', 'rounds', 'bare, requests/s', 'rounds', 'service / bare'],
      beside.map((each) => [
        each.name,
        whole(median(each.ours)),
        spanOf(each.ours),
        whole(median(each.bare)),
        spanOf(each.bare),
        least(httpRatioOf(each), GOALS.http),
      ]),
    ),
    '',
    'While a worker process computes on one thread:',
    '',
    markdownTable(
      ['request', 'median, ms', '99th percentile, ms', '99th / median', 'the job'],
      busy.map((each) => [
        each.name,
        String(median(each.p50)),
        String(median(each.p99)),
        most(spreadOf(each), GOALS.spread),
        each.state,
      ]),
    ),
    '',
  ];
}

function throughputSection({ shards, bare, atOnce, counting }: Throughput): string[] {
  const row = (name: string, perSecond: readonly number[], ratio: string): string[] => [
    name,
    whole(median(perSecond)),
    spanOf(perSecond),
    ratio,
  ];
  return [
    '## Shards per second',
    '',
    `Jobs of ${String(shards)} shards, each from its submission until it is final, beside a bare BullMQ flow of the same shape whose`,
    "processors do nothing, in turns, in one process that is started as a worker's is, with as many in hand. *At once*:",
    'so do the compute threads of the service; the rest is its records, events and stored tallies, and the way to a thread',
    'and back. *Counting*: the threads count three or four points each.',
    '',
    markdownTable(
      ['', 'shards/s', 'rounds', 'by bare'],
      [
        row('bare BullMQ flow', bare, ''),
        row('service, at once', atOnce, least(ratioOf(atOnce, bare), GOALS.shards)),
        row('service, counting', counting, ratioOf(counting, bare).toFixed(2)),
      ],
    ),
    '',
  ];
}

function scalingSection(scaling: Scaling): string[] {
  const times = (seconds: readonly number[]): string =>
    seconds.map((each) => each.toFixed(1)).join(', ');
  return [
    '## Two workers',
    '',
    `A job of ${String(scaling.shards)} shards by one worker process and by two, one thread each, in turns; the clock runs from the`,
    'submission, with the threads warm. The ratio is that of the least times: whoever else uses the cores only adds to them.',
    '',
    markdownTable(
      ['one worker, s', 'two workers, s', 'one / two'],
      [[times(scaling.one), times(scaling.two), least(speedupOf(scaling), GOALS.workers)]],
    ),
    '',
  ];
}

function backlogSection(backlog: Backlog): string[] {
  const pair = ([first, second]: readonly [number, number]): string =>
    `${whole(first)}, ${whole(second)}`;
  return [
    '## A backlog',
    '',
    `${String(backlog.jobs)} jobs of one shard wait before any worker is there, then one process with two threads works them off.`,
    '',
    markdownTable(
      ['', ''],
      [
        ['submitted per second', whole(backlog.submittedPerSecond)],
        ['done per second', whole(backlog.donePerSecond)],
        ['bytes of Redis per waiting job: first half, second half', pair(backlog.bytesPerJob)],
        [
          'resident MiB of the process that submits and works: after a tenth, at the end',
          pair(backlog.residentMb),
        ],
        ['furthest that a job ended from its place in the order', whole(backlog.furthest)],
        ['succeeded', whole(backlog.succeeded)],
        ['lost', whole(backlog.lost)],
      ],
    ),
    '',
  ];
}

/** The sections of what was measured. */
export function sections({ http, throughput, scaling, backlog }: ServiceFigures): string {
  return [
    ...(http === null ? [] : httpSection(http)),
    ...(throughput === null ? [] : throughputSection(throughput)),
    ...(scaling === null ? [] : scalingSection(scaling)),
    ...(backlog === null ? [] : backlogSection(backlog)),
  ].join('\n');
}

/** The whole of `bench/service.md`. */
export function document(
  machine: readonly string[],
  date: string,
  figures: ServiceFigures,
): string {
  return [
    '# The service, measured',
    '',
    `Made by \`npm run bench -- http queue\` on ${date}, which writes this file; nothing here is written by hand. Figures are medians`,
    'over alternating rounds, and only the ratios, which are within a round, say much of another machine. Goals in brackets.',
    '',
    ...machine.map((line) => `- ${line}`),
    '',
    sections(figures),
  ].join('\n');
}
