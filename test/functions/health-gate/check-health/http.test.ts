import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { answerRequest } from '../../../../functions/health-gate/check-health/http.ts';
import { readGateConfig } from '../../../../functions/health-gate/config.ts';
import type { HttpRequest } from '../../../../shared/events/http.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';

mockClient(SSMClient).on(GetParametersCommand).resolves({ Parameters: [] });

const config = readGateConfig({
  AWS_REGION: 'eu-west-1',
  ACCOUNT_ID: '123456789012',
  GATE_TABLE: 'gate-records',
  READER_ROLE_ARN: 'arn:aws:iam::{account}:role/groundcrew-health-reader',
  ON_UNKNOWN: 'block',
  OVERRIDE_PARAMETER: '/groundcrew/health-gate/override',
  MAX_OVERRIDE_HOURS: '24',
  DRY_RUN: 'false',
});

function request(about: Partial<HttpRequest>): HttpRequest {
  return {
    method: 'POST',
    path: '/',
    route: '$default',
    params: {},
    query: new URLSearchParams(),
    headers: {},
    body: '',
    sourceIp: '192.0.2.1',
    userAgent: 'curl/8',
    requestId: 'request-1',
    ...about,
  };
}

describe('a request to the function URL', () => {
  it('is refused if it is no POST', async () => {
    const response = await answerRequest(request({ method: 'GET' }), config, fakeInvocation().invocation);

    expect(response).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it.each([
    ['{"regions":', 'input: expected JSON, got "{\\"regions\\":"'],
    ['{"mode":"sometimes"}', 'input: mode must be "fail" or "wait" or "warn", got "sometimes"'],
    ['eu-west-1,us-esat-1', 'regions: "us-esat-1" is not an AWS Region'],
    [
      '{"override":"soon because"}',
      'override: expected a time like 2026-11-21T18:00:00Z and a reason, got "soon"',
    ],
  ])('with the body %s gets the field and the value', async (body, error) => {
    const { body: answered = '', status } = await answerRequest(
      request({ body }),
      config,
      fakeInvocation().invocation,
    );

    expect(status).toBe(400);
    expect(JSON.parse(answered)).toMatchObject({ verdict: 'MISCONFIGURED', deploy: false, error });
  });

  it('reads an override inside a policy as one, with the word override= in its reason', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const body = JSON.stringify({ override: `${until} hotfix override=INC-42` });

    const { body: answered = '', status } = await answerRequest(
      request({ body }),
      config,
      fakeInvocation().invocation,
    );

    expect(status).toBe(200);
    expect(JSON.parse(answered)).toMatchObject({ verdict: 'OVERRIDDEN', deploy: true });
  });
});
