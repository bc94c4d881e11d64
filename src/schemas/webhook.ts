/** Webhooks: what a request names, and the log of what was sent. */
import { Type, type Static } from '@sinclair/typebox';

const strict = { additionalProperties: false } as const;

/** What a webhook may be told of. */
export const WebhookEventSchema = Type.Union([
  Type.Literal('job.running'),
  Type.Literal('job.succeeded'),
  Type.Literal('job.failed'),
  Type.Literal('job.cancelled'),
]);
export type WebhookEvent = Static<typeof WebhookEventSchema>;

export const WebhookSchema = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2048, description: 'An absolute https URL.' }),
    secret: Type.Optional(
      Type.String({
        pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$',
        maxLength: 96,
        description: '`whsec_` and the base64 of 24 to 64 bytes.',
      }),
    ),
    events: Type.Optional(
      Type.Array(WebhookEventSchema, {
        minItems: 1,
        maxItems: 4,
        description: 'Default: the three final states.',
      }),
    ),
  },
  {
    ...strict,
    title: 'Webhook',
    description:
      'Told of the job by POST, signed as Standard Webhooks has it. No part of the question: it makes no other job.',
  },
);
export type WebhookInput = Static<typeof WebhookSchema>;

export const DeliverySchema = Type.Object(
  {
    id: Type.String({
      description: 'The `webhook-id` it was sent with, the same on every attempt.',
    }),
    event: WebhookEventSchema,
    url: Type.String({ description: 'Without its query.' }),
    state: Type.Union([Type.Literal('pending'), Type.Literal('delivered'), Type.Literal('failed')]),
    createdAt: Type.String({ format: 'date-time' }),
    attempts: Type.Array(
      Type.Object(
        {
          at: Type.String({ format: 'date-time' }),
          status: Type.Union([Type.Integer(), Type.Null()], {
            description: 'What the receiver answered; null where there was no answer.',
          }),
          error: Type.Union([Type.String(), Type.Null()]),
          milliseconds: Type.Integer({ minimum: 0 }),
        },
        strict,
      ),
    ),
  },
  { ...strict, title: 'Delivery' },
);
export type Delivery = Static<typeof DeliverySchema>;

export const DeliveryListSchema = Type.Object(
  { deliveries: Type.Array(DeliverySchema) },
  { ...strict, title: 'DeliveryList' },
);
