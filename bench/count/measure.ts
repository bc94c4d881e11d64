/**
 * Counts one case, in a process of its own so that its peak memory is its own: `measure.js NAME`.
 * Prints a Measurement as JSON. The first count is that of a process which has counted nothing
 * before; it is repeated while all of them take less than a second together.
 */
import { pathToFileURL } from 'node:url';
import { spaceSize, type Network, type Proxies } from '../../src/engine/index.js';
import { caseNamed, networkOf } from './cases.js';
import { planOf, type Counted, type Estimate, type Planned } from './counting.js';

/** Times in seconds. */
export interface Times {
  readonly planning: number;
  readonly counting: number;
}

export type Measurement =
  | { readonly refused: string }
  | {
      readonly refused: null;
      readonly method: string;
      readonly estimate: Estimate | null;
      /** Counts over Ω, in digits. */
      readonly touched: string;
      readonly nonDifferentiable: string;
      readonly incorrect: string;
      /** nonDifferentiable / |Ω|, cut to 15 decimals. */
      readonly density: number;
      readonly states: number | null;
      readonly operations: number | null;
      readonly first: Times;
      /** Of the later counts, one by one; empty where the first took long. */
      readonly later: readonly Times[];
      /** Bytes of resident memory: before the first count, and the most until its end. */
      readonly residentBefore: number;
      readonly residentPeak: number;
    };

const MOST_COUNTS = 30;
const ENOUGH_SECONDS = 1;

interface Timed {
  readonly planned: Planned;
  readonly counted: Counted;
  readonly times: Times;
}

function timed(network: Network, proxies: Proxies): Timed {
  const start = performance.now();
  const planned = planOf(network, proxies);
  const middle = performance.now();
  const counted = planned.count();
  const end = performance.now();
  return {
    planned,
    counted,
    times: { planning: (middle - start) / 1000, counting: (end - middle) / 1000 },
  };
}

function measure(name: string): Measurement {
  const { network, proxies } = networkOf(caseNamed(name));
  const residentBefore = process.memoryUsage.rss();
  let first: Timed;
  try {
    first = timed(network, proxies);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
  const residentPeak = process.resourceUsage().maxRSS * 1024;
  const later: Times[] = [];
  let spent = first.times.planning + first.times.counting;
  while (spent < ENOUGH_SECONDS && later.length < MOST_COUNTS) {
    const { times } = timed(network, proxies);
    later.push(times);
    spent += times.planning + times.counting;
  }
  const { planned, counted } = first;
  const scale = 10n ** 15n;
  return {
    refused: null,
    method: planned.method,
    estimate: planned.estimate,
    touched: String(counted.touched),
    nonDifferentiable: String(counted.nonDifferentiable),
    incorrect: String(counted.incorrect),
    density: Number((counted.nonDifferentiable * scale) / spaceSize(network)) / Number(scale),
    states: counted.states,
    operations: counted.operations,
    first: first.times,
    later,
    residentBefore,
    residentPeak,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(measure(process.argv[2] ?? ''))}\n`);
}
