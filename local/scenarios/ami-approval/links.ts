import assert from 'node:assert/strict';
import { build, waitingBuild } from './builds.ts';
import { countOf, requestIn, scenario, seenIn } from './observe.ts';
import { askAbout, askAtStep, ballotOf, codeOn, linkOf, reject, send } from './people.ts';

const DAY = 86_400_000;

const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 HeadlessChrome/131.0.0.0 Safari/537.36',
  'BarracudaCentral/1.0',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  '"><script>alert(1)</script>',
  'x'.repeat(2000),
];

export const links = [
  scenario('a storm of scanners', {
    sweep: false, // two hundred reads of one record
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      const link = linkOf(world, 'ann');
      for (let i = 0; i < 200; i += 1) {
        const method = i % 4 === 3 ? 'HEAD' : 'GET';
        const headers = { 'user-agent': agents[i % agents.length] ?? '' };
        const answer = await world.http(i % 7 === 0 ? `${link}?utm=mail&decision=approve` : link, {
          method,
          headers,
        });
        assert.equal(answer.status, 200);
        assert.equal((await answer.text()) === '', method === 'HEAD');
        assert.match(
          answer.headers.get('content-security-policy') ?? '',
          /^default-src 'none'; style-src 'sha256-/,
        );
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
      }
      // Bots press buttons, too; they type nothing.
      for (const decision of ['approve', 'reject']) {
        assert.equal((await send(world, link, { decision })).status, 422);
      }
      assert.equal((await world.http(link, { method: 'DELETE' })).status, 404);
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(requestIn(outcome).votes, ['asked']);
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
      const decided = calls.filter((call) => call.function === 'DecideApproval');
      assert.deepEqual([...new Set(decided.map(({ action }) => action))], ['Query']);
    },
  }),

  scenario('forged, truncated, swapped and expired tokens', {
    sweep: false, // nothing is written
    arrange: async (world) => {
      const made = await askAtStep(world, await waitingBuild(world));
      return askAbout(world, { ...made, ...(await build(world)) });
    },
    async act(world) {
      const link = linkOf(world, 'ann');
      const code = await codeOn(world, link);
      const [, , image = '', token = ''] = link.split('/');
      const forged = 'A'.repeat(43);
      const another = 'f'.repeat(32);
      const paths = [
        `/approvals/${image}/${forged}`,
        `/approvals/${image}/${token.slice(0, -1)}`,
        `/approvals/${image}/${token}x`,
        `/approvals/${another}/${token}`,
        `/approvals/${token}/${image}`,
        `/approvals/${image.toUpperCase()}/${token}`,
        `/approvals/${image}/${token}%00`,
        `/approvals/${image}/..%2f${token}`,
      ];
      const pages = new Set<string>();
      for (const path of paths) {
        const shown = await world.http(path);
        const posted = await send(world, path, { decision: 'approve', code });
        assert.deepEqual([shown.status, posted.status], [404, 404], path);
        pages.add(await shown.text());
      }
      assert.equal(pages.size, 1, 'a forged link tells nothing that another does not');
      await world.advance(4 * DAY);
      assert.equal((await send(world, link, { decision: 'approve', code })).status, 303);
      assert.match(await (await world.http(link)).text(), /Too late/);
    },
    expect(outcome) {
      assert.ok(seenIn(outcome).requests.every(({ votes }) => votes.every((vote) => !/approve/.test(vote))));
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
    },
  }),

  scenario('double click', {
    sweep: false, // the first click is swept; the second writes nothing
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      const link = linkOf(world, 'ann');
      const form = { decision: 'approve', code: await codeOn(world, link) };
      const answers = await Promise.all([send(world, link, form), send(world, link, form)]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [303, 303],
      );
      await world.settle();
      assert.equal((await send(world, link, form)).status, 303);
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, votes } = requestIn(outcome);
      assert.equal(status, 'shared');
      assert.deepEqual(votes, ['asked', 'ann@example.com approve', 'shared']);
      assert.equal(countOf(calls, 'ModifyImageAttribute', 200), 1);
    },
  }),

  scenario('approve and reject at the same moment', {
    sweep: false, // either may win
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      // All three look at the page before anybody presses a button.
      const [ann, cem] = await Promise.all((['ann', 'cem'] as const).map((one) => ballotOf(world, one)));
      await Promise.all([ann?.(), reject(world, 'ben', 'not today'), cem?.()]);
      await world.settle();
    },
    expect(outcome) {
      const { status, votes } = requestIn(outcome);
      const cast = votes.filter((vote) => /approve|reject /.test(vote));
      assert.equal(cast.length, 1, 'one vote decides, and no other counts');
      const isApproved = /approve$/.test(cast[0] ?? '');
      assert.equal(status, isApproved ? 'shared' : 'rejected');
      assert.equal(seenIn(outcome).permissions[0]?.length, isApproved ? 5 : 0);
      assert.deepEqual(outcome.events, [`ended: ${status}`]);
    },
  }),
];
