/**
 * The queue: shards per second beside bare BullMQ, two workers beside one, ten thousand jobs waiting.
 * Prints ratios measured in this run, each beside its goal; ends with 1 where a job was lost.
 * `--only=throughput`, `scaling` or `backlog` measures that alone; `--jobs=N` makes another backlog.
 */
import { privateRedis, type PrivateRedis } from '../test/redis-fixture.js';
import { measureBacklog } from './queue/backlog.js';
import { measureScaling, speedupOf } from './queue/scaling.js';
import { measureThroughput, ratioOf } from './queue/throughput.js';

const option = (name: string): string | undefined =>
  process.argv.flatMap((word) => new RegExp(`^--${name}=(.+)$`).exec(word)?.[1] ?? []).at(0);
const only = option('only');
const jobs = Number(option('jobs') ?? 10_000);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const whole = (numbers: readonly number[]): string =>
  numbers.map((each) => each.toFixed(0)).join(' ');
const tenths = (numbers: readonly number[]): string =>
  numbers.map((each) => each.toFixed(1)).join(' ');

async function throughput(server: PrivateRedis): Promise<void> {
  const measured = await measureThroughput(server, { shards: 1000, rounds: 9, threads: 2 });
  say(`shards per second, bare BullMQ:  ${whole(measured.bare)}`);
  for (const [what, ours] of [
    ['threads that answer at once', measured.atOnce],
    ['threads that count', measured.counting],
  ] as const) {
    say(`shards per second, this service, ${what}: ${whole(ours)}`);
    say(`median of the ratios: ${ratioOf(ours, measured.bare).toFixed(2)} (goal: at least 0.8)`);
  }
}

async function scaling(server: PrivateRedis): Promise<void> {
  const measured = await measureScaling(server, 3);
  const job = `seconds for a job of ${String(measured.shards)} shards`;
  say(`${job}, one worker:  ${tenths(measured.one)}`);
  say(`${job}, two workers: ${tenths(measured.two)}`);
  say(`two are ${speedupOf(measured).toFixed(2)} × one (goal on two idle cores: at least 1.8)`);
}

/** Whether none was lost. */
async function backlog(server: PrivateRedis): Promise<boolean> {
  const measured = await measureBacklog(server, jobs);
  say(`${String(measured.jobs)} jobs waiting, then worked off by two threads`);
  say(`submitted per second: ${measured.submittedPerSecond.toFixed(0)}`);
  say(`done per second: ${measured.donePerSecond.toFixed(0)}`);
  say(`bytes of Redis per waiting job, first and second half: ${whole(measured.bytesPerJob)}`);
  say(`resident MiB after a tenth and at the end: ${whole(measured.residentMb)}`);
  say(`furthest that a job ended from its place: ${String(measured.furthest)}`);
  say(`succeeded: ${String(measured.succeeded)}, lost: ${String(measured.lost)}`);
  return measured.lost === 0;
}

const server = await privateRedis();
if (only === undefined || only === 'throughput') await throughput(server);
if (only === undefined || only === 'scaling') await scaling(server);
const kept = only === undefined || only === 'backlog' ? await backlog(server) : true;
await server.stop();
process.exit(kept ? 0 : 1);
