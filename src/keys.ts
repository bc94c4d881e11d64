/**
 * The command that makes, lists and revokes API keys, beside a service that runs or before it starts.
 *
 *   npm run keys -- create --tenant NAME --scope read|submit|admin [--note TEXT]
 *   npm run keys -- list
 *   npm run keys -- revoke ID
 *
 * The text of a key is printed once, alone on the last line of the output, and is stored nowhere.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openKeyRing, SCOPES, type KeyRing } from './access/keys.js';
import { loadConfig } from './config.js';
import { connectProducer, untilReady } from './queue/availability.js';
import { joinRedis } from './redis.js';

const USAGE = `usage: npm run keys -- create --tenant NAME --scope ${SCOPES.join('|')} [--note TEXT]
       npm run keys -- list
       npm run keys -- revoke ID`;

const CONNECT_WITHIN_MS = 10_000;

/** Thrown on arguments that make no sense; the message is for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Asked {
  readonly values: { readonly tenant?: string; readonly scope?: string; readonly note?: string };
  readonly positionals: readonly string[];
}

function readArguments(args: readonly string[]): Asked {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { tenant: { type: 'string' }, scope: { type: 'string' }, note: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}

/** What the command prints, line by line. Throws a UsageError on arguments that make no sense. */
export async function runKeysCommand(args: readonly string[], keys: KeyRing): Promise<string[]> {
  const { values, positionals } = readArguments(args);
  const [command, id, ...others] = positionals;
  const { tenant, scope, note } = values;
  const bare = tenant === undefined && scope === undefined && note === undefined;
  if (command === 'create' && id === undefined && tenant !== undefined && scope !== undefined) {
    const made = await keys
      .create({ tenant, scope, ...(note === undefined ? {} : { note }) })
      .catch((error: unknown) => {
        throw error instanceof RangeError ? new UsageError(error.message) : error;
      });
    return [
      `key ${made.key.id} of tenant ${tenant}, scope ${scope}; it is shown this once:`,
      made.text,
    ];
  }
  if (command === 'list' && id === undefined && bare) {
    return (await keys.list()).map((key) =>
      [
        key.id,
        key.tenant,
        key.scope,
        key.createdAt,
        key.revokedAt === null ? 'valid' : `revoked ${key.revokedAt}`,
        key.note,
      ]
        .join('  ')
        .trimEnd(),
    );
  }
  if (command === 'revoke' && id !== undefined && others.length === 0 && bare) {
    if (!(await keys.revoke(id))) throw new UsageError(`there is no key ${id}`);
    return [`key ${id} is revoked`];
  }
  throw new UsageError(USAGE);
}

async function main(): Promise<void> {
  const config = loadConfig();
  const server = await joinRedis(config);
  const redis = connectProducer(server.url);
  // What is wrong is told by whoever waits for it.
  redis.on('error', () => undefined);
  try {
    await untilReady(redis, CONNECT_WITHIN_MS);
    const keys = openKeyRing(redis, config.keyPrefix);
    const lines = await runKeysCommand(process.argv.slice(2), keys);
    for (const line of lines) process.stdout.write(`${line}\n`);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
