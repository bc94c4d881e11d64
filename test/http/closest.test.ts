import assert from 'node:assert/strict';
import test from 'node:test';
import { closest } from '../../src/http/closest.js';

const FORMATS = ['float32', 'float16', 'bfloat16', 'e4m3fn', 'e5m2', 'int8', 'uint8'];

test('names what was probably meant, nearest first', () => {
  assert.deepEqual(closest('bfloat61', FORMATS), ['bfloat16']);
  assert.deepEqual(closest('FLOAT-32', FORMATS), ['float32', 'float16']);
  assert.deepEqual(closest('int9', FORMATS), ['int8']);
});

test('names nothing where nothing is near, or the name is no name', () => {
  assert.deepEqual(closest('decimal128', FORMATS), []);
  assert.deepEqual(closest('e4m3fn'.repeat(20), FORMATS), []);
});
