import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bag } from '../../workers/bag.js';
import { runs } from '../arbitraries.js';

test('a bag holds what a set would', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })), { maxLength: 60 }),
      (steps) => {
        const items = Array.from({ length: 10 }, (_, name) => ({ name, place: -1 }));
        const bag = new Bag<(typeof items)[number]>();
        const set = new Set<(typeof items)[number]>();
        for (const [adds, name] of steps) {
          const item = items[name] as (typeof items)[number];
          if (!adds) assert.equal(bag.remove(item), set.delete(item));
          else if (!set.has(item)) {
            bag.add(item);
            set.add(item);
          }
          assert.equal(bag.size, set.size);
          assert.deepEqual(new Set(bag.items()), set);
          for (const each of items) assert.equal(each.place === -1, !set.has(each));
        }
      },
    ),
    runs(200),
  );
});

test('what is done with the items may take them out', () => {
  const bag = new Bag<{ place: number }>();
  const items = [0, 1, 2].map(() => ({ place: -1 }));
  items.forEach((item) => {
    bag.add(item);
  });
  for (const item of bag.items()) assert.ok(bag.remove(item));
  assert.equal(bag.size, 0);
  assert.equal(new Bag<{ place: number }>().remove(items[0] as { place: number }), false);
});
