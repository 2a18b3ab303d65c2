import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Html, html, nothing } from '#shared/html.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { Action, Panel, Tone } from '../../scenario-kit/panel.ts';
import { badge, count, countdown, empty, idLink } from '../../scenario-kit/panel-parts.ts';
import type { World } from '../../scenario-kit/world.ts';
import { createBuild } from './builds.ts';
import { imageStateChange } from './events.ts';

// Requests: what is to be shared, who has voted, who is missing, and the link of each mail.

interface Request {
  readonly status?: string;
  readonly round: number;
  readonly required: number;
  readonly expiresAt: number;
  readonly subject: {
    readonly name: string;
    readonly version: string;
    readonly amis: readonly { readonly id: string }[];
  };
  readonly approvers: readonly { readonly address: string }[];
  readonly history: readonly {
    readonly round: number;
    readonly what: string;
    readonly who?: string;
    readonly at: number;
  }[];
}

async function readRequests(world: World): Promise<readonly Request[]> {
  const command = new ScanCommand({ TableName: world.ref('Approvals') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing writes this table
  const records = Items.map((item) => unmarshall(item) as Request);
  return records
    .filter(({ status, subject }) => status !== undefined && subject !== undefined)
    .toSorted((a, b) => (b.history[0]?.at ?? 0) - (a.history[0]?.at ?? 0));
}

const look: Panel['look'] = async (world) => {
  const now = world.clock.now();
  const requests = await readRequests(world);
  const open = requests.filter(({ status }) => status === 'pending');
  return {
    summary: open.length > 0 ? `${open.length} open` : 'none open',
    tone: open.length > 0 ? 'warn' : 'quiet',
    body:
      requests.length === 0
        ? empty('Nothing has asked for approval.')
        : html`<ul class="rows">${requests.slice(0, 4).map((one) => renderRequest(one, world, now))}</ul>`,
    deadlines: open.map(({ expiresAt, subject }) => ({ at: expiresAt, what: `${subject.name} expires` })),
  };
};

const tones: Readonly<Record<string, Tone>> = {
  pending: 'warn',
  approved: 'good',
  shared: 'good',
  resumed: 'good',
  rejected: 'bad',
  failed: 'bad',
};

function renderRequest(request: Request, world: World, now: number): Html {
  const { approvers, expiresAt, history, required, round, status = '', subject } = request;
  const votes = history.filter(
    (one) => one.round === round && (one.what === 'approve' || one.what === 'reject'),
  );
  const approved = votes.filter(({ what }) => what === 'approve').length;
  const missing = approvers.filter(({ address }) => !votes.some(({ who }) => who === address));
  const isPending = status === 'pending';
  return html`<li><div class="line"><span class="name">${subject.name} ${subject.version}</span>${badge(status, tones[status] ?? 'quiet')}</div>
<p>${subject.amis.map(({ id }) => html`${idLink(id, `${id.slice(0, 10)}…`)} `)}<span class="quiet">${approved} of ${count(required, 'approval')}</span></p>
${votes.map(({ who = '', what }) => html`<p>${what === 'approve' ? '✓' : '✗'} ${nameOf(who)} ${what === 'approve' ? 'approved' : 'rejected'}</p>`)}
${isPending ? html`<div class="line">${missing.map(({ address }) => renderLink(address, subject.version, world))}</div><p>${countdown({ now, until: expiresAt, words: 'to decide' })}</p>` : nothing}</li>`;
}

const nameOf = (address: string): string => address.replace(/@.*/, '');

/** The link of the mail; only the person whom the wing mailed has it. */
function renderLink(address: string, version: string, world: World): Html {
  const mail = world.mails().findLast(({ to, subject }) => to === address && subject.includes(version));
  const [, path] = /^https?:\/\/[^/]+(\/approvals\/\S+)$/m.exec(mail?.text ?? '') ?? [];
  return path === undefined
    ? html`<span class="quiet">${nameOf(address)} has no mail</span>`
    : html`<a href="${path}" target="_blank" rel="noopener">open as ${nameOf(address)}</a>`;
}

const actions: readonly Action[] = [
  {
    name: 'build',
    label: 'Build an image',
    effect: 'Every approver gets a mail with a link. Open one, and approve or reject.',
    handledBy: 'RequestApproval',
    run: async (world) => {
      const { images } = emulatedState(world, 'imagebuilder');
      const version = `1.4.0/${7 + images.size}`;
      const { imageArn } = await createBuild(world, { version, components: ['nginx/1.0.3/1'] });
      await world.put(imageStateChange(world, imageArn, 'AVAILABLE'));
    },
  },
];

export const panel: Panel = { title: 'Approvals', rank: 4, isNarrow: true, look, actions };
