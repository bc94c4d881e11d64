/** Cones cut constraint by constraint against one exact linear program over all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { integer, isZero, sign, type Rational } from '../../../src/engine/num/rational.js';
import {
  canAllBePositive,
  cutBy,
  directionIn,
  wholeSpace,
  type Cone,
} from '../../../src/engine/truth/cone.js';
import { dot } from '../../../src/engine/truth/linear.js';
import { runs } from '../../arbitraries.js';

/** Few small numbers, so that rows depend on each other and borders meet. */
const rows = fc.integer({ min: 1, max: 4 }).chain((width) =>
  fc.array(
    fc
      .array(fc.integer({ min: -2, max: 2 }), { minLength: width, maxLength: width })
      .map((row): Rational[] => row.map((entry) => integer(entry)))
      .filter((row) => !row.every(isZero)),
    { minLength: 1, maxLength: 9 },
  ),
);

test('a cone is empty exactly where the linear program says so, and its points lie inside', () => {
  const seen = { empty: 0, open: 0 };
  fc.assert(
    fc.property(rows, (all) => {
      const width = all[0]?.length ?? 0;
      let cone: Cone | null = wholeSpace(width);
      for (const [k, row] of all.entries()) {
        cone = cutBy(cone, row);
        const before = all.slice(0, k + 1);
        assert.equal(cone !== null, canAllBePositive(before));
        if (cone === null) {
          seen.empty += 1;
          return;
        }
        for (const point of [directionIn(cone, width), cone.span.pointWith(cone.inside)]) {
          for (const each of before) assert.equal(sign(dot(each, point)), 1);
        }
      }
      seen.open += 1;
    }),
    runs(300),
  );
  if (runs(300).numRuns >= 100) assert.ok(Math.min(seen.empty, seen.open) > 30, 'one kind is rare');
});
