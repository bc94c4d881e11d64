/** Laws made as far as they are asked for, against the same laws made whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AskedLaw } from '../../../../src/engine/count/layered/asked-law.js';
import {
  POINT_LAW,
  convolved,
  countAt,
  countBelow,
} from '../../../../src/engine/count/layered/integer-law.js';
import { Meter } from '../../../../src/engine/count/layered/meter.js';
import { runs } from '../../../arbitraries.js';

const values = fc
  .uniqueArray(fc.integer({ min: -12, max: 12 }), { minLength: 1, maxLength: 9 })
  .map((chosen) => Float64Array.from(chosen));

const target = fc.oneof(
  fc.integer({ min: -400, max: 400 }),
  fc.constantFrom(-Infinity, Infinity, -1e9, 1e9),
);

test('an asked law is the whole law, whatever is asked and whatever it was before', () => {
  const meter = new Meter({ maxOperations: 1e12, maxBytes: 1e9, maxWalks: 1 });
  const asked = new AskedLaw(meter);
  const factor = fc.integer({ min: -9, max: 9 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 9 }),
      values,
      fc.array(factor, { minLength: 1, maxLength: 4 }),
      fc.array(target, { minLength: 1, maxLength: 40 }),
      (bias, weight, factors, targets) => {
        const law = convolved(POINT_LAW, Float64Array.from(bias), 1, 1e6, meter);
        fc.pre(law.dense);
        // The last again: what was kept for another law must not answer.
        for (const each of [...factors, factors[0] ?? 0]) {
          asked.become(law, weight, each);
          const whole = convolved(law, weight, each, 1e6, meter);
          for (const asking of [...targets, ...targets]) {
            assert.equal(asked.countAt(asking), countAt(whole, asking));
            assert.equal(asked.countBelow(asking), countBelow(whole, asking));
          }
        }
      },
    ),
    runs(200),
  );
});
