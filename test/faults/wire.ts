/**
 * The network between one process and Redis, as a TCP relay that can be cut or go silent. Redis
 * itself may come and go behind it, on another socket each time.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  /** What `new Redis(...)` takes. */
  readonly url: string;
  /** Ends every connection; new ones are ended at once. */
  cut(): void;
  /** Nothing gets through either way, and no end is told. */
  freeze(): void;
  mend(): void;
  close(): Promise<void>;
}

/** `target` gives the path of the socket of Redis; null while there is none. */
export async function openWire(target: () => string | null): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: 'whole' | 'cut' | 'frozen' = 'whole';
  const isCut = (): boolean => state === 'cut';
  const server = createServer((near) => {
    const path = target();
    near.on('error', () => near.destroy());
    if (isCut() || path === null) {
      near.destroy();
      return;
    }
    const far = connect(path);
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    near.pipe(far);
    far.pipe(near);
    if (state === 'frozen') for (const socket of pair) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endAll = (): void => {
    for (const [near] of [...pairs]) near.destroy();
  };
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    cut() {
      state = 'cut';
      endAll();
    },
    freeze() {
      state = 'frozen';
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    mend() {
      if (state === 'frozen') for (const pair of pairs) for (const socket of pair) socket.resume();
      state = 'whole';
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      endAll();
      await closed;
    },
  };
}
