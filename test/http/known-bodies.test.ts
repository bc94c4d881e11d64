/** Bodies that are remembered are those that were read, and nothing can change them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readJson } from '../../src/http/json-body.js';
import { rememberBodies } from '../../src/http/known-bodies.js';

function counted(bytesMax?: number): { read: (bytes: Buffer) => unknown; times: () => number } {
  let times = 0;
  const read = rememberBodies((bytes) => {
    times += 1;
    return readJson(bytes);
  }, bytesMax);
  return { read, times: () => times };
}

describe('rememberBodies', () => {
  it('reads a text once, and gives the same object again', () => {
    const { read, times } = counted();
    const first = read(Buffer.from('{"a":[1,{"b":"ä"}]}'));
    assert.deepEqual(first, { a: [1, { b: 'ä' }] });
    assert.equal(read(Buffer.from('{"a":[1,{"b":"ä"}]}')), first);
    assert.equal(times(), 1);
    assert.notEqual(read(Buffer.from('{"a":[1,{"b":"ö"}]}')), first);
    assert.equal(times(), 2);
  });

  it('gives what nobody can change, however deep', () => {
    const { read } = counted();
    const value = read(Buffer.from('{"a":[1,{"b":2}]}')) as { a: [number, { b: number }] };
    assert.throws(() => (value.a[1].b = 3), TypeError);
    assert.throws(() => value.a.push(1), TypeError);
  });

  it('refuses again what was refused, and takes bytes that are no UTF-8 for no other text', () => {
    const { read, times } = counted();
    assert.equal(typeof read(Buffer.from('{"a":"Ã¤"}')), 'object');
    assert.throws(() => read(Buffer.from('{"a":"\xe4"}', 'latin1')), /not UTF-8/);
    for (const text of ['{"a":1,"a":2}', '{"a":', '{"__proto__":1}']) {
      assert.throws(() => read(Buffer.from(text)));
      assert.throws(() => read(Buffer.from(text)));
    }
    assert.equal(times(), 8);
  });

  it('does not remember what is long', () => {
    const { read, times } = counted();
    const long = Buffer.from(JSON.stringify({ a: 'x'.repeat(70_000) }));
    assert.notEqual(read(long), read(long));
    assert.equal(times(), 2);
  });

  it('remembers so many bytes, of which every value takes some', () => {
    const { read, times } = counted(2_000);
    const many = Buffer.from(JSON.stringify(Array.from({ length: 30 }, () => ({}))));
    assert.notEqual(read(many), read(many));
    const [one, other] = [
      Buffer.from('[{},{},{},{},{},{},{},{},{}]'),
      Buffer.from('[[],[],[],[],[],[],[],[],[]]'),
    ];
    const first = read(one);
    assert.equal(read(one), first);
    for (let k = 0; k < 3; k += 1) read(Buffer.from(`[${String(k)},[],[],[],[],[],[],[],[]]`));
    read(other);
    assert.notEqual(read(one), first);
    assert.equal(times(), 8);
  });
});
