/** The faults of a request, collected while it is read: each with the JSON Pointer of its field. */
import type { Fault } from './question.js';

/** Keys from the root of the request to a field. */
export type Path = readonly (string | number)[];

/** Collects faults; each reader goes on with a harmless stand-in, so that all faults are seen. */
export class Faults {
  readonly list: Fault[] = [];
  add(path: Path, code: string, detail: string): void {
    const pointer = path.map(
      (key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    );
    this.list.push({ pointer: pointer.join(''), code, detail });
  }
}
