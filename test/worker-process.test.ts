/** The watch over the worker process: a machine that cannot fork must not end the service. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import test from 'node:test';
import { startWorkerProcess } from '../src/worker-process.js';

test('a worker that cannot even be started is tried again, and the watch can be ended', async () => {
  const log = new EventEmitter();
  const deaths: object[] = [];
  const real = process.execPath;
  process.execPath = `${real}-that-is-not-there`;
  try {
    const worker = startWorkerProcess('redis://127.0.0.1:1', {
      info: () => undefined,
      warn: (fields) => {
        deaths.push(fields);
        log.emit('death');
      },
    });
    await once(log, 'death');
    await once(log, 'death');
    assert.equal(worker.pid, null);
    await worker.stop();
    for (const death of deaths) {
      assert.equal((death as { err: NodeJS.ErrnoException }).err.code, 'ENOENT');
    }
  } finally {
    process.execPath = real;
  }
});
