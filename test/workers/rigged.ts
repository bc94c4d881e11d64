/** One Redis and one gate per test file; per test a rig of its own, the gate shut. */
import { after, before, test } from 'node:test';
import type { Plan } from '../../src/plan/plan.js';
import { planBlobOf } from '../../src/queue/names.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { begun, closeGate, makeGate, openGate } from './fixtures/gate.js';
import { openRig, type Rig } from './rig.js';

/** Call it once per file; gives what defines a test. */
export function rigs(): (
  name: string,
  body: (rig: Rig, server: PrivateRedis) => Promise<void>,
) => void {
  let server: PrivateRedis;
  let removeGate: () => void;
  before(async () => {
    removeGate = makeGate();
    server = await privateRedis();
  });
  after(async () => {
    await server.stop();
    removeGate();
  });
  return (name, body) => {
    test(name, async () => {
      closeGate();
      const rig = await openRig(server, name.replace(/[^a-z]+/g, '-'));
      try {
        await body(rig, server);
      } finally {
        openGate();
        await rig.close();
      }
    });
  };
}

/** The shards of the plan that were begun, in order, with repeats. */
export function begunOf(plan: Plan): number[] {
  return begun(planBlobOf(plan).hash);
}

/** Resolves when so many shards of the plan have begun. */
export async function whenBegun(plan: Plan, count: number): Promise<void> {
  await until(`${String(count)} shards have begun`, () => begunOf(plan).length >= count);
}
