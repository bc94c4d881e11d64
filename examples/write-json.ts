/** JSON files that people read: innermost lists and small objects stand on one line. */
import { writeFile } from 'node:fs/promises';

/** The text of a JSON value, ending in a line break. */
export function layoutJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(/[[{]\n\s*[^[\]{}]*?\n\s*[\]}]/g, (list) => {
    const line = list.replace(/\s*\n\s*/g, ' ').replace(/^\[ | \]$/g, (end) => end.trim());
    return list.startsWith('[') || line.length <= 96 ? line : list;
  });
  return `${text}\n`;
}

/** Writes a file in a folder of `examples/`, seen from `dist/examples/`. */
export async function writeExample(path: string, value: unknown): Promise<void> {
  await writeFile(new URL(`../../examples/${path}`, import.meta.url), layoutJson(value));
}
