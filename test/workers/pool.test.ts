import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { runShard } from '../../src/plan/run.js';
import { planBlobOf } from '../../src/queue/names.js';
import type { ShardTask } from '../../workers/compute.js';
import { Ending } from '../../workers/ending.js';
import type { Together } from '../../workers/hands.js';
import {
  ComputeAborted,
  ComputeFailure,
  FailedTogether,
  openPool,
  type Pool,
} from '../../workers/pool.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { until } from '../until.js';
import { fixture } from './fixtures/forked.js';
import { begun, makeGate, openGate } from './fixtures/gate.js';

let removeGate: () => void;
before(() => {
  removeGate = makeGate();
  openGate();
});
after(() => {
  removeGate();
});

const COMPUTE = new URL('../../workers/compute.js', import.meta.url).pathname;
const never = new Ending();

function endingAfter(milliseconds: number): Ending {
  const ending = new Ending();
  setTimeout(() => {
    ending.end('late');
  }, milliseconds);
  return ending;
}

async function withPool(
  computePath: string,
  body: (pool: Pool) => Promise<void>,
  { threads = 2, least = 1, most = 1 } = {},
): Promise<void> {
  const together = (): Together => ({ least, most });
  const pool = openPool({ computePath, threads, threadMemoryMb: 64, together });
  try {
    await body(pool);
  } finally {
    await pool.destroy();
  }
}

function sharedOf(plan: Plan): ShardTask['plan'] {
  const { text, hash } = planBlobOf(plan);
  const encoded = new TextEncoder().encode(text);
  const bytes = new SharedArrayBuffer(encoded.length);
  new Uint8Array(bytes).set(encoded);
  return { hash, bytes };
}

function taskOf(plan: Plan, index: number): ShardTask {
  const shard = shardsOf(plan)[index];
  assert.ok(shard !== undefined);
  return { plan: sharedOf(plan), shard, done: new SharedArrayBuffer(16), before: [] };
}

test('threads compute what this thread computes, also when plans alternate', async () => {
  await withPool(COMPUTE, async (pool) => {
    const plans = [smallPlan({ shards: 2 }), smallPlan({ shards: 3, input: '2' })];
    for (const plan of [...plans, ...plans]) {
      const shards = shardsOf(plan);
      const tallies = await Promise.all(
        shards.map(({ index }) => pool.shard(taskOf(plan, index), never)),
      );
      assert.deepEqual(
        tallies,
        shards.map((shard) => runShard(plan, shard, () => undefined)),
      );
      assert.equal(await pool.merge({ plan: sharedOf(plan), tallies }, never), localResult(plan));
    }
  });
});

test('each way to die is told apart, and the pool lives on', async () => {
  const plan = smallPlan({ shards: 2 });
  const ways = [
    ['throwing', 1, 'threw'],
    ['eating', 0, 'out-of-memory'],
    ['exiting', 0, 'crashed'],
    ['unloadable', 0, 'crashed'],
  ] as const;
  for (const [name, index, kind] of ways) {
    await withPool(fixture(name), async (pool) => {
      for (let time = 1; time <= 3; time++) {
        await assert.rejects(pool.shard(taskOf(plan, index), never), (error) => {
          assert.ok(error instanceof ComputeFailure, name);
          assert.equal(error.kind, kind, name);
          return true;
        });
      }
    });
  }
});

test('an abort ends a tight loop, and one that came too early starts nothing', async () => {
  await withPool(fixture('spinning'), async (pool) => {
    const plan = smallPlan({ input: '3' });
    const { hash } = planBlobOf(plan);
    const early = new Ending();
    early.end('stopped');
    await assert.rejects(pool.shard(taskOf(plan, 0), early), ComputeAborted);
    for (let time = 1; time <= 5; time++) {
      const ending = new Ending();
      const spinning = pool.shard(taskOf(plan, 0), ending);
      await until('the loop spins', () => begun(hash).length === time);
      ending.end('stopped');
      await assert.rejects(spinning, ComputeAborted);
    }
  });
});

test('killing threads while they load their entry never ends the process', async () => {
  const shards = shardsOf(smallPlan({ shards: 2 }));
  await withPool(COMPUTE, async (pool) => {
    const task = taskOf(smallPlan({ shards: 2 }), 0);
    // A thread takes some tens of milliseconds to load: every stage of it is hit.
    for (let delay = 0; delay < 120; delay += 3) {
      const ends = [delay, delay + 1].map((within) =>
        pool.shard(task, endingAfter(within)).catch((error: unknown) => error),
      );
      for (const end of await Promise.all(ends)) {
        assert.ok(end instanceof ComputeAborted || typeof end === 'string');
      }
    }
    const text = await pool.shard(task, never);
    assert.equal(
      text,
      runShard(smallPlan({ shards: 2 }), shards[0] as (typeof shards)[0], () => undefined),
    );
  });
});

