/**
 * Programs from Debian's packages without installing them: downloaded by the machine's own apt
 * from its own configured sources, checked by apt's signatures, unpacked into a private folder.
 *
 * Promises: works for root and for anyone else alike, and changes nothing outside the folder: apt
 * runs on private state (lists, archives, locks) with the system's hooks left out, and no package
 * script is run. A folder appears complete or not at all: it is filled under another name and
 * renamed, so two processes that provision the same at once do not collide; the first one wins.
 * Not promised: programs that look for their own files under absolute paths need a caller who
 * tells them where those are.
 */
import { execFile } from 'node:child_process';
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from './config.js';

const run = promisify(execFile);
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;
const STEP_TIMEOUT_MS = 10 * 60 * 1000;

/** Packages unpacked: `root` stands for `/`. */
export interface DebianTree {
  readonly root: string;
  /** What LD_LIBRARY_PATH must be for its programs. */
  readonly libraryPath: string;
}

/** Thrown where the packages cannot be had; the message says at which step, and apt's own words. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

/**
 * The folder for the packages of this name: in the user's cache, or beside the data where the user
 * has no home to write to.
 */
export async function provisionDirectory(config: Config, name: string): Promise<string> {
  const folder = `debian-${name}-${process.arch}`;
  try {
    await mkdir(config.cacheDirectory, { recursive: true });
    await access(config.cacheDirectory, constants.W_OK);
    return join(config.cacheDirectory, folder);
  } catch {
    return join(config.dataDirectory, 'cache', folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function step(
  what: string,
  file: string,
  args: readonly string[],
  cwd?: string,
): Promise<string> {
  try {
    const { stdout } = await run(file, args, {
      maxBuffer: OUTPUT_LIMIT_BYTES,
      timeout: STEP_TIMEOUT_MS,
      ...(cwd === undefined ? {} : { cwd }),
    });
    return stdout;
  } catch (error) {
    const said = error as { stderr?: string; message: string };
    const words = said.stderr?.trim() === '' ? said.message : (said.stderr ?? said.message);
    throw new ProvisionError(`${what} failed: ${words.trim()}`, { cause: error });
  }
}

/**
 * Settings that keep apt to itself. The system's settings are copied (proxies, sources, keys) but
 * for its hooks, which may clean the system's own cache, and its state, which is replaced.
 */
async function privateAptConfig(work: string): Promise<string> {
  const system = await step('reading the settings of apt', 'apt-config', ['dump']);
  const kept = system
    .split('\n')
    .filter(
      (line) => !/^(APT::Update::(Pre|Post)-Invoke|DPkg::|Dir::Etc::(parts|main) )/.test(line),
    );
  await mkdir(join(work, 'lists', 'partial'), { recursive: true });
  await mkdir(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  await mkdir(join(work, 'parts'));
  const own = [
    `Dir::Etc::parts "${work}/parts";`,
    'Dir::Etc::main "/dev/null";',
    `Dir::State "${work}";`,
    `Dir::State::lists "${work}/lists";`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${work}/cache";`,
    `Dir::Log "${work}";`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Debug::NoLocking "true";',
  ];
  const file = join(work, 'apt.conf');
  await writeFile(file, [...kept, ...own, ''].join('\n'));
  return file;
}

/** Names of what apt would install for `packages`: themselves and what the machine lacks of their needs. */
async function closure(apt: readonly string[], packages: readonly string[]): Promise<string[]> {
  const plan = await step('resolving dependencies', 'env', [
    ...apt,
    'install',
    '--simulate',
    '--no-install-recommends',
    ...packages,
  ]);
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  return [...new Set([...packages, ...missing])];
}

/** Sources that cannot be reached do not matter as long as the others have the packages. */
async function update(apt: readonly string[]): Promise<string> {
  return step('apt-get update', 'env', [...apt, '--quiet=2', 'update']).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

async function fill(root: string, work: string, packages: readonly string[]): Promise<void> {
  const config = await privateAptConfig(work);
  const apt = ['LC_ALL=C', `APT_CONFIG=${config}`, 'apt-get'];
  const complaint = await update(apt);
  const archives = join(work, 'archives');
  await mkdir(archives);
  try {
    const names = await closure(apt, packages);
    await step(
      'downloading packages',
      'env',
      [...apt, '--quiet=2', 'download', ...names],
      archives,
    );
  } catch (error) {
    if (complaint === '' || !(error instanceof Error)) throw error;
    throw new ProvisionError(`${error.message}\nbefore that, ${complaint}`, { cause: error });
  }
  for (const archive of await readdir(archives)) {
    await step(`unpacking ${archive}`, 'dpkg-deb', ['--extract', join(archives, archive), root]);
  }
}

async function libraryPath(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const libraries = entries.filter((entry) => /^lib.*\.so(\.|$)/.test(entry.name));
  return [...new Set(libraries.map((entry) => entry.parentPath))].sort().join(':');
}

/**
 * The packages and whatever they need that this machine lacks, unpacked under `directory`; an
 * earlier result is taken as it is. The named packages themselves are always unpacked, installed
 * or not. Needs apt and a source it can reach, the first time only. Throws ProvisionError.
 */
export async function provisionDebianPackages(
  packages: readonly string[],
  directory: string,
): Promise<DebianTree> {
  if (!(await exists(directory))) {
    await mkdir(dirname(directory), { recursive: true });
    const work = await mkdtemp(`${join(dirname(directory), basename(directory))}.part-`);
    try {
      const root = join(work, 'root');
      await mkdir(root);
      await fill(root, work, packages);
      await rename(root, directory).catch(async (error: unknown) => {
        if (!(await exists(directory))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return { root: directory, libraryPath: await libraryPath(directory) };
}
