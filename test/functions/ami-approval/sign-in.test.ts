import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pack, startPack } from '../../../local/pack/pack.ts';
import {
  findLink,
  requestApproval,
  subscribeApprovers,
} from '../../../local/scenarios/ami-approval/approvers.ts';
import { createBuild } from '../../../local/scenarios/ami-approval/builds.ts';
import { observe, stateOf } from '../../../local/scenarios/ami-approval/observe.ts';
import { issueToken } from '../../../local/wiring/jwt.ts';

const ISSUER = 'https://sign-in.example.com/pool';
const AUDIENCE = 'groundcrew';

describe('the page, where people must sign in', () => {
  let pack: Pack;
  beforeAll(async () => {
    const parameters = {
      SignInIssuer: ISSUER,
      SignInAudience: `other,${AUDIENCE}`,
      SignInHeader: 'X-Id-Token',
    };
    pack = await startPack({ wing: 'ami-approval', wings: { 'ami-approval': parameters } });
  }, 120_000);
  afterAll(() => pack?.close());

  function tokenFor(email: string, more: object = {}, header: object = {}): string {
    const now = Math.floor(pack.clock.now() / 1000);
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      email,
      email_verified: true,
      iat: now - 5,
      exp: now + 300,
      ...more,
    };
    return issueToken(claims, header as Record<string, unknown>);
  }

  function open(token: string | undefined, init: RequestInit = {}): Promise<Response> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(token !== undefined && { 'x-id-token': token }),
    };
    return pack.http(findLink(pack, 'ann'), { redirect: 'manual', ...init, headers });
  }

  it('takes a vote from its approver, and answers nobody else', async () => {
    await subscribeApprovers(pack);
    const made = await requestApproval(pack, await createBuild(pack));
    const ann = 'ann@example.com';
    const second = pack.clock.now() / 1000;
    const forged = tokenFor(ann)
      .split('.')
      .with(1, tokenFor('ben@example.com').split('.')[1] ?? '')
      .join('.');
    const refused: [string, string | undefined, number][] = [
      ['no token', undefined, 401],
      ['no JWT', 'x', 401],
      ['a forged payload', forged, 401],
      ['no signature', `${tokenFor(ann).split('.').slice(0, 2).join('.')}.`, 401],
      ['another algorithm', tokenFor(ann, {}, { alg: 'none' }), 401],
      ['an unknown key', tokenFor(ann, {}, { kid: 'other' }), 401],
      ['another issuer', tokenFor(ann, { iss: 'https://evil.example.com' }), 401],
      ['another audience', tokenFor(ann, { aud: 'shop' }), 401],
      ['an old token', tokenFor(ann, { exp: second - 1 }), 401],
      ['a token of the future', tokenFor(ann, { nbf: second + 60 }), 401],
      ['another approver', tokenFor('ben@example.com'), 403],
      ['an address that is not verified', tokenFor(ann, { email_verified: false }), 403],
    ];
    const code = (made.amis[0]?.id ?? '').slice(-6);
    const form = { method: 'POST', body: `decision=approve&code=${code}` };
    for (const [name, token, status] of refused) {
      expect((await open(token)).status, name).toBe(status);
      expect((await open(token, form)).status, name).toBe(status);
    }
    await pack.settle();
    expect(stateOf(await observe(pack, made)).requests[0]?.votes).toEqual(['asked']);

    expect(await (await open(`Bearer ${tokenFor('Ann@example.com')}`)).text()).toContain(
      'Approve web-server',
    );
    expect((await open(tokenFor(ann), form)).status).toBe(303);
    await pack.settle();
    expect(stateOf(await observe(pack, made)).requests[0]?.status).toBe('shared');
  });
});
