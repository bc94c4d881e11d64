/**
 * The long chaos: `npm run chaos -- --seconds=600 --seed=7 --jobs=9`. Ends with 1 where a job was lost
 * or a digit changed; the seed is printed, so that the faults can be injected again in the same order.
 */
import { chaosText, runChaos } from './chaos.js';
import { killProcesses } from './processes.js';

function option(name: string, otherwise: number): number {
  const given = process.argv.map((word) => new RegExp(`^--${name}=([0-9]+)$`).exec(word)?.[1]);
  const found = given.find((value) => value !== undefined);
  return found === undefined ? otherwise : Number(found);
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
process.once('exit', killProcesses);
const report = await runChaos({
  seed: option('seed', Date.now() % 1_000_000),
  seconds: option('seconds', 120),
  jobs: option('jobs', 6),
  redisAwaySeconds: option('away', 20),
  say,
});
say(chaosText(report));
process.exit(report.lost.length === 0 && report.digitsChanged === 0 ? 0 : 1);
