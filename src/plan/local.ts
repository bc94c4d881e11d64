/**
 * The whole road in one process and one thread: the oracle that every distributed run is compared
 * with, and the library use of gradcert.
 */
import type { Result } from '../schemas/result.js';
import { shardsOf, type Plan } from './plan.js';
import { mergeTallies, resultText } from './result.js';
import { runShard } from './run.js';
import { isSettledText, tallyToText } from './wire.js';

/** *Exact.* The canonical text of the plan's result, shard after shard; no time limit is kept. */
export function runLocally(plan: Plan): string {
  const tallies: string[] = [];
  for (const shard of shardsOf(plan)) {
    const ending = { before: tallies, isOver: () => false };
    tallies.push(runShard(plan, shard, () => undefined, ending));
    if (!isSettledText(tallies.at(-1) ?? '')) continue;
    // Nothing more is drawn: one tally answers for all that is left.
    const covers = BigInt(plan.range) - BigInt(shard.to);
    const rest = { covers, done: 0n, ended: 'settled', sums: new Map() } as const;
    tallies.push(tallyToText({ kind: 'sample', tally: rest }));
    break;
  }
  return resultText(plan, mergeTallies(plan, tallies));
}

/** *Exact.* The same, read back. */
export function resultLocally(plan: Plan): Result {
  return JSON.parse(runLocally(plan)) as Result;
}
