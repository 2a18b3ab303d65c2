import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import {
  findLink,
  prepareApproval,
  readCode,
  reject,
  requestApproval,
  requestStepApproval,
  submitForm,
} from './approvers.ts';
import { createBuild, createWaitingBuild } from './builds.ts';
import { firstRequest, scenario, stateOf } from './observe.ts';

const DAY = 86_400_000;

const userAgents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 HeadlessChrome/131.0.0.0 Safari/537.36',
  'BarracudaCentral/1.0',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  '"><script>alert(1)</script>',
  'x'.repeat(2000),
];

export const linkScenarios = [
  scenario('200 requests by link scanners', {
    sweep: false, // 200 reads of one record
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      const link = findLink(world, 'ann');
      for (let i = 0; i < 200; i += 1) {
        const method = i % 4 === 3 ? 'HEAD' : 'GET';
        const headers = { 'user-agent': userAgents[i % userAgents.length] ?? '' };
        const response = await world.http(i % 7 === 0 ? `${link}?utm=mail&decision=approve` : link, {
          method,
          headers,
        });
        assert.equal(response.status, 200);
        assert.equal((await response.text()) === '', method === 'HEAD');
        assert.match(
          response.headers.get('content-security-policy') ?? '',
          /^default-src 'none'; style-src 'sha256-/,
        );
        assert.equal(response.headers.get('cache-control'), 'no-store');
        assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
      }
      // Bots also submit forms, but they do not type the code.
      for (const decision of ['approve', 'reject']) {
        assert.equal((await submitForm(world, link, { decision })).status, 422);
      }
      assert.equal((await world.http(link, { method: 'DELETE' })).status, 404);
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(firstRequest(outcome).votes, ['asked']);
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
      const decideCalls = calls.filter((call) => call.function === 'DecideApproval');
      assert.deepEqual([...new Set(decideCalls.map(({ action }) => action))], ['Query', 'GetParameter']);
    },
  }),

  scenario('forged, truncated, swapped and expired tokens', {
    sweep: false, // writes nothing
    arrange: async (world) => {
      const created = await requestStepApproval(world, await createWaitingBuild(world));
      return requestApproval(world, { ...created, ...(await createBuild(world)) });
    },
    async act(world) {
      const link = findLink(world, 'ann');
      const code = await readCode(world, link);
      const [, , image = '', token = ''] = link.split('/');
      const forged = 'A'.repeat(43);
      const otherImage = 'f'.repeat(32);
      const paths = [
        `/approvals/${image}/${forged}`,
        `/approvals/${image}/${token.slice(0, -1)}`,
        `/approvals/${image}/${token}x`,
        `/approvals/${otherImage}/${token}`,
        `/approvals/${token}/${image}`,
        `/approvals/${image.toUpperCase()}/${token}`,
        `/approvals/${image}/${token}%00`,
        `/approvals/${image}/..%2f${token}`,
      ];
      const pages = new Set<string>();
      for (const path of paths) {
        const shown = await world.http(path);
        const posted = await submitForm(world, path, { decision: 'approve', code });
        assert.deepEqual([shown.status, posted.status], [404, 404], path);
        pages.add(await shown.text());
      }
      assert.equal(pages.size, 1, 'all forged links get the same page');
      await world.advance(4 * DAY);
      assert.equal((await submitForm(world, link, { decision: 'approve', code })).status, 303);
      assert.match(await (await world.http(link)).text(), /Too late/);
    },
    expect(outcome) {
      assert.ok(stateOf(outcome).requests.every(({ votes }) => votes.every((vote) => !/approve/.test(vote))));
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
    },
  }),

  scenario('a double click on approve', {
    sweep: false, // the first click is swept, the second writes nothing
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      const link = findLink(world, 'ann');
      const form = { decision: 'approve', code: await readCode(world, link) };
      const responses = await Promise.all([submitForm(world, link, form), submitForm(world, link, form)]);
      assert.deepEqual(
        responses.map(({ status }) => status),
        [303, 303],
      );
      await world.settle();
      assert.equal((await submitForm(world, link, form)).status, 303);
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, votes } = firstRequest(outcome);
      assert.equal(status, 'shared');
      assert.deepEqual(votes, ['asked', 'ann@example.com approve', 'shared']);
      assert.equal(countCalls(calls, 'ModifyImageAttribute', 200), 1);
    },
  }),

  scenario('approvals and a rejection at the same moment', {
    sweep: false, // either decision can win
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      // All three open the page before anybody submits the form.
      const [ann, cem] = await Promise.all(
        (['ann', 'cem'] as const).map((one) => prepareApproval(world, one)),
      );
      await Promise.all([ann?.(), reject(world, 'ben', 'not today'), cem?.()]);
      await world.settle();
    },
    expect(outcome) {
      const { status, votes } = firstRequest(outcome);
      const counted = votes.filter((vote) => /approve|reject /.test(vote));
      assert.equal(counted.length, 1, 'one vote decides, and no other vote counts');
      const isApproved = /approve$/.test(counted[0] ?? '');
      assert.equal(status, isApproved ? 'shared' : 'rejected');
      assert.equal(stateOf(outcome).permissions[0]?.length, isApproved ? 5 : 0);
      assert.deepEqual(outcome.events, [`ended: ${status}`]);
    },
  }),
];
