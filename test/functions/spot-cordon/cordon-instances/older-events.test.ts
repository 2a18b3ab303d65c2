import { describe, expect, it } from 'vitest';
import { parseWarningEvent } from '../../../../functions/spot-cordon/cordon-instances/event.ts';

// Health events in the forms that AWS sent before 2020, and that other tools send in their tests.

const options = { region: 'us-east-1', rebalanceHoldMs: 1_800_000 };
const START = Date.parse('2019-06-15T15:10:09Z');

/** As AWS documented it from 2016 on: ids without ARNs, tags of the entities, no status, scope or Region in the detail. */
const documented = {
  version: '0',
  id: '0d3f4b1e-5a0c-4a39-9c5c-7a8f3d1f0a11',
  'detail-type': 'AWS Health Event',
  source: 'aws.health',
  account: '123456789012',
  time: '2019-06-05T06:27:57Z',
  region: 'us-east-1',
  resources: ['i-abcd1111'],
  detail: {
    eventArn: 'arn:aws:health:us-east-1::event/AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED_1',
    service: 'EC2',
    eventTypeCode: 'AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED',
    eventTypeCategory: 'scheduledChange',
    startTime: 'Sat, 15 Jun 2019 15:10:09 GMT',
    eventDescription: [{ language: 'en_US', latestDescription: 'What will happen.' }],
    affectedEntities: [{ entityValue: 'i-abcd1111', tags: { stage: 'prod', app: 'shop' } }],
  },
};

/** As a retirement arrived in 2019: with an end and without a status. */
const retirementOf2019 = {
  ...documented,
  detail: {
    ...documented.detail,
    eventTypeCode: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
    endTime: 'Mon, 17 Jun 2019 15:10:09 GMT',
    affectedEntities: [{ entityValue: 'i-0123456789abcdef0', tags: {} }, { entityValue: 'i-abcd1111' }],
  },
};

/** aws-node-termination-handler: several instances, and a zone where the Region of an ARN should be. */
const nodeTerminationHandler = {
  ...documented,
  resources: ['arn:aws:ec2:us-east-1b:instance/i-0123456789abcdef0'],
  detail: {
    ...documented.detail,
    eventTypeCode: 'AWS_EC2_DEDICATED_HOST_NETWORK_MAINTENANCE_SCHEDULED',
    affectedEntities: [{ entityValue: 'i-0123456789abcdef0' }, { entityValue: 'i-0123456789abcdef1' }],
  },
};

/** Karpenter: every member that is not set is an empty text or null. */
const karpenter = {
  ...documented,
  resources: ['arn:aws:ec2:us-east-1:instance/i-0123456789abcdef0'],
  detail: {
    eventArn: '',
    eventTypeCode: 'AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED',
    service: 'EC2',
    eventDescription: null,
    startTime: 'Sat, 15 Jun 2019 15:10:09 GMT',
    endTime: '',
    eventTypeCategory: 'scheduledChange',
    affectedEntities: [{ entityValue: 'i-0123456789abcdef0' }],
  },
};

function read(event: object) {
  return parseWarningEvent(event, options);
}

describe('a Health event without a status counts as open', () => {
  it.each([
    ['as AWS documented it', documented, 'maintenance', ['i-abcd1111']],
    ['of 2019', retirementOf2019, 'stop', ['i-0123456789abcdef0', 'i-abcd1111']],
    [
      'of aws-node-termination-handler',
      nodeTerminationHandler,
      'maintenance',
      ['i-0123456789abcdef0', 'i-0123456789abcdef1'],
    ],
    ['of Karpenter', karpenter, 'reboot', ['i-0123456789abcdef0']],
  ])('%s', (_, event, action, ids) => {
    expect(read(event)).toMatchObject({
      kind: 'disruption',
      ignored: [],
      disruptions: ids.map((instanceId) => ({ instanceId, action, deadline: START, severity: 'scheduled' })),
    });
  });

  it('takes its end from the event, if it has one', () => {
    expect(read(retirementOf2019)).toMatchObject({
      disruptions: [{ expiresAt: START + 2 * 86_400_000 }, {}],
    });
  });

  it('is named by what it announces, if its ARN is empty', () => {
    expect(read(karpenter)).toMatchObject({ disruptions: [{ notice: 'scheduled reboot' }] });
  });

  it('is ignored without a type, and not refused as malformed', () => {
    const event = { ...karpenter, detail: { ...karpenter.detail, eventTypeCode: '', startTime: '' } };

    expect(read(event)).toMatchObject({ kind: 'ignored' });
  });
});
