import { describe, expect, it } from 'vitest';
import { type IncidentNotification, toIncident } from '../../../../functions/health-gate/domain/incident.ts';
import { incidentMail } from '../../../../functions/health-gate/messages/incident-mail.ts';
import { issue, NOW } from '../examples.ts';

const schedule = { coolDownMs: 600_000, jitterMs: 600_000 };
const incident = toIncident(issue());

function notification(about: Partial<IncidentNotification>): IncidentNotification {
  return {
    kind: 'passed',
    incident,
    pipeline: 'orders',
    stage: 'Prod',
    executionId: 'e-1',
    passedAt: NOW,
    ...about,
  };
}

describe('the mails about an incident', () => {
  it('have the same subject at its begin and at its end', () => {
    const subjects = (['passed', 'over', 'disabled', 'enabled', 'left disabled'] as const).map(
      (kind) => incidentMail(incident, [notification({ kind })], schedule).subject,
    );

    expect(new Set(subjects)).toEqual(new Set(['AWS incident: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1']));
  });

  it('are one thread in chat', () => {
    const threads = (['passed', 'enabled'] as const).flatMap((kind) =>
      incidentMail(incident, [notification({ kind })], schedule).chat.map(({ thread }) => thread),
    );

    expect(threads).toEqual([incident.arn, incident.arn]);
  });

  it('have a subject that SNS accepts', () => {
    const long = toIncident(issue({ code: `AWS_${'X'.repeat(96)}` }));

    expect(incidentMail(long, [notification({})], schedule).subject).toMatch(/^[ -~]{1,100}$/);
  });

  it('say first what needs a person', () => {
    const notifications = [
      notification({ kind: 'enabled', pipeline: 'a' }),
      notification({ kind: 'disabled', pipeline: 'b' }),
      notification({ kind: 'passed', pipeline: 'c' }),
      notification({ kind: 'left disabled', pipeline: 'd' }),
    ];

    const { text } = incidentMail(incident, notifications, schedule);

    expect([...text.matchAll(/^- (\w)/gm)].map(([, name]) => name)).toEqual(['d', 'c', 'b', 'a']);
    expect(text).toContain('when the checks have been clear for 10 to 20 minutes');
  });

  it('stay below the limit of SNS', () => {
    const notifications = Array.from({ length: 1000 }, (_, at) =>
      notification({ kind: 'disabled', pipeline: `${'p'.repeat(95)}${at}`, stage: 's'.repeat(100) }),
    );

    const { text } = incidentMail(incident, notifications, schedule);

    expect(Buffer.byteLength(text)).toBeLessThan(262_144);
    expect(text).toContain('... and 800 more');
  });
});
