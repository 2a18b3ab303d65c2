import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Resource, Stack } from '../stack/stack.ts';
import { sendMessage, sendMessages } from './sqs-client.ts';

export interface DeliveryOptions {
  readonly stack: Stack;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  /** Queues an asynchronous invocation. */
  readonly enqueue: (functionId: string, payload: unknown) => void;
}

/** Delivers to a queue, function or topic of the template, as AWS's own services do. */
export interface Delivery {
  deliverAll(arn: string, bodies: readonly unknown[]): Promise<void>;
  deliver(arn: string, body: unknown, attributes?: Readonly<Record<string, string>>): Promise<void>;
}

export function createDelivery({ stack, sqs, sns, enqueue }: DeliveryOptions): Delivery {
  const targetOf = (arn: string): Resource => {
    const target = stack.findByArn(arn);
    if (target) return target;
    throw new Error(`${arn} is not a queue, function or topic of the template`);
  };
  return {
    deliverAll: async (arn, bodies) => {
      const target = targetOf(arn);
      if (target.type === 'AWS::SQS::Queue') {
        await sendMessages(
          sqs,
          stack.ref(target.id),
          bodies.map((body) => JSON.stringify(body)),
        );
      } else {
        for (const body of bodies) await deliverOne(target, body);
      }
    },
    deliver: (arn, body, attributes) => deliverOne(targetOf(arn), body, attributes),
  };

  async function deliverOne(
    { type, id }: Resource,
    body: unknown,
    attributes?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const text = JSON.stringify(body);
    if (type === 'AWS::SQS::Queue') await sendMessage(sqs, stack.ref(id), text, attributes);
    else if (type === 'AWS::SNS::Topic')
      await sns.send(new PublishCommand({ TopicArn: stack.ref(id), Message: text }));
    else if (type === 'AWS::Lambda::Function') enqueue(id, body);
    else throw new Error(`${id} is an ${type}. Add delivery to this type to local/wiring/delivery.ts.`);
  }
}
