/** Waiting for a condition instead of for a time: what tests of several processes need. */
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 15;

/** What `look` gives once it is neither null nor false; throws, naming `what`, past the deadline. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
