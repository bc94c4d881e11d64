/**
 * A Redis server whose data outlive it: it can be killed, stay away, and come back on its file. On
 * request its wall clock can be set (`wall-clock.c`, where the machine has a C compiler).
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config.js';
import { findRedisBinary } from '../../src/redis-binary.js';
import { runRedis, type RedisProcess } from '../../src/redis-process.js';

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const SHIM_SOURCE = fileURLToPath(new URL('../../../test/faults/wall-clock.c', import.meta.url));

export interface Store {
  /** Path of the server's socket; null while it is away. */
  socket(): string | null;
  /** SIGKILL, and it stays dead. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Environment for a process whose wall clock is this one's too. */
  readonly clockEnvironment: Readonly<Record<string, string>>;
  /** Sets the wall clock: seconds from the true one. */
  setClock(seconds: number): Promise<void>;
  /** For good, with its data. */
  remove(): Promise<void>;
}

export interface StoreOptions {
  /** Where the data go; by default a folder of its own, which is removed in the end. */
  readonly directory?: string;
  readonly settableClock?: boolean;
}

/** The shim, compiled; null where there is no compiler. */
function compileShim(directory: string): string | null {
  const library = join(directory, 'wall-clock.so');
  const args = ['-O2', '-shared', '-fPIC', '-o', library, SHIM_SOURCE];
  return spawnSync('cc', args, { stdio: 'inherit' }).status === 0 ? library : null;
}

/** Started; null where a settable clock is wanted and cannot be had. */
export async function openStore(options: StoreOptions = {}): Promise<Store | null> {
  const home = await mkdtemp(join(tmpdir(), 'gradcert-store-'));
  const directory = options.directory ?? home;
  const clockFile = join(home, 'clock');
  await writeFile(clockFile, new Uint8Array(8));
  const shim = options.settableClock === true ? compileShim(home) : null;
  if (options.settableClock === true && shim === null) {
    await rm(home, { recursive: true, force: true });
    return null;
  }
  const clockEnvironment: Record<string, string> =
    shim === null ? {} : { LD_PRELOAD: shim, WALL_CLOCK: clockFile };
  const found = await findRedisBinary(loadConfig());
  const settings = Object.entries(clockEnvironment).map(([name, value]) => `${name}=${value}`);
  const binary = { ...found, command: ['env', ...settings, ...found.command] };

  async function run(): Promise<RedisProcess> {
    const started = await runRedis(binary, directory, SILENT);
    if (started === null) throw new Error(`openStore: somebody else has ${directory}`);
    return started;
  }
  let server: RedisProcess | null = await run();

  async function crash(): Promise<void> {
    const running = server;
    if (running === null) return;
    server = null;
    const pid = running.pid();
    if (pid !== null) process.kill(pid, 'SIGKILL');
    await running.stop();
  }

  return {
    socket: () => server?.socket ?? null,
    crash,
    async start() {
      server ??= await run();
    },
    clockEnvironment,
    async setClock(seconds) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(seconds));
      const file = await open(clockFile, 'r+');
      await file.write(bytes, 0, 8, 0);
      await file.close();
    },
    async remove() {
      await server?.stop();
      server = null;
      await rm(home, { recursive: true, force: true });
    },
  };
}
