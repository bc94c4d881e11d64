/** F14: what a webhook may not reach. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { addressPolicy } from '../../src/webhooks/address.js';
import { openSender } from '../../src/webhooks/send.js';

const REFUSED = [
  ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254'],
  ...['0.0.0.0', '100.64.0.1', '100.100.100.200', '192.0.0.192', '198.18.0.1', '224.0.0.1'],
  ...['240.0.0.1', '255.255.255.255', '168.63.129.16', '203.0.113.1'],
  ...['::1', '::', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '::ffff:127.0.0.1'],
  ...['::ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'localhost', ''],
];

test('only public unicast addresses are reached', () => {
  const policy = addressPolicy([]);
  for (const address of REFUSED) assert.notEqual(policy(address), null, address);
  for (const address of ['1.1.1.1', '8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8']) {
    assert.equal(policy(address), null, address);
  }
});

test('ranges that are allowed by name, and no more', () => {
  const policy = addressPolicy(['10.1.0.0/16', 'fd00::/8']);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1']) {
    assert.equal(policy(address), null, address);
  }
  for (const address of ['10.2.0.1', '127.0.0.1', 'fe80::1']) {
    assert.notEqual(policy(address), null, address);
  }
  assert.throws(() => addressPolicy(['10.0.0.0/99']));
});

test('no connection is made to a refused address, whether named or written', async (t) => {
  const server = createServer((_request, response) => response.end('secret'));
  let connections = 0;
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const sender = openSender(addressPolicy([]));
  t.after(() => sender.close());
  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
  ]) {
    const { status, error } = await sender.post(`http://${host}:${String(port)}/`, {}, '{}');
    assert.equal(status, null, host);
    assert.match(error ?? '', /not public/, host);
  }
  assert.equal(connections, 0);
});

test('redirects are not followed, long answers are not read, silence ends', async (t) => {
  let followed = 0;
  const server = createServer((request, response) => {
    if (request.url === '/redirect') {
      response.writeHead(307, { location: '/target' }).end();
    } else if (request.url === '/long') {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    } else {
      followed += 1;
      response.writeHead(500).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const sender = openSender(addressPolicy(['127.0.0.0/8']));
  t.after(() => sender.close());
  const redirect = await sender.post(`${base}/redirect`, {}, '{}');
  assert.deepEqual([redirect.status, redirect.error], [307, 'redirects are not followed']);
  assert.equal(followed, 0);
  assert.equal((await sender.post(`${base}/long`, {}, '{}')).status, 200);
  assert.deepEqual((await sender.post(`${base}/`, {}, '{}')).error, 'answered 500');
});
