/**
 * Coverage of the ways that wide formats are sampled by, on a network that can be counted: in rationals
 * alone, where what all units in front being dead gives is known and not drawn; and behind the filters,
 * with rows of the first layer drawn for their ties alone.
 */
import { test } from 'node:test';
import { covers, known, relu, ternary } from '../engine/sample/coverage.js';

const layers = [relu(2), relu(1), { type: 'dense', units: 1 }];
const each = known('1-2-1-1, ternary', { network: { inputs: [[1]], layers }, format: ternary });

test('in rationals', () => {
  covers(each, 'conditional', { kernel: false, filter: false });
});

test('behind the filters', () => {
  covers(each, 'conditional', { kernel: false });
});
