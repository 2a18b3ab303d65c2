import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances/cordon-instances.ts';
import { interruptionDisruption } from '../../../functions/spot-cordon/domain/disruption.ts';
import { mailCordons } from '../../../functions/spot-cordon/mail-cordons/mail-cordons.ts';
import { uncordonInstances } from '../../../functions/spot-cordon/uncordon-instances/uncordon-instances.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import {
  clients,
  failTransactions,
  keep,
  openAccount,
  publishedEvents,
  refusal,
  table,
} from './fake-account.ts';
import { cordon, cordonConfig, NOW } from './sample-records.ts';

// DynamoDB writes 100 records in a transaction. If one transaction fails, the others must not be lost.

const STORM = Array.from({ length: 250 }, (_, i) => `i-dddd${String(i).padStart(4, '0')}`);
/** In the second of three transactions. */
const UNLUCKY = 'i-dddd0150';
const isUnlucky = (items: string): boolean => items.includes(`"${UNLUCKY}"`);
const SECOND_HUNDRED = STORM.slice(100, 200);

async function deliverWarnings(ids: readonly string[]) {
  const { invocation } = fakeInvocation({ now: () => NOW });
  const deliveries = ids.map((id) => {
    const info = { instanceId: id, eventTime: NOW, sourceEventId: id };
    const disruption = interruptionDisruption(info, 'spot interruption', 'terminate');
    const message = { kind: 'disruption' as const, disruptions: [disruption], ignored: [] };
    return { id, message, receiveCount: 1 };
  });
  const { retry } = await cordonInstances(deliveries, cordonConfig, invocation);
  return retry.map(({ id }) => id).sort();
}

async function deliverMails(ids: readonly string[]) {
  const { invocation, book } = fakeInvocation({ now: () => NOW });
  const deliveries = ids.map((id) => ({
    id,
    message: { kind: 'cordoned' as const, instanceId: id },
    receiveCount: 1,
  }));
  const topics = { topicArn: 'arn:topic', chatTopicArn: undefined };
  const config = { table: 'cordons', ...topics, mails: 'all' as const, dryRun: false };
  const { retry } = await mailCordons(deliveries, config, invocation);
  return { retry: retry.map(({ id }) => id).sort(), book };
}

async function sweep() {
  const { invocation, book } = fakeInvocation({ now: () => NOW });
  const deliveries = [{ id: 'sweep', message: { kind: 'sweep' }, receiveCount: 1 }] as const;
  const names = { region: 'eu-west-1', table: 'cordons', cordonFunctionName: 'CordonInstances' };
  const config = { ...names, advisoryQueueUrl: 'https://queue', dryRun: false };
  const { retry } = await uncordonInstances(deliveries, config, invocation);
  return { retry: retry.map(({ id }) => id), book };
}

function mailSubjects(): (string | undefined)[] {
  return clients.sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.Subject);
}

describe('a storm of 250 of which one transaction fails', () => {
  it('cordons all others, and the rest with the next delivery', async () => {
    openAccount({ instances: STORM.map((id) => ({ id })) });
    failTransactions(isUnlucky);

    expect(await deliverWarnings(STORM)).toEqual(SECOND_HUNDRED);
    expect(table.size).toBe(150);

    failTransactions();
    expect(await deliverWarnings(SECOND_HUNDRED)).toEqual([]);
    const announced = publishedEvents().map(({ detail }) => detail.instanceId);
    expect([...announced].sort()).toEqual(STORM);
  });

  it('mails about each instance once', async () => {
    openAccount({ instances: [] });
    for (const instanceId of STORM) keep(cordon({ instanceId }));
    failTransactions(isUnlucky);

    expect((await deliverMails(STORM)).retry).toEqual(SECOND_HUNDRED);
    failTransactions();
    expect((await deliverMails(STORM)).retry).toEqual([]);

    expect(mailSubjects()).toEqual([
      'Groundcrew cordoned 150 instances (150 interruption)',
      'Groundcrew cordoned 100 instances (100 interruption)',
    ]);
  });

  it('deletes the other records when the instances are gone, and reports the sweep as failed', async () => {
    openAccount({ instances: [] });
    for (const instanceId of STORM) keep(cordon({ instanceId }));
    failTransactions(isUnlucky);

    const { retry, book } = await sweep();

    expect(new Set(retry)).toEqual(new Set(['sweep']));
    expect([...table.keys()].sort()).toEqual(SECOND_HUNDRED);
    expect(book.counts.Forgotten).toBe(150);
  });

  it('finishes the other uncordons, and counts the failed ones neither as undone nor as cordoned again', async () => {
    openAccount({ instances: STORM.map((id) => ({ id })) });
    for (const instanceId of STORM) keep(cordon({ instanceId, severity: 'rebalance', expiresAt: NOW }));
    failTransactions((items) => items.includes('"Delete"') && isUnlucky(items));

    const { retry, book } = await sweep();

    expect(new Set(retry)).toEqual(new Set(['sweep']));
    expect([...table.keys()].sort()).toEqual(SECOND_HUNDRED);
    expect(book.counts.Uncordoned).toBe(150);
    expect(book.lines.filter(({ message }) => message.includes('cordoned again'))).toEqual([]);
  });
});

describe('a mail that SNS refuses', () => {
  it('is claimed again although the first write of its release fails', async () => {
    openAccount({ instances: [] });
    keep(cordon({ instanceId: UNLUCKY }));
    clients.sns.on(PublishCommand).callsFakeOnce(async () => {
      let left = 1;
      failTransactions(() => left-- > 0);
      throw refusal('AuthorizationError');
    });

    expect((await deliverMails([UNLUCKY])).retry).toEqual([UNLUCKY]);
    expect(table.get(UNLUCKY)?.steps.notify).toBeUndefined();
  });

  it('is reported as lost if its claim cannot be removed', async () => {
    openAccount({ instances: [] });
    keep(cordon({ instanceId: UNLUCKY }));
    clients.sns.on(PublishCommand).callsFakeOnce(async () => {
      failTransactions(isUnlucky);
      throw refusal('AuthorizationError');
    });

    const { book } = await deliverMails([UNLUCKY]);

    expect(book.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'mail lost: claim not removed' }),
    );
    expect(book.counts.NoticeUncertain).toBe(1);
  });
});
