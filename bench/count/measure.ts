/**
 * Counts one case, in a process of its own so that its peak memory is its own: `measure.js NAME`.
 * Prints a Measurement as JSON. The first count is that of a process which has counted nothing
 * before; it is repeated while all of them take less than a second together.
 */
import { pathToFileURL } from 'node:url';
import { spaceSize } from '../../src/engine/index.js';
import { caseNamed, networkOf } from './cases.js';
import { countsOf, type Counted } from './counting.js';

export type Measurement =
  | { readonly refused: string }
  | {
      readonly refused: null;
      readonly method: string;
      /** Counts over Ω, in digits. */
      readonly touched: string;
      readonly nonDifferentiable: string;
      readonly incorrect: string;
      /** nonDifferentiable / |Ω|, cut to 15 decimals. */
      readonly density: number;
      readonly states: number;
      readonly operations: number | null;
      readonly estimate: { states: string; operations: string; seconds: number } | null;
      readonly firstSeconds: number;
      /** Of the later counts, one by one; empty where the first took long. */
      readonly againSeconds: readonly number[];
      /** Bytes of resident memory: before the first count, and the most until its end. */
      readonly residentBefore: number;
      readonly residentPeak: number;
    };

const MOST_COUNTS = 30;
const ENOUGH_SECONDS = 1;

function timed(count: () => Counted): { seconds: number; counted: Counted } {
  const start = performance.now();
  const counted = count();
  return { seconds: (performance.now() - start) / 1000, counted };
}

function measure(name: string): Measurement {
  const { network, proxies } = networkOf(caseNamed(name));
  const residentBefore = process.memoryUsage.rss();
  let first: ReturnType<typeof timed>;
  try {
    first = timed(() => countsOf(network, proxies));
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
  const residentPeak = process.resourceUsage().maxRSS * 1024;
  const againSeconds: number[] = [];
  let spent = first.seconds;
  while (spent < ENOUGH_SECONDS && againSeconds.length < MOST_COUNTS) {
    const { seconds } = timed(() => countsOf(network, proxies));
    againSeconds.push(seconds);
    spent += seconds;
  }
  const { counted } = first;
  const { estimate } = counted;
  const scale = 10n ** 15n;
  return {
    refused: null,
    method: counted.method,
    touched: String(counted.touched),
    nonDifferentiable: String(counted.nonDifferentiable),
    incorrect: String(counted.incorrect),
    density: Number((counted.nonDifferentiable * scale) / spaceSize(network)) / Number(scale),
    states: counted.states,
    operations: counted.operations,
    estimate:
      estimate === null
        ? null
        : {
            states: String(estimate.states),
            operations: String(estimate.operations),
            seconds: estimate.seconds,
          },
    firstSeconds: first.seconds,
    againSeconds,
    residentBefore,
    residentPeak,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(measure(process.argv[2] ?? ''))}\n`);
}
