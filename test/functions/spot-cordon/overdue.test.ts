import { DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import type { UncordonConfig } from '../../../functions/spot-cordon/config.ts';
import { uncordonInstances } from '../../../functions/spot-cordon/uncordon-instances/uncordon-instances.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { clients, keep, openAccount, refusal } from './fake-account.ts';
import { cordon, ID, MINUTE, NOW } from './sample-records.ts';

const LATE = NOW + 20 * MINUTE;
const TAGS = { 'groundcrew:overdue': 'terminate' };

async function sweep(more: Partial<UncordonConfig> = {}) {
  const { invocation, book } = fakeInvocation({ now: () => LATE });
  const config = {
    region: 'eu-west-1',
    table: 'cordons',
    advisoryQueueUrl: 'https://queue',
    cordonFunctionName: 'CordonInstances',
    dryRun: false,
    ...more,
  };
  const deliveries = [{ id: 'sweep', message: { kind: 'sweep' }, receiveCount: 1 }] as const;
  const { retry } = await uncordonInstances(deliveries, config, invocation);
  const terminated = clients.ec2.commandCalls(TerminateInstancesCommand).length;
  return { retry, terminated, lines: book.lines.map(({ message }) => message), book };
}

/** An instance that was detached, not taken by EC2, and reported some minutes ago. */
function keepOverdue(): void {
  openAccount({ instances: [{ id: ID, tags: TAGS }] });
  keep(
    cordon({
      orderedReplacement: { kind: 'detach', group: 'workers', orderedAt: NOW },
      overdueSince: LATE - 5 * MINUTE,
    }),
  );
}

describe('an overdue instance with the tag groundcrew:overdue=terminate', () => {
  it('is terminated', async () => {
    keepOverdue();

    const { terminated, lines, book } = await sweep();

    expect(terminated).toBe(1);
    expect(lines).toContain('overdue instance terminated');
    expect(book.counts).toMatchObject({ Overdue: 1, OverdueTerminated: 1 });
  });

  it('is not terminated in a dry run', async () => {
    keepOverdue();

    const { terminated, book } = await sweep({ dryRun: true });

    expect(terminated).toBe(0);
    expect(book.lines[0]).toMatchObject({
      message: 'cordon change planned',
      fields: { dryRun: true, decision: 'overdue', next: 'terminate' },
    });
  });

  it('is not terminated if it is in a group again', async () => {
    keepOverdue();
    const AutoScalingInstances = [{ InstanceId: ID, AutoScalingGroupName: 'web' }] as never;
    clients.autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances });

    const { terminated, lines } = await sweep();

    expect(terminated).toBe(0);
    expect(lines).toContain('overdue instance not terminated');
  });

  it('is not terminated if its tag is removed at the last moment', async () => {
    keepOverdue();
    const described = (Tags: object[]) => ({
      Reservations: [{ Instances: [{ InstanceId: ID, State: { Name: 'running' as const }, Tags }] }],
    });
    clients.ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(described([{ Key: 'groundcrew:overdue', Value: 'terminate' }]))
      .resolves(described([]));

    const { terminated, lines } = await sweep();

    expect(terminated).toBe(0);
    expect(lines).toContain('overdue instance not terminated');
  });

  it('is not terminated if its membership cannot be read, and is counted as overdue', async () => {
    keepOverdue();
    clients.autoScaling.on(DescribeAutoScalingInstancesCommand).rejects(refusal('AccessDenied'));

    const { retry, terminated, lines, book } = await sweep();

    expect([retry, terminated]).toEqual([[], 0]);
    expect(lines).toContain('overdue instance not terminated');
    expect(book.counts.Overdue).toBe(1);
  });

  it('stays if EC2 protects it from termination, and the sweep does not fail', async () => {
    keepOverdue();
    clients.ec2.on(TerminateInstancesCommand).rejects(refusal('OperationNotPermitted'));

    const { retry, lines } = await sweep();

    expect(retry).toEqual([]);
    expect(lines).toContain('overdue instance not terminated');
  });
});
