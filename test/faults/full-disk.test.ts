/**
 * The disk of Redis runs full: nothing is taken that could not be kept, nothing computed is lost,
 * and all goes on once there is room. Needs a small file system of its own, so root and tmpfs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { QueueUnavailable } from '../../src/queue/job-queue.js';
import { planBlobOf } from '../../src/queue/names.js';
import { smallPlan } from '../queue/plans.js';
import { until } from '../until.js';
import { fixture, PROCESS } from '../workers/fixtures/forked.js';
import { begun, closeGate, makeGate, openGate } from '../workers/fixtures/gate.js';
import { localResult } from '../workers/local-result.js';
import { killProcesses, startApi } from './processes.js';
import { openScene, type Scene } from './scene.js';

const SIZE_MB = 8;
const removeGate = makeGate();
after(() => {
  killProcesses();
  removeGate();
});

function run(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

async function fillAndFree(scene: Scene, disk: string): Promise<void> {
  closeGate();
  const plan = smallPlan({ shards: 6, input: '1' });
  const { job } = await scene.ask((queue) => queue.submit(plan));
  scene.work(PROCESS, [fixture('gated')]);
  await until('a shard has begun', () => begun(planBlobOf(plan).hash).length > 0);

  const ballast = join(disk, 'ballast');
  await assert.rejects(writeFile(ballast, Buffer.alloc(2 * SIZE_MB * 2 ** 20)), { code: 'ENOSPC' });
  const taken: string[] = [];
  await until('it is noticed', () =>
    scene.queue.submit(smallPlan({ input: String(100 + taken.length) })).then(
      (answer) => {
        taken.push(answer.job.id);
        return false;
      },
      (error: unknown) => {
        assert.ok(error instanceof QueueUnavailable, String(error));
        return true;
      },
    ),
  );
  assert.equal((await scene.queue.get(job.id))?.state, 'running', 'reading goes on');
  const api = await startApi(scene.environment(scene.apiWire));
  const refused = await fetch(`${api.url}/jobs/${job.id}/cancel`, { method: 'POST' });
  const problem = (await refused.json()) as { code: string };
  assert.deepEqual([refused.status, problem.code], [503, 'queue-unavailable']);
  assert.notEqual(refused.headers.get('retry-after'), null);
  // The shards are computed now and cannot be stored yet.
  openGate();
  await rm(ballast);
  const record = await scene.final(job.id);
  assert.equal(record.state, 'succeeded', JSON.stringify(record.error));
  assert.equal(await scene.queue.result(job.id), localResult(plan));
  // Acknowledged before the server knew that its disk is full, and not lost either.
  for (const id of taken) assert.equal((await scene.final(id)).state, 'succeeded');
}

test('a full disk: 503 while it lasts, and the job in hand ends with the same digits', async (t) => {
  const disk = await mkdtemp(join(tmpdir(), 'gradcert-disk-'));
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${String(SIZE_MB)}m`, 'tmpfs', disk)) {
    await rm(disk, { recursive: true, force: true });
    t.skip('a small file system cannot be mounted here (needs root)');
    return;
  }
  const scene = await openScene('disk', { directory: disk });
  try {
    assert.ok(scene !== null);
    await fillAndFree(scene, disk);
  } finally {
    killProcesses();
    await scene?.end();
    run('umount', '--lazy', disk);
    await rm(disk, { recursive: true, force: true });
  }
});
