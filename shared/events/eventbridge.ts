import * as z from 'zod/mini';

type Schema<D extends z.ZodMiniType, T extends z.ZodMiniType<string>> = z.ZodMiniObject<
  typeof envelope & { 'detail-type': T; detail: D }
>;

const envelope = {
  id: z.string().check(z.minLength(1)),
  source: z.string().check(z.minLength(1)),
  account: z.string(),
  region: z.string().check(z.minLength(1)),
  time: z.string().check(z.refine((time) => !Number.isNaN(Date.parse(time)), 'must be a time')),
  resources: z._default(z.array(z.string()), []),
};

/**
 * An event as EventBridge delivers it; extra members are tolerated, since AWS adds some without notice.
 * Several kinds make a union: `z.discriminatedUnion('detail-type', [eventBridgeEvent(detail, z.literal('…')), …])`.
 */
export function eventBridgeEvent<D extends z.ZodMiniType>(detail: D): Schema<D, z.ZodMiniString<string>>;
export function eventBridgeEvent<D extends z.ZodMiniType, T extends z.ZodMiniType<string>>(
  detail: D,
  detailType: T,
): Schema<D, T>;
export function eventBridgeEvent(
  detail: z.ZodMiniType,
  detailType: z.ZodMiniType<string> = z.string(),
): Schema<z.ZodMiniType, z.ZodMiniType<string>> {
  return z.object({ ...envelope, 'detail-type': detailType, detail });
}

/** An event of our own in EventBridge's form, for a queue of our own: a wing reads one kind of message and no other. */
export function ownEvent(
  about: {
    readonly id: string;
    readonly source: string;
    readonly detailType: string;
    readonly detail: object;
  },
  region: string,
  now: number,
): object {
  return {
    version: '0',
    id: about.id,
    source: about.source,
    'detail-type': about.detailType,
    account: '',
    region,
    time: new Date(now).toISOString(),
    resources: [],
    detail: about.detail,
  };
}