const kindOf = (error: unknown): string =>
  error instanceof ComputeFailure
    ? error.kind
    : error instanceof Error
      ? error.name
      : String(error);

test('shards that wait are computed together, in any company, each as if alone', async () => {
  const plans = [smallPlan({ shards: 5, input: '20' }), smallPlan({ shards: 5, input: '21' })];
  const all = plans.flatMap((plan) => shardsOf(plan).map((shard) => ({ plan, shard })));
  await withPool(
    COMPUTE,
    async (pool) => {
      const ends = all.map(({ plan, shard }) =>
        pool.shard(taskOf(plan, shard.index), never, shard.index !== 3),
      );
      const truth = all.map(({ plan, shard }) => runShard(plan, shard, () => undefined));
      assert.deepEqual(await Promise.all(ends), truth);
    },
    { most: 3 },
  );
});

test('shards are shared out among threads, but for those that take less than it takes to wake one', async () => {
  const plan = smallPlan({ shards: 4, input: '23' });
  const failures = async (least: number): Promise<string[]> => {
    let ends: string[] = [];
    await withPool(
      fixture('throwing'),
      async (pool) => {
        ends = await Promise.all(
          shardsOf(plan).map(({ index }) =>
            pool.shard(taskOf(plan, index), never, true).then(() => 'computed', kindOf),
          ),
        );
      },
      { least, most: 4 },
    );
    return ends;
  };
  // Whoever shares a message with shard 1 is not answered.
  const [computed, failed] = ['computed', FailedTogether.name];
  assert.deepEqual(await failures(1), [failed, failed, computed, computed]);
  assert.deepEqual(await failures(3), [failed, failed, failed, computed]);
});

test('a thread that fails with several in hand blames none; alone each ends as it does', async () => {
  const ways = [
    ['throwing', 1, 'threw'],
    ['eating', 0, 'out-of-memory'],
    ['exiting', 0, 'crashed'],
  ] as const;
  for (const [name, culprit, kind] of ways) {
    const plan = smallPlan({ shards: 3, input: '21' });
    await withPool(
      fixture(name),
      async (pool) => {
        const all = (inCompany: boolean): Promise<string[]> =>
          Promise.all(
            shardsOf(plan).map(({ index }) =>
              pool.shard(taskOf(plan, index), never, inCompany).catch(kindOf),
            ),
          );
        assert.deepEqual(await all(true), Array(3).fill(FailedTogether.name), name);
        const alone = await all(false);
        assert.equal(alone[culprit], kind, name);
        // `exiting` ends its thread at each of them.
        if (name === 'exiting') return;
        for (const { index, ...range } of shardsOf(plan).filter((one) => one.index !== culprit)) {
          const truth = runShard(plan, { index, ...range }, () => undefined);
          assert.equal(alone[index], truth, name);
        }
      },
      { threads: 1, most: 3 },
    );
  }
});

test('an abort of one of several kills their thread, and the others are asked for alone', async () => {
  const plan = smallPlan({ shards: 3, input: '22' });
  const { hash } = planBlobOf(plan);
  await withPool(
    fixture('spinning'),
    async (pool) => {
      for (const [time, culprit] of [0, 1, 2].entries()) {
        const ending = new Ending();
        const ends = [0, 1, 2].map((index) =>
          pool.shard(taskOf(plan, index), index === culprit ? ending : never, true),
        );
        const kinds = Promise.all(ends.map((end) => end.catch(kindOf)));
        await until('the loop spins', () => begun(hash).length === time + 1);
        ending.end('stopped');
        assert.deepEqual(
          await kinds,
          [0, 1, 2].map((index) => (index === culprit ? ComputeAborted : FailedTogether).name),
        );
      }
      const ending = new Ending();
      const alone = pool.shard(taskOf(plan, 0), ending);
      const behind = pool.shard(taskOf(plan, 1), ending, true);
      await until('the loop spins', () => begun(hash).length === 4);
      ending.end('stopped');
      await assert.rejects(alone, ComputeAborted);
      await assert.rejects(behind, ComputeAborted);
      assert.deepEqual(begun(hash), [0, 0, 0, 0], 'nobody else ever began');
    },
    { threads: 1, most: 3 },
  );
});
