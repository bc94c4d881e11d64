import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_FORMATS } from '../../../src/engine/format/block.js';
import { FormatError } from '../../../src/engine/format/error.js';
import { lookup } from '../../../src/engine/format/lookup.js';

test('forgives case, punctuation, and prefixes of frameworks', () => {
  const names: [string, string][] = [
    ['E4M3FN', 'float8_e4m3fn'],
    ['fp8-e4m3fn', 'float8_e4m3fn'],
    ['torch.float8_e4m3fn', 'float8_e4m3fn'],
    ['OCP_E4M3FN', 'float8_e4m3fn'],
    ['fp8 e5m2 fnuz', 'float8_e5m2fnuz'],
    ['fp8_e3m4', 'float8_e3m4'],
    ['e2m1', 'float4_e2m1fn'],
    ['float6_e2m3', 'float6_e2m3fn'],
    ['FP-16', 'binary16'],
    ['np.float32', 'binary32'],
    ['jnp.bfloat16', 'bfloat16'],
    ['tf.float64', 'binary64'],
    ['TF32', 'tf32'],
    ['Tensor Float 32', 'tf32'],
    ['DT_INT16', 'int16'],
    ['TensorProto.UINT4', 'uint4'],
    ['Posit<16,1>', 'posit16_es1'],
    ['posit(8, 0)', 'posit8_es0'],
    ['P3109-K8P3SE', 'p3109_k8p3se'],
    ['int4 (narrow range)', 'int4_narrow'],
    ['Q 7.8', 'q7_8'],
    ['q7_8', 'q7_8'],
    ['UQ4.4', 'uq4_4'],
    ['Q1.15 (ARM)', 'q0_15'],
  ];
  for (const [typed, id] of names) assert.equal(lookup(typed).format.id, id, typed);
});

test('IEEE-like E4M3 and OCP E4M3 are told apart as their users do', () => {
  assert.equal(lookup('float8_e4m3').format.id, 'float8_e4m3');
  assert.equal(lookup('F8E4M3').format.id, 'float8_e4m3');
  assert.equal(lookup('jnp.float8_e4m3').format.id, 'float8_e4m3');
  assert.equal(lookup('fp8_e4m3').format.id, 'float8_e4m3fn');
  assert.equal(lookup('e4m3').format.id, 'float8_e4m3fn');
  assert.equal(lookup('OFP8 E4M3').format.id, 'float8_e4m3fn');
});

test('a name with several meanings is read as the usual one, and a note says so', () => {
  const usual: [string, string, RegExp][] = [
    ['e4m3', 'float8_e4m3fn', /"e4m3".*float8_e4m3 .*Read as float8_e4m3fn/],
    ['FP8', 'float8_e4m3fn', /float8_e5m2/],
    ['float8', 'float8_e4m3fn', /float8_e5m2/],
    ['fp8_e4m3', 'float8_e4m3fn', /float8_e4m3 /],
    ['e5m2', 'float8_e5m2', /fnuz/],
    ['fp6', 'float6_e3m2fn', /e2m3/],
    ['fp4', 'float4_e2m1fn', /nvfp4/],
    ['int8', 'int8', /zero point/],
    ['posit8', 'posit8', /es0/],
    ['posit16', 'posit16', /es1/],
    ['tf32', 'tf32', /binary32/],
    ['half', 'binary16', /ARM/],
    ['mxint8', 'mxint8', /block/],
    ['Q8.8', 'q7_8', /ARM/],
    ['Q1.15', 'q0_15', /ARM/],
  ];
  for (const [name, id, note] of usual) {
    const found = lookup(name);
    assert.equal(found.format.id, id);
    assert.match(found.note ?? '', note, name);
  }
  for (const name of ['float8_e4m3fn', 'binary16', 'posit<8,2>', 'Q7.8', 'Q8.8 (ARM)', 'bf16']) {
    assert.equal(lookup(name).note, null, name);
  }
});

function refusal(name: string): FormatError {
  try {
    lookup(name);
  } catch (error) {
    assert.ok(error instanceof FormatError);
    return error;
  }
  assert.fail(`${name} was found`);
}

test('block formats are refused with their reason', () => {
  for (const typed of ['mxfp8', 'MXFP8 E4M3', 'mxfp8_e5m2', 'mxfp6', 'mxfp6-e2m3', 'MXFP4']) {
    const error = refusal(typed);
    assert.equal(error.code, 'block-format');
    assert.match(error.message, /share one E8M0 scale.*not over a product of independent sets/);
    assert.ok(error.message.includes(`"${typed}"`));
  }
  assert.match(refusal('nvfp4').message, /16 elements of float4_e2m1fn share one E4M3 scale/);
  for (const { element } of BLOCK_FORMATS) assert.equal(lookup(element).format.id, element);
});

test('unknown names are refused with the nearest ones', () => {
  const near: [string, string][] = [
    ['flaot16', 'binary16'],
    ['bfloat61', 'bfloat16'],
    ['e4m3fm', 'float8_e4m3fn'],
    ['posit15', 'posit16'],
    ['int3', 'int2'],
  ];
  for (const [typed, id] of near) {
    const error = refusal(typed);
    assert.equal(error.code, 'unknown-format');
    assert.ok(error.message.includes(`"${typed}"`) && error.message.includes(id), error.message);
  }
  for (const typed of ['', '???', ' ', 'x'.repeat(500), '__proto__', 'constructor']) {
    assert.equal(refusal(typed).code, 'unknown-format');
    assert.ok(refusal(typed).message.length < 250);
  }
});

test('punctuation between digits is meaning: Q11.5 is not Q1.15', () => {
  for (const typed of ['Q11.5', 'q115', 'Q0.8', 'uq3.5']) {
    assert.equal(refusal(typed).code, 'unknown-format', typed);
  }
  assert.match(refusal('Q11.5').message, /"type": "fixed"/);
});
