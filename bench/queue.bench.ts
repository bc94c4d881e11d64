/**
 * The queue: shards per second beside bare BullMQ, two workers beside one, ten thousand jobs waiting.
 * Prints ratios measured in this run, each beside its goal; ends with 1 where a job was lost.
 */
import { privateRedis } from '../test/redis-fixture.js';
import { measureBacklog } from './queue/backlog.js';
import { measureScaling, speedupOf } from './queue/scaling.js';
import { measureThroughput, ratioOf } from './queue/throughput.js';

const BACKLOG_JOBS = 10_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const whole = (numbers: readonly number[]): string =>
  numbers.map((each) => each.toFixed(0)).join(' ');
const tenths = (numbers: readonly number[]): string =>
  numbers.map((each) => each.toFixed(1)).join(' ');

const server = await privateRedis();
const throughput = await measureThroughput(server, { shards: 1000, rounds: 9, threads: 2 });
say(`shards per second, bare BullMQ:  ${whole(throughput.bare)}`);
say(`shards per second, this service: ${whole(throughput.ours)}`);
say(`ratio of medians: ${ratioOf(throughput).toFixed(2)} (goal: at least 0.8)`);

const scaling = await measureScaling(server, 3);
say(`\nseconds for a job of ${String(scaling.shards)} shards, one worker:  ${tenths(scaling.one)}`);
say(`seconds for a job of ${String(scaling.shards)} shards, two workers: ${tenths(scaling.two)}`);
say(
  `two workers are ${speedupOf(scaling).toFixed(2)} × one (goal on two idle cores: at least 1.8)`,
);

const backlog = await measureBacklog(server, BACKLOG_JOBS);
say(`\n${String(backlog.jobs)} jobs waiting, then worked off by two threads`);
say(`submitted per second: ${backlog.submittedPerSecond.toFixed(0)}`);
say(`done per second: ${backlog.donePerSecond.toFixed(0)}`);
say(`bytes of Redis per waiting job, first and second half: ${whole(backlog.bytesPerJob)}`);
say(`resident MiB after a tenth and at the end: ${whole(backlog.residentMb)}`);
say(`furthest that a job ended from its place: ${String(backlog.furthest)}`);
say(`succeeded: ${String(backlog.succeeded)}, lost: ${String(backlog.lost)}`);
await server.stop();
process.exit(backlog.lost === 0 ? 0 : 1);
