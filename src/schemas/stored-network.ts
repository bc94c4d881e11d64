/** What PUT and GET /networks/{digest} answer. */
import { Type, type Static } from '@sinclair/typebox';

export const StoredNetworkSchema = Type.Object(
  {
    ref: Type.String({
      pattern: '^sha256:[0-9a-f]{64}$',
      description: 'What `network.ref` of a request takes.',
    }),
    bytes: Type.Integer({ minimum: 1 }),
    samples: Type.Integer({ minimum: 1 }),
    layers: Type.Integer({ minimum: 1 }),
    createdAt: Type.String({ format: 'date-time' }),
    links: Type.Object({ self: Type.String() }, { additionalProperties: false }),
  },
  { additionalProperties: false, title: 'StoredNetwork' },
);
export type StoredNetwork = Static<typeof StoredNetworkSchema>;
