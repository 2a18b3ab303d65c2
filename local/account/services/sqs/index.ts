import { list, type Mapping, mapping } from '../../../json.ts';
import { runBatch } from '../../batch.ts';
import { defineEmulatedService, type Operation, type ServiceContext } from '../../emulated-service.ts';
import { ServiceError } from '../../response.ts';
import { pick, queueAttributes } from './attributes.ts';
import {
  changeVisibility,
  deleteMessage,
  receiveMessage,
  sendMessage,
  sendMessageBatch,
} from './messages.ts';
import { defaultAttributes, deleteExpired, type Queue, type SqsState } from './queue.ts';

type Context = ServiceContext<SqsState>;

/**
 * Standard queues. moto has them too. But a third of the requests of a scenario are for queues, and moto takes several
 * milliseconds for each.
 */
export default defineEmulatedService<SqsState>({
  service: 'sqs',
  createState: () => ({ queues: new Map() }),
  operations: {
    CreateQueue: createQueue,
    GetQueueUrl: ({ QueueName: name }, context) => ({
      QueueUrl: urlOf(queueNamed(String(name), context), context),
    }),
    ListQueues: listQueues,
    DeleteQueue: onQueue(({ name }, _, { state }) => {
      state.queues.delete(name);
      return {};
    }),
    PurgeQueue: onQueue((queue) => {
      queue.messages = [];
      return {};
    }),
    GetQueueAttributes: onQueue(getQueueAttributes),
    SetQueueAttributes: onQueue((queue, input) => {
      setAttributes(queue, mapping(input['Attributes']));
      return {};
    }),
    SendMessage: onQueue(sendMessage),
    SendMessageBatch: onQueue(sendMessageBatch),
    ReceiveMessage: onQueue(receiveMessage),
    DeleteMessage: onQueue(deleteMessage),
    DeleteMessageBatch: onQueue((queue, input) =>
      runBatch(input['Entries'], (entry) => deleteMessage(queue, entry)),
    ),
    ChangeMessageVisibility: onQueue(changeVisibility),
    ChangeMessageVisibilityBatch: onQueue((queue, input, context) =>
      runBatch(input['Entries'], (entry) => changeVisibility(queue, entry, context)),
    ),
  },
});

/** The operation on the queue that `QueueUrl` names. */
function onQueue(run: (queue: Queue, input: Mapping, context: Context) => unknown): Operation<SqsState> {
  return (input, context) =>
    run(queueNamed(String(input['QueueUrl']).split('/').at(-1) ?? '', context), input, context);
}

function createQueue(input: Mapping, context: Context): Mapping {
  const { state, region, accountId } = context;
  const name = String(input['QueueName']);
  if (!/^[\w-]{1,80}$/.test(name))
    throw new ServiceError(
      'InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  const existing = state.queues.get(name);
  if (existing)
    return { QueueUrl: urlOf(withSameAttributes(existing, mapping(input['Attributes'])), context) };
  const queue: Queue = {
    name,
    arn: `arn:aws:sqs:${region}:${accountId}:${name}`,
    attributes: new Map(Object.entries(defaultAttributes)),
    createdAt: context.now(),
    messages: [],
    deletedHandles: new Set(),
  };
  setAttributes(queue, mapping(input['Attributes']));
  state.queues.set(name, queue);
  return { QueueUrl: urlOf(queue, context) };
}

function withSameAttributes(queue: Queue, attributes: Mapping): Queue {
  const other = Object.keys(attributes).find(
    (name) => queue.attributes.get(name) !== String(attributes[name]),
  );
  if (other === undefined) return queue;
  throw new ServiceError(
    'QueueNameExists',
    `A queue already exists with the same name and a different value for attribute ${other}`,
  );
}

/** What the value of an attribute can be (API reference, SetQueueAttributes). */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  VisibilityTimeout: [0, 43_200],
};

function setAttributes(queue: Queue, attributes: Mapping): void {
  for (const [name, value] of Object.entries(attributes)) {
    checkAttribute(name, value);
    queue.attributes.set(name, String(value));
  }
}

function checkAttribute(name: string, value: unknown): void {
  if (name === 'FifoQueue' && String(value) === 'true')
    throw new ServiceError('UnsupportedOperation', 'The local account has no FIFO queues.');
  const [min, max] = ranges[name] ?? [];
  if (min === undefined || max === undefined) return;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max)
    throw new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
}

function listQueues({ QueueNamePrefix: prefix = '' }: Mapping, context: Context): Mapping {
  const queues = [...context.state.queues.values()].filter(({ name }) => name.startsWith(String(prefix)));
  return queues.length === 0 ? {} : { QueueUrls: queues.map((queue) => urlOf(queue, context)) };
}

function getQueueAttributes(queue: Queue, input: Mapping, { now }: Context): Mapping {
  deleteExpired(queue, now());
  return { Attributes: pick(queueAttributes(queue, now()), list(input['AttributeNames'])) };
}

function urlOf({ name }: Queue, { accountId, host }: Context): string {
  return `http://${host}/${accountId}/${name}`;
}

function queueNamed(name: string, { state }: Context): Queue {
  const found = state.queues.get(name);
  if (found) return found;
  throw new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');
}
