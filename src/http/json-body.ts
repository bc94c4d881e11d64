/**
 * JSON as it is read from clients: stricter than JSON.parse, which takes the last of two equal keys,
 * any depth, halves of characters and numbers of a million digits without a word.
 *
 * Refused are: bytes that are not UTF-8, `__proto__` and `constructor.prototype` (secure-json-parse),
 * a key that comes twice, lone surrogates, nesting beyond DEPTH_MAX, and more digits than a body may
 * have. A number's size is its characters plus its exponent, since 1e9999 is ten thousand digits to
 * whoever computes with it; SIZE_FREE of them are free, beyond that all numbers of a body share
 * SIZE_SHARED. So the work that a body can cause is bounded before any of it is done.
 *
 * One pass of a scanner (jsonc-parser, not recursive) over a text that is known to be JSON.
 */
import { isUtf8 } from 'node:buffer';
import { createScanner } from 'jsonc-parser';
import { parse } from 'secure-json-parse';
import type { Fault } from '../plan/question.js';
import { shown } from './expectation.js';
import { FAULTS_MAX } from './faults.js';
import { ProblemError, type ProblemCode } from './problem.js';

/** Deepest nesting; the deepest request that the schemas take has a third of it. */
export const DEPTH_MAX = 32;
/** Digits that a number may have for nothing. */
export const SIZE_FREE = 64;
/** Digits beyond those, of all numbers of a body together. */
export const SIZE_SHARED = 500_000;
/** A JSON number means a double, whose exact value has no more digits than this. */
const DOUBLE_SIZE_MAX = 1100;

/** Token kinds of jsonc-parser; its own enum is a `const enum`, which one module may not read. */
const OPEN_BRACE = 1;
const CLOSE_BRACE = 2;
const OPEN_BRACKET = 3;
const CLOSE_BRACKET = 4;
const COMMA = 5;
const COLON = 6;
const STRING = 10;
const NUMBER = 11;
const END = 17;

interface Frame {
  /** Keys so far; null in an array. */
  readonly keys: Set<string> | null;
  /** Where in it the scan is. */
  at: string | number;
  /** In an object: whether the next string is a key. */
  expectsKey: boolean;
}

const NUMERIC = /^[+-]?[.0-9]/;
const EXPONENT = /[eE][+-]?([0-9]{1,6})$/;

/** *Upper bound.* Digits that the exact value of the number's text may have. */
function sizeOf(text: string): number {
  return text.length + Number(EXPONENT.exec(text)?.[1] ?? 0);
}

function pointerOf(frames: readonly Frame[]): string {
  return frames
    .map(({ at }) => `/${String(at).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** What is wrong with a text that JSON.parse takes; at most FAULTS_MAX entries. */
export function jsonFaults(text: string): Fault[] {
  const scanner = createScanner(text, true);
  const frames: Frame[] = [];
  const faults: Fault[] = [];
  let shared = 0;
  const add = (code: string, detail: string): void => {
    faults.push({ pointer: pointerOf(frames), code, detail });
  };
  const count = (size: number, value: string): void => {
    const before = shared;
    shared += Math.max(0, size - SIZE_FREE);
    if (before > SIZE_SHARED || shared <= SIZE_SHARED) return;
    add(
      'too-many-digits',
      `with ${shown(value)} the numbers have more than ${String(SIZE_SHARED)} digits beyond the ${String(SIZE_FREE)} that each may have`,
    );
  };
  for (let token = scanner.scan() as number; token !== END; token = scanner.scan() as number) {
    if (faults.length >= FAULTS_MAX) return faults;
    const frame = frames.at(-1);
    switch (token) {
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        const isObject = token === OPEN_BRACE;
        frames.push({
          keys: isObject ? new Set() : null,
          at: isObject ? '' : 0,
          expectsKey: isObject,
        });
        if (frames.length > DEPTH_MAX) {
          frames.pop();
          add('too-deep', `nesting goes deeper than ${String(DEPTH_MAX)} levels`);
          return faults;
        }
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        frames.pop();
        break;
      case COMMA:
        if (frame === undefined) break;
        if (typeof frame.at === 'number') frame.at += 1;
        else frame.expectsKey = true;
        break;
      case COLON:
        if (frame !== undefined) frame.expectsKey = false;
        break;
      case STRING: {
        const value = scanner.getTokenValue();
        const isKey = frame?.expectsKey === true;
        if (isKey) frame.at = value;
        if (/\p{Surrogate}/u.test(value)) {
          add('lone-surrogate', `the text ${shown(value)} holds half a character`);
        }
        if (!isKey) {
          if (NUMERIC.test(value)) count(sizeOf(value), value);
          break;
        }
        if (frame.keys?.has(value) === true) {
          add('duplicate-key', `the key ${shown(value)} comes more than once`);
        }
        frame.keys?.add(value);
        break;
      }
      case NUMBER: {
        const value = scanner.getTokenValue();
        count(Math.min(sizeOf(value), DOUBLE_SIZE_MAX), value);
        break;
      }
      default:
    }
  }
  return faults;
}

/** The value of a JSON text, or a ProblemError that says why it is refused. */
export function readJson(bytes: Buffer, code: ProblemCode = 'invalid-json'): unknown {
  if (!isUtf8(bytes)) throw new ProblemError(code, 'The body is not UTF-8.');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (text === '') throw new ProblemError(code, 'The body is empty; JSON is expected.');
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    throw new ProblemError(
      code,
      'The body is not one JSON text, or names a property that would reach an object prototype.',
    );
  }
  const faults = jsonFaults(text);
  const [first] = faults;
  if (first === undefined) return value;
  const refusal = code === 'invalid-json' ? 'invalid-request' : code;
  const where = first.pointer === '' ? 'body' : first.pointer;
  throw new ProblemError(refusal, `${where}: ${first.detail}.`, { errors: faults });
}
