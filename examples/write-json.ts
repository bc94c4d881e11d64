/** JSON files that people read: what fits on a line stands on one, and lists of numbers always do. */
import { writeFile } from 'node:fs/promises';

const LINE = 96;

/** The text of a JSON value, ending in a line break. */
export function layoutJson(value: unknown): string {
  return `${layout(value, '')}\n`;
}

function layout(value: unknown, indent: string): string {
  const line = onOneLine(value);
  if (value === null || typeof value !== 'object') return line;
  const scalars = Array.isArray(value) && value.every((item) => typeof item !== 'object');
  if (scalars || indent.length + line.length <= LINE) return line;
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${layout(item, inner)}`)
    : Object.entries(value).map(
        ([name, item]) => `${inner}${JSON.stringify(name)}: ${layout(item, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

function onOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}: ${onOneLine(item)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** Writes a file in a folder of `examples/`, seen from `dist/examples/`. */
export async function writeExample(path: string, value: unknown): Promise<void> {
  await writeFile(new URL(`../../examples/${path}`, import.meta.url), layoutJson(value));
}
