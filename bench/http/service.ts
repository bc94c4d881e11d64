/** The service's API in a process of its own, which tells its parent when it serves. */
import { pino } from 'pino';
import { loadConfig } from '../../src/config.js';
import { startService } from '../../src/server.js';

const config = loadConfig();
const service = await startService(config, pino({ level: config.logLevel }));
for (;;) {
  const ready = await fetch(`${service.url}/jobs`);
  if (ready.status === 200) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
process.send?.({ url: service.url });
for (const end of ['SIGTERM', 'disconnect']) {
  process.once(end, () => {
    void service.stop().then(() => process.exit(0));
  });
}
